import { join } from 'node:path';
import { type Child, startListening } from './child.ts';
import type { Folder } from './folder.ts';

/** The hub as a process of its own, started again on the same data whenever it dies. */
export interface KeptHub {
  readonly url: string;
  readonly restarts: number;
  /** Rejects when it cannot be kept running. */
  readonly lost: Promise<never>;
  stop(): Promise<void>;
}

/** A hub that dies so often in a row, without having run for a moment, has a reason that a new start does not mend. */
const MOST_DEATHS = 5;
const A_MOMENT_MS = 3_000;

interface Running {
  readonly child: Child;
  readonly url: string;
  readonly since: number;
}

export async function keepHub(folder: Folder, env: NodeJS.ProcessEnv, say: (line: string) => void): Promise<KeptHub> {
  const logFile = join(folder.path, 'hub.log');
  let restarts = 0;
  let stopping = false;
  let lose: (error: Error) => void = () => undefined;
  const lost = new Promise<never>((_, reject) => {
    lose = reject;
  });
  lost.catch(() => undefined);

  async function start(): Promise<Running> {
    const { child, url } = await startListening({
      script: 'src/main.ts',
      env,
      logFile,
      // Where the embedded database really is: the run's folder may be out of reach of its own user.
      onLine: ({ dataDir }) => typeof dataDir === 'string' && folder.note({ databaseFolder: dataDir }),
    });
    folder.note({ hubPid: child.pid, hubUrl: url });
    return { child, url, since: performance.now() };
  }

  let current = await start();
  async function watch(): Promise<void> {
    for (let deaths = 0; ; ) {
      const { child, since } = current;
      const how = await child.ended;
      if (stopping) return;
      say(`the hub's process ${child.pid} ended (${how}); it is started again on the same data`);
      restarts++;
      deaths = performance.now() - since > A_MOMENT_MS ? 0 : deaths + 1;
      for (let started = false; !started; deaths++) {
        if (stopping || deaths > MOST_DEATHS) throw new Error(`the hub dies again and again; see ${logFile}`);
        started = await start().then(
          (running) => {
            current = running;
            return true;
          },
          () => false,
        );
      }
      if (stopping) return current.child.stop();
      say(`the hub is back as process ${current.child.pid}`);
    }
  }
  const watching = watch().catch(lose);

  return {
    url: current.url,
    get restarts() {
      return restarts;
    },
    lost,
    async stop() {
      stopping = true;
      await current.child.stop();
      await watching;
    },
  };
}
