import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { maskStale } from '../../src/index/mask-again.ts';
import { followChain } from '../../src/ledger/audit-chain.ts';
import { removeOldBodies } from '../../src/ledger/body-removal.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { recountAfterServices } from '../../src/statistics/count-state.ts';
import { planRowsOf } from '../bench/scale/plan-rows.ts';
import { canariesIn, PERSON } from '../support/canaries.ts';
import { inDepth, test } from '../support/depth.ts';
import { dumpOf } from '../support/dump.ts';
import { codeOf, dossier, HUB_SECRET, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { payment, petition, postalOrder, question, rating } from '../support/kinds.ts';
import { legacySystem } from '../support/legacy-system.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';
import { dossierXml, envelope, pushXml, sendSoap } from '../support/soap.ts';

const MONTH_MS = 31 * 86_400_000;
const AFTERWARDS = Date.parse('2025-08-26T08:00:00+07:00');
const OWN = codeOf(1);
const vault = createVault([HUB_SECRET]);
const RETENTION = { bodiesMonths: 6, personalDataMonths: { dossier: { returned: 12 } } };

const at = (day: number): string => `2025-08-${day}T09:00:00+07:00`;
const person = { kind: 'citizen', ...PERSON, identityKind: 'cccd' };
const RETURNED = { status: 'returned', statusAt: at(15), finishedAt: at(15), returnedAt: at(15) };
const own = (given: object = {}): object => dossier({ code: OWN, applicant: person, ...given });

const tracesIn = async ({ hub }: TestHub) =>
  (await dumpOf(hub.database.pool, vault)).filter(({ text }) => canariesIn(text).length > 0);
const placesIn = async (hub: TestHub) => [...new Set((await tracesIn(hub)).map(({ place }) => place))].sort();
const isSame = { identical: true, found: 0, notCovered: 0 };

describe('retention of a dossier', () => {
  let hub: TestHub;
  let operator: Operator;
  beforeAll(async () => {
    hub = await testHub({
      nowMs: AFTERWARDS,
      partners: { portal: testPartner() },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      keys: [...OPERATOR_KEYS],
      retention: RETENTION,
    });
    operator = operatorOf(hub);
    await hub.push(own({ note: `Nộp thay ${PERSON.name}` }));
    await hub.push([dossier({ code: codeOf(2) }), own({ status: 'processing', statusAt: at(13) })]);
    const step = progress({ code: OWN, at: at(14), content: `Gọi ${PERSON.phone} cho ${PERSON.name}` });
    await hub.push(step, { what: 'progress' });
    await hub.push(own(RETURNED));
    await hub.deliver();
  });
  afterAll(() => hub.close());

  const statistics = async () => {
    await recountAfterServices(hub.hub.database);
    return (await hub.read('/api/v1/statistics?from=2025-08-01&to=2025-08-31')).body.items;
  };

  test('keeps everything before its time', async () => {
    hub.clock.nowMs += 5 * MONTH_MS;
    expect(await hub.hub.retention.round()).toEqual({ erased: 0, bodies: 0, isDone: true });
    expect(await placesIn(hub)).toContain('messages.body');
  });

  test('removes bodies after their months, and a rebuild still finds the same index', async () => {
    hub.clock.nowMs += 3 * MONTH_MS;
    expect(await hub.hub.retention.round()).toMatchObject({ erased: 0, isDone: true });
    expect(await placesIn(hub)).toEqual(['dossiers.sealed', 'events.record']);
    expect(await hub.hub.rebuild()).toMatchObject(isSame);
  });

  test('erases personal data after its months; states, dates, history and statistics stay', async () => {
    const before = (await hub.read(`/api/v1/dossiers/${OWN}`)).body;
    const counted = await statistics();
    hub.clock.nowMs += 6 * MONTH_MS;
    expect((await operator.get('retention')).body.rules).toMatchObject([{ kind: 'dossier', due: 1, held: 0 }]);
    expect(await hub.hub.retention.round()).toMatchObject({ erased: 1, isDone: true });
    expect(await tracesIn(hub)).toEqual([]);
    const { body } = await hub.read(`/api/v1/dossiers/${OWN}`, 'personal');
    const { applicant: _, note: __, ...left } = before;
    expect(body).toEqual({ ...left, freshness: { ...before.freshness, erasedAt: expect.any(String) } });
    const { body: history } = await hub.read(`/api/v1/dossiers/${OWN}/history`, 'personal');
    const statuses = history.items.map(({ status }: { status: string }) => status);
    expect(statuses).toEqual(['received', 'processing', 'processing', 'returned']);
    expect(await statistics()).toEqual(counted);
    expect(await hub.hub.rebuild()).toMatchObject(isSame);
  });

  test('no search finds the person', async () => {
    const { rows } = await hub.hub.database.pool.query<{ words: string }>('SELECT search::text AS words FROM dossiers');
    for (const word of ['quach', 'thi', 'truc', 'mai'])
      expect(rows.some(({ words }) => words.includes(vault.wordToken(word)))).toBe(false);
    expect((await hub.read(`/api/v1/dossiers?q=${encodeURIComponent(PERSON.name)}`, 'personal')).body.items).toEqual(
      [],
    );
  });

  test('a repeat is refused with the reason, and brings nothing back', async () => {
    const again = await hub.push([own(RETURNED), dossier({ code: codeOf(3) })]);
    expect(again.results).toMatchObject([
      { outcome: 'invalid', problems: [{ path: '/code', code: 'personal-data-erased' }] },
      { outcome: 'accepted' },
    ]);
    expect(await tracesIn(hub)).toEqual([]);
    expect(await hub.hub.rebuild({ swap: true })).toMatchObject(isSame);
    expect(await tracesIn(hub)).toEqual([]);
  });

  test('replays and backfills leave it out, and say so', async () => {
    const preview = await operator.post('deliveries/replay', { code: OWN, preview: true });
    expect(preview.body.outcomes).toEqual({ erased: expect.any(Number) });
    const missing = await operator.post('parties/portal/backfill', { preview: true });
    expect(missing.body).toMatchObject({ erased: 1 });
  });

  test('the evidence says when, by whom and why, and the audit is whole', async () => {
    const signed = await hub.hub.evidence('test', OWN);
    const { dossier: of, messages, events } = claims(signed.kind === 'made' ? signed.signed : '');
    expect(of.erased).toEqual({
      erasure: expect.any(Number),
      at: expect.any(String),
      who: 'lienthong retention',
      why: 'retention: dossier returned, 12 months',
    });
    expect(messages).toSatisfy((all: object[]) => all.every((one) => 'bodyRemovedAt' in one && 'sha256' in one));
    expect(events).toHaveLength(4);
    expect((await followChain(hub.hub.database)).broken).toBeUndefined();
  });
});

const claims = (jws: string) => JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString());

