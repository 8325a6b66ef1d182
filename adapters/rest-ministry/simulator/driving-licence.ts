import { parseLocal, textAt } from '#kit';
import type { ministryRegistry, SimulatorContext, SimulatorReply, SimulatorRequest } from '#kit/testing';

type Context = SimulatorContext<ministryRegistry.Registry>;

const TOKEN = 'khoa-lgsp-thu-nghiem';
const PASSWORD = 'mat-khau-thu-nghiem';
const NUMBERS = [1, 2] as const;
const codeOf = (number: number): string => `H60.07-250812-000${number}`;
const RECEIVED_ON = '2025-08-12';

/** The ministry's system of driving licences: a login, and one address for every service. It has two dossiers. */
export function drivingLicence() {
  const route = (name: string, handle: (given: unknown, context: Context) => SimulatorReply) => ({
    method: 'POST',
    path: `/apiDVC-GPLX/tcdbdvcdata/mapi/${name}`,
    handle: ({ headers, json }: SimulatorRequest, context: Context): SimulatorReply =>
      headers.authorization === `Bearer ${TOKEN}`
        ? handle(json(), context)
        : { status: 401, body: { error_code: '401', message: 'Sai khóa' } },
  });
  return [
    route('login', (given, { state }) => {
      if (textAt(given, 'password') !== PASSWORD) return { body: { error_code: '1', result: 'Sai mật khẩu' } };
      const session = `phien-${++state.issued}`;
      state.sessions.add(session);
      return { body: { error_code: '0', result: '', session } };
    }),
    route('g', (given, { state }) => {
      if (!state.sessions.has(textAt(given, 'session') ?? '')) return { status: 401, body: { error_code: '401' } };
      return textAt(given, 'service') === 'DanhSachHoSo' ? listed(given) : detailed(given);
    }),
  ];
}

function listed(given: unknown): SimulatorReply {
  const [from, to] = ['ngayNhan1', 'ngayNhan2'].map((end) => textAt(given, end) ?? '');
  if (!from || !to || 'error' in parseLocal('yyyy-MM-dd', from)) return { body: { error_code: '2' } };
  const isWithin = from <= RECEIVED_ON && RECEIVED_ON <= to;
  const row = (number: number): object => ({
    maDangKyDvc: `DK${number}`,
    maHoSo: codeOf(number),
    hoTen: 'Nguyễn Văn An',
    soCmnd: '001000000001',
    ngayNhanHoSo: RECEIVED_ON,
    ngayHenTraGplx: '2025-08-26',
    lyDoDoiGplx: 'Đổi giấy phép hết hạn',
    hoSoDinhKem: [],
  });
  return { body: { data: isWithin ? NUMBERS.map(row) : [] } };
}

function detailed(given: unknown): SimulatorReply {
  const code = textAt(given, 'mahoso') ?? '';
  if (!NUMBERS.some((number) => codeOf(number) === code)) return { body: { data: [] } };
  return {
    body: {
      data: [
        {
          MaTTHC: '1.002809',
          TenDVC: 'Đổi giấy phép lái xe',
          MaHoSo: code,
          MaTrangThai: '2',
          DonViXuLy: 'Phòng Cảnh sát giao thông',
          NgayNop: '12/08/2025 08:00:00',
          NgayTiepNhan: '12/08/2025 08:15:00',
          NgayHenTra: '26/08/2025 17:00:00',
          HinhThucNhanKQ: '1',
        },
      ],
    },
  };
}
