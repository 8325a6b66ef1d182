import { writeXlsx } from 'hucre/xlsx';
import { beforeAll, expect, test } from 'vitest';
import type { Workbook, WorkbookAsked } from '../kit/places/workbook.ts';
import { createThreads, startThread, type ThreadBounds } from './threads.ts';

const threads = (bounds: ThreadBounds) =>
  createThreads<WorkbookAsked, Workbook>('src/kit/places/workbook-thread.ts', bounds);

let question: WorkbookAsked;
beforeAll(async () => {
  const rows = Array.from({ length: 20_000 }, (_, row) => ['Nguyễn Văn An', row, `H60.09-250812-${row}`]);
  question = {
    bytes: await writeXlsx({ sheets: [{ name: 'T8', rows }] }),
    limits: { rows: 30_000, cells: 1_000_000 },
  };
});

test.each([
  ['time', { withinMs: 50, mostMb: 512 }, 'an answer within 50 ms'],
  ['memory', { withinMs: 60_000, mostMb: 16 }, 'an answer with at most 16 MB'],
] as const)('a thread that reaches its bound of %s is ended, and says which', async (bound, bounds, expected) => {
  await expect(threads(bounds)(question)).rejects.toMatchObject({
    bound,
    message: `the thread src/kit/places/workbook-thread.ts was ended: expected ${expected}`,
  });
});

test('a thread that fails leaves the next question alone', async () => {
  const ask = threads({ withinMs: 60_000, mostMb: 512 });
  const broken = { bytes: question.bytes } as WorkbookAsked;
  const [first, second] = await Promise.allSettled([ask(broken), ask(question)]);
  expect(first.status).toBe('rejected');
  expect(second).toMatchObject({ status: 'fulfilled', value: { sheets: [{ name: 'T8' }] } });
});

test('a thread that answers many questions passes on what it throws, and refuses questions after its end', async () => {
  const thread = startThread('src/foundation/rebuild-lane-thread.ts', {
    databaseUrl: 'postgres://127.0.0.1:1/none',
    secrets: ['a secret of at least thirty-two bytes'],
    file: { province: { code: 'H60', name: 'Tỉnh' } },
    rules: [{ since: '', rules: { parties: [], routes: [] } }],
    ownedSince: '',
    stepsByMoment: [],
  });
  const question = { compare: ['H60.01-250812-0035'] };
  const refused = expect.objectContaining({ code: 'ECONNREFUSED' });
  await Promise.all([1, 2].map(() => expect(thread.ask(question)).rejects.toEqual(refused)));
  await thread.close();
  await expect(thread.ask(question)).rejects.toThrow('the thread src/foundation/rebuild-lane-thread.ts ended');
});
