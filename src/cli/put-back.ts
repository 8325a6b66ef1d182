import type { Command } from 'commander';
import { embeddedFolder, loadConfig } from '../config/config.ts';
import { migrate } from '../database/migrate.ts';
import { dataFolderOf } from '../embedded-postgres/cluster.ts';
import { lookAtHome, putBackCause } from '../ledger/homes.ts';
import { withDatabase } from './open-database.ts';
import { type CommonOptions, type Result, runCommand, UsageError } from './run-command.ts';

interface PutBackCommand extends CommonOptions {
  readonly why: string;
}

/** `lienthong put-back`: what the hub notices by itself where the database can tell. */
export function addPutBack(program: Command): void {
  program
    .command('put-back')
    .description('tell the hub that its database was put back to an earlier state, where it cannot see that by itself')
    .requiredOption('--why <text>', 'what happened, for the audit')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((options: PutBackCommand) => runCommand(options, () => putBack(options)));
}

const HELP = `
A dump that was read in, a recovery up to a moment, a stand-by that took over and a copy of the embedded database's files are
noticed at the next start or new connection. A snapshot of the whole machine, and files that were written over those that were
there, are not: say so before the hub runs again.`;

async function putBack({ why }: PutBackCommand): Promise<Result> {
  if (why.trim() === '') throw new UsageError('--why is blank, expected what happened');
  const config = loadConfig(process.env);
  const folder = embeddedFolder(config);
  const order = { who: 'lienthong put-back', why: why.trim() };
  const noticed = await withDatabase(config, async (database) => {
    await migrate(database, Date.now());
    return lookAtHome(database, Date.now(), { folder: folder && dataFolderOf(folder), order });
  });
  return {
    text: noticed ? putBackCause(noticed) : 'no hub ran on this database yet: nobody knows more than it does',
    document: { noticed: noticed ?? null },
  };
}
