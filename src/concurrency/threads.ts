import { parentPort, Worker } from 'node:worker_threads';
import { compiled } from '../process/compiled.ts';
import { oneAfterAnother } from './batch-calls.ts';

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
  const afterOthers = oneAfterAnother();
  return (question) => afterOthers(() => ask<Question, Answer>(source, bounds, question));
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

/** A thread that answers questions until it is closed, several at once if its work waits for something. */
export interface AnsweringThread<Question, Answer> {
  /** Rejects with what the thread threw, and when it ended. */
  ask(question: Question): Promise<Answer>;
  close(): Promise<void>;
}

interface Asked<Question> {
  readonly id: number;
  readonly question: Question;
}

interface Answered<Answer> {
  readonly id: number;
  readonly answer?: Answer;
  readonly error?: { readonly message: string; readonly code: unknown };
}

/**
 * Starts a thread that calls `answerQuestions`.
 *
 * @param source see createThreads
 * @param data for the thread, as its `workerData`
 */
export function startThread<Question, Answer>(source: string, data: unknown): AnsweringThread<Question, Answer> {
  const thread = new Worker(compiled(source), { workerData: data, stdout: true, stderr: true });
  const waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  let asked = 0;
  let ended: Error | undefined;
  const end = (error: Error): void => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  thread.on('message', ({ id, answer, error }: Answered<Answer>) => {
    const one = waiting.get(id);
    waiting.delete(id);
    if (error) one?.reject(Object.assign(new Error(error.message), { code: error.code }));
    else one?.resolve(answer as Answer);
  });
  thread.on('error', end);
  thread.on('exit', () => end(new Error(`the thread ${source} ended`)));
  return {
    ask: (question) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(ended);
        const id = asked++;
        waiting.set(id, { resolve, reject });
        thread.postMessage({ id, question } satisfies Asked<Question>);
      }),
    close: async () => {
      await thread.terminate();
    },
  };
}

/** Called in a thread of `startThread`: answers each question as soon as it can. */
export function answerQuestions<Question, Answer>(answer: (question: Question) => Promise<Answer>): void {
  const post = (answered: Answered<Answer>): void => parentPort?.postMessage(answered);
  parentPort?.on('message', ({ id, question }: Asked<Question>) => {
    answer(question).then(
      (found) => post({ id, answer: found }),
      (error: Error & { code?: unknown }) => post({ id, error: { message: error.message, code: error.code } }),
    );
  });
}
