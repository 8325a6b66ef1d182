import { isSecret, sha256Hex } from '#kit';
import type { Settings } from './settings.ts';

type Members = Readonly<Record<string, unknown>>;

/** The signed members of each message, in order (domain 9.4, domain-2 1.6). The secret follows them. */
const INIT = [
  'LoaiBanTin',
  'PhienBan',
  'MaDoiTac',
  'MaThamChieu',
  'SoTien',
  'LoaiHinhThanhToan',
  'MaKenhThanhToan',
  'MaThietBi',
  'NgonNgu',
  'MaTienTe',
  'MaNganHang',
  'ThongTinGiaoDich',
  'ThoiGianGD',
  'Ip',
] as const;
const QUERY = ['LoaiBanTin', 'PhienBan', 'MaDoiTac', 'MaThamChieu', 'ThoiGianGD'] as const;
const IPN = [
  'LoaiBanTin',
  'MaLoi',
  'MaDoiTac',
  'MaThamChieu',
  'SoTien',
  'MaTienTe',
  'MaGiaoDich',
  'MaNganHang',
  'ThoiGianGD',
  'ThongTinGiaoDich',
] as const;

const ORDER = { INIT, QUERY, GET_BILL: QUERY, IPN } as const;

/** `MaXacThuc`: SHA-256 of the members and the secret, joined by `|`, in lower-case hex. */
export function signatureOf(message: keyof typeof ORDER, members: Members, { secretKey }: Settings): string {
  return sha256Hex([...ORDER[message].map((name) => wireText(members[name])), secretKey].join('|'));
}

/** Whether a notification is signed with our secret. Compares in constant time. */
export function isSignedIpn(members: Members, settings: Settings): boolean {
  return isSecret(wireText(members.MaXacThuc).toLowerCase(), signatureOf('IPN', members, settings));
}

/** PayGov's checksum: SHA-256 of the secret and the named members without anything between them. */
export function checksumOf(names: readonly string[], members: Members, { secretKey }: Settings): string {
  return sha256Hex(secretKey + names.map((name) => wireText(members[name])).join(''));
}

export function isChecked(names: readonly string[], members: Members, settings: Settings): boolean {
  return isSecret(wireText(members.checksum).toLowerCase(), checksumOf(names, members, settings));
}

/** A member as the signing side writes it. Its blanks count. */
function wireText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
