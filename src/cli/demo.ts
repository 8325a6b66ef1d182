import { once, setMaxListeners } from 'node:events';
import type { Command } from 'commander';
import { checkItself } from '../play/checks/self-check.ts';
import { readMetrics } from '../play/clients/hub-metrics.ts';
import { readAll } from '../play/clients/reading.ts';
import { addressesOf, BOOK_KEEPERS, type Books, createReport, type Report, textOf } from '../play/demo/report.ts';
import { type DayMeans, type DayRun, runDay } from '../play/demo/run-day.ts';
import { openStage, type Stage } from '../play/stage/processes.ts';
import { endWithNpm } from './end-with-npm.ts';
import { createProgress, type Progress } from './progress.ts';
import { type CommonOptions, FAILED, printDocument, tellError, wholeNumber } from './run-command.ts';

interface DemoOptions extends CommonOptions {
  readonly once?: boolean;
  readonly seed: number;
}

/** `lienthong demo`: the hub and its partners on this machine, and a working day through every door. */
export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('run the hub with simulated partners, play a working day through every door, and stay up')
    .option('--once', 'check itself afterwards and end: 0, or 1 with what is missing')
    .option('--seed <number>', 'another day, the same for the same number', wholeNumber, 60)
    .option('--json', 'print one JSON document on stdout')
    .addHelpText(
      'after',
      '\nDATABASE_URL and REDIS_URL are used where they are set (with a database of its own, which is dropped at the end).\nWhat it keeps is in a folder of its own under HUB_DATA_DIR, ./data by default.',
    )
    .action(demo);
}

async function demo(options: DemoOptions): Promise<void> {
  const stop = untilSignal();
  endWithNpm(process.env, () => stop.abort());
  const { signal } = stop;
  const bar = createProgress('starting', 0);
  let stage: Stage | undefined;
  try {
    stage = await openStage(process.env, bar.say);
    signal.throwIfAborted();
    const report = await Promise.race([play(stage, options, signal, bar), stage.hub.lost]);
    bar.stop();
    tell(report, options);
    if (!options.once) await stayUp(stage, report, signal, options.json ?? false);
  } catch (error) {
    bar.stop();
    tellError(signal.aborted ? new Error('interrupted') : (error as Error), options.json ?? false);
  } finally {
    stop.abort();
    await stage?.close();
  }
}

/** The first signal ends the demo in order, the second one at once: its children end with it. */
function untilSignal(): AbortController {
  const stop = new AbortController();
  // Every request that is under way listens to it.
  setMaxListeners(0, stop.signal);
  let heard = false;
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      if (heard) process.exit(FAILED);
      heard = true;
      stop.abort();
    });
  return stop;
}

async function play(stage: Stage, { once, seed }: DemoOptions, signal: AbortSignal, bar: Progress): Promise<Report> {
  const show: DayMeans['show'] = (what, done, total) => {
    bar.setTotal(total);
    bar.update(done, what);
  };
  const run = await runDay(stage, { seed, signal, say: bar.say, show });
  const books = await readBooks(stage);
  const sizes = await sizesOf(stage, run);
  const metrics = await readMetrics(run.ask);
  show('checking', 0, 0);
  const missing = once ? await checkItself(stage, run, books, signal) : undefined;
  return createReport({ stage, run, books, metrics, sizes, missing, seconds: performance.now() / 1000 });
}

async function readBooks({ partners, ministries }: Stage): Promise<Books> {
  const keepers = { ...partners, ...ministries };
  const books = await Promise.all(BOOK_KEEPERS.map(async (name) => [name, await keepers[name].book()] as const));
  return Object.fromEntries(books) as Books;
}

async function sizesOf(
  { secrets, subscriber }: Stage,
  { ask }: DayRun,
): Promise<Pick<Report, 'dossiers' | 'changes' | 'webhooks'>> {
  const dossiers = await readAll(ask, secrets.portal, '/api/v1/dossiers?limit=200');
  const changes = await readAll(ask, secrets.portal, '/api/v1/changes?limit=200');
  const { count } = await subscriber.book();
  return { dossiers: dossiers.length, changes: changes.length, webhooks: count };
}

function tell(report: Report, { json }: DemoOptions): void {
  if (json) printDocument(report);
  else console.log(textOf(report));
  if (!report.ok) process.exitCode = FAILED;
}

async function stayUp(
  { hub, secrets, folder }: Stage,
  report: Report,
  signal: AbortSignal,
  json: boolean,
): Promise<void> {
  const addresses = addressesOf(report, secrets);
  if (json) console.error(addresses);
  else console.log(addresses);
  folder.note({ phase: 'up' });
  if (!signal.aborted) await Promise.race([once(signal, 'abort'), hub.lost]);
}
