import type Type from 'typebox';
import type { CodeTable } from '#core/identifiers/codes';
import type { Problem } from '#core/problem';
import type { Operation } from '#schemas/operations';
import type { Callback } from './callback.ts';
import type { Puller } from './puller.ts';
import type { Reconciler } from './reconciler.ts';
import type { Sender } from './sender.ts';

/** Operations that are sent, and pulls by their names. */
export interface Offers {
  readonly sends: readonly string[];
  readonly pulls: readonly string[];
}

/** What a party with these settings sends and pulls. */
export function offersOf(adapter: Pick<Adapter, 'send' | 'pull' | 'offers'>, settings: unknown): Offers {
  return (
    adapter.offers?.(settings) ?? { sends: Object.keys(adapter.send ?? {}), pulls: Object.keys(adapter.pull ?? {}) }
  );
}

export interface Adapter<Settings = unknown> {
  /** The schema of the party's settings in the configuration. */
  readonly settings: Type.TSchema;
  /** What is wrong with settings that fit the schema and that it cannot say, by JSON Pointer: the start is refused. Pure. */
  settingsProblems?(settings: Settings): readonly Problem[];
  /** What a party with these settings sends and pulls, of all that the adapter can. Absent: all of it. Pure. */
  offers?(settings: Settings): Offers;
  /** Load what is large and needed by its parties alone. Called before the hub serves, where it has such a party. */
  load?(): Promise<unknown>;
  /** The hub's door whose dialect the partner speaks too: what came through it goes on with all that it says. */
  readonly dialect?: string;
  /** It tells that a dossier changed, and to which status: its items come with their `change`. */
  readonly sendsChanges?: boolean;
  readonly send?: { readonly [O in Operation]?: Sender<Settings, O> };
  readonly pull?: Readonly<Record<string, Puller<Settings>>>;
  /** By the name in their address. */
  readonly callbacks?: Readonly<Record<string, Callback<Settings>>>;
  /**
   * The partner tells of a step in several ways, in other words: as pushed, and when it is asked. What says nothing that
   * an earlier one of its time and status lacks is a repetition then; see `standIns` of items.
   */
  readonly stepsAreByMoment?: boolean;
  /** Present where the partner can be asked what it has of a dossier. */
  readonly reconcile?: Reconciler<Settings>;
  /** The code tables whose entries operators may add to: those that `connection.codes` is asked for. */
  tables?(settings: Settings): readonly CodeTable[];
}

/** Declare an adapter; the default export of `adapters/<name>/adapter.ts`. */
export function defineAdapter<S extends Type.TSchema>(
  adapter: Omit<Adapter<Type.Static<S>>, 'settings'> & { readonly settings: S },
): Adapter<Type.Static<S>> {
  return adapter as Adapter<Type.Static<S>>;
}
