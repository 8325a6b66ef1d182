import { createHash } from 'node:crypto';
import { formatLocal, msToInstant } from '#kit';
import {
  defineSimulator,
  type SimulatorContext,
  type SimulatorDefinition,
  type SimulatorReply,
  type SimulatorRequest,
} from '#kit/testing';

/** The secret that this stand-in shares with its partner. */
export const SIMULATOR_SECRET = 'mat-ma-thu-nghiem';

interface Transaction {
  readonly reference: string;
  readonly partner: string;
  readonly amount: number;
  readonly info: string;
  readonly time: string;
  /** 1 paid, 3 pending, 4 failed; undefined before the citizen acts. */
  status?: '1' | '3' | '4';
  /** When the citizen acted, as `ThoiGianGD`. */
  actedAt?: string;
}

interface Platform {
  readonly transactions: Map<string, Transaction>;
}

type Context = SimulatorContext<Platform>;
type Body = Readonly<Record<string, unknown>>;
type Handler = (body: Body, context: Context, host: string) => SimulatorReply;

const INIT =
  'LoaiBanTin PhienBan MaDoiTac MaThamChieu SoTien LoaiHinhThanhToan MaKenhThanhToan MaThietBi NgonNgu MaTienTe MaNganHang ThongTinGiaoDich ThoiGianGD Ip'.split(
    ' ',
  );
const ASKED = 'LoaiBanTin PhienBan MaDoiTac MaThamChieu ThoiGianGD'.split(' ');
const IPN =
  'LoaiBanTin MaLoi MaDoiTac MaThamChieu SoTien MaTienTe MaGiaoDich MaNganHang ThoiGianGD ThongTinGiaoDich'.split(' ');

/** The platform. A citizen pays by opening the payment's page; references that end in 9 fail. */
export function paymentSimulator({ secret = SIMULATOR_SECRET } = {}): SimulatorDefinition {
  const signed = (names: readonly string[], handle: Handler) => {
    return ({ json, headers }: SimulatorRequest, context: Context): SimulatorReply => {
      const body = json() as Body | undefined;
      if (!body) return { body: { error_code: '-1', message: 'Nội dung không phải JSON', MaLoi: '99' } };
      if (body.MaXacThuc !== signature(names, body, secret))
        return { body: { error_code: '-2', message: 'Sai mã xác thực', MaLoi: '02', MoTaLoi: 'Sai mã xác thực' } };
      return handle(body, context, headers.host ?? '');
    };
  };
  return defineSimulator<Platform>({
    state: () => ({ transactions: new Map() }),
    routes: [
      { method: 'POST', path: '/init', handle: signed(INIT, open) },
      { method: 'POST', path: '/query', handle: signed(ASKED, query) },
      { method: 'POST', path: '/bill', handle: signed(ASKED, bill) },
      {
        method: 'GET',
        path: '/pay/{reference}',
        handle: ({ params }, context) => pay(params.reference ?? '', context),
      },
      {
        method: 'GET',
        path: '/ipn/{reference}',
        handle: ({ params }, { state }) => notificationReply(state, params.reference ?? '', secret),
      },
    ],
  });
}

export default paymentSimulator();

/** SHA-256 of the members and the secret, joined by `|`. */
export function signature(names: readonly string[], body: Body, secret: string): string {
  const text = [...names.map((name) => String(body[name] ?? '')), secret].join('|');
  return createHash('sha256').update(text).digest('hex');
}

/** A signed notification, as the platform posts it to the province. */
export function notification(members: Body, secret = SIMULATOR_SECRET): string {
  return JSON.stringify({ ...members, MaXacThuc: signature(IPN, members, secret) });
}

function open(body: Body, { state, ledger }: Context, host: string): SimulatorReply {
  const reference = String(body.MaThamChieu);
  const known = state.transactions.get(reference);
  const message = JSON.stringify({ UrlThanhToan: `http://${host}/pay/${reference}`, MaThamChieu: reference });
  // The same request again gets the same address.
  if (known) return { body: { error_code: '0', message } };
  const amount = Number(body.SoTien);
  if (!/^[A-Za-z0-9]+$/.test(reference) || !(amount > 0))
    return { body: { error_code: '-1', message: 'Dữ liệu không hợp lệ' } };
  const [partner, info, time] = [body.MaDoiTac, body.ThongTinGiaoDich, body.ThoiGianGD].map(String) as [
    string,
    string,
    string,
  ];
  state.transactions.set(reference, { reference, partner, amount, info, time });
  ledger.record('payment', reference, body);
  return { body: { error_code: '0', message } };
}

/** The transaction of a question. Each one names the moment of INIT, as provinces write it. */
function askedFor(body: Body, { transactions }: Platform): Transaction | undefined {
  const found = transactions.get(String(body.MaThamChieu));
  return found?.time === String(body.ThoiGianGD) ? found : undefined;
}

function query(body: Body, { state }: Context): SimulatorReply {
  const found = askedFor(body, state);
  if (!found) return { body: { MaLoi: '01', MoTaLoi: 'Không tìm thấy giao dịch' } };
  const { status = '3' } = found;
  return {
    body: { LoaiBanTin: 'QUERY', MaLoi: '00', MoTaLoi: 'Thành công', ...membersOf(found), TrangThaiGD: status },
  };
}

function bill(body: Body, { state }: Context): SimulatorReply {
  const found = askedFor(body, state);
  if (found?.status !== '1') return { body: { MaLoi: '01', MoTaLoi: 'Chưa có biên lai' } };
  return {
    headers: { 'content-type': 'application/pdf' },
    body: Buffer.from(`%PDF-1.4\n% ${found.reference}\n%%EOF\n`),
  };
}

/** A citizen pays, and the platform sends the browser back. Repeats change nothing. */
function pay(reference: string, { state, ledger, now }: Context): SimulatorReply {
  const found = state.transactions.get(reference);
  if (!found) return { status: 404, body: 'Không tìm thấy giao dịch' };
  if (found.status === undefined) {
    found.status = reference.endsWith('9') ? '4' : '1';
    found.actedAt = formatLocal('yyyyMMddHHmmss', msToInstant(now()));
    if (found.status === '1') ledger.record('paid', reference, { amount: found.amount, at: found.actedAt });
  }
  return { headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<p>Giao dịch đã được ghi nhận.</p>' };
}

/** The notification that the platform would post now. */
function notificationReply({ transactions }: Platform, reference: string, secret: string): SimulatorReply {
  const found = transactions.get(reference);
  if (found?.status === undefined) return { status: 404, body: 'Chưa có kết quả' };
  const members = { LoaiBanTin: 'IPN', MaLoi: found.status === '1' ? '00' : '01', ...membersOf(found) };
  return { headers: { 'content-type': 'application/json; charset=utf-8' }, body: notification(members, secret) };
}

/** The members that an answer to QUERY and a notification share. */
const membersOf = ({ partner, reference, amount, time, actedAt = time, info }: Transaction) => ({
  MaDoiTac: partner,
  MaThamChieu: reference,
  SoTien: amount,
  MaTienTe: 'VND',
  MaGiaoDich: transactionOf(reference),
  MaNganHang: 'VTB',
  ThoiGianGD: actedAt,
  ThongTinGiaoDich: info,
});

const transactionOf = (reference: string): string => `GD${reference}`;
