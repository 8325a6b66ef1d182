import { type ChildProcess, fork } from 'node:child_process';
import { compiled } from '../../src/process/compiled.ts';

/** A process that answers questions, one after the other. */
export interface Worker<In, Out> {
  /** Rejects when it fails, or ends before it answers. */
  ask(input: In): Promise<Out>;
  stop(): void;
}

type Reply<Out> = { readonly out: Out } | { readonly error: string };

/** Start a file of this folder as a worker; it calls `beWorker`. */
export function startWorker<In, Out>(file: string): Worker<In, Out> {
  const child = fork(compiled(`tests/bench/${file}`));
  endWithUs(child);
  return {
    ask: (input) =>
      new Promise((resolve, reject) => {
        const ended = (code: number | null): void => reject(new Error(`${file} ended with ${code}`));
        child.once('exit', ended);
        child.once('message', (reply: Reply<Out>) => {
          child.off('exit', ended);
          if ('out' in reply) resolve(reply.out);
          else reject(new Error(`${file}: ${reply.error}`));
        });
        child.send(input as object, (error) => error && reject(error));
      }),
    stop: () => child.kill(),
  };
}

/** Answer the questions of the process that started this one, until it goes. */
export function beWorker<In, Out>(answer: (input: In) => Promise<Out>): void {
  process.on('message', (input: In) => {
    const replied = answer(input).then(
      (out): Reply<Out> => ({ out }),
      (error: Error): Reply<Out> => ({ error: error.stack ?? error.message }),
    );
    void replied.then((reply) => process.send?.(reply));
  });
  process.on('disconnect', () => process.exit());
}

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** Let nothing run on when the benchmark has ended, however it did. */
export function endWithUs(child: ChildProcess): void {
  children.add(child);
  child.once('exit', () => children.delete(child));
}

/** Ask all that runs to end: whoever waits for it hears of that. */
export function stopAll(): void {
  for (const child of children) child.kill('SIGTERM');
}
