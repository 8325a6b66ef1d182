import Type from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defineAdapter } from '../../src/kit/adapter.ts';
import { SECRETS, type TestHub, testHub, testPartner } from '../support/hub.ts';

const adapter = defineAdapter({
  settings: Type.Object({}),
  callbacks: {
    news: {
      check: ({ headers }) => (headers.get('x-secret') === 'right' ? undefined : 'a wrong secret'),
      read: () => Array.from({ length: 2_000 }, () => ({ kind: 'invalid', problems: [] }) as const),
      reply: ({ status }) => ({ status, body: {} }),
    },
  },
});
const BASIC = { 'Content-Type': 'text/xml', Authorization: `Basic ${btoa(`one-stop:${SECRETS['one-stop']}`)}` };

describe('a flood of what is refused', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub({ partners: { ministry: { ...testPartner(), adapter } } });
  });
  afterAll(() => hub.close());

  async function kept(): Promise<{ strangers: number; known: number; bytes: number }> {
    const { rows } = await hub.hub.database.pool.query(
      `SELECT count(*) FILTER (WHERE key_name IS NULL)::int AS strangers, count(key_name)::int AS known,
         coalesce(sum(length(body)), 0)::int AS bytes FROM messages WHERE outcome = 'refused'`,
    );
    return rows[0];
  }

  test('of strangers fills the log with so many a minute, and so much of their bodies', async () => {
    const body = JSON.stringify({ session: 'made-up', service: 'x'.repeat(60_000) });
    for (let n = 0; n < 70; n++)
      await Promise.all(Array.from({ length: 10 }, () => hub.request('POST', '/mapi/g', undefined, body)));
    const { strangers, bytes } = await kept();
    expect(strangers).toBe(600);
    expect(bytes).toBeGreaterThan(500_000);
    expect(bytes).toBeLessThan(1_200_000);
    const { rows } = await hub.hub.database.pool.query(
      `SELECT DISTINCT body_bytes > 60000 AS is_told FROM messages WHERE outcome = 'refused'`,
    );
    expect(rows).toEqual([{ is_told: true }]);
  });

  test('takes no place of what a partner is to hear in the same minute', async () => {
    const { status } = await hub.request('POST', '/api/v1/parties/one-stop/dossiers', 'one-stop', 'no JSON');
    expect([status, (await kept()).known]).toEqual([400, 1]);
  });

  test.each([
    ['by Basic, and its envelope is none', 500, '/soap/v1/one-stop', undefined, BASIC],
    ['by a key that may not push', 403, '/api/v1/parties/one-stop/dossiers', 'portal', {}],
    [
      'as its callback asks for, and sends too many items',
      413,
      '/callbacks/ministry/news',
      undefined,
      { 'X-Secret': 'right' },
    ],
  ] as const)('nor of one who is known %s', async (_, expected, path, key, headers) => {
    const count = async () =>
      (await hub.hub.database.pool.query(`SELECT count(*)::int AS n FROM messages WHERE outcome = 'refused'`)).rows[0]
        .n;
    const before = await count();
    const { status } = await hub.request('POST', path, key, 'nothing that is understood', headers);
    expect([status, await count()]).toEqual([expected, before + 1]);
  });
});
