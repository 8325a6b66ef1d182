import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#kit/testing';
import { writeDossier } from '#mappings/national-portal/dossier-writing';
import { loadCatalogue, SAMPLES } from './catalogue.ts';
import { nationalPortal } from './portal.ts';

const ITEM = writeDossier(
  {
    code: 'H60.01-250812-0035',
    serviceCode: '1.013225',
    serviceName: 'Thủ tục thử nghiệm',
    fieldCode: 'G03-GD10',
    fieldName: 'Lĩnh vực thử nghiệm',
    agencyCode: 'H60.01',
    processingUnit: 'Sở thử nghiệm',
    status: 'received',
    statusAt: '2025-08-12T08:15:00+07:00',
    receivedAt: '2025-08-12T08:15:00+07:00',
  },
  { code: 'H60.01-250812-0035' },
);
const STEP = {
  MaHoSo: 'H60.01-250812-0035',
  NguoiXuLy: 'Trần B',
  ThoiDiemXuLy: '20250813090000',
  NoiDungXuLy: 'Đang thẩm định',
  TrangThai: '4',
};

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator(nationalPortal({ catalogue: SAMPLES }));
});
afterEach(() => simulator.close());

async function post(path: string, body: unknown, dstcode = 'VN:GOV:TEST'): Promise<Record<string, unknown>> {
  const headers = { 'content-type': 'application/json', ...(dstcode && { dstcode }) };
  const reply = await fetch(`${simulator.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await reply.text();
  return { status: reply.status, ...(text.startsWith('{') && JSON.parse(text)) };
}

async function call(service: string, args: object = {}): Promise<Record<string, unknown>> {
  const { session } = await post('/mapi/login', { username: 'sim', password: 'sim-password' });
  return post('/mapi/g', { session, madonvi: 'H60', service, ...args });
}

const put = (isUpdating: unknown, ...data: object[]) => call('DongBoHoSoMC', { isUpdating, data });

describe('the stand-in for the national portal', () => {
  test('rejects calls without destination, account, session or agency', async () => {
    expect((await post('/mapi/login', {}, '')).status).toBe(500);
    expect((await post('/mapi/login', [])).status).toBe(400);
    expect((await post('/mapi/login', { username: 'sim' })).error_code).toBe(-1);
    expect((await post('/mapi/g', { session: 's-0', madonvi: 'H60', service: 'TraCuuHoSo' })).message).toContain(
      'Phiên',
    );
    const { session } = await post('/mapi/login', { username: 'a', password: 'b' });
    expect((await post('/mapi/g', { session, service: 'TraCuuHoSo' })).message).toContain('madonvi');
    expect((await call('toString')).error_code).toBe(-1);
  });

  test('refuses to create an existing dossier or to update a missing one', async () => {
    expect((await put('True', ITEM)).message).toContain('không tồn tại');
    expect((await put('False', ITEM)).error_code).toBe(0);
    expect(await put('False', ITEM)).toMatchObject({ error_code: -3, message: expect.stringContaining('đã tồn tại') });
    expect((await put('True', { ...ITEM, GhiChu: 'mới' })).error_code).toBe(0);
    expect(simulator.ledger.count('dossier')).toBe(2);
    expect((await call('TraCuuHoSo', { mahoso: ITEM.MaHoSo })).result).toMatchObject([
      { GhiChu: 'mới', TienDoXuLy: [] },
    ]);
    expect((await call('TraCuuHoSo', { mahoso: 'x' })).result).toEqual([]);
  });

  test.each([
    ['isUpdating', [false, ITEM]],
    ['data', ['False']],
    ['phải là chuỗi', ['False', { ...ITEM, TrangThaiHoSo: 2 }]],
    ['phải là danh sách', ['False', { ...ITEM, TaiLieuNop: '' }]],
    ['yyyyMMddHHmmss', ['False', { ...ITEM, NgayHenTra: '2025-08-19' }]],
    ['IsDeleted', ['False', { ...ITEM, TaiLieuNop: [{ IsDeleted: 'false' }] }]],
    ['TenTTHC', ['False', { ...ITEM, TenTTHC: '' }]],
    ['Email', ['False', { ...ITEM, Email: undefined }]],
    ['Trạng thái', ['False', { ...ITEM, TrangThaiHoSo: '11' }]],
    ['TrichYeuHoSo', ['False', { ...ITEM, TrichYeuHoSo: 'x'.repeat(1_000) }]],
  ])('refuses a dossier that the portal could not read: %s', async (word, [isUpdating, ...data]) => {
    expect(await put(isUpdating, ...(data as object[]))).toMatchObject({ message: expect.stringContaining(word) });
    expect(simulator.ledger.count()).toBe(0);
  });

  test('counts other kinds of papers in numbers', async () => {
    const other = [{ TenGiayTo: 'Ảnh', SoLuong: 2, LoaiGiayTo: 1 }];
    expect((await put('False', { ...ITEM, DanhSachTepDinhKemKhac: other })).error_code).toBe(0);
  });

  test.each([
    ['10', Array.from({ length: 11 }, () => STEP)],
    ['không tồn tại', [{ ...STEP, MaHoSo: 'H60.01-250812-0099' }]],
    ['NguoiXuLy', [{ ...STEP, NguoiXuLy: '' }]],
    ['NguoiXuLy quá dài', [{ ...STEP, NguoiXuLy: 'x'.repeat(51) }]],
    ['Trạng thái', [{ ...STEP, TrangThai: '0' }]],
    ['data', []],
  ])('refuses a call of steps that the portal could not take: %s', async (word, data) => {
    await put('False', ITEM);
    expect(await call('CapNhatTienDoHoSoMC', { data })).toMatchObject({ message: expect.stringContaining(word) });
    expect(simulator.ledger.count('progress')).toBe(0);
  });

  test('has no key for steps, so a repeated step is a second step', async () => {
    await put('False', ITEM);
    await call('CapNhatTienDoHoSoMC', { data: [STEP] });
    await call('CapNhatTienDoHoSoMC', { data: [STEP] });
    expect((await call('TraCuuHoSo', { mahoso: ITEM.MaHoSo })).result).toMatchObject([{ TienDoXuLy: [STEP, STEP] }]);
    expect(simulator.ledger.repeats()).toBe(1);
  });

  test('serves lists, and a procedure by the short or long form of its code', async () => {
    expect((await call('LayDanhSachTTHC')).result).toHaveLength(3);
    expect((await call('LayDanhMucCoQuan')).result).toHaveLength(3);
    expect((await call('LayDanhMucLinhVuc')).result).toHaveLength(1);
    for (const maTTHC of ['1.001612', '1.001612.000.00.00.H60'])
      expect((await call('LayThuTuc', { maTTHC })).result).toMatchObject([{ MATTHC: '1.001612.000.00.00.H60' }]);
    expect((await call('LayThuTuc', { maTTHC: '3.000001' })).result).toEqual([]);
  });

  test('has samples without a seed catalogue', () => {
    expect(loadCatalogue('/nonexistent')).toEqual(SAMPLES);
  });
});
