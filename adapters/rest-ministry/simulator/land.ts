import { textAt } from '#kit';
import type { ministryRegistry, SimulatorContext, SimulatorReply, SimulatorRequest } from '#kit/testing';

type Context = SimulatorContext<ministryRegistry.Registry>;
type Work = 'received' | 'returned';

/** The user's password at iLIS, and the secret of the client. */
const PASSWORD = 'mat-khau-thu-nghiem';

const answer = (data: number, message: string): SimulatorReply => ({
  body: { data, status: { success: data === 1, code: data === 1 ? 200 : 400, type: 'json', message } },
});

/**
 * The land database: VBDLIS takes calls without a credential, iLIS with a token by the user's password. Both take a
 * dossier once and answer a repeat with an error whose sentence names it.
 */
export function land() {
  return [
    route('/vbdlis/tiepnhan', (given, context) => receive(given, context, 'numbers')),
    route('/vbdlis/capnhattrangthaitraketquahoso', giveBack),
    { method: 'POST', path: '/ilis/token', handle: giveToken },
    route('/ilis/TiepNhanHoSo', (given, context) => receive(given, context, 'texts'), true),
    route('/ilis/CapNhatTrangThaiHoSo', giveBack, true),
  ];
}

function route(path: string, work: (given: unknown, context: Context) => SimulatorReply, needsToken = false) {
  return {
    method: 'POST',
    path,
    handle: ({ headers, json }: SimulatorRequest, context: Context): SimulatorReply =>
      needsToken && !context.state.sessions.has(headers.authorization ?? '')
        ? { status: 401, body: '' }
        : work(json(), context),
  };
}

/** VBDLIS reads numbers in the places of the land, iLIS texts. */
function receive(given: unknown, context: Context, places: 'numbers' | 'texts'): SimulatorReply {
  const { TinhId, XaId } = (given ?? {}) as { readonly TinhId?: unknown; readonly XaId?: unknown };
  const isRead = (id: unknown): boolean => typeof id === (places === 'numbers' ? 'number' : 'string');
  if (!isRead(TinhId) || !isRead(XaId)) return answer(0, 'Địa bàn không hợp lệ');
  const needed = ['SoBienNhan', 'NguoiTiepNhan', 'ThongTinNguoiNopDon.HoTen', 'ThongTinQuyTrinh.MaQuyTrinh'];
  if (needed.some((path) => textAt(given, path) === undefined)) return answer(0, 'Thiếu thông tin bắt buộc');
  return take(given, context, 'received', 'Hồ sơ đã tồn tại trên hệ thống');
}

function giveBack(given: unknown, context: Context): SimulatorReply {
  const code = textAt(given, 'SoBienNhan');
  if (code === undefined || !/^\d{4}-\d\d-\d\dT/.test(textAt(given, 'NgayTra') ?? ''))
    return answer(0, 'Thiếu thông tin bắt buộc');
  return take(given, context, 'returned', 'Hồ sơ đã được trả kết quả');
}

const isDone = ({ state }: Context, code: string, work: Work): boolean =>
  state.steps.some((step) => step.code === code && step.status === work);

function take(given: unknown, context: Context, work: Work, repeated: string): SimulatorReply {
  const { state, ledger, now } = context;
  const code = textAt(given, 'SoBienNhan') as string;
  if (isDone(context, code, work)) return answer(0, repeated);
  const atMs = now();
  state.steps.push({ code, status: work, atMs, changedMs: atMs, actor: '', unit: '', content: '' });
  ledger.record(work === 'received' ? 'dossier' : 'returned', code, given);
  return answer(1, 'Thành công');
}

function giveToken({ text }: SimulatorRequest, { state }: Context): SimulatorReply {
  const form = new URLSearchParams(text());
  const isOurs = ['password', 'client_secret'].every((name) => form.get(name) === PASSWORD);
  if (form.get('grant_type') !== 'password' || !isOurs) return { status: 400, body: { error: 'invalid_grant' } };
  const token = `t-${++state.issued}`;
  state.sessions.add(`Bearer ${token}`);
  return { body: { access_token: token, expires_in: 3600, token_type: 'Bearer', refresh_token: 'r', scope: 'api' } };
}
