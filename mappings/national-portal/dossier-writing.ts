import type { Dossier } from '#schemas/dossier.upsert.v1';
import { asItCame, type Original } from './as-it-came.ts';
import { CODES, type Codes, codeOf } from './codes.ts';
import { DOSSIER } from './fields.ts';
import { isObject } from './values.ts';
import { type OnCut, type WireObject, writeFields } from './writing.ts';

export interface DossierFacts {
  /** The code under which the portal knows the dossier; it stays the same for ever. */
  readonly code: string;
  /** What the portal's catalogue says of the procedure, its code in the portal's form. */
  readonly service?: {
    readonly code: string;
    readonly name?: string;
    readonly fieldCode?: string;
    readonly fieldName?: string;
  };
  readonly agency?: { readonly name?: string };
  readonly codes?: Codes;
  /** The last item of this dialect that told of the dossier: it may say more than the record has a place for. */
  readonly original?: Original<Dossier>;
  readonly onCut?: OnCut;
}

/**
 * A dossier as an item of `DongBoHoSoMC`. One that came in this dialect goes on as it came, but for what has changed
 * since; see asItCame.
 */
export function writeDossier(dossier: Dossier, facts: DossierFacts): WireObject {
  const written = writeRecord(dossier, facts);
  const { original, codes = CODES } = facts;
  if (!original || !isObject(original.item)) return written;
  const alone = writeRecord(original.record, { code: original.record.code, codes });
  return asItCame(codes, DOSSIER, { written, alone, raw: original.item });
}

/** The places of an item that say more than the record which was read from it has a place for. */
export function leftBehind(item: unknown, record: Dossier): readonly string[] {
  return besidesOf(item, record).flatMap(([path]) => (KEPT_OTHERWISE.has(path) ? [] : path));
}

/** What an item says besides the record that was read from it: places, with what stands there. */
export function besidesOf(item: unknown, record: Dossier): readonly (readonly [path: string, value: unknown])[] {
  if (!isObject(item)) return [];
  const alone = writeRecord(record, { code: record.code });
  const found: [string, unknown][] = [];
  asItCame(CODES, DOSSIER, { written: alone, alone, raw: item }, (...one) => found.push(one));
  return found;
}

/** `SoBienNhan` becomes an alias, `ThongTinTra` a part of the note; `MaDoiTuong` is kept, and written of some alone. */
const KEPT_OTHERWISE = new Set(['/SoBienNhan', '/ThongTinTra', '/GhiChu', '/MaDoiTuong']);

/**
 * A record as an item: all fields, every value a text, lists never absent.
 *
 * `TrichYeuHoSo` is required and not everybody has one: without an abstract it is the procedure's name, which is what
 * the dossier asks for. `MaDoiTuong` belongs to dossiers filed online alone (domain 2.3).
 */
function writeRecord(dossier: Dossier, facts: DossierFacts): WireObject {
  const codes = facts.codes ?? CODES;
  const { applicant } = dossier;
  const service = { ...serviceOf(dossier), ...facts.service };
  const told = {
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
  const item = writeFields(codes, DOSSIER, told, facts.onCut);
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
    ...(dossier.serviceName && { name: dossier.serviceName }),
    ...(dossier.fieldCode && { fieldCode: dossier.fieldCode }),
    ...(dossier.fieldName && { fieldName: dossier.fieldName }),
  };
}

/** A supplement is settled once it has come in. */
function writeSupplements(item: WireObject, { supplements = [] }: Dossier): readonly WireObject[] {
  const written = item.DanhSachHoSoBoSung as readonly WireObject[];
  return written.map((one, at) => ({ ...one, TrangThaiBoSung: supplements[at]?.receivedAt ? 'True' : 'False' }));
}

function writeDigitised({ documents = [] }: Dossier): string {
  if (documents.some((document) => document.digitised && !document.deleted)) return '1';
  return documents.some((document) => document.digitised !== undefined) ? '0' : '';
}

function writeIdentity(codes: Codes, { applicant }: Dossier): readonly WireObject[] {
  const kind = applicant?.identityKind && codeOf(codes, 'identity-kind', applicant.identityKind);
  return kind && applicant?.identityNumber ? [{ LoaiDinhDanh: kind, SoDinhDanh: applicant.identityNumber }] : [];
}
