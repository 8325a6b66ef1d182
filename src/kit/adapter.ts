import type Type from 'typebox';
import type { CodeTable } from '#core/identifiers/codes';
import type { Problem } from '#core/problem';
import type { Operation } from '#schemas/operations';
import type { Asker } from './asker.ts';
import type { Callback } from './callback.ts';
import type { Connection } from './connection.ts';
import type { Drops } from './drops.ts';
import type { Puller } from './puller.ts';
import type { Reconciler } from './reconciler.ts';
import type { Sender } from './sender.ts';

/** The operations that are sent, and the names of the pulls. */
export interface Offers {
  readonly sends: readonly string[];
  readonly pulls: readonly string[];
}

/** A document that a partner gave. */
export interface StoredDocument {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

type Callbacks<Settings> = Readonly<Record<string, Callback<Settings>>>;

/** The callbacks of a party with these settings, by name. */
export function callbacksOf(
  adapter: Pick<Adapter, 'callbacks' | 'callbacksBy'>,
  settings: unknown,
): Callbacks<unknown> {
  return adapter.callbacksBy?.(settings) ?? adapter.callbacks ?? {};
}

/** The operations and pulls of a party with these settings. */
export function offersOf(adapter: Pick<Adapter, 'send' | 'pull' | 'offers'>, settings: unknown): Offers {
  return (
    adapter.offers?.(settings) ?? { sends: Object.keys(adapter.send ?? {}), pulls: Object.keys(adapter.pull ?? {}) }
  );
}

export interface Adapter<Settings = unknown> {
  /** The schema of the party's settings in the configuration. */
  readonly settings: Type.TSchema;
  /** More checks of settings that fit the schema. A problem stops the start of the hub. Pure. */
  settingsProblems?(settings: Settings): readonly Problem[];
  /** The operations and pulls of a party with these settings. Without it a party has all of the adapter's. Pure. */
  offers?(settings: Settings): Offers;
  /**
   * Finds what is wrong with what the settings name elsewhere, such as a WSDL. `doctor` asks for it. It may read, and sends no
   * record.
   *
   * @returns a sentence for each problem, with its place in the settings
   */
  examine?(connection: Connection<Settings>): Promise<readonly string[]>;
  /**
   * Loads large libraries that only these parties need. Called before the hub serves, if such a party is configured.
   */
  load?(): Promise<unknown>;
  /**
   * The hub's door in the partner's dialect. Records from that door reach the partner with all their original fields.
   */
  readonly dialect?: string;
  /** The adapter notifies of changes: its items carry their `change`. */
  readonly sendsChanges?: boolean;
  readonly send?: { readonly [O in Operation]?: Sender<Settings, O> };
  /** Sends every operation of dossiers and records that `send` does not name. For partners that take any kind of record. */
  readonly sendAny?: Sender<Settings>;
  readonly pull?: Readonly<Record<string, Puller<Settings>>>;
  /** Readers of answers that outcomes carry, by their names. Pure, like a puller's `read`. */
  readonly answers?: Readonly<Record<string, Pick<Puller<Settings>, 'read'>>>;
  /** The document in a stored message of the partner, such as a receipt. Readers get it at its record. Pure. */
  documentIn?(body: Uint8Array): StoredDocument | undefined;
  /** The questions that the partner answers at once. */
  readonly asks?: Asker<Settings>;
  /** Reads files, as the puller of such an adapter does. */
  readonly drops?: Drops<Settings>;
  /** By the name in their address. */
  readonly callbacks?: Callbacks<Settings>;
  /** Instead of `callbacks`, where the settings of each party name them. The hub asks once for each party. Pure. */
  callbacksBy?(settings: Settings): Callbacks<Settings>;
  /**
   * The partner reports one step in several ways and words: by a push and by a poll. A report with nothing new beside
   * an earlier one of the same time and status is a repetition. See `standIns` of items.
   */
  readonly stepsAreByMoment?: boolean;
  /** Whether it sends the bytes of files. A delivery then waits for files that the hub fetches. Pure. */
  sendsFiles?(settings: Settings): boolean;
  /** Present if the partner can be asked for a dossier. */
  readonly reconcile?: Reconciler<Settings>;
  /** The code tables that operators may extend. `connection.codes` serves their entries. */
  tables?(settings: Settings): readonly CodeTable[];
}

/** Declares an adapter, the default export of `adapters/<name>/adapter.ts`. */
export function defineAdapter<S extends Type.TSchema>(
  adapter: Omit<Adapter<Type.Static<S>>, 'settings'> & { readonly settings: S },
): Adapter<Type.Static<S>> {
  return adapter as Adapter<Type.Static<S>>;
}
