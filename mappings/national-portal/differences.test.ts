import { describe, expect, test } from 'vitest';
import { differences } from './differences.ts';
import { readServiceFacts } from './procedure.ts';

const WRITTEN = {
  MaHoSo: 'X',
  TrangThaiHoSo: '2',
  NgayTra: '',
  ChuHoSo: 'Nguyễn Văn A',
  TaiLieuNop: [{ TepDinhKemId: '1', IsDeleted: 'False' }],
  NhomMoi: { a: [1, true] },
};

describe('the portal’s answer compared with our item', () => {
  test.each([
    [{ ...WRITTEN }, []],
    [{}, []],
    [{ MaHoSo: 'X', TenTrangThai: 'x', TienDoXuLy: [] }, []],
    [{ TrangThaiHoSo: 2, NgayTra: null, ChuHoSo: ' Nguyễn Văn A'.normalize('NFD') }, []],
    [{ TaiLieuNop: { TepDinhKemId: 1, IsDeleted: false, Them: 1 } }, []],
    [{ TrangThaiHoSo: '4', NgayTra: '20250819100000' }, ['/TrangThaiHoSo', '/NgayTra']],
    [{ TaiLieuNop: [{ TepDinhKemId: '1', IsDeleted: 'True' }] }, ['/TaiLieuNop/0/IsDeleted']],
    [{ TaiLieuNop: [] }, ['/TaiLieuNop']],
    [{ TaiLieuNop: 'x' }, ['/TaiLieuNop']],
    [{ ChuHoSo: {} }, ['/ChuHoSo']],
    [{ NhomMoi: { a: ['1', 'True'] } }, []],
    [{ NhomMoi: { a: [1] } }, ['/NhomMoi/a']],
    [{ NhomMoi: 'x' }, ['/NhomMoi']],
  ])('%j', (returned, expected) => {
    expect(differences(returned, WRITTEN)).toEqual(expected);
  });
});

describe('the procedure of a dossier', () => {
  const PROCEDURE = {
    MATTHC: '1.013225',
    TENTTHC: ' Thủ tục ',
    LINHVUCTHUCHIEN: [{ MALINHVUC: 'G03-GD10', TENLINHVUC: 'Lĩnh vực' }],
    CACHTHUCTHUCHIEN: [{ KENH: '9' }],
  };

  test('is read despite other errors in the procedure, and only if complete', () => {
    expect(readServiceFacts(PROCEDURE)).toEqual({
      code: '1.013225',
      name: 'Thủ tục',
      fieldCode: 'G03-GD10',
      fieldName: 'Lĩnh vực',
    });
    for (const change of [{ TENTTHC: '' }, { LINHVUCTHUCHIEN: null }, { LINHVUCTHUCHIEN: [{ MALINHVUC: 'G03-GD10' }] }])
      expect(readServiceFacts({ ...PROCEDURE, ...change })).toBeUndefined();
    expect(readServiceFacts(undefined)).toBeUndefined();
  });
});
