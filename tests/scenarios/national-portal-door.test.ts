import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SECRETS, type TestHub, testHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { type LegacySystem, legacySystem, logIn } from '../support/legacy-system.ts';

/** A refusal, as a client of the portal reports it. */
const REPORT = {
  MaHoSoDonVi: 'H60.01-250812-2060',
  TrangThai: '11',
  MaDoiTuong: '',
  NoiDung: 'Thiếu giấy tờ',
  NgayXuLy: '20250814090000',
  TaiLieuXuLy: [],
};

describe("the national portal's dialect", () => {
  let hub: TestHub;
  let system: LegacySystem;
  beforeAll(async () => {
    hub = await testHub({
      keys: [{ id: 'reader', secret: 'reader-secret-of-the-tests', scopes: ['index:read'], party: 'one-stop' }],
    });
    system = await legacySystem(hub);
  });
  afterAll(() => hub.close());

  test('a key logs in with its id and secret; anything else gets the error form of the dialect', async () => {
    expect(await login('one-stop', SECRETS['one-stop'])).toMatchObject({ error_code: 0, session: expect.any(String) });
    expect(await login('one-stop', 'wrong')).toMatchObject({
      error_code: -1,
      message: expect.stringContaining('password'),
    });
    expect(await login('nobody', SECRETS['one-stop'])).toMatchObject({ error_code: -1 });
    expect(await call('DongBoHoSoMC', { data: [] }, 'made-up')).toMatchObject({
      error_code: -1,
      message: expect.stringContaining('phiên'),
    });
    hub.clock.nowMs += 31 * 60_000;
    expect(await call('TraCuuHoSo', { mahoso: 'H60.01-250812-2001' })).toMatchObject({ error_code: -1 });
    hub.clock.nowMs -= 31 * 60_000;
  });

  test('only small requests of strangers are stored, so they cannot fill the database', async () => {
    const bodies = async () =>
      (
        await hub.hub.database.pool.query(
          "SELECT body_bytes, body IS NOT NULL AS kept FROM messages WHERE outcome = 'refused' ORDER BY id",
        )
      ).rows;
    const before = (await bodies()).length;
    const padding = (bytes: number) => ({ data: [], note: 'x'.repeat(bytes) });
    expect(await call('DongBoHoSoMC', padding(1_000), 'made-up')).toMatchObject({ error_code: -1 });
    expect(await call('DongBoHoSoMC', padding(100_000), 'made-up')).toMatchObject({ error_code: -1 });
    expect(await call('NoSuchService', padding(100_000))).toMatchObject({ error_code: -1 });
    expect((await bodies()).slice(before).map(({ kept }) => kept)).toEqual([true, false, true]);
    const large = { ['x'.repeat(200_000)]: 'y'.repeat(1_100_000) };
    expect((await hub.request('POST', '/mapi/g', undefined, large)).status).toBe(413);
    const { rows } = await hub.hub.database.pool.query(
      "SELECT max(length(results::text)) AS longest FROM messages WHERE outcome = 'refused'",
    );
    expect(rows[0].longest).toBeLessThan(2_000);
  });

  test('a key that may not send dossiers may not look one up in full either', async () => {
    await call('DongBoHoSoMC', { data: [record('H60.01-250812-2090')] });
    const reader = (await login('reader', 'reader-secret-of-the-tests')).session;
    expect(await call('TraCuuHoSo', { mahoso: 'H60.01-250812-2090' }, reader)).toEqual({
      error_code: -1,
      message: 'the key reader lacks the scope dossier:write',
      result: [],
    });
  });

  test('a field that repeats makes its item invalid, and beside the items it refuses the call', async () => {
    const twice = JSON.stringify(record('H60.01-250812-2907')).replace(/}$/, ',"TrangThaiHoSo":"9"}');
    const send = async (space: string, more = ''): Promise<Json> => {
      const list = `${JSON.stringify(record('H60.01-250812-2908'))},${twice}`;
      const service = `"session":"${system.session}","service":"DongBoHoSoMC"${more}`;
      return (await hub.request('POST', '/mapi/g', undefined, `{${service},"data":[${space}${list}]}`)).json();
    };
    for (const space of ['', ' '.repeat(300_000)]) {
      const { error_code, result } = await send(space);
      expect([error_code, result[0].outcome === 'invalid']).toEqual([-1, false]);
      expect(result[1]).toMatchObject({ outcome: 'invalid', problems: [{ path: '/TrangThaiHoSo' }] });
      const refused = await send(space, ',"m\\u0061donvi":"H60.02","madonvi":"H60.03"');
      expect(refused).toMatchObject({ error_code: -1, message: expect.stringContaining('/madonvi'), result: [] });
    }
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-2907')).status).toBe(404);
  });

  test('a number is stored with the digits that were sent, however many', async () => {
    const receipts = ['20250812000000000123', '20250812081500000001'];
    for (const [at, number] of receipts.entries()) {
      const documents = receipts.map((one) => `{"TepDinhKemId":${one},"TenTepDinhKem":"Đơn"}`);
      const given = JSON.stringify(record(`H60.01-250812-291${at}`, { SoBienNhan: '', TaiLieuNop: [] }))
        .replace('"SoBienNhan":""', `"SoBienNhan":${number}`)
        .replace('"TaiLieuNop":[]', `"TaiLieuNop":[${documents}]`);
      const body = `{"session":"${system.session}","service":"DongBoHoSoMC","data":[${given}]}`;
      expect(await (await hub.request('POST', '/mapi/g', undefined, body)).json()).toMatchObject({ error_code: 0 });
    }
    for (const [at, number] of receipts.entries()) {
      const { body } = await hub.read(`/api/v1/dossiers/${number}`, 'personal');
      expect(body.code).toBe(`H60.01-250812-291${at}`);
      expect(body.documents.map(({ id }: { id: string }) => id)).toEqual(receipts);
    }
  });

  test('a field nested very deep makes its item invalid alone', async () => {
    const [deep, flat] = ['H60.01-250812-2913', 'H60.01-250812-2914'].map((code) => JSON.stringify(record(code)));
    for (const levels of [101, 20_000]) {
      const field = `,"ThongTinKhac":${'['.repeat(levels)}${']'.repeat(levels)}}`;
      const data = `${deep?.replace(/}$/, field)},${flat}`;
      const body = `{"session":"${system.session}","service":"DongBoHoSoMC","data":[${data}]}`;
      const { result } = (await (await hub.request('POST', '/mapi/g', undefined, body)).json()) as Json;
      expect(result.map(({ outcome }: { outcome: string }) => outcome === 'invalid')).toEqual([true, false]);
    }
  });

  test('a create, its repetition and an update of an unknown dossier are all answered as success', async () => {
    const first = await call('DongBoHoSoMC', { isUpdating: 'False', data: [record('H60.01-250812-2001')] });
    expect(first).toMatchObject({ error_code: 0, result: [{ MaHoSo: 'H60.01-250812-2001', outcome: 'accepted' }] });
    const again = await call('DongBoHoSoMC', { isUpdating: 'False', data: [record('H60.01-250812-2001')] });
    expect(again).toMatchObject({ error_code: 0, result: [{ outcome: 'duplicate' }] });
    const update = await call('DongBoHoSoMC', { isUpdating: 'True', data: record('H60.01-250812-2002') });
    expect(update).toMatchObject({ error_code: 0, result: [{ outcome: 'accepted' }] });
    const { body } = await hub.read('/api/v1/dossiers/H60.01-250812-2001', 'personal');
    expect(body).toMatchObject({
      serviceCode: '1.013225',
      agencyCode: 'H60.01',
      channel: 'online',
      status: 'received',
      statusAt: '2025-08-12T08:15:00+07:00',
      applicant: { name: 'Nguyễn Văn A', kind: 'citizen', phone: '0900000000' },
      documents: [{ id: '1', deleted: false, digitised: true }],
    });
    expect(body).not.toHaveProperty('finishedAt');
  });

  test('DongBoTrangThaiHoSo reports a status at its own time; a refusal is 11 or 3', async () => {
    const code = 'H60.01-250812-2060';
    await call('DongBoHoSoMC', { isUpdating: 'False', data: [record(code)] });
    const report = (given: object) =>
      call('DongBoTrangThaiHoSo', { type: '2', data: { ...REPORT, MaHoSo: code, ...given } });
    expect(await report({})).toMatchObject({ error_code: 0, result: [{ MaHoSo: code, outcome: 'accepted' }] });
    expect((await report({})).result).toMatchObject([{ outcome: 'duplicate' }]);
    const { items } = (await hub.read(`/api/v1/dossiers/${code}/history`)).body;
    expect(items.at(-1)).toMatchObject({
      at: '2025-08-14T09:00:00+07:00',
      status: 'refused',
      actor: 'H60',
      content: 'Thiếu giấy tờ',
    });
    const files = [{ TepDinhKemId: '1', TenTepDinhKem: 'a.pdf', IsDeleted: 'False' }];
    const later = await report({ TrangThai: '3', NgayXuLy: '20250815090000', NoiDung: '', TaiLieuXuLy: files });
    expect(later.result).toMatchObject([
      { outcome: 'accepted', warnings: expect.arrayContaining([expect.objectContaining({ path: '/TaiLieuXuLy' })]) },
    ]);
    expect((await report({ TrangThai: '12', NgayXuLy: '20250816090000' })).result).toMatchObject([
      { outcome: 'quarantined' },
    ]);
    expect((await report({ NgayXuLy: '' })).result).toMatchObject([
      { outcome: 'invalid', problems: [{ path: '/NgayXuLy' }] },
    ]);
  });

  test('an unmapped status waits: acknowledged, not shown, and never guessed', async () => {
    const reply = await call('DongBoHoSoMC', {
      isUpdating: 'False',
      data: [record('H60.01-250812-2003', { TrangThaiHoSo: '11' }), record('H60.01-250812-2004')],
    });
    expect(reply).toMatchObject({ error_code: 0, result: [{ outcome: 'quarantined' }, { outcome: 'accepted' }] });
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-2003')).status).toBe(404);
    const rows = await hub.hub.database.query
      .selectFrom('quarantine')
      .selectAll()
      .where('code', '=', 'H60.01-250812-2003')
      .execute();
    expect(rows).toMatchObject([{ cause_kind: 'unmapped', cause_key: 'unmapped:national-status:11' }]);
  });

  test('a wrong item gives -1 with the first reason, and the others are stored', async () => {
    const reply = await call('DongBoHoSoMC', {
      isUpdating: 'False',
      data: [record('H60.01-250812-2005', { NgayTiepNhan: '20250230081500' }), record('H60.01-250812-2006')],
    });
    expect(reply).toMatchObject({ error_code: -1, result: [{ outcome: 'invalid' }, { outcome: 'accepted' }] });
    expect(reply.message).toMatch(/NgayTiepNhan.*20250230081500/);
    const others = await call('DongBoHoSoMC', { data: ['Nguyễn Văn An', record('H60.01-250812-2006')] });
    expect(others).toMatchObject({ error_code: -1, result: [{ outcome: 'invalid' }, { outcome: 'duplicate' }] });
    expect(others.message).toBe('data/0: got a text, expected an object: one dossier');
  });

  test('the record yields to the progress that carries the real times, in any order of arrival', async () => {
    const code = 'H60.01-250812-2007';
    await call('CapNhatTienDoHoSoMC', { data: [step(code, '4', '20250813090000')] });
    await call('DongBoHoSoMC', { isUpdating: 'False', data: [record(code)] });
    await expect.poll(async () => (await hub.read(`/api/v1/dossiers/${code}`)).body.status).toBe('processing');
    await call('CapNhatTienDoHoSoMC', { data: [step(code, '5', '20250814090000')] });
    await call('DongBoHoSoMC', {
      isUpdating: 'True',
      data: [record(code, { TrangThaiHoSo: '4', GhiChu: 'đã cập nhật' })],
    });
    const { body } = await hub.read(`/api/v1/dossiers/${code}`);
    expect(body).toMatchObject({
      status: 'supplement-required',
      statusAt: '2025-08-14T09:00:00+07:00',
      note: 'đã cập nhật',
    });
    await call('CapNhatTienDoHoSoMC', { data: [step(code, '4', '20250815090000')] });
    expect((await hub.read(`/api/v1/dossiers/${code}`)).body.status).toBe('processing');
  });

  test('a returned supplement moves the dossier on, although the record has no new date', async () => {
    const code = 'H60.01-250812-2008';
    for (const [TrangThaiHoSo, GhiChu] of [
      ['2', 'a'],
      ['4', 'b'],
      ['5', 'c'],
      ['4', 'd'],
    ] as const)
      await call('DongBoHoSoMC', { isUpdating: 'True', data: [record(code, { TrangThaiHoSo, GhiChu })] });
    expect((await hub.read(`/api/v1/dossiers/${code}`)).body).toMatchObject({ status: 'processing', note: 'd' });
  });

  test('a look-up shows the whole record with its steps to the sending party, nothing to others', async () => {
    await call('DongBoHoSoMC', { isUpdating: 'False', data: [record('H60.01-250812-2009')] });
    await call('CapNhatTienDoHoSoMC', { data: [step('H60.01-250812-2009', '4', '20250813090000')] });
    const found = await call('TraCuuHoSo', { mahoso: 'h60.01-250812-2009' });
    expect(found).toMatchObject({
      error_code: 0,
      result: [
        {
          MaHoSo: 'H60.01-250812-2009',
          SoDienThoai: '0900000000',
          TrangThaiHoSo: '4',
          NgayTra: '',
          TienDoXuLy: [{ ThoiDiemXuLy: '20250813090000', TrangThai: '4' }],
        },
      ],
    });
    expect(await call('TraCuuHoSo', { mahoso: 'H60.01-250812-9999' })).toMatchObject({ error_code: 0, result: [] });
    const other = (await login('other', SECRETS.other)).session;
    expect(await call('TraCuuHoSo', { mahoso: 'H60.01-250812-2009' }, other)).toMatchObject({
      error_code: 0,
      result: [],
    });
  });

  test('the OpenAPI document names the arguments of a call, and the result of each item', async () => {
    const { requestBody, responses } = (await hub.read('/openapi.json')).body.paths['/mapi/g'].post;
    const of = (one: Json) => one.content['application/json'].schema.properties;
    expect(Object.keys(of(requestBody))).toEqual(expect.arrayContaining(['isUpdating', 'data', 'mahoso', 'maTTHC']));
    const [told] = (await call('DongBoHoSoMC', { data: [record('H60.01-250812-2019', { TrangThaiHoSo: '11' })] }))
      .result;
    expect(Object.keys(of(responses[200]).result.items.properties)).toEqual(expect.arrayContaining(Object.keys(told)));
    expect(told).toMatchObject({ outcome: 'quarantined', problems: [{ path: '/TrangThaiHoSo' }] });
  });

  test.each([undefined, null, '', ' '])(
    "a call without madonvi (%j) is the province's, where the dossier code names no agency",
    async (madonvi) => {
      const code = `03706/2026/0790${[undefined, null, '', ' '].indexOf(madonvi)}`;
      const told = await call('DongBoHoSoMC', { madonvi, data: [record(code)] });
      expect(told).toMatchObject({ error_code: 0, result: [{ outcome: 'accepted' }] });
      expect((await hub.read(`/api/v1/dossiers/${encodeURIComponent(code)}`)).body.agencyCode).toBe('H60');
    },
  );

  test('an unknown service, a missing argument and a body that is not JSON are errors', async () => {
    expect(await call('LamGiDo', {})).toMatchObject({
      error_code: -1,
      message: expect.stringContaining('DongBoHoSoMC'),
    });
    expect(await call('__proto__', {})).toMatchObject({ error_code: -1 });
    expect(await call('TraCuuHoSo', {})).toMatchObject({ error_code: -1 });
    const response = await hub.request('POST', '/mapi/g', undefined, '{"session":');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error_code: -1 });
  });

  test('a call with a byte order mark is read whatever its size', async () => {
    const data = Array.from({ length: 30 }, (_, n) =>
      record(`H60.06-250812-${String(n).padStart(4, '0')}`, { GhiChu: 'x'.repeat(19_000) }),
    );
    for (const some of [data.slice(0, 1), data]) {
      const asked = { session: system.session, madonvi: 'H60', service: 'DongBoHoSoMC', data: some };
      const response = await hub.request('POST', '/mapi/g', undefined, `\ufeff${JSON.stringify(asked)}`);
      expect(await response.json()).toMatchObject({ error_code: 0, result: { length: some.length } });
    }
  });

  test('a call without data, or with a misspelt field, is no success', async () => {
    for (const service of ['DongBoHoSoMC', 'CapNhatTienDoHoSoMC'])
      for (const args of [{}, { Data: [record('H60.01-250812-2010')] }, { data: null }, { data: '' }])
        expect(await call(service, args)).toMatchObject({
          error_code: -1,
          message: expect.stringContaining('data is missing'),
          result: [],
        });
    expect(await call('DongBoHoSoMC', { data: [] })).toMatchObject({ error_code: 0, result: [] });
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-2010')).status).toBe(404);
  });

  test('a body that is no object gets a refusal of the dialect, not an internal error', async () => {
    for (const path of ['/mapi/login', '/mapi/g'])
      for (const body of ['null', '[]', '"text"', '3', 'true']) {
        const response = await hub.request('POST', path, undefined, body);
        expect([path, body, response.status]).toEqual([path, body, 200]);
        expect(await response.json()).toMatchObject({
          error_code: -1,
          message: expect.stringContaining('expected an object'),
        });
      }
    expect(hub.logLines.filter(({ msg }) => msg === 'failed')).toEqual([]);
  });

  test.each([
    [{ toString: 1, split: 2 }, 'an object'],
    [[{ toString: 1 }], 'a list'],
    [['DongBoHoSoMC'], 'a list'],
    [true, 'a boolean'],
  ])('in a text field, %j is refused with the field’s name, not as an internal error', async (value, kind) => {
    const ask = async (path: string, body: object) => {
      const response = await hub.request('POST', path, undefined, body);
      return [response.status, await response.json()];
    };
    const refused = (field: string) => [
      200,
      { error_code: -1, message: `${field} got ${kind}, expected a text`, result: [] },
    ];
    expect(await ask('/mapi/login', { username: value, password: 'x' })).toEqual(refused('username'));
    expect(await ask('/mapi/login', { username: 'one-stop', password: value })).toEqual(refused('password'));
    expect(await ask('/mapi/g', { service: 'LayThuTuc', session: value })).toEqual(refused('session'));
    for (const [field, args] of [
      ['service', { service: value }],
      ['mahoso', { service: 'TraCuuHoSo', mahoso: value }],
      ['MaHoSo', { service: 'TraCuuHoSo', mahoso: null, MaHoSo: value }],
      ['maTTHC', { service: 'LayThuTuc', maTTHC: value }],
      ['madonvi', { service: 'DongBoHoSoMC', madonvi: value, data: [record('H60.01-250812-2012')] }],
    ] as const)
      expect(await ask('/mapi/g', { session: system.session, ...args })).toEqual(refused(field));
    expect(hub.logLines.filter(({ msg }) => msg === 'failed')).toEqual([]);
  });

  test('an item with an object in the place of its code is invalid alone', async () => {
    const odd = { ...record('H60.01-250812-2012', { SoBienNhan: 'BN-2012' }), MaHoSo: { toString: 1 } };
    const reply = await call('DongBoHoSoMC', { data: [odd, record('H60.01-250812-2013')] });
    expect(reply).toMatchObject({ error_code: -1, result: [{ outcome: 'invalid' }, { outcome: 'accepted' }] });
    expect(reply.message).toBe('data/0: /MaHoSo got an object, expected a text');
  });

  test('a stranger’s large body is not stored; a small one, or a known sender’s, is', async () => {
    const large = { TrichYeuHoSo: 'x'.repeat(70_000) };
    const noted = async () =>
      (
        await hub.hub.database.pool.query(
          "SELECT body IS NOT NULL AS kept, body_bytes FROM messages WHERE door = 'national-portal' AND outcome = 'refused' ORDER BY id DESC LIMIT 1",
        )
      ).rows[0];
    await call('DongBoHoSoMC', { data: [record('H60.01-250812-2011', large)] }, 'made-up');
    expect((await noted()).kept).toBe(false);
    await call('DongBoHoSoMC', { data: [record('H60.01-250812-2011')] }, 'made-up');
    expect((await noted()).kept).toBe(true);
    await call('LamGiDo', { data: [record('H60.01-250812-2011', large)] });
    expect(await noted()).toMatchObject({ kept: true });
  });

  test('a message is stored unchanged, and a login never is', async () => {
    const rows = await hub.hub.database.query
      .selectFrom('messages')
      .selectAll()
      .where('door', '=', 'national-portal')
      .execute();
    expect(rows.some((row) => row.operation === 'dossier.upsert.v1' && row.party === 'one-stop' && row.body)).toBe(
      true,
    );
    expect(rows.filter((row) => row.operation === 'login').every((row) => row.body === null)).toBe(true);
  });

  const call = (...given: Parameters<LegacySystem['call']>) => system.call(...given);
  const login = (username: string, password: string) => logIn(hub, username, password);
});

