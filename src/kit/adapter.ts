import type Type from 'typebox';
import type { Item, RecordItem } from '#core/dossier/item';
import { NOTHING_TOLD, type Outcome } from '#core/dossier/settle';
import type { CodesOf, CodeTable } from '#core/identifiers/codes';
import { serviceKey } from '#core/identifiers/identifiers';
import { type Cause, type Problem, unmappedKey } from '#core/problem';
import type { Progress } from '#schemas/dossier.progress.v1';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Operation, Records } from '#schemas/operations';
import type { Http } from './http/http.ts';
import type { Sessions } from './session.ts';

/** The means that an adapter is given. It opens no socket, reads no clock and no environment of its own. */
export interface Connection<Settings = unknown> {
  /** The party's id in the configuration: two parties may use one adapter. */
  readonly party: string;
  readonly settings: Settings;
  readonly http: Http;
  readonly sessions: Sessions;
  /** What operators have entered of the party's code tables: it comes before the adapter's own tables. */
  readonly codes: CodesOf;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** One thing to be told to the partner. */
export interface Outgoing<O extends Operation = Operation> {
  /** The same at every attempt: to be sent as the key where the partner takes one. */
  readonly id: string;
  readonly operation: O;
  /** The code under which the partner knows the dossier: its own where it has one, otherwise ours. */
  readonly code: string;
  readonly record: Records[O];
  /** The dossier as it was when this was told; what a step belongs to. Absent for catalogue entries. */
  readonly dossier?: Dossier;
  /** What the catalogue says of the dossier's service and agency; absent where it knows nothing. */
  readonly service?:
    | {
        readonly code: string;
        readonly name: string;
        readonly fieldCode?: string;
        readonly fieldName?: string;
      }
    | undefined;
  readonly agency?: { readonly code: string; readonly name: string } | undefined;
  /**
   * What came in the adapter's own dialect: the last whole item that told of the dossier, or the step itself, as its
   * sender wrote it, and the record that it was read as. It may say more than the record has a place for.
   */
  readonly original?: { readonly item: unknown; readonly record: Records[O] } | undefined;
  /** An earlier attempt may have arrived: look up before sending again. */
  readonly doubt: boolean;
  /** The partner has taken this dossier before. */
  readonly known: boolean;
  /** What it changed in the index, for adapters that tell of changes. */
  readonly change?: Change | undefined;
}

/** A dossier's new state, or a step, as a change of what readers see. */
export interface Change {
  /** When the index changed: the `changedAt` of the change feed. */
  readonly at: string;
  /**
   * Whether there is anything to tell. Not where the step changed nothing that readers see (`unchanged`), where the state
   * that it led to was told with its dossier (`told`), and where the partner has been told of a later one, since
   * somebody has it told again (`outdated`).
   */
  readonly news: 'new' | 'unchanged' | 'told' | 'outdated';
}

export interface Sender<Settings, O extends Operation = Operation> {
  /** How many items one call may carry, of any dossiers, as the party's settings say; 1 where it is absent. */
  batch?(settings: Settings): number;
  /** The partner takes no two items of one dossier in one call. Otherwise they are in it together, in order. */
  readonly onePerDossier?: boolean;
  /**
   * Send the items in order; as many outcomes in the same order. When the partner refused them all by one answer, all
   * have the same refusal: the hub then sends each half by itself, until the bad one is alone. What is in doubt comes by
   * itself, so that it is looked up and holds up no other. A throw is a bug, not a refusal.
   */
  send(connection: Connection<Settings>, items: readonly Outgoing<O>[]): Promise<readonly Outcome[]>;
}

/** How many items one call of a sender may carry. */
export function batchOf(sender: Pick<Sender<unknown>, 'batch'>, settings: unknown): number {
  return sender.batch?.(settings) ?? 1;
}

/** One page of a partner's answer, as it came. */
export interface Page {
  readonly bodies: readonly { readonly body: Uint8Array; readonly mediaType: string }[];
  /** Kept together with the page; given back at the next call. */
  readonly checkpoint: unknown;
  /** Whether to ask again at once. */
  readonly more: boolean;
  /** After a complete run: all that the partner has. What it told before and is not among them is no longer in force. */
  readonly complete?: { readonly kind: 'service' | 'agency' | 'field'; readonly codes: readonly string[] };
  /**
   * At the end of what was asked for: why the partner may have records that it did not give, in words for operators
   * without anything personal; false where it has shown that it gives all. Absent where it has shown neither.
   */
  readonly lacks?: string | false | undefined;
}

/** What the hub lets a puller ask it. */
export interface Asks {
  /** Dossiers that this party has taken and that are not finished, in code order after `after`. */
  outstanding(limit: number, after: string | undefined): Promise<readonly Dossier[]>;
  /**
   * Dossiers that this party has taken and ended by a callback, after a place in the order of changes (0: the
   * beginning), at most `limit`. Not those of whose end it has told in another way too.
   */
  ended(after: number, limit: number): Promise<EndedDossiers>;
  /** Those of these steps of the party's that say something which is not in the history of their dossiers. */
  unheard(steps: readonly RecordItem<'dossier.progress.v1'>[]): Promise<ReadonlySet<RecordItem>>;
}

export interface EndedDossiers {
  /** Each with the step that ended it, as the party said it. */
  readonly dossiers: readonly { readonly dossier: Dossier; readonly said: Progress }[];
  /** Where to go on. */
  readonly after: number;
  /** Whether there may be more already. */
  readonly more: boolean;
}

export interface Puller<Settings> {
  /** When to ask, as cron (with seconds), where the party's configuration does not say. Vietnam time. */
  readonly schedule: string;
  /** Fetch the next page, or say why not (`unavailable` or `refused`). */
  next(connection: Connection<Settings>, checkpoint: unknown, asks: Asks): Promise<Page | Outcome>;
  /**
   * Read one body. Pure: the same body is read again when something waited or the index is rebuilt, with the codes
   * that operators had entered by then.
   */
  read(body: Uint8Array, settings: Settings, codes: CodesOf): readonly Item[];
}

/** What a partner has of a dossier, against what it would be told. */
export type Comparison =
  | {
      readonly kind: 'found';
      /** Where it is not as it would be told: places in the partner's own terms. Empty where both agree. */
      readonly differences: readonly { readonly path: string; readonly ours: string; readonly theirs: string }[];
      /** The partner's answer, to be taken in as a message of its own; absent where it cannot be read as one. */
      readonly answer?: { readonly body: Uint8Array; readonly mediaType: string };
    }
  | { readonly kind: 'absent' }
  /** It could not be asked, or the dossier cannot be written for it today. */
  | { readonly kind: 'failed'; readonly outcome: Outcome };

export interface Reconciler<Settings> {
  /** Why a party with these settings cannot be asked; absent, or undefined, where it can. */
  unable?(settings: Settings): string | undefined;
  /** Look a dossier up at the partner, and compare it with what it would be told. Changes nothing over there. */
  compare(connection: Connection<Settings>, item: Outgoing<'dossier.upsert.v1'>): Promise<Comparison>;
  /** Read an answer as a message of the partner's; pure, as a puller's. Absent where answers are no records. */
  read?(body: Uint8Array, settings: Settings, codes: CodesOf): readonly Item[];
}

/** A request of a partner's, before anything of it was read. */
export interface CallbackRequest {
  readonly headers: Headers;
  /** The bytes, inflated where they came compressed. */
  readonly body: Uint8Array;
  /** Epoch milliseconds. */
  readonly nowMs: number;
}

/** What became of a callback, to be told in the partner's own words. */
export interface CallbackResult {
  /**
   * `held`: all is kept, be it in quarantine. `invalid`: some of it is no record, the rest is kept. `refused`: nothing was
   * taken in, as it is not the partner's, cannot be read at all, or cannot be kept at the moment.
   */
  readonly kind: 'held' | 'invalid' | 'refused';
  /** The status of HTTP that says so: 200, 422, or that of the refusal. */
  readonly status: number;
  /** What is wrong; empty where all is held. */
  readonly problems: readonly Problem[];
  /** Under which the message is found; absent where it was refused. */
  readonly receipt?: string;
}

export interface CallbackReply {
  readonly status: number;
  /** JSON where it is no text. */
  readonly body: string | object;
  /** `application/json` where it is not given. */
  readonly mediaType?: string;
}

/** What a partner tells of its own accord: `POST /callbacks/{party}/{name}`. */
export interface Callback<Settings> {
  /** Whether a party with these settings takes it; where it does not, there is no such address. Absent: it does. */
  isOn?(settings: Settings): boolean;
  /** The largest body in bytes: 1 MiB where it is not given, and never more than HUB_MAX_BODY. It is read in one go. */
  readonly maxBytes?: number;
  /**
   * Why the request is not the partner's, in words without a secret; undefined where it is. Asked before the body is
   * read, by what the kit has for it: `isSigned`, `isSecret`. Pure; a throw is a bug, and refuses.
   */
  check(request: CallbackRequest, settings: Settings): string | undefined;
  /** Read the body: at most 1,000 items. Pure, as a puller's; what is wrong with a body is an item that says so. */
  read(body: Uint8Array, settings: Settings, codes: CodesOf): readonly Item[];
  /** The answer in the partner's dialect. Pure. */
  reply(result: CallbackResult, settings: Settings): CallbackReply;
}

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
  readonly tellsChanges?: boolean;
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

/** @param note what the partner could not be told in full, for operators to see; without personal data */
export const delivered = (reference?: string, note?: string): Outcome => ({
  kind: 'delivered',
  ...(reference && { reference }),
  ...(note && { note }),
});
/** Delivered, for there is nothing to tell. @param note why */
export const nothingToTell = (note: string): Outcome => ({ kind: 'delivered', reason: NOTHING_TOLD, note });
export const refused = (reason: string, message: string, cause?: Cause): Outcome => ({
  kind: 'refused',
  reason,
  message,
  ...(cause && { cause }),
});
export const unavailable = (reason: string, message: string, retryAfterMs?: number): Outcome => ({
  kind: 'unavailable',
  reason,
  message,
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});
/** The partner wants to be called no more: its party is paused until an operator resumes it, and nothing is lost. */
export const wantsNoMore = (reason: string, message: string): Outcome => ({
  ...{ kind: 'unavailable', reason, message, pauses: true },
});
export const unknown = (reason: string, message: string): Outcome => ({ kind: 'unknown', reason, message });

/** A code of ours or theirs that no table maps: the delivery waits until one does. */
export function unmapped(table: string, code: string): Outcome {
  const message = `no ${table} is known for ${JSON.stringify(code)}`;
  return refused('unmapped', message, { kind: 'unmapped', key: unmappedKey(table, code), message });
}

/** A service that neither the catalogue nor the partner describes: the delivery waits until the catalogue knows it. */
export const unknownService = (code: string): Outcome => unmapped('service', serviceKey(code));
/** An agency whose name nobody gives: the delivery waits until the catalogue knows it. */
export const unknownAgency = (code: string): Outcome => unmapped('agency', code);
