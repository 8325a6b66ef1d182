import { once } from 'node:events';
import type { Command } from 'commander';
import { grade } from '../play/checks/checks.ts';
import { gatherEvidence } from '../play/checks/evidence.ts';
import { readMetrics } from '../play/clients/hub-metrics.ts';
import { addressesOf, createReport, type Report, textOf } from '../play/demo/report.ts';
import { type DayOptions, runDay } from '../play/demo/run-day.ts';
import { openStage, type Stage } from '../play/stage/processes.ts';
import { endWithNpm } from './end-with-npm.ts';
import { createProgress, type Progress } from './progress.ts';
import { type CommonOptions, FAILED, printDocument, tellError, wholeNumber } from './run-command.ts';
import { untilSignal } from './until-signal.ts';

interface DemoOptions extends CommonOptions {
  readonly once?: boolean;
  readonly seed: number;
}

/** `lienthong demo`: the hub and simulated partners on this machine play a working day through every door. */
export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('run the hub with simulated partners, play a working day through every door, and stay up')
    .option('--once', 'check the results at the end and exit: 0, or 1 with what is missing')
    .option('--seed <number>', 'the seed: the same number plays the same day', wholeNumber, 60)
    .option('--json', 'print one JSON document on stdout')
    .addHelpText(
      'after',
      '\nDATABASE_URL and REDIS_URL are used if set (with a database of its own, dropped at the end).\nIts data is in a folder of its own under HUB_DATA_DIR, ./data by default.',
    )
    .action(demo);
}

async function demo(options: DemoOptions): Promise<void> {
  const stop = untilSignal(['SIGINT', 'SIGTERM']);
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

async function play(stage: Stage, { once, seed }: DemoOptions, signal: AbortSignal, bar: Progress): Promise<Report> {
  const show: DayOptions['show'] = (what, done, total) => {
    bar.setTotal(total);
    bar.update(done, what);
  };
  const run = await runDay(stage, { seed, signal, say: bar.say, show });
  const { partners, ministries, subscriber, secrets } = stage;
  show('checking', 0, 0);
  const evidence = await gatherEvidence({
    ask: run.ask,
    secrets,
    acknowledgements: run.acknowledgements,
    specials: run.day,
    participants: [...Object.values(partners), ...Object.values(ministries), subscriber],
    pulled: run.pulled,
    signal,
  });
  const metrics = await readMetrics(run.ask);
  const missing = once ? [...run.unfinished, ...grade(evidence).map(({ text }) => text)] : undefined;
  return createReport({ stage, run, evidence, metrics, missing, seconds: performance.now() / 1000 });
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
