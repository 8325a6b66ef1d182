import type pg from 'pg';
import { addTo } from '#core/group-by';
import type { Vault } from '../secrets/vault.ts';

/** A column with sealed values: the table's key (name and type of each column), the value, and the id of its secret. */
export interface SealedPlace {
  readonly table: string;
  readonly key: Readonly<Record<string, string>>;
  readonly value: string;
  readonly keyId: string;
  /** The column that counts the states of the row, where it has one. */
  readonly version?: string;
}

/** All columns with sealed values. */
export const SEALED_PLACES: readonly SealedPlace[] = [
  { table: 'dossiers', key: { code: 'text' }, value: 'sealed', keyId: 'sealed_key', version: 'version' },
  { table: 'dossiers', key: { code: 'text' }, value: 'former', keyId: 'former_key' },
  { table: 'legal_holds', key: { id: 'int8' }, value: 'person', keyId: 'person_key' },
  { table: 'messages', key: { id: 'uuid' }, value: 'body', keyId: 'body_key' },
  {
    table: 'events',
    key: { code: 'text', seq: 'int4', recorded_at: 'timestamptz' },
    value: 'record',
    keyId: 'record_key',
  },
  {
    table: 'attempts',
    key: { delivery_id: 'int8', number: 'int4', at: 'timestamptz' },
    value: 'wire',
    keyId: 'wire_key',
  },
  { table: 'records', key: { subject: 'text' }, value: 'sealed', keyId: 'sealed_key', version: 'version' },
  { table: 'record_events', key: { subject: 'text', seq: 'int4' }, value: 'record', keyId: 'record_key' },
  { table: 'files', key: { sha256: 'text' }, value: 'secret', keyId: 'secret_key' },
  { table: 'file_fetches', key: { id: 'int8' }, value: 'url', keyId: 'url_key' },
  { table: 'uploads', key: { id: 'int8' }, value: 'file', keyId: 'file_key' },
  { table: 'dropped_files', key: { id: 'int8' }, value: 'name', keyId: 'name_key' },
];

export const placeOf = (table: string, value: string): SealedPlace =>
  SEALED_PLACES.find((one) => one.table === table && one.value === value) as SealedPlace;

export interface SealedRow {
  /** The values of the key, as texts. */
  readonly place: readonly string[];
  readonly value: Buffer;
  readonly keyId: number;
  readonly version: number;
}

const BATCH_ROWS = 200;
/** A body may have 20 MiB, so a batch holds few of those. */
const BATCH_BYTES = 8 * 1024 * 1024;

/**
 * A batch of sealed rows, in the order of the key, so that each batch continues where the last one ended.
 *
 * @param condition SQL about a row of the table, whose parameters are `values`
 * @param after the key of the last row of the batch before
 */
export async function readSealed(
  db: pg.Pool | pg.PoolClient,
  { table, key, value, keyId, version = '0' }: SealedPlace,
  condition: string,
  after?: readonly string[],
  values: readonly unknown[] = [],
): Promise<readonly SealedRow[]> {
  const names = Object.keys(key).join(', ');
  const bound = Object.values(key).map((type, at) => `$${values.length + at + 1}::${type}`);
  const texts = Object.keys(key).map((name) => `${name}::text`);
  const { rows } = await db.query<SealedRow>(
    `SELECT place, value, "keyId", version FROM (
       SELECT ARRAY[${texts.join(', ')}] AS place, ${value} AS value, ${keyId} AS "keyId", ${version} AS version, ${names},
         sum(octet_length(${value})) OVER (ORDER BY ${names}) - octet_length(${value}) AS before
       FROM ${table}
       WHERE ${keyId} IS NOT NULL AND ${condition} ${after ? `AND (${names}) > (${bound.join(', ')})` : ''}
       ORDER BY ${names} LIMIT ${BATCH_ROWS}) batch
     WHERE before < ${BATCH_BYTES}
     ORDER BY ${names}`,
    [...values, ...(after ?? [])],
  );
  return rows;
}

/** The contents of all reports of these records, by subject. Leaves out reports whose secret is unknown. */
export async function reportsOf(
  db: pg.Pool | pg.PoolClient,
  vault: Vault,
  subjects: readonly string[],
): Promise<ReadonlyMap<string, readonly object[]>> {
  const found = new Map<string, object[]>();
  if (subjects.length === 0) return found;
  const place = placeOf('record_events', 'record');
  for (let after: readonly string[] | undefined; ; ) {
    const rows = await readSealed(db, place, 'subject = ANY($1::text[])', after, [subjects]);
    for (const { place, value: bytes, keyId } of rows)
      if (vault.knows(keyId))
        addTo(found, place[0] as string, JSON.parse(vault.open({ keyId, bytes }).toString()) as object);
    after = rows.at(-1)?.place;
    if (!after) return found;
  }
}
