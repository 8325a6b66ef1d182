import { NOTHING_NEW, type Outcome } from '#core/dossier/settle';
import { serviceKey } from '#core/identifiers/identifiers';
import { type Cause, unmappedKey } from '#core/problem';

/** @param note what the partner could not be told in full, for operators to see; without personal data */
export const delivered = (reference?: string, note?: string): Outcome => ({
  kind: 'delivered',
  ...(reference && { reference }),
  ...(note && { note }),
});

/** Delivered, for there is nothing to tell. @param note why */
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

/** The partner wants to be called no more: its party is paused until an operator resumes it, and nothing is lost. */
export const stopRequested = (reason: string, message: string): Outcome => ({
  ...{ kind: 'unavailable', reason, message, pauses: true },
});

export const unknown = (reason: string, message: string): Outcome => ({ kind: 'unknown', reason, message });

/** A code of ours or theirs that no table maps: the delivery waits until one does. */
export function unmapped(table: string, code: string): Outcome {
  const message = `no ${table} is known for ${JSON.stringify(code)}`;
  return refused('unmapped', message, { kind: 'unmapped', key: unmappedKey(table, code), message });
}

/** A service that neither the catalogue nor the partner describes: the delivery waits until the catalogue knows it. */
export const unknownService = (code: string): Outcome => unmapped('service', serviceKey(code));

/** An agency whose name nobody gives: the delivery waits until the catalogue knows it. */
export const unknownAgency = (code: string): Outcome => unmapped('agency', code);
