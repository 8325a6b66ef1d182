import type pg from 'pg';
import type { DossierFacts } from '#core/records/kind';

interface Row {
  readonly asked: string;
  readonly status: string;
  readonly has_results: boolean;
  readonly message: string;
}

const FACTS = `
  SELECT names.asked, d.status, d.masked::json->'results' IS NOT NULL AS has_results, d.last_message_id AS message
  FROM (SELECT code AS asked, code FROM unnest($1::text[]) AS given(code)
        UNION SELECT code, dossier FROM aliases WHERE code = ANY($1::text[])) names
  JOIN dossiers d ON d.code = names.code`;

/** The facts about dossiers that records of other kinds need, by any of their codes, with the newest message. */
export async function loadDossierFacts(
  db: pg.Pool | pg.PoolClient,
  codes: readonly string[],
): Promise<ReadonlyMap<string, DossierFacts & { readonly messageId: string }>> {
  if (codes.length === 0) return new Map();
  const { rows } = await db.query<Row>({ name: 'dossier facts', text: FACTS, values: [codes] });
  return new Map(
    rows.map(({ asked, status, has_results, message }) => [
      asked,
      { hasResult: has_results || status === 'resolved' || status === 'returned', messageId: message },
    ]),
  );
}
