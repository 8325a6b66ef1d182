import type { AskHub } from './hub-client.ts';

/** The hub's own figures from /metrics. */
export interface Metrics {
  /** The sum of a metric's samples with these labels. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

export async function readMetrics(ask: AskHub): Promise<Metrics> {
  const { body } = await ask({ method: 'GET', path: '/metrics' });
  const samples = String(body)
    .split('\n')
    .flatMap((line) => sampleOf(line) ?? []);
  return {
    sum: (name, labels = {}) =>
      samples
        .filter(
          (sample) =>
            sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
        )
        .reduce((sum, sample) => sum + sample.value, 0),
  };
}

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

function sampleOf(line: string): Sample | undefined {
  const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined) return undefined;
  const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, text]) => [label, text] as const);
  return { name, labels: Object.fromEntries(pairs), value: Number(value) };
}
