import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Anomaly } from '#core/dossier/event';
import type { Total } from '../database/count-up-to.ts';
import { countMatching, firstMatching } from '../database/newest-matching.ts';
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

type Row = ListedAnomaly & { readonly seq: number };

const COLUMNS = sql<Row>`"at", code, anomaly AS kind, status, party, message_id AS "messageId",
  recorded_at AS "recordedAt", seq`;

/** Anomalies by filter, the latest recorded first, after the position `before`. `endedAt`: see newestMatching. */
export async function listAnomalies(
  database: Database,
  filter: AnomalyFilter,
  limit: number,
  before: string | undefined,
): Promise<readonly PlacedAnomaly[] & { readonly endedAt?: string | undefined }> {
  const [at, code, seq] = before?.split(' ') ?? [];
  const { table, indexed, others } = matching(filter);
  if (before !== undefined)
    indexed.push(sql`(recorded_at, code, seq) < (${at}::timestamptz, ${code}::text COLLATE "C", ${seq}::int4)`);
  const order = sql`recorded_at DESC, code DESC, seq DESC`;
  const { found, last } = await firstMatching(database, { table, indexed, others, order }, COLUMNS, limit);
  const placed = found.map(({ seq, ...row }) => ({ ...row, place: placeOf({ ...row, seq }) }));
  return Object.assign(placed, { endedAt: last && placeOf(last) });
}

const placeOf = ({ recordedAt, code, seq }: Pick<Row, 'recordedAt' | 'code' | 'seq'>): string =>
  `${recordedAt} ${code} ${seq}`;

export const countListedAnomalies = (database: Database, filter: AnomalyFilter): Promise<Total> =>
  countMatching(database, matching(filter));

function matching({ party, kind, code }: AnomalyFilter) {
  const indexed: RawBuilder<SqlBool>[] = [sql`anomaly IS NOT NULL`];
  const others: RawBuilder<SqlBool>[] = [];
  if (code !== undefined) indexed.push(sql`code = ${code}`);
  if (party !== undefined) others.push(sql`party = ${party}`);
  if (kind !== undefined) others.push(sql`anomaly = ${kind}`);
  return { table: 'events' as const, indexed, others };
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
