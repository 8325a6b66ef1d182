import type pg from 'pg';
import { dossierOfCode } from '../index/dossier-names.ts';

/** SQL: the dossier that a dossier names as its whole, by any of its codes. */
const wholeOf = (row: string): string => dossierOfCode(`${row}.parent_code`);

/** SQL: the dossiers that name a dossier as their whole, by any of its codes. */
const partsNaming = (row: string): string => `(
  SELECT p.code FROM dossiers p WHERE p.parent_code = ${row}.code
  UNION ALL SELECT p.code FROM aliases a CROSS JOIN LATERAL (
    SELECT code FROM dossiers WHERE parent_code = a.code OFFSET 0) p WHERE a.dossier = ${row}.code)`;

/** How many dossiers above one are looked at for a circle. Real chains have two or three. */
const MOST_ABOVE = 100;

/**
 * SQL: whether a dossier, `d`, counts with the dossier that it names as its whole, and not for itself. A whole counts for its parts
 * when it has left status 1 of the national table, or has a date of reception. Of dossiers in a circle the first one counts; of a
 * larger circle than MOST_ABOVE none:
 *
 *     B names A                  A counts, and B while A has status 1
 *     B names A, and A names B   A counts, the first one of the circle
 *
 * PostgreSQL reads a recursive query only as far as the outer one asks, so the LIMIT ends the walk. Without it, the counts of a
 * party that chains thousands of dossiers walk the whole chain for each of them.
 */
export const IS_PART = `(
  EXISTS (SELECT FROM ${wholeOf('d')} p WHERE p.status <> 'submitted' OR p.received_at IS NOT NULL)
  AND d.code <> (WITH RECURSIVE above AS (
      SELECT code, parent_code FROM ${wholeOf('d')} p
      UNION SELECT p.code, p.parent_code FROM above CROSS JOIN LATERAL ${wholeOf('above')} p)
    SELECT min(code) FROM (SELECT code FROM above LIMIT ${MOST_ABOVE}) above))`;

/**
 * The parts of these dossiers that are counted although their whole is counted, or not counted although it is not. So may be
 * parts of their parts: where one of these dossiers closes or opens a circle, the first one of the circle is somewhere below it.
 */
export async function partsOf(tx: pg.PoolClient, codes: readonly string[]): Promise<readonly string[]> {
  const { rows } = await tx.query<{ code: string }>({
    name: 'parts of',
    text: `WITH RECURSIVE parts AS MATERIALIZED (
             SELECT p.code FROM unnest($1::text[]) AS changed(code) CROSS JOIN LATERAL ${partsNaming('changed')} p),
           below AS (
             SELECT code FROM parts
             UNION SELECT p.code FROM below CROSS JOIN LATERAL ${partsNaming('below')} p)
           SELECT d.code
           FROM (SELECT code FROM below LIMIT (SELECT count(*) FROM parts) + ${MOST_ABOVE}) found
           CROSS JOIN LATERAL (SELECT * FROM dossiers WHERE code = found.code OFFSET 0) d
           LEFT JOIN counted c ON c.code = d.code
           WHERE ${IS_PART} = (c.code IS NOT NULL AND coalesce(c.began_766, c.began_opencps, c.began_td) IS NOT NULL)`,
    values: [codes],
  });
  return rows.map(({ code }) => code);
}
