import { sql } from 'kysely';
import type { Anomaly } from '#core/dossier/event';
import { countUpTo, type Total } from '../database/count-up-to.ts';
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
  filter: AnomalyFilter,
  limit: number,
  before: string | undefined,
): Promise<readonly PlacedAnomaly[]> {
  const [at, code, seq] = before?.split(' ') ?? [];
  let query = anomaliesBy(database, filter)
    .select(['at', 'code', 'anomaly as kind', 'status', 'party', 'message_id as messageId'])
    .select(['recorded_at as recordedAt', 'seq']);
  if (before !== undefined)
    query = query.where(
      sql<boolean>`(recorded_at, code, seq) < (${at}::timestamptz, ${code}::text COLLATE "C", ${seq}::int4)`,
    );
  const rows = await query
    .orderBy('recorded_at', 'desc')
    .orderBy('code', 'desc')
    .orderBy('seq', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ seq, kind, ...row }) => ({
    ...row,
    kind: kind as Anomaly,
    place: `${row.recordedAt} ${row.code} ${seq}`,
  }));
}

export const countListedAnomalies = (database: Database, filter: AnomalyFilter): Promise<Total> =>
  countUpTo(database, anomaliesBy(database, filter));

function anomaliesBy(database: Database, { party, kind, code }: AnomalyFilter) {
  let query = database.query.selectFrom('events').where('anomaly', 'is not', null);
  if (party !== undefined) query = query.where('party', '=', party);
  if (kind !== undefined) query = query.where('anomaly', '=', kind);
  if (code !== undefined) query = query.where('code', '=', code);
  return query;
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
