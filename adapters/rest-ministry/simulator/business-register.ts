import type { ministryRegistry, SimulatorContext, SimulatorReply, SimulatorRequest } from '#kit/testing';

type Context = SimulatorContext<ministryRegistry.Registry>;

const LGSP_KEY = 'khoa-lgsp-thu-nghiem';

/** An enterprise as the register writes it: a list where others have one object, and an object where others have a list. */
const ENTERPRISE = {
  MaNoiBo: 'NB-0001',
  MaSoDoanhNghiep: '5000000001',
  SoGCNDKKD: '5000000001',
  MaLoaiHinhDN: '02',
  LoaiHinhDN: 'Công ty trách nhiệm hữu hạn hai thành viên trở lên',
  TenTiengViet: 'Công ty TNHH Thử Nghiệm Tân Trào',
  TenNuocNgoai: null,
  TenVietTat: 'TNTT',
  NgayDangKyLanDau: '12/08/2015',
  NgayDangKyThayDoi: '03/02/2025',
  SoLanDangKyThayDoi: 4,
  TinhTrangPhapLy: ['Đang hoạt động'],
  DiaChiTruSo: { DiaChi: [{ MaTinhThanh: 8 }] },
  NganhNgheKinhDoanh: { MaNganh: '4711', TenNganh: 'Bán lẻ tổng hợp', LaNganhChinh: true },
};
/** Two enterprises of one number, as after a wrong merger of books. */
const TWICE = '5000000002';

/** The business register behind an LGSP. It answers an unknown number with an empty list. */
export function businessRegister() {
  const route = (path: string, answer: (query: URLSearchParams) => object) => ({
    method: 'GET',
    path: `/lgsp/apiDKKD/${path}`,
    handle({ headers, query, path: asked }: SimulatorRequest, { state, ledger }: Context): SimulatorReply {
      if (!state.sessions.has(headers.authorization ?? ''))
        return { status: 401, body: { code: '900901', message: 'Invalid Credentials' } };
      if (headers.lgspaccesstoken !== LGSP_KEY) return { status: 403, body: { message: 'Không có quyền' } };
      ledger.record('ask', asked, Object.fromEntries(query));
      return { body: answer(query) };
    },
  });
  return [
    route('DoanhNghiep/chiTietDoanhNghiep', (query) => {
      const code = query.get('msdn');
      if (code === TWICE) return { GetEntCert: [1, 2].map(() => ({ ...ENTERPRISE, MaSoDoanhNghiep: TWICE })) };
      return { GetEntCert: code === ENTERPRISE.MaSoDoanhNghiep ? [ENTERPRISE] : [] };
    }),
    route('HoKinhDoanh/chiTietHoKinhDoanh', (query) => ({
      HHCert: query.get('mst') === '8000000001' ? [{ MaSoHKD: '8000000001', FOUNDING_DATE: '2019-03-05' }] : [],
    })),
  ];
}
