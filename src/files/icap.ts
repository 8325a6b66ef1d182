import { connect } from 'node:net';
import { ANSWER_MS, answerOf, CONNECT_MS, infected, type Scanner, type Verdict, write } from './scanner.ts';

/** The file as the answer of a server that a browser asked: scanners look at those. */
const ASKED = 'GET http://lienthong.invalid/file HTTP/1.1\r\nHost: lienthong.invalid\r\n\r\n';
const ANSWERED = 'HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const ENCAPSULATED = `req-hdr=0, res-hdr=${ASKED.length}, res-body=${ASKED.length + ANSWERED.length}`;

/**
 * A scanner by ICAP's RESPMOD (RFC 3507). The file is clean if the scanner leaves it unmodified (204).
 *
 * @param address `icap://host:port/service`
 */
export function createIcap(address: string): Scanner {
  const url = new URL(address);
  const target = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 1344) };
  const head = (method: string, more: string): string =>
    `${method} ${address} ICAP/1.0\r\nHost: ${url.host}\r\nUser-Agent: lienthong\r\nConnection: close\r\n${more}\r\n`;
  return {
    begin() {
      const socket = connect(target);
      socket.setTimeout(ANSWER_MS, () => socket.destroy());
      const answer = answerOf(socket, heads);
      void write(socket, [head('RESPMOD', `Allow: 204\r\nEncapsulated: ${ENCAPSULATED}\r\n`), ASKED, ANSWERED]);
      return {
        // A chunk of no bytes would end the body.
        async add(chunk) {
          if (chunk.length > 0) await write(socket, [`${chunk.length.toString(16)}\r\n`, chunk, '\r\n']);
        },
        async end() {
          void write(socket, ['0\r\n\r\n']);
          return verdictIn((await answer) ?? '');
        },
        abort: () => socket.destroy(),
      };
    },
    async isThere() {
      const socket = connect(target);
      const answer = answerOf(socket, heads, CONNECT_MS);
      void write(socket, [head('OPTIONS', 'Encapsulated: null-body=0\r\n')]);
      return statusOf((await answer) ?? '') === 200;
    },
  };
}

/** The headers of ICAP, and those of a changed file behind them. */
function heads(text: string): string | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const own = text.slice(0, end + 2);
  if (statusOf(own) !== 200 || !/^Encapsulated:.*res-hdr=/im.test(own)) return own;
  const endOfFile = text.indexOf('\r\n\r\n', end + 4);
  return endOfFile < 0 ? undefined : text.slice(0, endOfFile + 2);
}

const statusOf = (text: string): number => Number(/^ICAP\/1\.0 (\d{3})/.exec(text)?.[1]);

/**
 * Scanners name a virus by X-Infection-Found or X-Virus-ID. One without them answers with a page that refuses the file. Any
 * other answer says nothing: the file stays unscanned.
 */
function verdictIn(text: string): Verdict | undefined {
  const status = statusOf(text);
  const own = text.slice(0, text.indexOf('\r\n\r\n') < 0 ? undefined : text.indexOf('\r\n\r\n') + 2);
  const [, threat] = /^X-Infection-Found:.*?Threat=([^;\r\n]+)/im.exec(own) ?? [];
  const [, virus] = /^X-Virus-ID:[ \t]*([^\r\n]+)/im.exec(own) ?? [];
  const found = threat ?? virus;
  if (found !== undefined) return infected(found.trim());
  if (status === 204) return { kind: 'clean' };
  const [, page] = /\r\n\r\nHTTP\/1\.[01] (\d{3})/.exec(text) ?? [];
  return status === 200 && Number(page) >= 400 ? infected(`HTTP ${page}`) : undefined;
}
