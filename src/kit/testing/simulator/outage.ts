import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Stops a simulator from listening for a while, and reopens it on the same port. */
export interface Outage {
  begin(forMs: number): Promise<void>;
  end(): Promise<void>;
  close(): Promise<void>;
}

export function createOutage(server: Server, host: string, port: number): Outage {
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function end(): Promise<void> {
    clearTimeout(timer);
    if (!server.listening && !closed) await reopen(server, host, port);
  }

  return {
    async begin(forMs) {
      clearTimeout(timer);
      await shut(server);
      // Not unref'd: while nothing listens, only this timer keeps the simulator's process alive.
      timer = setTimeout(() => void end(), forMs);
    },
    end,
    async close() {
      closed = true;
      clearTimeout(timer);
      await shut(server);
    },
  };
}

export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Refuses new connections and breaks open ones. */
async function shut(server: Server): Promise<void> {
  if (!server.listening) return;
  const done = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await done;
}

/** Listens again, with retries: another socket, such as an outgoing connection, may hold the port for a moment. */
async function reopen(server: Server, host: string, port: number): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await listen(server, host, port);
    } catch (error) {
      if (tries === 50) throw error;
      await sleep(50);
    }
  }
}
