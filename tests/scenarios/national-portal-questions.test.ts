import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Partner, SECRETS, type TestHub, testHub, testPartner } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { question } from '../support/kinds.ts';
import { type LegacySystem, legacySystem, logIn } from '../support/legacy-system.ts';

/** A question as OpenCPS sends it: no asker, no date, and one field in mixed case. */
const asked = (HOIDAPID: number, given: object = {}): object => ({
  HOIDAPID,
  MaLinhVuc: 'G03-GD10',
  NOIDUNG: 'Bao giờ có kết quả đăng ký khai sinh?',
  MADONVI: 'H60.01',
  TENDONVI: 'Sở thử nghiệm',
  ...given,
});

const answer = (HOIDAPID: number, given: object = {}): object => ({
  HOIDAPID: String(HOIDAPID),
  MADONVI: 'H60.01',
  NGUOITRALOI: 'Trần Thị Bình',
  CHUCVUNGUOITRALOI: 'cb',
  NGAYTRALOI: '21/08/2025',
  NOIDUNGTRALOI: 'Trong 5 ngày làm việc.',
  ...given,
});

describe('questions in the dialect of the national portal', () => {
  let hub: TestHub;
  let system: LegacySystem;
  let partner: Partner;
  beforeAll(async () => {
    partner = testPartner({ any: true });
    hub = await testHub({
      partners: { partner },
      routes: [
        { from: 'one-stop', operation: 'question.upsert.v1', to: ['partner'] },
        { from: 'other', operation: 'question.upsert.v1', to: ['one-stop'] },
        { from: 'citizens', operation: 'question.upsert.v1', to: ['one-stop'] },
      ],
      keys: [{ id: 'dossiers', secret: 'dossiers-secret-of-the-tests', scopes: ['dossier:write'], party: 'one-stop' }],
    });
    system = await legacySystem(hub);
  });
  afterAll(() => hub.close());

  const call: LegacySystem['call'] = (service, args, session) => system.call(service, args, session);
  const read = async (code: string) => (await hub.read(`/api/v1/questions/${code}`, 'personal')).body;
  /** A question that another party took in on the portal, and that its route brings to the one-stop system. */
  const onPortal = (number: number, given: Record<string, unknown> = {}) =>
    hub.push(question({ code: `DVCQG-HD-${number}`, ...given }), { party: 'other', what: 'questions' });

  test('DongBoHoiDap stores a question without a date or an asker, due from the moment when the hub received it', async () => {
    const reply = await call('DongBoHoiDap', { data: [asked(17)] });
    expect(reply).toMatchObject({ error_code: 0, result: [{ HOIDAPID: '17', index: 0, outcome: 'accepted' }] });
    expect(await read('ONE-STOP-HD-17')).toMatchObject({
      state: 'received',
      askedAt: '2025-08-21T08:30:00+07:00',
      dueAt: '2025-08-28T08:30:00+07:00',
      agencyCode: 'H60.01',
      fieldCode: 'G03-GD10',
      content: 'Bao giờ có kết quả đăng ký khai sinh?',
    });
    await hub.deliver();
    expect(partner.sent.map(({ code }) => code)).toEqual(['ONE-STOP-HD-17']);
  });

  test('the same question again, at any time, is a duplicate and is sent nowhere', async () => {
    partner.sent.length = 0;
    hub.clock.nowMs += 86_400_000;
    const reply = await call(
      'DongBoHoiDap',
      { data: [asked(17)] },
      (await logIn(hub, 'one-stop', SECRETS['one-stop'])).session,
    );
    hub.clock.nowMs -= 86_400_000;
    expect(reply).toMatchObject({ error_code: 0, result: [{ outcome: 'duplicate' }] });
    await hub.deliver();
    expect(partner.sent).toEqual([]);
  });

  test('a changed question keeps its day, and a change back counts', async () => {
    const contents = ['Câu hỏi đã sửa?', 'Bao giờ có kết quả đăng ký khai sinh?'];
    for (const NOIDUNG of contents) {
      const reply = await call('DongBoHoiDap', { data: [asked(17, { NOIDUNG })] });
      expect(reply.result).toMatchObject([{ outcome: 'accepted' }]);
      expect(await read('ONE-STOP-HD-17')).toMatchObject({ content: NOIDUNG, askedAt: '2025-08-21T08:30:00+07:00' });
    }
  });

  test('a key without question:write sends and sees no question', async () => {
    const { session } = await logIn(hub, 'dossiers', 'dossiers-secret-of-the-tests');
    for (const service of ['DongBoHoiDap', 'DongBoKetQuaHoiDapGuiTuDVCQG'])
      expect(await call(service, { data: [asked(18)] }, session)).toMatchObject({
        error_code: -1,
        message: 'the key dossiers lacks the scope question:write',
      });
  });

  test('a code that is none of ours waits for an operator, and the question is not dropped', async () => {
    const reply = await call('DongBoHoiDap', {
      data: [asked(19, { MaLinhVuc: 'HOTICH' }), asked(20, { MADONVI: 'SO-TP' })],
    });
    expect(reply).toMatchObject({
      error_code: 0,
      result: [
        { outcome: 'quarantined', problems: [{ path: '/MALINHVUC' }] },
        { outcome: 'quarantined', problems: [{ path: '/MADONVI' }] },
      ],
    });
    const { rows } = await hub.hub.database.pool.query('SELECT code, cause_key FROM quarantine ORDER BY id');
    expect(rows).toEqual([
      { code: 'ONE-STOP-HD-19', cause_key: 'unmapped:field:HOTICH' },
      { code: 'ONE-STOP-HD-20', cause_key: 'unmapped:agency:SO-TP' },
    ]);
  });

  test.each([
    ['no number', { HOIDAPID: undefined }, '/HOIDAPID'],
    ['a text in place of a number', { HOIDAPID: 'x' }, '/HOIDAPID'],
    ['0', { HOIDAPID: 0 }, '/HOIDAPID'],
    ['no text', { NOIDUNG: ' ' }, '/NOIDUNG'],
  ])('a question that cannot be stored is refused with its place: %s', async (_, given, path) => {
    const reply = await call('DongBoHoiDap', { data: [asked(21, given)] });
    expect(reply).toMatchObject({ error_code: -1, result: [{ outcome: 'invalid' }] });
    expect(reply.result[0].problems.map((one: { path: string }) => one.path)).toEqual([path]);
  });

  test('a denunciation is held: acknowledged, sent nowhere and shown to nobody', async () => {
    await hub.deliver();
    partner.sent.length = 0;
    const reply = await call('DongBoHoiDap', { data: [asked(22, { NOIDUNG: 'Tôi tố cáo cán bộ nhận tiền.' })] });
    expect(reply).toMatchObject({ error_code: 0, result: [{ outcome: 'quarantined' }] });
    await hub.deliver();
    expect(partner.sent).toEqual([]);
  });

  test('an answer of the one-stop system reaches its question once, however often it is sent', async () => {
    await onPortal(4711);
    for (const [at, outcome] of ['accepted', 'duplicate', 'duplicate'].entries()) {
      const reply = await call('DongBoKetQuaHoiDapGuiTuDVCQG', {
        data: [answer(4711, at === 2 ? { NGAYTRALOI: '25/08/2025' } : {})],
      });
      expect(reply).toMatchObject({ error_code: 0, result: [{ HOIDAPID: '4711', outcome }] });
    }
    expect(await read('DVCQG-HD-4711')).toMatchObject({
      state: 'answered',
      stateAt: '2025-08-21T00:00:00+07:00',
      askedAt: '2025-08-20T09:00:00+07:00',
      content: 'Bao giờ có kết quả đăng ký khai sinh?',
      answers: [
        { by: 'Trần Thị Bình', title: 'cb', at: '2025-08-21T00:00:00+07:00', content: 'Trong 5 ngày làm việc.' },
      ],
    });
  });

  test('an answer on the day of the question follows it, and another answer stands beside the first', async () => {
    await onPortal(4712, { askedAt: '2025-08-21T08:00:00+07:00', stateAt: '2025-08-21T08:00:00+07:00' });
    await call('DongBoKetQuaHoiDapGuiTuDVCQG', { data: [answer(4712), answer(4712, { NOIDUNGTRALOI: 'Đã có.' })] });
    const body = await read('DVCQG-HD-4712');
    expect(body).toMatchObject({ state: 'answered', stateAt: '2025-08-21T08:00:00+07:00' });
    expect(body.answers.map((one: { content: string }) => one.content)).toEqual(['Trong 5 ngày làm việc.', 'Đã có.']);
  });

  test('an answer does not take a published question back', async () => {
    await onPortal(4713, { state: 'published', stateAt: '2025-08-20T10:00:00+07:00' });
    await call('DongBoKetQuaHoiDapGuiTuDVCQG', { data: [answer(4713)] });
    expect(await read('DVCQG-HD-4713')).toMatchObject({ state: 'published', answers: [{ by: 'Trần Thị Bình' }] });
  });

  test.each([
    ['without a text', { NOIDUNGTRALOI: '' }, '/NOIDUNGTRALOI'],
    ['on an impossible day', { NGAYTRALOI: '31/02/2025' }, '/NGAYTRALOI'],
  ])('an answer %s is refused with its place', async (_, given, path) => {
    await onPortal(4714);
    const reply = await call('DongBoKetQuaHoiDapGuiTuDVCQG', { data: [answer(4714, given)] });
    expect(reply).toMatchObject({ error_code: -1, result: [{ outcome: 'invalid', problems: [{ path }] }] });
  });

  const list = async (service: string) => (await call(service, {})).result;
  const numbers = (entries: readonly { HOIDAPID: number }[]) => entries.map(({ HOIDAPID }) => HOIDAPID);

  test('LayDanhSachHoiDapGuiTuDVCQG lists what the routes bring to the party, with the asker, and no held one', async () => {
    await onPortal(4720, { content: 'Đơn tố cáo' });
    await onPortal(4721, {
      agencyCode: 'H60.01',
      fieldCode: 'G03-GD10',
      serviceCode: '1.013225',
      visibility: 'private',
    });
    await onPortal(4722, { code: 'H22-HD-250812-23456789', content: 'Hỏi tại trục của tỉnh khác' });
    const entries = await list('LayDanhSachHoiDapGuiTuDVCQG');
    // Its number would name the question H60-HD-250812-23456789, and so would an answer under it.
    expect(JSON.stringify(entries)).not.toContain('tỉnh khác');
    expect(entries.find((one: { HOIDAPID: number }) => one.HOIDAPID === 4721)).toEqual({
      HOIDAPID: 4721,
      MALINHVUC: 'G03-GD10',
      MADONVI: 'H60.01',
      TENDONVI: '',
      NOIDUNG: 'Bao giờ có kết quả đăng ký khai sinh?',
      HOVATEN: 'Nguyễn Văn An',
      THUDIENTU: 'an@example.test',
      DIACHI: 'Số 1, phường Minh Xuân',
      SODIENTHOAI: '0900000001',
      MATTHCDP: '1.013225',
      TRANGTHAI: '0',
      TRALOIID: 0,
      NOIDUNGTRALOI: '',
    });
    expect(entries.find((one: { HOIDAPID: number }) => one.HOIDAPID === 4711)).toMatchObject({
      TRANGTHAI: '1',
      TRALOIID: 1,
      NOIDUNGTRALOI: 'Trong 5 ngày làm việc.',
    });
    expect(numbers(entries)).not.toContain(4720);
    expect(numbers(entries)).not.toContain(17);
    const audit = await hub.hub.database.pool.query(
      "SELECT subject FROM audit WHERE action = 'question.list-personal'",
    );
    expect(JSON.stringify(audit.rows)).toContain('DVCQG-HD-4721');
    expect(JSON.stringify(audit.rows)).not.toContain('DVCQG-HD-4720');
  });

  test('LayDanhSachHoiDapBoCoQuan lists the own questions of the party under its own numbers', async () => {
    const entries = await list('LayDanhSachHoiDapBoCoQuan');
    expect(numbers(entries)).toEqual([17]);
  });

  test('a question that a citizen asks at the hub is listed, and answered by its number', async () => {
    const asker = { name: 'Đặng Thị Hoàng Yến', phone: '0912345678' };
    const body = { content: 'Làm hộ chiếu ở đâu?', asker, agencyCode: 'H60.01' };
    const { code } = (await (await hub.request('POST', '/api/public/questions', undefined, body)).json()) as Json;
    const entries = await list('LayDanhSachHoiDapGuiTuDVCQG');
    const { HOIDAPID } = entries.find((one: { NOIDUNG: string }) => one.NOIDUNG === body.content);
    expect(Number.isSafeInteger(HOIDAPID)).toBe(true);
    const reply = await call('DongBoKetQuaHoiDapGuiTuDVCQG', { data: [answer(HOIDAPID)] });
    expect(reply.result).toMatchObject([{ outcome: 'accepted' }]);
    expect(await read(code)).toMatchObject({ state: 'answered', asker, answers: [{ by: 'Trần Thị Bình' }] });
    expect((await call('LayNoiDungTraLoiTheoCauHoi', { cauhoiid: HOIDAPID })).result).toEqual([
      { TRALOIID: 1, NOIDUNGTRALOI: 'Trong 5 ngày làm việc.' },
    ]);
  });

  test.each([
    ['an unanswered one', 4714, []],
    ['its own', 17, []],
    ['one that is held', 4720, []],
    ['one that nobody knows', 999, []],
    [
      'one with two answers',
      4712,
      [
        { TRALOIID: 1, NOIDUNGTRALOI: 'Trong 5 ngày làm việc.' },
        { TRALOIID: 2, NOIDUNGTRALOI: 'Đã có.' },
      ],
    ],
  ])('LayNoiDungTraLoiTheoCauHoi returns the answers to a question of the party: %s', async (_, cauhoiid, result) => {
    expect(await call('LayNoiDungTraLoiTheoCauHoi', { cauhoiid })).toMatchObject({ error_code: 0, result });
  });

  test('a party that no route names sees and answers no question of others', async () => {
    const { session } = await logIn(hub, 'other', SECRETS.other);
    expect((await call('LayDanhSachHoiDapGuiTuDVCQG', {}, session)).result).toEqual([]);
    expect((await call('LayNoiDungTraLoiTheoCauHoi', { cauhoiid: 4712 }, session)).result).toHaveLength(2);
    const { session: dossiers } = await logIn(hub, 'dossiers', 'dossiers-secret-of-the-tests');
    for (const service of ['LayDanhSachHoiDapGuiTuDVCQG', 'LayDanhSachHoiDapBoCoQuan', 'LayNoiDungTraLoiTheoCauHoi'])
      expect(await call(service, { cauhoiid: 4712 }, dossiers)).toMatchObject({
        error_code: -1,
        message: 'the key dossiers lacks the scope question:write',
        result: [],
      });
  });

  test('a finished question leaves the list after 90 days, an open one stays', async () => {
    hub.clock.nowMs += 91 * 86_400_000;
    const { session } = await logIn(hub, 'one-stop', SECRETS['one-stop']);
    const left = numbers((await call('LayDanhSachHoiDapGuiTuDVCQG', {}, session)).result);
    hub.clock.nowMs -= 91 * 86_400_000;
    expect(left).toContain(4714);
    expect(left).not.toContain(4711);
  });

  test('an answer that comes before its question waits for it, and is applied with it', async () => {
    const reply = await call('DongBoKetQuaHoiDapGuiTuDVCQG', { data: [answer(4730)] });
    expect(reply).toMatchObject({ error_code: 0, result: [{ HOIDAPID: '4730', outcome: 'quarantined' }] });
    await onPortal(4730);
    await hub.deliver();
    expect(await read('DVCQG-HD-4730')).toMatchObject({ state: 'answered', answers: [{ by: 'Trần Thị Bình' }] });
  });

  test('comes out of a rebuild identical', async () => {
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });
});
