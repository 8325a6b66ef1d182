import { NOTHING_NEW, type Outcome, type PartnerAnswer } from '#core/dossier/settle';
import { serviceKey } from '#core/identifiers/identifiers';
import { type Cause, unmappedCause } from '#core/problem';
import { say, type TextOrWords, type Words } from '#messages/message';
import { received } from '#messages/received';
import { sentenceOf } from '#messages/render';

/**
 * @param note what was cut or left out, for operators; without personal data
 * @param answer what the partner's answer says of the record, read by the adapter's `answers`
 */
export const delivered = (reference?: string, note?: TextOrWords, answer?: PartnerAnswer): Outcome => ({
  kind: 'delivered',
  reference: reference || undefined,
  ...noted(note),
  answer,
});

function noted(said?: TextOrWords): { readonly note: string; readonly words?: Words | undefined } | undefined {
  if (!said) return undefined;
  const { message: note, words } = sentenceOf(said);
  return { note, words };
}

/**
 * Delivered without a call, because there is nothing to send.
 *
 * @param note why
 */
export const nothingToSend = (note: TextOrWords): Outcome => ({
  kind: 'delivered',
  reason: NOTHING_NEW,
  ...noted(note),
});

export const refused = (reason: string, said: TextOrWords, cause?: Cause): Extract<Outcome, { kind: 'refused' }> => ({
  kind: 'refused',
  reason,
  ...sentenceOf(said),
  cause,
});

export const unavailable = (
  reason: string,
  said: TextOrWords,
  retryAfterMs?: number,
): Extract<Outcome, { kind: 'unavailable' }> => ({
  kind: 'unavailable',
  reason,
  ...sentenceOf(said),
  retryAfterMs,
});

/** The partner asks for no more calls. Its party pauses until an operator resumes it. Nothing is lost. */
export const stopRequested = (reason: string, said: TextOrWords): Outcome => ({
  kind: 'unavailable',
  reason,
  ...sentenceOf(said),
  pauses: true,
});

export const unknown = (reason: string, said: TextOrWords): Extract<Outcome, { kind: 'unknown' }> => ({
  kind: 'unknown',
  reason,
  ...sentenceOf(said),
});

/** No table maps this code, ours or theirs. The delivery waits for an entry. */
export function unmapped(table: string, code: string): Outcome {
  const words = say('no-table-entry', { table, got: received(code) });
  return refused('unmapped', words, unmappedCause(table, code, words));
}

/** Neither the catalogue nor the partner describes this service. The delivery waits for the catalogue. */
export const unknownService = (code: string): Outcome => unmapped('service', serviceKey(code));

/** Nothing names this agency. The delivery waits for the catalogue. */
export const unknownAgency = (code: string): Outcome => unmapped('agency', code);
