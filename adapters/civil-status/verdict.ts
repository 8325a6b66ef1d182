import {
  delivered,
  jsonObject,
  type Outcome,
  partnerText,
  quotedText,
  type Reply,
  refused,
  retryAfterMs,
  say,
  textOf,
  unavailable,
  unknown,
} from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { described, secretsOf } from './client.ts';
import { complaintOf, reasonsIn } from './reasons.ts';
import type { Settings } from './settings.ts';

/** Error codes of the ministry: wrong key, address not allowed, unknown unit. */
const ACCESS_CODES = new Set(['100', '101']);
const UNIT_CODE = '106';
const SHOWN_REASONS = 10;

/**
 * What the ministry's reply to a registration means. Permanent complaints about the content arrive as status 500, in
 * HTTP or in the body, so the words decide. Without words the ministry may have registered the dossier.
 */
export function verdictOf(settings: Settings, reply: Reply, dossier: Dossier, nowMs: number): Outcome {
  const { status, headers, body } = reply;
  const answer = jsonObject(body);
  const isRefusedByGateway = status === 429 || status === 503 || (status >= 300 && status < 500 && isForeign(answer));
  if (isRefusedByGateway)
    return unavailable(`status-${status}`, described(settings, reply, dossier), retryAfterMs(headers, nowMs));
  if (!answer) return unknown('no-answer', say('without-json', { why: described(settings, reply, dossier) }));
  if (status < 300 && textOf(answer.status) === '1') return delivered();
  const reasons = reasonsIn(answer.errors, answer.errorDescription, answer.statusDescription, answer.message);
  const code = textOf(answer.errorCode);
  const told = partnerText(reasons.slice(0, SHOWN_REASONS).join('; '), dossier, secretsOf(settings));
  const kinds = new Set(reasons.map(complaintOf));
  if (kinds.has('of-content')) return refused('validation', say('ministry-refuses-content', { said: told }));
  if (ACCESS_CODES.has(code ?? '') || kinds.has('of-access'))
    return unavailable('credentials', say('ministry-keeps-us-out-said', { said: told }));
  if (code === UNIT_CODE) return refused('unit', say('ministry-unit-unknown', { said: told }));
  if (kinds.has('taken-before')) return delivered('already-registered');
  if (status < 500 && textOf(answer.status) === '0' && told !== '')
    return refused('rejected', say('ministry-refuses', { why: quotedText(told) }));
  return unknown(
    status >= 500 ? `status-${status}` : 'error',
    told
      ? say('status-of-said', { status: described(settings, reply, dossier), said: told })
      : described(settings, reply, dossier),
  );
}

/** Whether an answer lacks the ministry's own form. */
function isForeign(answer: Readonly<Record<string, unknown>> | undefined): boolean {
  return answer === undefined || (!Object.hasOwn(answer, 'status') && !Object.hasOwn(answer, 'errorCode'));
}