describe('retention', () => {
  let hub: TestHub;
  let operator: Operator;
  beforeEach(async () => {
    hub = await testHub({
      nowMs: AFTERWARDS,
      keys: [...OPERATOR_KEYS],
      retention: RETENTION,
      retentionMonths: 3,
      entries: { other: { may: ['status'] } },
    });
    operator = operatorOf(hub);
  });
  afterEach(() => hub.close());
  const round = () => hub.hub.retention.round();

  test('nothing under a legal hold is erased until the hold is lifted', async () => {
    await hub.push(own(RETURNED));
    const why = 'Yêu cầu của Toà án';
    const { body: hold, status } = await operator.post('legal-holds', { code: OWN, why });
    expect([status, hold.subject]).toEqual([201, OWN]);
    hub.clock.nowMs += 14 * MONTH_MS;
    expect(await round()).toMatchObject({ erased: 0, bodies: 0 });
    expect(await hub.hub.retention.dropMonths()).not.toContain('events_2025_08');
    expect((await operator.get('retention')).body.rules).toMatchObject([{ due: 0, held: 1 }]);
    expect(await placesIn(hub)).toEqual(['dossiers.sealed', 'events.record', 'messages.body']);
    expect((await operator.post(`legal-holds/${hold.id}/lift`, { why })).status).toBe(200);
    expect(await round()).toMatchObject({ erased: 1 });
    expect(await tracesIn(hub)).toEqual([]);
    const { body: audit } = await operator.get('audit');
    const actions = audit.items.map(({ action }: { action: string }) => action);
    expect(actions).toEqual(expect.arrayContaining(['hold.set', 'hold.lift', 'retention.erased']));
  });

  test('a body with a dossier under a legal hold stays, without the people of the others that came with it', async () => {
    const held = { code: codeOf(2), applicant: { kind: 'citizen', name: 'Lường Văn Pản' } };
    await hub.push([own(RETURNED), dossier({ ...held, ...RETURNED })]);
    await operator.post('legal-holds', { code: held.code, why: 'Yêu cầu của Toà án' });
    hub.clock.nowMs += 14 * MONTH_MS;
    expect(await round()).toMatchObject({ erased: 1, bodies: 0 });
    expect(await tracesIn(hub)).toEqual([]);
    const bodies = (await dumpOf(hub.hub.database.pool, vault)).filter(({ place }) => place === 'messages.body');
    expect(bodies).toMatchObject([{ text: expect.stringContaining(held.applicant.name) }]);
    expect(await hub.hub.rebuild()).toMatchObject(isSame);
  });

  test('while a person is held, a body that also holds others stays without the erased people; others go', async () => {
    const other = { kind: 'citizen', name: 'Lường Văn Pản', identityNumber: '001000000009' };
    const { identityNumber } = other;
    const { body: hold } = await operator.post('legal-holds', { person: { identityNumber }, why: 'Toà án' });
    await hub.push([own(RETURNED), dossier({ code: codeOf(2), applicant: other, status: 'processing' })]);
    await hub.push([dossier({ code: codeOf(3), ...RETURNED }), dossier({ code: codeOf(4), ...RETURNED })]);
    hub.clock.nowMs += 14 * MONTH_MS;
    expect(await round()).toMatchObject({ erased: 3, bodies: 0 });
    expect(await tracesIn(hub)).toEqual([]);
    const bodies = async () =>
      (await dumpOf(hub.hub.database.pool, vault)).filter(({ place }) => place === 'messages.body');
    expect(await bodies()).toMatchObject([{ text: expect.stringContaining(other.name) }]);
    await operator.post(`legal-holds/${hold.id}/lift`, { why: 'Đã xong' });
    expect(await round()).toMatchObject({ bodies: 1 });
    expect(await bodies()).toEqual([]);
  });

  test('what only events of dropped months told stays, also when a late step or a report of another party comes', async () => {
    const told = { dueAt: at(20), note: `Nộp thay ${PERSON.name}` };
    await hub.push(own(told));
    const later = { status: 'processing', statusAt: at(14) };
    await hub.push(dossier({ code: OWN, ...later, applicant: undefined, dueAt: undefined }));
    await hub.hub.database.pool.query('DELETE FROM events WHERE seq = 1');
    const record = async () => (await hub.read(`/api/v1/dossiers/${OWN}`, 'personal')).body;
    const before = await record();
    expect(before).toMatchObject({ ...told, ...later, applicant: { name: PERSON.name } });
    for (const party of ['one-stop', 'other'])
      await hub.push(progress({ code: OWN, status: 'received', at: at(13) }), { what: 'progress', party });
    expect(await record()).toMatchObject({ ...told, ...later, applicant: before.applicant });
  });

  test('after all events of a dossier are dropped, older news adds to it, and later news moves it', async () => {
    const { pool } = hub.hub.database;
    const shown = async () => (await hub.read(`/api/v1/dossiers/${OWN}`, 'personal')).body;
    await hub.push(own({ ...RETURNED, status: 'processing', returnedAt: undefined, finishedAt: undefined }));
    await pool.query('DELETE FROM events');
    // The second one finds the first in the history.
    for (const [day, more] of [
      [12, { abstract: 'Tóm tắt' }],
      [13, { note: 'Ghi chú' }],
    ] as const) {
      const { results } = await hub.push(dossier({ code: OWN, statusAt: at(day), applicant: undefined, ...more }));
      expect(results).toMatchObject([{ outcome: 'stale' }]);
    }
    const added = { abstract: 'Tóm tắt', note: 'Ghi chú', applicant: { name: PERSON.name } };
    expect(await shown()).toMatchObject({ status: 'processing', statusAt: at(15), ...added });
    await pool.query('DELETE FROM events');
    await hub.push(progress({ code: OWN, status: 'resolved', at: at(16) }), { what: 'progress', party: 'other' });
    expect(await shown()).toMatchObject({ status: 'resolved', statusAt: at(16), ...added });
    await hub.push(progress({ code: OWN, status: 'returned', at: at(17) }), { what: 'progress' });
    expect(await shown()).toMatchObject({ status: 'returned', statusAt: at(17), ...added });
  });

  test('a former applicant whom only dropped events named stays masked', async () => {
    await hub.push(own({ note: `Nộp thay ${PERSON.name}` }));
    const next = { kind: 'citizen', name: 'Lường Văn Pản', phone: '0911111111', identityNumber: '001000000009' };
    await hub.push(dossier({ code: OWN, applicant: next, status: 'processing', statusAt: at(14) }));
    await hub.hub.database.pool.query('DELETE FROM events WHERE seq = 1; UPDATE dossiers SET mask_of = 0');
    const shown = async () => canariesIn(JSON.stringify((await hub.read(`/api/v1/dossiers/${OWN}`)).body));
    expect(await shown()).toEqual([]);
    await maskStale(hub.hub.database, vault);
    expect(await shown()).toEqual([]);
  });

  test('steps stay masked when the months that named the applicants are dropped', async () => {
    await hub.push(own());
    const next = { kind: 'citizen', name: 'Lường Văn Pản', phone: '0911111111', identityNumber: '001000000009' };
    await hub.push(own({ applicant: next, statusAt: at(13) }));
    hub.clock.nowMs += MONTH_MS;
    const said = {
      actor: PERSON.name,
      title: next.name,
      unit: `Bàn tiếp ${PERSON.name}`,
      content: `Gọi ${next.phone}`,
    };
    await hub.push(progress({ code: OWN, at: '2025-09-20T09:00:00+07:00', ...said }), { what: 'progress' });
    hub.clock.nowMs += 3 * MONTH_MS;
    expect(await hub.hub.retention.dropMonths()).toContain('events_2025_08');
    const history = (await hub.read(`/api/v1/dossiers/${OWN}/history`)).body;
    const found = (await (await hub.hub.app.request(`/api/public/dossiers/${OWN}?proof=1111`)).json()) as Json;
    expect([history.items, found.steps]).toMatchObject([[{ status: 'processing' }], [{ status: 'processing' }]]);
    for (const told of [PERSON.name, next.name, next.phone])
      expect(JSON.stringify([history, found])).not.toContain(told);
  });

  const waiting = async () => {
    const { rows } = await hub.hub.database.pool.query('SELECT FROM pg_locks WHERE NOT granted');
    return rows.length;
  };

  test('a hold waits for the batch that erases, and learns that its dossier is gone', async () => {
    await hub.push(own(RETURNED));
    hub.clock.nowMs += 14 * MONTH_MS;
    const session = await hub.hub.database.pool.connect();
    await session.query('BEGIN');
    await session.query('SELECT FROM dossiers WHERE code = $1 FOR UPDATE', [OWN]);
    const erasing = round();
    await expect.poll(waiting, { timeout: 5_000 }).toBe(1);
    const holding = operator.post('legal-holds', { code: OWN, why: 'Toà án' });
    await expect.poll(waiting, { timeout: 5_000 }).toBe(2);
    await session.query('COMMIT');
    session.release();
    expect([await erasing, (await holding).status]).toMatchObject([{ erased: 1 }, 409]);
  });

  test('a hold waits until the old months are dropped', async () => {
    await hub.push(own(RETURNED));
    hub.clock.nowMs += 14 * MONTH_MS;
    const session = await hub.hub.database.pool.connect();
    await session.query('BEGIN');
    await session.query('SELECT FROM events');
    const dropping = hub.hub.retention.dropMonths();
    await expect.poll(waiting, { timeout: 5_000 }).toBe(1);
    const holding = operator.post('legal-holds', { code: OWN, why: 'Toà án' });
    await expect.poll(waiting, { timeout: 5_000 }).toBe(2);
    await session.query('COMMIT');
    session.release();
    await dropping;
    expect((await holding).status).toBe(201);
  });

  test('a hold for a person also keeps records that arrive later', async () => {
    const order = { person: { identityNumber: PERSON.identityNumber }, why: 'Tranh chấp đất đai' };
    const { body: hold } = await operator.post('legal-holds', order);
    await hub.push([own(RETURNED), dossier({ code: codeOf(2), ...RETURNED })]);
    hub.clock.nowMs += 14 * MONTH_MS;
    expect(await round()).toMatchObject({ erased: 1 });
    expect((await hub.read(`/api/v1/dossiers/${OWN}`, 'personal')).body.applicant.name).toBe(PERSON.name);
    expect((await operator.get('legal-holds')).body.items).toMatchObject([{ id: hold.id, subject: null, subjects: 1 }]);
    await operator.post(`legal-holds/${hold.id}/lift`, { why: 'Đã xong' });
    expect(await round()).toMatchObject({ erased: 1 });
    expect(await tracesIn(hub)).toEqual([]);
  });

  test('a dossier that no secret opens keeps no other from its erasure, also while a person is held', async () => {
    const { pool } = hub.hub.database;
    await operator.post('legal-holds', { person: { identityNumber: '001099000777' }, why: 'Tranh chấp đất đai' });
    await hub.push([own(RETURNED), dossier({ code: codeOf(2), ...RETURNED })]);
    await pool.query('UPDATE dossiers SET sealed_key = sealed_key + 1 WHERE code = $1', [OWN]);
    hub.clock.nowMs += 14 * MONTH_MS;
    expect(await round()).toMatchObject({ erased: 1, isDone: true });
    const { rows } = await pool.query('SELECT code FROM dossiers WHERE erasure IS NOT NULL');
    expect(rows).toEqual([{ code: codeOf(2) }]);
  });

  test('holds are set and lifted by ops:configure alone, with a reason', async () => {
    await hub.push(own(RETURNED));
    expect((await operator.post('legal-holds', { code: OWN })).status).toBe(400);
    expect((await operator.post('legal-holds', { code: OWN, why: 'x' }, 'ops-read')).status).toBe(403);
    expect((await operator.post('legal-holds', { code: codeOf(9), why: 'x' })).status).toBe(404);
    expect((await operator.post('legal-holds', { person: { name: 'An' }, why: 'x' })).status).toBe(400);
  });

  inDepth('an item of somebody else that waits in the same message can still be released', async () => {
    const sent = { MaTTHC: '1.013225', TenTTHC: 'Thủ tục thử nghiệm', KenhThucHien: '2', LoaiDoiTuong: '1' };
    const dates = { NgayNopHoSo: '20250812080000', NgayTiepNhan: '20250812081500', NgayTra: '20250815090000' };
    const ours = {
      ...sent,
      ...dates,
      MaHoSo: OWN,
      TrangThaiHoSo: '10',
      ChuHoSo: PERSON.name,
      SoDienThoai: PERSON.phone,
    };
    const theirs = { ...sent, ...dates, MaHoSo: codeOf(2), TrangThaiHoSo: '11', ChuHoSo: 'Lê Thị Hoa' };
    const reply = await (await legacySystem(hub)).call('DongBoHoSoMC', { isUpdating: 'False', data: [ours, theirs] });
    expect(reply.result).toMatchObject([{ outcome: 'accepted' }, { outcome: 'quarantined' }]);
    hub.clock.nowMs += 14 * MONTH_MS;
    expect(await round()).toMatchObject({ erased: 1 });
    expect(await tracesIn(hub)).toEqual([]);
    const { body: causes } = await operator.get('quarantine');
    const to = { action: 'map', to: 'processing', why: 'Đã hỏi' };
    expect((await operator.post(`quarantine/${causes.items[0].id}/resolve`, to)).status).toBe(200);
    const released = (await hub.read(`/api/v1/dossiers/${codeOf(2)}`, 'personal')).body;
    expect([released.status, released.applicant.name]).toEqual(['processing', 'Lê Thị Hoa']);
    await round();
    const { rows } = await hub.hub.database.pool.query(
      `SELECT 1 FROM messages WHERE door <> 'release' AND body IS NOT NULL`,
    );
    expect(rows).toEqual([]);
    expect(await hub.hub.rebuild()).toMatchObject(isSame);
  });

  const utf16 = (xml: string) => Buffer.from(`\uFEFF${xml.replace('UTF-8', 'UTF-16')}`, 'utf16le');
  const XOP = 'xmlns:i="http://www.w3.org/2004/08/xop/include"';
  const withFile = (xml: string) =>
    Buffer.concat([
      Buffer.from(
        `--B\r\nContent-Type: application/xop+xml; charset=UTF-8\r\nContent-Length: ${Buffer.byteLength(xml)}\r\n\r\n${xml}`,
      ),
      Buffer.from('\r\n--B\r\nContent-ID: <a@x>\r\n\r\n\xff\xd8\x00\x01\xfe\r\n--B--\r\n', 'latin1'),
    ]);
  test.each([
    ['in UTF-16', utf16, 'text/xml; charset=utf-16', 'utf16le'],
    [
      'with a file',
      withFile,
      'multipart/related; type="application/xop+xml"; start-info="text/xml"; boundary=B',
      'utf8',
    ],
  ] as const)(
    'a SOAP body %s also keeps what waits, without the people of the others',
    async (_, write, type, read) => {
      const ours = dossierXml(OWN, `<h:applicant><h:name>${PERSON.name}</h:name></h:applicant>`);
      const file = `<h:abstract><i:Include ${XOP} href="cid:a@x"/></h:abstract>`;
      const doubtful = (code: string) =>
        dossierXml(code, `${write === withFile ? file : ''}<h:note>Tráº£ káº?t quáº£</h:note>`);
      const send = async (code: string) => {
        const xml = envelope(pushXml(ours.replace('received', 'returned'), doubtful(code)));
        const { body } = await sendSoap(hub, write(xml), { headers: { 'Content-Type': type } });
        return body.PushDossiersResponse[0].result.map(({ outcome }: { outcome: string[] }) => outcome[0]);
      };
      expect(await send(codeOf(2))).toEqual(['accepted', 'quarantined']);
      hub.clock.nowMs += 14 * MONTH_MS;
      expect(await round()).toMatchObject({ erased: 1 });
      expect(await send(codeOf(3))).toEqual(['invalid', 'quarantined']);
      const { rows } = await hub.hub.database.pool.query('SELECT body, body_key FROM messages');
      const bodies = rows.map(({ body, body_key }) => vault.open({ keyId: body_key, bytes: body }).toString(read));
      expect(bodies.map((text) => [text.includes('Tráº£'), canariesIn(text)])).toEqual([
        [true, []],
        [true, []],
      ]);
      for (const { id } of (await operator.get('quarantine')).body.items)
        await operator.post(`quarantine/${id}/resolve`, { action: 'release', why: 'Đúng vậy' });
      for (const code of [codeOf(2), codeOf(3)]) expect((await hub.read(`/api/v1/dossiers/${code}`)).status).toBe(200);
    },
  );

  test('a round that is cut off loses nothing, and the next one continues', async () => {
    const { pool } = hub.hub.database;
    const codes = Array.from({ length: 120 }, (_, n) => codeOf(100 + n));
    await hub.push(codes.map((code) => dossier({ code, ...RETURNED })));
    hub.clock.nowMs += 14 * MONTH_MS;
    await pool.query(`CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF (SELECT count(*) FROM erasures) > 0 THEN RAISE EXCEPTION 'cut off' USING ERRCODE = '57P01'; END IF; RETURN NEW; END $$`);
    await pool.query('CREATE TRIGGER cut BEFORE INSERT ON erasures FOR EACH ROW EXECUTE FUNCTION cut()');
    await expect(round()).rejects.toThrow('cut off');
    const erased = 'SELECT count(*)::int4 AS n FROM dossiers WHERE erasure IS NOT NULL';
    expect((await pool.query(erased)).rows).toEqual([{ n: 50 }]);
    await pool.query('DROP TRIGGER cut ON erasures');
    // The server may free the lock of the lost session a moment later.
    await expect.poll(round).toEqual({ erased: 70, bodies: 0, isDone: true });
    expect((await pool.query(erased)).rows).toEqual([{ n: 120 }]);
    expect(await hub.hub.rebuild()).toMatchObject(isSame);
  });

  test('the calls of old deliveries are removed without a look at all newer ones', async () => {
    const { database } = hub.hub;
    await database.pool.query(`INSERT INTO deliveries (party, operation, subject, seq, message_id, created_at, next_at)
      SELECT 'portal', 'dossier.upsert.v1', 'H60-' || n, 1, gen_random_uuid(), at, at FROM generate_series(1, 26000) n,
        LATERAL (SELECT CASE WHEN n <= 6000 THEN '2024-12-01'::timestamptz ELSE '2025-08-01' END AS at) made`);
    await database.pool.query('ANALYZE deliveries');
    const removeAll = async () => {
      while (!(await removeOldBodies(database, Date.parse('2025-01-01T00:00:00Z'), AFTERWARDS)).isDone);
    };
    const { rows } = await planRowsOf(removeAll, (text) => text.includes('FROM deliveries'));
    expect(rows).toBeGreaterThanOrEqual(6_000);
    expect(rows).toBeLessThan(10_000);
  });
});

