import type { Outcome } from '#core/dossier/settle';
import { nfc } from '#core/vietnamese/text';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Exchange } from './http/exchange.ts';

/** What a call without an answer means for what it carried: not sent, or perhaps arrived. */
export function outcomeWithoutReply({
  kind,
  reason,
  message,
}: Exclude<Exchange, { kind: 'reply' }>): Extract<Outcome, { kind: 'unavailable' | 'unknown' }> {
  return { kind: kind === 'unreachable' ? 'unavailable' : 'unknown', reason, message };
}

/** The body of an answer as a JSON object, undefined for everything else: HTML, nothing, a list, a bare value. */
export function jsonObject(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** A value of a partner's answer as trimmed text: text and numbers are, everything else and blank text is absent. */
export function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  return nfc(String(value)).trim() || undefined;
}

const SHOWN = 300;
/** Looked for where a word begins: from each letter of a long one it would take seconds. */
const EMAIL = /(?<![^\s@<>"',;:()])[^\s@<>"',;:()]+@[^\s@<>"',;:()]+/g;
/** Nine digits and more, but not within a code such as H60.01-20250812-0000035. */
const LONG_NUMBER = /(?<!\d|\d[.-])\+?\d(?: ?\d){8,}(?!\d|[.-]\d)/g;

/**
 * A partner's words for logs and operators: cut, and without what would tell who the applicant is. Partners quote what
 * they were sent, often in capitals: the dossier's own values go in whichever case, and whatever looks like a telephone,
 * identity number or e-mail.
 *
 * @param about the dossier, or the dossiers, that the call carried
 * @param hidden other values that must not be shown, such as passwords and tokens
 */
export function partnerText(
  text: string,
  about?: Dossier | readonly (Dossier | undefined)[],
  hidden: readonly (string | undefined)[] = [],
): string {
  const personal = [about].flat().flatMap((dossier) => {
    const { kind: _, identityKind: __, ...values } = dossier?.applicant ?? {};
    return Object.values(values);
  });
  const values = [...personal, ...hidden].filter((value) => value !== undefined && value.length >= 3);
  let shown = nfc(text);
  for (const value of values as string[]) shown = shown.replace(inAnyCase(nfc(value)), '***');
  shown = shown.replace(EMAIL, '***').replace(LONG_NUMBER, '***').replace(/\s+/g, ' ').trim();
  return shown.length > SHOWN ? `${shown.slice(0, SHOWN)}…` : shown;
}

function inAnyCase(value: string): RegExp {
  return new RegExp(value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'giu');
}
