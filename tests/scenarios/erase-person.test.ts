import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { followChain } from '../../src/ledger/audit-chain.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { recountAfterServices } from '../../src/statistics/count-state.ts';
import { canariesIn, PERSON } from '../support/canaries.ts';
import { dumpOf } from '../support/dump.ts';
import { codeOf, dossier, HUB_SECRET, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { payment, petition, postalOrder, question, rating } from '../support/kinds.ts';
import { legacySystem } from '../support/legacy-system.ts';
import { officerAt } from '../support/officer.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

const vault = createVault([HUB_SECRET]);
const person = { kind: 'citizen', ...PERSON, identityKind: 'cccd' };
const { identityNumber: _, techId: __, ...contact } = PERSON;
const other = { kind: 'citizen', name: 'Lê Thị Hoa', phone: '0911111111', identityNumber: '001000000009' };
const at = (day: number): string => `2025-08-${day}T09:00:00+07:00`;
const RETURNED = { status: 'returned', statusAt: at(15), finishedAt: at(15), returnedAt: at(15) };
const BY = { who: 'test', why: 'Công văn 12/CA' };
const OPTIONS = { openToo: false, namesToo: false, tell: () => undefined };
const ASKED = { person: { identityNumber: PERSON.identityNumber } };
const [OWN, LATER, FORMER, MENTIONS, NAMESAKE, OPEN, OTHERS] = [1, 2, 3, 4, 5, 6, 7].map(codeOf) as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];
const LATER_ALIAS = 'G22.99-20250812-0002';
const isSame = { identical: true, found: 0, notCovered: 0 };

const tracesIn = async (pool: Parameters<typeof dumpOf>[0]) =>
  (await dumpOf(pool, vault)).flatMap(({ place, text }) => {
    const found = canariesIn(text);
    return found.length > 0 ? [`${place}: ${found.join(' ')}`] : [];
  });

/** What an erasure may change. Workers write to other tables at any time. */
const CHANGED = /^(?:dossiers|events|records|record_events|messages|attempts|quarantine|audit|erasures|changes)\./;
const storedNow = async () => (await dumpOf(hub.hub.database.pool, vault)).filter(({ place }) => CHANGED.test(place));

let hub: TestHub;
let operator: Operator;

