import { createHmac } from 'node:crypto';

/**
 * The headers of a signed webhook, by the Standard Webhooks specification: `v1,` and the HMAC-SHA256 of
 * `id.timestamp.body` in base64. Each secret gives one signature, so two secrets are valid during a rotation.
 *
 * @param secrets `whsec_` and base64, or any text
 * @param nowMs epoch milliseconds
 */
export function webhookHeaders(
  id: string,
  body: string,
  secrets: readonly string[],
  nowMs: number,
): Readonly<Record<string, string>> {
  const timestamp = Math.floor(nowMs / 1000).toString();
  const signatures = secrets.map((secret) => {
    const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret;
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
