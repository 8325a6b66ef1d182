import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { JWK } from 'jose';
import { logLevelOf } from '../../config/config.ts';
import { copySettings } from '../../config/copy-settings.ts';
import { HubAway, HubRefused } from '../../copy/hub-answers.ts';
import { type RunningCopy, runCopy } from '../../copy/run.ts';
import { readKeys } from '../../copy/signing-keys.ts';
import { NoSnapshot } from '../../copy/take-snapshot.ts';
import { listen } from '../../http/listen.ts';
import { onEnd } from '../../process/ending.ts';
import { createLog, logListening } from '../../process/log.ts';
import { InvalidDocument } from '../../secrets/signed-documents.ts';
import { endWithNpm } from '../end-with-npm.ts';
import { type CommonOptions, portNumber, printDocument, tellError, UsageError } from '../run-command.ts';
import { createCopyApp } from './serve-copy.ts';

interface CopyOptions extends CommonOptions {
  readonly from: string;
  readonly folder: string;
  readonly port: number;
  readonly keys?: string;
}

/** `lienthong copy`: a copy of what portals read, for the time when the hub is away. */
export function addCopy(program: Command): void {
  program
    .command('copy')
    .description('keep a copy of everything that a hub shows to portals, and answer from it while the hub is away')
    .requiredOption('--from <url>', 'the hub, such as https://hub.example', address)
    .requiredOption('--folder <folder>', 'the folder of the copy; created if missing')
    .option('--port <port>', 'where it answers', portNumber, 8090)
    .option(
      '--keys <file>',
      "accept only snapshots signed with these keys, as the hub's /.well-known/jwks.json gives them",
    )
    .option('--json', 'print one JSON document on stdout when it listens; the log goes to stderr')
    .addHelpText('after', HELP)
    .action(async (options: CopyOptions) => {
      try {
        await copyUntilSignal(options, process.env);
      } catch (error) {
        tellError(error as Error, options.json ?? false);
      }
    });
}

const HELP = `
COPY_KEY is the secret of a key of the hub with index:read, and catalogue:read for the catalogue. Clients of the copy present the
same secret. HOST is the address it listens on (127.0.0.1), LOG_LEVEL the level of its log, as JSON lines on stdout.
It answers as the hub does: /api/v1/dossiers/{code}, /services, /services/{code}, /fields, /agencies. Each answer has its age in
seconds (Age) and its time (Lienthong-As-Of). /health/ready says the same, and whether the hub answers.
It begins with a snapshot, checks its signature, and then follows the changes. All personal data in it are masked.
Exit codes: 0 stopped by SIGTERM or SIGINT, 1 it could not start, 2 wrong usage.`;

const ENDING_MS = 9_500;

async function copyUntilSignal({ from, folder, port, keys, json }: CopyOptions, env: NodeJS.ProcessEnv): Promise<void> {
  const { key, host } = copySettings(env);
  if (!key)
    throw new UsageError(
      'COPY_KEY is not set: expected the secret of a key of the hub with index:read and catalogue:read',
    );
  const trusted = keys === undefined ? undefined : await trustedKeys(keys);
  const log = createLog(logLevelOf(env), json ? 2 : 1);
  let running: RunningCopy | undefined;
  const stop = async (signal: string): Promise<void> => {
    // An interrupted start begins again the next time.
    if (!running) process.exit(0);
    // Whatever is written to its end is safe at any exit.
    setTimeout(() => process.exit(0), ENDING_MS).unref();
    log.info({ signal }, 'stopping');
    await running.stop();
    log.info({}, 'stopped');
    process.exit(0);
  };
  let isEnding = false;
  onEnd((signal) => {
    if (!isEnding) void stop(signal);
    isEnding = true;
  });
  endWithNpm(env, () => process.kill(process.pid, 'SIGTERM'));
  running = await runCopy(
    { from, key, log, folder: resolve(folder), nowMs: Date.now, keys: trusted, fetch: (url, init) => fetch(url, init) },
    (copy, whyAway) => listen(createCopyApp({ copy, key, log, nowMs: Date.now, whyAway }), { host, port }),
  ).catch((error) => {
    throw inWords(error, from, folder);
  });
  const about = { url: running.url, from, dossiers: running.dossiers };
  logListening(log, about);
  if (json) printDocument({ ...about, pid: process.pid });
}

function inWords(error: unknown, from: string, folder: string): unknown {
  if (error instanceof HubAway)
    return new Error(
      `${from}: ${error.message}; ${folder} holds no copy yet, and a copy begins with a snapshot of the hub`,
      {
        cause: error,
      },
    );
  if (error instanceof HubRefused && error.status === 401)
    return new Error(`${from}: the hub knows no key with the secret in COPY_KEY (${error.message})`, { cause: error });
  const isOfHub = [HubRefused, NoSnapshot, InvalidDocument].some((kind) => error instanceof kind);
  return isOfHub ? new Error(`${from}: ${(error as Error).message}`, { cause: error }) : error;
}

async function trustedKeys(path: string): Promise<readonly JWK[]> {
  return readKeys(path).catch((error) => {
    throw new UsageError(`--keys ${path}: ${error.message}`);
  });
}

function address(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError('expected an address such as https://hub.example');
  const { username, password } = new URL(text);
  if (username || password) throw new InvalidArgumentError('expected no name and password in it: the key is COPY_KEY');
  return text;
}
