import { createHmac } from 'node:crypto';
import { sameText } from '../secrets/same-text.ts';

/**
 * A token for a partner that showed the agreed secret: its end and a signature by that secret. It ends early when the
 * secret changes. Nothing is stored.
 *
 * @param endsAtMs epoch milliseconds
 */
export function issueToken(secret: string, endsAtMs: number): string {
  return `${endsAtMs}.${createHmac('sha256', secret).update(`token ${endsAtMs}`).digest('hex')}`;
}

/** Whether a request shows a token of `issueToken` that has not ended, as `Authorization: Bearer …`. */
export function isIssuedToken(headers: Headers, secret: string, nowMs: number): boolean {
  const [, token = '', endsAt = ''] =
    /^Bearer +((\d{1,16})\.[0-9a-f]{64})$/i.exec(headers.get('authorization') ?? '') ?? [];
  return secret !== '' && sameText(token, issueToken(secret, Number(endsAt))) && nowMs < Number(endsAt);
}