/** A person with data of every kind, in the texts of others, and in what the hub refused or holds back. */
async function plant(): Promise<void> {
  hub = await testHub({
    nowMs: Date.parse('2025-08-26T08:00:00+07:00'),
    partners: { portal: testPartner() },
    routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
    keys: [...OPERATOR_KEYS],
  });
  operator = operatorOf(hub);
  for (const [name, query] of [
    ['Của tôi', `q=${encodeURIComponent(PERSON.name)}`],
    ['Bị từ chối', 'state=refused'],
  ])
    await operator.post('saved-filters', { list: 'messages', name, query });
  await hub.push(dossier({ code: OWN, applicant: person, note: `Nộp thay ${PERSON.name}` }));
  await hub.push([dossier({ code: OTHERS, applicant: other }), dossier({ code: OWN, applicant: person, ...RETURNED })]);
  // Another number of the same person leads to a record without the identity number.
  await hub.push(
    dossier({ code: LATER, applicant: contact, ...RETURNED, aliases: [{ party: 'one-stop', code: LATER_ALIAS }] }),
  );
  await hub.push(dossier({ code: FORMER, applicant: person }));
  await hub.push(dossier({ code: FORMER, applicant: other, ...RETURNED }));
  await hub.push(
    dossier({
      code: MENTIONS,
      applicant: other,
      ...RETURNED,
      note: `Uỷ quyền cho ${PERSON.name}, CCCD ${PERSON.identityNumber}`,
    }),
  );
  await hub.push(
    progress({ code: MENTIONS, at: at(16), content: `Gọi ${PERSON.phone} cho ${PERSON.name}`, actor: 'Trần Thị B' }),
    { what: 'progress' },
  );
  await hub.push(dossier({ code: NAMESAKE, applicant: other, ...RETURNED, note: `Đi cùng ${PERSON.name}` }));
  await hub.push(dossier({ code: OPEN, applicant: person, status: 'processing', statusAt: at(14) }));
  const answers = [{ at: at(20), by: 'Lê Hoa', content: `Chào ${PERSON.name}` }];
  const answered = { state: 'answered', stateAt: at(21), answers };
  await hub.push(question({ asker: contact, ...answered }), { what: 'questions' });
  await hub.push(petition({ sender: contact, ...answered }), { what: 'petitions' });
  await hub.push(rating({ dossierCode: OWN, comment: 'Nhà tôi ở ngõ Hoa Ban' }), { what: 'ratings' });
  // Of the present applicant.
  await hub.push(rating({ dossierCode: FORMER, comment: 'Nhà ở ngõ Sen' }), { what: 'ratings' });
  await hub.push(rating({ dossierCode: LATER_ALIAS, comment: 'Nhà tôi ở ngõ Hoa Gạo' }), { what: 'ratings' });
  await hub.push(postalOrder({ dossierCode: LATER, receiver: contact, state: 'delivered', stateAt: at(22) }), {
    what: 'postal-orders',
  });
  await hub.push(
    payment({ dossierCode: OWN, payer: { name: PERSON.name }, state: 'paid', stateAt: at(19), paidAt: at(19) }),
    {
      what: 'payments',
    },
  );
  // Refused, and held back: neither is in the index.
  await hub.push([dossier({ code: codeOf(8), applicant: person, status: 'lost' })]);
  const sent = { MaTTHC: '1.013225', TenTTHC: 'Thủ tục thử nghiệm', KenhThucHien: '2', LoaiDoiTuong: '1' };
  const waiting = { ...sent, MaHoSo: codeOf(9), TrangThaiHoSo: '11', ChuHoSo: PERSON.name, SoDienThoai: PERSON.phone };
  await (await legacySystem(hub)).call('DongBoHoSoMC', {
    isUpdating: 'False',
    data: [{ ...waiting, NgayNopHoSo: '20250812080000', NgayTiepNhan: '20250812081500' }],
  });
  const { body: hold } = await operator.post('legal-holds', { ...ASKED, why: 'Tranh chấp' });
  await operator.post(`legal-holds/${hold.id}/lift`, { why: 'Đã xong' });
  await hub.deliver();
}

const statistics = async () => {
  await recountAfterServices(hub.hub.database);
  return (await hub.read('/api/v1/statistics?from=2025-08-01&to=2025-08-31')).body;
};

