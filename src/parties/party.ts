import type { MaintenanceWindow } from '#core/dates/windows';
import type { CodesOf } from '#core/identifiers/codes';
import { type Adapter, type Offers, offersOf } from '../kit/adapter.ts';
import type { Connection } from '../kit/connection.ts';
import { createFiles, type FileSource, NO_FILES } from '../kit/files.ts';
import type { WireRecord } from '../kit/http/exchange.ts';
import { createHttp } from '../kit/http/http.ts';
import { timeoutsIn } from '../kit/http/timeouts.ts';
import { type CertificateDates, certificatesIn, createTls, type TlsGiven } from '../kit/http/tls.ts';
import { createPlaces } from '../kit/places/places.ts';
import { batchOf } from '../kit/sender.ts';
import { createSessions } from '../kit/session.ts';

/** The limits of calls to a party. */
export interface Budget {
  /** Calls per second, of all processes together. */
  readonly callsPerSecond?: number;
  /** Concurrent dossiers, of all processes together. */
  readonly concurrency?: number;
}

/** When the hub compares a party automatically, and with how many random dossiers. */
export interface ReconcileTimes {
  readonly schedule?: string;
  readonly sample?: number | 'all';
}

/** One connected system at run time: its adapter and connection. */
export interface Party {
  readonly id: string;
  /** Its name for officers. */
  readonly title: string;
  readonly adapter: Adapter;
  readonly authoritative: boolean;
  readonly settings: unknown;
  /** The officers' names of its questions, by the names in the configuration. */
  readonly questions: ReadonlyMap<string, string>;
  /** The operations and pulls that its settings allow. */
  readonly offers: Offers;
  /** Addresses under which the hub may fetch files that its dossiers name. Undefined: none. */
  readonly filesFrom: readonly string[] | undefined;
  /** The limits of calls, and when not to call. */
  readonly budget: Budget;
  readonly maintenance: readonly MaintenanceWindow[];
  /** The capacity of one call by operation: items, and items of one dossier. */
  readonly carries: ReadonlyMap<string, { readonly items: number; readonly ofOneDossier: number }>;
  /** When to pull, by puller. Overrides the adapter's own schedules. */
  readonly schedules: Readonly<Record<string, string>>;
  /** False: only on an operator's order. */
  readonly reconcile: ReconcileTimes | false;
  /** The operators' entries in its code tables. */
  readonly codes: EnteredCodes;
  /**
   * The certificates that its traffic depends on: its own, the longest valid one of its authorities, and our client
   * certificate.
   */
  certificates(): readonly CertificateDates[];
  /** The connection for one attempt. It records traffic and adds these headers to each call. */
  connect(record?: (wire: WireRecord) => void, headers?: Readonly<Record<string, string>>): Connection;
  /** A connection that records nothing and ends with the signal. */
  connectUntil(signal: AbortSignal): Connection;
  close(): void;
}

export interface EnteredCodes {
  /** The entries in force at a moment, epoch milliseconds, for reading. */
  at(ms: number): CodesOf;
  /** All entries, for sending. */
  now(): CodesOf;
}

export interface PartyOptions {
  readonly id: string;
  readonly title: string;
  readonly adapter: Adapter;
  readonly authoritative: boolean;
  readonly settings: unknown;
  readonly schedules?: Readonly<Record<string, string>>;
  readonly filesFrom?: readonly string[] | undefined;
  readonly budget?: Budget | undefined;
  readonly maintenance?: readonly MaintenanceWindow[] | undefined;
  readonly reconcile?: ReconcileTimes | false | undefined;
  /** Resolves when the party's rate limit allows one more call. */
  readonly pace?: (() => Promise<void>) | undefined;
  readonly tls?: TlsGiven | undefined;
  /** Certificates in PEM that sign the party's own messages. */
  readonly signedBy?: readonly string[];
  readonly codes: EnteredCodes;
  /** Without it the hub has no files. */
  readonly files?: FileSource | undefined;
  readonly nowMs: () => number;
}

/** Creates a party. It may call only the origins of the addresses in its own settings. */
export function createParty(options: PartyOptions): Party {
  const {
    id,
    title,
    adapter,
    authoritative,
    settings,
    schedules = {},
    filesFrom,
    budget = {},
    maintenance = [],
    reconcile = {},
    pace,
    signedBy = [],
    codes,
    nowMs,
  } = options;
  const files = createFiles(options.files ?? NO_FILES);
  const tls = options.tls && createTls(options.tls);
  const http = createHttp({ origins: originsIn(settings), ...timeoutsIn(settings), tls, pace });
  const sessions = createSessions(nowMs);
  const places = createPlaces({ timeoutMs: timeoutsIn(settings).totalMs });
  const over = (client: Connection['http']): Connection => ({
    party: id,
    settings,
    http: client,
    places,
    sessions,
    files,
    codes: codes.now(),
    now: nowMs,
  });
  return {
    id,
    title,
    adapter,
    authoritative,
    settings,
    questions: questionsOf(adapter, settings),
    offers: offersOf(adapter, settings),
    schedules,
    filesFrom,
    budget,
    maintenance,
    reconcile,
    carries: carriesOf(adapter, settings),
    codes,
    certificates() {
      const { ca, ...own } = tls?.() ?? {};
      return [...certificatesIn([settings, own, signedBy]), ...lastOf(certificatesIn(ca))];
    },
    connect: (record, headers) => over(record ? http.withRecorder(record, headers) : http),
    connectUntil: (signal) => over(http.until(signal)),
    close: () => http.close(),
  };
}

/** The titles of its questions, by their names. */
function questionsOf({ asks }: Adapter, settings: unknown): ReadonlyMap<string, string> {
  return new Map(Object.entries(asks?.questions(settings) ?? {}).map(([name, { title }]) => [name, title]));
}

/** An expired authority does no harm while another one is valid. */
function lastOf(authorities: readonly CertificateDates[]): readonly CertificateDates[] {
  return [...authorities].sort((a, b) => (a.validTo < b.validTo ? 1 : -1)).slice(0, 1);
}

function carriesOf(adapter: Adapter, settings: unknown): Party['carries'] {
  return new Map(
    Object.entries(adapter.send ?? {}).map(([operation, sender]) => {
      const items = batchOf(sender, settings);
      return [operation, { items, ofOneDossier: sender.onePerDossier ? 1 : items }];
    }),
  );
}

/** All addresses in the settings, at any depth. */
function originsIn(value: unknown): string[] {
  if (typeof value === 'string') return /^https?:\/\//.test(value) ? [new URL(value).origin] : [];
  if (typeof value !== 'object' || value === null) return [];
  return [...new Set(Object.values(value).flatMap(originsIn))];
}
