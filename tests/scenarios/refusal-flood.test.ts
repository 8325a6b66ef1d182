import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestHub, testHub } from '../support/hub.ts';

describe('a flood of what is refused', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub();
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
  });

  test('takes no place of what a partner is to hear in the same minute', async () => {
    const { status } = await hub.request('POST', '/api/v1/parties/one-stop/dossiers', 'one-stop', 'no JSON');
    expect([status, (await kept()).known]).toEqual([400, 1]);
  });
});
