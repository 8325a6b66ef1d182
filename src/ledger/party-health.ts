import { msToInstant } from '#core/dates/dates';
import type { Sentence, Words } from '#messages/message';
import { wordsText } from '#messages/stored';
import type { Database } from '../database/pool.ts';
import { UNSETTLED } from './backlog.ts';
import { IS_FAILED } from './delivery-list.ts';

/** A partner's last success and last error since the previous update. */
export interface PartyHealthUpdate {
  readonly successMs?: number;
  readonly error?: { readonly atMs: number; readonly reason: string } & Sentence;
}

/** Whether an update has an error, and none was later. Processes store theirs up to a second late, in any order. */
const IS_NEWER = `excluded.error_at >= coalesce(party_health.error_at, '-infinity')`;

export async function savePartyHealth(
  database: Database,
  party: string,
  { successMs, error }: PartyHealthUpdate,
): Promise<void> {
  await database.pool.query({
    name: 'save health',
    text: `INSERT INTO party_health (party, success_at, error_at, error_reason, error_detail, error_words)
           VALUES ($1, $2::timestamptz, $3::timestamptz, $4, $5, $6::json)
           ON CONFLICT (party) DO UPDATE SET
             success_at = GREATEST(excluded.success_at, party_health.success_at),
             error_at = GREATEST(excluded.error_at, party_health.error_at),
             error_reason = CASE WHEN ${IS_NEWER} THEN excluded.error_reason ELSE party_health.error_reason END,
             error_detail = CASE WHEN ${IS_NEWER} THEN excluded.error_detail ELSE party_health.error_detail END,
             error_words = CASE WHEN ${IS_NEWER} THEN excluded.error_words ELSE party_health.error_words END`,
    values: [
      party,
      successMs === undefined ? null : msToInstant(successMs),
      error ? msToInstant(error.atMs) : null,
      error?.reason,
      error?.message,
      error?.words && wordsText(error.words),
    ],
  });
}

/** The ledger's data of each known party. */
export interface PartyOverview {
  readonly party: string;
  readonly pausedAt: string | null;
  readonly pausedBy: string | null;
  readonly lastSuccessAt: string | null;
  readonly lastErrorAt: string | null;
  readonly lastErrorReason: string | null;
  readonly lastErrorDetail: string | null;
  readonly lastErrorWords: Words | null;
  /** The breaker of each process that reported one lately. An open breaker is reported again at each attempt. */
  readonly breakers: readonly { readonly process: string; readonly state: string; readonly since: string }[];
  readonly backlog: { readonly due: number; readonly held: number; readonly onItsWay: number };
  /** Deliveries that failed, among the newest 10,000 refused or parked ones. */
  readonly failed: number;
  readonly oldestDueAt: string | null;
  readonly pulls: readonly {
    readonly name: string;
    /** Null: its schedule has no further run. */
    readonly nextAt: string | null;
    readonly lastAt: string | null;
    readonly lastError: string | null;
    readonly words: Words | null;
    readonly isRunning: boolean;
  }[];
}

/** Consoles poll this. With 100,000 failed deliveries a full count took 1.4 s. */
const MOST_FAILED = 10_000;

/** Reads due and recently failed deliveries, not delivered ones. */
export async function loadParties(database: Database, nowMs: number): Promise<readonly PartyOverview[]> {
  const now = msToInstant(nowMs);
  const [parties, backlog, failed, breakers, pulls] = await Promise.all([
    database.pool.query<Omit<PartyOverview, 'breakers' | 'backlog' | 'failed' | 'oldestDueAt' | 'pulls'>>(
      `SELECT party, paused_at AS "pausedAt", paused_by AS "pausedBy", success_at AS "lastSuccessAt",
              error_at AS "lastErrorAt", error_reason AS "lastErrorReason", error_detail AS "lastErrorDetail",
              error_words AS "lastErrorWords"
       FROM party_states LEFT JOIN party_health USING (party) ORDER BY party`,
    ),
    database.pool.query<{ party: string; due: number; held: number; onItsWay: number; oldest: string }>(
      `SELECT party, count(*) FILTER (WHERE state = 'due') AS due,
              count(*) FILTER (WHERE state = 'held') AS held,
              count(*) FILTER (WHERE leased_by IS NOT NULL AND next_at > $1::timestamptz) AS "onItsWay",
              min(created_at) AS oldest
       FROM (${UNSETTLED}) unsettled GROUP BY party`,
      [now],
    ),
    database.pool.query<{ party: string; failed: number }>(
      `WITH d AS (
         SELECT id, party, subject, operation, state, reason FROM deliveries WHERE state IN ('refused', 'parked')
         ORDER BY id DESC LIMIT ${MOST_FAILED})
       SELECT party, count(*) AS failed FROM d WHERE ${IS_FAILED} GROUP BY party`,
    ),
    database.pool.query<{ party: string; process: string; state: string; since: string }>(
      `SELECT party, process, state, since FROM breakers
       WHERE since > $1::timestamptz - interval '10 minutes' ORDER BY party, since DESC`,
      [now],
    ),
    database.pool.query<PartyOverview['pulls'][number] & { party: string }>(
      `SELECT party, name, nullif(next_at, 'infinity') AS "nextAt", last_at AS "lastAt", last_error AS "lastError", error_words AS words,
              coalesce(leased_until > $1::timestamptz, false) AS "isRunning"
       FROM pulls ORDER BY party, name`,
      [now],
    ),
  ]);
  const own = <Row extends { party: string }>(rows: readonly Row[], party: string): Omit<Row, 'party'>[] =>
    rows.filter((row) => row.party === party).map(({ party: _, ...row }) => row);
  return parties.rows.map((row) => {
    const [counts] = own(backlog.rows, row.party);
    const { oldest = null, ...sums } = counts ?? { due: 0, held: 0, onItsWay: 0 };
    return {
      ...row,
      breakers: own(breakers.rows, row.party),
      backlog: sums,
      failed: own(failed.rows, row.party)[0]?.failed ?? 0,
      oldestDueAt: oldest,
      pulls: own(pulls.rows, row.party),
    };
  });
}
