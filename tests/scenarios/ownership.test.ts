import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { formatLocal } from '#core/dates/dates';
import { readItem } from '#core/dossier/item';
import { Applicant, Dossier } from '#schemas/dossier.upsert.v1';
import { dossier, type Partner, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { logIn } from '../support/legacy-system.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';
import { envelope, sendSoap } from '../support/soap.ts';

const CODE = 'H60.01-250812-0035';
const OWN = { phone: '0911223344', name: 'Lê Thị Chủ Nhân' };
const FOREIGN = { phone: '0977665544', name: 'Kẻ Mạo Danh' };
const secretOf = (party: string): string => `${party}-secret-of-the-tests`;
const basic = (party: string) => ({
  Authorization: `Basic ${Buffer.from(`${party}:${secretOf(party)}`).toString('base64')}`,
});
const bearer = (party: string) => ({ Authorization: `Bearer ${secretOf(party)}` });

const ask = (code: string): string => `<h:GetDossier><h:code>${code}</h:code></h:GetDossier>`;

/** A party's view of a dossier by both doors that show one in full. */
async function readBy(hub: TestHub, party: string, code: string): Promise<string> {
  const soap = await sendSoap(hub, envelope(ask(code)), { party, key: null, headers: basic(party) });
  const { session } = await logIn(hub, party, secretOf(party));
  const found = await hub.request('POST', '/mapi/g', undefined, {
    session,
    madonvi: 'H60',
    service: 'TraCuuHoSo',
    mahoso: code,
  });
  return `${soap.text}\n${await found.text()}`;
}

type Warnings = NonNullable<Awaited<ReturnType<TestHub['push']>>['results'][number]['warnings']>;

/** The catalogue of these hubs is empty, so each push gets a warning. */
const notOfCatalogue = (warnings: Warnings = []): Warnings =>
  warnings.filter(({ message }) => !message.startsWith('the catalogue has no'));

let people = 0;
async function lookUp(hub: TestHub, code: string, proof: string): Promise<number> {
  const env = { incoming: { socket: { remoteAddress: `203.0.${people >> 8}.${people++ & 255}` }, headers: {} } };
  return (await hub.hub.app.request(`/api/public/dossiers/${code}?proof=${proof}`, {}, env)).status;
}

describe('a dossier and the party that owns it', () => {
  let hub: TestHub;
  let ops: Operator;
  let partner: Partner;
  const start = async (options: Parameters<typeof testHub>[0] = {}): Promise<void> => {
    partner = testPartner();
    hub = await testHub({
      keys: [...OPERATOR_KEYS],
      partners: { portal: partner },
      routes: ['dossier.upsert.v1', 'dossier.progress.v1'].flatMap((operation) =>
        ['one-stop', 'other'].map((from) => ({ from, operation, to: ['portal'] })),
      ),
      ...options,
    });
    ops = operatorOf(hub);
  };
  afterEach(() => hub.close());
  const pushAs = (party: string, body: object, what: 'dossiers' | 'progress' = 'dossiers') =>
    hub.push(body, { party, what });
  const warningsOf = async (answer: ReturnType<typeof pushAs>) => notOfCatalogue((await answer).results[0]?.warnings);
  const shown = async (code = CODE) => (await hub.read(`/api/v1/dossiers/${code}`, 'personal')).body;

  test('a push before the owner’s makes another party no owner and shows it nothing', async () => {
    await start();
    await pushAs('other', dossier({ applicant: FOREIGN }));
    await pushAs('one-stop', dossier({ applicant: OWN, note: 'Hồ sơ gốc' }));
    const [owner, stranger] = [await readBy(hub, 'one-stop', CODE), await readBy(hub, 'other', CODE)];
    expect(owner).toContain(OWN.phone);
    expect(owner).not.toContain(FOREIGN.phone);
    expect(stranger).not.toContain(OWN.phone);
    expect(stranger).not.toContain(OWN.name);
    expect(stranger).toContain(FOREIGN.phone);
    expect(await shown()).toMatchObject({ applicant: OWN, note: 'Hồ sơ gốc' });
    expect(await Promise.all(['3344', '5544'].map((proof) => lookUp(hub, CODE, proof)))).toEqual([200, 404]);
    expect((await hub.hub.rebuild()).differences).toEqual([]);
  });

  test('the same record from the owner takes the dossier over', async () => {
    await start();
    await pushAs('other', dossier({ applicant: OWN }));
    expect((await pushAs('one-stop', dossier({ applicant: OWN }))).results[0]?.outcome).toBe('accepted');
    expect(await readBy(hub, 'one-stop', CODE)).toContain(OWN.phone);
    expect((await pushAs('one-stop', dossier({ applicant: OWN }))).results[0]?.outcome).toBe('duplicate');
  });

  test('only the party that owns a code begins its dossier; an early one becomes a claim', async () => {
    await start({ entries: { 'one-stop': { owns: { codes: ['H60.'] } }, other: { owns: { codes: ['H22.'] } } } });
    const early = await pushAs('other', dossier({ applicant: FOREIGN }));
    expect([early.status, early.results[0]?.outcome]).toEqual([202, 'quarantined']);
    expect(early.results[0]?.problems).toMatchObject([{ path: '/code', code: 'not-owner' }]);
    expect((await hub.read(`/api/v1/dossiers/${CODE}`)).status).toBe(404);
    await pushAs('one-stop', dossier({ applicant: OWN }));
    const history = `/api/v1/dossiers/${CODE}/history`;
    await expect
      .poll(async () => (await hub.read(history)).body.items)
      .toMatchObject([{ party: 'other', claim: true, movedStatus: false }, { party: 'one-stop' }]);
    expect(await shown()).toMatchObject({ applicant: OWN, freshness: { party: 'one-stop' } });
    expect((await pushAs('other', dossier({ code: 'H22.05-250812-0001' }))).results[0]?.outcome).toBe('accepted');
  });

  test('a claim is stored with a warning and an anomaly, changes nothing and is sent to nobody', async () => {
    await start();
    await pushAs('one-stop', dossier({ applicant: OWN }));
    await hub.deliver();
    const told = partner.sent.length;
    const before = await hub.read(`/api/v1/dossiers/${CODE}`);
    const changes = (await hub.read('/api/v1/changes')).body.next;
    const returned = { status: 'returned', statusAt: '2025-08-14T09:00:00+07:00', applicant: FOREIGN };
    const record = await pushAs('other', dossier(returned));
    expect([record.status, record.results[0]?.outcome]).toEqual([201, 'accepted']);
    expect(
      notOfCatalogue(record.results[0]?.warnings)
        .map(({ path }) => path)
        .sort(),
    ).toEqual(['/applicant', '/status', '/statusAt']);
    const step = progress({ status: 'returned', at: '2025-08-14T10:00:00+07:00' });
    expect(await warningsOf(pushAs('other', step, 'progress'))).toMatchObject([{ path: '/status', code: 'not-owner' }]);
    await hub.deliver();
    expect((await hub.read(`/api/v1/dossiers/${CODE}`)).body).toEqual(before.body);
    expect((await hub.read(`/api/v1/changes?cursor=${changes}`)).body.items).toEqual([]);
    expect(partner.sent).toHaveLength(told);
    expect((await ops.get('anomalies?kind=not-owner')).body.items).toMatchObject([
      { code: CODE, party: 'other', status: 'returned' },
      { code: CODE, party: 'other', status: 'returned' },
    ]);
    expect(await Promise.all(['3344', '5544'].map((proof) => lookUp(hub, CODE, proof)))).toEqual([200, 404]);
    expect((await pushAs('other', step, 'progress')).results[0]?.outcome).toBe('duplicate');
    expect((await hub.hub.rebuild()).differences).toEqual([]);
  });

  test('a claim does not block the owner from saying the same later', async () => {
    await start();
    await pushAs('one-stop', dossier());
    await pushAs('other', progress(), 'progress');
    expect((await shown()).status).toBe('received');
    expect((await pushAs('one-stop', progress(), 'progress')).results[0]?.outcome).toBe('accepted');
    expect((await shown()).status).toBe('processing');
  });

  test('a party changes the members that its `may` names and no others', async () => {
    await start({ entries: { other: { may: ['status', 'results'] } } });
    await pushAs('one-stop', dossier({ applicant: OWN }));
    const said = { status: 'resolved', statusAt: '2025-08-14T09:00:00+07:00', finishedAt: '2025-08-14T09:00:00+07:00' };
    const warnings = await warningsOf(
      pushAs('other', dossier({ ...said, results: [{ name: 'Giấy phép' }], applicant: FOREIGN, channel: 'post' })),
    );
    expect(warnings.map(({ path }) => path).sort()).toEqual(['/applicant', '/channel']);
    expect(await shown()).toMatchObject({
      ...said,
      results: [{ name: 'Giấy phép' }],
      applicant: OWN,
      channel: 'online',
    });
    const step = progress({ status: 'returned', at: '2025-08-15T09:00:00+07:00' });
    expect(await warningsOf(pushAs('other', step, 'progress'))).toEqual([]);
    expect((await shown()).status).toBe('returned');
    await hub.deliver();
    expect(partner.sent.map(({ record }) => 'status' in record && record.status)).toContain('returned');
    expect((await hub.hub.rebuild()).differences).toEqual([]);
  });

  test('a routed partner that reports back may report the status', async () => {
    const asked = testPartner({
      pull: { results: { next: async () => ({ bodies: [], checkpoint: 0, more: false }) } as never },
    });
    await start({
      partners: { ministry: asked },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['ministry'], services: ['1.013225'] }],
      keys: [{ id: 'ministry', secret: secretOf('ministry'), scopes: ['dossier:write'], party: 'ministry' }],
    });
    const elsewhere = 'H60.01-250812-0036';
    await pushAs('one-stop', [dossier({ applicant: OWN }), dossier({ code: elsewhere, serviceCode: '1.000002' })]);
    const steps = [CODE, elsewhere].map((code) => progress({ code }));
    const path = '/api/v1/parties/ministry/progress';
    const { results } = (await (
      await hub.request('POST', path, undefined, steps, bearer('ministry'))
    ).json()) as Awaited<ReturnType<TestHub['push']>>;
    expect(results.map(({ warnings = [] }) => warnings.length)).toEqual([0, 1]);
    expect(await Promise.all([CODE, elsewhere].map(async (code) => (await shown(code)).status))).toEqual([
      'processing',
      'received',
    ]);
  });

  test('at the moment of the owner’s record a party only adds missing members', async () => {
    await start({ entries: { other: { may: ['status', 'channel', 'abstract'] } } });
    await pushAs('one-stop', dossier({ channel: 'counter' }));
    await pushAs('other', dossier({ channel: 'online', abstract: 'Tóm tắt', status: 'processing' }));
    expect(await shown()).toMatchObject({ channel: 'counter', abstract: 'Tóm tắt', status: 'received' });
  });

  test('a constant of a pull fills only missing members', async () => {
    await start({ entries: { other: { may: ['channel', 'status'] } } });
    await pushAs('one-stop', dossier({ channel: 'counter', statusAt: '2025-08-12T08:00:00+07:00' }));
    await pushAs(
      'one-stop',
      dossier({ code: 'H60.01-250812-0036', channel: undefined, statusAt: '2025-08-12T08:00:00+07:00' }),
    );
    for (const code of [CODE, 'H60.01-250812-0036']) {
      const item = readItem('dossier.upsert.v1', dossier({ code, channel: 'online' }), false, ['channel']);
      const common = {
        party: 'other',
        door: 'pull:dossiers',
        operation: 'dossier.upsert.v1',
        keyName: undefined,
        mediaType: undefined,
      };
      const message = {
        ...common,
        body: Buffer.from('[]'),
        bodyBytes: 2,
        receivedAt: '2025-08-21T08:30:00+07:00',
        items: [item],
      };
      const { results } = await hub.hub.pipeline.accept(message as never);
      expect(notOfCatalogue(results[0]?.warnings as Warnings)).toEqual([]);
    }
    expect([(await shown()).channel, (await shown('H60.01-250812-0036')).channel]).toEqual(['counter', 'online']);
    expect((await ops.get('anomalies')).body.items).toEqual([]);
  });

  test('a party gives aliases only for itself, and none joins or hides another party’s dossiers', async () => {
    await start();
    const codes = [1, 2, 3].map((n) => `H60.01-250812-010${n}`);
    await pushAs(
      'one-stop',
      codes.map((code) => dossier({ code, applicant: OWN })),
    );
    const own = 'G09.20-250812-0001';
    const forged = codes.flatMap((code) => [
      { party: 'one-stop', code },
      { party: 'other', code },
    ]);
    const future = 'H60.01-250812-0199';
    const answer = await pushAs(
      'other',
      dossier({ code: own, applicant: FOREIGN, aliases: [...forged, { party: 'other', code: future }] }),
    );
    expect(answer.results[0]?.outcome).toBe('quarantined');
    await pushAs(
      'other',
      dossier({
        code: own,
        applicant: FOREIGN,
        aliases: [
          { party: 'one-stop', code: codes[0] },
          { party: 'other', code: future },
        ],
      }),
    );
    await pushAs('one-stop', dossier({ code: future, applicant: OWN }));
    for (const code of [...codes, future]) {
      expect((await shown(code)).code).toBe(code);
      expect(await lookUp(hub, code, '3344')).toBe(200);
      expect(await readBy(hub, 'other', code)).not.toContain(OWN.phone);
    }
    expect((await hub.hub.rebuild()).differences).toEqual([]);
  });

  test('a future moment decides nothing before it comes, and is applied then', async () => {
    await start();
    await pushAs('one-stop', dossier());
    const soon = '2025-08-25T08:00:00+07:00';
    const warnings = await warningsOf(
      pushAs('one-stop', progress({ at: '2099-01-01T00:00:00+07:00', status: 'returned' }), 'progress'),
    );
    expect(warnings).toMatchObject([{ path: '/at', code: 'ahead-of-time' }]);
    await pushAs('one-stop', progress({ at: soon, status: 'resolved' }), 'progress');
    await pushAs('one-stop', progress(), 'progress');
    expect(await shown()).toMatchObject({ status: 'processing', statusAt: progress().at });
    const waits = async () => (await ops.get('quarantine?kind=ahead-of-time')).body.items;
    expect(await waits()).toHaveLength(2);
    await ops.post(`quarantine/${(await waits())[0].id}/resolve`, { action: 'release', why: 'thử' });
    expect([(await shown()).status, (await waits()).length]).toEqual(['processing', 2]);
    hub.clock.nowMs = Date.parse(soon) + 60_000;
    await hub.deliver();
    expect(await shown()).toMatchObject({ status: 'resolved', statusAt: soon });
    await pushAs('one-stop', progress({ at: '2025-08-25T08:00:30+07:00', status: 'returned' }), 'progress');
    expect((await shown()).status).toBe('returned');
    expect((await hub.hub.rebuild()).differences).toEqual([]);
  });

  test('a dossier that begins in the future follows the messages about the present', async () => {
    await start();
    await pushAs('one-stop', dossier({ statusAt: '2099-01-01T00:00:00+07:00' }));
    await pushAs('one-stop', progress({ at: '2025-08-13T09:00:00+07:00' }), 'progress');
    expect((await shown()).status).toBe('processing');
    await pushAs('one-stop', dossier({ status: 'resolved', statusAt: '2025-08-14T09:00:00+07:00' }));
    expect(await shown()).toMatchObject({ status: 'resolved', statusAt: '2025-08-14T09:00:00+07:00' });
  });

  test('each full read by a party is in the audit', async () => {
    await start();
    await pushAs('one-stop', dossier());
    await readBy(hub, 'one-stop', CODE);
    await readBy(hub, 'other', CODE);
    const { items } = (await ops.get('audit?action=dossier.read-personal')).body;
    expect(items.map(({ actor, why }: { actor: string; why: string }) => `${actor} ${why}`).sort()).toEqual([
      'one-stop GetDossier',
      'one-stop TraCuuHoSo',
    ]);
  });

  test('an upgrade lists what another party changed before, and leaves it unchanged', async () => {
    await start();
    await pushAs('one-stop', dossier());
    await pushAs('one-stop', dossier({ code: 'H60.01-250812-0036', statusAt: '2099-01-01T00:00:00+07:00' }));
    const { pool } = hub.hub.database;
    // As the previous version stored another party's message.
    await pool.query(`INSERT INTO aliases VALUES ('third', 'T-1', $1)`, [CODE]);
    await pool.query(
      `INSERT INTO events (code, seq, recorded_at, received_at, kind, at, status, party, authoritative, inferred, moved_status,
         hash, message_id, item, record, record_key)
       SELECT code, 2, recorded_at, received_at, 'progress', at + interval '1 hour', 'processing', 'other', false, false, true,
         '\\x01', message_id, 0, record, record_key FROM events WHERE code = $1`,
      [CODE],
    );
    await pool.query(`UPDATE dossiers SET status = 'processing', version = 2 WHERE code = $1`, [CODE]);
    await pool.query(`DROP INDEX messages_refused_stranger, deliveries_held; DROP TABLE doubtful_dossiers, ownership, rekeying, recounts; ALTER TABLE events DROP COLUMN owner, DROP COLUMN shared;
      ALTER TABLE dossiers DROP COLUMN mask_of, DROP COLUMN former, DROP COLUMN former_key;
      ALTER TABLE quarantine DROP COLUMN cause_table, DROP COLUMN cause_from, DROP COLUMN words;
      ALTER TABLE attempts DROP COLUMN words; ALTER TABLE deliveries DROP COLUMN words; ALTER TABLE incidents DROP COLUMN words;
      ALTER TABLE pulls DROP COLUMN error_words; ALTER TABLE party_health DROP COLUMN error_words;
      DELETE FROM hub_migrations WHERE name >= '018'`);
    const upgraded = await testHub({ keys: [...OPERATOR_KEYS], databaseUrl: hub.databaseUrl });
    try {
      const { items } = (await operatorOf(upgraded).get('doubtful-dossiers')).body;
      expect(items).toMatchObject([
        { code: CODE, kind: 'moved-by-another', party: 'other', owner: 'one-stop' },
        { code: CODE, kind: 'alias-by-another', party: 'third' },
        { code: 'H60.01-250812-0036', kind: 'far-ahead', party: 'one-stop' },
      ]);
      expect(
        (await upgraded.hub.database.pool.query('SELECT status FROM dossiers WHERE code = $1', [CODE])).rows,
      ).toEqual([{ status: 'processing' }]);
      const settled = await operatorOf(upgraded).post(`doubtful-dossiers/${items[0].id}/settle`, {
        why: 'đã đối chiếu',
      });
      expect(settled).toEqual({ status: 200, body: { id: items[0].id, code: CODE } });
      expect((await operatorOf(upgraded).get('doubtful-dossiers')).body.items).toHaveLength(2);
    } finally {
      await upgraded.close();
    }
  });
});

