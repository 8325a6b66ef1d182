import { execFile } from 'node:child_process';
import type { Logger } from 'pino';

/** Reports the state of this process to systemd (sd_notify(3)). */
export interface ServiceManager {
  /** The hub answers and works. From now on systemd restarts it when the event loop stands still. */
  ready(): void;
  /** The hub ends. Missing signs of life count no more. */
  stopping(): void;
}

/**
 * Reports by `systemd-notify`, because Node has no datagram sockets of the Unix kind. Reports nothing where no service
 * manager listens (`NOTIFY_SOCKET`).
 */
export function createServiceManager(env: NodeJS.ProcessEnv, log: Logger): ServiceManager {
  if (!env.NOTIFY_SOCKET) return { ready() {}, stopping() {} };
  let watchdog: NodeJS.Timeout | undefined;
  const report = (...states: readonly string[]): void => {
    execFile('systemd-notify', states, { env }, (error) => {
      if (error) log.warn({ error: error.message, states }, 'systemd-notify failed');
    });
  };
  return {
    ready() {
      report('READY=1');
      const everyMs = watchdogMs(env) / 2;
      if (everyMs > 0) watchdog = setInterval(() => report('WATCHDOG=1'), everyMs).unref();
    },
    stopping() {
      clearInterval(watchdog);
      report('STOPPING=1');
    },
  };
}

/** How long systemd waits for a sign of life; 0 when it does not wait for one of this process. */
function watchdogMs({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv): number {
  const isOurs = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === process.pid;
  return isOurs ? Number(WATCHDOG_USEC ?? 0) / 1000 : 0;
}