describe('a call that also carried somebody under a hold', () => {
  const other = { kind: 'citizen', name: 'Lường Văn Pản', identityNumber: '001000000009' };
  const HELD = codeOf(2);
  const OF_HOLDS = [
    ['the dossier', { code: HELD }],
    ['the person', { person: { identityNumber: other.identityNumber } }],
  ] as const;
  let hub: TestHub;
  let operator: Operator;
  beforeEach(async () => {
    hub = await testHub({
      nowMs: AFTERWARDS,
      partners: { portal: testPartner({ dossiers: 2 }) },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      keys: [...OPERATOR_KEYS],
      retention: RETENTION,
    });
    operator = operatorOf(hub);
  });
  afterEach(() => hub.close());

  /** Delivers both in one call, and stores it with the first. */
  const deliver = async (...dossiers: readonly object[]) => {
    const { pool } = hub.hub.database;
    await hub.push(dossiers);
    await hub.deliver();
    expect((await pool.query('SELECT DISTINCT at, took_ms FROM attempts')).rows).toHaveLength(1);
    const { bytes, keyId } = vault.seal(JSON.stringify([{ request: { body: JSON.stringify(dossiers) } }]));
    const first = 'delivery_id = (SELECT min(delivery_id) FROM attempts)';
    await pool.query(`UPDATE attempts SET wire = $1, wire_key = $2 WHERE ${first}`, [bytes, keyId]);
  };
  const wires = async () =>
    (await dumpOf(hub.hub.database.pool, vault)).filter(({ place }) => place === 'attempts.wire');
  const stays = [{ text: expect.stringContaining(other.name) }];

  test.each(OF_HOLDS)('stays without the erased people while %s is held', async (_, of) => {
    await deliver(own(RETURNED), dossier({ code: HELD, applicant: other }));
    const { body: hold } = await operator.post('legal-holds', { ...of, why: 'Toà án' });
    hub.clock.nowMs += 14 * MONTH_MS;
    expect(await hub.hub.retention.round()).toMatchObject({ erased: 1 });
    expect(await tracesIn(hub)).toEqual([]);
    expect(await wires()).toMatchObject(stays);
    await operator.post(`legal-holds/${hold.id}/lift`, { why: 'Đã xong' });
    hub.clock.nowMs += MONTH_MS;
    await hub.hub.retention.round();
    expect(await wires()).toEqual([]);
  });

  test.each(OF_HOLDS)('stays without the person whom an order erases while %s is held', async (_, of) => {
    await deliver(dossier({ code: HELD, applicant: other }), own(RETURNED));
    await operator.post('legal-holds', { ...of, why: 'Toà án' });
    const asked = { person: { identityNumber: PERSON.identityNumber } };
    const options = { openToo: false, namesToo: false, tell: () => undefined };
    const erased = hub.hub.personErasure.erase(asked, options, { who: 'test', why: 'Đơn số 1' }, undefined);
    expect(await erased).toMatchObject({ kind: 'erased', erased: 1 });
    expect(await tracesIn(hub)).toEqual([]);
    expect(await wires()).toMatchObject(stays);
  });
});

