import { msToInstant } from '#core/dates/dates';
import { type Availability, availabilityOf } from '#core/statistics/availability';
import type { Database } from '../database/pool.ts';
import { atOneMoment } from '../database/transaction.ts';
import { AWAY_KINDS, type Incident } from './incidents.ts';
import { AWAY_AFTER_MS, firstRunAt, listRuns } from './process-runs.ts';

/** How the hub itself is, for people without a key: no address, no cause, no data of a dossier. */
export interface HubStatus {
  readonly at: string;
  /** Of the last 30 days. */
  readonly availability: Availability;
  /** Interruptions of connections, newest first: those that are open, and the last ones of 30 days. */
  readonly interruptions: readonly Interruption[];
}

export interface Interruption {
  readonly party: string;
  readonly kind: 'no-connection' | 'no-data' | 'restored';
  readonly openedAt: string;
  readonly closedAt: string | null;
}

const DAYS_MS = 30 * 86_400_000;
const MOST = 50;

/** The incidents that a visitor learns of. The others are for operators. */
const SHOWN: Readonly<Partial<Record<Incident['kind'], Interruption['kind']>>> = {
  ...Object.fromEntries(AWAY_KINDS.map((kind) => [kind, 'no-connection'])),
  'pull-failed': 'no-data',
  'put-back': 'restored',
};

export function readHubStatus(database: Database, nowMs: number): Promise<HubStatus> {
  const [from, at] = [msToInstant(nowMs - DAYS_MS), msToInstant(nowMs)];
  return atOneMoment(database, async (run) => {
    const since = await firstRunAt(run);
    const runs = await listRuns(run, 'api', at);
    const rows = await run<Omit<Interruption, 'kind'> & { readonly kind: Incident['kind'] }>(
      `SELECT party, kind, opened_at AS "openedAt", closed_at AS "closedAt" FROM incidents
       WHERE kind = ANY($1) AND (closed_at IS NULL OR opened_at >= $2::timestamptz)
       ORDER BY closed_at IS NOT NULL, id DESC LIMIT $3`,
      [Object.keys(SHOWN), from, MOST],
    );
    return {
      at,
      availability: availabilityOf(runs, { from, to: at, since }, AWAY_AFTER_MS),
      interruptions: rows.map((row) => ({ ...row, kind: SHOWN[row.kind] as Interruption['kind'] })),
    };
  });
}
