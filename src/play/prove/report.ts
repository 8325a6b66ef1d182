import type { Evidence } from '../checks/evidence.ts';
import type { Finding } from '../checks/finding.ts';
import { reportText, table } from '../report-text.ts';

/** The result of the proof. */
export interface Report {
  readonly ok: boolean;
  readonly seed: number;
  readonly minutes: number;
  /** The stage's servers, in words. */
  readonly on: readonly string[];
  /** The injected faults and their counts. */
  readonly trouble: Readonly<Record<string, number>>;
  /** Acknowledged items including repeats, and requests that were sent again without an answer. */
  readonly acknowledged: number;
  readonly retries: number;
  readonly accepted: number;
  readonly inIndex: number;
  readonly rows: readonly Row[];
  readonly lost: number;
  readonly invented: number;
  readonly overtaken: number;
  readonly duplicated: number;
  readonly wrong: number;
  /** Whether the index equals its rebuild from the messages alone, and the differences. */
  readonly rebuild: { readonly equal: boolean; readonly says: string };
  /** Work that did not settle in time. */
  readonly unfinished: readonly string[];
  /** Processes of the hub that ended without being killed. */
  readonly deaths: readonly string[];
  /** Errors in the logs of the hub's processes, with their counts. */
  readonly failures: Readonly<Record<string, number>>;
  readonly findings: readonly string[];
  readonly quietAfterSeconds: number;
  /** The longest time under load without an acknowledgement, and its limit if there is one. */
  readonly longestPauseSeconds: number;
  readonly longestAllowedSeconds: number | undefined;
}

interface Row {
  readonly where: string;
  readonly delivered: number;
  readonly duplicated: number;
  readonly overtaken: number;
  readonly lost: number;
  readonly invented: number;
  readonly wrong: number;
}

export interface ReportParts
  extends Pick<
    Report,
    | 'seed'
    | 'minutes'
    | 'on'
    | 'trouble'
    | 'rebuild'
    | 'unfinished'
    | 'deaths'
    | 'failures'
    | 'quietAfterSeconds'
    | 'longestPauseSeconds'
    | 'longestAllowedSeconds'
  > {
  readonly evidence: Evidence;
  readonly findings: readonly Finding[];
}

export function createReport({ evidence, findings, ...parts }: ReportParts): Report {
  const { acknowledgements, listed, books } = evidence;
  const count = (kind: Finding['kind'], where?: string): number =>
    findings.filter((one) => one.kind === kind && (where === undefined || one.where === where)).length;
  const row = (where: string, number: number): Row => ({
    where,
    delivered: number,
    duplicated: count('duplicated', where),
    overtaken: count('overtaken', where),
    lost: count('lost', where),
    invented: count('invented', where),
    wrong: count('wrong', where),
  });
  return {
    ...parts,
    ok:
      findings.length + parts.unfinished.length + parts.deaths.length === 0 && parts.rebuild.equal && !isTooLong(parts),
    acknowledged: acknowledgements.items,
    retries: acknowledgements.retries,
    accepted: acknowledgements.all().filter(({ outcome }) => outcome !== 'invalid').length,
    inIndex: listed.length,
    rows: [
      row('index', listed.length),
      row('records', evidence.records.listed.length),
      ...[...books].map(([name, book]) => row(name, book.count - book.repeats)),
    ],
    lost: count('lost'),
    invented: count('invented'),
    overtaken: count('overtaken'),
    duplicated: count('duplicated'),
    wrong: count('wrong'),
    findings: findings.map(({ kind, text }) => `${kind}: ${text}`),
  };
}

function isTooLong({
  longestPauseSeconds,
  longestAllowedSeconds = Number.POSITIVE_INFINITY,
}: Pick<Report, 'longestPauseSeconds' | 'longestAllowedSeconds'>): boolean {
  return longestPauseSeconds > longestAllowedSeconds;
}

const COLUMNS = ['delivered', 'duplicated', 'overtaken', 'lost', 'invented', 'wrong'] as const;

export function textOf(report: Report): string {
  const {
    seed,
    minutes,
    on,
    trouble,
    acknowledged,
    retries,
    accepted,
    quietAfterSeconds,
    longestPauseSeconds,
    rebuild,
  } = report;
  const faults = [
    ...report.unfinished.map((one) => `unfinished: ${one}`),
    ...report.deaths,
    ...report.findings,
    ...(rebuild.equal ? [] : ['the index differs from its rebuild']),
    ...(isTooLong(report)
      ? [`nothing was acknowledged for ${longestPauseSeconds} s, expected at most ${report.longestAllowedSeconds} s`]
      : []),
  ];
  return reportText(
    [
      `seed ${seed}, ${minutes} min; ${on.join('; ')}`,
      table(['injected faults', 'times'], Object.entries(trouble).sort()),
      table(
        ['where', 'held or taken', ...COLUMNS.slice(1)],
        report.rows.map((row) => [row.where, ...COLUMNS.map((column) => row[column])]),
      ),
      [
        `acknowledged: ${acknowledged} items, ${accepted} of them different and valid; sent again without an answer: ${retries}`,
        `in the index: ${report.inIndex} dossiers; idle after ${quietAfterSeconds} s`,
        `longest time under load without an acknowledgement: ${longestPauseSeconds} s`,
        `index = rebuild: ${rebuild.equal ? 'yes' : 'NO'} (${rebuild.says})`,
      ],
      table(['errors in the logs of the hub', 'times'], Object.entries(report.failures).sort()),
    ],
    report.ok
      ? 'proved: nothing lost, nothing invented, nothing overtaken, nothing duplicated'
      : `NOT proved: ${faults.length} differences`,
    faults,
  );
}
