import { once } from 'node:events';
import type { Socket } from 'node:net';

/** What a scanner says of a file. */
export type Verdict = { readonly kind: 'clean' } | { readonly kind: 'infected'; readonly found: string };

/** One scan, which receives the file while it arrives. */
export interface Scan {
  /** Resolves when the scanner can take more. Never rejects. */
  add(chunk: Buffer): Promise<void>;
  /** Undefined if the scanner did not answer: the file is unscanned. Never rejects. */
  end(): Promise<Verdict | undefined>;
  abort(): void;
}

export interface Scanner {
  begin(): Scan;
  /** Whether it answers. */
  isThere(): Promise<boolean>;
}

export const CONNECT_MS = 5_000;
/** Of a scanner that loads new signatures meanwhile. */
export const ANSWER_MS = 60_000;
const ANSWER_BYTES = 64 * 1024;

export const infected = (found: string): Verdict => ({ kind: 'infected', found: found.slice(0, 200) });

/** Writes pieces to a socket. Resolves when it can take more. Never rejects: a broken connection has no answer. */
export async function write(socket: Socket, pieces: readonly (Buffer | string)[]): Promise<void> {
  if (socket.destroyed || !socket.writable) return;
  let canTakeMore = true;
  for (const piece of pieces) canTakeMore = socket.write(piece);
  if (canTakeMore) return;
  const either = new AbortController();
  const { signal } = either;
  await Promise.race([once(socket, 'drain', { signal }), once(socket, 'close', { signal })]).catch(() => undefined);
  // Takes away the listener of the other one.
  either.abort();
}

/**
 * The answer, which ends the connection. Undefined if the connection fails before it is whole.
 *
 * @param whole the answer in the text so far, if it is whole
 */
export function answerOf(
  socket: Socket,
  whole: (text: string) => string | undefined,
  withinMs?: number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const timer = withinMs && setTimeout(() => socket.destroy(), withinMs);
    const done = (answer: string | undefined): void => {
      if (timer) clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.on('data', (chunk) => {
      text = (text + chunk.toString('latin1')).slice(0, ANSWER_BYTES);
      const answer = whole(text);
      if (answer !== undefined) done(answer);
    });
    socket.on('error', () => done(undefined));
    socket.on('close', () => done(undefined));
  });
}
