import pg from 'pg';
import type { Pieces } from './rows.ts';

/** A statement planned once under its name, with its parameters in binary form. */
export interface Prepared {
  readonly name: string;
  readonly text: string;
  readonly values: readonly Pieces[];
  /** Time limit for the answer. */
  readonly answerMs: number;
}

/**
 * Sends a statement like `pool.query`, but with its parameters from their places. `pg` would join them in a growing buffer
 * and hold two or three times their size.
 * @throws a PostgreSQL error
 */
export async function sendPrepared(pool: pg.Pool, { name, text, values, answerMs }: Prepared): Promise<void> {
  // The types of pg lack that a query may have its own timeout.
  const query = Object.assign(new pg.Query({ name, text }), { query_timeout: answerMs });
  const submit = query.submit;
  query.submit = (connection) => {
    const bind = (): void => {
      for (const piece of bindMessage(name, values)) connection.stream.write(piece);
    };
    return submit.call(query, Object.create(connection, { bind: { value: bind } }));
  };
  // Their return type for the pool is wrong; it is that of a client.
  await (pool.query(query) as unknown as Promise<void>);
}

/** Smaller messages are joined: copying so little costs less than sending pieces. */
const SMALL_BYTES = 64 * 1024;

/** The protocol's `Bind`: to the unnamed portal, all parameters in binary form, all results as text. */
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
