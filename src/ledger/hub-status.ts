import { DAY_MS, msToInstant } from '#core/dates/dates';
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
  /** Interruptions of connections that are not over, newest first. */
  readonly open: readonly Interruption[];
  /** Those that ended in the last 30 days. */
  readonly closed: InterruptionPage;
}

/** A page of interruptions, newest first. `from` of all come before it. */
export interface InterruptionPage {
  readonly items: readonly Interruption[];
  readonly from: number;
  readonly total: number;
  readonly pages: number;
}

export interface Interruption {
  readonly party: string;
  readonly kind: 'no-connection' | 'no-data' | 'restored';
  readonly openedAt: string;
  readonly closedAt: string | null;
}

const DAYS_MS = 30 * DAY_MS;
const A_PAGE = 50;

/** The incidents that a visitor learns of. The others are for operators. */
const SHOWN: Readonly<Partial<Record<Incident['kind'], Interruption['kind']>>> = {
  ...Object.fromEntries(AWAY_KINDS.map((kind) => [kind, 'no-connection'])),
  'pull-failed': 'no-data',
  'put-back': 'restored',
};

/** @param page of the interruptions that are over, from 1 */
export function readHubStatus(database: Database, nowMs: number, page: number): Promise<HubStatus> {
  const [since, at] = [msToInstant(nowMs - DAYS_MS), msToInstant(nowMs)];
  return atOneMoment(database, async (run) => {
    const firstAt = await firstRunAt(run);
    const runs = await listRuns(run, 'api', at);
    const kinds = Object.keys(SHOWN);
    const from = (page - 1) * A_PAGE;
    const open = await run<Row>(
      `SELECT ${COLUMNS} FROM incidents WHERE kind = ANY($1) AND closed_at IS NULL ORDER BY id DESC`,
      [kinds],
    );
    const closed = await run<Row>(
      `SELECT ${COLUMNS} FROM incidents WHERE ${IS_OVER} ORDER BY id DESC LIMIT ${A_PAGE} OFFSET $3`,
      [kinds, since, from],
    );
    const [{ total } = { total: 0 }] = await run<{ readonly total: number }>(
      `SELECT count(*) AS total FROM incidents WHERE ${IS_OVER}`,
      [kinds, since],
    );
    return {
      at,
      availability: availabilityOf(runs, { from: since, to: at, since: firstAt }, AWAY_AFTER_MS),
      open: open.map(shownOf),
      closed: { items: closed.map(shownOf), from, total, pages: Math.max(1, Math.ceil(total / A_PAGE)) },
    };
  });
}

type Row = Omit<Interruption, 'kind'> & { readonly kind: Incident['kind'] };

const COLUMNS = 'party, kind, opened_at AS "openedAt", closed_at AS "closedAt"';
const IS_OVER = 'kind = ANY($1) AND closed_at >= $2::timestamptz';

const shownOf = (row: Row): Interruption => ({ ...row, kind: SHOWN[row.kind] as Interruption['kind'] });
