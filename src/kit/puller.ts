import type { Effect } from '#core/dossier/effect';
import type { Item, RecordItem } from '#core/dossier/item';
import type { Failure, Outcome } from '#core/dossier/settle';
import type { CodesOf } from '#core/identifiers/codes';
import type { Rule } from '#core/statistics/rules';
import type { TextOrWords } from '#messages/message';
import type { Progress } from '#schemas/dossier.progress.v1';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Operation, Records } from '#schemas/operations';
import type { Connection } from './connection.ts';
import type { Outgoing } from './sender.ts';

/** One page of a partner's answer, unchanged. */
export interface Page {
  readonly bodies: readonly { readonly body: Uint8Array; readonly mediaType: string }[];
  /**
   * A UUID that all messages of one file share, however many pages it takes. `HubQueries.results` finds them by it. Absent: each
   * message has its own.
   */
  readonly receipt?: string;
  /** Stored together with the page, and passed to the next call. */
  readonly checkpoint: unknown;
  /** Whether to call `next` again at once. */
  readonly more: boolean;
  /** After a complete run: all codes of the partner. Known entries that are missing here are no longer in force. */
  readonly complete?: { readonly kind: 'service' | 'agency' | 'field'; readonly codes: readonly string[] };
  /**
   * Set at the end of a list. A text says why the partner may have returned too few records, for operators and without
   * personal data. `false` means that the partner has proved that it returns all. Absent if it proved neither.
   */
  readonly lacks?: TextOrWords | false | undefined;
  /**
   * Of a page that asks about single records. The hub tells operators about failed questions, so `lacks` is absent. A page
   * without any answer may be due to its records. After two, or after a run without any, the hub says that the partner is away.
   */
  readonly asked?: { readonly isAnswered: boolean; readonly failures: readonly Failure[] };
  /** Set once for a file, when its report is complete. The hub lists it for operators. */
  readonly ended?: EndedFile;
}

/** The outcome of a file. */
export interface EndedFile {
  readonly receipt: string;
  /** The place where the party left it. */
  readonly place: 'folder' | 'sftp';
  /** `repeat`: the same file was taken before. */
  readonly outcome: 'taken' | 'repeat' | 'refused';
  /** The name of a file that was taken before: its messages have the name of the first. */
  readonly name?: string | undefined;
  readonly results: readonly StoredResult[];
}

/** Queries of the hub for pullers. */
export interface HubQueries {
  /** Unfinished dossiers that this party has received, in code order after `after`. */
  outstanding(limit: number, after: string | undefined): Promise<readonly Dossier[]>;
  /**
   * Dossiers that this party received and ended by a callback, at most `limit`, after a position in the change feed (0:
   * the beginning). Not those whose end it also reported in another way.
   */
  finished(after: number, limit: number): Promise<FinishedDossiers>;
  /** Records of a kind that this party has received, in code order after `after`. */
  receivedRecords<O extends Operation>(
    operation: O,
    asked: AskedRecords,
    limit: number,
    after: string | undefined,
  ): Promise<readonly Received<O>[]>;
  /** Which of these codes are records of a kind that this hub has. */
  knownRecords(operation: Operation, codes: readonly string[]): Promise<ReadonlySet<string>>;
  /** The hub's own counts of a calendar month (`yyyy-MM`), over all agencies. */
  figures(month: string, rule: Rule): Promise<MonthFigures>;
  /** The result of each item of this party's messages with a receipt, in the order of the items. */
  results(receipt: string): Promise<readonly StoredResult[]>;
  /** The steps that say something missing in the history of their dossiers. */
  unknownSteps(steps: readonly RecordItem<'dossier.progress.v1'>[]): Promise<ReadonlySet<RecordItem>>;
}

/** A record with the first moment of each of its states, by state. */
type Received<O extends Operation> = Records[O] & Pick<Outgoing, 'moments'>;

/** The result of one item when its message was stored. Sentences are in Vietnamese, without personal data. */
export interface StoredResult {
  readonly code?: string | undefined;
  readonly effect: Effect;
  readonly problems: readonly Said[];
  readonly warnings: readonly Said[];
}

interface Said {
  readonly path: string;
  readonly code: string;
  readonly text: string;
}

/** The counts of a month. Dossiers by one rule: received = resolved + pending. */
export interface MonthFigures {
  readonly received: { readonly total: number; readonly carriedOver: number };
  readonly resolved: { readonly total: number; readonly early: number; readonly onTime: number; readonly late: number };
  readonly pending: { readonly total: number; readonly withinTerm: number; readonly late: number };
  /** How many resolved dossiers of a hundred were on time, as the rule has it. Null without a value. */
  readonly onTimePercent: number | null;
  /** Ratings of the month by level. */
  readonly ratings: Readonly<Record<string, number>>;
}

export const NO_FIGURES: MonthFigures = {
  received: { total: 0, carriedOver: 0 },
  resolved: { total: 0, early: 0, onTime: 0, late: 0 },
  pending: { total: 0, withinTerm: 0, late: 0 },
  onTimePercent: null,
  ratings: {},
};

/** Records in one of these states, since an instant or later. */
export interface AskedRecords {
  readonly states: readonly string[];
  readonly since: string;
}

export interface FinishedDossiers {
  /** Each with the step that ended it, in the party's words. */
  readonly dossiers: readonly { readonly dossier: Dossier; readonly said: Progress }[];
  /** The position to continue from. */
  readonly after: number;
  /** Whether more may follow at once. */
  readonly more: boolean;
}

export interface Puller<Settings> {
  /** The default schedule as cron with seconds, in Vietnam time. The party's configuration can override it. */
  readonly schedule: string;
  /** Fetches the next page, or says why not (`unavailable` or `refused`). */
  next(connection: Connection<Settings>, checkpoint: unknown, asks: HubQueries): Promise<Page | Outcome>;
  /** The record members that settings fill, each with its source. Absent if code decides. Pure. */
  members?(settings: Settings): ReadonlyMap<string, string>;
  /**
   * Reads one body. Pure: a body is read again after a release and in a rebuild, with the operators' codes of that
   * time.
   */
  read(body: Uint8Array, settings: Settings, codes: CodesOf): readonly Item[];
}
