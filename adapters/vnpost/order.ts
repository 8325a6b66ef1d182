import type { Outgoing } from '#kit';
import type { Person } from '#schemas/people';
import type { PostalOrder } from '#schemas/postal-order.v1';
import { formOf, officeOf, type Settings } from './settings.ts';

/** One end of an order, in VNPost's terms. */
interface End {
  readonly name: string;
  readonly address: string;
  readonly phone: string;
  readonly email: string;
  readonly province: number;
  readonly district: number;
}

/** The sender and the receiver of an order. The office is the one end, the citizen the other. */
export interface Ends {
  readonly sender: End;
  readonly receiver: End;
}

/**
 * The ends of an order, or the member of the record that is not complete: VNPost needs a name, an address and a phone. An order
 * that names no agency is that of the agency of its dossier.
 */
export function endsOf(
  settings: Settings,
  { record: order, dossier }: Pick<Outgoing<'postal-order.upsert.v1'>, 'record' | 'dossier'>,
): Ends | 'sender' | 'receiver' {
  const member = order.direction === 'return' ? 'receiver' : 'sender';
  const citizen = citizenEnd(settings, order[member]);
  if (!citizen) return member;
  const agency = order.agencyCode ?? dossier?.agencyCode;
  const { name, address, phone, email = '', province, district = 0 } = officeOf(settings, agency);
  const office = { name, address, phone, email, province, district };
  return order.direction === 'return' ? { sender: office, receiver: citizen } : { sender: citizen, receiver: office };
}

function citizenEnd({ citizenProvince, office }: Settings, person: Person | undefined): End | undefined {
  const { name, address, phone, email = '' } = person ?? {};
  if (name === undefined || address === undefined || phone === undefined) return undefined;
  return { name, address, phone, email, province: citizenProvince ?? office.province, district: 0 };
}

/** The body of an order, in the form of the settings (domain 9.3; domain-2 1.5). */
export function orderBody(settings: Settings, order: PostalOrder, ends: Ends, itemCode: string | undefined): object {
  switch (formOf(settings)) {
    case 'ngsp':
      return ngspBody(settings, order, ends);
    case 'hcc':
      return hccBody(settings, order, ends);
    default:
      return lgspBody(settings, order, ends, itemCode);
  }
}

export function cancelBody(settings: Settings, orderNumber: string): object {
  const { customerCode } = settings;
  return formOf(settings) === 'ngsp'
    ? { customerCode, orderNumber }
    : { CustomerCode: customerCode, OrderNumber: orderNumber };
}

function lgspBody(
  { customerCode, description = '', flagConfig = 2 }: Settings,
  order: PostalOrder,
  { sender, receiver }: Ends,
  itemCode: string | undefined,
): object {
  return {
    CustomerCode: customerCode,
    ItemCode: itemCode ?? null,
    OrderNumber: order.code,
    CODAmount: order.codAmountVnd ?? 0,
    SenderProvince: sender.province,
    SenderDistrict: sender.district,
    SenderAddress: sender.address,
    SenderName: sender.name,
    SenderEmail: sender.email,
    SenderTel: sender.phone,
    SenderDesc: '',
    Description: description,
    ReceiverName: receiver.name,
    ReceiverAddress: receiver.address,
    ReceiverTel: receiver.phone,
    ReceiverProvince: receiver.province,
    ReceiverDistrict: receiver.district,
    ReceiverEmail: receiver.email,
    FlagConfig: flagConfig,
  };
}

function ngspBody(
  { customerCode, description = '' }: Settings,
  order: PostalOrder,
  { sender, receiver }: Ends,
): object {
  return {
    customerCode,
    orderNumber: order.code,
    codAmount: order.codAmountVnd ?? 0,
    senderProvince: sender.province,
    senderDistrict: sender.district,
    senderAddress: sender.address,
    senderName: sender.name,
    senderEmail: sender.email,
    senderTel: sender.phone,
    senderDesc: '',
    description,
    receiverName: receiver.name,
    receiverAddress: receiver.address,
    receiverTel: receiver.phone,
    receiverProvince: receiver.province,
    receiverDistrict: receiver.district,
    receiverEmail: receiver.email,
  };
}

/** The old API takes the members that its public client sets. */
function hccBody({ customerCode, description = '' }: Settings, order: PostalOrder, { sender, receiver }: Ends): object {
  return {
    MaTinhGui: sender.province,
    MaHuyenGui: sender.district,
    SoDonHang: order.code,
    MaKhachHang: customerCode,
    DiaChiNguoiGui: sender.address,
    TenNguoiGui: sender.name,
    EmailNguoiGui: sender.email,
    DienThoaiNguoiGui: sender.phone,
    NoiDungHang: description,
    SoTienCOD: order.codAmountVnd ?? 0,
    GhiChu: '',
    TenNguoiNhan: receiver.name,
    DiaChiNguoiNhan: receiver.address,
    DienThoaiNguoiNhan: receiver.phone,
    MaBuuGui: order.waybill ?? '',
    MaTinhNhan: receiver.province,
    MaHuyenNhan: receiver.district,
    EmailNguoiNhan: receiver.email,
  };
}