describe('retention of records', () => {
  let hub: TestHub;
  beforeAll(async () => {
    const months = { received: 12, answered: 12, published: 12, delivered: 12, paid: 12 };
    const pick = (...states: (keyof typeof months)[]) => Object.fromEntries(states.map((one) => [one, months[one]]));
    hub = await testHub({
      nowMs: AFTERWARDS,
      retention: {
        bodiesMonths: 12,
        personalDataMonths: {
          question: pick('answered', 'published'),
          petition: pick('answered'),
          rating: pick('received'),
          'postal-order': pick('delivered'),
          payment: pick('paid'),
        },
      },
    });
    const { identityNumber: _, techId: __, ...contact } = PERSON;
    const answers = [{ at: at(20), by: 'Lê Hoa', content: `Chào ${PERSON.name}` }];
    const answered = { state: 'answered', stateAt: at(21), answers };
    await hub.push(dossier({ status: 'resolved', statusAt: at(14), results: [{ name: 'Giấy khai sinh' }] }));
    await hub.push(
      [question({ asker: contact }), question({ asker: contact, ...answered, content: `Tôi là ${PERSON.name}` })],
      { what: 'questions' },
    );
    await hub.push(question({ code: 'H60-HD-2', asker: contact, ...answered, state: 'published' }), {
      what: 'questions',
    });
    await hub.push(petition({ sender: contact, ...answered, content: `Gọi ${PERSON.phone}` }), { what: 'petitions' });
    await hub.push(rating({ comment: `${PERSON.name} cảm ơn` }), { what: 'ratings' });
    const step = { at: at(22), status: 'Phát thành công', text: `Giao cho ${PERSON.name}` };
    await hub.push(postalOrder({ receiver: contact, state: 'delivered', stateAt: at(22), steps: [step] }), {
      what: 'postal-orders',
    });
    await hub.push(payment({ payer: { name: PERSON.name }, state: 'paid', stateAt: at(19), paidAt: at(19) }), {
      what: 'payments',
    });
  });
  afterAll(() => hub.close());

  test('people and texts go, what counts stays, and a rebuild finds the same index', async () => {
    expect(await placesIn(hub)).toEqual(['messages.body', 'record_events.record', 'records.masked', 'records.sealed']);
    hub.clock.nowMs += 14 * MONTH_MS;
    expect(await hub.hub.retention.round()).toMatchObject({ erased: 6, isDone: true });
    expect(await tracesIn(hub)).toEqual([]);
    const { body: paid } = await hub.read('/api/v1/payments/TT-0001', 'personal');
    expect(paid).toMatchObject({ state: 'paid', amountVnd: 50_000, items: [{ code: 'LP01' }] });
    const { body: rated } = await hub.read('/api/v1/ratings/H60.01-250812-0035', 'personal');
    expect([rated.level, rated.comment]).toEqual(['satisfied', undefined]);
    await expect((await hub.request('GET', '/api/public/questions')).json()).resolves.toMatchObject({ items: [] });
    // The post moved the dossier, and the hub wrote that step itself.
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-0035')).body.status).toBe('returned');
    expect(await hub.hub.rebuild()).toMatchObject(isSame);
  });

  test('a repeat of a record is refused', async () => {
    const { results } = await hub.push(payment({ state: 'refunded', stateAt: at(25) }), { what: 'payments' });
    expect(results).toMatchObject([{ outcome: 'invalid', problems: [{ code: 'personal-data-erased' }] }]);
  });
});
