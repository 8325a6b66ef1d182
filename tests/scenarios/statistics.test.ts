import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, vi } from 'vitest';
import { COLUMNS, GROUPS } from '#core/statistics/columns';
import { RULES } from '#core/statistics/rules';
import { inTransaction } from '../../src/database/transaction.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { isFarBehind, recountAfterServices } from '../../src/statistics/count-state.ts';
import { loadCountable } from '../../src/statistics/countable.ts';
import { inDepth, partOf, sampled, test } from '../support/depth.ts';
import { dossier, HUB_SECRET, progress, type TestHub, testHub } from '../support/hub.ts';
import { legacySystem } from '../support/legacy-system.ts';

const NOW = Date.parse('2026-03-20T10:00:00+07:00');
const at = (date: string, time = '09:00:00') => `2026-${date}T${time}+07:00`;

interface Line {
  readonly key: string | null;
  readonly name: string | null;
  readonly received: { total: number; online: number; direct: number; carriedOver: number };
  readonly resolved: { total: number; early: number; onTime: number; late: number };
  readonly pending: { total: number; withinTerm: number; late: number };
  readonly onTimePercent: number | null;
}

let number = 0;
/** A dossier received and due on a day, by default in March. */
const one = (receivedAt: string, dueAt: string, more: Record<string, unknown> = {}) =>
  dossier({
    code: `H60.01-260301-${String(++number).padStart(4, '0')}`,
    status: 'processing',
    statusAt: receivedAt,
    receivedAt,
    dueAt,
    channel: 'online',
    ...more,
  });
const resolved = (receivedAt: string, dueAt: string, finishedAt: string, more: Record<string, unknown> = {}) =>
  one(receivedAt, dueAt, { status: 'resolved', statusAt: finishedAt, finishedAt, ...more });

