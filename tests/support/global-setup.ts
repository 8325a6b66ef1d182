import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/start.ts';
import { compiled, ROOT } from '../../src/process/compiled.ts';
import { dropDatabasesOf, execute, makeTemplate, type Template } from './template.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A PostgreSQL server where tests may create databases. */
    readonly databaseServerUrl: string;
    readonly template: Template;
  }
}

/** One server for the whole run: that of DATABASE_URL, otherwise an embedded one that is removed afterwards. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Processes and threads that tests start run the production code.
  execFileSync(process.execPath, [path.join(ROOT, 'scripts', 'build.mjs')]);
  if (process.env.DATABASE_URL) {
    project.provide('databaseServerUrl', process.env.DATABASE_URL);
    const server = process.env.DATABASE_URL;
    const template = await makeTemplate(server);
    project.provide('template', template);
    return () => dropDatabasesOf(server, template);
  }
  const folder = fs.mkdtempSync(path.join(temporaryFolder(), 'lienthong-vitest-'));
  fs.chmodSync(folder, 0o755); // as root, PostgreSQL runs as another user
  const dataDir = path.join(folder, 'data');
  removeWhenRunEnds(folder, dataDir);
  const server = await startEmbeddedPostgres({ dataDir, settings: { max_connections: '200' } });
  await makeSignInCheap(server.url);
  project.provide('databaseServerUrl', server.url);
  project.provide('template', await makeTemplate(server.url));
  return async () => {
    await server.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  };
}

/** Each hub of a test makes two or three connections. Deriving a key in 4,096 rounds took 5 ms of processor time for each. */
async function makeSignInCheap(url: string): Promise<void> {
  const { username, password } = new URL(url);
  await execute(url, `SET scram_iterations = 1; ALTER ROLE ${username} PASSWORD '${password}'`);
}

/** In memory where it has room: half of what a test waits for otherwise is that the disk has written. */
function temporaryFolder(): string {
  const memory = '/dev/shm';
  try {
    const { bavail, bsize } = fs.statfsSync(memory);
    fs.accessSync(memory, fs.constants.W_OK);
    return Math.min(bavail * bsize, os.freemem()) > ROOM_BYTES ? memory : os.tmpdir();
  } catch {
    return os.tmpdir();
  }
}

/** Several times what a whole run fills. */
const ROOM_BYTES = 6 * 1024 ** 3;

/**
 * Vitest skips teardown on Ctrl-C, SIGTERM and a failed setup. A small process waits for the end of this one (its pipe closes),
 * adopts the orphan server, stops it and removes the folder. After a teardown it finds none.
 */
function removeWhenRunEnds(folder: string, dataDir: string): void {
  const launcher = pathToFileURL(compiled('src/embedded-postgres/start.ts')).href;
  const script = `
    const fs = require('node:fs');
    process.stdin.resume().on('end', () => setTimeout(async () => {
      if (fs.existsSync(${JSON.stringify(path.join(dataDir, 'postmaster.pid'))})) {
        const { startEmbeddedPostgres } = await import(${JSON.stringify(launcher)});
        await (await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)} })).stop();
      }
      fs.rmSync(${JSON.stringify(folder)}, { recursive: true, force: true });
    }, 500));`; // the pipe closes a moment before the server's owner counts as dead
  const watcher = spawn(process.execPath, ['-e', script], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.unref();
  (watcher.stdin as unknown as { unref(): void }).unref();
}
