import { Worker } from 'node:worker_threads';
import { compiled } from './compiled.ts';

/** A thread that keeps more than this ends with an error, and the hub goes on. */
const MOST_MB = 1_024;

/**
 * Asks threads that answer once. One thread works at a time, so a flood of questions delays only its own kind.
 *
 * @param source of the thread, relative to the repository's root; it posts its answer to `workerData`
 * @returns rejects when a thread throws, or ends without an answer
 */
export function createThreads<Question, Answer>(source: string): (question: Question) => Promise<Answer> {
  let before: Promise<unknown> = Promise.resolve();
  return (question) => {
    const turn = before.then(() => ask<Question, Answer>(source, question));
    before = turn.catch(() => undefined);
    return turn;
  };
}

function ask<Question, Answer>(source: string, question: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(compiled(source), {
      workerData: question,
      resourceLimits: { maxOldGenerationSizeMb: MOST_MB },
    });
    thread.once('message', (answer) => {
      resolve(answer);
      void thread.terminate();
    });
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error(`the thread ${source} ended without an answer`)));
  });
}
