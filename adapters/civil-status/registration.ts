import { XMLBuilder } from 'fast-xml-parser';
import { formatLocal, type Outgoing } from '#kit';
import { type Module, type Settings, unitOf } from './settings.ts';

type DossierItem = Outgoing<'dossier.upsert.v1'>;

const xml = new XMLBuilder({ ignoreAttributes: true, suppressEmptyNode: false });

/**
 * The registration request for a dossier, in the form of the call that the module table names.
 *
 * @param receivedAt when the one-stop received the dossier
 */
export function registrationOf(settings: Settings, entry: Module, item: DossierItem, receivedAt: string): object {
  const { record, code } = item;
  const maDonVi = unitOf(settings, record.agencyCode);
  const form = formOf(item, maDonVi);
  if (entry.call === 'registration')
    return {
      maDonVi,
      ngayTiepNhan: formatLocal('yyyy-MM-dd', receivedAt),
      module: entry.module,
      maHoSo: code,
      data: xml.build({ hotich: { hoso: form } }),
    };
  return {
    maDonVi,
    module: entry.module,
    // A dossier outside a bundle is its own bundle.
    maHoSoLT: record.parentCode ?? code,
    maHoSoMCDT: code,
    ngayTiepNhan: formatLocal('dd/MM/yyyy HH:mm:ss', receivedAt),
    data: JSON.stringify({ hoTich: form }),
    // The ministry wants file contents. The hub has only addresses.
    fileDinhKem: [],
  };
}

/** The members of the declaration that a dossier holds: requester, contact and address. The office enters the rest. */
function formOf({ record, service }: DossierItem, maDonVi: string): Readonly<Record<string, string>> {
  const { applicant } = record;
  const isPersonalCode = applicant?.identityKind === 'cccd';
  const members: Readonly<Record<string, string | undefined>> = {
    maTTHC: record.serviceCode,
    tenTTHC: record.serviceName ?? service?.name,
    noiDangKy: maDonVi,
    nycHoTen: applicant?.name,
    nycSoDDCN: isPersonalCode ? applicant.identityNumber : undefined,
    nycSoGiayToTuyThan: applicant?.identityNumber,
    nycNoiCuTru: applicant?.address,
    nycSoDienThoai: applicant?.phone,
    nycEmail: applicant?.email,
    ghiChu: record.abstract,
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
}
