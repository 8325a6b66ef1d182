import type { Evidence } from '../checks/evidence.ts';
import type { Finding } from '../checks/finding.ts';
import { reportText, table } from '../report-text.ts';

/** What the proof says at its end. */
export interface Report {
  readonly ok: boolean;
  readonly seed: number;
  readonly minutes: number;
  /** What it ran on, in words. */
  readonly on: readonly string[];
  /** What was done to it, and how often. */
  readonly trouble: Readonly<Record<string, number>>;
  /** Items that were acknowledged, repetitions counted, and requests that were sent again for want of an answer. */
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
  /** Whether the index is equal to its rebuild from the messages alone, and what is different. */
  readonly rebuild: { readonly equal: boolean; readonly says: string };
  /** What was not settled when the time for it was over. */
  readonly unfinished: readonly string[];
  /** Processes of the hub that ended although nobody killed them. */
  readonly deaths: readonly string[];
  /** What the hub's processes complained of in their logs, and how often. */
  readonly failures: Readonly<Record<string, number>>;
  readonly findings: readonly string[];
  readonly quietAfterSeconds: number;
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
    'seed' | 'minutes' | 'on' | 'trouble' | 'rebuild' | 'unfinished' | 'deaths' | 'failures' | 'quietAfterSeconds'
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
    ok: findings.length + parts.unfinished.length + parts.deaths.length === 0 && parts.rebuild.equal,
    acknowledged: acknowledgements.items,
    retries: acknowledgements.retries,
    accepted: acknowledgements.all().filter(({ outcome }) => outcome !== 'invalid').length,
    inIndex: listed.length,
    rows: [row('index', listed.length), ...[...books].map(([name, book]) => row(name, book.count - book.repeats))],
    lost: count('lost'),
    invented: count('invented'),
    overtaken: count('overtaken'),
    duplicated: count('duplicated'),
    wrong: count('wrong'),
    findings: findings.map(({ kind, text }) => `${kind}: ${text}`),
  };
}

const COLUMNS = ['delivered', 'duplicated', 'overtaken', 'lost', 'invented', 'wrong'] as const;

export function textOf(report: Report): string {
  const { seed, minutes, on, trouble, acknowledged, retries, accepted, quietAfterSeconds, rebuild } = report;
  const faults = [
    ...report.unfinished.map((one) => `unfinished: ${one}`),
    ...report.deaths,
    ...report.findings,
    ...(rebuild.equal ? [] : ['the index is not what its messages tell']),
  ];
  return reportText(
    [
      `seed ${seed}, ${minutes} min; ${on.join('; ')}`,
      table(['what was done to it', 'times'], Object.entries(trouble).sort()),
      table(
        ['where', 'held or taken', ...COLUMNS.slice(1)],
        report.rows.map((row) => [row.where, ...COLUMNS.map((column) => row[column])]),
      ),
      [
        `acknowledged: ${acknowledged} items, ${accepted} of them different and valid; sent again for want of an answer: ${retries}`,
        `in the index: ${report.inIndex} dossiers; quiet after ${quietAfterSeconds} s`,
        `index = rebuild: ${rebuild.equal ? 'yes' : 'NO'} (${rebuild.says})`,
      ],
      table(['what the hub complained of meanwhile', 'times'], Object.entries(report.failures).sort()),
    ],
    report.ok
      ? 'proved: nothing lost, nothing invented, nothing overtook, nothing twice'
      : `NOT proved: ${faults.length} things are wrong`,
    faults,
  );
}
