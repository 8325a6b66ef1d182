import { formatLocal, msToInstant, type Outgoing } from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Payment } from '#schemas/payment.v1';
import { type Account, isPaygov, type Settings } from './settings.ts';
import { checksumOf, signatureOf } from './signatures.ts';

const VERSION = '1.0.6';
/** Sent where the payer has no identity number, as provinces do. */
const NO_IDENTITY = '000000000';
const LONGEST_NAME = 250;
const CUT_NAME = 200;

/**
 * The moment of a transaction: that of its request, so that each attempt and each later question has the same. Messages
 * have whole seconds. Rounded up, a platform that repeats the moment is never earlier than the request.
 */
export function transactionAt({ stateAt }: Pick<Payment, 'stateAt'>): string {
  return msToInstant(Math.ceil(Date.parse(stateAt) / 1000) * 1000);
}

const transactionTime = (payment: Pick<Payment, 'stateAt'>): string =>
  formatLocal('yyyyMMddHHmmss', transactionAt(payment));

/** When a payment was opened: the moment of INIT, whatever the platform reported later. */
function openedAt({ stateAt, moments = {} }: Pick<Payment, 'stateAt'> & Pick<Outgoing, 'moments'>): string {
  return moments.initiated ?? moments.requested ?? stateAt;
}

export interface Initiated {
  readonly payment: Payment;
  readonly dossier: Dossier;
  readonly account: Account | undefined;
  /** The catalogue's entry for the agency of the payment. */
  readonly agency: { readonly name: string } | undefined;
}

/** The request to open a payment. */
export function initBody(settings: Settings, initiated: Initiated): object {
  if (isPaygov(settings)) return paygovBody(settings, initiated);
  const { payment } = initiated;
  const members = {
    LoaiBanTin: 'INIT',
    PhienBan: VERSION,
    MaDoiTac: settings.partnerCode,
    MaThamChieu: payment.code,
    SoTien: String(payment.amountVnd),
    LoaiHinhThanhToan: 'PAY',
    MaKenhThanhToan: '1',
    MaThietBi: '1',
    NgonNgu: 'vi-VN',
    MaTienTe: 'VND',
    MaNganHang: 'PAYMENT',
    ThongTinGiaoDich: infoOf(payment),
    ThoiGianGD: transactionTime(payment),
    Ip: settings.ip ?? '',
  };
  return {
    ...members,
    ThongTinBienLai: receiptDetails(settings, initiated),
    MaXacThuc: signatureOf('INIT', members, settings),
  };
}

const infoOf = ({ dossierCode }: Payment): string => `THANH TOAN HO SO ${dossierCode}`;

function receiptDetails({ feeKind = 'Phi' }: Settings, { payment, dossier, account, agency }: Initiated): object {
  const MaDVC = `${dossier.serviceCode}.01`;
  const info = infoOf(payment);
  const name = shortened(dossier.serviceName ?? '');
  const { agencyCode = dossier.agencyCode, items = [{ amountVnd: payment.amountVnd }] } = payment;
  // The dossier names its own agency, and another one may collect the fee.
  const agencyName = agencyCode === dossier.agencyCode ? (dossier.agencyName ?? agency?.name) : agency?.name;
  const { applicant } = dossier;
  const payer = payment.payer?.name ?? applicant?.name ?? '';
  // Somebody else who pays gets no receipt with the applicant's number and address.
  const own = payer.toLowerCase() === applicant?.name?.toLowerCase() ? applicant : undefined;
  return {
    MaDichVu: '2',
    MaTTHC: dossier.serviceCode,
    TenTTHC: name,
    MaDVC,
    TenDVC: name,
    MaDonVi: agencyCode,
    TenDonVi: agencyName ?? '',
    MaHoSo: payment.dossierCode,
    TKThuHuong: account?.number ?? '',
    TenTKThuHuong: account?.name ?? '',
    MaNHThuHuong: account?.bank ?? '',
    HoTenNguoiNop: payer,
    SoCMNDNguoiNop: own?.identityNumber ?? NO_IDENTITY,
    DiaChiNguoiNop: own?.address ?? '',
    NoiDungThanhToan: info,
    PhiLePhi: items.map((item) => ({
      LoaiPhiLePhi: feeKind,
      MaPhiLePhi: codeOf(item) ?? MaDVC,
      TenPhiLePhi: nameOf(item) ?? info,
      SoTien: String(item.amountVnd),
    })),
    DSKhoanNop: items.map((item) => ({ NoiDung: nameOf(item) ?? info, SoTien: String(item.amountVnd) })),
  };
}

type PaidItem = Partial<NonNullable<Payment['items']>[number]>;
const codeOf = ({ code }: PaidItem): string | undefined => code;
const nameOf = ({ name }: PaidItem): string | undefined => name;

function shortened(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, CUT_NAME)}...` : name;
}

function paygovBody(settings: Settings, { payment }: Initiated): object {
  const { partnerCode, returnUrl = '', ip = '', accessKey, serviceCode, initChecksum = [] } = settings;
  const members = {
    partnerCode,
    returnUrl,
    orderId: payment.code,
    amount: payment.amountVnd,
    orderInfo: infoOf(payment),
    requestCode: payment.code,
    ipAddress: ip,
    accessKey,
    serviceCode,
  };
  return { ...members, checksum: checksumOf(initChecksum, members, settings) };
}

/** A payment, and the moments of its states. */
export type Asked = Pick<Payment, 'code' | 'stateAt'> & Pick<Outgoing, 'moments'>;

/** The question about a transaction, or for its receipt. */
export function askBody(kind: 'QUERY' | 'GET_BILL', settings: Settings, payment: Asked): object {
  const members = {
    LoaiBanTin: kind,
    PhienBan: VERSION,
    MaDoiTac: settings.partnerCode,
    MaThamChieu: payment.code,
    ThoiGianGD: transactionTime({ stateAt: openedAt(payment) }),
  };
  return { ...members, MaXacThuc: signatureOf(kind, members, settings) };
}
