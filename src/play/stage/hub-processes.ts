import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';

/** A process of the hub. After any end it starts again on the same data. */
export interface SupervisedHub {
  readonly name: string;
  /** Resolves with the address at the first start. */
  readonly up: Promise<string>;
  /** Rejects when the process no longer starts. */
  readonly lost: Promise<never>;
  readonly pid: number;
  /** Starts after the first one. */
  readonly restarts: number;
  kill(): void;
  /** Shuts it down in order, without a new start. */
  stop(): Promise<void>;
}

export interface HubOptions {
  /** The folder of its log. */
  readonly folder: string;
  /** Whether the log stays when the process is given up. */
  readonly isLogKept: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** Limit of ends in a row before it listens. */
  readonly mostStarts: number;
  readonly onStart?: (child: Child) => void;
  readonly onLine: (name: string, line: LogLine, pid: number) => void;
  /** Called when it ends without a call of `stop`. `isOwn`: it was up, and `kill` was not called. */
  readonly onEnd: (name: string, how: string, isOwn: boolean, pid: number) => void;
}

export type LogLine = Readonly<Record<string, unknown>>;

/** The hub's exit code for settings that it refuses. A further start would end the same. */
const WRONG_SETTINGS = 'exit code 2';

/** Pause between an end and the next start, as with a service manager. */
const PAUSE_MS = 200;

export function superviseHub(name: string, options: HubOptions): SupervisedHub {
  const hub = new Supervisor(name, options);
  void hub.watch();
  return hub;
}

class Supervisor implements SupervisedHub {
  readonly name: string;
  readonly up: Promise<string>;
  readonly lost: Promise<never>;
  restarts = -1;
  readonly #options: HubOptions;
  #cameUp: (url: string) => void = () => undefined;
  #giveUp: (error: Error) => void = () => undefined;
  #child: Child | undefined;
  #failedStarts = 0;
  #isUp = false;
  #isKilled = false;
  #isStopping = false;
  #lastError = '';

  constructor(name: string, options: HubOptions) {
    this.name = name;
    this.#options = options;
    this.lost = new Promise<never>((_, reject) => {
      this.#giveUp = reject;
    });
    const firstUp = new Promise<string>((resolve) => {
      this.#cameUp = resolve;
    });
    this.up = Promise.race([firstUp, this.lost]);
    for (const one of [this.up, this.lost]) one.catch(() => undefined);
  }

  get pid(): number {
    return (this.#child as Child).pid;
  }

  async watch(): Promise<void> {
    const { folder, isLogKept, env, mostStarts, onStart, onEnd } = this.#options;
    const logFile = join(folder, `${this.name}.log`);
    while (!this.#isStopping) {
      this.#isUp = this.#isKilled = false;
      this.restarts++;
      if (this.#failedStarts++ >= mostStarts) {
        const why = this.#lastError && `: ${this.#lastError}`;
        const where = isLogKept ? `; see ${logFile}` : '';
        return this.#giveUp(new Error(`${this.name} does not start${why}${where}`));
      }
      const child = startChild({ script: 'src/main.ts', env, logFile, onLine: (line) => this.#read(line) });
      this.#child = child;
      onStart?.(child);
      const how = await child.ended;
      if (this.#isStopping) return;
      onEnd(this.name, how, this.#isUp && !this.#isKilled, child.pid);
      if (how === WRONG_SETTINGS) this.#failedStarts = mostStarts;
      else await sleep(PAUSE_MS);
    }
  }

  kill(): void {
    this.#isKilled = true;
    try {
      process.kill(this.pid, 'SIGKILL');
    } catch (error) {
      // It was between an end and the next start.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#child?.stop();
  }

  #read(line: LogLine): void {
    this.#lastError = String(line.problem ?? line.error ?? this.#lastError);
    if (line.msg === 'listening') {
      this.#isUp = true;
      this.#failedStarts = 0;
      this.#cameUp(String(line.url));
    }
    this.#options.onLine(this.name, line, this.pid);
  }
}