describe('two one-stop systems, two ministries and the national portal, each hostile to each other', () => {
  const OWNS = { 'one-stop': 'H60.01', other: 'H22.05', health: 'G09.20', land: 'G14.03', national: 'G22.99' } as const;
  type Name = keyof typeof OWNS;
  const NAMES = Object.keys(OWNS) as Name[];
  const SERVICE = '1.013225';
  const personOf = (party: Name) => {
    const phone = `09${String(NAMES.indexOf(party) + 1).repeat(4)}${NAMES.indexOf(party)}${NAMES.indexOf(party)}77`;
    return { name: `Phạm Văn ${party.replace('-', ' ')}`, phone };
  };

  /** A ministry's adapter that takes callbacks; any call counts as the ministry's own. */
  const calledBack = (): Partner => {
    const partner = testPartner();
    const read = (body: Uint8Array) =>
      JSON.parse(Buffer.from(body).toString()).map((one: object) => readItem('dossier.progress.v1', one));
    return {
      ...partner,
      adapter: {
        ...partner.adapter,
        callbacks: {
          step: { check: () => undefined, read, reply: () => ({ status: 200, body: '', mediaType: 'text/plain' }) },
        },
      } as Partner['adapter'],
    };
  };

  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub({
      partners: { health: calledBack(), land: calledBack(), national: testPartner() },
      entries: Object.fromEntries(NAMES.map((name) => [name, { owns: { codes: [`${OWNS[name].slice(0, 4)}`] } }])),
      routes: [
        { from: 'one-stop', operation: 'dossier.upsert.v1', to: ['health'], services: ['1.000009'] },
        { from: 'one-stop', operation: 'dossier.upsert.v1', to: ['national'] },
      ],
      keys: ['health', 'land', 'national'].map((id) => ({
        id,
        secret: secretOf(id),
        scopes: ['dossier:write'],
        party: id,
      })),
    });
  });
  afterAll(() => hub.close());

  const recordOf = (party: Name, code: string, given: object = {}) =>
    dossier({
      code,
      agencyCode: code.slice(0, code.indexOf('-')),
      serviceCode: SERVICE,
      applicant: personOf(party),
      ...given,
    });

  /** An attacker's message about a victim's dossier; `taken` is another dossier of the victim. */
  interface Target {
    readonly attacker: Name;
    readonly victim: Name;
    readonly code: string;
    readonly taken: string;
    readonly fresh: string;
  }
  const LATER = { status: 'returned', statusAt: '2025-08-14T09:00:00+07:00', returnedAt: '2025-08-14T09:00:00+07:00' };
  const RECORDS: Readonly<Record<string, (target: Target) => object>> = {
    'another applicant and status': ({ attacker, code }) => recordOf(attacker, code, LATER),
    'the same moment': ({ attacker, code }) => recordOf(attacker, code, { status: 'resolved', channel: 'post' }),
    'a moment far ahead': ({ attacker, code }) =>
      recordOf(attacker, code, { ...LATER, statusAt: '2099-01-01T00:00:00+07:00' }),
    'aliases of the victim': ({ attacker, victim, code, fresh }) =>
      recordOf(attacker, fresh, { aliases: [{ party: victim, code }] }),
    'an alias that is the victim’s code': ({ attacker, code, fresh }) =>
      recordOf(attacker, fresh, { aliases: [{ party: attacker, code }] }),
    'one of the victim’s codes for another': ({ attacker, code, taken }) =>
      recordOf(attacker, code, { aliases: [{ party: attacker, code: taken }] }),
  };
  const STEPS: Readonly<Record<string, (target: Target) => object>> = {
    'a last step': ({ code }) => progress({ code, status: 'returned', at: '2025-08-14T10:00:00+07:00' }),
    'a step of the same moment': ({ code }) => progress({ code, status: 'resolved', at: '2025-08-12T08:15:00+07:00' }),
    'a step far ahead': ({ code }) => progress({ code, status: 'returned', at: '2099-01-01T00:00:00+07:00' }),
  };

  /** Each door that takes records or steps, by its route. */
  interface Door {
    readonly claims: Readonly<Record<string, (target: Target) => object>>;
    readonly send: (party: Name, item: object) => Promise<unknown>;
    /** Parties with this door; all when absent. */
    readonly only?: readonly Name[];
  }
  const rest = (what: string) => (party: Name, item: object) =>
    hub.request('POST', `/api/v1/parties/${party}/${what}`, undefined, item, bearer(party));
  const dialect = (service: string, write: (item: never) => object) => async (party: Name, item: object) => {
    const { session } = await logIn(hub, party, secretOf(party));
    return hub.request('POST', '/mapi/g', undefined, {
      session,
      madonvi: 'H60',
      service,
      isUpdating: 'True',
      data: [write(item as never)],
    });
  };
  const soap = (operation: string, element: string) => (party: Name, item: object) =>
    sendSoap(hub, envelope(`<h:${operation}>${xmlOf(element, item)}</h:${operation}>`), {
      party,
      key: null,
      headers: basic(party),
    });
  const DOORS: Readonly<Record<string, readonly Door[]>> = {
    'post /api/v1/parties/{party}/dossiers': [{ claims: RECORDS, send: rest('dossiers') }],
    'post /api/v1/parties/{party}/progress': [{ claims: STEPS, send: rest('progress') }],
    'post /mapi/g': [
      { claims: RECORDS, send: dialect('DongBoHoSoMC', nationalRecord) },
      { claims: STEPS, send: dialect('CapNhatTienDoHoSoMC', nationalStep) },
    ],
    'post /soap/v1/{party}': [
      { claims: RECORDS, send: soap('PushDossiers', 'dossier') },
      { claims: STEPS, send: soap('PushProgress', 'progress') },
    ],
    'post /callbacks/{party}/{name}': [
      {
        claims: STEPS,
        only: ['health', 'land'],
        send: (party, item) => hub.request('POST', `/callbacks/${party}/step`, undefined, [item]),
      },
    ],
  };

  test('every door for dossiers or steps is attacked below', async () => {
    const { paths } = (await (await hub.request('GET', '/openapi.json')).json()) as {
      paths: Record<string, Record<string, { 'x-scopes'?: readonly string[]; tags?: readonly string[] }>>;
    };
    const doors = Object.entries(paths).flatMap(([path, { post }]) =>
      post && !path.startsWith('/api/v1/ops') && path !== '/mapi/login' && !path.startsWith('/api/public')
        ? [`post ${path}`]
        : [],
    );
    expect(doors.sort()).toEqual(Object.keys(DOORS).sort());
  });

  const PAIRS = NAMES.flatMap((attacker) =>
    NAMES.filter((victim) => victim !== attacker).map((victim) => [attacker, victim] as const),
  );
  let serial = 0;
  test.each(PAIRS)('%s reads, joins, changes and hides nothing of %s', async (attacker, victim) => {
    const codeOf = (party: Name) => `${OWNS[party]}-250812-${String(++serial).padStart(4, '0')}`;
    const doors = Object.values(DOORS)
      .flat()
      .filter(({ only }) => only === undefined || only.includes(attacker));
    for (const isFirst of [true, false])
      for (const { claims, send } of doors) {
        const targets = Object.values(claims).map((claim) => ({
          claim,
          target: { attacker, victim, code: codeOf(victim), taken: codeOf(victim), fresh: codeOf(attacker) },
        }));
        const own = () =>
          rest('dossiers')(
            victim,
            targets.flatMap(({ target: { code, taken } }) => [code, taken].map((one) => recordOf(victim, one))),
          );
        if (!isFirst) await own();
        for (const { claim, target } of targets) await send(attacker, claim(target));
        if (isFirst) await own();
        // Waiting items of the dossiers are applied by now.
        await hub.hub.pipeline.sweep();
        for (const {
          target: { code, taken },
        } of targets)
          for (const one of [code, taken]) {
            const { body } = await hub.read(`/api/v1/dossiers/${one}`, 'personal');
            expect(body).toMatchObject({
              code: one,
              status: 'received',
              channel: 'online',
              applicant: personOf(victim),
            });
          }
        const [{ target }] = targets as [(typeof targets)[number]];
        expect(await readBy(hub, victim, target.code)).toContain(personOf(victim).phone);
        const stranger = await readBy(hub, attacker, target.code);
        expect(stranger).not.toContain(personOf(victim).phone);
        expect(stranger).not.toContain(personOf(victim).name);
        // A wrong proof is slow, so one of each phase is enough.
        if (send !== doors[0]?.send) continue;
        expect(await lookUp(hub, target.code, personOf(victim).phone.slice(-4))).toBe(200);
        expect(await lookUp(hub, target.code, personOf(attacker).phone.slice(-4))).toBe(404);
      }
  });

  test('their valid messages still count: a ministry reports on a dossier routed to it', async () => {
    const code = `${OWNS['one-stop']}-250812-9001`;
    await rest('dossiers')('one-stop', recordOf('one-stop', code, { serviceCode: '1.000009' }));
    await rest('progress')('health', progress({ code }));
    await rest('progress')('land', progress({ code, status: 'resolved', at: '2025-08-14T10:00:00+07:00' }));
    expect((await hub.read(`/api/v1/dossiers/${code}`)).body.status).toBe('processing');
  });

  test('afterwards the index can be rebuilt from the messages alone', async () => {
    expect((await hub.hub.rebuild()).differences).toEqual([]);
  });
});

