import Type from 'typebox';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { msToInstant } from '#core/dates/dates';
import type { MaintenanceWindow } from '#core/dates/windows';
import { readItem } from '#core/dossier/item';
import type { Outcome } from '#core/dossier/settle';
import { problem, unmappedCause } from '#core/problem';
import { defineAdapter } from '../../src/kit/adapter.ts';
import type { Page, Puller } from '../../src/kit/puller.ts';
import { outcomeWithoutReply } from '../../src/kit/replies.ts';
import { claim } from '../../src/ledger/claim.ts';
import { closeIncidents, openIncident, openIncidents } from '../../src/ledger/incidents.ts';
import { savePartyHealth } from '../../src/ledger/party-health.ts';
import { pauseParty, resumeParty, takeCalls } from '../../src/ledger/party-states.ts';
import { hasFailedPull, makePullsDue } from '../../src/ledger/pulls.ts';
import { lastReconciles, saveReconciled } from '../../src/ledger/reconciles.ts';
import type { Alerts } from '../../src/observe/alerts.ts';
import { watchAway } from '../../src/observe/away-partners.ts';
import { createRateLimit } from '../../src/parties/rate-limit.ts';
import { dossier, holdAnswers, type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

const DOWN: Outcome = { kind: 'unavailable', reason: 'econnrefused', message: 'no connection: ECONNREFUSED' };
/** Reasons of a partner that is away for every record, and of one that fails at a record. */
const AWAY = ['econnrefused', 'timeout', 'status-502', 'credentials'];
const ERRORS = ['status-500', 'fault-server', 'adapter-bug'];
const AT = Date.parse('2025-08-12T08:00:00+07:00');
const ROUTES = [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal', 'slow'] }];

describe('partner health', () => {
  let hub: TestHub;
  afterEach(() => hub.close());

  const codes = (count: number) =>
    Array.from({ length: count }, (_, n) => dossier({ code: `H60.01-250812-${String(n).padStart(4, '0')}` }));
  const incidents = async () =>
    (
      await hub.hub.database.pool.query(
        'SELECT party, kind, cause, closed_at IS NULL AS open FROM incidents ORDER BY id',
      )
    ).rows;

  async function start(partners: Record<string, Partner>): Promise<void> {
    hub = await testHub({
      partners,
      routes: ROUTES.map((route) => ({ ...route, to: route.to.filter((party) => party in partners) })),
      retryDelaysMs: Array(40).fill(1_000),
    });
  }

  test('a partner that is away gets single probes, and the backlog when back; one incident, one alert', async () => {
    const portal = testPartner();
    await start({ portal });
    portal.script.push(...Array(200).fill({ ...DOWN, message: `${DOWN.message}, Trần Thị Thử` }));
    await hub.push(codes(60));
    for (let s = 0; s < 5; s++) {
      hub.clock.nowMs += 1_000;
      await hub.deliver();
    }
    const asked = portal.sent.length;
    expect(asked).toBeLessThan(60);
    expect(await incidents()).toEqual([
      {
        party: 'portal',
        kind: 'partner-away',
        cause: expect.stringContaining('ECONNREFUSED, T*** T** T**'),
        open: true,
      },
    ]);
    expect(hub.logLines.filter((line) => line.msg === 'incident')).toHaveLength(1);
    hub.clock.nowMs += 10_000;
    await hub.deliver();
    expect(portal.sent.length).toBe(asked + 1);
    portal.script.length = 0;
    hub.clock.nowMs += 10_000;
    await hub.deliver();
    await hub.deliver();
    expect(new Set(portal.sent.map((item) => item.code)).size).toBe(60);
    expect(await incidents()).toMatchObject([{ open: false }]);
    const { rows } = await hub.hub.database.pool.query(
      "SELECT count(*) AS n FROM deliveries WHERE state <> 'delivered'",
    );
    expect(rows[0].n).toBe(0);
  });

  test('the last error of a partner is its own answer, not a consequence in the same call', async () => {
    const portal = testPartner();
    await start({ portal });
    const waits: Outcome = { kind: 'unavailable', reason: 'waits', message: 'an earlier one did not get through' };
    portal.script.push(DOWN, waits, waits);
    await hub.push(codes(3));
    await hub.deliver();
    const lastError = async () =>
      (await hub.hub.database.pool.query('SELECT error_reason AS reason FROM party_health')).rows;
    await expect.poll(lastError).toEqual([{ reason: 'econnrefused' }]);
  });

  test('the last error of a partner is the latest, in whichever order processes store theirs', async () => {
    await start({ portal: testPartner() });
    const { database, ledger } = hub.hub;
    const at = (s: number) => AT + s * 1_000;
    const store = (s: number, reason: string) =>
      savePartyHealth(database, 'portal', { error: { atMs: at(s), reason, message: reason } });
    await store(2, 'second');
    await store(1, 'first');
    await savePartyHealth(database, 'portal', { successMs: at(3) });
    const last = async () => (await ledger.parties(at(5))).find(({ party }) => party === 'portal');
    const second = { lastErrorReason: 'second', lastErrorDetail: 'second', lastErrorAt: msToInstant(at(2)) };
    expect(await last()).toMatchObject(second);
    await store(4, 'fourth');
    expect(await last()).toMatchObject({ lastErrorReason: 'fourth', lastErrorDetail: 'fourth' });
  });

  test('a clock set back while the breaker is open does not prolong the wait', async () => {
    const portal = testPartner();
    await start({ portal });
    portal.script.push(...Array(16).fill(DOWN));
    await hub.push(codes(16));
    await hub.deliver();
    expect(await incidents()).toMatchObject([{ kind: 'partner-away', open: true }]);
    const tried = portal.sent.length;
    portal.script.length = 0;
    hub.clock.nowMs -= 3_600_000;
    await hub.hub.database.pool.query('UPDATE deliveries SET next_at = $1', [new Date(hub.clock.nowMs)]);
    await hub.deliver();
    await hub.deliver();
    expect(portal.sent.length).toBeGreaterThan(tried);
    expect(await incidents()).toMatchObject([{ open: false }]);
  });

  test('a slow partner never delays another', async () => {
    const portal = testPartner();
    const slow = testPartner();
    const finish = holdAnswers(slow, 40);
    await start({ portal, slow });
    await hub.push(codes(40));
    await hub.hub.pipeline.sweep();
    await expect.poll(() => portal.sent.length).toBe(40);
    expect(slow.sent.length).toBeLessThanOrEqual(16);
    finish();
  });

  test('a paused party gets nothing from that moment, and everything in order when resumed', async () => {
    const portal = testPartner();
    await start({ portal });
    await pauseParty(hub.hub.database.pool, 'portal', 'officer', hub.clock.nowMs);
    await hub.push(codes(5));
    await hub.deliver();
    expect(portal.sent).toEqual([]);
    await resumeParty(hub.hub.database, 'portal');
    await hub.deliver();
    expect(portal.sent).toHaveLength(5);
  });

  test.each(AWAY)(
    'a partner back after %s gets waiting deliveries at once, and they lose no attempt',
    async (reason) => {
      const portal = testPartner();
      hub = await testHub({
        partners: { portal },
        routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
        retryDelaysMs: [1_000, 1_000, 1_000, 1_000, 3_600_000, 3_600_000],
      });
      const cause = unmappedCause('service', '1', 'no service');
      portal.script.push(
        { kind: 'refused', reason: 'unmapped', message: 'no service', cause },
        ...Array(5).fill({ ...DOWN, reason }),
      );
      const [held, waiting, fresh] = codes(3);
      await hub.push(held);
      await hub.deliver();
      await hub.push(waiting);
      for (let s = 0; s < 5; s++) {
        await hub.deliver();
        hub.clock.nowMs += 1_000;
      }
      const rows = async () =>
        (await hub.hub.database.pool.query('SELECT state, attempts FROM deliveries ORDER BY id')).rows;
      expect(await rows()).toEqual([
        { state: 'held', attempts: 1 },
        { state: 'due', attempts: 5 },
      ]);
      await hub.push(fresh);
      hub.clock.nowMs += 1_000;
      await hub.deliver();
      expect(await rows()).toEqual([
        { state: 'held', attempts: 1 },
        { state: 'delivered', attempts: 5 },
        { state: 'delivered', attempts: 1 },
      ]);
      expect(portal.sent).toHaveLength(8);
    },
  );

  test('a partner that answers “not yet” is not away, and its deliveries are parked after the last delay', async () => {
    const portal = testPartner();
    hub = await testHub({
      partners: { portal },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      retryDelaysMs: [1_000, 1_000, 1_000, 1_000, 3_000],
    });
    const { pool } = hub.hub.database;
    const NOT_YET: Outcome = { kind: 'unavailable', reason: 'dossier-unknown', message: 'Hồ sơ không tồn tại' };
    const early = codes(10);
    const answer = async (items: readonly { readonly code: string }[]): Promise<readonly Outcome[]> =>
      items.map(({ code }) => (early.some((one) => one.code === code) ? NOT_YET : { kind: 'delivered' }));
    portal.script.push(...Array(200).fill(answer));
    await hub.push(early);
    for (let s = 0; s < 5; s++) {
      await hub.deliver();
      hub.clock.nowMs += 1_000;
    }
    expect(await incidents()).toEqual([]);
    // An outage meanwhile: its end neither hurries them nor gives them an attempt back.
    portal.script.unshift(...Array(5).fill(DOWN));
    await hub.push(codes(15).slice(10));
    await hub.deliver();
    expect(await incidents()).toMatchObject([{ kind: 'partner-away', open: true }]);
    hub.clock.nowMs += 1_000;
    await hub.deliver();
    await hub.deliver();
    expect(await incidents()).toMatchObject([{ open: false }]);
    const rows = async () =>
      (
        await pool.query('SELECT state, reason, attempts, count(*) AS n FROM deliveries GROUP BY 1, 2, 3 ORDER BY 1')
      ).rows.map(({ state, reason, attempts, n }) => `${n} ${state} ${reason} ${attempts}`);
    expect(await rows()).toEqual(['5 delivered null 2', '10 due dossier-unknown 5']);
    expect(portal.sent).toHaveLength(10 * 5 + 5 * 2);
    hub.clock.nowMs += 3_000;
    await hub.deliver();
    expect(await rows()).toEqual(['5 delivered null 2', '10 parked dossier-unknown 6']);
    expect((await pool.query('SELECT DISTINCT detail FROM deliveries')).rows).toContainEqual({
      detail: 'Hồ sơ không tồn tại',
    });
  });

  test.each(ERRORS)('records that always fail with %s are parked, however often others get through', async (reason) => {
    const portal = testPartner();
    hub = await testHub({
      partners: { portal },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      retryDelaysMs: [1_000, 600_000],
    });
    const bad = codes(5);
    const FAILED: Outcome = { kind: 'unknown', reason, message: 'Lỗi hệ thống' };
    const answer = async (items: readonly { readonly code: string }[]): Promise<readonly Outcome[]> =>
      items.map(({ code }) => (bad.some((one) => one.code === code) ? FAILED : { kind: 'delivered' }));
    portal.script.push(...Array(200).fill(answer));
    const rows = async () =>
      (
        await hub.hub.database.pool.query(
          'SELECT state, reason, attempts, count(*) AS n FROM deliveries GROUP BY 1, 2, 3 ORDER BY 1',
        )
      ).rows.map(({ state, reason, attempts, n }) => `${n} ${state} ${reason} ${attempts}`);
    await hub.push(bad);
    await hub.deliver();
    // Each of these closes the breaker.
    for (const good of codes(9).slice(5)) {
      await hub.push(good);
      hub.clock.nowMs += 1_000;
      await hub.deliver();
      await hub.deliver();
    }
    expect(await rows()).toEqual(['4 delivered null 1', `5 due ${reason} 2`]);
    expect(portal.sent).toHaveLength(4 + 5 * 2);
    expect(await incidents()).not.toContainEqual(expect.objectContaining({ open: true }));
    hub.clock.nowMs += 600_000;
    await hub.deliver();
    expect(await rows()).toEqual(['4 delivered null 1', `5 parked ${reason} 3`]);
  });

  test('records that always fail like an outage are parked in the end, however often others get through', async () => {
    const portal = testPartner();
    hub = await testHub({
      partners: { portal },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      retryDelaysMs: [600_000, 600_000],
    });
    const bad = codes(5).map(({ code }) => code);
    const answer = async (items: readonly { readonly code: string }[]): Promise<readonly Outcome[]> =>
      items.map(({ code }) => (bad.includes(code) ? { ...DOWN, reason: 'timeout' } : { kind: 'delivered' }));
    portal.script.push(...Array(1_000).fill(answer));
    await hub.push(codes(5));
    // Each of these closes the breaker, as the end of an outage does.
    for (const good of codes(55).slice(5)) {
      await hub.push(good);
      hub.clock.nowMs += 60_000;
      await hub.deliver();
      await hub.deliver();
    }
    const { rows } = await hub.hub.database.pool.query<{ state: string; n: number }>(
      'SELECT state, count(*)::int4 AS n FROM deliveries GROUP BY 1 ORDER BY 1',
    );
    expect(rows).toEqual([
      { state: 'delivered', n: 50 },
      { state: 'parked', n: 5 },
    ]);
    const tries = bad.map((code) => portal.sent.filter((one) => one.code === code).length);
    expect(Math.min(...tries)).toBeGreaterThan(20);
  });

  test('deliveries that ask nobody do not end the outage of a partner', async () => {
    const portal = testPartner();
    hub = await testHub({
      partners: { portal },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      retryDelaysMs: [1_000, 1_000, 1_000, 1_000, 3_600_000, 3_600_000],
    });
    const { pool } = hub.hub.database;
    const [waiting, unsent, unmapped, fresh] = codes(4);
    portal.script.push(...Array(5).fill(DOWN));
    await hub.push(waiting);
    for (let s = 0; s < 5; s++) {
      await hub.deliver();
      hub.clock.nowMs += 1_000;
    }
    const cause = unmappedCause('service', '1', 'no service');
    portal.script.push({ kind: 'delivered', reason: 'nothing-told' });
    portal.script.push({ kind: 'refused', reason: 'unmapped', message: 'no service', cause }, DOWN);
    for (const one of [unsent, unmapped]) {
      await hub.push(one);
      await hub.deliver();
    }
    const state = async () => [
      await incidents(),
      (await pool.query('SELECT state FROM breakers')).rows,
      (await pool.query('SELECT outcome, attempts FROM deliveries ORDER BY id LIMIT 1')).rows,
    ];
    const stillAway = [
      [{ kind: 'partner-away', open: true }],
      [{ state: 'open' }],
      [{ outcome: 'unavailable', attempts: 5 }],
    ];
    expect(await state()).toMatchObject(stillAway);
    await hub.push(fresh);
    await hub.deliver();
    expect([portal.sent.length, portal.script.length]).toEqual([8, 0]);
    expect(await state()).toMatchObject(stillAway);
    await hub.hub.pipeline.drain(1_000);
    expect((await pool.query('SELECT success_at FROM party_health')).rows).toEqual([{ success_at: null }]);
  });

  test('what a returning partner was too busy for waits its delay, however long the release of the others takes', async () => {
    const portal = testPartner({ dossiers: 2 });
    hub = await testHub({
      partners: { portal },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      retryDelaysMs: [1_000, 1_000, 1_000, 1_000, 3_600_000],
    });
    const [waiting, ...fresh] = codes(3);
    portal.script.push(...Array(5).fill(DOWN));
    await hub.push(waiting);
    for (let s = 0; s < 5; s++) {
      await hub.deliver();
      hub.clock.nowMs += 1_000;
    }
    const { pool } = hub.hub.database;
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query("SELECT FROM deliveries WHERE state = 'due' ORDER BY id LIMIT 1 FOR UPDATE");
    portal.script.push(async (items) => {
      setTimeout(() => void client.query('COMMIT').then(() => client.release()), 100);
      return items.map((_, n) => (n === 0 ? { kind: 'delivered' } : { ...DOWN, reason: 'busy', message: 'later' }));
    });
    // Last: the push alone notifies the worker, which may call before the next statement of this test.
    await hub.push(fresh);
    await hub.deliver();
    const outcomes = async () => (await pool.query('SELECT outcome, attempts FROM deliveries ORDER BY id')).rows;
    expect(await outcomes()).toEqual([
      { outcome: 'delivered', attempts: 5 },
      { outcome: 'delivered', attempts: 1 },
      { outcome: 'unavailable', attempts: 1 },
    ]);
    hub.clock.nowMs += 1_000;
    await hub.deliver();
    expect(await outcomes()).toMatchObject(Array(3).fill({ outcome: 'delivered' }));
  });

  test('no more dossiers are leased at once than the budget allows, whatever the number of processes', async () => {
    await start({ portal: testPartner() });
    await pauseParty(hub.hub.database.pool, 'portal', 'the test', hub.clock.nowMs);
    await hub.push(codes(30));
    await hub.hub.pipeline.idle();
    // Due for these claims, and not for the hub, which may be notified late.
    await hub.hub.database.pool.query("UPDATE deliveries SET next_at = next_at + interval '1 hour'");
    await resumeParty(hub.hub.database, 'portal');
    const claimers = Array.from({ length: 6 }, (_, n) =>
      claim(hub.hub.database, {
        party: 'portal',
        process: `p${n}`,
        nowMs: hub.clock.nowMs + 3_600_000,
        leaseMs: 8_000,
        limit: 16,
        carries: new Map(),
        atOnce: 4,
      }),
    );
    expect((await Promise.all(claimers)).flat()).toHaveLength(4);
    // Nobody extends these leases; release them, so that closing the hub delivers nothing in doubt.
    await hub.hub.database.pool.query('DELETE FROM deliveries');
  });

  test('the calls of all processes together respect the budget', async () => {
    await start({ portal: testPartner() });
    const { database } = hub.hub;
    expect(await takeCalls(database, 'portal', 10, 100, hub.clock.nowMs)).toBe(10);
    expect(await takeCalls(database, 'portal', 10, 100, hub.clock.nowMs + 500)).toBe(5);
    expect(await takeCalls(database, 'portal', 10, 100, hub.clock.nowMs + 500)).toBe(0);
    // A claim that asked first and is served last gives nothing twice.
    expect(await takeCalls(database, 'portal', 10, 100, hub.clock.nowMs + 100)).toBe(0);
    expect(await takeCalls(database, 'portal', 10, 100, hub.clock.nowMs + 500)).toBe(0);
    expect(await takeCalls(database, 'portal', 10, 100, hub.clock.nowMs + 60_000)).toBe(10);
    const paces = [1, 2, 3].map(() => createRateLimit(database, 'portal', 50, Date.now));
    const began = performance.now();
    let calls = 0;
    await Promise.all(
      paces.map(async (pace) => {
        while (performance.now() - began < 1_000) {
          await pace();
          calls++;
        }
      }),
    );
    const seconds = (performance.now() - began) / 1000;
    // One second's worth first, then the refill.
    expect(calls).toBeLessThanOrEqual(50 + 50 * seconds + 3);
    expect(calls).toBeGreaterThan(50);
  });

  test('a rate limit that cannot be read sends nothing, and leaves no doubt about the partner', async () => {
    const url = 'http://127.0.0.1:9/';
    const portal: Partner = {
      ...testPartner(),
      adapter: defineAdapter({
        settings: Type.Any(),
        send: {
          'dossier.upsert.v1': {
            send: async ({ http }, items) => {
              const exchange = await http.exchange({ url });
              return items.map(() => outcomeWithoutReply(exchange as Exclude<typeof exchange, { kind: 'reply' }>));
            },
          },
        },
      }),
    };
    hub = await testHub({
      partners: { portal },
      entries: { portal: { settings: { url }, budget: { callsPerSecond: 100 } } },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
    });
    const { pool } = hub.hub.database;
    await pool.query('ALTER TABLE party_states RENAME COLUMN calls TO calls_away');
    await hub.push(codes(7));
    await hub.deliver();
    const rows = async () =>
      (await pool.query('SELECT DISTINCT state, outcome, reason, doubt FROM deliveries ORDER BY reason')).rows;
    expect(await rows()).toEqual([{ state: 'due', outcome: 'unavailable', reason: 'rate-limit', doubt: false }]);
    expect([await incidents(), hub.logLines.filter(({ msg }) => msg === 'failed')]).toEqual([[], []]);
    await pool.query('ALTER TABLE party_states RENAME COLUMN calls_away TO calls');
    hub.clock.nowMs += 5_000;
    await hub.deliver();
    expect(await rows()).toContainEqual({ state: 'due', outcome: 'unavailable', reason: 'econnrefused', doubt: false });
  });

  test('a slow partner does not delay new deliveries of another', async () => {
    const portal = testPartner();
    const slow = testPartner();
    let answer = (): void => undefined;
    const minute = new Promise<void>((resolve) => {
      answer = resolve;
    });
    slow.script.push(
      ...Array(200).fill(async (items: readonly unknown[]) => {
        await minute;
        return items.map((): Outcome => ({ kind: 'delivered' }));
      }),
    );
    await start({ portal, slow });
    const order: string[] = [];
    void minute.then(() => order.push('slow'));
    // Much more than the slow one's worker holds: its backlog is behind it, and delays nobody else.
    for (let round = 0; round < 5; round++) {
      const { pool } = hub.hub.database;
      await hub.push(codes(40).map((one, n) => ({ ...one, code: `H60.0${round + 1}-250812-${1_000 + n}` })));
      await hub.hub.pipeline.sweep();
      await expect.poll(() => portal.sent.length).toBe(40 * (round + 1));
      order.push(`portal ${round}`);
      const { rows } = await pool.query(
        "SELECT count(*) AS n FROM attempts a JOIN deliveries d ON d.id = a.delivery_id WHERE d.party = 'slow'",
      );
      expect(rows[0].n).toBe(0);
    }
    answer();
    await hub.deliver();
    expect(order).toEqual(['portal 0', 'portal 1', 'portal 2', 'portal 3', 'portal 4', 'slow']);
  });

  test('a pause in a storm stops all new calls; earlier refusals stay refused after resuming', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const portal = testPartner();
    portal.script.push({ kind: 'refused', reason: 'wrong', message: 'no such field' });
    await start({ portal });
    await hub.push(codes(1));
    await hub.deliver();
    let pausing: Promise<unknown> | undefined;
    let begunAfter = 0;
    let isPaused = false;
    portal.script.push(
      ...Array(400).fill(async (items: readonly unknown[]) => {
        if (isPaused) begunAfter++;
        pausing ??= pauseParty(hub.hub.database.pool, 'portal', 'officer', hub.clock.nowMs);
        await pausing;
        return items.map((): Outcome => DOWN);
      }),
    );
    await hub.push(codes(300).map((one, n) => ({ ...one, code: `H60.02-250812-${1_000 + n}` })));
    await hub.deliver();
    // Calls claimed before it are made; the worker takes none after.
    expect(portal.sent.length).toBeLessThanOrEqual(1 + 16);
    const asked = portal.sent.length;
    isPaused = true;
    for (let s = 0; s < 5; s++) {
      hub.clock.nowMs += 1_000;
      await hub.deliver();
    }
    expect({ begunAfter, asked: portal.sent.length }).toEqual({ begunAfter: 0, asked });
    portal.script.length = 0;
    hub.clock.nowMs += 10 * 86_400_000;
    vi.setSystemTime(Date.now() + 10 * 86_400_000);
    await resumeParty(hub.hub.database, 'portal');
    for (let s = 0; s < 3; s++) await hub.deliver();
    const { rows } = await hub.hub.database.pool.query(
      'SELECT state, count(*) AS n FROM deliveries GROUP BY 1 ORDER BY 1',
    );
    expect(rows).toEqual([
      { state: 'delivered', n: 300 },
      { state: 'refused', n: 1 },
    ]);
  });
});

describe('a pulled partner', () => {
  let hub: TestHub;
  let ops: Operator;
  let portal: Partner;
  /** The results of the next runs; complete when there are no more. */
  let failures: (Outcome | Error)[];
  let asked: string[];
  /** The next pages, each item as `ok` or the place of its fault. */
  let pages: (readonly string[])[];
  /** What the next runs say they may lack. */
  let lacks: Page['lacks'][];
  afterEach(() => hub.close());

  async function start(maintenance: readonly MaintenanceWindow[] = []): Promise<void> {
    failures = [];
    asked = [];
    pages = [];
    lacks = [];
    const pull = (name: string): Puller<unknown> => ({
      schedule: '0 0 2 * * *',
      async next() {
        asked.push(name);
        const failure = failures.shift();
        if (failure instanceof Error) throw failure;
        const said = pages.splice(0).map((page) => ({ body: Buffer.from(page.join(' ')), mediaType: 'text/plain' }));
        const lacking = lacks.shift();
        const page = { bodies: said, checkpoint: null, more: lacks.length > 0 };
        return failure ?? { ...page, ...(lacking !== undefined && { lacks: lacking }) };
      },
      read: (body) =>
        Buffer.from(body)
          .toString()
          .split(' ')
          .map((place) =>
            place === 'ok'
              ? readItem('dossier.upsert.v1', dossier({ code: 'H60.01-250812-0099' }))
              : {
                  kind: 'invalid',
                  problems: [problem(place, 'quoted-text', { said: 'got "001000000001", expected a date' })],
                },
          ),
    });
    portal = testPartner({ pull: { dossiers: pull('dossiers'), catalogue: pull('catalogue') } });
    hub = await testHub({
      partners: { portal },
      entries: { portal: { maintenance } },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      keys: [...OPERATOR_KEYS],
      nowMs: Date.parse('2025-08-12T21:59:00+07:00'),
    });
    ops = operatorOf(hub);
  }
  const pull = async (name = 'dossiers', ordered = true): Promise<void> => {
    if (ordered) await makePullsDue(hub.hub.database, 'portal', [name], hub.clock.nowMs);
    await hub.hub.pipeline.pull('portal', name);
    hub.clock.nowMs += 1_000;
  };
  const health = async () => {
    const { items } = (await ops.get('parties')).body;
    const { health, lastError, lastSuccessAt, incidents } = items.find(
      (one: { party: string }) => one.party === 'portal',
    );
    return {
      health,
      reason: lastError?.reason,
      lastSuccessAt,
      open: incidents.map((one: { kind: string }) => one.kind),
    };
  };
  const alerted = () => hub.logLines.filter((line) => line.msg === 'incident').length;

  test('a maintenance window stops deliveries and pulls, counts as no failure, and ends by itself', async () => {
    await start([{ from: '22:00', to: '05:00' }]);
    await pull();
    expect(asked).toEqual(['dossiers']);
    hub.clock.nowMs = Date.parse('2025-08-12T22:00:00+07:00');
    await hub.push(dossier());
    await hub.deliver();
    await pull();
    hub.clock.nowMs = Date.parse('2025-08-13T04:59:59+07:00');
    await hub.deliver();
    await pull('dossiers', false);
    expect({ asked, sent: portal.sent }).toEqual({ asked: ['dossiers'], sent: [] });
    hub.clock.nowMs = Date.parse('2025-08-13T04:59:59+07:00');
    expect(await health()).toMatchObject({ health: 'maintenance', reason: undefined, open: [] });
    hub.clock.nowMs = Date.parse('2025-08-13T05:00:00+07:00');
    await hub.deliver();
    // An order during the window is due after it.
    await pull('dossiers', false);
    expect({ asked, sent: portal.sent.length }).toEqual({ asked: ['dossiers', 'dossiers'], sent: 1 });
    const { rows } = await hub.hub.database.pool.query('SELECT state, attempts FROM deliveries');
    expect(rows).toEqual([{ state: 'delivered', attempts: 1 }]);
  });

  test('a pull ordered in a window says what it waits for, and waits', async () => {
    await start([{ from: '22:00', to: '05:00' }]);
    const order = async () => (await ops.post('parties/portal/pull', { name: 'dossiers' })).body.waitsFor;
    expect(await order()).toBe(null);
    await ops.post('parties/portal/pause', {});
    expect(await order()).toBe('paused');
    await pull('dossiers', false);
    expect(asked).toEqual([]);
    await ops.post('parties/portal/resume', {});
    hub.clock.nowMs += 3_600_000;
    expect(await order()).toBe('maintenance');
    await pull('dossiers', false);
    expect(asked).toEqual([]);
    hub.clock.nowMs += 8 * 3_600_000;
    await pull('dossiers', false);
    expect(asked).toEqual(['dossiers']);
  });

  test('giving up all deliveries ends the incident of a partner that is away', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await start();
    portal.script.push(...Array(50).fill(DOWN));
    await hub.push(Array.from({ length: 5 }, (_, n) => dossier({ code: `H60.01-250812-${1_000 + n}` })));
    await hub.deliver();
    await expect.poll(health).toMatchObject({ health: 'away', open: ['partner-away'] });
    const { pool } = hub.hub.database;
    const look = async () => {
      const { database } = hub.hub;
      const close = async (...[party, kinds]: Parameters<Alerts['close']>) =>
        void (await closeIncidents(database, party, kinds, hub.clock.nowMs));
      await watchAway({ database, alerts: { close } }, hub.clock.nowMs);
      return (await health()).open;
    };
    hub.clock.nowMs += 11 * 60_000;
    expect(await look()).toEqual(['partner-away']);
    await pool.query(
      "UPDATE deliveries SET state = 'parked', next_at = created_at, settled_at = created_at, reason = 'econnrefused'",
    );
    expect(await look()).toEqual(['partner-away']);
    await pool.query("UPDATE deliveries SET reason = 'dismissed'");
    expect(await look()).toEqual([]);
    await hub.push(dossier({ code: 'H60.01-250812-2000' }));
    await hub.deliver();
    await expect.poll(health).toMatchObject({ health: 'away', open: ['partner-away'] });
    vi.useRealTimers();
  });

  test('an outage is one incident and one alert, as for deliveries; an answer ends it', async () => {
    await start();
    failures.push(...Array(6).fill(DOWN));
    await pull();
    // One failure is retried in a minute: operators see it, and nobody is alerted.
    expect(await health()).toMatchObject({ health: 'trouble', reason: 'econnrefused', lastSuccessAt: null, open: [] });
    for (let n = 2; n <= 6; n++) await pull();
    expect(await health()).toMatchObject({ health: 'away', reason: 'econnrefused', open: ['partner-away'] });
    expect(alerted()).toBe(1);
    await pull();
    expect(await health()).toMatchObject({ health: 'ok', lastSuccessAt: expect.any(String), open: [] });
    expect(alerted()).toBe(1);
  });

  test('a refused login is reported at once, and another pull’s success does not close it', async () => {
    await start();
    failures.push({ kind: 'unavailable', reason: 'login-refused', message: 'sai mật khẩu của Nguyễn Văn Thử' });
    await pull('dossiers');
    // A partner may name people of dossiers that the hub does not have.
    expect(hub.logLines.find((line) => line.msg === 'incident')?.cause).toContain('sai mật khẩu của N***** V** T**');
    expect(JSON.stringify(hub.logLines)).not.toContain('Thử');
    await pull('catalogue');
    expect(await health()).toMatchObject({ health: 'trouble', reason: 'login-refused', open: ['credentials'] });
    await pull('dossiers');
    expect(await health()).toMatchObject({ health: 'ok', open: [] });
  });

  test('a page that repeatedly cannot be stored is an incident of its own', async () => {
    await start();
    failures.push(new Error('as in the test'), new Error('as in the test'));
    await pull();
    await pull();
    expect(await health()).toMatchObject({ health: 'trouble', open: ['pull-failed'] });
    await pull();
    expect(await health()).toMatchObject({ health: 'ok', open: [] });
  });

  test('an incident of something that is no longer configured ends at the next start', async () => {
    await start();
    failures.push(...Array(2).fill({ kind: 'refused', reason: 'no-list', message: 'no such list' }));
    for (let n = 0; n < 2; n++) await pull('catalogue');
    pages = [['/0/NgayCapNhat']];
    await pull('dossiers');
    const { database } = hub.hub;
    for (const [party, kind] of [
      ['portal', 'disagreement'],
      ['gone', 'partner-away'],
      ['portal', 'partner-away'],
    ] as const)
      await openIncident(database, { party, kind, cause: 'as in the test' }, hub.clock.nowMs);
    const open = async () => (await openIncidents(database)).map(({ party, kind }) => `${party} ${kind}`);
    expect(await open()).toContain('portal pull-failed');
    for (const party of ['gone', 'portal'])
      await saveReconciled(database, { party, agreed: 1, judged: 2 }, undefined, hub.clock.nowMs);
    const { dossiers } = portal.adapter.pull as { readonly dossiers: Puller<unknown> };
    const restarted = await testHub({
      partners: { portal: { ...portal, adapter: { ...portal.adapter, pull: { dossiers } } } },
      databaseUrl: hub.databaseUrl,
      nowMs: hub.clock.nowMs,
      roles: ['worker', 'scheduler'],
    });
    try {
      await expect.poll(open).toEqual(['portal pull-invalid', 'portal partner-away']);
      expect(await hasFailedPull(database, 'portal')).toBe(false);
      expect(await lastReconciles(database)).toMatchObject([{ party: 'portal' }]);
    } finally {
      await restarted.close();
    }
  });

  test('a half invalid page is an incident with the place, until new items can be read', async () => {
    await start();
    const told = async (name: string, ...said: (readonly string[])[]) => {
      pages = [...said];
      await pull(name);
      return (await health()).open;
    };
    expect(await told('dossiers', ['ok', 'ok', '/2/NgayCapNhat'])).toEqual([]);
    expect(await told('dossiers', ['ok'], ['/0/NgayCapNhat'])).toEqual(['pull-invalid']);
    const { cause } = hub.logLines.find((line) => line.msg === 'incident') ?? {};
    expect(cause).toBe('dossiers: 1 of 2 records are invalid, the first at /NgayCapNhat');
    // An empty page, or another pull, does not prove the repair.
    expect(await told('dossiers')).toEqual(['pull-invalid']);
    expect(await told('catalogue', ['ok'])).toEqual(['pull-invalid']);
    expect(await told('dossiers', ['ok', 'ok', '/2'])).toEqual([]);
    expect(JSON.stringify(hub.logLines)).not.toContain('001000000001');
  });

  test('a pull that may lack records is an incident, until it proves complete', async () => {
    await start();
    const shown = async (name: string, ...said: Page['lacks'][]) => {
      lacks = said;
      await pull(name);
      return (await health()).open;
    };
    expect(await shown('dossiers', false)).toEqual([]);
    // Of a run in pieces the worst one counts.
    expect(await shown('dossiers', 'its pages went round', false)).toEqual(['pull-incomplete']);
    expect(hub.logLines.find((line) => line.msg === 'incident')).toMatchObject({
      kind: 'pull-incomplete',
      cause: 'dossiers: its pages went round',
    });
    const metrics = await (await hub.request('GET', '/metrics')).text();
    expect(metrics).toContain('hub_incidents_open{party="portal",kind="pull-incomplete"} 1');
    // A run without proof, or another pull's, does not prove the repair.
    expect(await shown('dossiers', undefined)).toEqual(['pull-incomplete']);
    expect(await shown('catalogue', false)).toEqual(['pull-incomplete']);
    expect(await shown('dossiers', false)).toEqual([]);
  });

  test('a pull that gets through does not end an incident of deliveries that do not', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await start();
    portal.script.push(...Array(50).fill(DOWN));
    await hub.push(Array.from({ length: 20 }, (_, n) => dossier({ code: `H60.01-250812-${1_000 + n}` })));
    await hub.deliver();
    await expect.poll(health).toMatchObject({ health: 'away', open: ['partner-away'] });
    await pull();
    expect(await health()).toMatchObject({ health: 'away', open: ['partner-away'] });
    vi.useRealTimers();
  });
});
