import type { Command } from 'commander';
import { type CommonOptions, GROUP_HELP, runCommand, USAGE, wholeNumber } from '../run-command.ts';
import { type TryOptions, tryMappingHere } from './try-mapping.ts';

/** `lienthong mapping try`: what a change of code tables or settings would have read otherwise. */
export function addMapping(program: Command): void {
  const mapping = program
    .command('mapping')
    .description('try a change of code tables or of settings on stored messages')
    .addHelpText('after', GROUP_HELP);
  mapping
    .command('try')
    .argument('<party>', 'a party of HUB_CONFIG')
    .description("read a party's recent messages again, by the present mapping and by a changed one; writes nothing")
    .option('--line <line>', 'a line to enter, as table:code=meaning; repeatable', collect, [])
    .option('--remove <line>', 'an entered line to take out, as table:code; repeatable', collect, [])
    .option('--settings <file>', 'a changed HUB_CONFIG, for changed fields and codes of the party')
    .option('--days <count>', 'how many days of messages, 1 to 366', wholeNumber(1, 366), 7)
    .option('--most <items>', 'stop after this many items', wholeNumber(1), 1_000_000)
    .option('--csv <file>', 'write every difference to a file, one member a row')
    .option('--force', 'overwrite an existing file')
    .option('--strict', 'exit with 1 on any difference, for settings that must read the same')
    .option('--personal', 'personal data in full; the audit records it')
    .option('--why <reason>', 'why personal data are needed')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((party: string, options: CommonOptions & TryOptions) =>
      runCommand(options, () => tryMappingHere(party, options), USAGE),
    );
}

const HELP = `
Nothing is sent, and nothing is written but the audit entry of --personal. Ctrl-C ends it early, with what it has read so far. To let a change of a code table take
effect, draft it in the console, where a second officer approves it. A change of settings takes effect at the next start.
Exit codes: 0 every item stays readable, 1 an item would no longer be readable (with --strict: any difference), 2 wrong usage,
or not all messages of the period were read.`;

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
