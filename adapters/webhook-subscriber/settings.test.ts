import { Compile } from 'typebox/compile';
import { describe, expect, test } from 'vitest';
import adapter from './adapter.ts';
import { Settings } from './settings.ts';

const check = Compile(Settings);
const url = 'https://portal.example.test/webhooks/lienthong?of=H60';
const secret = 'a secret that is a text of its own';
const base64 = (bytes: number): string => Buffer.alloc(bytes, 'lienthong').toString('base64');

describe('settings', () => {
  test.each([24, 25, 26, 32, 64])('a secret of %d bytes in base64 is taken', (bytes) => {
    expect(check.Check({ url, secrets: [`whsec_${base64(bytes)}`] })).toBe(true);
  });

  test.each([
    ['none', []],
    ['three', [secret, `${secret} 2`, `${secret} 3`]],
    ['a short text', ['short']],
    ['a text of blanks', [' '.repeat(30)]],
    ['fewer than 24 bytes', [`whsec_${base64(23)}`]],
    ['no base64', ['whsec_this is a text of some length, and no base64']],
  ])('secrets are refused: %s', (_, secrets) => {
    expect(check.Check({ url, secrets })).toBe(false);
  });

  test.each([
    'ftp://portal.example.test/',
    'https://user:word@portal.example.test/webhooks',
    'https://portal.example.test/webhooks#here',
    'https://portal.example.test/web hooks',
    'https://',
  ])('an address is refused: %s', (one) => {
    expect(check.Check({ url: one, secrets: [secret] })).toBe(false);
  });

  test.each(['http://169.254.169.254/', 'http://2852039166/', 'https://[fe80::1]/hooks', 'http://[::ffff:a9fe:a9fe]/'])(
    'a link-local address is told, however it is written: %s',
    (one) => {
      expect(check.Check({ url: one, secrets: [secret] })).toBe(true);
      expect(adapter.settingsProblems?.({ url: one, secrets: [secret] })).toEqual([
        { path: '/url', message: `got "${one}", expected an address that is not link-local` },
      ]);
    },
  );

  test.each([url, 'http://127.0.0.1:8090/', 'http://10.0.0.5/'])('a private address is not: %s', (one) => {
    expect(adapter.settingsProblems?.({ url: one, secrets: [secret] })).toEqual([]);
  });

  test('one address and one or two secrets are enough', () => {
    expect(check.Check({ url, secrets: [secret] })).toBe(true);
    expect(check.Check({ url, secrets: [secret, `whsec_${base64(32)}`], timeoutS: 20 })).toBe(true);
  });
});
