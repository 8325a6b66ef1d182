import type { ministryRegistry, SimulatorContext, SimulatorReply, SimulatorRequest } from '#kit/testing';

type Context = SimulatorContext<ministryRegistry.Registry>;

const TOKEN = 'khoa-thu-nghiem';
const NUMBER = '03706/2026/07906';

/** The social insurance. It has one dossier, with dates in two forms. */
export function socialInsurance() {
  return [
    {
      method: 'GET',
      path: '/bhxh/hoso/{code}',
      handle({ headers, params }: SimulatorRequest, { ledger }: Context): SimulatorReply {
        if (headers.authorization !== `Bearer ${TOKEN}`) return { status: 401, body: { message: 'Sai khóa' } };
        ledger.record('ask', params.code ?? '', {});
        return params.code === NUMBER ? { body: dossier } : { status: 404, body: { message: 'Không có hồ sơ' } };
      },
    },
  ];
}

const dossier = {
  Sohoso: NUMBER,
  Trangthai: 2,
  Ngayhentra: '2026-03-20T00:00:00+07:00',
  Ngayxulyxong: '2026-03-18T15:30:00+07:00',
  Quatrinh: [
    {
      Buoc: 1,
      Tenphongban: 'Bộ phận một cửa',
      Canboxuly: 'Hoàng Văn Đức',
      Tinhtrang: 'Đã xử lý',
      Lichsuquitrinhxulys: [{ Hanhdong: 'Tiếp nhận', Thoigianxuly: '10/03/2026 08:15' }],
    },
  ],
};
