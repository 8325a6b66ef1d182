import { once } from 'node:events';
import http from 'node:http';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { DEMO_NAMES } from '../demo/demo-stage.ts';
import { createSecrets, HUB_FILE, type OwnSettings } from '../stage/hub-file.ts';
import { freePort } from '../stage/ports.ts';
import { playOnStage } from '../stage/stage.ts';
import { withJanitor } from '../stage/start-janitor.ts';
import { makeTemporaryFolder } from '../stage/temporary-folder.ts';
import { createDoor, type SandboxDoor } from './door.ts';
import { sandboxApp } from './page.ts';
import { depsOf, type Running } from './page-deps.ts';

export interface SandboxOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly host: string;
  /** A free port if it is taken. */
  readonly port: number;
  /** Hours until all data is deleted, at most 500: a timer holds 596. 0 for never. */
  readonly resetHours: number;
  /** Parties, routes and keys of the integrator. */
  readonly more: NonNullable<OwnSettings['more']>;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** Called with the address whenever the hub is ready. */
  readonly onUp: (url: string) => void;
}

const MOST_STARTS = 5;
const HOUR_MS = 3_600_000;

/** Runs the hub with simulated partners behind a door that plays bad days, until the signal. */
export async function runSandbox(options: SandboxOptions): Promise<void> {
  const { host, signal, more, say } = options;
  const port = await freePort(host, options.port);
  const running: Running = {
    url: `http://${host}:${port}`,
    secrets: createSecrets(),
    door: createDoor(),
    more,
    signal,
  };
  const server = await serve(running.door, sandboxApp(depsOf(running)), { host, port });
  try {
    while (!signal.aborted) {
      await playRound(running, options);
      if (!signal.aborted) say('the sandbox starts again without data');
    }
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** From an empty database to the next reset. */
async function playRound(running: Running, options: SandboxOptions): Promise<void> {
  const { door, secrets, url } = running;
  const { env, more, signal, say, resetHours } = options;
  const reset = new AbortController();
  await withJanitor((janitor) => {
    const folder = makeTemporaryFolder(env, 'lienthong-sandbox-', janitor);
    const settings = { env, folder, participants: DEMO_NAMES, processes: { hub: undefined }, secrets, more };
    const plan = { ...settings, mostStarts: MOST_STARTS, host: '127.0.0.1', port: 0, signal, say };
    return playOnStage(janitor, plan, async (stage) => {
      running.round = { stage, folder, reset: () => reset.abort() };
      door.hubUrl = stage.url;
      options.onUp(url);
      const isReset = AbortSignal.any([signal, reset.signal]);
      const timer = resetHours === 0 ? undefined : setTimeout(() => reset.abort(), resetHours * HOUR_MS);
      await Promise.race([aborted(isReset), stage.lost]).finally(() => clearTimeout(timer));
      running.round = undefined;
      door.clear();
    }).catch((error: Error) => {
      // The file is removed. What the integrator gave comes first in it, at the same places.
      error.message = error.message.replaceAll(join(folder, HUB_FILE), '--with');
      throw error;
    });
  });
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** The page with its styles, also while the hub is away, and the door at one address. */
async function serve(
  door: SandboxDoor,
  app: Hono,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<http.Server> {
  const page = getRequestListener(app.fetch);
  const server = http.createServer((incoming, outgoing) => {
    if (/^\/(?:sandbox|pages)(?:[/?]|$)/.test(incoming.url ?? '')) void page(incoming, outgoing);
    else door.handle(incoming, outgoing);
  });
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}