describe('the data of one person', () => {
  beforeAll(plant);
  afterAll(() => hub.close());
  const erasure = () => hub.hub.personErasure;
  let token: string;

  test('is found everywhere by the preview, which changes nothing and names nobody', async () => {
    const isAudit = ({ place }: { place: string }) => place.startsWith('audit.');
    const before = (await storedNow()).filter((one) => !isAudit(one));
    const shown = await erasure().preview(ASKED, OPTIONS, BY);
    if (shown.kind !== 'found') throw new Error(shown.kind);
    const { preview } = shown;
    ({ token } = preview);
    expect(Object.fromEntries(preview.subjects.map(({ subject, part }) => [subject, part]))).toEqual({
      [OWN]: 'own',
      [LATER]: 'own',
      [FORMER]: 'former',
      [MENTIONS]: 'mentioned',
      'question H60-HD-0001': 'own',
      'petition H60-PA-0001': 'own',
      [`rating ${OWN}`]: 'own',
      // It names its dossier by an alias.
      [`rating ${LATER_ALIAS}`]: 'own',
      'postal-order BC-0001': 'own',
      'payment TT-0001': 'own',
    });
    expect(preview.kept).toEqual([{ subject: OPEN, why: 'open' }]);
    expect(preview.namesakes).toBeGreaterThan(0);
    expect(preview.savedFilters).toBe(1);
    expect(canariesIn(JSON.stringify(preview))).toEqual([]);
    expect(preview.parties).toEqual(['one-stop', 'portal']);
    const now = await storedNow();
    expect(now.filter((one) => !isAudit(one))).toEqual(before);
    expect(now.filter(isAudit).flatMap(({ text }) => canariesIn(text))).toEqual([]);
  });

  test('is not erased with another token, nor with a reason that names the person', async () => {
    expect(await erasure().erase(ASKED, OPTIONS, BY, 'another')).toMatchObject({ kind: 'changed', preview: { token } });
    const naming = { ...BY, why: `Đơn của ${PERSON.name}` };
    expect(await erasure().erase(ASKED, OPTIONS, naming, token)).toEqual({ kind: 'named' });
    expect((await hub.read(`/api/v1/dossiers/${OWN}`, 'personal')).body.applicant.name).toBe(PERSON.name);
  });

  test('is erased, but for a dossier under a hold or not ended', async () => {
    const { body: hold } = await operator.post('legal-holds', { code: LATER, why: 'Toà án' });
    const erased = await erasure().erase(ASKED, OPTIONS, BY, undefined);
    expect(erased).toMatchObject({
      kind: 'erased',
      erased: 9,
      kept: [
        { subject: LATER, why: 'held', hold: hold.id },
        { subject: OPEN, why: 'open' },
      ],
    });
    expect((await hub.read(`/api/v1/dossiers/${LATER}`, 'personal')).body.applicant.name).toBe(PERSON.name);
    expect((await hub.read(`/api/v1/dossiers/${OWN}`, 'personal')).body.applicant).toBeUndefined();
    // A filter that looks for the name goes without `namesToo`.
    expect((await operator.get('saved-filters')).body.items).toMatchObject([{ name: 'Bị từ chối' }]);
    expect(await hub.hub.rebuild()).toMatchObject(isSame);
    await operator.post(`legal-holds/${hold.id}/lift`, { why: 'Đã xong' });
  });

  test('that somebody under a hold mentions stays in the records of that person', async () => {
    const { body: hold } = await operator.post('legal-holds', {
      person: { identityNumber: other.identityNumber },
      why: 'Toà án',
    });
    const code = codeOf(20);
    await hub.push(dossier({ code, applicant: other, ...RETURNED, note: `Gọi ${PERSON.phone} cho ${PERSON.name}` }));
    const before = (await hub.read(`/api/v1/dossiers/${code}`, 'personal')).body;
    const erased = await erasure().erase(ASKED, OPTIONS, BY, undefined);
    expect(erased).toMatchObject({ kept: expect.arrayContaining([{ subject: code, why: 'held', hold: hold.id }]) });
    expect((await hub.read(`/api/v1/dossiers/${code}`, 'personal')).body).toEqual(before);
    await operator.post(`legal-holds/${hold.id}/lift`, { why: 'Đã xong' });
  });

  test('does not come back by a rebuild whose locks ended before the erasure', async () => {
    const code = codeOf(21);
    await hub.push(dossier({ code, applicant: person, ...RETURNED }));
    const { pool } = hub.hub.database;
    const ask = pool.query.bind(pool) as (asked: unknown, values?: unknown) => Promise<unknown>;
    let erased: unknown;
    const spy = vi.spyOn(pool, 'query').mockImplementation((async (asked: unknown, values?: unknown) => {
      // The comparison of the first page. The rebuild has read all messages.
      if ((asked as { name?: string }).name === 'not covered' && erased === undefined) {
        erased = 'under way';
        await ask(
          `SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7160004`,
        );
        erased = await erasure().erase(ASKED, OPTIONS, BY, undefined);
      }
      return ask(asked, values);
    }) as unknown as typeof pool.query);
    await expect(hub.hub.rebuild({ swap: true }).finally(() => spy.mockRestore())).rejects.toThrow('locks');
    expect(erased).toMatchObject({ kind: 'erased' });
    expect((await hub.read(`/api/v1/dossiers/${code}`, 'personal')).body.applicant).toBeUndefined();
  });

  test('leaves no trace, and the same statistics', async () => {
    const before = await statistics();
    const all = { ...OPTIONS, openToo: true, namesToo: true };
    expect(await erasure().erase(ASKED, all, BY, undefined)).toMatchObject({ kind: 'erased', kept: [] });
    expect(await tracesIn(hub.hub.database.pool)).toEqual([]);
    expect(canariesIn(JSON.stringify(hub.logLines))).toEqual([]);
    expect((await statistics()).items).toEqual(before.items);
    expect(await hub.hub.rebuild({ swap: true })).toMatchObject(isSame);
    expect(await tracesIn(hub.hub.database.pool)).toEqual([]);
    expect(await erasure().preview(ASKED, all, BY)).toEqual({ kind: 'none' });
  });

  test('other people and the course of their dossiers stay', async () => {
    const { body } = await hub.read(`/api/v1/dossiers/${FORMER}`, 'personal');
    expect([body.applicant.name, body.status]).toEqual([other.name, 'returned']);
    const { body: mentions } = await hub.read(`/api/v1/dossiers/${MENTIONS}`, 'personal');
    expect([mentions.applicant, mentions.note]).toEqual([other, 'Uỷ quyền cho xxxxx xxx xxxx xxx, CCCD 111111111111']);
    expect((await hub.read(`/api/v1/dossiers/${OTHERS}`, 'personal')).body.applicant).toEqual(other);
  });

  test('no answer or snapshot made afterwards has it', async () => {
    const paths = [
      'snapshot?kinds=question,petition,rating,postal-order,payment',
      'changes',
      'dossiers',
      `dossiers/${OWN}/history`,
    ];
    for (const path of paths)
      for (const key of ['portal', 'personal'])
        expect(canariesIn(await (await hub.request('GET', `/api/v1/${path}`, key)).text())).toEqual([]);
  });

  test('the evidence says when, by whom and why, and the audit is whole', async () => {
    const signed = await hub.hub.evidence('test', OWN);
    const text = signed.kind === 'made' ? signed.signed : '';
    const { dossier: of } = JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString());
    expect(of.erased).toMatchObject({ who: 'test', why: BY.why, at: expect.any(String) });
    const { body: audit } = await operator.get('audit?action=order.erased');
    expect(audit.items.length).toBeGreaterThan(0);
    expect((await operator.get('erasures?cause=order')).body.items[0]).toMatchObject(BY);
    expect((await followChain(hub.hub.database, undefined, [], vault)).broken).toBeUndefined();
  });
});

