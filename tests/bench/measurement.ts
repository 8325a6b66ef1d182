import type { BenchDatabase } from './databases.ts';
import type { Series } from './dossiers.ts';
import { quantile } from './generator.ts';
import type { HubProcess } from './hub-process.ts';
import type { LoadOrder, LoadResult } from './load.ts';
import type { PartyConfig } from './partner.ts';
import type { Worker } from './workers.ts';

/** One measurement of a round. */
export interface Measurement {
  readonly name: string;
  readonly what: string;
  /** The measurement of the same round that is the base of this one's ratio. */
  readonly floor?: string;
  /** Whether it reads the large index; otherwise it begins with empty tables. */
  readonly reads?: boolean;
  /** Whether it needs the large backlog. */
  readonly backlogged?: boolean;
  readonly run: (bench: Bench) => Promise<Sample>;
}

/** Its result in one round. */
export interface Sample {
  readonly perSecond: number;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly p99Ms?: number;
  readonly p999Ms?: number;
  readonly rssMb?: number | undefined;
  /** Processor time of the hub for one dossier or reply; steadier than wall time where others use the machine. */
  readonly hubMicros?: number;
  readonly drainPerSecond?: number;
  /** Measured on the way: a rate, or latencies of another kind. */
  readonly parts?: readonly SamplePart[];
  /** Problems of the ledger check and the replies; a fast run with one miss is a failed run. */
  readonly problems: readonly string[];
}

/** A line of its own in the table, under the measurement's name. */
export interface SamplePart extends Latencies {
  readonly name: string;
  readonly perSecond?: number;
}

export type Latencies = Pick<Sample, 'p50Ms' | 'p95Ms' | 'p99Ms' | 'p999Ms'>;

export function latenciesOf(ms: readonly number[]): Latencies {
  const sorted = [...ms].sort((a, b) => a - b);
  const [p50Ms, p95Ms, p99Ms, p999Ms] = [0.5, 0.95, 0.99, 0.999].map((share) => quantile(sorted, share));
  return { p50Ms, p95Ms, p99Ms, p999Ms } as Required<Latencies>;
}

/** Who receives: one party, or several with a share of the dossiers each. */
export type Partners = PartyConfig | readonly PartyConfig[];

/** The shared resources of all measurements. */
export interface Bench {
  /** For intermediate messages. */
  readonly folder: string;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Where dossiers are written, and where `indexed` ones stand to be read. */
  readonly writing: BenchDatabase;
  readonly reading: BenchDatabase;
  readonly indexed: { readonly series: Series; readonly count: number };
  /** Where many deliveries are due, from the first measurement that needs them on. */
  readonly backlog: { readonly database: BenchDatabase; readonly count: number };
  /** How many due deliveries are drained. */
  readonly due: number;
  readonly loader: Worker<LoadOrder, LoadResult>;
  /** Keys of the hub's configuration. */
  readonly secrets: { readonly writer: string; readonly flooder: string; readonly reader: string };
  readonly startHub: (database: BenchDatabase, roles: string, partners?: Partners) => Promise<HubProcess>;
  /** A new series. */
  readonly newSeries: () => Series;
}

/** The problems in the replies. */
export function replyProblems({ bad, firstBad, answered }: LoadResult): readonly string[] {
  if (bad > 0) return [`${bad} replies were wrong, the first one: ${firstBad}`];
  return answered.length === 0 ? ['nothing was answered'] : [];
}

/** The latencies of a load, and what the hub used for it. */
export function sampleOf(
  result: LoadResult,
  many: number,
  hub: HubProcess,
  cpuBefore: number | undefined,
): Omit<Sample, 'problems'> {
  const { perSecond, p50Ms, p95Ms, p99Ms, p999Ms, answered } = result;
  const cpuAfter = hub.cpuSeconds();
  return {
    perSecond: perSecond * many,
    p50Ms,
    p95Ms,
    p99Ms,
    p999Ms,
    rssMb: hub.maxRssMb(),
    ...(cpuBefore !== undefined &&
      cpuAfter !== undefined && { hubMicros: ((cpuAfter - cpuBefore) * 1e6) / (answered.length * many) }),
  };
}
