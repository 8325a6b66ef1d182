import { Compile } from 'typebox/compile';
import { describe, expect, test } from 'vitest';
import adapter from './adapter.ts';
import { Settings } from './settings.ts';

const check = Compile(Settings);
const url = 'https://portal.example.test/webhooks/lienthong?of=H60';
const secret = 'a secret that is a text of its own';
const base64 = (bytes: number): string => Buffer.alloc(bytes, 'lienthong').toString('base64');

describe('settings', () => {
  test.each([24, 25, 26, 32, 64])('accept a secret of %d bytes in base64', (bytes) => {
    expect(check.Check({ url, secrets: [`whsec_${base64(bytes)}`] })).toBe(true);
  });

  test.each([
    ['none', []],
    ['three', [secret, `${secret} 2`, `${secret} 3`]],
    ['a short text', ['short']],
    ['a text of blanks', [' '.repeat(30)]],
    ['fewer than 24 bytes', [`whsec_${base64(23)}`]],
    ['no base64', ['whsec_this is a text of some length, and no base64']],
  ])('refuse a secret: %s', (_, secrets) => {
    expect(check.Check({ url, secrets })).toBe(false);
  });

  test.each([
    'ftp://portal.example.test/',
    'https://user:word@portal.example.test/webhooks',
    'https://portal.example.test/webhooks#here',
    'https://portal.example.test/web hooks',
    'https://',
  ])('refuse an address: %s', (one) => {
    expect(check.Check({ url: one, secrets: [secret] })).toBe(false);
  });

  test.each(['http://169.254.169.254/', 'http://2852039166/', 'https://[fe80::1]/hooks', 'http://[::ffff:a9fe:a9fe]/'])(
    'refuse a link-local address in any notation: %s',
    (one) => {
      expect(check.Check({ url: one, secrets: [secret] })).toBe(true);
      expect(adapter.settingsProblems?.({ url: one, secrets: [secret] })).toMatchObject([
        { path: '/url', message: `got "${one}", expected an address that is not link-local` },
      ]);
    },
  );

  test.each([url, 'http://127.0.0.1:8090/', 'http://10.0.0.5/'])('accept a private address: %s', (one) => {
    expect(adapter.settingsProblems?.({ url: one, secrets: [secret] })).toEqual([]);
  });

  test('accept one address with one or two secrets', () => {
    expect(check.Check({ url, secrets: [secret] })).toBe(true);
    expect(check.Check({ url, secrets: [secret, `whsec_${base64(32)}`], timeoutS: 20 })).toBe(true);
  });
});
