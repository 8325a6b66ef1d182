import { expect, test } from 'vitest';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { merge } from './merge.ts';

const MESSAGES = 300;
const EACH = 50;
const NEW = 20;

test('a record that gains aliases with each of many messages reads its known ones once', () => {
  let reads = 0;
  const alias = (n: number) => ({
    party: 'other',
    get code() {
      reads++;
      return `S${n}`;
    },
  });
  const received: Dossier = {
    code: 'H60.01-250812-0035',
    serviceCode: '1.013225',
    agencyCode: 'H60.01',
    status: 'received',
    statusAt: '2025-08-12T08:15:00+07:00',
  };
  let record = received;
  for (let n = 0; n < MESSAGES; n++)
    record = merge(record, { ...received, aliases: Array.from({ length: EACH }, (_, at) => alias(n * NEW + at)) });
  expect(record.aliases).toHaveLength((MESSAGES - 1) * NEW + EACH);
  // Reading all known ones for each message makes a million reads.
  expect(reads).toBeLessThan(4 * MESSAGES * EACH);
});