describe('a person', () => {
  beforeAll(async () => {
    hub = await testHub({ nowMs: Date.parse('2025-08-26T08:00:00+07:00'), keys: [...OPERATOR_KEYS] });
    operator = operatorOf(hub);
    await hub.push([
      dossier({ code: OWN, applicant: person, ...RETURNED }),
      dossier({ code: LATER, applicant: { ...other, phone: PERSON.phone }, ...RETURNED }),
    ]);
  });
  afterAll(() => hub.close());
  const preview = (asked: Parameters<TestHub['hub']['personErasure']['preview']>[0]) =>
    hub.hub.personErasure.preview(asked, OPTIONS, BY);
  const subjectsOf = async (asked: Parameters<typeof preview>[0]) => {
    const shown = await preview(asked);
    return shown.kind === 'found' ? shown.preview.subjects.map(({ subject }) => subject) : shown;
  };

  test('is found by code, by identity number, and by phone number with the name', async () => {
    expect(await subjectsOf({ code: OWN, kind: undefined })).toEqual([OWN]);
    expect(await subjectsOf(ASKED)).toEqual([OWN]);
    expect(await subjectsOf({ person: { name: other.name, phone: '+84 938271645' } })).toEqual([LATER]);
  });

  test('is that of the one dossier that a code names; an alias of two dossiers is refused', async () => {
    const { pool } = hub.hub.database;
    const shared = 'G22.99-20250812-0099';
    const aliases = `('other', $1, $2), ('one-stop', $3, $1), ('other', $3, $2)`;
    await pool.query(`INSERT INTO aliases (party, code, dossier) VALUES ${aliases}`, [OWN, LATER, shared]);
    expect(await subjectsOf({ code: OWN, kind: undefined })).toEqual([OWN]);
    const codes = [OWN, LATER];
    expect(await preview({ code: shared, kind: undefined })).toEqual({ kind: 'ambiguous', code: shared, codes });
    const { why } = BY;
    expect((await operator.post('erasures/preview', { code: shared, why }, 'ops-erase')).status).toBe(409);
    expect((await operator.post('legal-holds', { code: shared, why })).status).toBe(409);
    const { body: hold } = await operator.post('legal-holds', { code: OWN, why });
    expect((await operator.post(`legal-holds/${hold.id}/lift`, { why })).status).toBe(200);
    await pool.query('DELETE FROM aliases');
  });

  test('of a phone number that a family shares needs a name, and a name alone is nobody', async () => {
    expect(await preview({ person: { phone: PERSON.phone } })).toEqual({ kind: 'several', count: 2 });
    expect(await preview({ person: { name: PERSON.name } })).toEqual({ kind: 'unclear' });
    expect(await preview({ person: { identityNumber: '000000000000' } })).toEqual({ kind: 'none' });
  });

  test('a kind that is unknown, or named beside a person, is refused by its place', async () => {
    const orders = [
      { kind: 'qestion', code: 'H60-HD-1' },
      { ...ASKED, kind: 'question' },
    ];
    for (const [path, key] of [
      ['legal-holds', 'ops'],
      ['erasures/preview', 'ops-erase'],
    ] as const)
      for (const order of orders) {
        const { status, body } = await operator.post(path, { ...order, why: 'Toà án' }, key);
        expect([status, body.problems.map((one: { path: string }) => one.path)]).toEqual([400, ['/kind']]);
      }
  });

  test('whose erasure is refused stays in the form of the console, with the reason and the other language', async () => {
    const officer = officerAt(hub);
    await officer.signIn('ops');
    await officer.get('/console/erase');
    const { name, identityNumber } = PERSON;
    const given = { kind: 'dossier', identityNumber, namesToo: 'yes', why: `Đơn của ${name}` };
    for (const sent of [given, { ...given, preview: 'another' }]) {
      const { status, text } = await officer.post('/console/erase', sent);
      expect(status).toBe(400);
      for (const part of [
        'role="alert"',
        `name="identityNumber" value="${identityNumber}"`,
        `name="why" value="${given.why}"`,
        'value="yes" checked> Cả đoạn văn bản',
        'href="/console/erase?lang=en"',
      ])
        expect(text).toContain(part);
    }
    const changed = await officer.post('/console/erase', { ...given, why: BY.why, preview: 'another' });
    expect([changed.status, changed.text.includes(`value="${identityNumber}"`)]).toEqual([409, true]);
    const shown = await officer.post('/console/erase', { ...given, why: BY.why });
    expect([shown.status, shown.text.includes('Xóa như bản xem trước')]).toEqual([200, true]);
  });

  test('is erased over HTTP by ops:erase alone, as the preview showed it', async () => {
    const asked = { ...ASKED, why: BY.why };
    expect((await operator.post('erasures/preview', asked, 'ops-configure')).status).toBe(403);
    expect((await operator.post('erasures', { ...asked, token: 'x' }, 'ops-configure')).status).toBe(403);
    const naming = { ...ASKED, why: `Đơn của ${PERSON.name}` };
    const refused = await operator.post('erasures/preview', naming, 'ops-erase');
    expect([refused.status, refused.body.problems[0].path]).toEqual([400, '/why']);
    const { body: preview } = await operator.post('erasures/preview', asked, 'ops-erase');
    expect(preview).toMatchObject({ subjects: [{ subject: OWN, part: 'own' }], kept: [], parties: ['one-stop'] });
    const late = await operator.post('erasures', { ...asked, token: 'another' }, 'ops-erase');
    expect([late.status, canariesIn(JSON.stringify(late.body))]).toEqual([409, []]);
    const done = await operator.post('erasures', { ...asked, token: preview.token }, 'ops-erase');
    expect(done).toMatchObject({ status: 200, body: { erased: 1, kept: [] } });
    expect((await hub.read(`/api/v1/dossiers/${OWN}`, 'personal')).body.applicant).toBeUndefined();
    const { body: audit } = await operator.get(`audit?subject=${encodeURIComponent(`dossier ${OWN}`)}`);
    const ours = audit.items.filter(({ actor }: { actor: string }) => actor === 'ops-erase');
    expect(ours.map(({ action, why }: Record<string, string>) => [action, why])).toEqual([
      ['order.erased', BY.why],
      ['order.previewed', BY.why],
    ]);
    expect((await operator.post('erasures/preview', asked, 'ops-erase')).status).toBe(404);
    const family = { person: { phone: PERSON.phone }, why: BY.why };
    await hub.push(dossier({ code: FORMER, applicant: person, ...RETURNED }));
    expect((await operator.post('erasures/preview', family, 'ops-erase')).status).toBe(409);
    const nobody = { person: { name: PERSON.name }, why: 'x' };
    expect((await operator.post('erasures/preview', nobody, 'ops-erase')).status).toBe(400);
  });

  test('under a legal hold keeps everything', async () => {
    const { body: hold } = await operator.post('legal-holds', { ...ASKED, why: 'Toà án' });
    expect(await hub.hub.personErasure.erase(ASKED, OPTIONS, BY, undefined)).toEqual({ kind: 'held', hold: hold.id });
    expect((await operator.post('erasures/preview', { ...ASKED, why: 'x' }, 'ops-erase')).status).toBe(409);
    expect((await hub.read(`/api/v1/dossiers/${FORMER}`, 'personal')).body.applicant.name).toBe(PERSON.name);
  });
});

