import type { Command } from 'commander';
import type { SetHold } from '../erasure/holds.ts';
import type { Hub } from '../hub.ts';
import type { LegalHold } from '../ledger/legal-holds.ts';
import { loadHubConfig, withHub } from './open-hub.ts';
import { type CommonOptions, GROUP_HELP, type Result, runCommand, UsageError, wholeNumber } from './run-command.ts';
import { orderOf, reasonIn, type SubjectOptions, withSubjectOptions } from './subject-options.ts';

interface SetOptions extends SubjectOptions {
  readonly why: string;
}

const WHO = 'lienthong hold';

/** `lienthong hold set|lift|list`: legal holds, of which nothing is erased. */
export function addHold(program: Command): void {
  const hold = program
    .command('hold')
    .description('set, lift and list legal holds: dossiers, records and people of whom nothing is erased')
    .addHelpText('after', GROUP_HELP);
  withSubjectOptions(hold.command('set'))
    .description('keep a dossier, a record of a kind, or all records of a person')
    .argument('[code]', 'the code of a dossier, or with --kind of a record; none for a person')
    .requiredOption('--why <why>', 'the reason, for the audit')
    .option('--json', 'print one JSON document on stdout')
    .action((code: string | undefined, options: SetOptions) => runCommand(options, () => set(code, options)));
  hold
    .command('lift')
    .description('end a legal hold')
    .argument('<id>', 'its number, as `lienthong hold list` shows it', wholeNumber())
    .requiredOption('--why <why>', 'the reason, for the audit')
    .option('--json', 'print one JSON document on stdout')
    .action((id: number, options: CommonOptions & { why: string }) => runCommand(options, () => lift(id, options.why)));
  hold
    .command('list')
    .description('list the legal holds in force')
    .option('--all', 'lifted ones too')
    .option('--json', 'print one JSON document on stdout')
    .action((options: CommonOptions & { all?: boolean }) => runCommand(options, () => list(options.all ?? false)));
}

async function set(code: string | undefined, options: SetOptions): Promise<Result> {
  const { why } = options;
  const order = orderOf(code, options);
  const config = await loadHubConfig(process.env);
  return withHub(config, async ({ holds, kinds }) => {
    const hold = holdIn(await holds.set(order(kinds), { who: WHO, why: reasonIn(why) }), code);
    return { text: `set: ${lineOf(hold)}`, document: hold };
  });
}

/** @throws an error that says why no hold was set */
function holdIn(set: SetHold, code = ''): LegalHold {
  if (set.kind === 'set') return set.hold;
  if (set.kind === 'nobody')
    throw new UsageError('a person needs --identity, or --name with --phone or --email, to be recognised');
  if (set.kind === 'unknown') throw new Error(`there is no dossier or record ${code}`);
  if (set.kind === 'erased') throw new Error(`the personal data of ${code} was erased at ${set.at}`);
  throw new Error(`several dossiers have the code ${code}: give one of ${set.codes.join(', ')}`);
}

async function lift(id: number, why: string): Promise<Result> {
  const config = await loadHubConfig(process.env);
  return withHub(config, async ({ holds }) => {
    const hold = await holds.lift(id, { who: WHO, why: reasonIn(why) });
    if (!hold) throw new Error(`there is no legal hold ${id} in force`);
    return { text: `lifted: ${lineOf(hold)}`, document: hold };
  });
}

async function list(all: boolean): Promise<Result> {
  const config = await loadHubConfig(process.env);
  return withHub(config, async (hub) => {
    const holds = await everyHold(hub, all);
    const text = holds.length === 0 ? 'there are no legal holds' : holds.map(lineOf).join('\n');
    return { text, document: { items: holds } };
  });
}

const PAGE = 200;

async function everyHold({ ledger }: Pick<Hub, 'ledger'>, all: boolean): Promise<readonly LegalHold[]> {
  const found: LegalHold[] = [];
  for (let before: number | undefined; ; before = found.at(-1)?.id) {
    const page = await ledger.holds({ isInForce: !all }, PAGE, before);
    found.push(...page);
    if (page.length < PAGE) return found;
  }
}

function lineOf({ id, subject, subjects, at, who, why, liftedAt }: LegalHold): string {
  const what = subject ?? `a person, ${subjects} dossiers and records found so far`;
  return `${id}  ${at}  ${what}: ${why} (${who})${liftedAt === null ? '' : `, lifted at ${liftedAt}`}`;
}
