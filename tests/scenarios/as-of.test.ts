import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { msToInstant } from '#core/dates/dates';
import { dossier, progress, type TestHub, testHub } from '../support/hub.ts';

const CODE = 'H60.01-250812-0035';
const at = (time: string): string => `2025-08-${time}:00+07:00`;

/** Arrivals hour by hour: in order, late, repeated, against the transitions, and with a corrected applicant. */
const DAY: readonly (readonly [party: string, what: 'dossiers' | 'progress', record: object])[] = [
  ['one-stop', 'dossiers', dossier({ note: 'Nguyễn Văn An tự nộp' })],
  ['one-stop', 'progress', progress({ at: at('13T09:00'), status: 'processing' })],
  ['one-stop', 'progress', progress({ at: at('15T09:00'), status: 'resolved', content: 'Đã ký' })],
  ['other', 'progress', progress({ at: at('14T09:00'), status: 'supplement-required', content: 'Thiếu giấy' })],
  ['one-stop', 'dossiers', dossier({ note: 'Nguyễn Văn An tự nộp' })],
  [
    'one-stop',
    'dossiers',
    dossier({
      status: 'resolved',
      statusAt: at('16T08:00'),
      note: 'Thay người nộp, trước là Nguyễn Văn An',
      applicant: { name: 'Lê Thị Dung', phone: '0900000002' },
      aliases: [{ party: 'one-stop', code: 'BN-0035' }],
    }),
  ],
  ['one-stop', 'progress', progress({ at: at('12T20:00'), status: 'processing', content: 'Bổ sung muộn' })],
  [
    'one-stop',
    'dossiers',
    dossier({ status: 'returned', statusAt: at('17T08:00'), applicant: { name: 'Lê Thị Dung' } }),
  ],
];

interface Told {
  readonly at: string;
  readonly masked: Record<string, unknown>;
  readonly whole: Record<string, unknown>;
}

