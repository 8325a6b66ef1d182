import { describe, expect, test } from 'vitest';
import { LANGUAGES, type Words } from '#messages/message';
import { render } from '#messages/render';
import { weaknessOf } from './weak-secrets.ts';

describe('a secret that can be guessed', () => {
  test.each([
    '123456',
    '12345678',
    'changeme',
    'Change-Me!',
    'admin123',
    'Password1',
    'aaaaaaaaaaaa',
    'abababab',
    'secret',
    'matkhau2025',
    'qwerty123!',
    `whsec_${'A'.repeat(32)}`,
    `whsec_${Buffer.from('password-1234567').toString('base64')}`,
  ])('%s', (secret) => {
    const weakness = weaknessOf(secret) as Words;
    expect(weakness).toBeDefined();
    for (const language of LANGUAGES) expect(render(weakness, language)).not.toContain(secret);
  });

  test.each([
    'whsec_c2ltdWxhdGVkLXN1YnNjcmliZXItb2YtdGVzdHM=',
    'e2e-secret-of-the-portal',
    'h7Qz0-xPq2',
    'one-stop-secret-of-the-tests',
    'correct horse battery',
  ])('not: %s', (secret) => expect(weaknessOf(secret)).toBeUndefined());
});
