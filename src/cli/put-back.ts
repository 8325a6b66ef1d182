import type { Command } from 'commander';
import { render } from '#messages/render';
import { embeddedFolder, loadConfig } from '../config/config.ts';
import { migrate } from '../database/migrate.ts';
import { dataFolderOf } from '../embedded-postgres/cluster.ts';
import { checkDatabaseIdentity, describeRestore } from '../ledger/database-identity.ts';
import { withDatabase } from './open-database.ts';
import { type CommonOptions, type Result, runCommand, UsageError } from './run-command.ts';

interface PutBackCommand extends CommonOptions {
  readonly why: string;
}

/** `lienthong put-back`: reports a restored database that the hub cannot detect by itself. */
export function addPutBack(program: Command): void {
  program
    .command('put-back')
    .description(
      'tell the hub that its database was restored to an earlier state, where it cannot detect that by itself',
    )
    .requiredOption('--why <text>', 'what happened, for the audit')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((options: PutBackCommand) => runCommand(options, () => putBack(options)));
}

const HELP = `
At its next start or new connection the hub detects by itself: a restored dump, a recovery to a point in time, a stand-by that took
over, and a restored copy of the embedded database's files. It cannot detect a snapshot of the whole machine, or files that
overwrote the current ones: run this command before the hub runs again.`;

async function putBack({ why }: PutBackCommand): Promise<Result> {
  if (why.trim() === '') throw new UsageError('--why is blank, expected what happened');
  const config = loadConfig(process.env, undefined, false);
  const folder = embeddedFolder(config);
  const order = { who: 'lienthong put-back', why: why.trim() };
  const noticed = await withDatabase(config, async (database) => {
    await migrate(database, Date.now());
    return checkDatabaseIdentity(database, Date.now(), { folder: folder && dataFolderOf(folder), order });
  });
  return {
    text: noticed
      ? render(describeRestore(noticed), 'en')
      : 'no hub ever ran on this database, so there is nothing to report',
    document: { noticed: noticed ?? null },
  };
}
