import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { compiled, ROOT } from '../../process/compiled.ts';

const PARENT_GUARD = pathToFileURL(compiled('src/play/stage/parent-guard.ts')).href;
const READY_WITHIN_MS = 90_000;
const STOPS_WITHIN_MS = 15_000;

/** A process that the demo started. */
export interface Child {
  readonly pid: number;
  /** Resolves at the end with a signal's name or an exit code. */
  readonly ended: Promise<string>;
  /** Asks the process to end, and kills it when it does not. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  /** A source file, relative to the root of the repository. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** Called with each line of its log. */
  readonly onLine: (line: Readonly<Record<string, unknown>>) => void;
}

/** Starts a process in its own group, so that Ctrl-C in the terminal reaches only the demo. */
export function startChild({ script, args = [], env, logFile, onLine }: ChildOptions): Child {
  const child = spawn(process.execPath, ['--import', PARENT_GUARD, compiled(script), ...args], {
    cwd: ROOT,
    env,
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  child.stderr?.pipe(log, { end: false });
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    log.write(`${line}\n`);
    onLine(parsed(line));
  });
  child.once('close', () => log.end());
  const ended = endOf(child);
  return { pid: child.pid as number, ended, stop: () => stop(child, ended) };
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOPS_WITHIN_MS);
  await ended;
  clearTimeout(timer);
}

/** Starts a process and waits for its log line `listening`. */
export async function startListening(options: ChildOptions): Promise<{ readonly child: Child; readonly url: string }> {
  let listens: (url: string) => void = () => undefined;
  let lastError = '';
  const url = new Promise<string>((resolve) => {
    listens = resolve;
  });
  const child = startChild({
    ...options,
    onLine(line) {
      options.onLine(line);
      if (line.msg === 'listening') listens(String(line.url));
      lastError = String(line.problem ?? line.error ?? lastError);
    },
  });
  const came = await Promise.race([
    url.then((found) => ({ url: found })),
    child.ended.then((how) => ({ why: `it ended (${how})` })),
    after(READY_WITHIN_MS).then(() => ({ why: `it was not ready within ${READY_WITHIN_MS / 1000} s` })),
  ]);
  if ('url' in came) return { child, url: came.url };
  await child.stop();
  throw new Error(
    `${[options.script, ...(options.args ?? [])].join(' ')} did not start: ${came.why}${lastError && `: ${lastError}`}; see ${options.logFile}`,
  );
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
