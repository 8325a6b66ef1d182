import { MIGRATION_NOTES } from './migration-notes.ts';
import type { Database } from './pool.ts';

const NOTE = `
  UPDATE hub_migrations m SET change = n.change, stop_older = n.stop_older
  FROM json_to_recordset($1) AS n(name text, change text, stop_older text)
  WHERE m.name = n.name AND m.change IS NULL`;

/** Stores in the database what this version's migrations changed, for older versions that find them. */
export async function noteMigrations({ pool }: Database): Promise<void> {
  const notes = Object.entries(MIGRATION_NOTES).map(([name, { change, stopOlder }]) => ({
    name,
    change,
    stop_older: stopOlder ?? null,
  }));
  await pool.query({ name: 'note migrations', text: NOTE, values: [JSON.stringify(notes)] });
}