describe('a legal hold that is set while an erasure runs', () => {
  const codes = Array.from({ length: 120 }, (_, n) => codeOf(100 + n));
  const last = codes.at(-1) as string;
  beforeEach(async () => {
    hub = await testHub({ nowMs: Date.parse('2025-08-26T08:00:00+07:00'), keys: [...OPERATOR_KEYS] });
    operator = operatorOf(hub);
    for (const code of codes) await hub.push(dossier({ code, applicant: person, ...RETURNED }));
  });
  afterEach(() => hub.close());

  /** Erases, and sets the hold after the first batch. */
  async function eraseBeside(held: object) {
    let holding: Promise<{ readonly status: number; readonly body: { readonly id: number } }> | undefined;
    const tell = (what: string) => {
      // The erasure says it again when it begins again after the hold.
      if (what.startsWith('erases 50 ')) holding ??= operator.post('legal-holds', { ...held, why: 'Toà án' });
    };
    const erased = await hub.hub.personErasure.erase(ASKED, { ...OPTIONS, tell }, BY, undefined);
    const hold = await holding;
    expect(hold?.status).toBe(201);
    return { erased, id: hold?.body.id };
  }

  test('keeps a dossier of a later batch with its message', async () => {
    const { erased, id } = await eraseBeside({ code: last });
    expect(erased).toEqual({ kind: 'erased', erased: 119, kept: [{ subject: last, why: 'held', hold: id }] });
    expect((await hub.read(`/api/v1/dossiers/${last}`, 'personal')).body.applicant.name).toBe(PERSON.name);
    const { rows } = await hub.hub.database.pool.query(
      'SELECT 1 FROM messages m JOIN events e ON e.message_id = m.id WHERE e.code = $1 AND m.body IS NOT NULL',
      [last],
    );
    expect(rows).toHaveLength(1);
  });

  test('keeps the rest of a person', async () => {
    const { erased, id } = await eraseBeside(ASKED);
    if (erased.kind !== 'erased') throw new Error(erased.kind);
    expect(erased.kept).toContainEqual({ subject: last, why: 'held', hold: id });
    expect(erased.erased + erased.kept.length).toBe(120);
    expect((await hub.read(`/api/v1/dossiers/${last}`, 'personal')).body.applicant.name).toBe(PERSON.name);
  });
});

