import type pg from 'pg';
import { agenciesOf, levelsOf } from '#core/catalogue/catalogue-facts';
import { catalogueKey } from '#core/identifiers/identifiers';
import { searchWords } from '#core/vietnamese/search-words';
import type { Agency } from '#schemas/agency.upsert.v1';
import type { Field } from '#schemas/field.upsert.v1';
import type { Service } from '#schemas/service.upsert.v1';
import { definePart } from '../database/parts.ts';

export type CatalogueKind = 'service' | 'agency' | 'field';

export interface CatalogueRow {
  readonly kind: CatalogueKind;
  readonly record: Service | Agency | Field;
  /** Hash of the content, base64. */
  readonly hash: string;
  readonly party: string;
  readonly messageId: string;
  readonly changedAt: string;
  /** The version that the batch began from. 0 for a new entry. */
  readonly follows: number;
  readonly version: number;
}

const columns = {
  kind: ['text', (r: CatalogueRow) => r.kind],
  key: ['text', (r: CatalogueRow) => catalogueKey(r.kind, r.record.code)],
  code: ['text', (r: CatalogueRow) => r.record.code],
  name: ['text', (r: CatalogueRow) => r.record.name],
  in_force: ['bool', (r: CatalogueRow) => r.record.inForce],
  field_code: ['text', (r: CatalogueRow) => ('fieldCode' in r.record ? r.record.fieldCode : undefined)],
  levels: ['text', (r: CatalogueRow) => JSON.stringify(levelsOf(r.record))],
  audiences: ['text', (r: CatalogueRow) => JSON.stringify('audience' in r.record ? (r.record.audience ?? []) : [])],
  agencies: ['text', (r: CatalogueRow) => JSON.stringify(agenciesOf(r.record))],
  search: ['text', (r: CatalogueRow) => searchWords([r.record.code], [r.record.name])],
  record: ['text', (r: CatalogueRow) => JSON.stringify(r.record)],
  // Not keyed: the record beside it is in clear, and the catalogue is public.
  hash: ['bytea', (r: CatalogueRow) => Buffer.from(r.hash, 'base64')],
  party: ['text', (r: CatalogueRow) => r.party],
  message_id: ['uuid', (r: CatalogueRow) => r.messageId],
  version: ['int4', (r: CatalogueRow) => r.version],
  made_from: ['int4', (r: CatalogueRow) => r.follows],
  changed_at: ['timestamptz', (r: CatalogueRow) => r.changedAt],
} as const;

const names = Object.keys(columns);
const converted: Readonly<Record<string, string>> = {
  search: `array_to_tsvector(string_to_array(search, ' '))`,
  record: 'record::json',
  levels: 'ARRAY(SELECT json_array_elements_text(levels::json))',
  audiences: 'ARRAY(SELECT json_array_elements_text(audiences::json))',
  agencies: 'ARRAY(SELECT json_array_elements_text(agencies::json))',
};

/**
 * Writes the newest state of catalogue entries. Each must follow the version that it was made from. A trigger stores
 * each as a version.
 */
export const cataloguePart = definePart<CatalogueRow>(
  'entry',
  columns,
  (rows) => `
    INSERT INTO catalogue (${names.join(', ')})
    SELECT ${names.map((name) => converted[name] ?? name).join(', ')} FROM ${rows}
    ON CONFLICT (kind, key) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(', ')}
    WHERE catalogue.version = excluded.made_from
    RETURNING key`,
  true,
);

const overtakenColumns = [
  'kind',
  'key',
  'version',
  'code',
  'in_force',
  'record',
  'hash',
  'party',
  'message_id',
  'changed_at',
];

/** Versions that a later message of the same batch replaced. No reader saw them, and they still count as versions. */
export const overtakenPart = definePart<CatalogueRow>(
  'overtaken',
  Object.fromEntries(overtakenColumns.map((name) => [name, columns[name as keyof typeof columns]])),
  (rows) => `
    INSERT INTO catalogue_versions (cause, ${overtakenColumns.join(', ')})
    SELECT 'told', ${overtakenColumns.map((name) => converted[name] ?? name).join(', ')} FROM ${rows} RETURNING 1`,
);

export interface CatalogueEntry {
  readonly kind: CatalogueKind;
  readonly key: string;
  readonly hash: string;
  readonly version: number;
  readonly record: Service | Agency | Field;
}

/** The entries of one kind under these keys. */
export async function loadEntries(
  db: pg.Pool | pg.PoolClient,
  kind: CatalogueKind,
  keys: readonly string[],
): Promise<ReadonlyMap<string, CatalogueEntry>> {
  if (keys.length === 0) return new Map();
  const { rows } = await db.query<{ key: string; hash: Buffer; version: number; record: Service }>({
    name: 'load entries',
    text: 'SELECT key, hash, version, record FROM catalogue WHERE kind = $1 AND key = ANY($2::text[])',
    values: [kind, keys],
  });
  return new Map(
    rows.map((row) => [
      row.key,
      { kind, key: row.key, hash: row.hash.toString('base64'), version: row.version, record: row.record },
    ]),
  );
}
