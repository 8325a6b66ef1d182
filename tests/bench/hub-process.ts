import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../src/play/stage/ports.ts';
import { ROOT } from '../../src/process/compiled.ts';
import { endWithUs } from './workers.ts';

const READY_WITHIN_MS = 60_000;
const STOPS_WITHIN_MS = 15_000;

/** The hub as a process, like `npm start`. */
export interface HubProcess {
  readonly url: string;
  /** The peak of its memory so far; undefined where the system does not report it. */
  maxRssMb(): number | undefined;
  /** Its processor time so far. */
  cpuSeconds(): number | undefined;
  /** The errors of its log. */
  readonly complaints: readonly string[];
  stop(): Promise<void>;
}

/**
 * Starts it with these settings on a free port, and waits until it is ready.
 * @param works whether a process that does not listen works by now
 */
export async function startHub(
  settings: Readonly<Record<string, string>>,
  works?: () => Promise<boolean>,
): Promise<HubProcess> {
  const port = await freePort('127.0.0.1', 0);
  const child = spawn(process.execPath, startArguments(), {
    cwd: ROOT,
    // Only the path of our environment: a REDIS_URL or NODE_OPTIONS would change the hub.
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: String(port), LOG_LEVEL: 'warn', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithUs(child);
  const complaints: string[] = [];
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output.push(chunk.toString());
      output.splice(0, output.length - 20);
      complaints.push(
        ...chunk
          .toString()
          .split('\n')
          .filter((line) => /"level":"(?:error|fatal)"/.test(line)),
      );
    });
  const url = `http://127.0.0.1:${port}`;
  if (!(await isReady(child, works ?? (() => answers(url))))) {
    child.kill('SIGKILL');
    throw new Error(`the hub did not start: ${output.join('')}`);
  }
  return {
    url,
    complaints,
    maxRssMb: () => Number(/VmHWM:\s+(\d+) kB/.exec(readProc(child, 'status') ?? '')?.[1]) / 1024 || undefined,
    cpuSeconds: () => cpuSecondsOf(readProc(child, 'stat')),
    stop: () => stop(child),
  };
}

/** What `npm start` gives to node. */
function startArguments(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  // In place of the shell; without `exec` (Windows), the same process once more.
  const [how = '', again] = String(scripts.start).split(' || ');
  const [, program, ...args] = how.split(' ');
  if (program !== 'node' || how !== `exec ${again}`)
    throw new Error(`package.json starts the hub with ${scripts.start}, expected exec node … || node …`);
  return args;
}

async function isReady(child: ChildProcess, works: () => Promise<boolean>): Promise<boolean> {
  for (const until = performance.now() + READY_WITHIN_MS; performance.now() < until; await sleep(50)) {
    if (hasEnded(child)) return false;
    if (await works()) return true;
  }
  return false;
}

async function answers(url: string): Promise<boolean> {
  const reply = await fetch(`${url}/health/ready`).catch(() => undefined);
  return reply?.ok ?? false;
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOPS_WITHIN_MS);
  await ended;
  clearTimeout(timer);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function readProc({ pid }: ChildProcess, file: string): string | undefined {
  const path = `/proc/${pid}/${file}`;
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** User and system time, the 14th and 15th field of /proc/<pid>/stat, in hundredths of a second. */
function cpuSecondsOf(stat: string | undefined): number | undefined {
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields && (Number(fields[11]) + Number(fields[12])) / 100;
}
