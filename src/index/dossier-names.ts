import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/pool.ts';

/**
 * SQL: by each of these codes (`asked`), all codes that name the same dossier (`code`), its own first. A dossier's own code
 * comes before aliases, and an alias of several dossiers names none of them.
 */
function dossierNames(codes: readonly string[]): RawBuilder<{ asked: string; code: string }> {
  return sql<{ asked: string; code: string }>`
    SELECT named.asked, names.code
    FROM (SELECT d.code AS asked, d.code AS dossier FROM dossiers d WHERE d.code = ANY(${codes}::text[])
          UNION ALL
          SELECT a.code, min(a.dossier) FROM aliases a
          WHERE a.code = ANY(${codes}::text[]) AND NOT EXISTS (SELECT FROM dossiers o WHERE o.code = a.code)
          GROUP BY a.code HAVING count(DISTINCT a.dossier) = 1) named
    CROSS JOIN LATERAL (${codesNaming(sql`named.dossier`)}) names
    ORDER BY names.code <> named.dossier, names.code`;
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

/** By each of these codes, all codes that name the same dossier, its own first. Leaves out codes that name none. */
export async function loadDossierNames(
  { pool, query }: Pick<Database, 'pool' | 'query'>,
  codes: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  if (codes.length === 0) return found;
  // The pool of writes: a batch waits for no reader.
  const { sql: text, parameters } = dossierNames(codes).compile(query);
  const { rows } = await pool.query<{ asked: string; code: string }>({
    name: 'names of dossiers',
    text,
    values: [...parameters],
  });
  for (const { asked, code } of rows) found.set(asked, [...(found.get(asked) ?? []), code]);
  return found;
}
