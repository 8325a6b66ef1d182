import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { EICAR } from './clamd.ts';

/** How a stand-in says that it found a virus: scanners do it in several ways. */
export type IcapForm = 'X-Infection-Found' | 'X-Virus-ID' | 'page';

/**
 * A stand-in for an ICAP server with one service, on a free port of this machine. Strict: answers 400 to a request whose
 * encapsulated parts do not lie where it says (RFC 3507, 4.4.1), or whose chunks are wrong.
 */
export async function startIcap(form: IcapForm = 'X-Infection-Found') {
  const server = createServer((socket) => {
    let bytes = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      const answer = answerTo(bytes, form);
      if (answer !== undefined) end(socket, answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `icap://127.0.0.1:${port}/avscan`, close: () => new Promise((resolve) => server.close(resolve)) };
}

function end(socket: Socket, answer: string): void {
  socket.removeAllListeners('data').resume();
  socket.end(answer);
}

function answerTo(bytes: Buffer, form: IcapForm): string | undefined {
  const text = bytes.toString('latin1');
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [first = '', ...lines] = text.slice(0, headEnd).split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  if (!/ icap:\/\/127\.0\.0\.1:\d+\/avscan ICAP\/1\.0$/.test(first) || !headers.has('host')) return WRONG;
  if (first.startsWith('OPTIONS ')) return 'ICAP/1.0 200 OK\r\nMethods: RESPMOD\r\nEncapsulated: null-body=0\r\n\r\n';
  const [, response, body] = /^req-hdr=0, res-hdr=(\d+), res-body=(\d+)$/.exec(headers.get('encapsulated') ?? '') ?? [];
  const inside = text.slice(headEnd + 4);
  if (inside.length < Number(body)) return undefined;
  const [asked, answered] = [inside.slice(0, Number(response)), inside.slice(Number(response), Number(body))];
  const areParts =
    asked.startsWith('GET ') && asked.endsWith('\r\n\r\n') && /^HTTP\/1\.1 200 .*\r\n\r\n$/s.test(answered);
  if (headers.get('allow') !== '204' || !areParts) return WRONG;
  const content = unchunked(inside.slice(Number(body)));
  if (content === undefined) return undefined;
  if (content === WRONG) return WRONG;
  return content.includes(EICAR) ? infectedBy(form) : 'ICAP/1.0 204 No Content\r\nISTag: "thu"\r\n\r\n';
}

/** The content once it is whole. */
function unchunked(text: string): string | undefined {
  let [rest, content] = [text, ''];
  for (;;) {
    const lineEnd = rest.indexOf('\r\n');
    if (lineEnd < 0) return undefined;
    const size = rest.slice(0, lineEnd);
    if (!/^[0-9a-f]+$/.test(size)) return WRONG;
    const length = Number.parseInt(size, 16);
    const end = lineEnd + 2 + length;
    if (rest.length < end + 2) return undefined;
    if (rest.slice(end, end + 2) !== '\r\n') return WRONG;
    if (length === 0) return content;
    content += rest.slice(lineEnd + 2, end);
    rest = rest.slice(end + 2);
  }
}

const WRONG = 'ICAP/1.0 400 Bad Request\r\n\r\n';
const PAGE = 'HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n';

function infectedBy(form: IcapForm): string {
  const named = {
    'X-Infection-Found': 'X-Infection-Found: Type=0; Resolution=2; Threat=Eicar-Test-Signature;\r\n',
    'X-Virus-ID': 'X-Virus-ID: Eicar-Test-Signature\r\n',
    page: '',
  }[form];
  return `ICAP/1.0 200 OK\r\n${named}Encapsulated: res-hdr=0, res-body=${PAGE.length}\r\n\r\n${PAGE}5\r\n<p>\r\n\r\n0\r\n\r\n`;
}
