import { NOTHING_NEW, type Outcome } from '#core/dossier/settle';
import { serviceKey } from '#core/identifiers/identifiers';
import { type Cause, unmappedCause } from '#core/problem';
import { type Said, say, type Words } from '#messages/message';
import { received } from '#messages/received';
import { spoken } from '#messages/render';

/** @param note what was cut or left out, for operators; without personal data */
export const delivered = (reference?: string, note?: Said): Outcome => ({
  kind: 'delivered',
  reference: reference || undefined,
  ...(note && noted(note)),
});

function noted(said: Said): { readonly note: string; readonly words?: Words | undefined } {
  const { message: note, words } = spoken(said);
  return { note, words };
}

/**
 * Delivered without a call, because there is nothing to send.
 *
 * @param note why
 */
export const nothingToSend = (note: Said): Outcome => ({ kind: 'delivered', reason: NOTHING_NEW, ...noted(note) });

export const refused = (reason: string, said: Said, cause?: Cause): Outcome => ({
  kind: 'refused',
  reason,
  ...spoken(said),
  cause,
});

export const unavailable = (reason: string, said: Said, retryAfterMs?: number): Outcome => ({
  kind: 'unavailable',
  reason,
  ...spoken(said),
  retryAfterMs,
});

/** The partner asks for no more calls. Its party pauses until an operator resumes it. Nothing is lost. */
export const stopRequested = (reason: string, said: Said): Outcome => ({
  kind: 'unavailable',
  reason,
  ...spoken(said),
  pauses: true,
});

export const unknown = (reason: string, said: Said): Outcome => ({ kind: 'unknown', reason, ...spoken(said) });

/** No table maps this code, ours or theirs. The delivery waits for an entry. */
export function unmapped(table: string, code: string): Outcome {
  const words = say('no-table-entry', { table, got: received(code) });
  return refused('unmapped', words, unmappedCause(table, code, words));
}

/** Neither the catalogue nor the partner describes this service. The delivery waits for the catalogue. */
export const unknownService = (code: string): Outcome => unmapped('service', serviceKey(code));

/** Nothing names this agency. The delivery waits for the catalogue. */
export const unknownAgency = (code: string): Outcome => unmapped('agency', code);
