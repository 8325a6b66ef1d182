import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';
import type { Keeper } from './start-janitor.ts';

/** A process of the hub that is killed and started again on the same data, whatever ended it. */
export interface ProvedHub {
  readonly name: string;
  /** Resolves when it has come up for the first time. */
  readonly up: Promise<void>;
  readonly pid: number;
  kill(): void;
}

export interface HubMeans {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly keeper: Keeper;
  readonly signal: AbortSignal;
  /** It ended after it had come up, and nobody had killed it. */
  readonly onDeath: (name: string, how: string) => void;
  /** A line of its log that says that something went wrong. */
  readonly onFailure: (name: string, line: Readonly<Record<string, unknown>>) => void;
}

/** Between an end and the next start, as a service manager has it. */
const PAUSE_MS = 200;
/** A hub that does not come up so often in a row has a reason that a new start does not mend. */
const MOST_TRIES = 40;

export function keepProved(name: string, roles: string, means: HubMeans): ProvedHub {
  const { folder, env, keeper, signal } = means;
  let current: Child | undefined;
  let isUp = false;
  let killed = false;
  let tries = 0;
  let cameUp = (): void => undefined;
  let gaveUp: (error: Error) => void = () => undefined;
  const up = new Promise<void>((resolve, reject) => {
    cameUp = resolve;
    gaveUp = reject;
  });
  up.catch(() => undefined);

  function onLine(line: Readonly<Record<string, unknown>>): void {
    if (line.msg === 'listening') {
      isUp = true;
      tries = 0;
      cameUp();
    }
    if (line.level === 'error' || line.level === 'fatal') means.onFailure(name, line);
  }

  async function watch(): Promise<void> {
    const logFile = join(folder, `${name}.log`);
    while (!signal.aborted) {
      isUp = killed = false;
      tries++;
      const child = startChild({ script: 'src/main.ts', env: { ...env, HUB_ROLES: roles }, logFile, onLine });
      current = keeper.keepProcess(child);
      const how = await child.ended;
      if (signal.aborted) return;
      if (isUp && !killed) means.onDeath(name, how);
      if (tries >= MOST_TRIES) return giveUp(`does not come up; see ${logFile}`);
      await sleep(PAUSE_MS);
    }
  }
  function giveUp(why: string): void {
    gaveUp(new Error(`${name} ${why}`));
    means.onDeath(name, why);
  }
  void watch();

  return {
    name,
    up,
    get pid() {
      return (current as Child).pid;
    },
    kill() {
      killed = true;
      try {
        process.kill((current as Child).pid, 'SIGKILL');
      } catch (error) {
        // Between an end and the next start.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    },
  };
}
