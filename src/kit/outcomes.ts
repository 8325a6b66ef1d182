import { NOTHING_NEW, type Outcome } from '#core/dossier/settle';
import { serviceKey } from '#core/identifiers/identifiers';
import { type Cause, unmappedCause } from '#core/problem';

/** @param note what was cut or left out, for operators; without personal data */
export const delivered = (reference?: string, note?: string): Outcome => ({
  kind: 'delivered',
  ...(reference && { reference }),
  ...(note && { note }),
});

/**
 * Delivered without a call, because there is nothing to send.
 *
 * @param note why
 */
export const nothingToSend = (note: string): Outcome => ({ kind: 'delivered', reason: NOTHING_NEW, note });

export const refused = (reason: string, message: string, cause?: Cause): Outcome => ({
  kind: 'refused',
  reason,
  message,
  ...(cause && { cause }),
});

export const unavailable = (reason: string, message: string, retryAfterMs?: number): Outcome => ({
  kind: 'unavailable',
  reason,
  message,
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});

/** The partner asks for no more calls. Its party pauses until an operator resumes it. Nothing is lost. */
export const stopRequested = (reason: string, message: string): Outcome => ({
  kind: 'unavailable',
  reason,
  message,
  pauses: true,
});

export const unknown = (reason: string, message: string): Outcome => ({ kind: 'unknown', reason, message });

/** No table maps this code, ours or theirs. The delivery waits for an entry. */
export function unmapped(table: string, code: string): Outcome {
  const message = `no ${table} is known for ${JSON.stringify(code)}`;
  return refused('unmapped', message, unmappedCause(table, code, message));
}

/** Neither the catalogue nor the partner describes this service. The delivery waits for the catalogue. */
export const unknownService = (code: string): Outcome => unmapped('service', serviceKey(code));

/** Nothing names this agency. The delivery waits for the catalogue. */
export const unknownAgency = (code: string): Outcome => unmapped('agency', code);
