import type { Dossier } from '#schemas/dossier.upsert.v1';
import { CODES, type Codes, codeOf } from './codes.ts';
import { DOSSIER } from './fields.ts';
import { keepOriginal, type Original } from './keep-original.ts';
import { isObject } from './values.ts';
import { type OnCut, type WireObject, writeFields } from './writing.ts';

export interface DossierFacts {
  /** The code by which the portal knows the dossier. It never changes. */
  readonly code: string;
  /** The procedure in the portal's catalogue, with its code in the portal's form. */
  readonly service?:
    | {
        readonly code: string;
        readonly name?: string | undefined;
        readonly fieldCode?: string | undefined;
        readonly fieldName?: string | undefined;
      }
    | undefined;
  readonly agency?: { readonly name?: string } | undefined;
  readonly codes?: Codes;
  /** The last item of this dialect about the dossier. It may have fields without a place in the record. */
  readonly original?: Original<Dossier> | undefined;
  readonly onCut?: OnCut;
}

/**
 * Writes a dossier as an item of `DongBoHoSoMC`. For a dossier that arrived in this dialect, unchanged fields keep the
 * sender's values. See keepOriginal.
 */
export function writeDossier(dossier: Dossier, facts: DossierFacts): WireObject {
  const written = writeRecord(dossier, facts);
  const { original, codes = CODES } = facts;
  if (!original || !isObject(original.item)) return written;
  const alone = writeRecord(original.record, { code: original.record.code, codes });
  return keepOriginal(codes, DOSSIER, { written, alone, raw: original.item });
}

/** The places of an item that its record has no place for. Readers and partners with another dialect do not get them. */
export function placesOutsideRecord(item: unknown, record: Dossier): readonly string[] {
  return contentOutsideRecord(item, record).flatMap(([path]) => (KEPT_OTHERWISE.has(path) ? [] : path));
}

/** The places of an item that say more than its record, with their values. */
export function contentOutsideRecord(
  item: unknown,
  record: Dossier,
): readonly (readonly [path: string, value: unknown])[] {
  if (!isObject(item)) return [];
  const alone = writeRecord(record, { code: record.code });
  const found: [string, unknown][] = [];
  keepOriginal(CODES, DOSSIER, { written: alone, alone, raw: item }, (...one) => found.push(one));
  return found;
}

/**
 * `SoBienNhan` becomes an alias, and `ThongTinTra` a part of the note. `MaDoiTuong` is stored, and written for some
 * dossiers only.
 */
const KEPT_OTHERWISE = new Set(['/SoBienNhan', '/ThongTinTra', '/GhiChu', '/MaDoiTuong']);

/**
 * Writes a record as an item: all fields, every value a text, lists never absent.
 *
 * `TrichYeuHoSo` is required. Without an abstract it is the procedure's name, because that is what the dossier asks
 * for. `MaDoiTuong` belongs only to dossiers filed online (domain 2.3).
 */
function writeRecord(dossier: Dossier, facts: DossierFacts): WireObject {
  const codes = facts.codes ?? CODES;
  const { applicant } = dossier;
  const service = { ...serviceOf(dossier), ...facts.service };
  const complete = {
    ...dossier,
    code: facts.code,
    serviceCode: service.code,
    serviceName: service.name,
    fieldCode: service.fieldCode,
    fieldName: service.fieldName,
    applicant: { ...applicant, techId: dossier.channel === 'online' ? applicant?.techId : undefined },
    abstract: dossier.abstract ?? service.name,
    processingUnit: dossier.processingUnit ?? dossier.agencyName ?? facts.agency?.name,
  };
  const item = writeFields(codes, DOSSIER, complete, facts.onCut);
  return {
    ...item,
    DanhSachHoSoBoSung: writeSupplements(item, dossier),
    HoSoCoThanhPhanSoHoa: writeDigitised(dossier),
    DinhDanhCHS: writeIdentity(codes, dossier),
    DSKetNoiCSDL: (dossier.databases ?? []).map((name) => ({ MaCSDL: name })),
  };
}

function serviceOf(dossier: Dossier): NonNullable<DossierFacts['service']> {
  return {
    code: dossier.serviceCode,
    name: dossier.serviceName,
    fieldCode: dossier.fieldCode,
    fieldName: dossier.fieldName,
  };
}

/** A supplement is settled after its receipt. */
function writeSupplements(item: WireObject, { supplements = [] }: Dossier): readonly WireObject[] {
  const written = item.DanhSachHoSoBoSung as readonly WireObject[];
  return written.map((one, at) => ({ ...one, TrangThaiBoSung: supplements[at]?.receivedAt ? 'True' : 'False' }));
}

/** Empty if it is unknown whether a paper is digitised. The field report judges a dossier in the same way. */
function writeDigitised({ documents = [] }: Dossier): string {
  const present = documents.filter((document) => !document.deleted);
  if (present.some((document) => document.digitised)) return '1';
  const isKnown = present.every((document) => document.digitised !== undefined);
  return isKnown && documents.some((document) => document.digitised !== undefined) ? '0' : '';
}

function writeIdentity(codes: Codes, { applicant }: Dossier): readonly WireObject[] {
  const kind = applicant?.identityKind && codeOf(codes, 'identity-kind', applicant.identityKind);
  return kind && applicant?.identityNumber ? [{ LoaiDinhDanh: kind, SoDinhDanh: applicant.identityNumber }] : [];
}
