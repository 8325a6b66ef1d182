import type { Anomaly } from '#core/dossier/event';
import type { Database } from '../database/pool.ts';

/** A stored event that is unexpected and that an operator should check. */
export interface ListedAnomaly {
  readonly at: string;
  readonly code: string;
  readonly kind: Anomaly;
  readonly status: string;
  readonly party: string;
  readonly messageId: string;
  readonly recordedAt: string;
}

export interface AnomalyFilter {
  readonly party?: string | undefined;
  readonly kind?: string | undefined;
  readonly code?: string | undefined;
}

/** An anomaly with its position in the list, as one text, because a cursor holds one. */
export type PlacedAnomaly = ListedAnomaly & { readonly place: string };

/** Anomalies by filter, the latest recorded first, after the position `before`. */
export async function listAnomalies(
  database: Database,
  { party, kind, code }: AnomalyFilter,
  limit: number,
  before: string | undefined,
): Promise<readonly PlacedAnomaly[]> {
  const [beforeAt, beforeCode, beforeSeq] = before?.split(' ') ?? [];
  const { rows } = await database.pool.query<ListedAnomaly & { seq: number }>(
    `SELECT at, code, anomaly AS kind, status, party, message_id AS "messageId", recorded_at AS "recordedAt", seq
     FROM events
     WHERE anomaly IS NOT NULL
       AND ($1::text IS NULL OR party = $1) AND ($2::text IS NULL OR anomaly = $2) AND ($3::text IS NULL OR code = $3)
       AND ($4::timestamptz IS NULL OR (recorded_at, code, seq) < ($4::timestamptz, $5::text COLLATE "C", $6::int4))
     ORDER BY recorded_at DESC, code DESC, seq DESC LIMIT $7`,
    [party, kind, code, beforeAt, beforeCode, beforeSeq, limit],
  );
  return rows.map(({ seq, ...row }) => ({ ...row, place: `${row.recordedAt} ${row.code} ${seq}` }));
}

export interface AnomalyCount {
  readonly party: string;
  readonly kind: string;
  readonly count: number;
}

/** The number of anomalies by party and kind in the stored history. */
export async function countAnomalies(database: Database): Promise<readonly AnomalyCount[]> {
  const { rows } = await database.pool.query<AnomalyCount>({
    name: 'count anomalies',
    text: 'SELECT party, anomaly AS kind, count(*) AS count FROM events WHERE anomaly IS NOT NULL GROUP BY 1, 2',
  });
  return rows;
}
