import { type ChildProcess, fork } from 'node:child_process';
import { compiled } from '../../src/process/compiled.ts';

/** A process that answers requests one after another. */
export interface Worker<In, Out> {
  /** Rejects when it fails, or ends before it answers. */
  ask(input: In): Promise<Out>;
  stop(): void;
}

type Reply<Out> = { readonly out: Out } | { readonly error: string };

/** Starts a source as a worker, named from the root of the repository; it calls `beWorker`. */
export function startWorker<In, Out>(file: string): Worker<In, Out> {
  const child = fork(compiled(file));
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

/** Answers the requests of the parent process until the parent ends. */
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

/** Lets no process outlive the benchmark. */
export function endWithUs(child: ChildProcess): void {
  children.add(child);
  child.once('exit', () => children.delete(child));
}

/** Asks all running processes to end; the callers waiting for them get an error. */
export function stopAll(): void {
  for (const child of children) child.kill('SIGTERM');
}
