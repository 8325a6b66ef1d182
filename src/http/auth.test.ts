import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { createKeys, requireKey } from './auth.ts';
import { refusalOf } from './problem.ts';

const FINGERPRINT = Array.from({ length: 32 }, (_, n) => n.toString(16).padStart(2, '0').toUpperCase()).join(':');
const ENTRIES = [
  { id: 'one-stop', secret: 'secret-of-the-one-stop', scopes: ['dossier:write' as const], certificate: FINGERPRINT },
  { id: 'portal', secret: 'secret-of-the-portal', scopes: ['index:read' as const] },
];

/** The key of a request with a client certificate of this fingerprint. */
async function answerTo(shown: string | null | undefined, headers: Record<string, string> = {}) {
  const keys = createKeys(ENTRIES, { certificateOf: () => shown });
  const app = new Hono().get('/', (c) => c.text(requireKey(c, keys, 'dossier:write').id));
  app.onError((error, c) => c.text(`${refusalOf(error).kind}: ${refusalOf(error).message}`));
  return (await app.request('/', { headers })).text();
}

async function keyOf(...given: Parameters<typeof answerTo>) {
  return (await answerTo(...given)).split(':', 1)[0];
}

test('a client with the certificate of a key needs no secret', async () => {
  expect(await keyOf(FINGERPRINT)).toBe('one-stop');
  expect(await keyOf(undefined)).toBe('unauthorized');
  expect(await keyOf(FINGERPRINT.replace('00:', 'FF:'))).toBe('unauthorized');
});

test('useless and unreadable certificates of keys are reported', async () => {
  const other = FINGERPRINT.replace('00:', 'FF:');
  expect(await answerTo(other)).toContain(`no key has the certificate ${other}; expected Authorization`);
  expect(await answerTo(null)).toMatch(/certificate.* cannot be read; expected Authorization/);
  expect(await answerTo(undefined)).toContain('the request has no Authorization header; expected');
});

test('a browser with its certificate on a page of another site is refused', async () => {
  expect(await keyOf(FINGERPRINT, { 'sec-fetch-site': 'same-origin', origin: 'https://hub.example' })).toBe('one-stop');
  expect(await keyOf(FINGERPRINT, { 'sec-fetch-site': 'none' })).toBe('one-stop');
  for (const site of ['cross-site', 'same-site'])
    expect(await keyOf(FINGERPRINT, { 'sec-fetch-site': site })).toBe('forbidden');
  expect(await keyOf(FINGERPRINT, { origin: 'https://other.example' })).toBe('forbidden');
});

test('a secret wins over the certificate: a wrong one fails, another key’s is that key', async () => {
  expect(await keyOf(FINGERPRINT, { authorization: 'Bearer wrong' })).toBe('unauthorized');
  expect(await keyOf(FINGERPRINT, { authorization: 'Bearer secret-of-the-portal' })).toBe('forbidden');
});
