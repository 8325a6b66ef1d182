import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Migration, Migrator } from 'kysely';
import pg from 'pg';
import Type from 'typebox';
import { type Item, readItem } from '#core/dossier/item';
import { problem, unmappedCause } from '#core/problem';
import { MIGRATIONS } from '../../src/database/migrate.ts';
import { makePartitions } from '../../src/database/partitions.ts';
import { openDatabase } from '../../src/database/pool.ts';
import { type Adapter, defineAdapter } from '../../src/kit/adapter.ts';
import { dossier } from './hub.ts';

/**
 * A database of commit eb54898: `rows.sql` is its dump without the tables, `answers.json` are that commit's answers from it. It
 * has a held delivery with one behind it, items in quarantine, a pulled page, a callback, and a dossier that differs in content
 * outside the record.
 */
const FOLDER = path.join(import.meta.dirname, '../../fixtures/databases/eb54898');
const LAST_MIGRATION = '017-parts-of-dossiers';

/** The time of that commit's answers. */
export const ANSWERED_MS = Date.parse('2025-08-12T08:31:00+07:00');

/** That commit's answers, by path. Paths of operators begin with `ops `. A held delivery was called waiting then. */
export function answersOfFirstVersion(): Readonly<Record<string, unknown>> {
  const text = readFileSync(path.join(FOLDER, 'answers.json'), 'utf8');
  return JSON.parse(
    text.replaceAll('"state": "waiting"', '"state": "held"').replaceAll(/"waiting": (?=\d)/g, '"held": '),
  );
}

export async function restoreFirstVersion(url: string): Promise<void> {
  await migrateUntil(url, LAST_MIGRATION, ANSWERED_MS);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('SET session_replication_role = replica');
  // Migrations leave rows of their own.
  await client.query(`DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
      AND NOT relispartition AND relname NOT LIKE 'hub_migrations%' LOOP EXECUTE 'TRUNCATE ' || name; END LOOP; END $$`);
  await client.query(readFileSync(path.join(FOLDER, 'rows.sql'), 'utf8'));
  await client.end();
}

/** Creates the tables up to the migration `last`. */
export async function migrateUntil(url: string, last: string, nowMs: number): Promise<void> {
  const database = openDatabase(url);
  const until: Record<string, Migration> = {};
  for (const [name, migration] of Object.entries(MIGRATIONS)) if (name <= last) until[name] = migration;
  const { error } = await new Migrator({
    db: database.query,
    provider: { getMigrations: async () => until },
    migrationTableName: 'hub_migrations',
    migrationLockTableName: 'hub_migrations_lock',
  }).migrateToLatest();
  if (error) throw error;
  await makePartitions(database, nowMs);
  await database.close();
}

/** The adapter of the party with the pull and the callback. */
export function ministryOfFirstVersion(): Adapter {
  const read = (body: Uint8Array): readonly Item[] =>
    JSON.parse(Buffer.from(body).toString()).map(({ code, unmapped }: { code: string; unmapped?: string }) =>
      unmapped === undefined ? readItem('dossier.upsert.v1', dossier({ code })) : unmappedItem(code, unmapped),
    );
  return defineAdapter({
    settings: Type.Object({}),
    pull: {
      dossiers: { schedule: '0 0 * * * *', next: async () => ({ bodies: [], checkpoint: {}, more: false }), read },
    },
    callbacks: { notice: { check: () => undefined, read, reply: ({ status }) => ({ status, body: '{}' }) } },
  });
}

function unmappedItem(code: string, status: string): Item {
  return {
    kind: 'waiting',
    operation: 'dossier.upsert.v1',
    code,
    cause: unmappedCause('ministry-status', status, `the status "${status}" is not in the table`),
    problems: [problem('/status', 'quoted-text', { said: 'no table maps it' })],
  };
}
