import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { type Command, Option } from 'commander';
import { REPORTS, type ReportName } from '#core/statistics/report-paths';
import { RULES, type Rule } from '#core/statistics/rules';
import { REPORT_FORMATS, type ReportFormat } from '../reports/write.ts';
import { loadHubConfig, withHub } from './open-hub.ts';
import { type CommonOptions, type Result, runCommand, UsageError } from './run-command.ts';
import { writeWhole } from './write-whole.ts';

interface ReportOptions extends CommonOptions {
  readonly out: string;
  readonly report: ReportName;
  readonly by: 'agency' | 'field';
  readonly rule: Rule;
  readonly agency?: string;
  readonly address?: string;
  readonly force?: boolean;
}

/** `lienthong report`: writes a report of a period. */
export function addReport(program: Command): void {
  program
    .command('report')
    .description('write a report of a reporting period, such as form II.06a/VPCP/KSTT, as XLSX, PDF or CSV')
    .argument('<period>', 'a year (2025), a quarter (2025-Q3) or a month (2025-09); province.reportingDay begins it')
    .requiredOption('--out <file>', 'the file to write: its name ends with .xlsx, .pdf or .csv')
    .addOption(new Option('--report <name>', 'which report').choices(REPORTS).default('ii06a'))
    .addOption(
      new Option('--by <group>', 'for ii06a: a line for each agency or field')
        .choices(['agency', 'field'])
        .default('agency'),
    )
    .addOption(new Option('--rule <rule>', 'for ii06a: how "on time" is decided').choices(RULES).default('td'))
    .option('--agency <code>', 'for fields: only the dossiers of this agency')
    .option(
      '--address <url>',
      'the address of the hub, such as https://hub.example: each number then leads to its records',
    )
    .option('--force', 'overwrite an existing file')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', '\nExit codes: 0 written, 1 failed, 2 wrong usage or settings.')
    .action((period: string, options: ReportOptions) => runCommand(options, () => report(period, options)));
}

async function report(period: string, options: ReportOptions): Promise<Result> {
  const { out, report: name, by, rule, agency, address, force } = options;
  const format = extname(out).slice(1).toLowerCase();
  if (!REPORT_FORMATS.includes(format as ReportFormat))
    throw new UsageError(`--out: got ${out}, expected a name that ends with .xlsx, .pdf or .csv`);
  if (existsSync(out) && !force) throw new UsageError(`${out} exists already; --force overwrites it`);
  const origin = originOf(address);
  const config = await loadHubConfig(process.env);
  return withHub(config, async ({ reports }) => {
    const made = await reports.make(name, period, { by, rule, agency });
    if (made.kind === 'no-period')
      throw new UsageError(`got period ${JSON.stringify(period)}, expected 2025, 2025-Q3 or 2025-09`);
    if (made.kind === 'future') throw new UsageError(`the period ${period} begins on ${made.from}, in the future`);
    const { length } = made.report.rows;
    const most = reports.mostLines(format as ReportFormat);
    if (length > most)
      throw new UsageError(`--out: the report has ${length} lines, and .${format} at most ${most}: ${SHORTER}`);
    await writeWhole(out, [await reports.write(made.report, format as ReportFormat, origin)]);
    const { rows, period: days } = made.report;
    const document = { report: name, ...days, rule, by, lines: rows.length, behind: made.behind, file: out };
    return { text: `${name} of ${period} with ${rows.length} lines is written to ${out}`, document };
  });
}

const SHORTER = 'choose a shorter period, --agency or .csv';

/** @throws UsageError for another text than an address */
function originOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url.origin;
  throw new UsageError(`--address: got ${address}, expected an address such as https://hub.example`);
}
