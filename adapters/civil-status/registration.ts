import { XMLBuilder } from 'fast-xml-parser';
import { formatLocal, type Outgoing } from '#kit';
import { type Module, type Settings, unitOf } from './settings.ts';

type DossierItem = Outgoing<'dossier.upsert.v1'>;

const xml = new XMLBuilder({ ignoreAttributes: true, suppressEmptyNode: false });

/** What the ministry is told of a dossier that the one-stop received at `receivedAt`, by the call that its table names. */
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
    // A dossier that is no part of a bundle is its own.
    maHoSoLT: record.parentCode ?? code,
    maHoSoMCDT: code,
    ngayTiepNhan: formatLocal('dd/MM/yyyy HH:mm:ss', receivedAt),
    data: JSON.stringify({ hoTich: form }),
    // The hub keeps no files, only where they are: the ministry takes nothing but contents.
    fileDinhKem: [],
  };
}

/** The part of the declaration that a dossier holds: who asks, how to reach them, and where. The rest is the office's. */
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
