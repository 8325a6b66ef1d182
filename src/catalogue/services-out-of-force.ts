import { sql } from 'kysely';
import { OPEN } from '#core/dossier/status';
import { countUpTo, type Total } from '../database/count-up-to.ts';
import type { Database } from '../database/pool.ts';

/** Since when a service of `c` is out of force: the first version after the last one that was in force. */
const SINCE = `(
  SELECT min(v.changed_at) FROM catalogue_versions v WHERE v.kind = c.kind AND v.key = c.key AND v.version > coalesce((
    SELECT max(f.version) FROM catalogue_versions f WHERE f.kind = c.kind AND f.key = c.key AND f.in_force), 0))`;

/** The keys of services out of force, each with the moment since when the catalogue says so. */
export async function loadServicesOutOfForce(database: Database): Promise<ReadonlyMap<string, string>> {
  const { rows } = await database.pool.query<{ key: string; since: string }>({
    name: 'ended services',
    text: `SELECT key, ${SINCE} AS since FROM catalogue c WHERE kind = 'service' AND NOT in_force`,
  });
  return new Map(rows.map(({ key, since }) => [key, since]));
}

const IS_OPEN = sql.raw(`d.status IN (${OPEN.map((status) => `'${status}'`).join(', ')})`);

/** A service out of force, with the number of its open dossiers. */
export interface ServiceOutOfForce {
  readonly key: string;
  readonly code: string;
  readonly name: string;
  readonly since: string;
  readonly live: number;
  /** Of these, the ones filed after the service was out of force. */
  readonly filedAfter: number;
}

/** How many of them have open dossiers. */
export const countServicesOutOfForce = (database: Database): Promise<Total> =>
  countUpTo(
    database,
    sql`SELECT FROM catalogue c WHERE c.kind = 'service' AND NOT c.in_force
        AND EXISTS (SELECT FROM dossiers d WHERE d.service_key = c.key AND ${IS_OPEN})`,
  );

/** By key, after `after`. With 400,000 dossiers, 40,000 of them under 200 such services: 0.2 s. No door calls this. */
export async function listServicesOutOfForce(
  database: Database,
  limit: number,
  after = '',
): Promise<readonly ServiceOutOfForce[]> {
  const { rows } = await sql<ServiceOutOfForce>`
    WITH ended AS MATERIALIZED (
      SELECT c.key, c.code, c.name, ${sql.raw(SINCE)} AS since FROM catalogue c
      WHERE c.kind = 'service' AND NOT c.in_force AND c.key > ${after})
    SELECT e.key, e.code, e.name, e.since, count(*) AS live,
      count(*) FILTER (WHERE coalesce(d.submitted_at, d.received_at, d.status_at) >= e.since) AS "filedAfter"
    FROM ended e JOIN dossiers d ON d.service_key = e.key
    WHERE ${IS_OPEN}
    GROUP BY 1, 2, 3, 4 ORDER BY 1 LIMIT ${limit}`.execute(database.query);
  return rows;
}
