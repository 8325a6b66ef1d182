import { recipients } from '#core/dossier/route';
import { auditSubject } from '#core/identifiers/audit-subject';
import { cleanCode } from '#core/identifiers/identifiers';
import { disagrees, subjectOf } from '#core/records/kind';
import { say } from '#messages/message';
import type { Agency } from '#schemas/agency.upsert.v1';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Payment } from '#schemas/payment.v1';
import type { HubFile, KeyEntry } from '../../../config/config.ts';
import type { WholeDossier } from '../../../index/read.ts';
import type { AppContext } from '../../app-context.ts';
import { requireScopes } from '../../auth.ts';
import { Refusal } from '../../problem.ts';
import { argumentOf, type Call } from './items.ts';

export type PayableContext = Pick<
  AppContext,
  'index' | 'records' | 'kinds' | 'audit' | 'routes' | 'catalogue' | 'portalDialect'
>;

/** In this look-up 1 means an amount to pay, and 0 means none. */
const PAYABLE = 1;
const NOTHING = 0;
const ERROR = -1;

/** Not paid and not under way at a bank: paying again would pay twice. */
const OPEN = ['requested', 'initiated'] as const satisfies Payment['state'][];

export type PayableAnswer = { readonly error_code: number; readonly message: object };

/**
 * `dptracuuthanhtoanhs`: what is to be paid for a dossier (domain 9.4). A party sees the payments that it sent or that the
 * routes bring to it, in full, because the portal shows them to the payer. It sees the applicant if it told the hub of them, or
 * if the owner's routes bring the dossier or its payments to it. The audit records the read.
 */
export async function findPayable(hub: PayableContext, given: Call, key: KeyEntry): Promise<PayableAnswer> {
  requireScopes(key, 'payment:write');
  const account = hub.portalDialect?.account;
  if (!account) throw notConfigured('dptracuuthanhtoanhs', 'portalDialect.account');
  const code = cleanCode(argumentOf(given, 'MaHoSo', 'mahoso'));
  const found = code === '' ? undefined : await hub.index.one(code);
  if (found?.kind !== 'found') return { error_code: ERROR, message: [] };
  const { code: own } = found.dossier;
  const whole = await hub.index.whole(own);
  const payment = whole && (await openPayment(hub, whole.record, key.party));
  if (!payment) return { error_code: NOTHING, message: [] };
  const applicant = await applicantFor(hub, whole, key.party);
  const read = { actor: key.id, why: 'dptracuuthanhtoanhs' };
  const subject = auditSubject('record', subjectOf({ name: 'payment' }, payment.code));
  await Promise.all([
    hub.audit.write({ ...read, action: 'payment.read-personal', subject }),
    applicant && hub.audit.write({ ...read, action: 'dossier.read-personal', subject: auditSubject('dossier', own) }),
  ]);
  const dossier = { ...whole.record, applicant };
  const agency = (await hub.catalogue.one('agency', agencyCodeOf(payment, dossier)))?.record as Agency | undefined;
  return { error_code: PAYABLE, message: written(payment, dossier, agency, account) };
}

/** The applicant as this party may know them. */
async function applicantFor(
  { index, routes }: PayableContext,
  { record, owner }: WholeDossier,
  party = '',
): Promise<Dossier['applicant']> {
  const isRecipient =
    recipients(routes, owner, 'dossier.upsert.v1', record, owner).includes(party) ||
    recipients(routes, owner, 'payment.upsert.v1', {}).includes(party);
  if (owner === party || isRecipient) return record.applicant;
  return (await index.toldBy(record.code, party))?.record.applicant;
}

/** A service whose form or facts are not public, and that the settings do not describe. */
export function notConfigured(service: string, setting: string): Refusal {
  return new Refusal('bad-request', say('service-not-configured', { service, setting }));
}

/** The oldest open payment of a dossier that this party may see, and that agrees with the dossier. */
async function openPayment(
  { records, kinds, routes }: PayableContext,
  { code: dossier, status }: Pick<Dossier, 'code' | 'status'>,
  party: string | undefined,
): Promise<Payment | undefined> {
  const kind = kinds.byName('payment');
  if (!kind || party === undefined) return undefined;
  const page = await records.list(kind, { dossier, state: OPEN }, 100, undefined, true);
  const seen = page.filter(
    ({ owner }) => owner === party || recipients(routes, owner, 'payment.upsert.v1', {}).includes(party),
  );
  const payments = seen.map(({ json }) => JSON.parse(json) as Payment);
  return payments.findLast(({ state }) => !disagrees(kind, state, status));
}

type Account = NonNullable<NonNullable<HubFile['portalDialect']>['account']>;

/** A dossier, perhaps without its applicant. */
type Known = Omit<Dossier, 'applicant'> & { readonly applicant: Dossier['applicant'] | undefined };

/** A payment may go to another agency than that of its dossier. */
const agencyCodeOf = (payment: Payment, dossier: Known): string => payment.agencyCode ?? dossier.agencyCode;

/** Amounts are texts. The fields of fines are empty: the hub has fees alone. */
function written(payment: Payment, dossier: Known, agency: Agency | undefined, account: Account): object {
  const { code, amountVnd, items = [{ amountVnd }], payer } = payment;
  const { serviceCode, serviceName = '', applicant } = dossier;
  const agencyCode = agencyCodeOf(payment, dossier);
  const agencyName = agencyCode === dossier.agencyCode ? dossier.agencyName : undefined;
  return {
    MaTraCuuTT: code,
    MaDichVu: '2',
    // The code of a public service is that of its procedure and a number.
    MaDVC: `${serviceCode}.01`,
    TenDVC: serviceName,
    MaTTHC: serviceCode,
    TenTTHC: serviceName,
    MaDonVi: agencyCode,
    TenDonVi: agencyName ?? agency?.name ?? '',
    MaHoSo: dossier.code,
    PhiLePhi: items.map((item) => ({
      LoaiPhiLePhi: '1',
      MaPhiLePhi: item.code ?? '',
      TenPhiLePhi: item.name ?? '',
      SoTien: String(item.amountVnd),
    })),
    TKThuHuong: account.number,
    MaNHThuHuong: account.bank,
    TenTKThuHuong: account.name,
    MaLoaiHinhThuPhat: '',
    NoiDungThanhToan: items.map(({ name }) => name ?? '').join('; '),
    HoTenNguoiNop: payer?.name ?? applicant?.name ?? '',
    SoCMNDNguoiNop: applicant?.identityNumber ?? '',
    DiaChiNguoiNop: applicant?.address ?? '',
    HuyenNguoiNop: '',
    TinhNguoiNop: '',
    DSKhoanNop: items.map(({ name = '', amountVnd: amount }) => ({ NoiDung: name, SoTien: String(amount) })),
  };
}
