import type { Context } from 'hono';
import type { WorkingTime } from '#core/dates/working-time';
import type { Route } from '#core/dossier/route';
import type { CatalogueReader } from '../catalogue/read.ts';
import type { HubFile } from '../config/config.ts';
import type { PersonErasure } from '../erasure/erase-person.ts';
import type { Holds } from '../erasure/holds.ts';
import type { Retention } from '../erasure/retention.ts';
import type { HandlingReader } from '../index/handling-facts.ts';
import type { LookUp } from '../index/look-up.ts';
import type { Originals } from '../index/originals.ts';
import type { IndexReader } from '../index/read.ts';
import type { RecordReader } from '../index/record-list.ts';
import type { Audit } from '../ledger/audit.ts';
import type { CodeEntries } from '../ledger/code-entries.ts';
import type { DelayReader } from '../ledger/delays.ts';
import type { UseOnce } from '../ledger/nonces.ts';
import type { LedgerReader } from '../ledger/read.ts';
import type { RequestLimits } from '../ledger/request-limits.ts';
import type { SavedFilters } from '../ledger/saved-filters.ts';
import type { LastWrite } from '../observe/last-write.ts';
import type { MakeEvidence, SignDocument } from '../operator-orders/evidence.ts';
import type { Orders } from '../operator-orders/orders.ts';
import type { Party } from '../parties/party.ts';
import type { Pipeline } from '../pipeline.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { CompareAtParty } from '../reconcile/nightly.ts';
import type { Reports } from '../reports/reports.ts';
import type { StatisticsReports } from '../statistics/statistics.ts';
import type { Keys } from './auth.ts';
import type { Bodies } from './bodies.ts';
import type { Clients } from './clients.ts';
import type { Cursors, FeedCursors } from './cursor.ts';
import type { PageBudget } from './page-budget.ts';
import type { Reads } from './reads.ts';
import type { SecretGuessLimit } from './secret-guess-limit.ts';

/**
 * The parts of the hub that HTTP routes share.
 *
 * A route that needs less narrows it: `(add: AddRoute, hub: Pick<AppContext, 'index' | 'keys'>)`.
 */
export interface AppContext extends Pick<HubContext, 'database' | 'vault' | 'kinds' | 'nowMs' | 'telemetry' | 'files'> {
  /** The province in the settings, if they name one. */
  readonly province: { readonly code: string; readonly name: string } | undefined;
  /** What the settings say of the national portal's dialect. */
  readonly portalDialect: HubFile['portalDialect'];
  /** The day of the month on which reporting periods begin. */
  readonly reportingDay: number | undefined;
  /** How long the address of a file works. */
  readonly linkMinutes: number;
  readonly parties: ReadonlyMap<string, Party>;
  readonly routes: readonly Route[];
  readonly codes: CodeEntries;

  // Doors write to these, readers read from them.
  readonly pipeline: Pipeline;
  readonly ledger: LedgerReader;
  readonly orders: Orders;
  readonly index: IndexReader;
  readonly records: RecordReader;
  readonly catalogue: CatalogueReader;
  readonly originals: Originals;
  /** The working hours and days off of the offices. */
  readonly workingTime: WorkingTime;
  readonly delays: DelayReader;
  readonly handlingOf: HandlingReader;
  readonly lookUp: LookUp;
  readonly statistics: StatisticsReports;
  /** The same readers for a request, of the database that answers it. */
  readonly reads: Reads;
  readonly audit: Audit;
  readonly evidence: MakeEvidence;
  readonly retention: Pick<Retention, 'plan' | 'due'>;
  readonly holds: Holds;
  readonly savedFilters: SavedFilters;
  readonly personErasure: PersonErasure;
  readonly reports: Reports;
  /** How much flows in and out. Its flush stores what this process has counted. */
  readonly compareAtParty: CompareAtParty;
  readonly flow: { flush(): Promise<void> };
  readonly signDocument: SignDocument;

  // Access control and rate limits.
  readonly keys: Keys;
  readonly clients: Clients;
  readonly guessLimit: SecretGuessLimit;
  readonly requestLimits: RequestLimits;
  readonly useOnce: UseOnce;
  readonly cursors: Cursors;
  readonly feedCursors: FeedCursors;

  // Memory budgets and the state of the process.
  readonly maxBodyBytes: number;
  readonly bodies: Bodies;
  readonly pages: PageBudget;
  readonly lastWrite: Pick<LastWrite, 'refusal'>;
  /** Whether the process is about to stop. It serves until a proxy has seen that it is no longer ready. */
  readonly isStopping: () => boolean;
  /** Whether the hub answers open requests and accepts no new work. */
  readonly isDraining: () => boolean;
  /** Aborted when the process is about to end. Streams that still arrive must be answered now. */
  readonly leaving: AbortSignal;
  /** Resolves when this process changed something, or after `ms`. */
  readonly nextChange: (ms: number) => Promise<void>;

  /** Stores a refused request in the message log, and logs an error of the hub. */
  readonly noteRefusal: (c: Context, error: unknown) => Promise<void>;
  /** The 404 page for browsers. */
  readonly unknownPage: (c: Context) => Response | Promise<Response>;
}
