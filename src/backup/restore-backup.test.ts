import type pg from 'pg';
import { expect, test } from 'vitest';
import type { Fact, Frame, Partition } from './frames.ts';
import { restoreBackup } from './restore-backup.ts';

const PARTITION = { table: 'audit', name: 'audit_2026_11', bound: "FOR VALUES FROM ('2026-11-01') TO ('2026-12-01')" };
const HOSTILE = 'audit" (id int); DROP TABLE "audit';

/** The statements that a backup leads to, up to the first failure. */
async function statementsOf(partition: Partial<Partition>, ...facts: readonly Fact[]): Promise<readonly string[]> {
  const told: string[] = [];
  const query = async (text: unknown) => {
    told.push(String(text));
    return { rows: [] };
  };
  async function* frames(): AsyncGenerator<Frame> {
    const settings = { config: null, environment: {} };
    const partitions = [{ ...PARTITION, ...partition }];
    yield { fact: { kind: 'start', hub: '0.1.0', takenAt: '', migrations: [], partitions, settings } };
    for (const fact of facts) yield { fact };
  }
  const restored = restoreBackup(frames(), {
    accept: () => undefined,
    migrateTo: async () => undefined,
    connect: async () => ({ query, release: () => undefined }) as unknown as pg.PoolClient,
    tell: () => undefined,
  });
  await expect(restored).rejects.toThrow(/backup/);
  return told;
}

test.each<[string, Partial<Partition>, Fact | undefined]>([
  ['of a partition', { name: HOSTILE }, undefined],
  ['of the table of a partition', { table: HOSTILE }, undefined],
  ['as the bound of a partition', { bound: 'DEFAULT; DROP TABLE audit' }, undefined],
  ['called by the bound of a partition', { bound: "FOR VALUES FROM (query('DROP TABLE audit')) TO ('1')" }, undefined],
  ['of a table', {}, { kind: 'table', name: HOSTILE, columns: ['id'] }],
])('a statement in the name %s of a foreign backup is not run', async (_, partition, fact) => {
  const told = await statementsOf(partition, ...(fact ? [fact] : []));
  expect(told.filter((text) => text.includes('DROP TABLE'))).toEqual([]);
  expect(told.at(-1)).toBe('ROLLBACK');
});

test('the partitions of a hub are made', async () => {
  expect(await statementsOf({})).toContain(
    `CREATE TABLE "audit_2026_11" PARTITION OF "audit" FOR VALUES FROM ('2026-11-01') TO ('2026-12-01')`,
  );
});
