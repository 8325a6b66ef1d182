import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';

/** The last event with which a party reported a dossier or a new status of it. */
export interface LatestReport {
  readonly party: string;
  readonly seq: number;
}

/** What a party has received of a dossier, and what the hub holds of it. */
export interface DeliveryProgress {
  readonly code: string;
  /** The newest event for which a delivery to the party exists, in any state. Null for none. */
  readonly deliveredSeq: number | null;
  readonly reports: readonly LatestReport[];
  /** The oldest stored event. Null for none. */
  readonly oldestSeq: number | null;
}

/** @param since when the oldest of these dossiers was first recorded */
export async function loadDeliveryProgress(
  db: pg.Pool | pg.PoolClient,
  party: string,
  codes: readonly string[],
  since: string,
): Promise<ReadonlyMap<string, DeliveryProgress>> {
  const { rows } = await db.query<DeliveryProgress>({
    name: 'delivery progress',
    // One index probe per dossier. See `known to`.
    text: `SELECT asked.code,
             (SELECT max(t.seq) FROM deliveries t
               WHERE t.party = $1 AND t.subject = asked.code AND t.operation = 'dossier.upsert.v1') AS "deliveredSeq",
             coalesce((SELECT json_agg(last) FROM (
               SELECT e.party, max(e.seq) AS seq FROM events e
               WHERE e.code = asked.code AND e.recorded_at >= $3::timestamptz AND (e.kind = 'dossier' OR e.moved_status)
               GROUP BY e.party) last), '[]') AS reports,
             (SELECT min(e.seq) FROM events e WHERE e.code = asked.code AND e.recorded_at >= $3::timestamptz) AS "oldestSeq"
           FROM unnest($2::text[]) AS asked(code)`,
    values: [party, codes, since],
  });
  return new Map(rows.map((row) => [row.code, row]));
}

/** Locks backfills of the party until the transaction ends. A second backfill would find the same gaps. */
export async function lockBackfill(tx: pg.PoolClient, party: string): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('backfill ' || $1, 0))`, [party]);
}

/** A dossier or record whose current version a party lacks. */
export interface BackfillGap {
  /** The subject of its deliveries. */
  readonly code: string;
  readonly version: number;
  readonly messageId: string;
}

/**
 * Adds deliveries of the current versions to a party. They are in doubt, so the hub looks each dossier up at the party
 * first. Skips versions for which a delivery exists already.
 *
 * @returns how many were added
 */
export async function fillGaps(
  db: pg.Pool | pg.PoolClient,
  party: string,
  operation: string,
  gaps: readonly BackfillGap[],
  nowMs: number,
): Promise<number> {
  const { rowCount } = await db.query({
    name: 'fill gaps',
    text: `INSERT INTO deliveries (party, operation, subject, seq, message_id, created_at, next_at, doubt)
           SELECT $1, $6, code, version, message_id, $5::timestamptz, $5::timestamptz, true
           FROM unnest($2::text[], $3::int4[], $4::uuid[]) AS gap(code, version, message_id)
           WHERE NOT EXISTS (SELECT 1 FROM deliveries d
             WHERE d.party = $1 AND d.subject = code AND d.operation = $6 AND d.seq >= version)
           ORDER BY code`,
    values: [
      party,
      gaps.map(({ code }) => code),
      gaps.map(({ version }) => version),
      gaps.map(({ messageId }) => messageId),
      msToInstant(nowMs),
      operation,
    ],
  });
  return rowCount ?? 0;
}

/** The newest version of each subject for which a delivery to the party exists, in any state. */
export async function loadDeliveredVersions(
  db: pg.Pool | pg.PoolClient,
  party: string,
  operation: string,
  subjects: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await db.query<{ subject: string; seq: number }>({
    name: 'delivered versions',
    text: `SELECT subject, max(seq) AS seq FROM deliveries
           WHERE party = $1 AND subject = ANY($3::text[]) AND operation = $2 GROUP BY subject`,
    values: [party, operation, subjects],
  });
  return new Map(rows.map(({ subject, seq }) => [subject, seq]));
}
