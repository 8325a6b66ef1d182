import type { Command } from 'commander';
import { loadConfig } from '../config/config.ts';
import { migrate } from '../database/migrate.ts';
import { noteMigrations } from '../database/note-migrations.ts';
import type { Database } from '../database/pool.ts';
import { withDatabase } from './open-database.ts';
import { type CommonOptions, runCommand } from './run-command.ts';

/** `lienthong migrate`: the first step of `start`, on its own. */
export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description("migrate the database's tables to this version, and list the applied migrations")
    .option('--json', 'print one JSON document on stdout')
    .action((options: CommonOptions) =>
      runCommand(options, async () => {
        const config = loadConfig(process.env, undefined, false);
        const applied = await withDatabase(config, applyAll);
        const text =
          applied.length > 0 ? `applied: ${applied.join(', ')}` : 'nothing to apply: the tables are of this version';
        return { text, document: { applied } };
      }),
    );
}

async function applyAll(database: Database): Promise<readonly string[]> {
  const names = await migrate(database, Date.now(), () =>
    console.error('a table that a migration changes is in use, perhaps by a backup: it is tried again'),
  );
  await noteMigrations(database);
  return names;
}
