import { isDeepStrictEqual } from 'node:util';
import { parseLocal, textAt } from '#kit';
import type { ministryRegistry, SimulatorContext, SimulatorReply, SimulatorRequest } from '#kit/testing';

type Context = SimulatorContext<ministryRegistry.Registry>;

const answer = (code: number, message: string, data: unknown = null): SimulatorReply => ({
  status: code,
  body: { code, message, data },
});

/** A newer portal of a ministry. It knows a dossier by its code, so a repeat changes nothing. */
export function ministryPortal() {
  return [
    { method: 'POST', path: '/dvc-bo/token', handle: giveToken },
    route('NoiHoSo', (given, context) => {
      const missing = ['MaTTHC', 'ChuHoSo', 'MaDonViTiepNhan', 'ThongTinNguoiNop.ThongTinChiTiet.TenNguoiNop'].find(
        (name) => textAt(given, name) === undefined,
      );
      if (missing) return answer(400, `Thiếu ${missing}`);
      if ('error' in parseLocal('yyyy-MM-dd HH:mm:ss', textAt(given, 'NgayNop') ?? ''))
        return answer(400, 'NgayNop sai');
      const maHoSo = take(given, 'handed-over', context);
      return answer(200, 'Thành công', { idHoSo: `id-${maHoSo}`, maHoSo });
    }),
    route('CapNhatTienTrinh', (given, context) => {
      if (textAt(given, 'NguoiXuLy') === undefined) return answer(400, 'Thiếu NguoiXuLy');
      if ('error' in parseLocal('iso-local', textAt(given, 'ThoiDiemXuLy') ?? ''))
        return answer(400, 'ThoiDiemXuLy sai');
      take(given, 'portal-step', context);
      return answer(200, 'Thành công');
    }),
    route('CapNhatTrangThai', (given, context) => {
      if (!context.ledger.entries().some(({ kind, key }) => kind === 'handed-over' && key === textAt(given, 'MaHoSo')))
        return answer(400, 'Không tìm thấy hồ sơ');
      take(given, 'portal-status', context);
      return answer(200, 'Thành công');
    }),
  ];
}

function route(name: string, work: (given: unknown, context: Context) => SimulatorReply) {
  return {
    method: 'POST',
    path: `/dvc-bo/${name}`,
    handle({ headers, json }: SimulatorRequest, context: Context): SimulatorReply {
      if (!context.state.sessions.has(headers.authorization ?? '')) return answer(401, 'Chưa có hoặc không đúng token');
      const body = json();
      // Updates come as lists.
      const given = Array.isArray(body) ? (body[0] as unknown) : body;
      return textAt(given, 'MaHoSo') === undefined ? answer(400, 'Thiếu MaHoSo') : work(given, context);
    },
  };
}

function giveToken({ text }: SimulatorRequest, { state }: Context): SimulatorReply {
  const form = new URLSearchParams(text());
  if (form.get('client_id') !== 'h60' || form.get('client_secret') !== 'mat-khau-thu-nghiem')
    return answer(401, 'Sai client_id hoặc client_secret');
  const token = `dvc-${++state.issued}`;
  state.sessions.add(`Bearer ${token}`);
  return { body: { access_token: token, expires_in: 3600 } };
}

function take(given: unknown, kind: string, { ledger }: Context): string {
  const key = textAt(given, 'MaHoSo') as string;
  const isKnown = ledger
    .entries()
    .some((one) => one.kind === kind && one.key === key && isDeepStrictEqual(one.content, given));
  if (!isKnown) ledger.record(kind, key, given);
  return key;
}
