/** The headers of Standard Webhooks, by any way of reading them. */
export interface WebhookHeaders {
  readonly id: string | null | undefined;
  readonly timestamp: string | null | undefined;
  readonly signature: string | null | undefined;
}

export interface HubEvent {
  /** The same at every attempt: use it to recognise repeats. */
  readonly id: string;
  /** Such as `dossier.changed`. Ignore types that you do not know. */
  readonly type: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** How far the clocks of both sides may differ. */
const TOLERANCE_S = 300;

/**
 * Checks a webhook of the hub (standardwebhooks.com), and reads it.
 * @param body as it was received, before any parser
 * @param secrets every valid secret: two while one replaces the other
 * @throws Error that says what is wrong. Answer 400 then
 */
export async function verifyWebhook(
  body: string,
  { id, timestamp, signature }: WebhookHeaders,
  secrets: readonly string[],
  nowMs: number = Date.now(),
): Promise<HubEvent> {
  if (!id || !timestamp || !signature) throw new Error('webhook-id, webhook-timestamp or webhook-signature is missing');
  if (!(Math.abs(nowMs / 1000 - Number(timestamp)) <= TOLERANCE_S))
    throw new Error(`webhook-timestamp: got ${timestamp}, expected a second within ${TOLERANCE_S} s of now`);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  const given = signature
    .split(' ')
    .filter((one) => one.startsWith('v1,'))
    .map((one) => one.slice(3));
  const matches = await Promise.all(secrets.flatMap((secret) => given.map((one) => isSignedBy(secret, one, signed))));
  if (!matches.includes(true)) throw new Error('webhook-signature: no signature is by a known secret');
  return { id, ...(JSON.parse(body) as Omit<HubEvent, 'id'>) };
}

/** The platform compares in constant time. */
async function isSignedBy(secret: string, signature: string, signed: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const raw = secret.startsWith('whsec_') ? fromBase64(secret.slice(6)) : new TextEncoder().encode(secret);
  const bytes = raw && fromBase64(signature);
  if (!bytes) return false;
  const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
  return crypto.subtle.verify('HMAC', key, bytes, signed);
}

/** @returns undefined for a text that is not base64 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
      character.charCodeAt(0),
    );
  } catch {
    return undefined;
  }
}
