import { describe, expect, test } from 'vitest';
import type { RecordItem } from '#core/dossier/item';
import { createCodes } from './codes.ts';
import { readProgress, stepKey, writeProgress } from './progress.ts';
import { readStatusReport } from './status-report.ts';

/** The synthetic item of domain 2.11. */
const ITEM = {
  MaHoSo: 'H60.01-250812-0035',
  NguoiXuLy: 'Trần B',
  ChucDanh: '',
  ThoiDiemXuLy: '20250813090000',
  PhongBanXuLy: '',
  NoiDungXuLy: 'Đang thẩm định',
  TrangThai: '4',
  NgayBatDau: '',
  NgayKetThucTheoQuyDinh: '',
};

describe('a step in the dialect of the national portal', () => {
  test('the sample of the specification becomes a step at its real time', () => {
    expect(readProgress(ITEM)).toEqual({
      kind: 'record',
      operation: 'dossier.progress.v1',
      warnings: [],
      record: {
        code: 'H60.01-250812-0035',
        at: '2025-08-13T09:00:00+07:00',
        status: 'processing',
        actor: 'Trần B',
        content: 'Đang thẩm định',
      },
    });
  });

  test.each([
    [{ NguoiXuLy: '' }, ['/NguoiXuLy']],
    [{ NoiDungXuLy: null }, ['/NoiDungXuLy']],
    [{ ThoiDiemXuLy: '' }, ['/ThoiDiemXuLy']],
    [{ ThoiDiemXuLy: '20250813250000' }, ['/ThoiDiemXuLy']],
    [{ TrangThai: '' }, ['/TrangThai']],
    [{ MaHoSo: 'x' }, ['/MaHoSo']],
    [{ NgayBatDau: 'hôm qua' }, ['/NgayBatDau']],
  ])('invents nothing: %j is invalid', (change, paths) => {
    const item = readProgress({ ...ITEM, ...change });
    expect(item).toMatchObject({ kind: 'invalid', problems: paths.map((path) => ({ path })) });
  });

  test.each(['', null, undefined, '00000000000000'])(
    'a missing time (%j) is requested in the dialect’s form',
    (time) => {
      expect(readProgress({ ...ITEM, ThoiDiemXuLy: time })).toMatchObject({
        kind: 'invalid',
        problems: [{ path: '/ThoiDiemXuLy', message: expect.stringContaining('yyyyMMddHHmmss') }],
      });
    },
  );

  test('an unmapped status waits until the party maps it', () => {
    const raw = { ...ITEM, TrangThai: 11 };
    expect(readProgress(raw)).toMatchObject({
      kind: 'waiting',
      operation: 'dossier.progress.v1',
      code: 'H60.01-250812-0035',
      cause: { key: 'unmapped:national-status:11' },
    });
    expect(readProgress(raw, { codes: createCodes({ status: { '11': 'processing' } }) }).kind).toBe('record');
    expect(readProgress('x').kind).toBe('invalid');
  });

  test('reading a written step gives the same step; the officer is cut at 50 characters', () => {
    const { record } = readProgress({
      ...ITEM,
      ChucDanh: 'Chuyên viên',
      PhongBanXuLy: 'Phòng A',
      NgayBatDau: '20250813080000',
      NgayKetThucTheoQuyDinh: '20250814170000',
    }) as RecordItem<'dossier.progress.v1'>;
    const written = writeProgress(record, { code: record.code });
    expect((readProgress(written) as RecordItem).record).toEqual(record);
    expect(writeProgress({ ...record, actor: 'B'.repeat(80) }, { code: 'X' })).toMatchObject({
      MaHoSo: 'X',
      NguoiXuLy: 'B'.repeat(50),
    });
    expect(Object.values(written).every((value) => typeof value === 'string')).toBe(true);
    expect(Object.keys(written)).toEqual(Object.keys(ITEM));
  });

  test('time, status and officer identify a step', () => {
    expect(stepKey({ ...ITEM, TrangThai: 4, NoiDungXuLy: 'khác' })).toBe(stepKey(ITEM));
    expect(stepKey({ ...ITEM, TrangThai: '5' })).not.toBe(stepKey(ITEM));
  });
});

describe('a status report (DongBoTrangThaiHoSo)', () => {
  const REPORT = { MaHoSo: 'H60.01-250812-0035', TrangThai: '4', NgayXuLy: '20250813090000' };
  const read = (change: object = {}) => readStatusReport({ ...REPORT, ...change }, { agency: 'G22' });

  test('without words has those of its status, also if blanks surround the code', () => {
    for (const TrangThai of ['4', 4, ' 4 '])
      expect(read({ TrangThai })).toMatchObject({
        kind: 'record',
        record: { status: 'processing', actor: 'G22', content: 'Đang xử lý' },
        standIns: ['actor', 'content'],
      });
    expect(read({ NoiDung: 'Đang thẩm định' })).toMatchObject({
      record: { content: 'Đang thẩm định' },
      standIns: ['actor'],
    });
  });

  test('with an object in place of a code is invalid', () => {
    for (const TrangThai of [{ toString: 1 }, {}, ['4']])
      expect(read({ TrangThai })).toMatchObject({ kind: 'invalid', problems: [{ path: '/TrangThai' }] });
  });

  test('without a time asks for it in the form of the dialect', () => {
    expect(read({ NgayXuLy: '' })).toMatchObject({
      kind: 'invalid',
      problems: [{ path: '/NgayXuLy', message: expect.stringContaining('yyyyMMddHHmmss') }],
    });
  });
});
