import { afterEach, describe, expect, test } from 'vitest';
import { msToInstant } from '#core/dates/dates';
import { readItem } from '#core/dossier/item';
import { dossier, type Partner, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';
import { bearer, lookUp, readBy, secretOf } from '../support/party-doors.ts';

const CODE = 'H60.01-250812-0035';
const OWN = { phone: '0911223344', name: 'Lê Thị Chủ Nhân' };
const FOREIGN = { phone: '0977665544', name: 'Kẻ Mạo Danh' };
type Warnings = NonNullable<Awaited<ReturnType<TestHub['push']>>['results'][number]['warnings']>;

/** The catalogue of these hubs is empty, so each push gets a warning. */
const notOfCatalogue = (warnings: Warnings = []): Warnings =>
  warnings.filter(({ message }) => !message.startsWith('the catalogue has no'));

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

  test('a claim that names a person of a text is in the change feed, and is sent to nobody', async () => {
    await start();
    await pushAs('one-stop', dossier({ applicant: OWN, note: `Nộp thay ${FOREIGN.name}` }));
    await hub.deliver();
    const told = partner.sent.length;
    const { next } = (await hub.read('/api/v1/changes')).body;
    const claim = dossier({ statusAt: '2025-08-12T07:00:00+07:00', applicant: FOREIGN });
    for (const outcome of ['accepted', 'duplicate'])
      expect((await pushAs('other', claim)).results).toMatchObject([{ outcome }]);
    await hub.deliver();
    expect((await hub.read(`/api/v1/changes?cursor=${next}`)).body.items).toMatchObject([{ code: CODE }]);
    expect(JSON.stringify((await hub.read(`/api/v1/dossiers/${CODE}`)).body)).not.toContain(FOREIGN.name);
    expect(partner.sent).toHaveLength(told);
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

  test('a routed partner that reports before the owner’s first record keeps the rights of its route', async () => {
    const asked = testPartner({
      pull: { results: { next: async () => ({ bodies: [], checkpoint: 0, more: false }) } as never },
    });
    await start({
      partners: { other: asked },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['other'] }],
      entries: { other: { adapter: 'other' } },
    });
    await pushAs('other', dossier({ status: 'processing', statusAt: '2025-08-13T09:00:00+07:00', applicant: FOREIGN }));
    await pushAs('other', progress({ status: 'resolved', at: '2025-08-14T09:00:00+07:00' }), 'progress');
    await pushAs('one-stop', dossier({ applicant: OWN }));
    expect(await shown()).toMatchObject({ status: 'resolved', applicant: OWN, freshness: { party: 'one-stop' } });
    expect((await hub.hub.rebuild()).differences).toEqual([]);
  });

  test('at the moment of the owner’s record a party only adds missing members, and what differs is an anomaly', async () => {
    await start({ entries: { other: { may: ['status', 'channel', 'abstract'] } } });
    await pushAs('one-stop', dossier({ channel: 'counter' }));
    const echo = dossier({ channel: 'online', abstract: 'Tóm tắt' });
    expect(await warningsOf(pushAs('other', echo))).toMatchObject([{ path: '/channel', code: 'not-owner' }]);
    await pushAs('other', dossier({ channel: 'counter', abstract: 'Tóm tắt', status: 'processing' }));
    expect(await shown()).toMatchObject({ channel: 'counter', abstract: 'Tóm tắt', status: 'received' });
    expect((await ops.get('anomalies')).body.items).toMatchObject([
      { kind: 'same-time', status: 'processing' },
      { kind: 'not-owner', status: 'received' },
    ]);
    expect((await hub.hub.rebuild()).differences).toEqual([]);
  });

  test('a status of another party at the moment of the owner’s ends no dossier, in statistics too', async () => {
    await start({ entries: { other: { may: ['status'] } } });
    const at = (day: number) => `2025-08-${day}T09:00:00+07:00`;
    const received = dossier({ status: 'processing', statusAt: at(12), receivedAt: at(11), dueAt: at(14) });
    await pushAs('one-stop', received);
    await pushAs('other', dossier({ ...received, status: 'resolved' }));
    await pushAs('one-stop', { ...received, status: 'resolved', statusAt: at(20) });
    const { body } = await hub.read('/api/v1/statistics?from=2025-08-01&to=2025-08-31');
    expect(body.total.resolved).toEqual({ total: 1, early: 0, onTime: 0, late: 1 });
  });

  test('a constant of a pull fills only missing members', async () => {
    await start({ entries: { other: { may: ['channel', 'status'] } } });
    const statusAt = '2025-08-12T08:00:00+07:00';
    const applicant = { kind: 'enterprise', name: 'Công ty TNHH Thử Nghiệm' };
    await pushAs('one-stop', dossier({ channel: 'counter', statusAt, applicant }));
    await pushAs('one-stop', dossier({ code: 'H60.01-250812-0036', channel: undefined, statusAt, applicant }));
    for (const code of [CODE, 'H60.01-250812-0036']) {
      const told = dossier({ code, channel: 'online', applicant: { ...applicant, kind: 'citizen' } });
      const item = readItem('dossier.upsert.v1', told, false, ['channel', 'applicant.kind']);
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

  test('a record under a code that another party owns gives that code to no dossier', async () => {
    await start({ entries: { 'one-stop': { owns: { codes: ['H60.'] } }, other: { owns: { codes: ['H22.'] } } } });
    const own = 'H22.05-250812-0001';
    await pushAs('other', dossier({ code: own, applicant: FOREIGN }));
    const joined = await pushAs('other', dossier({ applicant: FOREIGN, aliases: [{ party: 'other', code: own }] }));
    expect(joined.results).toMatchObject([
      { outcome: 'quarantined', problems: [{ path: '/code', code: 'not-owner' }] },
    ]);
    expect((await hub.read(`/api/v1/dossiers/${CODE}`)).status).toBe(404);
    await pushAs('one-stop', dossier({ applicant: OWN }));
    expect(await shown()).toMatchObject({ code: CODE, applicant: OWN });
  });

  test('each of two parties reads its own dossier by a number that both use', async () => {
    await start();
    const numbered = (party: string) => ({ aliases: [{ party, code: '12' }] });
    await pushAs('one-stop', dossier({ applicant: OWN, ...numbered('one-stop') }));
    await pushAs('other', dossier({ code: 'H22.05-250812-0001', applicant: FOREIGN, ...numbered('other') }));
    const [mine, theirs] = [await readBy(hub, 'one-stop', '12'), await readBy(hub, 'other', '12')];
    for (const [read, shownPhone, hiddenPhone] of [
      [mine, OWN.phone, FOREIGN.phone],
      [theirs, FOREIGN.phone, OWN.phone],
    ] as const) {
      expect(read.split(shownPhone)).toHaveLength(3);
      expect(read).not.toContain(hiddenPhone);
    }
    expect((await hub.read('/api/v1/dossiers/12')).status).toBe(409);
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

  test('a record far ahead that begins a dossier counts at its moment, and adds nothing before', async () => {
    await start();
    const soon = '2025-08-25T08:00:00+07:00';
    const [ahead, other] = [CODE, 'H60.01-250812-0036'].map((code) =>
      dossier({ code, status: 'resolved', statusAt: soon, abstract: 'Tóm tắt' }),
    ) as [object, object];
    await pushAs('one-stop', [ahead, other]);
    hub.clock.nowMs += 7_200_000;
    const now = msToInstant(hub.clock.nowMs);
    await pushAs('one-stop', dossier({ status: 'processing', statusAt: now }));
    await pushAs('one-stop', progress({ code: 'H60.01-250812-0036', at: now }), 'progress');
    expect(await shown()).toMatchObject({ status: 'processing', statusAt: now });
    expect(await shown()).not.toHaveProperty('abstract');
    expect(await pushAs('one-stop', ahead)).toMatchObject({ results: [{ outcome: 'duplicate' }] });
    hub.clock.nowMs = Date.parse(soon) + 60_000;
    await hub.deliver();
    for (const code of [CODE, 'H60.01-250812-0036'])
      expect(await shown(code)).toMatchObject({ status: 'resolved', statusAt: soon, abstract: 'Tóm tắt' });
    await pushAs('one-stop', dossier({ status: 'processing', statusAt: '2025-08-24T08:00:00+07:00' }));
    expect(await shown()).toMatchObject({ status: 'resolved', statusAt: soon });
    expect((await hub.hub.rebuild()).differences).toEqual([]);
  });

  test('a record far ahead takes another party’s dossier over at its moment', async () => {
    await start();
    const soon = '2025-08-25T08:00:00+07:00';
    await pushAs('other', dossier({ applicant: FOREIGN }));
    await pushAs('one-stop', dossier({ applicant: OWN, status: 'resolved', statusAt: soon }));
    expect(await shown()).toMatchObject({ status: 'received', applicant: FOREIGN });
    hub.clock.nowMs = Date.parse(soon) + 60_000;
    await hub.deliver();
    expect(await shown()).toMatchObject({ status: 'resolved', statusAt: soon, applicant: OWN });
    expect((await hub.hub.rebuild()).differences).toEqual([]);
  });

  test('a dossier that begins in the future is found by each of its codes', async () => {
    await start();
    const soon = '2025-08-25T08:00:00+07:00';
    const alias = { party: 'one-stop', code: 'G22.99-20250812-0035' };
    await pushAs('one-stop', dossier({ statusAt: soon, aliases: [alias] }));
    const read = async () => (await hub.read(`/api/v1/dossiers/${alias.code}`)).body.code;
    expect(await read()).toBe(dossier().code);
    hub.clock.nowMs = Date.parse(soon) + 60_000;
    await hub.deliver();
    expect(await read()).toBe(dossier().code);
    expect((await hub.hub.rebuild()).differences).toEqual([]);
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
    await pool.query(`DROP INDEX messages_refused_stranger, messages_outcome, audit_at, deliveries_held, deliveries_reason, counted_pending; DROP TABLE doubtful_dossiers, ownership, rekeying, recounts, total_cells, cell_totals, agency_totals, service_totals, records, record_events, record_changes, record_change_counters, rewording, heartbeats, code_ranges, process_runs, incident_notes, field_totals, erasures, legal_holds, held_subjects, flow_totals, ownership_rules, saved_filters, asks,
      body_removal, kept_bodies; DROP TABLE IF EXISTS former_totals;
      DROP FUNCTION hub_is_newest_of_dossier; DROP INDEX dossiers_open_due, dossiers_received_day;
      ALTER TABLE messages DROP COLUMN emptied_at; DROP TABLE corrections, mapping_changes; ALTER TABLE code_entries DROP COLUMN taken_out;
      ALTER TABLE audit DROP COLUMN IF EXISTS erased; DROP TABLE IF EXISTS uploads, dropped_files, file_fetches, file_uses, party_files, party_file_bytes, files;
      ALTER TABLE dossiers DROP COLUMN rewrites, DROP COLUMN erasure, DROP COLUMN erased_at, DROP COLUMN erased_up_to; CREATE INDEX dossiers_agency ON dossiers (agency_code);
      CREATE INDEX dossiers_service ON dossiers (service_key); CREATE INDEX dossiers_unfinished_due ON dossiers (due_at); ALTER TABLE events DROP COLUMN owner, DROP COLUMN shared, DROP COLUMN corrected_by;
      ALTER TABLE dossiers DROP COLUMN mask_of, DROP COLUMN former, DROP COLUMN former_key;
      ALTER TABLE quarantine DROP COLUMN cause_table, DROP COLUMN cause_from, DROP COLUMN words;
      ALTER TABLE attempts DROP COLUMN words; ALTER TABLE deliveries DROP COLUMN words; ALTER TABLE incidents DROP COLUMN words;
      ALTER TABLE pulls DROP COLUMN error_words; ALTER TABLE party_health DROP COLUMN error_words;
      ALTER TABLE counted DROP COLUMN facts, DROP COLUMN cell, DROP COLUMN changes, ADD COLUMN agency_code text, ADD COLUMN field_code text,
        ADD COLUMN service_key text, ADD COLUMN channel text;
      DROP INDEX deliveries_times, dossiers_words, dossiers_open, dossiers_open_days; CREATE INDEX dossiers_search ON dossiers USING gin (search);
      ALTER TABLE counted_state DROP COLUMN calendar, DROP COLUMN scheduled_at, DROP COLUMN scheduled_since; ALTER TABLE deliveries DROP COLUMN sender; CREATE INDEX deliveries_due ON deliveries (party, next_at, id) WHERE state = 'due';
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
