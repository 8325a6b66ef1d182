import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dossier, progress, type TestHub, testHub } from '../../tests/support/hub.ts';

let hub: TestHub;
/** The names of the statements on the hot path, in their order. */
let statements: string[];
beforeEach(async () => {
  hub = await testHub();
  statements = [];
  const { pool } = hub.hub.database;
  const query = pool.query.bind(pool) as (...given: unknown[]) => unknown;
  (pool as { query: unknown }).query = (...given: unknown[]) => {
    const [name = ''] = String((given[0] as { name?: string }).name ?? given[0]).split(' ');
    // Items that wait for a new dossier are looked up after the reply.
    if (name === 'load' || name === 'write') statements.push(name);
    return query(...given);
  };
});
afterEach(() => hub.close());

const codeOf = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;

async function outcomesOf(body: unknown): Promise<readonly string[]> {
  return (await hub.push(body)).results.map((result) => result.outcome);
}

describe('a new dossier', () => {
  test('is written without a look-up', async () => {
    await outcomesOf(dossier({ code: codeOf(1) }));
    statements.length = 0;
    expect(await outcomesOf(dossier({ code: codeOf(2) }))).toEqual(['accepted']);
    expect(statements).toEqual(['write']);
  });

  test('that is known after all is judged by the stored one, and the next are looked up', async () => {
    const first = dossier({ code: codeOf(1) });
    expect(await outcomesOf(first)).toEqual(['accepted']);
    expect(await outcomesOf(first)).toEqual(['duplicate']);
    statements.length = 0;
    expect(await outcomesOf([dossier({ code: codeOf(2) }), first])).toEqual(['accepted', 'duplicate']);
    expect(statements).toEqual(['load', 'write']);
    const { body } = await hub.read(`/api/v1/dossiers/${codeOf(1)}/history`);
    expect(body.items).toHaveLength(1);
  });

  test('that is known under another code of its sender is that dossier', async () => {
    const known = { code: codeOf(1), aliases: [{ party: 'other', code: 'H60.02-250812-0001' }] };
    await hub.push(dossier(known), { party: 'other' });
    const again = dossier({ code: 'H60.02-250812-0001', statusAt: '2025-08-12T09:00:00+07:00', note: 'mã khác' });
    expect((await hub.push(again, { party: 'other' })).results[0]?.outcome).toBe('accepted');
    const { rows } = await hub.hub.database.pool.query('SELECT code, version FROM dossiers');
    expect(rows).toEqual([{ code: codeOf(1), version: 2 }]);
  });

  test('wrongly taken as new costs at most one statement in sixty', async () => {
    const known = dossier({ code: codeOf(1) });
    await outcomesOf(known);
    statements.length = 0;
    for (let n = 0; n < 240; n++) await outcomesOf(known);
    expect(statements.filter((name) => name === 'write').length).toBeLessThanOrEqual(240 + 4);
  });
});

test('a step of a dossier is never written without a look-up', async () => {
  await outcomesOf(dossier({ code: codeOf(1) }));
  statements.length = 0;
  await hub.push(progress({ code: codeOf(1) }), { what: 'progress' });
  expect(statements[0]).toBe('load');
});
