import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';

/** Who told of a dossier, or of a new status of it, and by which of its events last. */
export interface Telling {
  readonly party: string;
  readonly seq: number;
}

/** What there is to know of a dossier before a party is told of it. */
export interface Tellings {
  readonly code: string;
  /** The newest of its events after which a delivery of it to the party was made, whatever became of that; null for none. */
  readonly told: number | null;
  readonly by: readonly Telling[];
  /** The oldest of its events that is kept; null where none is. */
  readonly oldest: number | null;
}

/** @param since when the oldest of these dossiers was first recorded */
export async function loadTellings(
  db: pg.Pool | pg.PoolClient,
  party: string,
  codes: readonly string[],
  since: string,
): Promise<ReadonlyMap<string, Tellings>> {
  const { rows } = await db.query<Tellings>({
    name: 'tellings',
    // One probe a dossier: see `known to`.
    text: `SELECT asked.code,
             (SELECT max(t.seq) FROM deliveries t
               WHERE t.party = $1 AND t.subject = asked.code AND t.operation = 'dossier.upsert.v1') AS told,
             coalesce((SELECT json_agg(last) FROM (
               SELECT e.party, max(e.seq) AS seq FROM events e
               WHERE e.code = asked.code AND e.recorded_at >= $3::timestamptz AND (e.kind = 'dossier' OR e.moved_status)
               GROUP BY e.party) last), '[]') AS by,
             (SELECT min(e.seq) FROM events e WHERE e.code = asked.code AND e.recorded_at >= $3::timestamptz) AS oldest
           FROM unnest($2::text[]) AS asked(code)`,
    values: [party, codes, since],
  });
  return new Map(rows.map((row) => [row.code, row]));
}

/** Until the transaction ends no other backfill of the party looks for what is missing: it would find the same. */
export async function oneBackfillAtATime(tx: pg.PoolClient, party: string): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('backfill ' || $1, 0))`, [party]);
}

/** A dossier that a party is to be told as it is. */
export interface Untold {
  readonly code: string;
  readonly version: number;
  readonly messageId: string;
}

/**
 * Have a party told of dossiers as they are now: as ones in doubt, so that it is asked first. What has come to be told
 * meanwhile is left out.
 *
 * @returns how many were added
 */
export async function addUntold(
  db: pg.Pool | pg.PoolClient,
  party: string,
  dossiers: readonly Untold[],
  nowMs: number,
): Promise<number> {
  const { rowCount } = await db.query({
    name: 'add untold',
    text: `INSERT INTO deliveries (party, operation, subject, seq, message_id, created_at, next_at, doubt)
           SELECT $1, 'dossier.upsert.v1', code, version, message_id, $5::timestamptz, $5::timestamptz, true
           FROM unnest($2::text[], $3::int4[], $4::uuid[]) AS untold(code, version, message_id)
           WHERE NOT EXISTS (SELECT 1 FROM deliveries d
             WHERE d.party = $1 AND d.subject = code AND d.operation = 'dossier.upsert.v1' AND d.seq >= version)
           ORDER BY code`,
    values: [
      party,
      dossiers.map(({ code }) => code),
      dossiers.map(({ version }) => version),
      dossiers.map(({ messageId }) => messageId),
      msToInstant(nowMs),
    ],
  });
  return rowCount ?? 0;
}
