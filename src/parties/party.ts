import type { MaintenanceWindow } from '#core/dates/windows';
import type { CodesOf } from '#core/identifiers/codes';
import { type Adapter, type Offers, offersOf } from '../kit/adapter.ts';
import type { Connection } from '../kit/connection.ts';
import type { WireRecord } from '../kit/http/exchange.ts';
import { createHttp } from '../kit/http/http.ts';
import { timeoutsIn } from '../kit/http/timeouts.ts';
import { type CertificateDates, certificatesIn, createTls, type TlsGiven } from '../kit/http/tls.ts';
import { batchOf } from '../kit/sender.ts';
import { createSessions } from '../kit/session.ts';

/** How much a party may be asked. */
export interface Budget {
  /** Calls a second, of all processes together. */
  readonly callsPerSecond?: number;
  /** Dossiers at once, of all processes together. */
  readonly concurrency?: number;
}

/** When the hub compares with a party by itself, and with how many of its dossiers, drawn by chance. */
export interface ReconcileTimes {
  readonly schedule?: string;
  readonly sample?: number | 'all';
}

/** One connected system, as it runs: its adapter with its means. */
export interface Party {
  readonly id: string;
  readonly adapter: Adapter;
  readonly authoritative: boolean;
  readonly settings: unknown;
  /** What is sent to it and pulled from it, by its settings. */
  readonly offers: Offers;
  /** How much it may be asked, and when not. */
  readonly budget: Budget;
  readonly maintenance: readonly MaintenanceWindow[];
  /** What one call may carry, by operation: how many items, and how many of them of one dossier. */
  readonly carries: ReadonlyMap<string, { readonly items: number; readonly ofOneDossier: number }>;
  /** When to ask it, by puller; overrides the adapter's own schedules. */
  readonly schedules: Readonly<Record<string, string>>;
  /** False: only when somebody says so. */
  readonly reconcile: ReconcileTimes | false;
  /** What operators have entered of its code tables. */
  readonly codes: EnteredCodes;
  /** The certificates that its traffic hangs on: its own, the last of its authorities, and the one that we show it. */
  certificates(): readonly CertificateDates[];
  /** The means of one attempt, whose wire traffic is recorded, and whose calls say this beside what the adapter says. */
  connect(record?: (wire: WireRecord) => void, headers?: Readonly<Record<string, string>>): Connection;
  close(): void;
}

export interface EnteredCodes {
  /** By what was in force at a moment, epoch milliseconds: what is read goes by it. */
  at(ms: number): CodesOf;
  /** By all that is entered: what is sent goes by it. */
  now(): CodesOf;
}

export interface PartyOptions {
  readonly id: string;
  readonly adapter: Adapter;
  readonly authoritative: boolean;
  readonly settings: unknown;
  readonly schedules?: Readonly<Record<string, string>>;
  readonly budget?: Budget;
  readonly maintenance?: readonly MaintenanceWindow[];
  readonly reconcile?: ReconcileTimes | false;
  /** Resolves when the party's budget has room for one more call. */
  readonly pace?: () => Promise<void>;
  readonly tls?: TlsGiven;
  /** Those that its own messages are signed with, in PEM. */
  readonly signedBy?: readonly string[];
  readonly codes: EnteredCodes;
  readonly nowMs: () => number;
}

/** Put a party together. It may call the origins of the addresses in its own settings, and nothing else. */
export function createParty(options: PartyOptions): Party {
  const {
    id,
    adapter,
    authoritative,
    settings,
    schedules = {},
    budget = {},
    maintenance = [],
    reconcile = {},
    pace,
    signedBy = [],
    codes,
    nowMs,
  } = options;
  const tls = options.tls && createTls(options.tls);
  const http = createHttp({
    origins: originsIn(settings),
    ...timeoutsIn(settings),
    ...(tls && { tls }),
    ...(pace && { pace }),
  });
  const sessions = createSessions(nowMs);
  return {
    id,
    adapter,
    authoritative,
    settings,
    offers: offersOf(adapter, settings),
    schedules,
    budget,
    maintenance,
    reconcile,
    carries: carriesOf(adapter, settings),
    codes,
    certificates() {
      const { ca, ...own } = tls?.() ?? {};
      return [...certificatesIn([settings, own, signedBy]), ...lastOf(certificatesIn(ca))];
    },
    connect: (record, headers) => ({
      party: id,
      settings,
      http: record ? http.withRecorder(record, headers) : http,
      sessions,
      codes: codes.now(),
      now: nowMs,
    }),
    close: () => http.close(),
  };
}

/** Of several authorities one that has ended does no harm as long as there is another. */
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

/** Every address that stands in the settings, however deep. */
function originsIn(value: unknown): string[] {
  if (typeof value === 'string') return /^https?:\/\//.test(value) ? [new URL(value).origin] : [];
  if (typeof value !== 'object' || value === null) return [];
  return [...new Set(Object.values(value).flatMap(originsIn))];
}
