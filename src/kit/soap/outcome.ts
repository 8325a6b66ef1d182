import type { Failure } from '#core/dossier/settle';
import { maskWords } from '#core/masking/mask-words';
import { quotedText, say, textOrWordsOf } from '#messages/message';
import { retryAfterMs } from '../http/retry-after.ts';
import { refused, unavailable, unknown } from '../outcomes.ts';
import { outcomeWithoutReply } from '../replies.ts';
import type { SoapResult } from './call-soap.ts';

type SoapFailure = Exclude<SoapResult, { kind: 'answer' }>;

/** Statuses of servers in front of the service, which has not seen the call. */
const NOT_THERE = new Set([404, 405, 408, 421]);
/** After these statuses an HTML page proves nothing: the service may have carried out the call. */
const PERHAPS_DONE = new Set([500, 502, 504]);

/**
 * The outcome of a call without an answer. After a server fault the call may have been carried out, so that the item is in
 * doubt. Client faults are refused with code, reason and detail. An HTML page comes from a proxy. Half an answer, or an
 * empty one, leaves the item in doubt.
 *
 * @param shown removes secrets and the applicant's data from the partner's words
 * @param idempotent a repeat of the call does no harm, so that a server fault leaves no doubt
 */
export function soapOutcome(
  failure: SoapFailure,
  shown: (text: string) => string,
  nowMs: number,
  { idempotent }: { readonly idempotent: boolean } = { idempotent: false },
): Failure {
  if (failure.kind === 'unsent') {
    const { words } = failure;
    return unavailable(failure.reason, words ? maskWords(words, shown) : shown(failure.message));
  }
  if (failure.kind === 'unreachable' || failure.kind === 'lost') return outcomeWithoutReply(failure);
  const { status, headers } = failure;
  const wait = retryAfterMs(headers, nowMs);
  if (status === 429 || status === 503) return unavailable(`status-${status}`, say('status', { status }), wait);
  if (status === 401 || status === 403)
    return unavailable('credentials', say('not-let-in', { why: say('status', { status }) }));
  if (failure.kind === 'fault') {
    const { side, code, reason, detail } = failure.fault;
    const told = shown([code, reason, detail].filter((part) => part !== '').join(': '));
    if (side === 'client') return refused('fault-client', say('fault-of-ours', { said: told }));
    if (side === 'server') {
      const words = say('fault-of-theirs', { said: told });
      return idempotent ? unavailable('fault-server', words, wait) : unknown('fault-server', words);
    }
    if (side === 'security') return unavailable('credentials', say('not-let-in', { why: quotedText(told) }));
    return unknown('fault', say('fault-of-nobody', { said: told }));
  }
  const words = say('status-without-answer', { status, why: textOrWordsOf(failure) });
  const isBefore = NOT_THERE.has(status) || (failure.reason === 'html' && !PERHAPS_DONE.has(status));
  return isBefore ? unavailable(failure.reason, words, wait) : unknown(failure.reason, words);
}