/** An item as elements, in the order of its members, which is that of the WSDL. */
function xmlOf(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => xmlOf(name, one)).join('');
  if (typeof value !== 'object' || value === null) return `<h:${name}>${String(value)}</h:${name}>`;
  const order =
    name === 'dossier'
      ? Object.keys(Dossier.properties)
      : name === 'applicant'
        ? Object.keys(Applicant.properties)
        : Object.keys(value);
  const members = order
    .filter((member) => member in value)
    .map((member) => [member, (value as Record<string, unknown>)[member]] as const);
  return `<h:${name}>${members.map(([member, one]) => xmlOf(member, one)).join('')}</h:${name}>`;
}

/** A dossier in the national portal's dialect; its aliases as the receipt number, the only one that the dialect has. */
function nationalRecord(item: ReturnType<typeof dossier>): object {
  const { applicant, aliases, statusAt, status } = item as {
    applicant: { name: string; phone: string };
    aliases?: { code: string }[];
    statusAt: string;
    status: string;
  };
  const at = formatLocal('yyyyMMddHHmmss', statusAt);
  return {
    MaHoSo: item.code,
    MaTTHC: item.serviceCode,
    KenhThucHien: '2',
    ChuHoSo: applicant.name,
    LoaiDoiTuong: '1',
    SoDienThoai: applicant.phone,
    TrichYeuHoSo: 'Thử nghiệm',
    NgayNopHoSo: '20250812080000',
    NgayTiepNhan: '20250812081500',
    TrangThaiHoSo: status === 'received' ? '2' : '10',
    ...(status !== 'received' && { NgayTra: at }),
    DonViXuLy: 'Sở thử nghiệm',
    HinhThuc: '0',
    ...(aliases?.[0] && { SoBienNhan: aliases[0].code }),
  };
}

function nationalStep({ code, at, status, actor, content }: Record<string, string>): object {
  const TrangThai = status === 'returned' ? '10' : '9';
  return {
    MaHoSo: code,
    NguoiXuLy: actor,
    ThoiDiemXuLy: formatLocal('yyyyMMddHHmmss', at as string),
    NoiDungXuLy: content,
    TrangThai,
  };
}
