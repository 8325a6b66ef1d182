import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { PROVED } from '../play/participants/participants.ts';
import { type Report, textOf } from '../play/prove/report.ts';
import { runProof } from '../play/prove/run-proof.ts';
import { openRedis } from '../play/stage/redis.ts';
import { playOnStage } from '../play/stage/stage.ts';
import { withJanitor } from '../play/stage/start-janitor.ts';
import { makeTemporaryFolder } from '../play/stage/temporary-folder.ts';
import { makeFolders } from '../process/make-folders.ts';
import { createProgress } from './progress.ts';
import { type CommonOptions, portNumber, type Result, runCommand, wholeNumber } from './run-command.ts';
import { untilSignal } from './until-signal.ts';

interface ProveOptions extends CommonOptions {
  readonly minutes: number;
  readonly kills?: number;
  readonly seed: number;
  readonly rate: number;
  readonly port: number;
  readonly nodes?: number;
  readonly standby?: true;
  readonly logs?: string;
}

/** `lienthong prove`: three processes of the hub under load and random faults, checked against an outside ledger. */
export function addProve(program: Command): void {
  program
    .command('prove')
    .description(
      'prove under random faults that the hub loses, invents, reorders and sends twice nothing that it acknowledged',
    )
    .option('--minutes <number>', 'duration of load and faults', positive, 5)
    .option('--kills <number>', 'end them earlier, after this many faults of processes and servers', positive)
    .option('--seed <number>', 'the seed: the same number gives the same load and faults', wholeNumber(), randomSeed())
    .option('--rate <number>', 'maximum of items sent a second', positive, 40)
    .option('--port <number>', 'the port of the hub; a free port if it is taken', portNumber, 0)
    .option(
      '--nodes <number>',
      'this many processes with all roles behind a proxy, which are also cut off',
      wholeNumber(2, 20),
    )
    .option('--standby', 'a PostgreSQL with a synchronous standby, which takes over when the primary is killed')
    .option('--logs <folder>', 'write the logs of all processes to this folder')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((options: ProveOptions) => runCommand(options, async () => resultOf(await prove(options))));
}

const HELP = `
Runs on its own PostgreSQL and Redis (redis-server), and kills them too. With DATABASE_URL it creates a database of its own on
that server, cuts its sessions and drops it at the end. Without redis-server it uses an empty database at REDIS_URL, and without
REDIS_URL no Redis. Its data is in a folder of its own under HUB_DATA_DIR, the system's temporary folder by default. It always
removes its processes and folders.
Without --nodes it runs a process for api and two for worker and scheduler. A node that is cut off loses its clients and the
database for 2 to 6 seconds, and reaches its partners: its connections stay open and nothing passes. A server of DATABASE_URL on
another machine stays in reach too. With --standby, DATABASE_URL is not used. With both, nothing may stay unacknowledged for more
than 15 seconds.
Exit code 0 only if nothing is wrong and the index equals its rebuild from the messages alone.`;

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= 100_000)) throw new InvalidArgumentError('Expected a number over 0, at most 100000.');
  return number;
}

function randomSeed(): number {
  return Math.floor(Math.random() * 1_000_000);
}

/** After so frequent ends before listening, another start would not help. */
const MOST_STARTS = 40;
const PROCESSES = { api: 'api', 'worker-1': 'worker,scheduler', 'worker-2': 'worker,scheduler' };

function processesOf(nodes: number | undefined): Readonly<Record<string, string | undefined>> {
  if (nodes === undefined) return PROCESSES;
  return Object.fromEntries(Array.from({ length: nodes }, (_, at) => [`node-${at + 1}`, undefined]));
}

async function prove({
  minutes,
  kills = Number.POSITIVE_INFINITY,
  seed,
  rate,
  port,
  nodes,
  standby,
  logs: logFolder,
}: ProveOptions): Promise<Report> {
  const stop = untilSignal(['SIGINT', 'SIGTERM', 'SIGHUP']);
  const { signal } = stop;
  const bar = createProgress('starting', 0);
  const logs = logFolder === undefined ? undefined : resolve(logFolder);
  if (logs) makeFolders(logs);
  bar.say(`seed ${seed}`);
  const show = (what: string, done: number, total: number): void => {
    bar.setTotal(total);
    bar.update(done, what);
  };
  try {
    return await withJanitor(async (janitor) => {
      const folder = makeTemporaryFolder(process.env, 'lienthong-prove-', janitor);
      const redis = await openRedis(process.env, folder, janitor);
      bar.say(`runs on ${redis.says}`);
      const env = { ...process.env, REDIS_URL: redis.url ?? '' };
      const servers = {
        env,
        folder,
        logs,
        participants: PROVED,
        processes: processesOf(nodes),
        isProxied: nodes !== undefined,
        hasStandby: standby === true,
        mostStarts: MOST_STARTS,
        port,
      };
      return playOnStage(janitor, { ...servers, signal, say: bar.say }, (stage) =>
        runProof(stage, { redis, seed, minutes, kills, rate, signal, show }),
      );
    });
  } finally {
    stop.abort();
    bar.stop();
  }
}

function resultOf(report: Report): Result {
  return { text: textOf(report), document: report, failed: !report.ok };
}
