import type { Call, Exchange, StreamedBody, WireRecord } from './exchange.ts';

const WIRE_BYTES = 64 * 1024;

export function bytesOf(body: Uint8Array | undefined): Buffer | undefined {
  return body && Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

export function wireOf(call: Call, result: Exchange): WireRecord {
  const secrets = (call.hide ?? []).filter((text) => text !== '');
  const hidden = [...new Set(secrets.flatMap(asWritten))];
  const shown = (body: string | Uint8Array | StreamedBody): string => {
    const text = hidden.reduce(
      (text, one) => text.replaceAll(one, '***'),
      clip('open' in Object(body) ? (body as StreamedBody).shown : (body as string | Uint8Array)),
    );
    return ESCAPE.test(text) ? secrets.reduce((text, one) => text.replace(inEscapes(one), '***'), text) : text;
  };
  const request = call.secret ? '(not kept: it carries a password)' : shown(call.body ?? '');
  const url = hidden.reduce((text, one) => text.replaceAll(one, '***'), call.url);
  const base = { method: call.method ?? 'POST', url, request };
  if (result.kind !== 'reply') return { ...base, reply: result.message };
  return {
    ...base,
    status: result.status,
    reply: call.secret ? '(not kept: it carries a session)' : shown(result.body),
  };
}

/** The forms of a text within a call: plain, in JSON (some write `/` as `\\/`), in a path, and in a form or query. */
function asWritten(text: string): readonly string[] {
  const inJson = JSON.stringify(text).slice(1, -1);
  const inForm = `${new URLSearchParams([['', text]])}`.slice(1);
  return [text, inJson, inJson.replaceAll('/', '\\/'), encodeURIComponent(text), inForm];
}

const ESCAPE = /\\u[0-9a-f]{4}/i;

/** Matches a text in JSON with any letters escaped. PHP and Python escape accented letters, .NET more. */
function inEscapes(text: string): RegExp {
  const letters = [...text].map((letter) => {
    const written = JSON.stringify(letter)
      .slice(1, -1)
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const numbers = letter.split('').map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'));
    const escapes = numbers.map(
      (number) => `\\\\u${number.replace(/[a-f]/g, (hex) => `[${hex}${hex.toUpperCase()}]`)}`,
    );
    return `(?:${letter === '/' ? '\\\\?/' : written}|${escapes.join('')})`;
  });
  return new RegExp(letters.join(''), 'g');
}

function clip(body: string | Uint8Array): string {
  // A UTF-16 unit takes at most three bytes in UTF-8.
  if (typeof body === 'string' && body.length * 3 <= WIRE_BYTES) return body;
  const bytes = typeof body === 'string' ? Buffer.from(body) : (bytesOf(body) as Buffer);
  return bytes.length > WIRE_BYTES
    ? `${bytes.subarray(0, WIRE_BYTES).toString()}… (${bytes.length} bytes)`
    : bytes.toString();
}
