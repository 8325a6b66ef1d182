import { once } from 'node:events';
import { createWriteStream, statSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { auditSubject } from '#core/identifiers/audit-subject';
import type { Operation } from '#schemas/operations';
import type { Hub } from '../../hub.ts';
import { ALL_KINDS } from '../../kinds/all-kinds.ts';
import { createAudit } from '../../ledger/audit.ts';
import { createVault, type Vault } from '../../secrets/vault.ts';
import { loadHubConfig, requireParty, withHub } from '../open-hub.ts';
import { createProgress } from '../progress.ts';
import { type CommonOptions, type Result, runCommand, USAGE, UsageError } from '../run-command.ts';
import { type ExaminedFile, examineFile, FORMATS, type Format } from './examine-file.ts';
import { isApplied, isEmpty, loadFile, OUTCOMES, type Tally, type Told } from './load-file.ts';

/** By the name that the command line uses. */
export const OPERATION_OF: Readonly<Record<string, Operation>> = {
  dossiers: 'dossier.upsert.v1',
  progress: 'dossier.progress.v1',
  ...Object.fromEntries(ALL_KINDS.map(({ path, operation }) => [path, operation])),
};

interface ImportOptions extends CommonOptions {
  readonly operation: string;
  readonly format?: Format;
  readonly report?: string;
  readonly archive?: string;
  readonly key?: string;
}

/** `lienthong import`: sends files to the hub as a party would push them. */
export function addImport(program: Command): void {
  program
    .command('import')
    .description('import files of dossiers, steps or other records, as if the party had pushed them')
    .argument('[party]', 'the party that owns them, as in HUB_CONFIG')
    .argument('[file...]', 'JSON (an array, or objects one after another), NDJSON or CSV; UTF-8')
    .addOption(
      new Option('--operation <what>', 'what the files hold').choices(Object.keys(OPERATION_OF)).default('dossiers'),
    )
    .addOption(
      new Option('--format <format>', "of all files; by default from each file's name and content").choices(FORMATS),
    )
    .option(
      '--report <path>',
      'write every item that is invalid, waits or has warnings to this file, one JSON line each',
    )
    .option('--archive <folder>', 'take back a month that `lienthong archive` wrote, instead of files of a party')
    .option('--key <file>', 'with --archive: a file with the recovery key (AGE-SECRET-KEY-1…)')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((party: string | undefined, paths: string[], options: ImportOptions) =>
      runCommand(options, () => importGiven(party, paths, options), USAGE),
    );
}

const HELP = `
A CSV file's first row names fields of the record: code, status, applicant.name, fees.0.amountVnd. A cell holds a list of words
such as databases divided by |; a | or \\ inside a word has a \\ before it. Columns are divided by commas, semicolons or tabs.
Empty cells and empty rows are skipped. export and others put a ' before a text that would be a formula (=, +, -, @, also
after more '): import removes one.
Masked values from export are invalid: write the file with --personal.
After an interruption, run the same command again: it continues and imports nothing twice. Steps of a dossier in another file
wait until that file is imported. All files are checked first: if one holds no item, nothing is imported.
An archive is checked whole before anything is written: its signature, its files, and the key.
Exit codes: 0 all items are stored (some may wait for a person, or have warnings), 1 some are invalid, 2 a file was not usable.`;

/** Number of items, and of kinds of warnings, shown on stderr; --report writes all to a file. */
const SHOWN = 20;

async function importGiven(
  party: string | undefined,
  paths: readonly string[],
  options: ImportOptions,
): Promise<Result> {
  const { archive, key } = options;
  if (archive === undefined) {
    if (party === undefined || paths.length === 0) throw new UsageError('expected a party and at least one file');
    return importFiles(party, paths, options);
  }
  if (party !== undefined) throw new UsageError('--archive: expected no party and no files');
  if (key === undefined) throw new UsageError('--archive: expected --key with the recovery key');
  const { importArchive } = await import('../backup/archive.ts');
  return importArchive(archive, key);
}

async function importFiles(party: string, paths: readonly string[], options: ImportOptions): Promise<Result> {
  const config = await loadHubConfig(process.env, { mayCreate: true });
  requireParty(config, party);
  const files: ExaminedFile[] = [];
  for (const path of paths) files.push(await examineFile(path, options.format));
  const operation = OPERATION_OF[options.operation] as Operation;
  for (const file of files)
    if (await isEmpty(file, operation))
      throw new UsageError(`${file.path} holds no item${file.format === 'csv' ? ' after its first row' : ''}`);
  if (options.report !== undefined && paths.some((path) => isSameFile(path, options.report as string)))
    throw new UsageError(`--report: ${options.report} is one of the files to import`);
  const report = await openReport(options.report);
  try {
    const vault = createVault(config.secrets as [string, ...string[]]);
    const load = (hub: Hub) => loadFiles(hub, vault, party, files, operation, report.tell);
    const tallies = await withHub(config, load, { mayCreate: true });
    report.tellWarnings();
    return resultOf(files, tallies, report.count(), options.report);
  } finally {
    await report.close();
  }
}

async function loadFiles(
  { pipeline, database, kinds }: Hub,
  vault: Vault,
  party: string,
  files: readonly ExaminedFile[],
  operation: Operation,
  tell: (told: Told) => void,
): Promise<readonly Tally[]> {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const bar = createProgress('reading', total);
  const audit = createAudit(database, Date.now);
  const tallies: Tally[] = [];
  let before = 0;
  try {
    for (const file of files) {
      // A keyed hash: a file may hold one record, and with a plain hash anybody could test guesses of it.
      const about = `${operation} file:${vault.blind('imported file', file.sha256)[0]}`;
      const entry = { actor: 'lienthong import', subject: auditSubject('party', party, about) };
      // Batches commit alone: an import that is cut off is in the audit too.
      await audit.write({ ...entry, action: 'import.begun' });
      const onProgress = (bytes: number): void => bar.update(before + bytes, file.path);
      tallies.push(await loadFile({ pipeline, kinds, party, operation, nowMs: Date.now, tell, onProgress }, file));
      before += file.bytes;
      await audit.write({ ...entry, action: 'import' });
    }
  } finally {
    bar.stop();
  }
  return tallies;
}

function isSameFile(path: string, other: string): boolean {
  const [one, two] = [path, other].map((each) => statSync(each, { throwIfNoEntry: false }));
  return one !== undefined && two !== undefined && one.ino === two.ino && one.dev === two.dev;
}

/** Lines of an earlier run stay: an interrupted import continues with the same command. Problems quote citizens' data. */
async function openReport(path: string | undefined) {
  const file = path === undefined ? undefined : createWriteStream(path, { flags: 'a', mode: 0o600 });
  if (file)
    await once(file, 'open').catch((error: Error) => {
      throw new UsageError(`--report: ${error.message}`);
    });
  let count = 0;
  const warned = new Map<string, number>();
  // A failing report must not stop the import; the error shows when the report is closed.
  let broken: Error | undefined;
  file?.on('error', (error) => {
    broken = error;
  });
  return {
    count: () => count,
    tell(told: Told): void {
      file?.write(`${JSON.stringify(told)}\n`);
      for (const { path, message } of told.warnings ?? []) {
        const line = `${path} ${message}`;
        if (warned.has(line) || warned.size <= SHOWN) warned.set(line, (warned.get(line) ?? 0) + 1);
      }
      if (!isApplied(told) && ++count <= SHOWN) console.error(lineOf(told));
    },
    /** Groups equal warnings, because many items may share one. */
    tellWarnings(): void {
      for (const [line, items] of [...warned].slice(0, SHOWN)) console.error(`warning (${items}): ${line}`);
      if (warned.size > SHOWN) console.error('… and other warnings; --report <path> has all of them');
    },
    async close(): Promise<void> {
      if (!file) return;
      file.end();
      if (!file.closed) await once(file, 'close');
      if (broken) throw new Error(`the report could not be written: ${broken.message}`);
    },
  };
}

function lineOf({ file, line, code, outcome, problems = [] }: Told): string {
  const why = problems.map(({ path, message }) => `${path} ${message}`.trim()).join('; ');
  return `${file}:${line}: ${outcome}${code ? ` ${code}` : ''}: ${why}`;
}

function resultOf(
  files: readonly ExaminedFile[],
  tallies: readonly Tally[],
  told: number,
  report: string | undefined,
): Result {
  const rows = files.map(({ path, format, sha256 }, at) => ({ file: path, format, sha256, ...(tallies[at] as Tally) }));
  const sum = (outcome: keyof Tally): number => tallies.reduce((total, tally) => total + tally[outcome], 0);
  const more =
    told > SHOWN && report === undefined ? [`… and ${told - SHOWN} more; --report <path> has all of them`] : [];
  const text = [...rows.map((row) => `${row.file}: ${textOf(row)}`), ...more].join('\n');
  const totals = Object.fromEntries([...OUTCOMES, 'withWarnings' as const].map((name) => [name, sum(name)]));
  return { text, document: { ...totals, files: rows, report: report || undefined }, failed: sum('invalid') > 0 };
}

function textOf(tally: Tally): string {
  const counts = OUTCOMES.map((outcome) => `${tally[outcome]} ${outcome}`).join(', ');
  return tally.withWarnings > 0 ? `${counts}; ${tally.withWarnings} with warnings` : counts;
}
