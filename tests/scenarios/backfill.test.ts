import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HubFile } from '../../src/config/config.ts';
import { dossier, type Partner, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { NO, OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

const CODE = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;
const BIRTH = '1.001193';
const SERVICE = '1.013225';
const TO_PORTAL: NonNullable<HubFile['routes']> = [
  { from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] },
  { from: 'one-stop', operation: 'dossier.progress.v1', to: ['portal'] },
];
const statusOf = (record: object): unknown => (record as { status?: string }).status;
const WHY = 'cổng mới kết nối';

describe('backfill sends a party the dossiers of its routes that it never got', () => {
  let partner: Partner;
  let before: TestHub;
  const open: TestHub[] = [];
  beforeEach(async () => {
    partner = testPartner();
    before = await testHub({ partners: { portal: testPartner() } });
  });
  afterEach(async () => {
    for (const hub of [...open.splice(0), before]) await hub.close();
  });

  /** Another process on the same database, whose configuration has these routes. */
  async function hubWith(
    routes: NonNullable<HubFile['routes']>,
    entries: Readonly<Record<string, object>> = {},
  ): Promise<{ hub: TestHub; ops: Operator }> {
    const hub = await testHub({
      databaseUrl: before.databaseUrl,
      partners: { portal: partner },
      keys: [...OPERATOR_KEYS],
      routes,
      entries,
    });
    open.push(hub);
    return { hub, ops: operatorOf(hub) };
  }
  const preview = async (ops: Operator, filter: object = {}) =>
    (await ops.post('parties/portal/backfill', { ...filter, preview: true })).body;
  const start = async (ops: Operator, order: object = {}) =>
    (await ops.post('parties/portal/backfill', { preview: false, why: WHY, ...order })).body;

  test('each dossier once, in its current version, after a look-up', async () => {
    await before.push([1, 2, 3].map((n) => dossier({ code: CODE(n) })));
    await before.push(progress({ code: CODE(2), status: 'resolved', at: '2025-08-12T08:25:00+07:00' }), {
      what: 'progress',
    });
    const { hub, ops } = await hubWith(TO_PORTAL);
    expect(await preview(ops)).toEqual({
      looked: { dossiers: 3, isAll: true },
      never: 3,
      erased: 0,
      older: 0,
      sample: [
        { code: CODE(1), version: 1, told: null },
        { code: CODE(2), version: 2, told: null },
        { code: CODE(3), version: 1, told: null },
      ],
    });
    await hub.deliver();
    expect(partner.sent).toEqual([]);
    expect(await start(ops)).toMatchObject({
      state: 'done',
      total: 3,
      outcomes: { added: 3 },
      why: WHY,
      who: 'ops',
      filter: { party: 'portal', untold: true },
    });
    await hub.deliver();
    expect(
      partner.sent.map(({ operation, code, doubt, record }) => [operation, code, doubt, statusOf(record)]),
    ).toEqual([
      ['dossier.upsert.v1', CODE(1), true, 'received'],
      ['dossier.upsert.v1', CODE(2), true, 'resolved'],
      ['dossier.upsert.v1', CODE(3), true, 'received'],
    ]);
    expect(await preview(ops)).toMatchObject({ never: 0, older: 0, sample: [] });
    expect((await ops.get('audit?subject=run 1')).body.items).toMatchObject([
      { actor: 'ops', action: 'backfill.start', why: WHY },
    ]);
  });

  test('nothing outside of its routes', async () => {
    await before.push([dossier({ code: CODE(1) }), dossier({ code: CODE(2), serviceCode: '1.000656' })]);
    await before.push(dossier({ code: CODE(3) }), { party: 'other' });
    const { ops } = await hubWith(TO_PORTAL.map((route) => ({ ...route, services: [BIRTH] })));
    expect((await preview(ops)).sample).toEqual([]);
    const { ops: ofBirths } = await hubWith(TO_PORTAL.map((route) => ({ ...route, services: [SERVICE] })));
    expect((await preview(ofBirths)).sample).toEqual([{ code: CODE(1), version: 1, told: null }]);
  });

  test('also changes from a time without a route, and nothing refused, parked or due', async () => {
    const first = await hubWith(TO_PORTAL);
    partner.script.push(NO);
    await first.hub.push(dossier({ code: CODE(1) }));
    await first.hub.deliver();
    await first.hub.push([dossier({ code: CODE(2) }), dossier({ code: CODE(3) })]);
    await first.hub.deliver();
    const step = { status: 'resolved', at: '2025-08-12T08:25:00+07:00' };
    await before.push(progress({ code: CODE(3), ...step }), { what: 'progress' });
    const again = await hubWith(TO_PORTAL);
    expect(await preview(again.ops)).toMatchObject({
      never: 0,
      older: 1,
      sample: [{ code: CODE(3), version: 2, told: 1 }],
    });
    // A late event that changed nothing has nothing to send.
    before.clock.nowMs += 1_000;
    await before.push(dossier({ code: CODE(2), statusAt: '2025-08-12T08:10:00+07:00' }));
    await before.push(progress({ code: CODE(2), at: '2025-08-12T08:12:00+07:00' }), { what: 'progress' });
    expect(await preview(again.ops)).toMatchObject({ never: 0, older: 1 });
  });

  test('by a filter, at a rate, continued by another process, until it is stopped', async () => {
    await before.push([1, 2, 3, 4, 5, 6].map((n) => dossier({ code: CODE(n) })));
    await before.push(dossier({ code: CODE(6), status: 'processing', statusAt: '2025-08-12T08:25:00+07:00' }));
    const { hub, ops } = await hubWith(TO_PORTAL);
    expect(await start(ops, { status: 'received', perSecond: 2 })).toMatchObject({
      state: 'running',
      total: 5,
      outcomes: { added: 2 },
    });
    const other = await hubWith(TO_PORTAL);
    other.hub.clock.nowMs += 1_000;
    await other.hub.hub.pipeline.orders.runAll();
    expect((await ops.get('replays/1')).body).toMatchObject({ state: 'running', outcomes: { added: 4 } });
    expect((await ops.post('replays/1/stop', { why: 'đủ rồi' })).body).toMatchObject({ state: 'stopped' });
    other.hub.clock.nowMs += 1_000;
    await other.hub.hub.pipeline.orders.runAll();
    for (const one of [hub, other.hub]) await one.deliver();
    expect(partner.sent.map(({ code }) => code).sort()).toEqual([1, 2, 3, 4].map(CODE));
    expect(await preview(ops)).toMatchObject({ never: 2, sample: [{ code: CODE(5) }, { code: CODE(6) }] });
  });

  test('a system that synchronises with the party itself is left to it until it changes over', async () => {
    const reports: typeof TO_PORTAL = TO_PORTAL.map((route) => ({ ...route, from: 'other' }));
    const may = { other: { may: ['status'] } };
    const { hub, ops } = await hubWith(reports, { ...may, 'one-stop': { sendsItself: ['portal'] } });
    await hub.push([1, 2].map((n) => dossier({ code: CODE(n) })));
    const resolved = progress({ code: CODE(1), status: 'resolved', at: '2025-08-12T08:25:00+07:00' });
    expect((await hub.push(resolved, { party: 'other', what: 'progress' })).results).toMatchObject([
      { outcome: 'accepted' },
    ]);
    await hub.deliver();
    expect(partner.sent).toEqual([]);
    expect(await preview(ops)).toMatchObject({ looked: { dossiers: 2, isAll: true }, never: 0, older: 0 });

    const after = await hubWith([...TO_PORTAL, ...reports], may);
    await start(after.ops);
    await after.hub.deliver();
    expect(partner.sent.map(({ code, record }) => [code, statusOf(record)]).toSorted()).toEqual([
      [CODE(1), 'resolved'],
      [CODE(2), 'received'],
    ]);
  });

  test('a change during the backfill undoes nothing', async () => {
    const { hub } = await hubWith(TO_PORTAL);
    await hub.push(dossier());
    await hub.push(progress({ status: 'resolved', at: '2025-08-12T08:25:00+07:00' }), { what: 'progress' });
    await hub.deliver();
    // As if the message of version 2 was committed between the look and the insert.
    await hub.hub.database.pool.query(
      `INSERT INTO deliveries (party, operation, subject, seq, message_id, created_at, next_at, doubt)
       SELECT party, operation, subject, 1, message_id, created_at, next_at, true FROM deliveries WHERE seq = 1`,
    );
    await hub.deliver();
    expect(partner.sent.map(({ operation, record }) => [operation, statusOf(record)])).toEqual([
      ['dossier.upsert.v1', 'received'],
      ['dossier.upsert.v1', 'resolved'],
      ['dossier.progress.v1', 'resolved'],
      ['dossier.upsert.v1', 'resolved'],
    ]);
  });

  test('the same in one call with it', async () => {
    const many = testPartner({ dossiers: 10 });
    partner = { ...many, adapter: { ...many.adapter, send: sendingAll(many) } };
    const { hub } = await hubWith(TO_PORTAL.slice(0, 1));
    await hub.push(dossier());
    await hub.deliver();
    await operatorOf(hub).post('parties/portal/pause', { why: 'x' });
    await hub.push(dossier({ status: 'resolved', statusAt: '2025-08-12T08:25:00+07:00' }));
    await hub.hub.database.pool.query(
      `INSERT INTO deliveries (party, operation, subject, seq, message_id, created_at, next_at, doubt)
       SELECT party, operation, subject, 1, message_id, created_at, next_at, true FROM deliveries WHERE seq = 1`,
    );
    await operatorOf(hub).post('parties/portal/resume', {});
    await hub.deliver();
    expect(partner.sent.map(({ record }) => statusOf(record))).toEqual(['received', 'resolved', 'resolved']);
  });

  test('two at once, in two processes, send each dossier once', async () => {
    await before.push(Array.from({ length: 300 }, (_, n) => dossier({ code: CODE(n) })));
    const all = [await hubWith(TO_PORTAL), await hubWith(TO_PORTAL)];
    await Promise.all(all.map(({ ops }) => start(ops, { perSecond: 1_000 })));
    const { pool } = before.hub.database;
    // Either may work on both runs, and an answered one may still be worked on by the other.
    await expect.poll(async () => (await pool.query("SELECT 1 FROM replays WHERE state = 'done'")).rowCount).toBe(2);
    const { rows } = await pool.query(
      'SELECT count(*)::int4 AS told, count(DISTINCT subject)::int4 AS subjects FROM deliveries',
    );
    expect(rows).toEqual([{ told: 300, subjects: 300 }]);
  });

  test('a process without a route to the party leaves the run to the others', async () => {
    await before.push([1, 2, 3].map((n) => dossier({ code: CODE(n) })));
    const { ops } = await hubWith(TO_PORTAL);
    expect(await start(ops, { perSecond: 1 })).toMatchObject({ state: 'running', outcomes: { added: 1 } });
    before.clock.nowMs += 1_000;
    await before.hub.pipeline.orders.runAll();
    expect((await ops.get('replays/1')).body).toMatchObject({ state: 'running', outcomes: { added: 1 } });
    const other = await hubWith(TO_PORTAL);
    for (let second = 2; second < 6; second++) {
      other.hub.clock.nowMs += second * 1_000;
      await other.hub.hub.pipeline.orders.runAll();
    }
    expect((await ops.get('replays/1')).body).toMatchObject({ state: 'done', outcomes: { added: 3 } });
  });

  test("a dropped message counts as sent by the dossier's first sender", async () => {
    await before.push([1, 2].map((n) => dossier({ code: CODE(n) })));
    const step = { code: CODE(2), status: 'resolved', at: '2025-08-12T08:25:00+07:00' };
    await before.push(progress(step), { what: 'progress', party: 'other' });
    await before.hub.database.pool.query('DELETE FROM events WHERE seq = 1');
    const { ops } = await hubWith(TO_PORTAL);
    expect(await preview(ops)).toMatchObject({ never: 2, older: 0 });
  });

  test('an invalid order is refused with its faults', async () => {
    const { ops } = await hubWith([]);
    const ask = async (path: string, body: object, keyId?: string) => {
      const { status, body: said } = await ops.post(path, body, keyId);
      return [status, said.detail];
    };
    expect(await ask('parties/nobody/backfill', { preview: true })).toEqual([404, 'there is no party "nobody"']);
    expect(await ask('parties/portal/backfill', { preview: true })).toEqual([
      400,
      'the body is about portal, and no route sends dossier.upsert.v1 to it; expected a party with such a route',
    ]);
    const { ops: routed } = await hubWith(TO_PORTAL);
    expect((await routed.post('parties/portal/backfill', { preview: false })).body.problems).toMatchObject([
      { path: '/why', message: 'is missing, expected why, in a sentence that is not blank' },
    ]);
    expect((await routed.post('parties/portal/backfill', { preview: false, why: '   ' })).body.problems).toMatchObject([
      { path: '/why', message: 'got "   ", expected why, in a sentence that is not blank' },
    ]);
    // By the members of the body, though they are read as list parameters.
    const months = { receivedFrom: '2025-09-01', receivedTo: '2025-08-01' };
    for (const [given, path, detail] of [
      [{ status: 'gone' }, '/status', '/status got "gone", expected some of '],
      [months, '/receivedTo', '/receivedTo '],
      // Read as no filter, an empty text would match every dossier.
      [{ agency: '' }, '/agency', '/agency got ""'],
      [{ receivedFrom: '' }, '/receivedFrom', '/receivedFrom got ""'],
    ] as const) {
      const { body } = await routed.post('parties/portal/backfill', { preview: true, ...given });
      expect(body).toMatchObject({ status: 400, detail: expect.stringContaining(detail), problems: [{ path }] });
    }
    expect((await routed.post('parties/portal/backfill', { preview: true }, 'ops-read')).status).toBe(403);
  });
});

/** One call for several deliveries, also of one dossier. */
function sendingAll(partner: Partner): Required<Partner['adapter']>['send'] {
  const sender = partner.adapter.send?.['dossier.upsert.v1'];
  return { 'dossier.upsert.v1': { ...sender, batch: () => 10, onePerDossier: false } } as Required<
    Partner['adapter']
  >['send'];
}
