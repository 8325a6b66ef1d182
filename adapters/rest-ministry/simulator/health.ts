import { formatLocal, msToInstant, parseLocal, textAt } from '#kit';
import { ministryRegistry, type SimulatorContext, type SimulatorReply, type SimulatorRequest } from '#kit/testing';

type Registry = ministryRegistry.Registry;
type Held = ministryRegistry.Held;
type HeldStep = ministryRegistry.HeldStep;
type Context = SimulatorContext<Registry>;
type Work = (given: unknown, context: Context) => object;
type Services = Readonly<Record<string, Work>>;

/** The client credentials that the ministry accepts. */
const CLIENT = `Basic ${Buffer.from('h60:mat-khau-thu-nghiem').toString('base64')}`;
const LGSP_KEY = 'khoa-lgsp-thu-nghiem';
/** The date format of this ministry. */
const DATE = 'yyyyMMddHHmmss';
const date = (ms: number): string => formatLocal(DATE, msToInstant(ms));
const { advance, changedIn, file, pageOf, receive } = ministryRegistry;

const answer = (code: string, message: string, data?: object) => ({
  error_code: code,
  message,
  data: data || undefined,
});
const DONE = (data?: object) => answer('0', 'Thành công', data);
const WRONG = answer('400', 'Dữ liệu không đúng định dạng');
const NOTHING = answer('404', 'Không có dữ liệu');

/**
 * A ministry behind a province's LGSP: a gateway token, a service key, POST for every call, status 200 for every
 * answer.
 */
export function health(stepMs: number) {
  const course: ministryRegistry.Course = { statuses: ['1', '2', '4'], stepMs };
  const services = { ...lookUps(course), ...changes(course) };
  return [
    { method: 'POST', path: '/lgsp/token', handle: giveToken },
    {
      method: 'POST',
      path: '/lgsp/DichVuHoSo/1.0/{service}',
      handle(request: SimulatorRequest, context: Context): SimulatorReply {
        if (!context.state.sessions.has(request.headers.authorization ?? ''))
          return { status: 401, body: { code: '900901', message: 'Invalid Credentials' } };
        if (request.headers.lgspaccesstoken !== LGSP_KEY) return { body: answer('403', 'Không có quyền') };
        const work = services[request.params.service as string];
        const given = request.json();
        if (!work) return { status: 404, body: { code: '404', message: 'No matching resource found' } };
        return { body: typeof given === 'object' && given !== null ? work(given, context) : WRONG };
      },
    },
  ];
}

/** Questions about the ministry's dossiers. */
const lookUps = (course: ministryRegistry.Course): Services => ({
  DanhSachHoSo(given, { state, now }) {
    advance(state, course, now());
    return listed(given, state.dossiers.values(), 'HoSo', rowOf);
  },
  DanhSachTienDo(given, { state, now }) {
    advance(state, course, now());
    return listed(given, state.steps, 'TienDo', stepRow);
  },
  TraCuuHoSo(given, { state, now }) {
    advance(state, course, now());
    const held = state.dossiers.get(textAt(given, 'MaHoSo') ?? '');
    return held ? DONE({ HoSo: [rowOf(held)] }) : NOTHING;
  },
  TraCuuTienDo(given, { state }) {
    const steps = state.steps.filter(({ code }) => code === textAt(given, 'MaHoSo'));
    return steps.length > 0 ? DONE({ TienDo: steps.map(stepRow) }) : NOTHING;
  },
});

