import type pg from 'pg';
import { SEALED_PLACES } from '../../src/database/sealed-places.ts';
import type { Vault } from '../../src/secrets/vault.ts';

/** The column with the key of each sealed column, by table and column. */
const KEY_OF = new Map(SEALED_PLACES.map(({ table, value, keyId }) => [`${table}.${value}`, keyId]));

/** Every value of every table, also of sealed columns, each with its place. */
export async function dumpOf(pool: pg.Pool, vault: Vault): Promise<readonly { place: string; text: string }[]> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1`,
  );
  const found: { place: string; text: string }[] = [];
  for (const { name } of tables) {
    const { rows, fields } = await pool.query(`SELECT * FROM ${name}`);
    for (const row of rows)
      for (const { name: column } of fields) {
        const place = `${name}.${column}`;
        const text = textOf(row[column], row[KEY_OF.get(place) ?? ''], vault);
        if (text !== undefined) found.push({ place, text });
      }
  }
  return found;
}

function textOf(value: unknown, keyId: unknown, vault: Vault): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (!Buffer.isBuffer(value)) return typeof value === 'object' ? JSON.stringify(value) : String(value);
  return typeof keyId === 'number' ? vault.open({ keyId, bytes: value }).toString() : value.toString('latin1');
}
