import type pg from 'pg';
import { hasResult } from '#core/dossier/status';
import type { DossierFacts } from '#core/records/kind';
import { dossierOfCode } from './dossier-names.ts';

/** What the index says of a dossier that a record names, with the newest message. */
export interface FoundFacts extends DossierFacts {
  readonly code: string;
  readonly owner: string;
  readonly serviceCode: string;
  readonly fieldCode: string | undefined;
  readonly messageId: string;
}

interface Row extends Omit<FoundFacts, 'hasResult' | 'fieldCode'> {
  readonly asked: string;
  readonly hasResults: boolean;
  readonly fieldCode: string | null;
}

const FACTS = `
  SELECT given.asked, d.code, d.owner, d.status, d.status_at AS "statusAt", d.service_code AS "serviceCode", d.field_code AS "fieldCode",
         d.masked::json->'results' IS NOT NULL AS "hasResults", d.last_message_id AS "messageId"
  FROM unnest($1::text[]) AS given(asked) CROSS JOIN LATERAL ${dossierOfCode('given.asked')} d`;

/** The facts about dossiers that records of other kinds need, by any of their codes. */
export async function loadDossierFacts(
  db: pg.Pool | pg.PoolClient,
  codes: readonly string[],
): Promise<ReadonlyMap<string, FoundFacts>> {
  if (codes.length === 0) return new Map();
  const { rows } = await db.query<Row>({ name: 'dossier facts', text: FACTS, values: [codes] });
  return new Map(
    rows.map(({ asked, hasResults, fieldCode, ...facts }) => [
      asked,
      { ...facts, fieldCode: fieldCode ?? undefined, hasResult: hasResults || hasResult(facts.status) },
    ]),
  );
}
