import type { Command } from 'commander';
import type { ErasedPerson, ErasurePreview, NoErasure } from '../erasure/erase-person.ts';
import type { Kept } from '../erasure/find-person.ts';
import { loadHubConfig, withHub } from './open-hub.ts';
import { createProgress } from './progress.ts';
import { type Result, runCommand, UsageError } from './run-command.ts';
import { orderOf, reasonIn, type SubjectOptions, withSubjectOptions } from './subject-options.ts';

interface EraseOptions extends SubjectOptions {
  readonly why: string;
  readonly yes?: boolean;
  readonly confirm?: string;
  readonly openToo?: boolean;
  readonly namesToo?: boolean;
}

const WHO = 'lienthong erase';

/** `lienthong erase`: finds and erases the data of one person. */
export function addErase(program: Command): void {
  withSubjectOptions(
    program
      .command('erase')
      .description('find the personal data of one person everywhere in the hub, and erase it')
      .argument('[code]', 'a dossier of the person, or with --kind a record; none for a person'),
  )
    .requiredOption('--why <why>', 'the reason, for the audit and the evidence: without the name of the person')
    .option('--yes', 'erase; without it the command only shows what it finds')
    .option('--confirm <token>', 'erase only if the command still finds what its preview with this token showed')
    .option('--open-too', 'also dossiers and records that are not ended: their sources can update them no more')
    .option('--names-too', 'also texts with nothing but the name, phone number or address, which others may have too')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((code: string | undefined, options: EraseOptions) => runCommand(options, () => erase(code, options)));
}

const HELP = `
The command changes nothing without --yes or --confirm; the audit records the look. The hub may run meanwhile.
Nothing under a legal hold is erased. States, dates, offices and amounts stay, and all counts with them.
Exit codes: 0 done, 1 something stays or failed, 2 wrong usage or settings.`;

async function erase(code: string | undefined, options: EraseOptions): Promise<Result> {
  const { why, yes = false, confirm, openToo = false, namesToo = false } = options;
  const order = orderOf(code, options);
  const by = { who: WHO, why: reasonIn(why) };
  const config = await loadHubConfig(process.env);
  const bar = createProgress('looks for the person', 0);
  const found = { openToo, namesToo, tell: (what: string) => bar.update(0, what) };
  return withHub(config, async ({ personErasure, kinds }) => {
    if (!yes && confirm === undefined) {
      const shown = await personErasure.preview(order(kinds), found, by);
      if (shown.kind !== 'found') return refused(shown);
      return { text: previewText(shown.preview), document: shown.preview };
    }
    return resultOf(await personErasure.erase(order(kinds), found, by, confirm));
  }).finally(() => bar.stop());
}

function refused(finding: NoErasure): Result {
  if (finding.kind === 'named')
    throw new UsageError('--why names the person, and it stays in the audit: expected a reference');
  if (finding.kind === 'none') return { text: 'the hub has no data of this person', document: { subjects: [] } };
  if (finding.kind === 'unclear')
    throw new UsageError('expected --identity, --phone, --email or a code: a name alone names many people');
  if (finding.kind === 'several')
    throw new UsageError(`${finding.count} people have this phone number or e-mail address: give --name too`);
  if (finding.kind === 'ambiguous')
    throw new UsageError(`${finding.code} is a code of several dossiers: give one of ${finding.codes.join(', ')}`);
  throw new Error(`the data of this person is under the legal hold ${finding.hold}: nothing is erased`);
}

function resultOf(result: ErasedPerson): Result {
  if (result.kind === 'rebuilding') throw new Error('a rebuild of the index is under way: try again when it is done');
  if (result.kind === 'changed')
    return {
      text: `--confirm: the data has changed since the preview, and nothing is erased\n${previewText(result.preview)}`,
      document: { changed: true, ...result.preview },
      failed: true,
    };
  if (result.kind !== 'erased') return refused(result);
  const { erased, kept } = result;
  return {
    text: [`the data of the person is erased from ${erased} dossiers and records`, ...keptLines(kept)].join('\n'),
    document: { erased, kept },
    failed: kept.length > 0,
  };
}

const PARTS = { own: 'of the person', former: 'of the person before', mentioned: 'mentions the person' } as const;

function previewText(preview: ErasurePreview): string {
  const { subjects, kept, messages, calls, notes, savedFilters, namesakes, unreadable, parties, token } = preview;
  return [
    `${subjects.length} dossiers and records would lose data of the person:`,
    ...subjects.map(({ subject, part }) => `  ${subject}  ${PARTS[part]}`),
    `${messages} stored bodies of messages and ${calls} calls of deliveries speak of the person`,
    `${notes} notes of officers and errors of partners and ${savedFilters} saved filters speak of the person`,
    ...(namesakes > 0
      ? [`${namesakes} more places have only the name, phone number or address: --names-too hides it there`]
      : []),
    ...(unreadable > 0 ? [`${unreadable} values cannot be read: no secret of the hub opens them`] : []),
    ...keptLines(kept),
    ...(parties.length > 0 ? [`these parties have data of the person and keep it: ${parties.join(', ')}`] : []),
    `nothing is changed. To erase: the same command with --confirm ${token}`,
  ].join('\n');
}

function keptLines(kept: readonly Kept[]): readonly string[] {
  return kept.map((one) =>
    one.why === 'held'
      ? `  ${one.subject}  stays: legal hold ${one.hold}`
      : `  ${one.subject}  stays: not ended, --open-too erases it`,
  );
}