/** A dossier as systems write it to the national portal today. */
function record(MaHoSo: string, given: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    MaHoSo,
    MaTTHC: '1.013225',
    TenTTHC: 'Thủ tục thử nghiệm',
    MaLinhVuc: 'G03-GD10',
    TenLinhVuc: 'Lĩnh vực thử nghiệm',
    KenhThucHien: '2',
    ChuHoSo: 'Nguyễn Văn A',
    LoaiDoiTuong: '1',
    MaDoiTuong: '',
    SoGiayToChuHoSo: '000000000000',
    Email: '',
    SoDienThoai: '0900000000',
    TrichYeuHoSo: 'Thử nghiệm',
    NgayNopHoSo: '20250812080000',
    NgayTiepNhan: '20250812081500',
    NgayHenTra: '20250819170000',
    TrangThaiHoSo: '2',
    NgayTra: '',
    HinhThuc: '0',
    NgayKetThucXuLy: '',
    DonViXuLy: 'Sở thử nghiệm',
    NoiNopHoSo: '2',
    DuocThanhToanTrucTuyen: '0',
    TaiLieuNop: [
      {
        TepDinhKemId: '1',
        TenTepDinhKem: 'don.pdf',
        IsDeleted: 'False',
        MaThanhPhanHoSo: '000.00.00.G09-KQ002269',
        DuongDanTaiTepTin: 'https://files.example.test/1',
        DuocSoHoa: '1',
      },
    ],
    DanhSachLePhi: [],
    DanhSachTepDinhKemKhac: [],
    DanhSachHoSoBoSung: [],
    DanhSachGiayToKetQua: [],
    ...given,
  };
}

function step(MaHoSo: string, TrangThai: string, ThoiDiemXuLy: string): Record<string, unknown> {
  return {
    MaHoSo,
    NguoiXuLy: 'Trần B',
    ChucDanh: '',
    ThoiDiemXuLy,
    PhongBanXuLy: '',
    NoiDungXuLy: 'Đang thẩm định',
    TrangThai,
    NgayBatDau: '',
    NgayKetThucTheoQuyDinh: '',
  };
}
