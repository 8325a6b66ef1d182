import type { Outcome } from '#core/dossier/settle';
import { retryAfterMs } from '../http/retry-after.ts';
import { outcomeWithoutReply } from '../replies.ts';
import type { SoapResult } from './call-soap.ts';

type Failure = Exclude<Outcome, { kind: 'delivered' }>;
export type SoapFailure = Exclude<SoapResult, { kind: 'answer' }>;

/** Statuses of servers in front of the service, which has not seen the call. */
const NOT_THERE = new Set([404, 405, 408, 421]);
/** After these statuses an HTML page proves nothing: the service may have carried out the call. */
const PERHAPS_DONE = new Set([500, 502, 504]);

/**
 * The outcome of a call without an answer. Server faults are retried. Client faults are refused with code, reason and
 * detail. An HTML page comes from a proxy. Half an answer, or an empty one, leaves the item in doubt.
 *
 * @param shown removes secrets and the applicant's data from the partner's words
 */
export function soapOutcome(failure: SoapFailure, shown: (text: string) => string, nowMs: number): Failure {
  if (failure.kind === 'unsent') return unavailable(failure.reason, shown(failure.message));
  if (failure.kind === 'unreachable' || failure.kind === 'lost') return outcomeWithoutReply(failure);
  const { status, headers } = failure;
  const wait = retryAfterMs(headers, nowMs);
  if (status === 429 || status === 503) return unavailable(`status-${status}`, `status ${status}`, wait);
  if (status === 401 || status === 403) return unavailable('credentials', `we are not let in: status ${status}`);
  if (failure.kind === 'fault') {
    const { side, code, reason, detail } = failure.fault;
    const told = shown([code, reason, detail].filter((part) => part !== '').join(': '));
    if (side === 'client')
      return { kind: 'refused', reason: 'fault-client', message: `a fault of ours, it says: ${told}` };
    if (side === 'server') return unavailable('fault-server', `a fault of theirs, it says: ${told}`, wait);
    if (side === 'security') return unavailable('credentials', `we are not let in: ${told}`);
    return { kind: 'unknown', reason: 'fault', message: `a fault that does not say whose it is: ${told}` };
  }
  const message = `status ${status}, and no answer: ${failure.message}`;
  const isBefore = NOT_THERE.has(status) || (failure.reason === 'html' && !PERHAPS_DONE.has(status));
  return isBefore ? unavailable(failure.reason, message, wait) : { kind: 'unknown', reason: failure.reason, message };
}

function unavailable(reason: string, message: string, retryMs?: number): Failure {
  return { kind: 'unavailable', reason, message, ...(retryMs !== undefined && { retryAfterMs: retryMs }) };
}
