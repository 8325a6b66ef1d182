import { STATUS_CODES } from 'node:http';
import type { WireRecord } from '../../kit/http/exchange.ts';

/** No faithful case can be made of the stored calls. The message says why. */
export class NoCase extends Error {}

/** XML may write any letter as a numeric reference. Decodes them, so that the search finds the letters. */
export function withLetters(call: WireRecord): WireRecord {
  const plain = (text: string): string =>
    text.replace(/&#(?:x([0-9a-f]{2,5})|(\d{3,6}));/gi, (written, hex, decimal) => {
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code > 127 && code < 0x1_0000 ? String.fromCodePoint(code) : written;
    });
  return { ...call, request: plain(call.request), reply: plain(call.reply) };
}

const CUT = /… \(\d+ bytes\)$/;
export const NOT_KEPT = /^\(not kept: /;
export const HIDDEN = '***';

/** @throws NoCase when the stored call differs from the bytes on the wire, or cannot be played */
export function requirePlayable({ request, reply, status }: WireRecord, at: number): void {
  const place = `call ${at + 1} of the attempt`;
  for (const [what, text] of Object.entries({ request, reply })) {
    if (CUT.test(text)) throw new NoCase(`the ${what} of ${place} is stored in part only (it was too long)`);
    if (text.includes('\ufffd'))
      throw new NoCase(`the ${what} of ${place} was not UTF-8 text, and its bytes are not stored`);
    if (/^###/m.test(text))
      throw new NoCase(`the ${what} of ${place} has a line that begins with ###, which divides calls`);
  }
  if (status === undefined && brokenAs(reply) === undefined)
    throw new NoCase(`${place} ended in a way that a case cannot play: ${reply}`);
}

/** Maps the stored words for a missing reply to the case's mark for it; see failureOf in the kit. */
export function brokenAs(reply: string): '!refuse' | '!reset' | '!timeout' | undefined {
  if (/^no connection: /.test(reply)) return '!refuse';
  if (/^no answer within /.test(reply)) return '!timeout';
  return /^the connection broke: /.test(reply) ? '!reset' : undefined;
}

export interface HttpPart {
  readonly start: string;
  readonly body: string;
}

export function requestText({ method, url, request }: WireRecord): HttpPart {
  const { pathname, search } = new URL(url);
  return { start: `${method} ${pathname}${search}`, body: request };
}

export function replyText({ status, reply }: WireRecord): HttpPart {
  if (status !== undefined) return { start: `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd(), body: reply };
  return { start: brokenAs(reply) as string, body: '' };
}
