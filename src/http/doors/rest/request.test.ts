import { expect, test } from 'vitest';
import { readItem } from '#core/dossier/item';
import { readKept } from './request.ts';

const STORED =
  '{"code":"H60.01-250812-0035","serviceCode":"1.001193","agencyCode":"H60.01","status":"received","status":"processing","statusAt":"2025-08-12T08:15:00+07:00"}';

test.each([
  ['application/json', STORED],
  ['application/json', `[${STORED}]`],
  ['application/x-ndjson', `${STORED}\n`],
])('a body that was accepted before repeated members were refused is read as it was then: %s', async (type, body) => {
  const items = await readKept((value) => readItem('dossier.upsert.v1', value), Buffer.from(body), type);
  expect(items).toMatchObject([{ kind: 'record', record: { status: 'processing' } }]);
});
