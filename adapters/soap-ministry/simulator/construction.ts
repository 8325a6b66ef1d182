import { XMLBuilder } from 'fast-xml-parser';
import { formatLocal, msToInstant, nodesAt, parseLocal, readXml, textAt, XmlProblem } from '#kit';
import { ministryRegistry, type SimulatorContext } from '#kit/testing';
import { Fault, type Given, type Ministry, type Operation } from './server.ts';

const { advance, changedIn, file, pageOf, receive } = ministryRegistry;
type Course = ministryRegistry.Course;
type Held = ministryRegistry.Held;
type HeldStep = ministryRegistry.HeldStep;
type Registry = ministryRegistry.Registry;

/** The date format of this ministry. */
const DATE = 'dd/MM/yyyy HH:mm:ss';
const xml = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@' });
const answer = (code: string, words: string, inner: object = {}): string =>
  xml.build({ KetQua: { Ma: code, ThongBao: words, ...inner } }) as string;
const date = (ms: number): string => formatLocal(DATE, msToInstant(ms));

type Context = SimulatorContext<Registry>;

/** A ministry in the manner of ASP.NET, with sessions and answers that are XML within a text. */
export function construction(stepMs: number): Ministry {
  const course: Course = { statuses: ['01', '02', '04'], stepMs };
  const operations = { ...lookUps(course), ...changes(course) };
  return { path: '/DichVuHoSo.asmx', version: '1.1', service: 'DichVuHoSo', port: 'DichVuHoSoSoap', operations };
}

type Operations = Readonly<Record<string, Operation>>;

/** Questions about the ministry's dossiers. */
const lookUps = (course: Course): Operations => ({
  DanhSachHoSo: admitted('DanhSachHoSo', (args, { state, now }) => {
    advance(state, course, now());
    return listed(args, state.dossiers.values(), 'HoSo', rowOf);
  }),
  DanhSachTienDo: admitted('DanhSachTienDo', (args, { state, now }) => {
    advance(state, course, now());
    return listed(args, state.steps, 'TienDo', stepRow);
  }),
  TraCuuHoSo: admitted('TraCuuHoSo', ({ maHoSo }, { state, now }) => {
    advance(state, course, now());
    const held = state.dossiers.get(maHoSo);
    return held ? answer('00', 'Thành công', { DanhSach: { HoSo: rowOf(held) } }) : answer('04', 'Không có dữ liệu');
  }),
  TraCuuTienDo: admitted('TraCuuTienDo', ({ maHoSo }, { state }) => {
    const steps = state.steps.filter(({ code }) => code === maHoSo);
    return steps.length > 0
      ? answer('00', 'Thành công', { DanhSach: { TienDo: steps.map(stepRow) } })
      : answer('04', 'Không có dữ liệu');
  }),
});

/** The login, and calls that change the ministry's dossiers. */
const changes = (course: Course): Operations => ({
  DangNhap({ tenDangNhap, matKhau }, { state }) {
    if (!tenDangNhap || !matKhau) return { DangNhapResult: answer('401', 'Sai tên đăng nhập hoặc mật khẩu') };
    const session = `phien-${++state.issued}`;
    state.sessions.add(session);
    return { DangNhapResult: answer('00', 'Thành công', { Phien: session }) };
  },
  TiepNhanHoSo: admitted('TiepNhanHoSo', ({ duLieu }, { state, ledger, now }) => {
    const given = documentIn(duLieu, 'HoSo');
    if (given === undefined) return answer('10', 'Dữ liệu không đúng định dạng');
    const held = heldOf(given, now());
    if (held.name.length > 100) return answer('11', `Tên chủ hồ sơ ${held.name} vượt quá 100 ký tự`);
    receive(state, held);
    ledger.record('dossier', held.code, given);
    return answer('00', 'Thành công', { SoTiepNhan: `TN-${held.code}` });
  }),
  CapNhatTienDo: admitted('CapNhatTienDo', ({ duLieu }, { state, ledger, now }) => {
    const given = documentIn(duLieu, 'TienDo');
    const at = parseLocal(DATE, textAt(given, 'ThoiDiem') ?? '');
    if (given === undefined || !('instant' in at)) return answer('10', 'Dữ liệu không đúng định dạng');
    const step = {
      code: textAt(given, 'MaHoSo') ?? '',
      status: textAt(given, 'TrangThai') ?? '',
      atMs: Date.parse(at.instant),
      changedMs: now(),
      actor: textAt(given, 'CanBo') ?? '',
      unit: '',
      content: textAt(given, 'NoiDung') ?? '',
    };
    state.steps.push(step);
    ledger.record('progress', step.code, given);
    return answer('00', 'Thành công');
  }),
  NopHoSo({ duLieu }, { state, now }) {
    const given = documentIn(duLieu, 'HoSo');
    if (given === undefined) throw new Fault('client', 'Dữ liệu không đúng định dạng');
    file(state, { ...heldOf(given, now()), filedMs: now() }, course, now());
    return { NopHoSoResult: answer('00', 'Thành công') };
  },
});

