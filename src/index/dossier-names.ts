import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/pool.ts';

/**
 * SQL: the dossier that a code names, as one row or none. A dossier's own code comes before aliases, and an alias of several
 * dossiers names none of them.
 *
 * @param code SQL that gives the code, without the names `named` and `alias`
 */
export const dossierOfCode = (code: string): string => `(
  SELECT named.* FROM dossiers named WHERE named.code = ${code}
  UNION ALL
  SELECT named.* FROM dossiers named WHERE named.code = (
    SELECT min(alias.dossier) FROM aliases alias WHERE alias.code = ${code} HAVING count(DISTINCT alias.dossier) = 1)
  LIMIT 1)`;

interface Row {
  readonly asked: string;
  readonly code: string;
  readonly version: number;
}

/** SQL: by each of these codes (`asked`), all codes that name the same dossier (`code`), its own first, and its version. */
function dossierNames(codes: readonly string[]): RawBuilder<Row> {
  return sql<Row>`
    SELECT given.asked, names.code, d.version
    FROM (SELECT DISTINCT unnest(${codes}::text[]) AS asked) given
    CROSS JOIN LATERAL ${sql.raw(dossierOfCode('given.asked'))} d
    CROSS JOIN LATERAL (${codesNaming(sql`d.code`)}) names
    ORDER BY names.code <> d.code, names.code`;
}

/** SQL: all codes that name this dossier. */
export function codesNaming(dossier: RawBuilder<unknown>): RawBuilder<{ code: string }> {
  return sql<{ code: string }>`
    SELECT ${dossier} AS code
    UNION
    SELECT a.code FROM aliases a
    WHERE a.dossier = ${dossier} AND NOT EXISTS (SELECT FROM dossiers o WHERE o.code = a.code)
      AND NOT EXISTS (SELECT FROM aliases o WHERE o.code = a.code AND o.dossier <> a.dossier)`;
}

/** SQL: whether the column `dossier_code` names one of these dossiers, by any of its codes. */
export function namesDossier(codes: readonly string[]): RawBuilder<boolean> {
  return sql<boolean>`dossier_code = ANY(${codes}::text[] || ARRAY(SELECT names.code FROM (${dossierNames(codes)}) names))`;
}

/** All codes of a dossier, its own first, and the version in which it has them. */
export interface DossierNames {
  readonly codes: readonly string[];
  readonly version: number;
}

/** By each of these codes, the names of the same dossier. Leaves out codes that name none. */
export async function loadDossierNames(
  { pool, query }: Pick<Database, 'pool' | 'query'>,
  codes: readonly string[],
): Promise<ReadonlyMap<string, DossierNames>> {
  const found = new Map<string, DossierNames>();
  if (codes.length === 0) return found;
  // The pool of writes: a batch waits for no reader.
  const { sql: text, parameters } = dossierNames(codes).compile(query);
  const { rows } = await pool.query<Row>({ name: 'names of dossiers', text, values: [...parameters] });
  for (const { asked, code, version } of rows)
    found.set(asked, { codes: [...(found.get(asked)?.codes ?? []), code], version });
  return found;
}
