import pg from 'pg';
import type { Pieces } from './rows.ts';

/** A statement that is planned once under its name, with its parameters in binary form. */
export interface Prepared {
  readonly name: string;
  readonly text: string;
  readonly values: readonly Pieces[];
  /** How long the answer is waited for. */
  readonly answerMs: number;
}

/**
 * Send a statement as `pool.query` does, but its parameters from where they are: `pg` puts them together, growing as it
 * goes, and holds two or three times their size meanwhile.
 *
 * @throws a PostgreSQL error
 */
export async function sendPrepared(pool: pg.Pool, { name, text, values, answerMs }: Prepared): Promise<void> {
  // The types of pg do not know that a query may have a limit of its own.
  const query = Object.assign(new pg.Query({ name, text }), { query_timeout: answerMs });
  const submit = query.submit;
  query.submit = (connection) => {
    const bind = (): void => {
      for (const piece of bindMessage(name, values)) connection.stream.write(piece);
    };
    return submit.call(query, Object.create(connection, { bind: { value: bind } }));
  };
  // What they say that the pool gives back is what a client does.
  await (pool.query(query) as unknown as Promise<void>);
}

/** Smaller messages are put together: a copy of so little costs less than its pieces. */
const SMALL_BYTES = 64 * 1024;

/** `Bind` of the protocol: to the nameless portal, all parameters in binary form, all results as text. */
function bindMessage(name: string, values: readonly Pieces[]): readonly Uint8Array[] {
  const beginning = Buffer.from(`B....\0${name}\0......`, 'latin1');
  const counts = beginning.length - 6;
  beginning.writeInt16BE(1, counts);
  beginning.writeInt16BE(1, counts + 2);
  beginning.writeInt16BE(values.length, counts + 4);
  const pieces: Uint8Array[] = [beginning];
  let size = beginning.length;
  for (const value of values) {
    pieces.push(int4(value.size), ...value.pieces);
    size += 4 + value.size;
  }
  pieces.push(RESULTS_AS_TEXT);
  size += RESULTS_AS_TEXT.length;
  beginning.writeInt32BE(size - 1, 1);
  return size <= SMALL_BYTES ? [Buffer.concat(pieces, size)] : pieces;
}

const RESULTS_AS_TEXT = Buffer.alloc(2);

function int4(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}