function admitted(name: string, work: (args: Given, context: Context) => string): Operation {
  return (args, context) => ({
    [`${name}Result`]: context.state.sessions.has(args.phien)
      ? work(args, context)
      : answer('401', 'Phiên làm việc đã hết hạn'),
  });
}

function listed<T extends { readonly changedMs: number }>(
  { tuNgay, denNgay, trang, soDong }: Given,
  rows: Iterable<T>,
  name: string,
  show: (row: T) => object,
): string {
  const [from, to] = [parseLocal(DATE, tuNgay ?? ''), parseLocal(DATE, denNgay ?? '')];
  if (!('instant' in from && 'instant' in to)) return answer('10', 'tuNgay, denNgay không đúng định dạng');
  const found = changedIn(rows, Date.parse(from.instant), Date.parse(to.instant));
  const page = pageOf(found, Number(trang), Number(soDong));
  if (page.length === 0) return answer('04', 'Không có dữ liệu', { TongSo: found.length });
  return answer('00', 'Thành công', { TongSo: found.length, DanhSach: { [name]: page.map(show) } });
}

function documentIn(text: unknown, root: string): unknown {
  try {
    return nodesAt(readXml(String(text ?? '')), root)[0];
  } catch (error) {
    if (error instanceof XmlProblem) return undefined;
    throw error;
  }
}

function heldOf(given: unknown, nowMs: number): Held {
  const text = (path: string): string => textAt(given, path) ?? '';
  const at = parseLocal(DATE, text('NgayCapNhat'));
  return {
    code: text('MaHoSo'),
    service: text('MaThuTuc'),
    serviceName: text('TenThuTuc'),
    agency: text('MaCoQuan'),
    name: text('ChuHoSo.HoTen'),
    identity: text('ChuHoSo.SoGiayTo'),
    phone: text('ChuHoSo.DienThoai'),
    abstract: text('TrichYeu'),
    fee: '1.000.000 đồng',
    status: text('TrangThai'),
    atMs: 'instant' in at ? Date.parse(at.instant) : nowMs,
    changedMs: nowMs,
  };
}

function rowOf(held: Held): object {
  return {
    MaHoSo: held.code,
    MaThuTuc: held.service,
    TenThuTuc: held.serviceName,
    MaCoQuan: held.agency,
    TrangThai: held.status,
    NgayCapNhat: date(held.atMs),
    NgayTiepNhan: date(held.filedMs ?? held.atMs),
    NgayHenTra: '',
    ChuHoSo: { '@Loai': '1', HoTen: held.name, SoGiayTo: held.identity, DienThoai: held.phone },
    TrichYeu: held.abstract,
    LePhi: { Khoan: [{ Ten: 'Lệ phí', SoTien: held.fee }] },
  };
}

function stepRow({ code, status, atMs, actor, unit, content }: HeldStep): object {
  return { MaHoSo: code, TrangThai: status, ThoiDiem: date(atMs), CanBo: actor, DonVi: unit, NoiDung: content };
}
