import { once } from 'node:events';
import type { Command } from 'commander';
import { grade } from '../play/checks/checks.ts';
import { gatherEvidence } from '../play/checks/evidence.ts';
import { readMetrics } from '../play/clients/hub-metrics.ts';
import { DEMO_NAMES, type DemoName, type DemoStage } from '../play/demo/demo-stage.ts';
import { addressesOf, createReport, type Report, textOf } from '../play/demo/report.ts';
import { type DayOptions, runDay } from '../play/demo/run-day.ts';
import { createRunFolder, type RunFolder, removeOldFolders } from '../play/demo/run-folder.ts';
import { officeIn } from '../play/participants/parties.ts';
import { playOnStage, type Stage } from '../play/stage/stage.ts';
import { withJanitor } from '../play/stage/start-janitor.ts';
import { endWithNpm } from './end-with-npm.ts';
import { createProgress, type Progress } from './progress.ts';
import { type CommonOptions, FAILED, printDocument, tellError, UsageError, wholeNumber } from './run-command.ts';
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
    .option('--seed <number>', 'the seed: the same number plays the same day', wholeNumber(), 60)
    .option('--json', 'print one JSON document on stdout')
    .addHelpText(
      'after',
      '\nDATABASE_URL and REDIS_URL are used if set (with a database of its own, dropped at the end).\nIts settings and logs stay in a folder of its own under HUB_DATA_DIR, ./data by default.',
    )
    .action(demo);
}

const PORT = 8080;
/** After so frequent ends before listening, another start would not help. */
const MOST_STARTS = 5;

async function demo(options: DemoOptions): Promise<void> {
  const stop = untilSignal(['SIGINT', 'SIGTERM']);
  endWithNpm(process.env, () => stop.abort());
  const { signal } = stop;
  let isPlayed = false;
  const bar = createProgress('starting', 0);
  try {
    const { env } = process;
    const port = portOf(env);
    const folder = createRunFolder(env, Date.now());
    for (const removed of removeOldFolders(folder)) bar.say(`removed the data of an earlier demo, ${removed}`);
    const office = { more: { parties: officeIn(folder.office), files: { scan: false } } } as const;
    const places = { folder: folder.path, logs: folder.path };
    const plan = { env, ...places, participants: DEMO_NAMES, processes: { hub: undefined }, ...office };
    const more = { mostStarts: MOST_STARTS, host: env.HOST?.trim() || '127.0.0.1', port, signal, say: bar.say };
    const playing = async (opened: Stage<DemoName>): Promise<void> => {
      const stage = { ...opened, folder };
      bar.say(`the settings and logs are in ${folder.path}`);
      const report = await Promise.race([play(stage, options, signal, bar), stage.lost]);
      bar.stop();
      tell(report, options);
      isPlayed = true;
      if (!options.once) await stayUp(stage, report, signal, options.json ?? false);
    };
    await withJanitor((janitor) => playOnStage(janitor, { ...plan, ...more, ...reporting(folder, bar) }, playing));
  } catch (error) {
    bar.stop();
    // It stayed up until somebody ended it, and the report is on stdout.
    if (isPlayed && signal.aborted) return;
    tellError(signal.aborted ? new Error('interrupted') : (error as Error), options.json ?? false);
  } finally {
    stop.abort();
  }
}

function portOf(env: NodeJS.ProcessEnv): number {
  const port = Number(env.PORT?.trim() || PORT);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new UsageError(`PORT: got ${JSON.stringify(env.PORT)}, expected a port number from 0 to 65535`);
}

/** Says each restart of the hub, and notes its process for later demos. */
function reporting(folder: RunFolder, { say }: Progress) {
  let starts = 0;
  return {
    onLine(_: string, { msg }: { readonly msg?: unknown }, pid: number): void {
      if (msg !== 'listening') return;
      if (starts++ > 0) say(`the hub is back as process ${pid}`);
      folder.note({ hubPid: pid });
    },
    onEnd: (_: string, how: string, __: boolean, pid: number): void =>
      say(`the hub's process ${pid} ended (${how}); it restarts on the same data`),
  };
}

async function play(
  stage: DemoStage,
  { once, seed }: DemoOptions,
  signal: AbortSignal,
  bar: Progress,
): Promise<Report> {
  const show: DayOptions['show'] = (what, done, total) => {
    bar.setTotal(total);
    bar.update(done, what);
  };
  const run = await runDay(stage, { seed, signal, say: bar.say, show });
  const { participants, secrets } = stage;
  show('checking', 0, 0);
  const evidence = await gatherEvidence({
    ask: run.ask,
    secrets,
    acknowledgements: run.acknowledgements,
    specials: run.day,
    participants: Object.values(participants),
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
  { lost, secrets, folder }: DemoStage,
  report: Report,
  signal: AbortSignal,
  json: boolean,
): Promise<void> {
  const addresses = addressesOf(report, secrets);
  if (json) console.error(addresses);
  else console.log(addresses);
  folder.note({ phase: 'up' });
  if (!signal.aborted) await Promise.race([once(signal, 'abort'), lost]);
}