describe('a dossier at a moment of the past', () => {
  let hub: TestHub;
  const told: Told[] = [];
  const path = (code: string, moment: string) => `/api/v1/dossiers/${code}?at=${encodeURIComponent(moment)}`;
  const now = () => new Date(hub.clock.nowMs).toISOString();
  const today = () => msToInstant(hub.clock.nowMs).slice(0, 10);

  beforeAll(async () => {
    hub = await testHub({ entries: { other: { may: ['status'] } } });
    for (const [party, what, record] of DAY) {
      hub.clock.nowMs += 3_600_000;
      await hub.push(record, { party, what });
      // Half an hour later, so that no moment equals that of a message.
      hub.clock.nowMs += 1_800_000;
      const [masked, whole] = await Promise.all(
        ['portal', 'personal'].map(async (key) => (await hub.read(`/api/v1/dossiers/${CODE}`, key)).body),
      );
      told.push({ at: now(), masked, whole });
    }
  });
  afterAll(() => hub.close());

  test('equals the index of that time, also its freshness, whatever arrived late or out of order', async () => {
    expect(new Set(told.map(({ masked }) => JSON.stringify(masked))).size).toBeGreaterThan(5);
    for (const { at, whole } of told) {
      const { asOf, ...then } = (await hub.read(path(CODE, at), 'personal')).body;
      expect(then, at).toEqual(whole);
      expect(asOf.recordedAt <= asOf.at).toBe(true);
    }
  });

  test('is masked as at that time, and hides earlier and later applicants too', async () => {
    for (const { at, masked } of told) {
      const { asOf: _, ...then } = (await hub.read(path(CODE, at))).body;
      expect({ ...then, note: masked.note }, at).toEqual(masked);
      expect(JSON.stringify(then), at).not.toContain('Nguyễn Văn An');
    }
  });

  test('names its message, its start and its end; an unchanged repeat ends nothing', async () => {
    const { items } = (await hub.read(`/api/v1/dossiers/${CODE}/history`)).body;
    const first = (await hub.read(path(CODE, told[0]?.at as string))).body.asOf;
    expect(items.map((item: { messageId: string }) => item.messageId)).toContain(first.messageId);
    expect(first.until).toBe((await hub.read(path(CODE, told[1]?.at as string))).body.asOf.recordedAt);
    const [before, repeated] = await Promise.all(
      [3, 4].map(async (n) => (await hub.read(path(CODE, told[n]?.at as string))).body.asOf),
    );
    expect(repeated).toEqual({ ...before, at: repeated.at });
    expect((await hub.read(path(CODE, today()))).body.asOf).not.toHaveProperty('until');
  });

  test('is found by any of its codes, and begins exactly at its message', async () => {
    const { asOf } = (await hub.read(path('BN-0035', told[0]?.at as string))).body;
    expect((await hub.read(path(CODE, asOf.recordedAt))).body.asOf.messageId).toBe(asOf.messageId);
    const before = new Date(Date.parse(asOf.recordedAt) - 1).toISOString();
    const { status, body } = await hub.read(path(CODE, before));
    expect([status, body.detail]).toEqual([404, expect.stringContaining(`it arrived at ${asOf.recordedAt}`)]);
  });

  test('has an ETag, and an invalid moment is explained', async () => {
    const moment = path(CODE, told[2]?.at as string);
    const etag = (await hub.read(moment)).headers.get('etag') as string;
    expect((await hub.request('GET', moment, 'portal', undefined, { 'If-None-Match': etag })).status).toBe(304);
    expect((await hub.read(path(CODE, told[0]?.at as string))).headers.get('etag')).not.toBe(etag);
    for (const [query, place] of [
      ['at=yesterday', '?at'],
      ['at=2025-08-12T08:00:00', '?at'],
      ['att=2025-08-12', '?att'],
    ]) {
      const { status, body } = await hub.read(`/api/v1/dossiers/${CODE}?${query}`);
      expect([status, body.problems[0].path]).toEqual([400, place]);
    }
  });

  test('includes today as a date, and excludes future moments', async () => {
    const nowAt = msToInstant(hub.clock.nowMs);
    for (const moment of [now(), nowAt, today()])
      expect((await hub.read(path(CODE, moment))).body.asOf.at, moment).toBe(nowAt);
    const nextMs = hub.clock.nowMs + 1;
    const tomorrow = msToInstant(hub.clock.nowMs + 86_400_000).slice(0, 10);
    for (const moment of [msToInstant(nextMs), new Date(nextMs).toISOString(), tomorrow, '2199-12-31']) {
      const { status, body } = await hub.read(path(CODE, moment));
      const problem = { path: '?at', message: `got "${moment}", expected a moment that is not in the future` };
      expect([status, body.problems]).toMatchObject([400, [problem]]);
    }
  });

  test('is audited when read in full', async () => {
    const audited = async () =>
      (await hub.hub.database.pool.query("SELECT subject FROM audit WHERE action = 'dossier.read-personal'")).rows;
    const before = (await audited()).length;
    await hub.read(path(CODE, told[0]?.at as string), 'personal');
    expect((await audited()).slice(before)).toEqual([{ subject: `dossier ${CODE}` }]);
  });

  test('is not invented when the history of that time is gone', async () => {
    await hub.hub.database.pool.query('DELETE FROM events WHERE seq = 1');
    for (const [n, why] of ['the stored history begins at', 'earlier messages of the dossier'].entries()) {
      const { status, body } = await hub.read(path(CODE, told[n]?.at as string));
      expect([status, body.detail]).toEqual([404, expect.stringContaining(`is no longer stored: ${why}`)]);
    }
  });
});

test('a state does not end with a claim, nor with a step far ahead', async () => {
  const hub = await testHub();
  const push = async (record: object, options: { party?: string; what?: string } = {}) => {
    hub.clock.nowMs += 3_600_000;
    await hub.push(record, options);
    return msToInstant(hub.clock.nowMs);
  };
  try {
    const first = await push(dossier());
    const untilOf = async () =>
      (await hub.read(`/api/v1/dossiers/${CODE}?at=${encodeURIComponent(first)}`)).body.asOf.until;
    await push(dossier({ note: 'Lời của bên khác' }), { party: 'other' });
    await push(progress({ at: '2026-08-13T09:00:00+07:00', status: 'processing' }), { what: 'progress' });
    expect(await untilOf()).toBeUndefined();
    const next = await push(progress({ at: at('13T09:00'), status: 'processing' }), { what: 'progress' });
    expect(await untilOf()).toBe(next);
  } finally {
    await hub.close();
  }
});
