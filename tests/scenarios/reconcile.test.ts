import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { say, type TextOrWords } from '#messages/message';
import { sentenceOf } from '#messages/render';
import portalAdapter from '../../adapters/national-portal/adapter.ts';
import { nationalPortal } from '../../adapters/national-portal/simulator/portal.ts';
import ministryAdapter from '../../adapters/soap-ministry/adapter.ts';
import { constructionAt, transportAt } from '../../adapters/soap-ministry/simulator/connect.ts';
import ministries from '../../adapters/soap-ministry/simulator.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { type Comparison, type Outgoing, unavailable, unknown, unmapped } from '../../src/kit/index.ts';
import { type Simulator, startSimulator, testConnection } from '../../src/kit/testing/index.ts';
import type { Alerts } from '../../src/observe/alerts.ts';
import { createTelemetry } from '../../src/observe/telemetry.ts';
import type { Party, ReconcileTimes } from '../../src/parties/party.ts';
import type { HubContext } from '../../src/process/hub-context.ts';
import { createNightly } from '../../src/reconcile/nightly.ts';
import type { ReconcileDeps } from '../../src/reconcile/reconcile.ts';
import type { NightlyReconcile } from '../../src/scheduler.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { AFTER_RECEIPT, dossier, type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { officerAt } from '../support/officer.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';

const CODES = [1, 2, 3, 4].map((n) => `H60.01-250812-000${n}`);
const [ONE, TWO, THREE] = CODES as [string, string, string];
const ACCOUNT = { username: 'sim', password: 'sim-password' };

