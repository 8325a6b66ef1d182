import { textAt } from '#kit';
import type { ministryRegistry, SimulatorContext, SimulatorReply, SimulatorRequest } from '#kit/testing';

type Context = SimulatorContext<ministryRegistry.Registry>;

const TOKEN = 'khoa-thu-nghiem';
/** One stored paper of each owner, except of owners whose number ends with 9. */
const paper = {
  MaKetQua: 'KQ.G15.000001',
  TenGiayTo: 'Giấy chứng sinh',
  SoKyHieu: '12/GCS',
  CoQuanChuQuan: 'G15',
  DanhSachTepDinhKem: [{ TenTep: 'giay-chung-sinh.pdf', DuongDan: '/2025/08/giay-chung-sinh.pdf' }],
};

/** The national store of digitised results. It says which papers of an owner it has. */
export function digitisedStore() {
  return [
    {
      method: 'POST',
      path: '/kho-so-hoa/tra-cuu',
      handle({ headers, json }: SimulatorRequest, { ledger }: Context): SimulatorReply {
        if (headers.authorization !== `Bearer ${TOKEN}`) return answer('401', 'Sai khóa');
        const given = json();
        const [owner, requester] = ['SoDinhDanhChuSoHuu', 'SoDinhDanhNguoiYeuCau'].map((name) => textAt(given, name));
        if (owner === undefined || requester === undefined) return answer('403', 'Thiếu số định danh');
        ledger.record('ask', owner, given);
        return owner.endsWith('9')
          ? answer('404', 'Không có giấy tờ')
          : answer('0', '', { DanhSachGiayToKetQua: [paper] });
      },
    },
  ];
}

function answer(errorCode: string, message: string, result?: object): SimulatorReply {
  return { body: { errorCode, message, signature: '', result: result ?? null } };
}
