import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { compiled } from '../../process/compiled.ts';
import type { Child } from './child.ts';
import type { KeeperMessage, LeftOver } from './janitor.ts';

/** Sees to it that nothing is left behind, however the proof ends. */
export interface Keeper {
  keep(made: LeftOver): void;
  /** The same for a process, until it has ended. */
  keepProcess<T extends Pick<Child, 'pid' | 'ended'>>(child: T): T;
  /** Remove everything now. Rejects when something could not be removed; what, is told on stderr. */
  removeAll(): Promise<void>;
}

export async function startKeeper(): Promise<Keeper> {
  const child = spawn(process.execPath, [compiled('src/play/stage/janitor.ts')], {
    // Out of reach of the terminal's Ctrl-C.
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
  const tell = (message: KeeperMessage): void => void (child.connected && child.send(message, () => undefined));
  return {
    keep: (made) => tell({ keep: made }),
    keepProcess(one) {
      tell({ keep: { kind: 'process', pid: one.pid } });
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
