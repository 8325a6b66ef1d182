import { connect } from 'node:net';
import { ANSWER_MS, answerOf, CONNECT_MS, infected, type Scanner, write } from './scanner.ts';

/**
 * A scanner by clamd's INSTREAM (clamd(8)): lengths and chunks, a length of zero, one line as an answer.
 *
 * @param address `clamd://host:port`, or `clamd:/path/to/socket`
 */
export function createClamd(address: string): Scanner {
  const url = new URL(address);
  const target = url.hostname === '' ? { path: url.pathname } : { host: url.hostname, port: Number(url.port || 3310) };
  return {
    begin() {
      const socket = connect(target);
      socket.setTimeout(ANSWER_MS, () => socket.destroy());
      const answer = answerOf(socket, line);
      void write(socket, ['zINSTREAM\0']);
      return {
        add: (chunk) => write(socket, [lengthOf(chunk.length), chunk]),
        async end() {
          void write(socket, [lengthOf(0)]);
          const said = (await answer) ?? '';
          const [, found] = /^stream: (.*) FOUND$/.exec(said) ?? [];
          if (found !== undefined) return infected(found);
          return said === 'stream: OK' ? { kind: 'clean' } : undefined;
        },
        abort: () => socket.destroy(),
      };
    },
    async isThere() {
      const socket = connect(target);
      const answer = answerOf(socket, line, CONNECT_MS);
      void write(socket, ['zPING\0']);
      return (await answer) === 'PONG';
    },
  };
}

const line = (text: string): string | undefined =>
  text.includes('\0') ? text.slice(0, text.indexOf('\0')) : undefined;

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return length;
}
