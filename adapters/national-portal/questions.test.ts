import { afterEach, describe, expect, test } from 'vitest';
import type { Page } from '#kit';
import { startSimulator, testConnection } from '#kit/testing';
import adapter from './adapter.ts';
import type { Portal } from './client.ts';
import { nationalPortal } from './simulator/portal.ts';
import type { KeptQuestion } from './simulator/questions.ts';
import type { PortalOptions } from './simulator/state.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function start(options: PortalOptions): Promise<Portal> {
  const simulator = await startSimulator(nationalPortal(options));
  const settings = { username: 'sim', password: 'sim-password', dstcode: 'VN:GOV:TEST', madonvi: 'H60' };
  const portal = testConnection({ ...settings, adapterUrl: simulator.url });
  open.push(simulator, portal);
  return portal as Portal;
}

const asked = (HOIDAPID: number, ...texts: string[]): KeptQuestion => ({
  list: 'sent',
  entry: {
    HOIDAPID,
    MALINHVUC: 'G03-GD10',
    MADONVI: 'H60.01',
    TENDONVI: 'Sở thử nghiệm',
    NOIDUNG: 'Bao giờ có kết quả?',
    HOVATEN: 'Đặng Thị Hoàng Yến',
  },
  answers: texts.map((NOIDUNGTRALOI, at) => ({ TRALOIID: 700 + at, NOIDUNGTRALOI })),
});

/** All pages of a run, and what it says about missing answers. */
async function run(portal: Portal, from: unknown = undefined) {
  const pages: Page[] = [];
  for (let checkpoint = from; ; ) {
    const page = (await adapter.pull?.questions?.next(portal, checkpoint, undefined as never)) as Page;
    expect(page).not.toHaveProperty('kind');
    pages.push(page);
    checkpoint = page.checkpoint;
    if (!page.more) break;
  }
  const stored = pages.flatMap(({ bodies }) => bodies.map(({ body }) => Buffer.from(body).toString()));
  return { stored, checkpoint: pages.at(-1)?.checkpoint, lacks: pages.map(({ lacks }) => lacks) };
}

describe('answers that the portal does not return', () => {
  test('an error for one question of 25 delays no other one, and is reported', async () => {
    const questions = Array.from({ length: 25 }, (_, at) => asked(5101 + at, 'Một.', `Hai ${at}.`));
    const fails = new Set(['5103']);
    const message = 'Lỗi: Đặng Thị Hoàng Yến';
    const portal = await start({ questions, answersError: (number) => (fails.has(number) ? message : undefined) });
    const first = await run(portal);
    expect(first.stored.join()).toContain('5125');
    expect(first.lacks.filter((one) => one !== undefined)).toMatchObject([
      { code: 'answers-not-returned', args: { number: 5103, why: { args: { said: 'Lỗi: ***' } } } },
    ]);
    fails.clear();
    const second = await run(portal, first.checkpoint);
    expect(second.stored).toHaveLength(1);
    expect(second.stored[0]).toMatch(/5103.*Một/);
    expect(second.lacks.at(-1)).toBe(false);
    expect((await run(portal, second.checkpoint)).stored).toEqual([]);
  });

  test('the error "no answer found" opens no incident of missing answers', async () => {
    const answersError = (_: string, count: number) => (count === 0 ? 'Câu hỏi chưa có câu trả lời' : undefined);
    const { stored, lacks } = await run(await start({ questions: [asked(5101), asked(5102, 'Một.')], answersError }));
    expect(stored).toHaveLength(1);
    expect(lacks.at(-1)).toBe(false);
  });
});
