import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addDemo } from './demo.ts';
import { addKeys } from './keys.ts';
import { addMigrate } from './migrate.ts';
import { printDocument, USAGE } from './run-command.ts';
import { addStart } from './start.ts';

const PACKAGE = new URL('../../package.json', import.meta.url);

/** The command line `lienthong <command>`. Exit codes: 0 done, 1 it failed or found something wrong, 2 wrong usage or settings. */
export async function run(argv: readonly string[]): Promise<void> {
  const { description, version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as {
    description: string;
    version: string;
  };
  const program = new Command('lienthong')
    .description(description)
    .version(version)
    .exitOverride()
    .showHelpAfterError('(lienthong <command> --help says how it is used)')
    .addHelpText('after', '\nExit codes: 0 done, 1 it failed or found something wrong, 2 wrong usage or settings.');
  for (const add of [addStart, addDemo, addMigrate, addKeys]) add(program);
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version are thrown too, with code 0.
    if (error.exitCode === 0) return;
    if (argv.includes('--json')) printDocument({ error: error.message.replace(/^error: /, '') });
    process.exitCode = USAGE;
  }
}
