import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCopyApp } from '../../src/cli/copy/serve-copy.ts';
import { recordSource } from '../../src/cli/export/export-source.ts';
import { recordText } from '../../src/cli/export/record-text.ts';
import { examineFile } from '../../src/cli/import/examine-file.ts';
import { loadFile } from '../../src/cli/import/load-file.ts';
import { openCopy } from '../../src/copy/copy.ts';
import type { Database } from '../../src/database/pool.ts';
import { rekeyAll } from '../../src/database/rekey.ts';
import { reseal } from '../../src/database/reseal.ts';
import { maskStaleRecords } from '../../src/index/mask-records.ts';
import { createRecordReader } from '../../src/index/record-list.ts';
import { ALL_KINDS } from '../../src/kinds/all-kinds.ts';
import type { Reconciler } from '../../src/kit/index.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { inDepth } from '../support/depth.ts';
import { dossier, HUB_SECRET, type Partner, SECRETS, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';
import { parkingPermit } from '../support/parking-permit/kind.ts';

const WHAT = { what: 'parking-permits' };
const OPERATION = parkingPermit.operation;
const DRIVER = {
  name: 'Đặng Thị Hoàng Yến',
  phone: '0912345678',
  email: 'hoang.yen@example.test',
  address: 'Tổ 7 Minh Xuân',
};
const at = (time: string): string => `2025-08-20T${time}:00+07:00`;
const permit = (given: Record<string, unknown> = {}): Record<string, unknown> => ({
  code: 'DX-1',
  state: 'asked',
  stateAt: at('08:00'),
  agencyCode: 'H60.01',
  plate: '22A-12345',
  driver: DRIVER,
  note: 'Xe của Đặng Thị Hoàng Yến, gọi 0912 345 678.',
  ...given,
});

/** What the police have, past the hub. */
const atPolice = new Map<string, object>();
const withoutFreshness = ({ freshness: _, ...record }: Record<string, unknown>) => record;
const reconcile: Reconciler<unknown> = {
  records: [OPERATION],
  compare: async () => ({ kind: 'absent' }),
  async compareRecord(_, { code, record }) {
    const theirs = atPolice.get(code);
    if (!theirs) return { kind: 'absent' };
    const isSame = JSON.stringify(theirs) === JSON.stringify(record);
    return { kind: 'found', differences: isSame ? [] : [{ path: '/plate', ours: '1', theirs: '2' }] };
  },
};

/** One folder declares the kind; no file of the hub knows it. */
describe('a kind that only its folder knows', () => {
  let hub: TestHub;
  let partner: Partner;
  let subscriber: Partner;
  let operator: Operator;
  beforeAll(async () => {
    partner = testPartner({ any: true });
    subscriber = testPartner({ any: true });
    hub = await testHub({
      kinds: [...ALL_KINDS, parkingPermit],
      partners: {
        police: { ...partner, adapter: { ...partner.adapter, reconcile } },
        web: { ...subscriber, adapter: { ...subscriber.adapter, sendsChanges: true } },
      },
      routes: [{ from: 'one-stop', operation: OPERATION, to: ['police', 'other', 'web'] }],
      keys: [...OPERATOR_KEYS],
    });
    operator = operatorOf(hub);
  });
  afterAll(() => hub.close());

  const read = async (path: string, key?: string) => (await hub.read(`/api/v1/parking-permits${path}`, key)).body;

  test('is pushed as one, as an array and as lines, each item with its outcome', async () => {
    const one = await hub.push(permit(), WHAT);
    expect([one.status, one.results]).toEqual([201, [{ index: 0, code: 'DX-1', outcome: 'accepted' }]]);
    expect((await hub.push(permit(), WHAT)).results[0]?.outcome).toBe('duplicate');
    const many = await hub.push(
      [permit({ code: 'dx-2', plate: '22A-2' }), permit({ code: 'DX-3', plate: '22A-2' }), { code: 'DX-4', color: 1 }],
      WHAT,
    );
    expect(
      many.results.map(({ code, outcome, problems }) => [code, outcome, problems?.map(({ path }) => path)]),
    ).toEqual([
      ['DX-2', 'accepted', undefined],
      ['DX-3', 'invalid', ['/plate']],
      ['DX-4', 'invalid', ['/color', '/state', '/stateAt']],
    ]);
    const lines = [permit({ code: 'DX-5', plate: '22A-5' }), permit({ code: 'DX-6', plate: '22A-6' })];
    const stream = await hub.push(lines.map((line) => JSON.stringify(line)).join('\n'), {
      ...WHAT,
      headers: { 'Content-Type': 'application/x-ndjson' },
    });
    expect(stream.results.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted']);
  });

  test('needs its own scope: that of dossiers does not include it', async () => {
    const response = await hub.request('POST', '/api/v1/parties/one-stop/parking-permits', 'portal', permit());
    expect(response.status).toBe(403);
  });

  test('is read masked, and in full with an entry in the audit', async () => {
    const masked = await read('/DX-1');
    expect(masked).toMatchObject({
      state: 'asked',
      dueAt: '2025-08-22T08:00:00+07:00',
      driver: { name: 'Đ*** T** H**** Y**' },
    });
    for (const secret of ['Hoàng', '0912345678', '345 678', 'hoang.yen', 'Tổ 7'])
      expect(JSON.stringify(masked)).not.toContain(secret);
    expect((await read('/DX-1?why=kiểm tra', 'personal')).driver).toEqual(DRIVER);
    const { items } = (await operator.get('audit')).body;
    expect(items[0]).toMatchObject({
      action: 'parking-permit.read-personal',
      actor: 'personal',
      subject: 'record parking-permit DX-1',
      why: 'kiểm tra',
    });
  });

  test('is listed by state, agency, party and words, page by page', async () => {
    const codes = async (query: string) => (await read(query)).items.map(({ code }: { code: string }) => code);
    expect(await codes('?agency=H60')).toEqual(['DX-1', 'DX-2', 'DX-5', 'DX-6']);
    expect(await codes('?state=granted')).toEqual([]);
    expect(await codes('?party=other')).toEqual([]);
    expect(await codes('?q=22A-12345')).toEqual(['DX-1']);
    expect(await codes('?q=dang thi hoang')).toHaveLength(4);
    expect(await codes('?due=overdue')).toEqual([]);
    const first = await read('?limit=3');
    expect(first.items).toHaveLength(3);
    expect((await read(`?limit=3&cursor=${encodeURIComponent(first.next)}`)).items).toHaveLength(1);
    expect((await hub.read('/api/v1/parking-permits?state=lost')).status).toBe(400);
  });

  test('goes to the parties of its routes, in order, and not again for a repeat', async () => {
    await hub.deliver();
    expect(partner.sent.map(({ operation, code, known }) => [operation, code, known])).toEqual([
      [OPERATION, 'DX-1', false],
      [OPERATION, 'DX-2', false],
      [OPERATION, 'DX-5', false],
      [OPERATION, 'DX-6', false],
    ]);
    expect(subscriber.sent[0]?.change).toMatchObject({ news: 'new' });
    partner.sent.length = 0;
    await hub.push(
      [permit({ state: 'granted', stateAt: at('10:00') }), permit({ stateAt: at('07:00'), note: 'Cũ' })],
      WHAT,
    );
    await hub.deliver();
    expect(partner.sent.map(({ known, record }) => [known, (record as { state?: string }).state])).toEqual([
      [true, 'granted'],
    ]);
  });

  test('keeps an older event in the history, and its state where it was', async () => {
    expect(await read('/DX-1')).toMatchObject({ state: 'granted', note: expect.stringContaining('Xe của') });
    const { items } = await read('/DX-1/history');
    expect(items.map(({ at: when, state, movedState }: Record<string, unknown>) => [when, state, movedState])).toEqual([
      [at('07:00'), 'asked', false],
      [at('08:00'), 'asked', true],
      [at('10:00'), 'granted', true],
    ]);
  });

  test('a state that may not follow is kept and changes nothing', async () => {
    await hub.push(permit({ state: 'ended', stateAt: at('11:00') }), WHAT);
    const late = await hub.push(permit({ state: 'granted', stateAt: at('12:00') }), WHAT);
    expect(late.results[0]).toMatchObject({
      outcome: 'stale',
      warnings: [{ path: '/state', code: 'state-not-allowed' }],
    });
    expect((await read('/DX-1')).state).toBe('ended');
  });

  test('another party changes the shared members alone, and only where a route asks it', async () => {
    const asked = await hub.push(permit({ code: 'DX-2', plate: '22A-9', stateAt: at('12:00'), note: 'Đã kiểm tra' }), {
      ...WHAT,
      party: 'other',
    });
    expect(asked.results[0]).toMatchObject({ outcome: 'accepted', warnings: [{ path: '/plate', code: 'not-owner' }] });
    expect(await read('/DX-2')).toMatchObject({ plate: '22A-2', note: 'Đã kiểm tra', freshness: { party: 'other' } });
    await hub.push(permit({ code: 'DX-9', plate: '22A-99' }), { ...WHAT, party: 'other' });
    const claim = await hub.push(
      permit({ code: 'DX-9', plate: '22A-99', stateAt: at('12:00'), note: 'Của tôi' }),
      WHAT,
    );
    expect(claim.results[0]?.warnings?.map(({ code }) => code)).toEqual(['not-owner', 'not-owner']);
    expect((await read('/DX-9')).note).toContain('Xe của');
  });

  test('waits for a person where its kind says so, and goes on when the person decides', async () => {
    await hub.deliver();
    partner.sent.length = 0;
    const tank = permit({ code: 'DX-7', plate: '22A-7', note: 'Một xe tang' });
    const held = await hub.push(tank, WHAT);
    expect([held.status, held.results[0]]).toMatchObject([
      202,
      { outcome: 'quarantined', problems: [{ message: 'is a tank' }] },
    ]);
    expect((await hub.push(tank, WHAT)).results[0]?.outcome).toBe('quarantined');
    const next = await hub.push({ ...tank, note: 'Một xe con', stateAt: at('09:00') }, WHAT);
    expect(next.results[0]).toMatchObject({ outcome: 'quarantined', problems: [{ code: 'held-before' }] });
    expect((await read('/DX-7')).state).toBe('held');
    await hub.deliver();
    expect(partner.sent).toEqual([]);
    const { items } = (await operator.get('quarantine?kind=held')).body;
    expect(items).toMatchObject([{ key: 'held:parking-permit DX-7', items: 2, parties: ['one-stop'] }]);
    const order = { action: 'release', why: 'xe tang lễ, không phải xe tăng' };
    const resolved = await operator.post(`quarantine/${items[0].id}/resolve`, order);
    expect(resolved.body).toMatchObject({ freed: 2, stillWaiting: 0 });
    expect(await read('/DX-7')).toMatchObject({ state: 'asked', note: 'Một xe con' });
    await hub.deliver();
    expect(partner.sent.map(({ code }) => code)).toEqual(['DX-7']);
    expect((await hub.push({ ...tank, stateAt: at('10:00') }, WHAT)).results[0]?.outcome).toBe('accepted');
  });

  test('doubtful text waits, and is taken as it stands when a person says so', async () => {
    const doubtful = permit({ code: 'DX-8', plate: '22A-8', note: 'Tráº£ káº?t quáº£' });
    expect((await hub.push(doubtful, WHAT)).results[0]?.outcome).toBe('quarantined');
    expect((await hub.read('/api/v1/parking-permits/DX-8')).status).toBe(404);
    const { items } = (await operator.get('quarantine?kind=doubtful-text')).body;
    await operator.post(`quarantine/${items[0].id}/resolve`, {
      action: 'release',
      why: 'đúng vậy',
    });
    expect((await read('/DX-8')).state).toBe('asked');
  });

  test('has a change feed of its own without gaps, and is not in that of dossiers', async () => {
    const { items, gap } = (await hub.read('/api/v1/changes?kind=parking-permit&limit=200')).body;
    expect(gap).toBeUndefined();
    expect(items.length).toBeGreaterThan(10);
    expect(Object.keys(items[0])).toEqual(['cursor', 'code', 'state', 'stateAt', 'changedAt']);
    const rest = (await hub.read(`/api/v1/changes?kind=parking-permit&cursor=${encodeURIComponent(items[3].cursor)}`))
      .body;
    expect(rest.items).toEqual(items.slice(4, 104));
    expect((await hub.read('/api/v1/changes')).body.items).toEqual([]);
    expect((await hub.read('/api/v1/changes?kind=pony')).status).toBe(400);
    expect((await hub.read(`/api/v1/changes?cursor=${encodeURIComponent(items[3].cursor)}`)).status).toBe(400);
  });

  test('is replayed by its operation', async () => {
    await hub.deliver();
    partner.sent.length = 0;
    hub.clock.nowMs += 1_000;
    const filter = { party: 'police', operation: OPERATION, code: 'DX-2', preview: false, why: 'lại' };
    const run = await operator.post('deliveries/replay', filter);
    expect(run.status).toBe(202);
    await hub.deliver();
    expect(partner.sent.map(({ code, doubt }) => [code, doubt])).toContainEqual(['DX-2', true]);
  });

  test('is compared with what a party has, and a difference is repaired in our direction', async () => {
    await hub.deliver();
    atPolice.clear();
    for (const { code, record } of partner.sent) atPolice.set(code, record);
    const codes = (await hub.hub.reconcile('police')).counts;
    expect([codes.agrees, codes.differs, codes.absent]).toEqual([expect.any(Number), 0, expect.any(Number)]);
    for (const code of ['DX-1', 'DX-2', 'DX-5', 'DX-6', 'DX-7', 'DX-8']) {
      const found = await hub.read(`/api/v1/parking-permits/${code}`, 'personal');
      if (found.status === 200) atPolice.set(code, withoutFreshness(found.body));
    }
    expect(await hub.hub.reconcile('police')).toMatchObject({ agreement: 1, findings: [] });
    atPolice.set('DX-2', permit({ code: 'DX-2', plate: 'KHÁC' }));
    atPolice.delete('DX-5');
    partner.sent.length = 0;
    const report = await hub.hub.reconcile('police', { repair: 'ours' });
    expect(report.findings.map(({ code, verdict }) => [code, verdict]).sort()).toEqual([
      ['parking-permit DX-2', 'differs'],
      ['parking-permit DX-5', 'absent'],
    ]);
    await hub.deliver();
    expect(partner.sent.map(({ code, doubt }) => [code, doubt]).sort()).toEqual([
      ['DX-2', true],
      ['DX-5', true],
    ]);
  });

  test('a new party gets every record of its routes once, by a backfill', async () => {
    const late = testPartner({ any: true });
    const other = await testHub({
      databaseUrl: hub.databaseUrl,
      kinds: [...ALL_KINDS, parkingPermit],
      partners: { late },
      routes: [{ from: 'one-stop', operation: OPERATION, to: ['late'] }],
      keys: [...OPERATOR_KEYS],
    });
    try {
      const ops = operatorOf(other);
      const order = { kind: 'parking-permit', state: 'asked,granted' };
      const shown = (await ops.post('parties/late/backfill', { ...order, preview: true })).body;
      const owned = (await read('?party=one-stop&state=asked,granted&limit=200')).items;
      expect(shown).toMatchObject({ never: owned.length, older: 0, looked: { isAll: true } });
      expect(shown.sample[0]).toMatchObject({ code: expect.stringMatching(/^DX-/), told: null });
      const run = { ...order, preview: false, why: 'bên mới', perSecond: 1000 };
      expect((await ops.post('parties/late/backfill', run)).status).toBe(202);
      await other.deliver();
      expect(late.sent.map(({ code }) => code).sort()).toEqual(owned.map(({ code }: { code: string }) => code).sort());
      expect((await ops.post('parties/late/backfill', { ...order, preview: true })).body).toMatchObject({ never: 0 });
      expect((await ops.post('parties/late/backfill', { kind: 'pony', preview: true })).status).toBe(400);
      expect((await ops.post('parties/late/backfill', { ...order, service: '1.001193', preview: true })).status).toBe(
        400,
      );
    } finally {
      await other.hub.stop();
    }
  });

  test('is in a snapshot that asks for it, and in the copy of a portal, as its own address shows it', async () => {
    const text = await (await hub.request('GET', '/api/v1/snapshot?kinds=parking-permit', 'portal')).text();
    const lines = text.trimEnd().split('\n');
    const [head, end] = [JSON.parse(lines[0] as string), JSON.parse(lines.at(-1) as string)];
    expect(head.kinds).toMatchObject([{ name: 'parking-permit', path: 'parking-permits' }]);
    const records = lines.slice(1, -1);
    expect(end['parking-permits']).toBe(records.length);
    const one = await (await hub.request('GET', '/api/v1/parking-permits/DX-1', 'portal')).text();
    expect(records).toContain(`{"kind":"parking-permit","record":${one}}`);
    expect(text).not.toContain('Hoàng');
    const twice = await hub.request('GET', '/api/v1/snapshot?kinds=parking-permit,parking-permit', 'portal');
    expect((await twice.text()).trimEnd().split('\n')).toHaveLength(lines.length);
    expect((await hub.request('GET', '/api/v1/snapshot?kinds=pony', 'portal')).status).toBe(400);

    const folder = mkdtempSync(join(tmpdir(), 'lienthong-kinds-copy-'));
    const { nowMs } = hub.clock;
    const means = {
      from: 'http://hub.example.test',
      key: SECRETS.portal,
      folder,
      nowMs: () => hub.clock.nowMs,
      log: pino({ enabled: false }),
      fetch: async (url: string, init: RequestInit) => {
        const { pathname, search } = new URL(url);
        return hub.hub.app.request(`${pathname}${search}`, init);
      },
    };
    let copy = await openCopy(means);
    const shown = async (code: string) => {
      const app = createCopyApp({ ...means, copy, whyAway: () => undefined });
      const headers = { Authorization: `Bearer ${SECRETS.portal}` };
      return (await app.request(`/api/v1/parking-permits/${code}`, { headers })).text();
    };
    const hubShows = async (code: string) =>
      (await hub.request('GET', `/api/v1/parking-permits/${code}`, 'portal')).text();
    try {
      expect(await shown('DX-1')).toBe(await hubShows('DX-1'));
      await hub.push(permit({ code: 'DX-30', plate: '22A-30' }), WHAT);
      await hub.push(permit({ code: 'DX-6', plate: '22A-6', state: 'granted', stateAt: at('13:00') }), WHAT);
      hub.clock.nowMs += 10_000;
      while (await copy.round(0));
      for (const code of ['DX-30', 'DX-6', 'DX-1']) expect(await shown(code)).toBe(await hubShows(code));
      await copy.close();
      copy = await openCopy(means);
      expect(await shown('DX-30')).toBe(await hubShows('DX-30'));
      expect(await shown('DX-99')).toContain('/docs#problem-not-found');
    } finally {
      await copy.close();
      hub.clock.nowMs = nowMs;
      rmSync(folder, { recursive: true });
    }
  });

  test('has signed evidence', async () => {
    const response = await hub.request('GET', '/api/v1/ops/parking-permits/dx-7/evidence', undefined, undefined, {
      Authorization: 'Bearer ops-secret-of-the-tests',
    });
    const [, payload = ''] = (await response.text()).split('.');
    const evidence = JSON.parse(Buffer.from(payload, 'base64url').toString());
    expect(evidence.dossier).toEqual({ kind: 'parking-permit', code: 'DX-7', aliases: [], steps: 4 });
    expect(evidence.quarantine).toMatchObject([
      { cause: 'held', settledBy: 'ops' },
      { cause: 'held', settledBy: 'ops' },
    ]);
    expect(evidence.deliveries.length).toBeGreaterThan(0);
    expect(JSON.stringify(evidence)).not.toContain('Yến');
  });

  test('is imported from a file once, and exported to one as its owner sent it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lienthong-kinds-'));
    const path = join(folder, 'permits.ndjson');
    writeFileSync(path, `${JSON.stringify(permit({ code: 'DX-20', plate: '22A-20' }))}\n`);
    const { pipeline, kinds } = hub.hub;
    const means = { pipeline, kinds, party: 'one-stop', operation: OPERATION, nowMs: () => hub.clock.nowMs };
    const load = async () =>
      loadFile({ ...means, tell: () => undefined, onProgress: () => undefined }, await examineFile(path, undefined));
    expect(await load()).toMatchObject({ accepted: 1 });
    await load();
    expect((await read('/DX-20/history')).items).toHaveLength(1);
    const reader = createRecordReader(hub.hub.database, createVault([HUB_SECRET]));
    const { total, pages } = await recordSource(reader, parkingPermit, {}, true);
    const text = recordText('ndjson', OPERATION);
    writeFileSync(path, '');
    for await (const { records } of pages) appendFileSync(path, text.next(records));
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining(permit({ code: 'DX-20', plate: '22A-20' })),
    );
    expect(lines).toHaveLength(total);
    const { items } = await read('?limit=200');
    expect(total).toBe(items.length);
    rmSync(folder, { recursive: true });
  });

  inDepth('comes out of a rebuild identical, and a damaged record is put right', async () => {
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
    const { pool } = hub.hub.database;
    await pool.query(`UPDATE records SET state = 'ended', masked = '{"code":"DX-2"}' WHERE code = 'DX-2'`);
    await pool.query(`DELETE FROM record_events WHERE subject = 'parking-permit DX-5'`);
    const report = await hub.hub.rebuild({ swap: true });
    expect(new Set(report.differences.map(({ table, code }) => `${table} ${code}`))).toEqual(
      new Set(['records parking-permit DX-2', 'record_events parking-permit DX-5']),
    );
    expect(report).toMatchObject({ identical: true, swapped: 2 });
    expect(await read('/DX-2')).toMatchObject({ state: 'asked', plate: '22A-2' });
    const changes = (await hub.read('/api/v1/changes?kind=parking-permit&limit=200')).body.items;
    expect(
      changes
        .slice(-2)
        .map(({ code }: { code: string }) => code)
        .sort(),
    ).toEqual(['DX-2', 'DX-5']);
  });

  inDepth('what an older hub masked is masked by the present rule, for readers and in the table', async () => {
    const { pool } = hub.hub.database;
    const masked = (await read('/DX-1')) as object;
    const stale = () =>
      pool.query(
        `UPDATE records SET masked = replace(masked, 'Đ*** T**', 'Đặng T**'), masked_version = 0 WHERE code = 'DX-1'`,
      );
    await stale();
    expect(await read('/DX-1')).toEqual(masked);
    expect((await read('?q=22A-12345')).items[0].driver.name).toBe('Đ*** T** H**** Y**');
    await maskStaleRecords(hub.hub.database, createVault([HUB_SECRET]), hub.hub.kinds);
    const { rows } = await pool.query(
      `SELECT masked, masked_version = version AS fresh FROM records WHERE code = 'DX-1'`,
    );
    expect(rows[0].fresh).toBe(true);
    expect(rows[0].masked).not.toContain('Đặng');
    await stale();
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true });
  });

  test('a record that is erased while it is masked again stays erased', async () => {
    const { database, kinds } = hub.hub;
    const { pool } = database;
    const vault = createVault([HUB_SECRET]);
    const shown = await read('/DX-1');
    const stale = () => pool.query(`UPDATE records SET masked_version = 0 WHERE code = 'DX-1'`);
    const erase = () =>
      pool.query(`UPDATE records SET masked_version = version,
        masked = json_build_object('code', code, 'freshness', masked::json -> 'freshness')::text WHERE code = 'DX-1'`);
    const query = async (asked: { readonly name?: string }, values?: unknown[]) => {
      if (asked.name === 'write record masks') await erase();
      return pool.query(asked as never, values);
    };
    await stale();
    await maskStaleRecords({ pool: { query } } as unknown as Database, vault, kinds);
    const { rows } = await pool.query(`SELECT masked::json -> 'driver' AS driver FROM records WHERE code = 'DX-1'`);
    expect(rows).toEqual([{ driver: null }]);
    await stale();
    await maskStaleRecords(database, vault, kinds);
    expect(await read('/DX-1')).toEqual(shown);
  });

  test('no personal value is in a table, a log line or a webhook in clear', async () => {
    const { rows } = await hub.hub.database.pool.query<{ text: string }>(
      `SELECT t::text AS text FROM records t UNION ALL SELECT t::text FROM record_events t
       UNION ALL SELECT t::text FROM messages t UNION ALL SELECT t::text FROM quarantine t`,
    );
    const all = [...rows.map(({ text }) => text), ...hub.logLines.map((line) => JSON.stringify(line))].join('\n');
    const hashed = createHash('sha256').update(JSON.stringify(permit())).digest('hex');
    for (const secret of [...Object.values(DRIVER), 'Hoàng Yến', 'hoang yen', hashed])
      expect(all).not.toContain(secret);
  });

  test('survives a new secret: records are sealed, keyed and found again', async () => {
    const vault = createVault(['another-secret-of-the-tests-that-is-long-enough', HUB_SECRET]);
    const { database, kinds } = hub.hub;
    const { resealed, unopened } = await reseal(database, vault, kinds, () => undefined);
    expect([unopened, resealed.records, resealed.record_events]).toEqual([0, expect.any(Number), expect.any(Number)]);
    expect(resealed.records).toBeGreaterThan(5);
    expect((await rekeyAll(database, vault, kinds, () => undefined)).rekeyed.records).toBe(resealed.records);
    const alone = await testHub({
      databaseUrl: hub.databaseUrl,
      kinds: [...ALL_KINDS, parkingPermit],
      secrets: ['another-secret-of-the-tests-that-is-long-enough'],
    });
    try {
      expect((await alone.read('/api/v1/parking-permits?q=hoàng yến', 'personal')).body.items.length).toBeGreaterThan(
        4,
      );
    } finally {
      await alone.hub.stop();
    }
  });
});

test('a record at which the hub fails spoils no message of another sender', async () => {
  const brittle: typeof parkingPermit = {
    ...parkingPermit,
    problems(permit) {
      if ('note' in permit && permit.note === 'boom') throw new TypeError('boom');
      return [];
    },
  };
  const hub = await testHub({ kinds: [...ALL_KINDS, brittle] });
  try {
    const pushed = await Promise.all(
      Array.from({ length: 16 }, (_, n) =>
        n % 5 === 3
          ? hub.request('POST', '/api/v1/parties/one-stop/parking-permits', 'one-stop', permit({ note: 'boom' }))
          : hub.request(
              'POST',
              '/api/v1/parties/other/dossiers',
              'other',
              dossier({ code: `H60.05-250812-${1000 + n}` }),
            ),
      ),
    );
    expect(pushed.map(({ status }) => status)).toEqual(pushed.map((_, n) => (n % 5 === 3 ? 500 : 201)));
  } finally {
    await hub.close();
  }
});
