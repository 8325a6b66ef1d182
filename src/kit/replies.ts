import type { Outcome } from '#core/dossier/settle';
import { isTooDeep, parseExactly } from '#core/exact-json';
import { nfc } from '#core/vietnamese/text';
import { say, type Words } from '#messages/message';
import type { Exchange } from './http/exchange.ts';

/** The outcome of a call without a reply: not sent, or perhaps received. */
export function outcomeWithoutReply({
  kind,
  reason,
  message,
  words,
}: Exclude<Exchange, { kind: 'reply' }>): Extract<Outcome, { kind: 'unavailable' | 'unknown' }> {
  return { kind: kind === 'unreachable' ? 'unavailable' : 'unknown', reason, message, words };
}

/**
 * Parses a body as a JSON object, with or without a byte order mark, which .NET may write. A number that JSON.parse would
 * change, such as an id of twenty digits, becomes a text as written. Undefined for everything else: HTML, nothing, a list, a
 * bare value, and what no real system nests so deep.
 */
export function jsonObject(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  const text = Buffer.from(body)
    .toString()
    .replace(/^\uFEFF/, '');
  if (isTooDeep(text)) return undefined;
  try {
    const value = parseExactly(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** A value of a partner's answer as trimmed text. Undefined for blanks and for everything but texts and numbers. */
export function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  return nfc(String(value)).trim() || undefined;
}

const SHOWN = 300;
/** Matches only from the start of a word. Tried at each letter of a long word, it would take seconds. */
const EMAIL = /(?<![^\s@<>"',;:()])[^\s@<>"',;:()]+@[^\s@<>"',;:()]+/g;
/** Nine or more digits, but not within a code such as H60.01-20250812-0000035. */
const LONG_NUMBER = /(?<!\d|\d[.-])\+?\d(?: ?\d){8,}(?!\d|[.-]\d)/g;

/** The record of a call, for the person whose data a partner may quote. */
export interface About {
  readonly applicant?: object | undefined;
}

/**
 * A partner's words for logs and operators: cut, and without data that identifies the applicant. Partners quote
 * requests, often in capitals. So the dossier's own values go in any case, and so does everything that looks like a
 * phone number, identity number or e-mail address.
 *
 * @param about the dossier or dossiers of the call, or another record's person
 * @param hidden other values to hide, such as passwords and tokens
 */
export function partnerText(
  text: string,
  about?: About | readonly (About | undefined)[],
  hidden: readonly (string | undefined)[] = [],
): string {
  const personal = [about].flat().flatMap((dossier) => {
    const { kind: _, identityKind: __, ...values }: Readonly<Record<string, string>> = { ...dossier?.applicant };
    return Object.values(values);
  });
  const values = [...personal, ...hidden].filter((value) => value !== undefined && value.length >= 3);
  let shown = nfc(text);
  for (const value of values as string[]) shown = shown.replace(inAnyCase(nfc(value)), '***');
  shown = shown.replace(EMAIL, '***').replace(LONG_NUMBER, '***').replace(/\s+/g, ' ').trim();
  return shown.length > SHOWN ? `${shown.slice(0, SHOWN)}…` : shown;
}

/**
 * A reply in a few words: its status, and the partner's own reason without people and secrets.
 *
 * @param members where the partner's JSON has the reason, the best first: `fault.message`
 * @param about and `hidden` as for `partnerText`
 */
export function describeReply(
  { status, body }: { readonly status: number; readonly body: Uint8Array },
  members: readonly string[],
  about?: About | readonly (About | undefined)[],
  hidden?: readonly (string | undefined)[],
): Words {
  const answer = jsonObject(body);
  const [said] = members.flatMap((path) => textOf(valueAt(answer, path)) ?? []);
  return said === undefined
    ? say('status', { status })
    : say('status-said', { status, said: partnerText(said, about, hidden) });
}

function valueAt(answer: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Readonly<Record<string, unknown>> | null | undefined)?.[name], answer);
}

function inAnyCase(value: string): RegExp {
  return new RegExp(value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'giu');
}