describe('statistics', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await testHub({ nowMs: NOW });
  });
  afterEach(() => hub.close());

  const statistics = async (query = '') => {
    const { status, body } = await hub.read(`/api/v1/statistics${query}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return body as { total: Line; items: readonly Line[]; behind: number | null; next: string | null; rule: string };
  };
  const flat = ({ received, resolved: done, pending }: Line) => [
    received.total,
    received.online,
    received.direct,
    received.carriedOver,
    done.total,
    done.early,
    done.onTime,
    done.late,
    pending.total,
    pending.withinTerm,
    pending.late,
  ];

  /** One of each kind, in the order of the columns of form II.06a. */
  const pushDay = () =>
    hub.push([
      // Carried over from February: one resolved late, one still pending and late.
      resolved(at('02-10'), at('02-27'), at('03-03')),
      one(at('02-20'), at('03-02'), { channel: 'post', agencyCode: 'H60.02' }),
      // Resolved before March: not counted.
      resolved(at('02-10'), at('02-20'), at('02-19')),
      // In March: early, on time on the day, late by an hour, pending in term, pending late.
      resolved(at('03-02'), at('03-10'), at('03-09'), { serviceCode: '2.000001', fieldCode: 'G03-GD10' }),
      resolved(at('03-02'), at('03-10', '17:00:00'), at('03-10', '16:00:00'), { channel: 'counter' }),
      resolved(at('03-02'), at('03-10', '16:00:00'), at('03-10', '17:00:00'), { channel: undefined }),
      one(at('03-05'), at('03-30')),
      one(at('03-05'), at('03-12'), { agencyCode: 'H60.01.02' }),
      // Refused and not received: the rules differ.
      one(at('03-06'), at('03-12'), {
        status: 'refused',
        statusAt: at('03-07'),
        refusedAt: at('03-07'),
        receivedAt: undefined,
        submittedAt: at('03-06'),
      }),
      one(at('03-06'), at('03-12'), { status: 'submitted', receivedAt: undefined, submittedAt: at('03-06') }),
    ]);

  test('a supplement reported by a record and by its step counts once', async () => {
    const { call } = await legacySystem(hub);
    const MaHoSo = 'H60.01-260302-0001';
    const tell = async (status: string, at: string, more = {}) => {
      const item = { MaHoSo, MaTTHC: '1.013225', NgayTiepNhan: '20260302080000', NgayHenTra: '20260310170000' };
      const step = { MaHoSo, NguoiXuLy: 'Trần B', NoiDungXuLy: 'x', ThoiDiemXuLy: at, TrangThai: status };
      await call('DongBoHoSoMC', { data: [{ ...item, TrangThaiHoSo: status, ...more }] });
      await call('CapNhatTienDoHoSoMC', { data: [step] });
    };
    await tell('2', '20260302080000');
    await tell('4', '20260303080000');
    await tell('5', '20260304080000');
    await tell('4', '20260305080000', { GhiChu: 'Đã bổ sung' });
    await tell('9', '20260309160000', { NgayKetThucXuLy: '20260309160000' });
    const { total } = await statistics('?from=2026-03-01&to=2026-03-31');
    expect(total.resolved).toEqual({ total: 1, early: 1, onTime: 0, late: 0 });
  });

  /** The grade of the one dossier by each rule, in the order of RULES. */
  const grades = async () => {
    const found: string[] = [];
    for (const rule of RULES) {
      const { total } = await statistics(`?from=2026-03-01&to=2026-03-31&rule=${rule}`);
      expect([rule, total.received.total]).toEqual([rule, 1]);
      const { early, onTime, late } = total.resolved;
      found.push(early ? 'early' : onTime ? 'on-time' : late ? 'late' : 'pending');
    }
    return found;
  };

  test('a dossier counts alike, told in one message or in several', async () => {
    const grades = async () =>
      Promise.all(RULES.map(async (rule) => (await statistics(`?rule=${rule}&from=2026-03-01`)).total.resolved));
    const returned = one(at('03-02'), at('03-10'), {
      status: 'returned',
      statusAt: at('03-13'),
      returnedAt: at('03-09'),
    });
    const unanswered = [{ id: '1', requestedAt: at('03-05') }];
    const resolved = one(at('03-02'), at('03-10'), {
      status: 'resolved',
      statusAt: at('03-13'),
      supplements: unanswered,
    });
    await hub.push([returned, resolved]);
    const before = await grades();
    expect(before.map(({ early, onTime, late }) => [early, onTime, late])).toEqual([
      [2, 0, 0],
      [1, 0, 1],
      [1, 0, 1],
    ]);
    await hub.push([returned, resolved].map((given) => ({ ...given, note: 'Đã in phiếu hẹn trả' })));
    expect(await grades()).toEqual(before);
  });

  test('a late step that leaves the current state unchanged is counted', async () => {
    const given = one(at('03-03'), at('03-10', '17:00:00'), { status: 'received' });
    const tell = (status: string, when: string) =>
      hub.push(progress({ code: given.code, status, at: when }), { what: 'progress' });
    await hub.push(given);
    await tell('returned', at('03-12'));
    expect(await grades()).toEqual(['late', 'late', 'late']);
    expect((await tell('resolved', at('03-06'))).results[0]?.outcome).toBe('stale');
    expect(await grades()).toEqual(['early', 'on-time', 'early']);
    expect((await statistics()).behind).toBe(0);
    expect(await hub.hub.rebuild({ swap: true })).toMatchObject({ identical: true });
    await hub.hub.database.pool.query("UPDATE counted_state SET filled_to = ''");
    expect(await grades()).toEqual(['early', 'on-time', 'early']);
  });

  test('a late step counts as behind until it is counted', async () => {
    const given = one(at('03-03'), at('03-10'), { status: 'received' });
    await hub.push(given);
    await hub.push(progress({ code: given.code, status: 'returned', at: at('03-12') }), { what: 'progress' });
    expect((await statistics()).behind).toBe(0);
    const other = await hub.hub.database.pool.connect();
    await other.query('BEGIN; SELECT * FROM counted_state FOR UPDATE');
    await hub.push(progress({ code: given.code, status: 'resolved', at: at('03-06') }), { what: 'progress' });
    expect((await statistics()).behind).toBe(1);
    await other.query('COMMIT');
    other.release();
    expect((await statistics()).behind).toBe(0);
  });

  test('in a flood that the scheduler counts, a reader counts no more than five changes itself', async () => {
    const { pool } = hub.hub.database;
    const push = (from: number, count: number) =>
      hub.push(
        Array.from({ length: count }, (_, n) =>
          one(at('03-03'), at('03-10'), { code: `H60.01-250303-${from + n}`, status: 'received' }),
        ),
      );
    const counted = async () => {
      const { behind, total } = await statistics();
      return [behind, total.received.total];
    };
    await push(1_000, 60);
    expect(await counted()).toEqual([0, 60]);
    await push(2_000, 60);
    const scheduled = (at: string, since: string) =>
      pool.query(
        'UPDATE counted_state SET scheduled_at = clock_timestamp() + $1::interval, scheduled_since = clock_timestamp() + $2::interval',
        [at, since],
      );
    await scheduled('1 h', '-11 s');
    expect(await counted()).toEqual([60, 60]);
    await hub.hub.statistics.count();
    expect(await counted()).toEqual([0, 120]);
    await push(3_000, 5);
    expect(await counted()).toEqual([0, 125]);
    await push(4_000, 60);
    await scheduled('-4 s', '-1 h');
    expect(await counted()).toEqual([0, 185]);
    await push(5_000, 60);
    await hub.hub.statistics.count();
    await push(6_000, 60);
    expect(await counted()).toEqual([0, 305]);
  });

  test('a whole history that follows the final record is counted', async () => {
    const { call } = await legacySystem(hub);
    const MaHoSo = 'H60.01-260303-0001';
    const record = { MaHoSo, MaTTHC: '1.013225', NgayTiepNhan: '20260303080000', NgayHenTra: '20260310170000' };
    await call('DongBoHoSoMC', { data: [{ ...record, TrangThaiHoSo: '10', NgayTra: '20260312080000' }] });
    const step = (TrangThai: string, ThoiDiemXuLy: string) => ({
      MaHoSo,
      NguoiXuLy: 'Trần B',
      NoiDungXuLy: 'x',
      TrangThai,
      ThoiDiemXuLy,
    });
    await call('CapNhatTienDoHoSoMC', {
      data: [step('2', '20260303080000'), step('9', '20260306080000'), step('10', '20260312080000')],
    });
    expect(await grades()).toEqual(['early', 'on-time', 'early']);
  });

  test('a wait after the end of a period leaves its numbers unchanged', async () => {
    const given = one(at('03-03'), at('03-10', '17:00:00'));
    await hub.push(given);
    const first = () => statistics('?from=2026-03-01&to=2026-03-15').then(({ total }) => total.pending);
    expect(await first()).toEqual({ total: 1, withinTerm: 0, late: 1 });
    const supplements = [{ id: '1', requestedAt: at('03-16'), receivedAt: at('03-18') }];
    await hub.push({ ...given, statusAt: at('03-18'), supplements });
    expect(await first()).toEqual({ total: 1, withinTerm: 0, late: 1 });
  });

  test('a part is counted while its whole is only submitted', async () => {
    const whole = one(at('03-02'), at('03-30'), { status: 'submitted', receivedAt: undefined });
    const part = one(at('03-03'), at('03-30'), { parentCode: whole.code });
    await hub.push([whole, part]);
    const codes = async () =>
      (await hub.read('/api/v1/statistics/dossiers?from=2026-03-01&to=2026-03-31&column=received')).body.items.map(
        ({ code }: { code: string }) => code,
      );
    expect(await codes()).toEqual([part.code]);
    await hub.push({ ...whole, status: 'received', statusAt: at('03-05'), receivedAt: at('03-05') });
    expect(await codes()).toEqual([whole.code]);
  });

  test('a part may name its whole by another code', async () => {
    const alias = 'G22.99-20260301-0007';
    const whole = one(at('03-02'), at('03-30'));
    const part = one(at('03-03'), at('03-30'), { parentCode: alias });
    await hub.push([whole, part]);
    const received = async () => (await statistics('?from=2026-03-01')).total.received.total;
    expect(await received()).toBe(2);
    await hub.push({ ...whole, statusAt: at('03-04'), aliases: [{ party: 'one-stop', code: alias }] });
    expect(await received()).toBe(1);
    await hub.push({ ...part, statusAt: at('03-05') });
    expect(await received()).toBe(1);
  });

  test('a part whose whole is an alias of several dossiers is counted, because the alias names none of them', async () => {
    const alias = 'G22.99-20260301-0008';
    const whole = one(at('03-02'), at('03-30'), { aliases: [{ party: 'one-stop', code: alias }] });
    await hub.push([whole, one(at('03-03'), at('03-30'), { parentCode: alias })]);
    const received = async () => (await statistics('?from=2026-03-01')).total.received.total;
    expect(await received()).toBe(1);
    await hub.push(one(at('03-02'), at('03-30'), { aliases: [{ party: 'other', code: alias }] }), { party: 'other' });
    expect(await received()).toBe(3);
    await hub.hub.database.pool.query("UPDATE counted_state SET filled_to = ''");
    expect(await received()).toBe(3);
  });

  test('of a long chain of parts the top is counted, and each part reads a bounded number of dossiers', async () => {
    const chain: Record<string, unknown>[] = [];
    for (let n = 0; n < 400; n++) chain.push(one(at('03-03'), at('03-30'), { parentCode: chain.at(-1)?.code }));
    await hub.push(chain);
    const { body } = await hub.read('/api/v1/statistics/dossiers?from=2026-03-01&to=2026-03-31&column=received');
    expect(body.items.map(({ code }: { code: string }) => code)).toEqual([chain[0]?.code]);
    const vault = createVault([HUB_SECRET]);
    const readFor = (place: number) =>
      inTransaction(hub.hub.database, async (tx) => {
        // A plan of the time when the table was empty scans it whole.
        await tx.query('SET LOCAL plan_cache_mode = force_custom_plan');
        await tx.query('SET LOCAL enable_seqscan = off');
        const before = await rowsRead(tx);
        const [counted] = await loadCountable(tx, vault, [chain[place]?.code as string]);
        return { isPart: counted?.isPart, many: (await rowsRead(tx)) - before };
      });
    const rowsRead = async (tx: pg.PoolClient): Promise<number> => {
      const { rows } = await tx.query(
        `SELECT (seq_tup_read + idx_tup_fetch)::int4 AS many FROM pg_stat_xact_user_tables WHERE relname = 'dossiers'`,
      );
      return rows[0].many;
    };
    const middle = await readFor(200);
    expect(middle.many).toBeGreaterThan(0);
    expect([middle.isPart, await readFor(399)]).toEqual([true, middle]);
  });

  test('a part of a dossier is counted only when its whole is not here', async () => {
    const [whole, early, late, alone] = [at('03-02'), at('03-03'), at('03-04'), at('03-05')].map((day) =>
      one(day, at('03-30')),
    ) as [object, object, object, object];
    const parentCode = (whole as { code: string }).code;
    await hub.push({ ...early, parentCode });
    const march = '?from=2026-03-01&to=2026-03-31';
    expect((await statistics(march)).total.received.total).toBe(1);
    await hub.push(whole);
    await hub.push([
      { ...late, parentCode },
      { ...alone, parentCode: 'H60.01-260301-9999' },
    ]);
    for (const rule of RULES) expect((await statistics(`${march}&rule=${rule}`)).total.received.total, rule).toBe(2);
    const { body } = await hub.read(`/api/v1/statistics/dossiers${march}&column=received`);
    expect(body.items.map(({ code }: { code: string }) => code)).toEqual(
      [whole, alone].map((each) => (each as { code: string }).code),
    );
    // A dossier that names itself has no whole.
    await hub.push({ ...alone, statusAt: at('03-06'), parentCode: (alone as { code: string }).code });
    expect((await statistics(march)).total.received.total).toBe(2);
    // Of those that name one another, one is counted, also when all are counted again.
    const recounted = async () => {
      await hub.hub.database.pool.query("UPDATE counted_state SET filled_to = ''");
      return (await statistics(march)).total.received.total;
    };
    await hub.push({ ...whole, statusAt: at('03-06'), parentCode: (early as { code: string }).code });
    expect([(await statistics(march)).total.received.total, await recounted()]).toEqual([2, 2]);
    await hub.push({ ...whole, statusAt: at('03-07'), parentCode: (late as { code: string }).code });
    await hub.push({ ...late, statusAt: at('03-07'), parentCode: (early as { code: string }).code });
    expect([(await statistics(march)).total.received.total, await recounted()]).toEqual([2, 2]);
    await hub.push(
      Array.from({ length: 600 }, (_, n) => ({
        ...early,
        code: `H60.02-260303-${1000 + n}`,
        parentCode: 'H60.02-260303-0001',
      })),
    );
    expect((await statistics(march)).total.received.total).toBe(602);
    await hub.push({ ...early, code: 'H60.02-260303-0001' });
    expect((await statistics(march)).total.received.total).toBe(3);
  });

  test('of dossiers that name one another the first one is counted, whichever closes or opens the circle', async () => {
    const chain = [at('03-02'), at('03-03'), at('03-04'), at('03-05')].map((day) => one(day, at('03-30')));
    const codes = chain.map(({ code }) => code as string);
    // Each names the next one.
    const said = chain.map((each, n) => ({ ...each, parentCode: codes[n + 1] }));
    const counted = async () => {
      const { body } = await hub.read('/api/v1/statistics/dossiers?from=2026-03-01&to=2026-03-31&column=received');
      return body.items.map(({ code }: { code: string }) => code);
    };
    const incremental: unknown[] = [];
    const rebuilt: unknown[] = [];
    const unknown = 'H60.01-260301-9999';
    for (const [n, parentCode] of [unknown, codes[0], unknown, codes[1], codes[0]].entries()) {
      await hub.push(n === 0 ? said : [{ ...said[3], statusAt: at(`03-1${n}`), parentCode }]);
      incremental.push(await counted());
      await hub.hub.database.pool.query("UPDATE counted_state SET filled_to = ''");
      rebuilt.push(await counted());
    }
    expect(incremental).toEqual([[codes[3]], [codes[0]], [codes[3]], [codes[1]], [codes[0]]]);
    expect(rebuilt).toEqual(incremental);
  });

  test('each rule counts the same day in its own way, and names itself', async () => {
    await pushDay();
    const march = '?from=2026-03-01&to=2026-03-31';
    const by766 = await statistics(march);
    expect(by766.rule).toBe('766');
    expect(flat(by766.total)).toEqual([8, 4, 2, 2, 5, 2, 1, 2, 3, 1, 2]);
    expect(by766.total.onTimePercent).toBe(60);
    // Without the refused one; early means handed over before its date, and none was.
    expect(flat((await statistics(`${march}&rule=opencps`)).total)).toEqual([7, 3, 2, 2, 4, 0, 2, 2, 3, 1, 2]);
    // By days an hour late is in time.
    expect(flat((await statistics(`${march}&rule=td`)).total)).toEqual([7, 3, 2, 2, 4, 1, 2, 1, 3, 1, 2]);
  });

  test('received equals resolved plus pending, for every rule, group and period', async () => {
    await pushDay();
    for (const rule of RULES)
      for (const by of GROUPS)
        for (const period of [
          '',
          '?period=2026-Q1',
          '?from=2026-02-01&to=2026-03-04',
          '?from=2026-03-10&to=2026-03-10T16:30:00%2B07:00',
        ]) {
          const { total, items } = await statistics(`${period || '?from=2026-01-01'}&rule=${rule}&by=${by}`);
          for (const line of [total, ...items]) {
            const [all, online, direct, carried, done, early, onTime, late, pending, within, overdue] = flat(
              line,
            ) as number[];
            expect(all, `${rule} ${by} ${period}`).toBe((online as number) + (direct as number) + (carried as number));
            expect(done).toBe((early as number) + (onTime as number) + (late as number));
            expect(pending).toBe((within as number) + (overdue as number));
            expect(all).toBe((done as number) + (pending as number));
          }
          const sum = (pick: (line: Line) => number) => items.reduce((rest, line) => rest + pick(line), 0);
          if (by === 'month') continue;
          expect(sum((line) => line.received.total)).toBe(total.received.total);
          expect(sum((line) => line.resolved.late)).toBe(total.resolved.late);
        }
  });

  sampled('each number leads to its dossiers', async () => {
    await pushDay();
    // Each column is requested separately: its list must match its number, by any rule, in any line.
    const numbers = ({ received, resolved: done, pending }: Line) => ({
      received: received.total,
      'received.online': received.online,
      'received.direct': received.direct,
      'received.carriedOver': received.carriedOver,
      resolved: done.total,
      'resolved.early': done.early,
      'resolved.onTime': done.onTime,
      'resolved.late': done.late,
      pending: pending.total,
      'pending.withinTerm': pending.withinTerm,
      'pending.late': pending.late,
    });
    const behind = async (query: string): Promise<readonly string[]> =>
      (await hub.read(`/api/v1/statistics/dossiers${query}&limit=200`)).body.items.map(
        (item: { code: string }) => item.code,
      );
    const seen = new Set<string>();
    const pairs = [...RULES.map((one) => [one, 'agency']), ...GROUPS.map((one) => ['766', one])];
    for (const [rule, by] of partOf(pairs, (_, at) => at === 0)) {
      const query = `?from=2026-02-15&to=2026-03-10T16:30:00%2B07:00&rule=${rule}&by=${by}`;
      const { total, items } = await statistics(query);
      for (const [line, key] of [[total, ''] as const, ...items.map((one) => [one, `&key=${one.key ?? '-'}`] as const)])
        for (const [column, count] of Object.entries(numbers(line))) {
          const codes = await behind(`${query}${key}&column=${column}`);
          expect([rule, by, key, column, codes.length]).toEqual([rule, by, key, column, count]);
          if (count > 0) seen.add(column);
        }
    }
    expect([...seen].sort()).toEqual([...COLUMNS].sort());
  });

  test('the number of the present month leads to no dossier of a later month', async () => {
    const aprilFirst = '2026-04-01T07:00:00+07:00';
    const [now, later, resolvedLater] = [
      one(at('03-05'), at('03-30')),
      // Filed in the evening: a source may date the reception on the next working morning.
      one(aprilFirst, '2026-04-20T17:00:00+07:00', { statusAt: at('03-20') }),
      resolved(at('03-05'), at('03-30'), aprilFirst, { statusAt: at('03-20') }),
    ];
    await hub.push([now, later, resolvedLater]);
    const query = '?from=2026-01-01&to=2026-12-31&by=month';
    const march = (await statistics(query)).items.at(-1) as Line;
    expect([march.key, march.received.total, march.pending.total]).toEqual(['2026-03', 2, 2]);
    for (const column of ['received', 'pending']) {
      const { body } = await hub.read(`/api/v1/statistics/dossiers${query}&key=2026-03&column=${column}`);
      const codes = body.items.map((item: { code: string }) => item.code);
      expect([column, codes]).toEqual([column, [now, resolvedLater].map((given) => given?.code)]);
    }
  });

  test('the dossiers of a number come in pages, masked, ordered by code; an invalid number is refused', async () => {
    await pushDay();
    const ask = (query: string) => hub.read(`/api/v1/statistics/dossiers?period=2026-Q1${query}`);
    const first = (await ask('&column=received&limit=3')).body;
    const rest = (await ask(`&column=received&limit=200&cursor=${encodeURIComponent(first.next)}`)).body;
    const codes = [...first.items, ...rest.items].map(({ code }: { code: string }) => code);
    expect([first.items.length, rest.next, codes]).toEqual([3, null, [...new Set(codes)].sort()]);
    expect(codes).toHaveLength((await statistics('?period=2026-Q1')).total.received.total);
    expect(first.items[0].applicant.name).toBe('N***** V** A*');
    for (const [query, detail] of [
      ['', /^\?column is missing, expected one of received, /],
      ['&column=late', /^\?column got "late", expected one of received, /],
      ['&column=received&by=month&key=2020-01', '?key got "2020-01", expected a month from 2025-12 to 2026-03'],
    ] as const) {
      const { status, body } = await ask(query);
      expect(status).toBe(400);
      expect(body.detail).toEqual(typeof detail === 'string' ? detail : expect.stringMatching(detail));
    }
    expect((await ask('&column=received&key=H60.99')).body).toEqual({ items: [], next: null });
    expect((await hub.read('/api/v1/statistics/dossiers?column=received', 'one-stop')).status).toBe(403);
  });

  test('lines are agencies, services, channels and months, with sub-units and a line without a name', async () => {
    await pushDay();
    const march = '?from=2026-03-01&to=2026-03-31';
    const keys = async (query: string) =>
      (await statistics(`${march}${query}`)).items.map(({ key, received }) => [key, received.total]);
    expect(await keys('')).toEqual([
      ['H60.01', 6],
      ['H60.01.02', 1],
      ['H60.02', 1],
    ]);
    expect(await keys('&agency=h60.01')).toEqual([
      ['H60.01', 6],
      ['H60.01.02', 1],
    ]);
    expect(await keys('&by=service')).toEqual([
      ['1.013225', 7],
      ['2.000001', 1],
    ]);
    expect(await keys('&by=field')).toEqual([
      ['G03-GD10', 1],
      [null, 7],
    ]);
    expect(await keys('&by=field&field=G03-GD10')).toEqual([['G03-GD10', 1]]);
    expect(await keys('&by=channel')).toEqual([
      ['counter', 2],
      ['online', 5],
      ['post', 1],
    ]);
    expect(await keys('&by=service&service=2.000001.000.00.00.H60')).toEqual([['2.000001', 1]]);
    const months = await statistics('?from=2026-01-15&by=month');
    expect(
      months.items.map((line) => [line.key, line.received.carriedOver, line.received.total, line.pending.total]),
    ).toEqual([
      ['2026-01', 0, 0, 0],
      ['2026-02', 0, 3, 2],
      ['2026-03', 2, 8, 3],
    ]);
  });

  test('later messages move a dossier from pending to resolved, and back when it is reopened', async () => {
    const given = one(at('03-02'), at('03-10'));
    await hub.push(given);
    expect(flat((await statistics()).total).slice(4)).toEqual([0, 0, 0, 0, 1, 0, 1]);
    await hub.push(progress({ code: given.code, status: 'resolved', at: at('03-09') }), { what: 'progress' });
    expect(flat((await statistics()).total).slice(4)).toEqual([1, 1, 0, 0, 0, 0, 0]);
    await hub.push(progress({ code: given.code, status: 'processing', at: at('03-11') }), { what: 'progress' });
    expect(flat((await statistics()).total).slice(4)).toEqual([0, 0, 0, 0, 1, 0, 1]);
  });

  test('a past period keeps its numbers, whatever is resolved, supplemented or withdrawn afterwards', async () => {
    const dossiers = [at('02-20'), at('03-10'), undefined].flatMap((dueAt) =>
      ['resolved', 'supplement-required', 'withdrawn'].map((then) => ({
        then,
        record: one(at('02-05'), dueAt as string),
      })),
    );
    await hub.push(dossiers.map(({ record }) => record));
    // One computes, and concurrent requests get the previous result.
    await statistics();
    const february = async () =>
      Promise.all(
        RULES.flatMap((rule) => [
          statistics(`?rule=${rule}&from=2026-02-01&to=2026-02-28`).then(({ total }) => total.pending),
          statistics(`?rule=${rule}&by=month&from=2026-02-01&to=2026-03-31`).then(({ items }) => items[0]?.pending),
        ]),
      );
    const before = await february();
    expect(before).toEqual(before.map(() => ({ total: 9, withinTerm: 6, late: 3 })));
    await hub.push(dossiers.map(({ then, record }) => ({ ...record, status: then, statusAt: at('03-12') })));
    await statistics();
    expect((await statistics('?rule=766&from=2026-03-01&to=2026-03-31')).total.resolved.total).toBeGreaterThan(0);
    expect(await february()).toEqual(before);
  });

  test('by td a dossier that was stopped or withdrawn stays on time when its papers are handed back', async () => {
    const given = ['stopped', 'withdrawn'].map((then) => ({ then, record: one(at('02-05'), at('02-10')) }));
    await hub.push(given.map(({ then, record }) => ({ ...record, status: then, statusAt: at('02-20') })));
    const february = async () => {
      const { resolved, pending } = (await statistics('?rule=td&from=2026-02-01&to=2026-02-28')).total;
      return [resolved.early, resolved.onTime, resolved.late, pending.total];
    };
    expect(await february()).toEqual([0, 2, 0, 0]);
    await hub.push(given.map(({ record }) => ({ ...record, status: 'returned', statusAt: at('03-10') })));
    expect(await february()).toEqual([0, 2, 0, 0]);
  });

  test('a share of nothing resolved is missing, except by OpenCPS', async () => {
    expect((await statistics()).total).toMatchObject({ received: { total: 0 }, onTimePercent: null });
    expect((await statistics('?rule=opencps')).total.onTimePercent).toBe(100);
  });

  test('after lost feed entries all dossiers are counted again', async () => {
    await pushDay();
    const before = await statistics('?from=2026-03-01');
    await hub.push(resolved(at('03-02'), at('03-10'), at('03-09')));
    await hub.hub.database.pool.query(
      `DELETE FROM changes; UPDATE counted SET code = code || '9' WHERE code LIKE '%${number}'`,
    );
    const after = await statistics('?from=2026-03-01');
    expect(after.behind).toBe(0);
    expect(after.total.received.total).toBe(before.total.received.total + 1);
  });

  test('all dossiers are counted again when there are more changes to count than dossiers', async () => {
    const { pool } = hub.hub.database;
    const isFar = (changes: number) => inTransaction(hub.hub.database, (tx) => isFarBehind(tx, changes));
    await pushDay();
    expect(await isFar(100_000)).toBe(false);
    await pool.query('ANALYZE dossiers');
    expect([await isFar(99_999), await isFar(100_000)]).toEqual([false, true]);
    await pool.query(`UPDATE pg_class SET reltuples = 100000 WHERE oid = 'dossiers'::regclass`);
    expect([await isFar(100_000), await isFar(100_001)]).toEqual([false, true]);
  });

  test('after a drop of old months a dossier keeps its counted times', async () => {
    const given = dossier({
      code: 'H60.01-260101-9001',
      status: 'received',
      statusAt: at('01-05'),
      receivedAt: undefined,
      dueAt: at('02-12'),
    });
    const tell = (status: string, when: string) =>
      hub.push(progress({ code: given.code, status, at: when }), { what: 'progress' });
    await hub.push(given);
    await tell('resolved', at('02-10'));
    const early = (await statistics('?from=2026-01-01')).total;
    expect(flat(early)).toEqual([1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
    await hub.hub.database.pool.query('DELETE FROM events WHERE seq = 1');
    await tell('returned', at('03-02'));
    expect((await statistics('?from=2026-01-01')).total).toEqual(early);
    expect((await statistics('?from=2026-03-01')).total.received.total).toBe(0);
    // Also when all months are dropped, and all dossiers are counted again. The steps say that one waited twice, and when
    // one stopped.
    const others = [1, 2].map(() => one(at('01-05'), at('02-12')) as { code: string });
    await hub.push(others);
    const [waited, stopped] = others.map(({ code }) => code) as [string, string];
    const steps = [
      ...[1, 2].flatMap((n) => [
        { code: waited, status: 'supplement-required', at: at(`01-0${4 + 2 * n}`) },
        { code: waited, status: 'processing', at: at(`01-0${5 + 2 * n}`) },
      ]),
      { code: waited, status: 'resolved', at: at('01-20') },
      { code: stopped, status: 'stopped', at: at('02-10') },
      { code: stopped, status: 'returned', at: at('02-20') },
    ];
    await hub.push(steps.map(progress), { what: 'progress' });
    const byRules = () =>
      Promise.all(RULES.map(async (rule) => (await statistics(`?from=2026-01-01&by=month&rule=${rule}`)).items));
    const before = await byRules();
    expect((await statistics('?from=2026-01-01')).total.resolved).toEqual({ total: 3, early: 1, onTime: 0, late: 2 });
    await hub.hub.database.pool.query("DELETE FROM events; UPDATE counted_state SET filled_to = ''");
    expect(await byRules()).toEqual(before);
  });

  test('a dossier that cannot be counted blocks no other, and shows as a backlog', async () => {
    await hub.push([
      one('2200-12-20T09:00:00+07:00', '2200-12-30T09:00:00+07:00', { dueAt: undefined }),
      resolved(at('03-02'), at('03-10'), at('03-09')),
    ]);
    expect((await statistics('?from=2026-03-01')).total.resolved.early).toBe(1);
    await hub.push(resolved(at('03-02'), at('03-10'), at('03-09')));
    await hub.hub.database.pool.query('ALTER TABLE counted RENAME COLUMN grade_td TO grade_of_td');
    expect(await statistics('?from=2026-03-01')).toMatchObject({ behind: 1, total: { resolved: { early: 1 } } });
    expect(hub.logLines.some(({ msg, where }) => `${msg} ${where}`.includes('count'))).toBe(true);
  });

  test('a record that PostgreSQL does not accept as JSON is counted with the others', async () => {
    const supplements = [{ requestedAt: at('03-05'), content: 'Bổ sung' }];
    const [bad, good] = [one(at('03-02'), at('03-10'), { supplements }), one(at('03-02'), at('03-10'))];
    await hub.push([bad, good]);
    await hub.hub.database.pool.query(
      `UPDATE dossiers SET masked = replace(masked, '"Bổ sung"', '"B\\ud800"') WHERE code = $1`,
      [bad.code],
    );
    expect(await statistics('?from=2026-03-01&to=2026-03-31')).toMatchObject({
      behind: 0,
      total: { received: { total: 2 } },
    });
  });

  describe('when services or days off change', () => {
    const OF_SERVICE = { serviceCode: '1.000001' };
    const WITHOUT_DATE = { ...OF_SERVICE, dueAt: undefined };

    /** Writes it without a message, at this moment. */
    async function writeService(code: string): Promise<void> {
      const terms = [{ amount: 3, unit: 'working-day' }];
      const record = { code, name: 'Một', inForce: true, channels: [{ channel: 'counter', terms }] };
      await hub.hub.database.pool.query(
        `INSERT INTO catalogue (kind, key, code, name, in_force, search, record, hash, party, message_id, changed_at)
         VALUES ('service', $1, $1, 'Một', true, '', $2, '', 'source', gen_random_uuid(), now())`,
        [code, JSON.stringify(record)],
      );
      hub.clock.nowMs += 2_000;
    }
    const marked = async () =>
      (await hub.hub.database.pool.query('SELECT code FROM recounts ORDER BY code')).rows.map(({ code }) => code);
    const isCountingAll = async () =>
      (await hub.hub.database.pool.query('SELECT filled_to IS NOT NULL AS yes FROM counted_state')).rows[0].yes;

    test('their dossiers that need them are counted again, and no others', async () => {
      const done = [at('03-02'), at('03-10'), at('03-09')] as const;
      const needing = [one(at('03-02'), at('03-10'), WITHOUT_DATE), resolved(...done, OF_SERVICE)];
      const others = [
        one(at('03-02'), at('03-10'), OF_SERVICE),
        resolved(...done, { ...OF_SERVICE, channel: 'counter' }),
        resolved(...done, { ...OF_SERVICE, results: [{ id: 'kq-1', name: 'Giấy phép' }] }),
        one(at('03-02'), at('03-10'), { dueAt: undefined, serviceCode: '1.000002' }),
      ];
      await hub.push([...needing, ...others]);
      expect((await statistics('?from=2026-03-01')).total.pending).toEqual({ total: 3, withinTerm: 2, late: 1 });
      await writeService('1.000001');
      await recountAfterServices(hub.hub.database);
      expect([await marked(), await isCountingAll()]).toEqual([needing.map(({ code }) => code), false]);
      expect((await statistics('?from=2026-03-01')).total.pending).toEqual({ total: 3, withinTerm: 1, late: 2 });
      await recountAfterServices(hub.hub.database);
      expect(await marked()).toEqual([]);
    });

    test('of very many dossiers, all are counted again instead', async () => {
      await hub.push(one(at('03-02'), at('03-10'), WITHOUT_DATE));
      await hub.push(one(at('03-02'), at('03-10'), WITHOUT_DATE));
      expect((await statistics()).behind).toBe(0);
      await writeService('1.000001');
      await recountAfterServices(hub.hub.database, 1);
      expect([await marked(), await isCountingAll()]).toEqual([[], true]);
      expect((await statistics('?from=2026-03-01')).total.pending).toEqual({ total: 2, withinTerm: 0, late: 2 });
    });

    test('dossiers without a due date are counted again after a start with other days off', async () => {
      await writeService('1.000001');
      await recountAfterServices(hub.hub.database);
      await hub.push([one(at('03-16'), at('03-19'), WITHOUT_DATE), one(at('03-16'), at('03-19'), OF_SERVICE)]);
      expect((await statistics('?from=2026-03-01')).total.pending).toEqual({ total: 2, withinTerm: 0, late: 2 });
      const daysOff = ['2026-03-17', '2026-03-18'];
      const restarted = await testHub({ databaseUrl: hub.databaseUrl, nowMs: NOW, roles: ['scheduler'], daysOff });
      try {
        await vi.waitFor(async () => {
          const { body } = await restarted.read('/api/v1/statistics?from=2026-03-01');
          expect(body.total.pending).toEqual({ total: 2, withinTerm: 1, late: 1 });
        }, 10_000);
      } finally {
        await restarted.close();
      }
    });
  });

  test('many months are as many lines, and each adds up', async () => {
    await pushDay();
    const { items, next, total } = await statistics('?from=2010-01-01&by=month&limit=200');
    expect([items.length, next, items.at(-1)?.key]).toEqual([195, null, '2026-03']);
    expect(items.reduce((sum, line) => sum + line.received.online + line.received.direct, 0)).toBe(
      total.received.total,
    );
    expect(items.at(-1)?.pending).toEqual(total.pending);
  });

  inDepth('a tampered index is counted as it is, and correctly after its repair', async () => {
    const pool = hub.hub.database.pool;
    await hub.push([one(at('03-02'), at('03-10')), one(at('03-02'), at('03-10'))]);
    const before = (await statistics()).total;
    await pool.query("UPDATE dossiers SET status = 'resolved', finished_at = '2026-03-09' WHERE code LIKE $1", [
      `%${number}`,
    ]);
    await pool.query("UPDATE counted_state SET filled_to = ''");
    expect((await statistics()).total.resolved.early).toBe(1);
    await hub.hub.rebuild({ swap: true });
    expect((await statistics()).total).toEqual(before);
  });

  test('a long list comes in pages, each with the total', async () => {
    await pushDay();
    const first = await statistics('?from=2026-03-01&limit=2');
    const second = await statistics(`?from=2026-03-01&limit=2&cursor=${encodeURIComponent(first.next as string)}`);
    expect([...first.items, ...second.items].map(({ key }) => key)).toEqual(['H60.01', 'H60.01.02', 'H60.02']);
    expect(second.next).toBeNull();
    expect(second.total).toEqual(first.total);
  });

  test.each([
    ['?rule=vpcp', '?rule'],
    ['?by=week', '?by'],
    ['?from=2026-02-30', '?from'],
    ['?period=2026-Q5', '?period'],
    ['?period=2026&to=2026-03-01', '?to'],
    ['?from=2026-03-02&to=2026-03-01', '?to'],
    ['?cursor=abc', '?cursor'],
    ['?unit=H60', '?unit'],
  ])('%s is refused with the name of its parameter', async (query, path) => {
    const { status, body } = await hub.read(`/api/v1/statistics${query}`);
    expect(status).toBe(400);
    expect(body.problems.map((problem: { path: string }) => problem.path)).toEqual([path]);
  });

  test('numbers need the scope of readers, and an unchanged answer is 304', async () => {
    expect((await hub.request('GET', '/api/v1/statistics')).status).toBe(401);
    expect((await hub.request('GET', '/api/v1/statistics', 'one-stop')).status).toBe(403);
    const { headers } = await hub.read('/api/v1/statistics?to=2026-03-01');
    const again = await hub.request('GET', '/api/v1/statistics?to=2026-03-01', 'portal', undefined, {
      'If-None-Match': headers.get('etag') as string,
    });
    expect(again.status).toBe(304);
  });

  test('by agency, one level has its lines and their total; units take the level of the agency above', async () => {
    await hub.hub.database.pool.query(
      `INSERT INTO catalogue (kind, key, code, name, in_force, levels, audiences, agencies, search, record, hash, party, message_id, version, made_from, changed_at)
       SELECT 'agency', k, k, k, true, ARRAY[l], '{}', '{}', '', '{}', '', 'source', gen_random_uuid(), 1, 0, now()
       FROM (VALUES ('H60.01', 'province'), ('H60.101', 'commune'), ('000.00.05.H22', 'district')) a (k, l)`,
    );
    const late = [at('03-02'), at('03-04'), at('03-05')] as const;
    await hub.push([
      resolved(...late),
      resolved(...late, { agencyCode: 'H60.101' }),
      one(at('03-02'), at('03-04'), { agencyCode: 'H60.101.02' }),
      one(at('03-02'), at('03-04'), { agencyCode: 'H60.77' }),
    ]);
    const communes = await statistics('?level=commune');
    expect(communes.items.map(({ key, received }) => [key, received.total])).toEqual([
      ['H60.101', 1],
      ['H60.101.02', 1],
    ]);
    expect(flat(communes.total)).toEqual([2, 2, 0, 0, 1, 0, 0, 1, 1, 0, 1]);
    expect(communes.total.onTimePercent).toBe(0);
    expect((await statistics('?level=province')).items.map(({ key }) => key)).toEqual(['H60.01']);
    expect((await statistics()).items).toHaveLength(4);
    // Districts have codes of 2016, which grow to the left.
    await hub.push(['000.02.05.H22', '003.02.05.H22'].map((agencyCode) => resolved(...late, { agencyCode })));
    const districts = (await statistics('?level=district')).items.map(({ key }) => key);
    expect(districts).toEqual(['000.02.05.H22', '003.02.05.H22']);
    const { status, body } = await hub.read('/api/v1/statistics?by=field&level=commune');
    expect([status, body.detail]).toEqual([400, expect.stringContaining('by=agency')]);
  });
});
