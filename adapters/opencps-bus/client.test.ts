import { expect, test } from 'vitest';
import type { Reply } from '#kit';
import { testConnection } from '#kit/testing';
import { type Bus, failureOf } from './client.ts';

test.each([
  ['h60', 'Hồ sơ H60.01-250812-0035 không hợp lệ', 'H60.01-250812-0035'],
  ['truc-lien-thong', 'Khóa truc-lien-thong không hợp lệ', 'Khóa ***'],
])('the words of a bus show codes, not keys: %s', (consumerKey, Message, shown) => {
  const bus = testConnection({ consumerKey, consumerSecret: 'mat-ma-thu-nghiem' });
  const body = Buffer.from(JSON.stringify({ Status: 400, Message }));
  const outcome = failureOf(bus as unknown as Bus, { kind: 'reply', status: 200, headers: {}, body } as Reply);
  bus.close();
  expect(outcome).toMatchObject({ kind: 'refused', message: expect.stringContaining(shown) });
});
