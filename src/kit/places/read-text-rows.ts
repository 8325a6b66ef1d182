import { createThreads, ThreadBoundError } from '../../concurrency/threads.ts';
import { type RowsAsked, rowsIn, type TextRows } from './text-rows.ts';

/** As for workbooks. 10 MiB of separators or of empty elements took 10 s. */
const BOUNDS = { withinMs: 60_000, mostMb: 512 };
/** Read in a few milliseconds. A thread takes longer to start. */
const SMALL_CHARS = 64 * 1024;

const inThread = createThreads<RowsAsked, TextRows<unknown>>('src/kit/places/text-rows-thread.ts', BOUNDS);

/** Reads the rows of a text, of a large one in a thread, because it would hold the event loop for seconds. */
export async function readTextRows(asked: RowsAsked): Promise<TextRows<unknown>> {
  if (asked.text.length <= SMALL_CHARS) return rowsIn(asked);
  try {
    return await inThread(asked);
  } catch (error) {
    if (error instanceof ThreadBoundError) return { refused: 'costly' };
    throw error;
  }
}