describe('beside values of a lost secret', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub({ nowMs: Date.parse('2025-08-26T08:00:00+07:00'), keys: [...OPERATOR_KEYS] });
    const results = [{ name: 'Giấy chứng nhận', code: 'KQ.01' }];
    await hub.push(dossier({ code: OTHERS, applicant: other, ...RETURNED, results }));
    await hub.push(dossier({ code: OWN, applicant: person, ...RETURNED }));
    const { pool } = hub.hub.database;
    await pool.query('UPDATE dossiers SET sealed_key = 2147483600 WHERE code = $1', [OTHERS]);
    await pool.query('UPDATE events SET record_key = 2147483600 WHERE code = $1', [OTHERS]);
  });
  afterAll(() => hub.close());

  test('statistics count every dossier', async () => {
    await recountAfterServices(hub.hub.database);
    const { total } = (await hub.read('/api/v1/statistics?from=2025-08-01&to=2025-08-31')).body;
    expect(total.received.total).toBe(2);
  });

  test('a person is found and erased, and the operator learns how much could not be read', async () => {
    const { personErasure } = hub.hub;
    const found = await personErasure.preview(ASKED, OPTIONS, BY);
    expect(found).toMatchObject({
      kind: 'found',
      preview: { subjects: [{ subject: OWN, part: 'own' }], unreadable: 2 },
    });
    const token = found.kind === 'found' ? found.preview.token : undefined;
    expect(await personErasure.erase(ASKED, OPTIONS, BY, token)).toMatchObject({ kind: 'erased', erased: 1 });
  });
});
