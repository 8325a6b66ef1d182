import pRetry from 'p-retry';
import pg from 'pg';
import { followPrimary, type Primary } from './primary.ts';

/**
 * Waits for a server that is starting too, as after a reboot, up to a time limit. Any other fault (a password, a name)
 * appears at its first use, as does a server that never starts.
 * @param onWait gets the reason when there is something to wait for
 */
export async function waitForServer(url: string, forMs: number, onWait: (why: string) => void): Promise<void> {
  const primary = followPrimary(url);
  if (primary) return waitForPrimary(primary, forMs, onWait);
  await pRetry(() => ask(url), {
    retries: Number.POSITIVE_INFINITY,
    factor: 1,
    minTimeout: 500,
    maxRetryTime: forMs,
    shouldRetry: ({ error }) => isComing(error),
    onFailedAttempt: ({ error, attemptNumber }) => {
      if (attemptNumber === 1 && isComing(error)) onWait(error.message || (error as { code?: string }).code || '');
    },
  }).catch(() => undefined);
}

async function waitForPrimary(primary: Primary, forMs: number, onWait: (why: string) => void): Promise<void> {
  try {
    await primary.found();
  } catch (error) {
    onWait((error as Error).message);
    await primary.found(forMs).catch(() => undefined);
  } finally {
    await primary.close();
  }
}

async function ask(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The port is closed, the name is not known yet, the server says that it is starting (57P03), or it breaks off while starting. */
function isComing(error: Error): boolean {
  const { code = '' } = error as { code?: string };
  if (error.message === 'Connection terminated unexpectedly') return true;
  return /^(?:57P03|E(?:CONN(?:REFUSED|RESET)|TIMEDOUT|HOSTUNREACH|NETUNREACH|AI_AGAIN|NOTFOUND))$/.test(code);
}
