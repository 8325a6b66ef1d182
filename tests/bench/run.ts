import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBench } from './bench.ts';
import { openServer } from './databases.ts';
import { DELIVERIES } from './deliveries.ts';
import { fillBacklog } from './fill-backlog.ts';
import { FLOORS } from './floors.ts';
import { describeMachine } from './machine.ts';
import type { Bench, Measurement, Sample } from './measurement.ts';
import { NEIGHBOURS } from './neighbours.ts';
import { help, type Options, readOptions } from './options.ts';
import { PEERS } from './peer/peer.ts';
import { fillIndex, READS } from './reads.ts';
import { markdown, type Report, type Series } from './report.ts';
import { stopAll } from './workers.ts';
import { WRITES } from './writes.ts';

/** `npm run bench`: floors and hub in one run, alternated; see options.ts. */
const ALL: readonly Measurement[] = [...FLOORS, ...WRITES, ...PEERS, ...DELIVERIES, ...NEIGHBOURS, ...READS];

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    interrupted = true;
    stopAll();
  });

async function main(): Promise<number> {
  const options = optionsOrExit();
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-bench-'));
  // An embedded server runs as another user when this one is root.
  chmodSync(folder, 0o755);
  const server = await openServer(process.env.DATABASE_URL, folder);
  try {
    const bench = await openBench(server, folder, options);
    try {
      const chosen = choose(options.only);
      if (chosen.some(({ reads }) => reads)) {
        say(`filling the index that is read with ${bench.indexed.count} dossiers`);
        await fillIndex(bench);
      }
      if (chosen.some(({ backlogged }) => backlogged)) {
        say(`making ${bench.backlog.count} deliveries due`);
        await fillBacklog(bench);
      }
      const results = await measure(bench, chosen, options.rounds);
      const machine = await describeMachine(bench.writing, server.embedded);
      return tell({ date: new Date().toISOString().slice(0, 10), machine, ...options, results }, options);
    } finally {
      await bench.close();
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every other round in reverse order, so that warm-up and slowdown hit both ends the same. */
async function measure(bench: Bench, chosen: readonly Measurement[], rounds: number): Promise<readonly Series[]> {
  const results = chosen.map((measurement) => ({ measurement, samples: [] as (Sample | undefined)[] }));
  for (let round = 0; round < rounds; round++)
    for (const { measurement, samples } of round % 2 === 0 ? results : [...results].reverse()) {
      const sample = await measurement
        .run(bench)
        .catch((error: Error) => void (interrupted || say(`${measurement.name}: ${error.stack}`)));
      if (interrupted) throw new Error('interrupted');
      samples.push(sample);
      say(`round ${round + 1} of ${rounds}, ${measurement.name}: ${sample ? line(sample) : 'FAILED'}`);
      for (const problem of sample?.problems ?? []) say(`  FAILED: ${problem}`);
    }
  return results;
}

function line({ perSecond, p50Ms, p99Ms, hubMicros, rssMb, drainPerSecond, parts = [] }: Sample): string {
  return [
    `${Math.round(perSecond)}/s`,
    ...(p50Ms === undefined ? [] : [`p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms?.toFixed(1)} ms`]),
    ...(hubMicros === undefined ? [] : [`hub ${Math.round(hubMicros)} µs each`]),
    ...(rssMb === undefined ? [] : [`${Math.round(rssMb)} MB`]),
    ...(drainPerSecond === undefined ? [] : [`drain ${Math.round(drainPerSecond)}/s`]),
    ...parts.map((part) =>
      [
        part.name,
        ...(part.perSecond === undefined ? [] : [`${Math.round(part.perSecond)}/s`]),
        ...(part.p50Ms === undefined ? [] : [`p50 ${part.p50Ms.toFixed(1)} ms, p99 ${part.p99Ms?.toFixed(1)} ms`]),
      ].join(' '),
    ),
  ].join(', ');
}

/** The chosen ones, with the floors of their ratios. */
function choose(only: readonly string[]): readonly Measurement[] {
  if (only.length === 0) return ALL;
  const wanted = new Set(only);
  // A floor may have a floor of its own.
  for (const name of wanted) {
    const floor = ALL.find((measurement) => measurement.name === name)?.floor;
    if (floor) wanted.add(floor);
  }
  return ALL.filter(({ name }) => wanted.has(name));
}

function tell(report: Report, { json }: Options): number {
  if (json) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  console.log(markdown(report));
  const failed = report.results.some(({ samples }) => samples.some((sample) => !sample || sample.problems.length > 0));
  return failed ? 1 : 0;
}

function optionsOrExit(): Options {
  try {
    const options = readOptions(
      process.argv.slice(2),
      ALL.map(({ name }) => name),
    );
    if (options) return options;
    console.log(help(ALL));
    process.exit(0);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${help(ALL)}`);
    process.exit(2);
  }
}

function say(text: string): void {
  console.error(text);
}

process.exitCode = await main().catch((error: Error) => {
  say(interrupted ? 'interrupted' : (error.stack ?? error.message));
  return interrupted ? 130 : 1;
});
