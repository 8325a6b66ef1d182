import {
  type About,
  type Exchange,
  type Outcome,
  outcomeWithoutReply,
  partnerText,
  refused,
  retryAfterMs,
  say,
  type TextOrWords,
  textOrWordsOf,
  unavailable,
  unknown,
  type Words,
} from '#kit';
import { isTemporary, type PortalError, parseReply } from '#mappings/national-portal/envelope';
import type { Settings } from './settings.ts';

export type Answer =
  | {
      readonly kind: 'ok';
      readonly result: readonly unknown[];
      readonly raw: Readonly<Record<string, unknown>>;
      readonly text: string;
    }
  | PortalError
  | Failed;

/** No answer, or an answer that is not the portal's own, with the outcome that follows for the call. */
export interface Failed {
  readonly kind: 'failed';
  readonly outcome: Outcome;
}

export interface Unauthorized {
  readonly kind: 'unauthorized';
}

/** `tell` changes data at the portal: without an answer the change may have happened. `ask` only reads. */
export type Effect = 'ask' | 'tell';

/**
 * Classifies an exchange by the replies of domain 2.11. An empty answer, an HTML page and half an answer are never
 * success.
 */
export function answerOf(exchange: Exchange, effect: Effect, nowMs: number): Answer | Unauthorized {
  if (exchange.kind !== 'reply') {
    const outcome = outcomeWithoutReply(exchange);
    return outcome.kind === 'unknown' ? lost(effect, outcome.reason, textOrWordsOf(outcome)) : failed(outcome);
  }
  const { status, headers, body } = exchange;
  if (status === 401 || status === 403) return { kind: 'unauthorized' };
  const afterMs = retryAfterMs(headers, nowMs);
  if (status === 429 || (status === 503 && afterMs !== undefined))
    return failed(unavailable(`status-${status}`, say('status-asks-to-wait', { status }), afterMs));
  if (status >= 500) return lost(effect, `status-${status}`, say('status', { status }));
  const reply = parseReply(body);
  // Redirects and 4xx without the portal's own words come from a gateway. The portal has not seen the call.
  if (status >= 300)
    return reply.kind === 'error' ? reply : failed(unavailable(`status-${status}`, say('status', { status })));
  if (reply.kind === 'not-a-reply') return lost(effect, 'not-a-reply', say('answer-is', { what: reply.why }));
  return reply.kind === 'ok' ? { ...reply, text: body.toString() } : reply;
}

export function failed(outcome: Outcome): Failed {
  return { kind: 'failed', outcome };
}

function lost(effect: Effect, reason: string, what: TextOrWords): Failed {
  return failed(effect === 'tell' ? unknown(reason, what) : unavailable(reason, what));
}

/** The outcome of the portal's error: `refused`, unless the portal itself calls the error temporary. */
export function outcomeOfError(
  error: PortalError,
  settings: Settings,
  about: readonly (About | undefined)[] = [],
): Outcome {
  const words = said(error, settings, about);
  return isTemporary(error) ? unavailable('busy', words) : refused('refused-by-portal', words);
}

/** The portal's words without the applicants' data, because the portal quotes what it receives. */
export function said(
  { code, message }: PortalError,
  settings: Settings,
  about: readonly (About | undefined)[] = [],
): Words {
  const text = partnerText(message, about, [settings.password]);
  const args = { code: code.slice(0, 20) };
  return text === '' ? say('error-code', args) : say('error-code-said', { ...args, said: text });
}

/** The outcome of an item that the portal may have taken in an earlier call of this attempt. */
export function inDoubt(outcome: Outcome): Outcome {
  return outcome.kind === 'unavailable' ? { ...outcome, kind: 'unknown' } : outcome;
}
