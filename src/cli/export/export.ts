import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { auditSubject } from '#core/identifiers/audit-subject';
import type { Operation } from '#schemas/operations';
import type { DossierQuery } from '../../http/dossier-filter.ts';
import type { DossierFilter } from '../../index/list.ts';
import { createIndexReader, type IndexReader } from '../../index/read.ts';
import { createAudit } from '../../ledger/audit.ts';
import { createVault } from '../../secrets/vault.ts';
import { dossierFilterFrom, withDossierFilter } from '../dossier-filter.ts';
import { EXTENSIONS, FORMATS, type Format } from '../import/examine-file.ts';
import { OPERATION_OF } from '../import/import.ts';
import { loadHubConfig, withHub } from '../open-hub.ts';
import { createProgress } from '../progress.ts';
import { type CommonOptions, type Result, runCommand, UsageError } from '../run-command.ts';
import { notWritten, writeWhole } from '../write-whole.ts';
import { type RecordText, recordText } from './record-text.ts';

interface ExportOptions extends CommonOptions, Omit<DossierQuery, 'due' | 'limit' | 'cursor'> {
  readonly operation: string;
  readonly format?: Format;
  readonly overdue?: boolean;
  readonly personal?: boolean;
  readonly why?: string;
  readonly force?: boolean;
}

/** `lienthong export`: writes the dossiers of the index to a file. */
export function addExport(program: Command): void {
  const command = program
    .command('export')
    .description('write the dossiers of the index, or their steps, to a file')
    .argument('<file>', 'NDJSON, JSON or CSV, by its extension; - is stdout')
    .addOption(
      new Option('--operation <what>', 'what is written').choices(Object.keys(OPERATION_OF)).default('dossiers'),
    )
    .addOption(
      new Option('--format <format>', "by default from the file's extension; ndjson for stdout").choices(FORMATS),
    );
  withDossierFilter(command)
    .option('--party <party>', 'that this party sent first')
    .option('--q <words>', 'with these words in a code or the name')
    .option('--overdue', 'past due and not finished')
    .option('--personal', 'personal data in full; the audit records it')
    .option('--why <reason>', 'why personal data are needed')
    .option('--force', 'overwrite an existing file')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((file: string, options: ExportOptions) => runCommand(options, () => exportFile(file, options)));
}

const HELP = `
Dossiers are in the order of their codes, each once, as it is when it is written; the hub works on meanwhile. Personal data is
masked without --personal. A masked file is for reading only: import refuses it, since a masked name is nobody's. Steps quote
what officers wrote about people, and need --personal.
CSV has no place for lists of records (documents, fees …): the summary counts the dossiers that have some. A CSV text that
begins like a formula (=, +, -, @; also after one or more ') gets a ' before it, which import removes.
Exit codes: 0 written, 1 failed, 2 wrong usage or settings.`;

const STDOUT = '-';
const PAGE = 200;

async function exportFile(file: string, options: ExportOptions): Promise<Result> {
  const { personal = false, why } = options;
  const operation = OPERATION_OF[options.operation] as Operation;
  const format = options.format ?? formatOf(file);
  const { overdue, ...asked } = options;
  const filter = dossierFilterFrom({ ...asked, ...(overdue && { due: 'overdue' }) });
  if (personal && !why?.trim()) throw new UsageError('--personal needs --why');
  if (operation === 'dossier.progress.v1' && !personal)
    throw new UsageError('--operation progress needs --personal: steps quote what officers wrote about people');
  if (file === STDOUT && options.json) throw new UsageError('--json and - both write to stdout: name a file');
  if (file !== STDOUT && existsSync(file) && !options.force)
    throw new UsageError(`${file} exists already; --force overwrites it`);
  const config = await loadHubConfig(process.env);
  return withHub(config, async ({ database }) => {
    const index = createIndexReader(database, createVault(config.secrets));
    // The search words may be a citizen's name.
    const asked = JSON.stringify({ ...filter, ...(filter.q && { q: '…' }) });
    // Audited before anything is shown: nobody sees personal data without an audit entry.
    if (personal)
      await createAudit(database, Date.now).write({
        actor: 'lienthong export',
        action: 'export.personal',
        subject: auditSubject('dossiers', `${operation} ${asked}`),
        why: why as string,
      });
    const text = recordText(format, operation);
    const written = await write(file, text, recordsOf(index, operation, filter, personal), await index.count(filter));
    const result = { operation, format, file, ...written, personal, filter, leftOut: text.leftOut() };
    if (file !== STDOUT) return { text: toldOf(result), document: result };
    console.error(toldOf(result));
    return { text: '', document: result };
  });
}

function formatOf(file: string): Format {
  const found = file === STDOUT ? 'ndjson' : EXTENSIONS[extname(file).toLowerCase()];
  if (!found) throw new UsageError(`${file}: its format is not clear; say --format ${FORMATS.join('|')}`);
  return found;
}

/** Yields page by page the dossiers read and the records to write. */
async function* recordsOf(
  index: IndexReader,
  operation: Operation,
  filter: DossierFilter,
  personal: boolean,
): AsyncGenerator<{ readonly dossiers: number; readonly records: readonly Record<string, unknown>[] }> {
  for (let after = ''; ; ) {
    const page = await index.inCodeOrder(filter, PAGE, after, personal);
    const ofSteps = operation === 'dossier.progress.v1';
    const records = ofSteps ? [] : page.map(({ json }) => withoutFreshness(JSON.parse(json)));
    yield { dossiers: page.length, records };
    // One history at a time, since each may be long.
    if (ofSteps) for (const { code } of page) yield { dossiers: 0, records: await index.steps(code) };
    const last = page.at(-1);
    if (!last || (!page.isCut && page.length < PAGE)) return;
    after = last.code;
  }
}

/** The freshness belongs to the hub's answer, not to the record. */
function withoutFreshness({ freshness: _, ...record }: Record<string, unknown>): Record<string, unknown> {
  return record;
}

async function write(
  file: string,
  text: RecordText,
  pages: ReturnType<typeof recordsOf>,
  total: number,
): Promise<{ dossiers: number; records: number }> {
  const bar = createProgress('writing', total);
  const count = { dossiers: 0, records: 0 };
  async function* chunks(): AsyncGenerator<string> {
    yield text.begin;
    for await (const { dossiers, records } of pages) {
      yield text.next(records);
      count.dossiers += dossiers;
      count.records += records.length;
      bar.update(count.dossiers);
    }
    yield text.end;
  }
  try {
    if (file !== STDOUT) await writeWhole(file, chunks());
    else
      await pipeline(Readable.from(chunks()), process.stdout, { end: false }).catch((error) => {
        throw notWritten('stdout', error);
      });
  } finally {
    bar.stop();
  }
  return count;
}

function toldOf(result: {
  readonly file: string;
  readonly operation: string;
  readonly dossiers: number;
  readonly records: number;
  readonly personal: boolean;
  readonly leftOut: Readonly<Record<string, number>>;
}): string {
  const { file, operation, dossiers, records, personal, leftOut } = result;
  const what =
    operation === 'dossier.progress.v1' ? `${records} steps of ${dossiers} dossiers` : `${dossiers} dossiers`;
  const left = Object.entries(leftOut).map(([name, count]) => `${name} of ${count}`);
  return [
    `${what} written to ${file === STDOUT ? 'stdout' : file}, personal data ${personal ? 'in full' : 'masked'}`,
    ...(left.length > 0 ? [`CSV has no place for lists of records: left out are ${left.join(', ')} dossiers`] : []),
  ].join('\n');
}
