import { expect, test } from 'vitest';
import { isSecret, isSigned } from './callback-checks.ts';

const KEY = 'Jefe';
const BODY = Buffer.from('what do ya want for nothing?');
/** Test case 2 of RFC 4231. */
const SHA256 = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
const SHA512 =
  '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737';
const BASE64 = Buffer.from(SHA256, 'hex').toString('base64');

test.each([SHA256, SHA256.toUpperCase(), `sha256=${SHA256}`, ` ${SHA256} `, BASE64])(
  'accepts the HMAC of RFC 4231, written as %s',
  (given) => {
    expect(isSigned(BODY, given, KEY)).toBe(true);
  },
);

test('accepts another algorithm only by name', () => {
  expect(isSigned(BODY, SHA512, KEY, 'sha512')).toBe(true);
  expect(isSigned(BODY, SHA512, KEY)).toBe(false);
  expect(isSigned(BODY, `sha512=${SHA256}`, KEY)).toBe(false);
});

test.each([
  undefined,
  null,
  '',
  'sha256=',
  SHA256.slice(0, -1),
  `${SHA256}0`,
  `${SHA256.slice(0, -1)}4`,
  `${BASE64}=`,
  `${SHA256}, ${SHA256}`,
])('refuses %s as signature', (given) => {
  expect(isSigned(BODY, given, KEY)).toBe(false);
});

test('a signature is valid for one body and one secret', () => {
  expect(isSigned(Buffer.from('what do ya want for nothing'), SHA256, KEY)).toBe(false);
  expect(isSigned(BODY, SHA256, 'jefe')).toBe(false);
});

test('an empty secret is never right', () => {
  expect(isSecret('a-shared-secret', 'a-shared-secret')).toBe(true);
  for (const given of [undefined, null, '', 'a-shared-secre', 'A-shared-secret'])
    expect(isSecret(given, 'a-shared-secret')).toBe(false);
  expect(isSecret('', '')).toBe(false);
  expect(isSigned(BODY, '', '')).toBe(false);
});