/** Calls that change the ministry's dossiers. */
const changes = (course: ministryRegistry.Course): Services => ({
  TiepNhanHoSo(given, { state, ledger, now }) {
    const [one] = (given as { data?: readonly unknown[] }).data ?? [];
    const held = heldOf(one, now());
    if (!held) return WRONG;
    if (held.name.length > 100) return answer('422', `Tên chủ hồ sơ ${held.name} vượt quá 100 ký tự`);
    receive(state, held);
    ledger.record('dossier', held.code, one);
    return DONE({ SoTiepNhan: `YT-${held.code}` });
  },
  CapNhatTienDo(given, { state, ledger, now }) {
    const [one] = (given as { data?: readonly unknown[] }).data ?? [];
    const at = parseLocal(DATE, textAt(one, 'ThoiDiem') ?? '');
    if (!('instant' in at)) return WRONG;
    const text = (name: string): string => textAt(one, name) ?? '';
    const said = { code: text('MaHoSo'), status: text('TrangThai'), actor: text('CanBo'), content: text('NoiDung') };
    state.steps.push({ ...said, unit: '', atMs: Date.parse(at.instant), changedMs: now() });
    ledger.record('progress', said.code, one);
    return DONE();
  },
  NopHoSo(given, { state, now }) {
    const held = heldOf(given, now());
    if (!held) return WRONG;
    file(state, { ...held, filedMs: now() }, course, now());
    return DONE();
  },
});

function giveToken({ headers, text }: SimulatorRequest, { state }: Context): SimulatorReply {
  if (headers.authorization !== CLIENT) return { status: 401, body: { error: 'invalid_client' } };
  if (new URLSearchParams(text()).get('grant_type') !== 'client_credentials')
    return { status: 400, body: { error: 'unsupported_grant_type' } };
  const token = `the-${++state.issued}`;
  state.sessions.add(`Bearer ${token}`);
  return { body: { access_token: token, scope: 'default', token_type: 'Bearer', expires_in: 3600 } };
}

function listed<T extends { readonly changedMs: number }>(
  given: unknown,
  rows: Iterable<T>,
  name: string,
  show: (row: T) => object,
): object {
  const [from, to] = ['tuNgay', 'denNgay'].map((end) => parseLocal(DATE, textAt(given, end) ?? ''));
  const { trang, soDong } = given as { trang?: unknown; soDong?: unknown };
  if (!from || !to || !('instant' in from && 'instant' in to)) return WRONG;
  if (typeof trang !== 'number' || typeof soDong !== 'number') return answer('400', 'trang, soDong phải là số');
  const found = changedIn(rows, Date.parse(from.instant), Date.parse(to.instant));
  return DONE({ TongSo: found.length, [name]: pageOf(found, trang, soDong).map(show) });
}

function heldOf(given: unknown, nowMs: number): Held | undefined {
  const text = (path: string): string => textAt(given, path) ?? '';
  const at = parseLocal(DATE, text('NgayCapNhat'));
  if (text('MaHoSo') === '') return undefined;
  return {
    code: text('MaHoSo'),
    service: text('MaTTHC'),
    serviceName: text('TenTTHC'),
    agency: text('MaCoQuan'),
    name: text('ChuHoSo.HoTen'),
    identity: text('ChuHoSo.SoGiayTo'),
    phone: text('ChuHoSo.DienThoai'),
    abstract: text('TrichYeu'),
    fee: '50.000 đồng',
    status: text('TrangThai'),
    atMs: 'instant' in at ? Date.parse(at.instant) : nowMs,
    changedMs: nowMs,
  };
}

function rowOf(held: Held): object {
  return {
    MaHoSo: held.code,
    MaTTHC: held.service,
    TenTTHC: held.serviceName,
    MaCoQuan: held.agency,
    TrangThai: Number(held.status),
    NgayCapNhat: date(held.atMs),
    NgayTiepNhan: date(held.filedMs ?? held.atMs),
    NgayHenTra: '',
    ChuHoSo: { HoTen: held.name, SoGiayTo: held.identity, DienThoai: held.phone },
    TrichYeu: held.abstract,
    LePhi: [{ Ten: 'Lệ phí', SoTien: held.fee }],
  };
}

function stepRow({ code, status, atMs, actor, unit, content }: HeldStep): object {
  return { MaHoSo: code, TrangThai: status, ThoiDiem: date(atMs), CanBo: actor, DonVi: unit, NoiDung: content };
}
