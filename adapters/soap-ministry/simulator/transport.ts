import { passwordDigest } from 'soap';
import { msToInstant } from '#kit';
import { ministryRegistry, type SimulatorContext } from '#kit/testing';
import { Fault, type Given, type Ministry, type Operation } from './server.ts';

const { advance, changedIn, file, pageOf, receive } = ministryRegistry;
type Course = ministryRegistry.Course;
type Held = ministryRegistry.Held;
type HeldStep = ministryRegistry.HeldStep;
type Registry = ministryRegistry.Registry;

type Context = SimulatorContext<Registry>;

/** The password that the ministry accepts. */
const TRANSPORT_PASSWORD = 'mat-khau-thu-nghiem';
const FAILED = 'wsse:FailedAuthentication';

const ok = (inner: object = {}) => ({ maLoi: '0', moTa: 'Thành công', ...inner });
const fails = (code: string, words: string) => ({ return: { ketQua: { maLoi: code, moTa: words } } });

/** A ministry in the manner of JAX-WS: typed elements, a UsernameToken with a digest, details one by one. */
export function transport(stepMs: number): Ministry {
  const course: Course = { statuses: ['TIEP_NHAN', 'DANG_XU_LY', 'HOAN_THANH'], stepMs };
  const operations: Readonly<Record<string, Operation>> = {
    layDanhSachHoSo: admitted((args, { state, now }) => {
      advance(state, course, now());
      return listed(args, state.dossiers.values(), 'hoSo', ({ code, status, atMs }) => ({
        maHoSo: code,
        trangThai: status,
        thoiDiemCapNhat: msToInstant(atMs),
      }));
    }),
    layDanhSachTienDo: admitted((args, { state, now }) => {
      advance(state, course, now());
      return listed(args, state.steps, 'tienDo', stepRow);
    }),
    xemHoSo: admitted(({ maHoSo }, { state, now }) => {
      advance(state, course, now());
      const held = state.dossiers.get(maHoSo);
      return held ? { return: { ketQua: ok(), hoSo: rowOf(held) } } : fails('4', 'Không tìm thấy hồ sơ');
    }),
    xemTienDo: admitted(({ maHoSo }, { state }) => {
      const steps = state.steps.filter(({ code }) => code === maHoSo);
      return steps.length > 0
        ? { return: { ketQua: ok(), tienDo: steps.map(stepRow) } }
        : fails('4', 'Không tìm thấy hồ sơ');
    }),
    guiHoSo: admitted(({ hoSo }, { state, ledger, now }) => {
      if (!hoSo?.maHoSo) throw new Fault('client', 'Thiếu mã hồ sơ', 'tns:DuLieuSai');
      receive(state, heldOf(hoSo, now()));
      ledger.record('dossier', hoSo.maHoSo, hoSo);
      return { return: ok() };
    }),
    guiTienDo: admitted(({ tienDo }, { state, ledger, now }) => {
      const {
        maHoSo: code,
        trangThai: status,
        thoiDiem,
        nguoiXuLy: actor = '',
        donVi: unit = '',
        noiDung: content = '',
      } = tienDo;
      state.steps.push({ code, status, atMs: Date.parse(thoiDiem), changedMs: now(), actor, unit, content });
      ledger.record('progress', code, tienDo);
      return { return: ok() };
    }),
    nopHoSo({ hoSo }, { state, now }) {
      file(state, { ...heldOf(hoSo, now()), filedMs: now() }, course, now());
      return { return: ok() };
    },
  };
  return { path: '/HoSoWS', version: '1.2', service: 'HoSoWSService', port: 'HoSoWSPort', operations };
}

/** Sessions are counted here too. The fault `session-expired` fails the next call like one whose token is too old. */
function admitted(work: (args: Given, context: Context) => object): Operation {
  return (args, context, security) => {
    const token = (security as { UsernameToken?: Given } | undefined)?.UsernameToken;
    const [nonce, created] = [textOf(token?.Nonce), textOf(token?.Created)];
    if (!token || textOf(token.Password) !== passwordDigest(nonce, created, TRANSPORT_PASSWORD))
      throw new Fault('client', 'Không xác thực được người dùng', FAILED);
    return work(args, context);
  };
}

function listed<T extends { readonly changedMs: number }>(
  { tuThoiDiem, denThoiDiem, trang, kichThuoc }: Given,
  rows: Iterable<T>,
  name: string,
  show: (row: T) => object,
): object {
  const found = changedIn(rows, Date.parse(tuThoiDiem), Date.parse(denThoiDiem));
  const page = pageOf(found, Number(trang), Number(kichThuoc));
  return { return: { ketQua: ok({ tongSo: String(found.length) }), [name]: page.map(show) } };
}

function heldOf(given: Given, nowMs: number): Held {
  return {
    code: given.maHoSo,
    service: given.maThuTuc ?? '',
    serviceName: given.tenThuTuc ?? '',
    agency: given.maCoQuan ?? '',
    name: given.nguoiNop?.hoTen ?? '',
    identity: given.nguoiNop?.cccd ?? '',
    phone: given.nguoiNop?.dienThoai ?? '',
    abstract: given.noiDung ?? '',
    fee: '150000.00',
    status: given.trangThai,
    atMs: Date.parse(given.thoiDiemCapNhat),
    changedMs: nowMs,
  };
}

function rowOf(held: Held): object {
  return {
    maHoSo: held.code,
    maThuTuc: held.service,
    tenThuTuc: held.serviceName,
    maCoQuan: held.agency,
    trangThai: held.status,
    thoiDiemCapNhat: msToInstant(held.atMs),
    thoiDiemTiepNhan: msToInstant(held.filedMs ?? held.atMs),
    nguoiNop: { hoTen: held.name, cccd: held.identity, dienThoai: held.phone },
    noiDung: held.abstract,
    lePhi: [{ ten: 'Lệ phí', soTien: held.fee }],
  };
}

function stepRow({ code, status, atMs, actor, unit, content }: HeldStep): object {
  return {
    maHoSo: code,
    trangThai: status,
    thoiDiem: msToInstant(atMs),
    nguoiXuLy: actor,
    donVi: unit,
    noiDung: content,
  };
}

function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? String((value as Given).$value ?? '') : String(value ?? '');
}
