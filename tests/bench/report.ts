import type { Latencies, Measurement, Sample } from './measurement.ts';

/** The result of one measurement, round by round; undefined when it failed. */
export interface Series {
  readonly measurement: Measurement;
  readonly samples: readonly (Sample | undefined)[];
}

export interface Report {
  readonly date: string;
  readonly machine: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly indexed: number;
  readonly due: number;
  readonly backlog: number;
  readonly results: readonly Series[];
}

/** GitHub markdown, ready for docs/measurements.md. */
export function markdown({ date, machine, rounds, seconds, indexed, due, backlog, results }: Report): string {
  const rows = results.map((series) => rowOf(series, results));
  const parts = results.flatMap((series) => [...drainRow(series), ...partRows(series)]);
  const told = results.map(({ measurement: { name, what } }) => `- \`${name}\`: ${what}`);
  return [
    `${date} · ${machine} · ${rounds} × ${seconds} s each, floors and hub in turn · ${count(indexed)} dossiers in the index that is read · ${count(due)} due deliveries drained, ${count(backlog)} in the backlog`,
    '',
    `| measurement | per second, min / median / max | floor | ratio, min / median / max | p50 / p95 / p99 / p99.9 ms | hub µs each | RSS max | ledger |`,
    `|---|--:|---|--:|--:|--:|--:|---|`,
    ...[...rows, ...parts].map((cells) => `| ${cells.join(' | ')} |`),
    '',
    ...told,
  ].join('\n');
}

function rowOf({ measurement, samples }: Series, results: readonly Series[]): readonly string[] {
  const { name, floor } = measurement;
  const done = samples.filter((sample) => sample !== undefined);
  const base = results.find((other) => other.measurement.name === floor);
  const of = (value: (sample: Sample) => number | undefined): number[] => done.flatMap((sample) => value(sample) ?? []);
  const failed = samples.filter((sample) => !sample || sample.problems.length > 0).length;
  return [
    `\`${name}\``,
    spread(
      of((sample) => sample.perSecond),
      count,
    ),
    floor ? `\`${floor}\`` : '',
    base ? spread(ratios(samples, base.samples), (ratio) => ratio.toFixed(2)) : '',
    quantiles(done),
    of((s) => s.hubMicros).length > 0 ? count(middle(of((s) => s.hubMicros))) : '',
    of((s) => s.rssMb).length > 0 ? `${count(Math.max(...of((s) => s.rssMb)))} MB` : '',
    failed > 0 ? `**FAILED** in ${failed} of ${samples.length}` : 'complete',
  ];
}

function drainRow({ measurement, samples }: Series): readonly (readonly string[])[] {
  const rates = samples.flatMap((sample) => sample?.drainPerSecond ?? []);
  return rates.length > 0 ? [[`\`${measurement.name}\`, drain`, spread(rates, count), '', '', '', '', '', '']] : [];
}

/** What was measured on the way, by its name. */
function partRows({ measurement, samples }: Series): readonly (readonly string[])[] {
  const all = samples.flatMap((sample) => sample?.parts ?? []);
  return [...new Set(all.map(({ name }) => name))].map((name) => {
    const same = all.filter((part) => part.name === name);
    const rates = same.flatMap(({ perSecond }) => perSecond ?? []);
    return [`\`${measurement.name}\`, ${name}`, spread(rates, count), '', '', quantiles(same), '', '', ''];
  });
}

/** The median of the rounds of each. */
function quantiles(all: readonly Latencies[]): string {
  const of = (value: (one: Latencies) => number | undefined): number[] => all.flatMap((one) => value(one) ?? []);
  return [of((one) => one.p50Ms), of((one) => one.p95Ms), of((one) => one.p99Ms), of((one) => one.p999Ms)]
    .flatMap((list) => (list.length > 0 ? middle(list).toFixed(1) : []))
    .join(' / ');
}

/** Each round's own ratio. */
export function ratios(
  samples: readonly (Sample | undefined)[],
  floors: readonly (Sample | undefined)[],
): readonly number[] {
  return samples.flatMap((sample, round) => {
    const floor = floors[round];
    return sample && floor ? [sample.perSecond / floor.perSecond] : [];
  });
}

function spread(values: readonly number[], format: (value: number) => string): string {
  if (values.length === 0) return '';
  return [Math.min(...values), middle(values), Math.max(...values)].map(format).join(' / ');
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? upper)) / 2;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
