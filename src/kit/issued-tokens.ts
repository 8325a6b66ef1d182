import { createHmac } from 'node:crypto';
import { sameText } from '../secrets/same-text.ts';

/**
 * Tokens for a partner that showed the agreed secret: their end and a signature by that secret. They end early when the
 * secret changes. Nothing is stored.
 */
export function issuedTokens(secret: string) {
  const sign = (endsAt: string): string => createHmac('sha256', secret).update(`token ${endsAt}`).digest('hex');
  return {
    /** @param endsAtMs epoch milliseconds */
    issue: (endsAtMs: number): string => `${endsAtMs}.${sign(String(endsAtMs))}`,
    /** Whether a request shows one that has not ended, as `Authorization: Bearer …`. */
    isShown(headers: Headers, nowMs: number): boolean {
      const [, endsAt = '', signature = ''] =
        /^Bearer +(\d{1,16})\.([0-9a-f]{64})$/i.exec(headers.get('authorization') ?? '') ?? [];
      return secret !== '' && sameText(signature, sign(endsAt)) && nowMs < Number(endsAt);
    },
  };
}
