import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

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

const CONNECT_MS = 5_000;
/** Of a scanner that loads new signatures meanwhile. */
const ANSWER_MS = 60_000;

/**
 * A scanner by clamd's INSTREAM (clamd(8)): lengths and chunks, a length of zero, one line as an answer.
 *
 * @param address `clamd://host:port`, or `clamd:/path/to/socket`
 */
export function createClamd(address: string): Scanner {
  const url = new URL(address);
  const target = url.hostname === '' ? { path: url.pathname } : { host: url.hostname, port: Number(url.port || 3310) };
  return {
    begin: () => beginScan(() => connect(target)),
    async isThere() {
      const answer = await asked(connect(target), 'zPING\0');
      return answer === 'PONG';
    },
  };
}

async function asked(socket: Socket, question: string): Promise<string | undefined> {
  const answer = answerOf(socket, CONNECT_MS);
  socket.write(question);
  return answer;
}

function beginScan(open: () => Socket): Scan {
  const socket = open();
  socket.setTimeout(ANSWER_MS, () => socket.destroy());
  const answer = answerOf(socket);
  socket.write('zINSTREAM\0');
  return {
    async add(chunk) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(chunk.length);
      if (socket.destroyed || !socket.writable) return;
      socket.write(length);
      if (!socket.write(chunk))
        await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined);
    },
    async end() {
      if (socket.writable) socket.write(Buffer.alloc(4));
      const said = (await answer) ?? '';
      const [, found] = /^stream: (.*) FOUND$/.exec(said) ?? [];
      if (found !== undefined) return { kind: 'infected', found: found.slice(0, 200) };
      return said === 'stream: OK' ? { kind: 'clean' } : undefined;
    },
    abort: () => socket.destroy(),
  };
}

/** The whole answer. Undefined if the connection fails. */
function answerOf(socket: Socket, withinMs?: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const timer = withinMs && setTimeout(() => socket.destroy(), withinMs);
    const done = (answer: string | undefined): void => {
      if (timer) clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.on('data', (chunk) => {
      text = (text + chunk.toString('latin1')).slice(0, 1_000);
      if (text.includes('\0')) done(text.slice(0, text.indexOf('\0')));
    });
    socket.on('error', () => done(undefined));
    socket.on('close', () => done(undefined));
  });
}
