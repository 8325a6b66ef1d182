import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { compiled } from '../../process/compiled.ts';
import type { Child } from './child.ts';
import type { JanitorMessage, LeftOver } from './janitor.ts';

/** Makes sure that nothing is left behind, however the proof ends. */
export interface Janitor {
  add(made: LeftOver): void;
  /** Registers a process until it has ended. */
  addProcess<T extends Pick<Child, 'pid' | 'ended'>>(child: T): T;
}

/** Runs this work with a janitor, which removes at the end what the work has made. */
export async function withJanitor<T>(work: (janitor: Janitor) => Promise<T>): Promise<T> {
  const janitor = await startJanitor();
  try {
    return await work(janitor);
  } finally {
    await janitor.removeAll();
  }
}

/** `removeAll` rejects when a removal failed; the janitor names it on stderr. */
async function startJanitor(): Promise<Janitor & { removeAll(): Promise<void> }> {
  const child = spawn(process.execPath, [compiled('src/play/stage/janitor.ts')], {
    // Its own group, so that Ctrl-C in the terminal does not reach it.
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  await Promise.race([
    once(child, 'message'),
    ended.then(([code]) => {
      throw new Error(`the process that cleans up did not start (exit code ${code})`);
    }),
  ]);
  const tell = (message: JanitorMessage): void => void (child.connected && child.send(message, () => undefined));
  return {
    add: (made) => tell({ made }),
    addProcess(one) {
      tell({ made: { kind: 'process', pid: one.pid } });
      void one.ended.then(() => tell({ ended: one.pid }));
      return one;
    },
    async removeAll() {
      if (child.connected) child.disconnect();
      const [code] = await ended;
      if (code !== 0) throw new Error('something was left behind, see above');
    },
  };
}
