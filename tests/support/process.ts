import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface HubProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly lines: Record<string, unknown>[];
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

const ROOT = join(import.meta.dirname, '..', '..');

/** Start the hub as `npm start` does, on a port that the system chooses, and wait until it listens; without the role api, until it runs. */
export async function startHubProcess(env: Record<string, string>): Promise<HubProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: Record<string, unknown>[] = [];
  const ended = new Promise<number | string>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'gone')),
  );
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  const url = await new Promise<string>((resolve, reject) => {
    let rest = '';
    child.stdout?.on('data', (chunk) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const line = JSON.parse(part);
        lines.push(line);
        if (line.msg === 'listening' || line.msg === 'running') resolve(line.url ?? '');
      }
    });
    void ended.then((code) =>
      reject(new Error(`the hub ended with ${code}: ${errors} ${JSON.stringify(lines.slice(-5))}`)),
    );
  });
  return { child, url, lines, ended };
}

/** A folder of the test's own that an unprivileged user may pass through, and a configuration in it. */
export function testFolder(config: object): { path: string; configPath: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'lienthong-test-'));
  const configPath = join(path, 'hub.config.json');
  writeFileSync(configPath, JSON.stringify(config));
  return { path, configPath, remove: () => rmSync(path, { recursive: true, force: true }) };
}