describe('reconcile', () => {
  let portal: Simulator;
  let hub: TestHub;
  const other = testPartner();
  beforeAll(async () => {
    portal = await startSimulator(nationalPortal());
    hub = await testHub({
      partners: { portal: partnerOf(portalAdapter), mute: other },
      entries: {
        portal: {
          settings: { ...ACCOUNT, adapterUrl: portal.url, dstcode: 'VN:GOV:TEST', madonvi: 'H60' },
          authoritative: ['status'],
        },
        other: { may: ['status'] },
      },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal', 'mute'] }],
      keys: [...OPERATOR_KEYS],
    });
    await hub.push(CODES.map((code) => whole({ code })));
    await hub.deliver();
  });
  afterAll(async () => {
    await hub.close();
    await portal.close();
  });

  const query = (sql: string, values: readonly unknown[] = []) => hub.hub.database.pool.query(sql, [...values]);

  /** Changes a dossier at the portal, past the hub. */
  async function changeAtPortal(code: string, change: Record<string, unknown>): Promise<void> {
    const post = async (path: string, body: object) => {
      const reply = await fetch(`${portal.url}${path}`, {
        method: 'POST',
        headers: HEADERS,
        body: JSON.stringify(body),
      });
      return (await reply.json()) as { session: string; result: [Record<string, unknown>] };
    };
    const { session } = await post('/mapi/login', ACCOUNT);
    const asked = await post('/mapi/g', { session, madonvi: 'H60', service: 'TraCuuHoSo', mahoso: code });
    const { TienDoXuLy: _, ...record } = asked.result[0];
    const told = {
      session,
      madonvi: 'H60',
      service: 'DongBoHoSoMC',
      isUpdating: 'True',
      data: [{ ...record, ...change }],
    };
    expect(await post('/mapi/g', told)).toMatchObject({ error_code: 0 });
  }

  test('both sides with the same content agree, and the metric says so', async () => {
    expect(await hub.hub.reconcile('portal')).toMatchObject({ agreement: 1, counts: { agrees: 4 }, findings: [] });
    const metrics = await (await hub.request('GET', '/metrics')).text();
    expect(metrics).toContain('hub_reconcile_agreement_ratio{party="portal"} 1');
  });

  test('a change at the partner is named field by field, without personal data, and corrected', async () => {
    await changeAtPortal(ONE, { TrangThaiHoSo: '4', ChuHoSo: 'Lê Thị Hoa' });
    const report = await hub.hub.reconcile('portal', { repair: 'ours' });
    expect(report).toMatchObject({ agreement: 0.75, counts: { agrees: 3, differs: 1 }, repaired: 1 });
    expect(report.findings).toMatchObject([{ code: ONE, verdict: 'differs', repair: 'our version is queued' }]);
    expect(report.findings[0]?.fields).toContainEqual({ path: '/TrangThaiHoSo', ours: '2', theirs: '4' });
    expect(JSON.stringify(report)).not.toMatch(/Lê Thị Hoa|Nguyễn Văn An/);
    expect(JSON.stringify(report.findings)).toContain('/ChuHoSo');
    await hub.deliver();
    expect(await hub.hub.reconcile('portal')).toMatchObject({ agreement: 1, counts: { agrees: 4 } });
  });

  test('the partner’s version is stored on request, as a message', async () => {
    await changeAtPortal(TWO, { TrangThaiHoSo: '4' });
    const report = await hub.hub.reconcile('portal', { repair: 'theirs' });
    expect(report.findings).toMatchObject([{ code: TWO, repair: 'their version was stored: accepted' }]);
    expect((await hub.read(`/api/v1/dossiers/${TWO}`)).body.status).toBe('processing');
    expect(await hub.hub.reconcile('portal')).toMatchObject({ agreement: 1, findings: [] });
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true, found: 0 });
  });

  test('a dossier missing at the partner is sent again', async () => {
    await query(
      `INSERT INTO deliveries (party, operation, subject, seq, message_id, state, created_at, next_at)
       SELECT 'portal', 'dossier.upsert.v1', code, version, last_message_id, 'delivered', changed_at, changed_at FROM dossiers
       WHERE code = $1`,
      [(await held('H60.01-250812-0009')).code],
    );
    const report = await hub.hub.reconcile('portal', { repair: 'ours' });
    expect(report.findings).toMatchObject([{ code: 'H60.01-250812-0009', verdict: 'absent' }]);
    await hub.deliver();
    expect(await hub.hub.reconcile('portal')).toMatchObject({ counts: { absent: 0, differs: 0 } });
  });

  /** A dossier without a route to any party. */
  async function held(code: string): Promise<{ code: string }> {
    await hub.push(whole({ code }), { party: 'other' });
    return { code };
  }

  test('deliveries under way are not judged; a refused one leaves the partner behind', async () => {
    // No route leads to the other system, so the test decides about its delivery.
    const newer = whole({ code: THREE, status: 'processing', statusAt: '2025-08-13T08:15:00+07:00' });
    await hub.push(newer, { party: 'other' });
    expect((await hub.hub.reconcile('portal')).counts).toMatchObject({ pending: 0, behind: 0, differs: 0 });
    await query(
      `INSERT INTO deliveries (party, operation, subject, seq, message_id, created_at, next_at)
       SELECT 'portal', 'dossier.upsert.v1', code, version, last_message_id, changed_at, 'infinity' FROM dossiers WHERE code = $1`,
      [THREE],
    );
    expect((await hub.hub.reconcile('portal')).counts).toMatchObject({ pending: 1, behind: 0 });
    await query(
      "UPDATE deliveries SET state = 'refused', reason = 'rejected' WHERE state = 'due' AND party = 'portal'",
    );
    const { findings } = await hub.hub.reconcile('portal');
    expect(findings).toMatchObject([
      { code: THREE, verdict: 'behind', why: 'it has version 1 of 2; the last delivery was refused: rejected' },
    ]);
  });

  test('a party without look-up, or paused, is not asked, with the reason', async () => {
    await expect(hub.hub.reconcile('mute')).rejects.toThrow('the adapter of mute offers no look-up');
    await query("UPDATE party_states SET paused_at = now() WHERE party = 'portal'");
    await expect(hub.hub.reconcile('portal')).rejects.toThrow('portal is paused');
    await query("UPDATE party_states SET paused_at = NULL WHERE party = 'portal'");
  });

  test('an officer compares pasted codes with what the partner has now, which changes nothing', async () => {
    await hub.hub.reconcile('portal', { repair: 'ours' });
    await hub.deliver();
    const before = (await query("SELECT agreed, judged, last_at FROM reconciles WHERE party = 'portal'")).rows;
    await changeAtPortal(ONE, { TrangThaiHoSo: '9' });
    const { body } = await operatorOf(hub).post('parties/portal/look-ups', {
      codes: [TWO, ONE.toLowerCase(), 'H60.01-9'],
    });
    expect(body.items).toEqual([
      { code: TWO, verdict: 'agrees', reason: null, fields: [] },
      {
        code: ONE,
        verdict: 'differs',
        reason: null,
        fields: [expect.objectContaining({ path: '/TrangThaiHoSo', theirs: '9' })],
      },
      { code: 'H60.01-9', verdict: 'never-sent', reason: null, fields: [] },
    ]);
    expect((await query("SELECT agreed, judged, last_at FROM reconciles WHERE party = 'portal'")).rows).toEqual(before);
    const officer = officerAt(hub);
    await officer.signIn('ops');
    const compared = await officer.post('/console/bulk', { codes: `${ONE} ${TWO} H60.01-9`, action: 'compare' });
    const text = compared.text.replaceAll(/<[^>]+>/g, ' ');
    expect(text).toMatch(/khác nội dung: TrangThaiHoSo của trục \d+, bên nhận 9/);
    expect(text).toMatch(/khớp/);
    expect(text).toContain('chưa so được: hệ thống của bên nhận không cho tra cứu');
    expect(decodeURIComponent(compared.text)).toMatch(new RegExp(`${TWO};[^\n]*;khớp;`));
    await officer.get('/console/audit');
    expect((await officer.get('/console/audit')).text).toContain('so hồ sơ với bên kết nối');
    await changeAtPortal(ONE, { TrangThaiHoSo: '2' });
  });

  test('a look-up is in the audit with all its dossiers before the partner is called', async () => {
    const look = (party: string) => operatorOf(hub).post(`parties/${party}/look-ups`, { codes: CODES });
    await query(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'as in the test' USING ERRCODE = '53100'; END $$`);
    await query(
      "CREATE TRIGGER fail BEFORE INSERT ON audit FOR EACH ROW WHEN (NEW.action = 'party.look-up') EXECUTE FUNCTION fail()",
    );
    const before = portal.requests().length;
    expect((await look('portal')).status).toBe(503);
    expect(portal.requests()).toHaveLength(before);
    await query('DROP FUNCTION fail CASCADE');
    expect((await look('portal')).status).toBe(200);
    const looked = async () => (await operatorOf(hub).get('audit?action=party.look-up')).body.items;
    const [entry, ...earlier] = await looked();
    expect(entry).toMatchObject({ subject: 'party portal', why: `4: ${CODES.join(' ')}` });
    expect((await look('nobody')).status).toBe(404);
    expect(await looked()).toHaveLength(1 + earlier.length);
  });

  test('dossiers that no secret opens are not asked for, and the others are compared', async () => {
    await hub.push(Array.from({ length: 10 }, (_, n) => whole({ code: `H60.01-250812-${2000 + n}` })));
    await hub.deliver();
    const keyed = (key: string) => query(`UPDATE dossiers SET sealed_key = ${key} WHERE code LIKE 'H60.01-250812-20%'`);
    const { agrees } = (await hub.hub.reconcile('portal')).counts;
    await keyed('sealed_key + 1');
    const report = await hub.hub.reconcile('portal');
    expect(report).toMatchObject({ error: undefined, counts: { agrees: agrees - 10, 'not-asked': 10 } });
    await keyed('sealed_key - 1');
  });

  test('a partner that is away ends the comparison, and the last figure stays', async () => {
    await hub.push(Array.from({ length: 12 }, (_, n) => whole({ code: `H60.01-250812-${1000 + n}` })));
    await hub.deliver();
    const before = (await query("SELECT agreed, judged FROM reconciles WHERE party = 'portal'")).rows;
    await portal.close();
    expect(await hub.hub.reconcile('portal')).toMatchObject({
      agreement: null,
      error: expect.stringContaining('does not answer'),
    });
    expect((await query("SELECT agreed, judged FROM reconciles WHERE party = 'portal'")).rows).toEqual(before);
  });
});

describe('reconcile with SOAP ministries', () => {
  let ministry: Simulator;
  let hub: TestHub;
  beforeAll(async () => {
    ministry = await startSimulator(ministries);
    const { lookUp: _, ...push } = constructionAt(ministry.url).push.dossiers;
    hub = await testHub({
      partners: { ministry: partnerOf(ministryAdapter), mute: partnerOf(ministryAdapter) },
      entries: {
        ministry: { settings: transportAt(ministry.url) },
        mute: { settings: { ...constructionAt(ministry.url), push: { dossiers: push } } },
      },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['ministry'] }],
    });
    await hub.push([whole({ code: ONE }), whole({ code: TWO })]);
    await hub.deliver();
  });
  afterAll(async () => {
    await hub.close();
    await ministry.close();
  });

  test('one without look-up is never asked, and the missing setting is named', async () => {
    const why = 'nothing can be compared with mute: its settings name no push.dossiers.lookUp';
    await expect(hub.hub.reconcile('mute')).rejects.toThrow(why);
    const { database, parties } = hub.hub;
    const context = { database, nowMs: () => hub.clock.nowMs } as HubContext;
    const nightly = createNightly(context, {} as ReconcileDeps, parties);
    await nightly.register();
    const { rows } = await database.pool.query('SELECT party FROM reconciles');
    expect(rows).toEqual([{ party: 'ministry' }]);
  });

  test('a change there is named with full codes and no person, and corrected', async () => {
    expect(await hub.hub.reconcile('ministry')).toMatchObject({ agreement: 1, counts: { agrees: 2 } });
    const past = testConnection(transportAt(ministry.url));
    const record = whole({ code: ONE, status: 'processing', applicant: { name: 'Lê Thị Hoa' } });
    await ministryAdapter.send?.['dossier.upsert.v1']?.send(past as never, [
      { code: ONE, record, known: true } as never,
    ]);
    past.close();
    const report = await hub.hub.reconcile('ministry', { repair: 'ours' });
    expect(report).toMatchObject({ counts: { agrees: 1, differs: 1 }, findings: [{ code: ONE, verdict: 'differs' }] });
    const status = { path: '/trangThai', ours: 'TIEP_NHAN', theirs: 'DANG_XU_LY' };
    expect(report.findings[0]?.fields).toContainEqual(status);
    expect(JSON.stringify(report)).not.toMatch(/Lê Thị Hoa|Nguyễn Văn An/);
    await hub.deliver();
    expect(await hub.hub.reconcile('ministry')).toMatchObject({ agreement: 1, counts: { agrees: 2 } });
  });
});

describe('the nightly comparison', () => {
  const open: NightlyScene[] = [];
  afterEach(async () => {
    for (const scene of open.splice(0)) await scene.hub.close();
  });
  async function scene(reconcile?: ReconcileTimes | false): Promise<NightlyScene> {
    const made = await nightlyScene(reconcile);
    open.push(made);
    return made;
  }

  test('runs in one of two processes, again the next night; a disagreement is an incident', async () => {
    const { hub, asked, incidents, partner, nightly } = await scene();
    const [one, two] = [nightly(), nightly()];
    await one.register();
    await two.register();
    expect(await one.due()).toEqual([]);
    hub.clock.nowMs = Date.parse('2025-08-13T03:30:01+07:00');
    expect(await two.due()).toEqual(['portal']);
    await Promise.all([one.run('portal'), two.run('portal'), one.run('portal')]);
    expect(asked).toHaveLength(3);
    expect(await one.due()).toEqual([]);
    hub.clock.nowMs += 24 * 3_600_000;
    expect(await one.due()).toEqual(['portal']);
    expect(incidents).toEqual([]);
    partner.differences = [{ path: '/status', ours: '2', theirs: '4' }];
    await two.run('portal');
    expect(incidents).toEqual([expect.stringContaining('portal disagreement: of 3 dossiers and records 3 differ')]);
  });

  test.each([
    [{ sample: 2 }, 2],
    [{ sample: 'all' as const }, 3],
  ])('takes the number of dossiers from the party’s settings: %j', async (reconcile, dossiers) => {
    const { hub, asked, nightly } = await scene(reconcile);
    const one = nightly();
    await one.register();
    hub.clock.nowMs = Date.parse('2025-08-13T03:30:01+07:00');
    await one.run('portal');
    expect(new Set(asked).size).toBe(dossiers);
  });

  test('does not ask about a dossier of which nothing was sent', async () => {
    const { hub, asked, incidents, script, nightly } = await scene();
    script.push({ kind: 'delivered', reason: 'nothing-told' });
    await hub.push(dossier({ code: 'H60.01-250812-0004' }));
    await hub.deliver();
    hub.clock.nowMs += 86_400_000;
    const night = nightly();
    await night.register();
    hub.clock.nowMs += 86_400_000;
    await night.run('portal');
    expect([asked.sort(), incidents]).toEqual([CODES.slice(0, 3), []]);
    expect(await hub.hub.reconcile('portal')).toMatchObject({ counts: { agrees: 3 }, agreement: 1 });
  });

  test('follows the schedule of the party, also a changed one', async () => {
    const { hub, nightly } = await scene();
    await nightly().register();
    const later = nightly({ schedule: '0 0 5 * * 0' });
    await later.register();
    hub.clock.nowMs = Date.parse('2025-08-17T04:59:59+07:00');
    expect(await later.due()).toEqual([]);
    hub.clock.nowMs = Date.parse('2025-08-17T05:00:01+07:00');
    expect(await later.due()).toEqual(['portal']);
    await later.run('portal');
    const earlier = nightly({ schedule: '0 0 1 * * *' });
    await earlier.register();
    hub.clock.nowMs = Date.parse('2025-08-18T01:00:01+07:00');
    expect(await earlier.due()).toEqual(['portal']);
  });

  test('is not due again when its schedule has no further run', async () => {
    const { hub, nightly } = await scene({ schedule: '0 0 5 17 8 * 2025' });
    const once = nightly();
    await once.register();
    hub.clock.nowMs = Date.parse('2025-08-17T05:00:01+07:00');
    expect(await once.due()).toEqual(['portal']);
    await once.run('portal');
    expect(await once.due()).toEqual([]);
    await once.register();
    hub.clock.nowMs += 400 * 86_400_000;
    expect(await once.due()).toEqual([]);
  });

  test('stays off when switched off, and waits for the night when on again', async () => {
    const { hub, nightly } = await scene();
    await nightly().register();
    const off = nightly(false);
    await off.register();
    hub.clock.nowMs = Date.parse('2025-08-14T12:00:00+07:00');
    expect(await off.due()).toEqual([]);
    const on = nightly();
    await on.register();
    expect(await on.due()).toEqual([]);
    hub.clock.nowMs = Date.parse('2025-08-15T03:30:01+07:00');
    expect(await on.due()).toEqual(['portal']);
  });

  test('runs by itself even after an order before the first night', async () => {
    const { hub, nightly } = await scene();
    await hub.hub.reconcile('portal');
    const one = nightly();
    await one.register();
    hub.clock.nowMs = Date.parse('2025-08-13T03:30:01+07:00');
    expect(await one.due()).toEqual(['portal']);
  });

  test('is repeated half an hour after an interruption, also by a new process', async () => {
    const { hub, asked, nightly } = await scene();
    const one = nightly();
    await one.register();
    hub.clock.nowMs = Date.parse('2025-08-13T03:30:01+07:00');
    await hub.hub.database.pool.query("UPDATE party_states SET paused_at = now() WHERE party = 'portal'");
    await one.run('portal');
    await hub.hub.database.pool.query("UPDATE party_states SET paused_at = NULL WHERE party = 'portal'");
    const two = nightly();
    await two.register();
    expect(await two.due()).toEqual([]);
    hub.clock.nowMs += 1_800_001;
    expect(await two.due()).toEqual(['portal']);
    await two.run('portal');
    expect(asked).toHaveLength(3);
    expect(await two.due()).toEqual([]);
  });
});

describe('the verdict', () => {
  let scene: NightlyScene;
  beforeEach(async () => {
    scene = await nightlyScene();
  });
  afterEach(() => scene.hub.close());

  const same: Comparison = { kind: 'found', differences: [] };
  const other: Comparison = { kind: 'found', differences: [{ path: '/status', ours: '4', theirs: '2' }] };
  const NEWER = { code: ONE, status: 'processing', statusAt: '2025-08-13T08:15:00+07:00' };

  test.each<[Comparison, object]>([
    [{ kind: 'failed', outcome: unknown('timeout', 'it took too long') }, { 'not-asked': 1 }],
    [{ kind: 'untold', why: say('status', { status: 200 }) }, { untold: 1 }],
    [{ kind: 'absent' }, { absent: 1 }],
  ])('is the second look-up when only that one is about the sent version: %j', async (second, counts) => {
    const { hub, partner } = scene;
    await hub.push(dossier(NEWER), { party: 'other' });
    partner.compare = async ({ code, record }) => {
      if (code !== ONE) return same;
      return record.status === 'processing' ? other : second;
    };
    expect((await hub.hub.reconcile('portal')).counts).toMatchObject({ agrees: 2, differs: 0, ...counts });
  });

  test('is not asked for neighbours without a code in a table, and the others are compared', async () => {
    const { hub, partner } = scene;
    await hub.push(Array.from({ length: 20 }, (_, n) => dossier({ code: `H60.01-250812-00${10 + n}` })));
    await hub.deliver();
    partner.compare = async ({ code }) =>
      code >= 'H60.01-250812-0020' ? same : { kind: 'failed', outcome: unmapped('service', '1.013225') };
    expect(await hub.hub.reconcile('portal')).toMatchObject({
      error: undefined,
      counts: { agrees: 10, 'not-asked': 13 },
    });
  });

  test('has no names from the words of a partner, neither in the report nor in the database', async () => {
    const { hub, partner } = scene;
    await hub.push([4, 5, 6, 7, 8].map((n) => dossier({ code: `H60.01-250812-000${n}` })));
    await hub.deliver();
    const words = 'không tra được hồ sơ của Lê Thị Hoa, 0912345678';
    partner.compare = async () => ({ kind: 'failed', outcome: unavailable('busy', words) });
    const report = await hub.hub.reconcile('portal');
    const { rows } = await hub.hub.database.pool.query('SELECT last_error FROM reconciles');
    expect(rows).toEqual([{ last_error: expect.stringContaining('the party does not answer: busy: không tra được') }]);
    expect(JSON.stringify([report, rows])).not.toMatch(/Lê Thị Hoa|0912345678/);
  });

  test.each(['ours', 'theirs'] as const)(
    'is pending when a newer version arrives during the look-up, with nothing to repair by %s',
    async (repair) => {
      const { hub, partner } = scene;
      partner.compare = async ({ code }) => {
        if (code !== ONE) return same;
        await hub.push(dossier(NEWER));
        await hub.deliver();
        return other;
      };
      const report = await hub.hub.reconcile('portal', { repair });
      expect(report).toMatchObject({ counts: { agrees: 2, pending: 1, differs: 0 }, repaired: 0, findings: [] });
    },
  );
});

interface NightlyScene {
  readonly hub: TestHub;
  readonly script: Partner['script'];
  /** The dossiers that the partner was asked for. */
  readonly asked: string[];
  readonly incidents: string[];
  /** Where it differs from ours, or its answer to each question. */
  readonly partner: {
    differences: Extract<Comparison, { kind: 'found' }>['differences'];
    compare?: (item: Outgoing<'dossier.upsert.v1'>) => Promise<Comparison>;
  };
  /** A process's own options; the party's settings, if they differ from those at the start. */
  nightly(reconcile?: ReconcileTimes | false): NightlyReconcile;
}

/** A party that has taken three dossiers and can be asked. */
async function nightlyScene(setting?: ReconcileTimes | false): Promise<NightlyScene> {
  const asked: string[] = [];
  const incidents: string[] = [];
  const answer: NightlyScene['partner'] = { differences: [] };
  const reconcile = {
    read: () => [],
    compare: async (_: unknown, item: Outgoing<'dossier.upsert.v1'>): Promise<Comparison> => {
      asked.push(item.code);
      return answer.compare ? answer.compare(item) : { kind: 'found', differences: answer.differences };
    },
  };
  const partner = testPartner();
  const hub = await testHub({
    nowMs: AFTER_RECEIPT,
    partners: { portal: { ...partner, adapter: { ...partner.adapter, reconcile } } },
    routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
    entries: { other: { may: ['status'] }, ...(setting !== undefined && { portal: { reconcile: setting } }) },
  });
  await hub.push([1, 2, 3].map((n) => dossier({ code: `H60.01-250812-000${n}` })));
  await hub.deliver();
  const { database, parties, pipeline } = hub.hub;
  const context = {
    database,
    vault: createVault(['a-secret-of-the-tests-that-is-long-enough']),
    kinds: hub.hub.kinds,
    nowMs: () => hub.clock.nowMs,
    alerts: {
      open: async (party: string, kind: string, cause: TextOrWords) =>
        void incidents.push(`${party} ${kind}: ${sentenceOf(cause).message}`),
      close: async () => undefined,
    } as unknown as Alerts,
    telemetry: createTelemetry(pino({ level: 'silent' })),
  };
  const deps = {
    codes: { fresh: async () => undefined },
    originals: { of: async () => new Map(), last: async () => undefined },
    pipeline,
    queue: { notify: async () => undefined },
  };
  const nightly: NightlyScene['nightly'] = (changed) => {
    const portal = parties.get('portal') as Party;
    return createNightly(context, deps, new Map([['portal', { ...portal, reconcile: changed ?? portal.reconcile }]]));
  };
  return { hub, script: partner.script, asked, incidents, partner: answer, nightly };
}

const HEADERS = {
  'content-type': 'application/json',
  charset: 'utf-8',
  dstcode: 'VN:GOV:TEST',
  accept: 'application/json',
};

function partnerOf(adapter: unknown): Partner {
  return { sent: [], script: [], adapter: adapter as Adapter };
}

/** With everything that the portal's catalogue contains of it. */
function whole(given: Record<string, unknown> = {}): Record<string, unknown> {
  return dossier({
    agencyName: 'Sở thử nghiệm',
    fieldCode: 'G03-GD10',
    fieldName: 'Lĩnh vực thử nghiệm',
    resultDelivery: 'counter',
    applicant: { kind: 'citizen', name: 'Nguyễn Văn An' },
    ...given,
  });
}
