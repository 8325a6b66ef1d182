import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { auditSubject } from '#core/identifiers/audit-subject';
import type { Kind } from '#core/records/kind';
import type { Operation } from '#schemas/operations';
import type { DossierQuery } from '../../http/dossier-filter.ts';
import type { DossierFilter } from '../../index/dossier-filter.ts';
import { createIndexReader } from '../../index/read.ts';
import { createRecordReader, type RecordFilter } from '../../index/record-list.ts';
import { ALL_KINDS } from '../../kinds/all-kinds.ts';
import { createAudit } from '../../ledger/audit.ts';
import { createVault } from '../../secrets/vault.ts';
import { dossierFilterFrom, statesFrom, withDossierFilter } from '../dossier-filter.ts';
import { EXTENSIONS, FORMATS, type Format } from '../import/examine-file.ts';
import { OPERATION_OF } from '../import/import.ts';
import { loadHubConfig, withHub } from '../open-hub.ts';
import { createProgress } from '../progress.ts';
import { type CommonOptions, type Result, runCommand, UsageError } from '../run-command.ts';
import { breakOffAtSignal } from '../until-signal.ts';
import { notWritten, writeWhole } from '../write-whole.ts';
import { dossierSource, type ExportSource, recordSource } from './export-source.ts';
import { type RecordText, recordText } from './record-text.ts';

interface ExportOptions extends CommonOptions, Omit<DossierQuery, 'due' | 'limit' | 'cursor'> {
  readonly operation: string;
  readonly format?: Format;
  readonly state?: string;
  readonly overdue?: boolean;
  readonly personal?: boolean;
  readonly why?: string;
  readonly force?: boolean;
}

/** `lienthong export`: writes the dossiers of the index to a file. */
export function addExport(program: Command): void {
  const command = program
    .command('export')
    .description('write the dossiers of the index, their steps or other records to a file')
    .argument('<file>', 'NDJSON, JSON or CSV, by its extension; - is stdout')
    .addOption(
      new Option('--operation <what>', 'what is written').choices(Object.keys(OPERATION_OF)).default('dossiers'),
    )
    .addOption(
      new Option('--format <format>', "by default from the file's extension; ndjson for stdout").choices(FORMATS),
    );
  withDossierFilter(command)
    .option('--state <states>', 'of records other than dossiers in one of these, joined by commas')
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
masked without --personal. A masked file is for reading only: import refuses its items with a masked value, since a masked name
is nobody's. Steps quote what officers wrote about people, and need --personal.
CSV has no place for lists of records (documents, fees …): the summary counts the dossiers that have some. A CSV text that
begins like a formula (=, +, -, @; also after one or more ') gets a ' before it, which import removes.
Exit codes: 0 written, 1 failed, 2 wrong usage or settings.`;

const STDOUT = '-';

async function exportFile(file: string, options: ExportOptions): Promise<Result> {
  const { personal = false, why } = options;
  const operation = OPERATION_OF[options.operation] as Operation;
  const format = options.format ?? formatOf(file);
  const kind = ALL_KINDS.find((one) => one.operation === operation);
  const { overdue, state, ...asked } = options;
  const ofDossiers = dossierFilterFrom(overdue ? { ...asked, due: 'overdue' } : asked);
  if (!kind && state !== undefined) throw new UsageError('--state: of records other than dossiers');
  const ofRecords = kind && recordFilterFrom(kind, ofDossiers, state);
  const filter: DossierFilter & RecordFilter = ofRecords ?? ofDossiers;
  if (personal && !why?.trim()) throw new UsageError('--personal needs --why');
  if (operation === 'dossier.progress.v1' && !personal)
    throw new UsageError('--operation progress needs --personal: steps quote what officers wrote about people');
  if (file === STDOUT && options.json) throw new UsageError('--json and - both write to stdout: name a file');
  if (file !== STDOUT && existsSync(file) && !options.force)
    throw new UsageError(`${file} exists already; --force overwrites it`);
  const config = await loadHubConfig(process.env);
  return withHub(config, async ({ database }) => {
    const vault = createVault(config.secrets);
    // The search words may be a citizen's name.
    const asked = JSON.stringify({ ...filter, q: filter.q && '…' });
    // Audited before anything is shown: nobody sees personal data without an audit entry.
    if (personal)
      await createAudit(database, Date.now).write({
        actor: 'lienthong export',
        action: 'export.personal',
        subject: auditSubject(kind ? 'records' : 'dossiers', `${operation} ${asked}`),
        why: why as string,
      });
    const text = recordText(format, operation);
    const ofSteps = operation === 'dossier.progress.v1';
    const source = kind
      ? await recordSource(createRecordReader(database, vault), kind, ofRecords ?? {}, personal)
      : await dossierSource(createIndexReader(database, vault), ofDossiers, personal, ofSteps);
    const written = await write(file, text, source);
    const result = { operation, format, file, ...written, personal, filter, leftOut: text.leftOut() };
    if (file !== STDOUT) return { text: toldOf(result), document: result };
    console.error(toldOf(result));
    return { text: '', document: result };
  });
}

function formatOf(file: string): Format {
  const found = file === STDOUT ? 'ndjson' : EXTENSIONS[extname(file).toLowerCase()];
  if (!found) throw new UsageError(`${file}: the name does not tell the format; add --format ${FORMATS.join('|')}`);
  return found;
}

/** @throws UsageError for a filter that records of this kind do not have */
function recordFilterFrom(kind: Kind, asked: DossierFilter, state: string | undefined): RecordFilter {
  const { status, service, channel, receivedFrom, receivedTo, ...filter } = asked;
  if ([status, service, channel, receivedFrom, receivedTo].some((value) => value !== undefined))
    throw new UsageError(`${kind.path} are filtered by --state, --agency, --field, --party, --q and --overdue alone`);
  if (state === undefined) return filter;
  return { ...filter, state: statesFrom(kind, state) };
}

async function write(
  file: string,
  text: RecordText,
  { pages, total }: ExportSource,
): Promise<{ dossiers: number; records: number }> {
  const bar = createProgress('writing', total);
  const count = { dossiers: 0, records: 0 };
  let isBrokenOff = false;
  const breakOff = (): void => {
    isBrokenOff = true;
  };
  async function* chunks(): AsyncGenerator<string> {
    yield text.begin;
    for await (const { dossiers, records } of pages) {
      if (isBrokenOff) throw new Error('a signal ended the export');
      yield text.next(records);
      count.dossiers += dossiers;
      count.records += records.length;
      bar.update(count.dossiers);
    }
    yield text.end;
  }
  try {
    if (file !== STDOUT) await breakOffAtSignal(breakOff, () => writeWhole(file, chunks()));
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
    operation === 'dossier.progress.v1'
      ? `${records} steps of ${dossiers} dossiers`
      : `${dossiers} ${nounOf(operation)}`;
  const left = Object.entries(leftOut).map(([name, count]) => `${name} of ${count}`);
  return [
    `${what} written to ${file === STDOUT ? 'stdout' : file}, personal data ${personal ? 'in full' : 'masked'}`,
    ...(left.length > 0 ? [`CSV has no place for lists of records: left out are ${left.join(', ')} dossiers`] : []),
  ].join('\n');
}

function nounOf(operation: string): string {
  return ALL_KINDS.find((kind) => kind.operation === operation)?.names.en[1] ?? 'dossiers';
}
