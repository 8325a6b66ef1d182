import { Worker } from 'node:worker_threads';
import { compiled } from '../process/compiled.ts';

export interface ThreadBounds {
  readonly withinMs: number;
  /** Of JavaScript objects. Bytes of buffers are beside it. */
  readonly mostMb: number;
}

/** For work whose size is bounded already. 325,000 lines as XLSX took 25 s. */
const USUAL: ThreadBounds = { withinMs: 300_000, mostMb: 1_024 };

/** A thread reached a bound and was ended. The hub goes on. */
export class ThreadBoundError extends Error {
  readonly bound: 'time' | 'memory';

  constructor(source: string, bound: 'time' | 'memory', { withinMs, mostMb }: ThreadBounds) {
    const expected = bound === 'time' ? `an answer within ${withinMs} ms` : `an answer with at most ${mostMb} MB`;
    super(`the thread ${source} was ended: expected ${expected}`);
    this.name = 'ThreadBoundError';
    this.bound = bound;
  }
}

/**
 * Asks threads that answer once. One thread works at a time, so a flood of questions delays only its own kind.
 *
 * @param source of the thread, relative to the repository's root; it posts its answer to `workerData`
 * @returns rejects with a ThreadBoundError at a bound, and when a thread throws or ends without an answer
 */
export function createThreads<Question, Answer>(
  source: string,
  bounds: ThreadBounds = USUAL,
): (question: Question) => Promise<Answer> {
  let before: Promise<unknown> = Promise.resolve();
  return (question) => {
    const turn = before.then(() => ask<Question, Answer>(source, bounds, question));
    before = turn.catch(() => undefined);
    return turn;
  };
}

async function ask<Question, Answer>(source: string, bounds: ThreadBounds, question: Question): Promise<Answer> {
  const thread = new Worker(compiled(source), {
    workerData: question,
    resourceLimits: { maxOldGenerationSizeMb: bounds.mostMb },
    // A library's own words could quote a document into the log.
    stdout: true,
    stderr: true,
  });
  let late: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const fail = (bound: 'time' | 'memory'): void => reject(new ThreadBoundError(source, bound, bounds));
      late = setTimeout(fail, bounds.withinMs, 'time');
      thread.once('message', resolve);
      thread.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? fail('memory') : reject(error),
      );
      thread.once('exit', () => reject(new Error(`the thread ${source} ended without an answer`)));
    });
  } finally {
    clearTimeout(late);
    await thread.terminate();
  }
}
