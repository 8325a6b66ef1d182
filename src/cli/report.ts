import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { instantToMs, msToInstant, parseInstant } from '#core/dates/dates';
import { reportingPeriod } from '#core/dates/reporting-period';
import { RULES, type Rule } from '#core/statistics/rules';
import { formII06a } from '../reports/form-ii06a.ts';
import { reportXlsx } from '../reports/xlsx.ts';
import { loadHubConfig, withHub } from './open-hub.ts';
import { type CommonOptions, type Result, runCommand, UsageError } from './run-command.ts';
import { writeWhole } from './write-whole.ts';

interface ReportOptions extends CommonOptions {
  readonly out: string;
  readonly by: 'agency' | 'field';
  readonly rule: Rule;
  readonly force?: boolean;
}

/** `lienthong report`: writes form II.06a of a period. */
export function addReport(program: Command): void {
  program
    .command('report')
    .description('write form II.06a/VPCP/KSTT of a reporting period as XLSX')
    .argument('<period>', 'a year (2025), a quarter (2025-Q3) or a month (2025-09); province.reportingDay begins it')
    .requiredOption('--out <file>', 'the file to write')
    .addOption(
      new Option('--by <group>', 'a line for each agency or field').choices(['agency', 'field']).default('agency'),
    )
    .addOption(new Option('--rule <rule>', 'how "on time" is decided').choices(RULES).default('td'))
    .option('--force', 'overwrite an existing file')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', '\nExit codes: 0 written, 1 failed, 2 wrong usage or settings.')
    .action((period: string, options: ReportOptions) => runCommand(options, () => report(period, options)));
}

async function report(period: string, { out, by, rule, force }: ReportOptions): Promise<Result> {
  const config = await loadHubConfig(process.env);
  const { province } = config.file;
  const days = reportingPeriod(period, province?.reportingDay);
  if (!days) throw new UsageError(`got period ${JSON.stringify(period)}, expected 2025, 2025-Q3 or 2025-09`);
  if (existsSync(out) && !force) throw new UsageError(`${out} exists already; --force overwrites it`);
  const from = parseInstant(`${days.from}T00:00:00+07:00`) as string;
  const to = parseInstant(`${days.to}T23:59:59.999+07:00`) as string;
  const nowMs = Date.now();
  if (instantToMs(from) > nowMs) throw new UsageError(`the period ${period} begins on ${days.from}, in the future`);
  const filter = { agency: undefined, field: undefined, service: undefined };
  const counted = await withHub(config, (hub) =>
    hub.statistics.report({ rule, by, from, to, filter, now: msToInstant(nowMs) }),
  );
  const file = formII06a(counted, { period, reportedBy: province?.name ?? 'Liên Thông' });
  await writeWhole(out, [await reportXlsx(file)]);
  const document = { period, from, to, rule, by, lines: counted.items.length, behind: counted.behind, file: out };
  return { text: `form II.06a of ${period} with ${counted.items.length} lines is written to ${out}`, document };
}
