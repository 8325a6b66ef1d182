import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SpawnedHub {
  readonly child: ChildProcess;
  readonly lines: Record<string, unknown>[];
  /** Resolves with the exit code, or with the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** The first log line with one of these messages, now or later. Rejects when the process ends without it. */
  said(...messages: readonly string[]): Promise<Record<string, unknown>>;
}

export interface HubProcess extends SpawnedHub {
  readonly url: string;
}

const ROOT = join(import.meta.dirname, '..', '..');

export interface SpawnOptions {
  readonly openFiles?: number;
  /** The folder of another build than this one. */
  readonly build?: string;
}

/** Starts the hub like `npm start`, on a port of the system's choice. */
export function spawnHub(env: Record<string, string>, { openFiles, build = ROOT }: SpawnOptions = {}): SpawnedHub {
  const started = [process.execPath, 'bin/hub.mjs'];
  const limited = ['sh', '-c', `ulimit -n ${openFiles} && exec "$0" "$@"`, ...started];
  const [command = '', ...args] = openFiles === undefined ? started : limited;
  const child = spawn(command, args, {
    cwd: build,
    env: { PATH: process.env.PATH ?? '', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: Record<string, unknown>[] = [];
  const saying = new EventEmitter();
  const ended = new Promise<number | string>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'gone')),
  );
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  let rest = '';
  child.stdout?.on('data', (chunk) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part));
    saying.emit('said');
  });
  void ended.then(() => saying.emit('said'));
  return {
    child,
    lines,
    ended,
    async said(...messages) {
      for (;;) {
        const line = lines.find(({ msg }) => messages.includes(msg as string));
        if (line) return line;
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`the hub ended with ${await ended}: ${errors} ${JSON.stringify(lines.slice(-5))}`);
        await once(saying, 'said');
      }
    },
  };
}

/** The same, and wait until it listens. */
export async function startHubProcess(env: Record<string, string>, options: SpawnOptions = {}): Promise<HubProcess> {
  const hub = spawnHub(env, options);
  const { url } = await hub.said('listening');
  return { ...hub, url: url as string };
}

/** A folder of the test's own that an unprivileged user may pass through, with a configuration. */
export function testFolder(config: object): { path: string; configPath: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'lienthong-test-'));
  const configPath = join(path, 'hub.config.json');
  writeFileSync(configPath, JSON.stringify(config));
  return { path, configPath, remove: () => rmSync(path, { recursive: true, force: true }) };
}
