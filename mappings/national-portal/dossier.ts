import { startOfDay } from '#core/dates/dates';
import type { Item, RecordItem } from '#core/dossier/item';
import {
  agencyOfDossierCode,
  cleanCode,
  dayOfDossierCode,
  identityKindOf,
  isDossierCode,
  isPhone,
} from '#core/identifiers/identifiers';
import { problem } from '#core/problem';
import { unstorable } from '#core/vietnamese/text';
import { say } from '#messages/message';
import { received } from '#messages/received';
import type { Dossier, Status } from '#schemas/dossier.upsert.v1';
import { CODES, type Codes, codeOf, datesOf } from './codes.ts';
import { contentOutsideRecord } from './dossier-writing.ts';
import { DOSSIER, IDENTITY } from './fields.ts';
import { finishReading, missingStatus, notAnObject } from './finish.ts';
import { entriesOf, readFields } from './reading.ts';
import { type Raw, type Reading, startReading } from './reading-notes.ts';
import { isAbsent, isObject, plainText, readText } from './values.ts';

export interface DossierContext {
  /** The agency code of the call. It counts if the dossier's code names no other agency. */
  readonly madonvi: string;
  readonly codes?: Codes;
}

type Fields = Record<string, unknown>;

/**
 * Reads an item of `DongBoHoSoMC` as a dossier.
 *
 * The item has no event time. `statusAt` is the latest of its dates that can belong to its status, and the item is
 * marked as inferred. An empty list or text means nothing, because the dialect has no other word for "not known".
 */
export function readDossier(raw: unknown, context: DossierContext): Item {
  if (!isObject(raw)) return notAnObject(raw, 'dossier');
  const reading = startReading(context.codes ?? CODES);
  const record = readFields(reading, DOSSIER, raw, '', '');
  readAgency(reading, record, context.madonvi);
  if (isAbsent(raw.ChuHoSo)) dropNamelessApplicant(reading, record, raw);
  else {
    readIdentity(reading, record, raw);
    readPhone(reading, record, raw);
  }
  readNote(reading, record, raw);
  readDatabases(reading, record, raw);
  keepLastDocuments(reading, record);
  readStatusTime(reading, record, raw);
  const receiptNumber = readReceiptNumber(reading, raw);
  const item = finishReading(reading, 'dossier.upsert.v1', record, true);
  const completed = (one: RecordItem): RecordItem => {
    const outside = contentOutsideRecord(raw, one.record as Dossier);
    return { ...one, receiptNumber, extra: outside.length > 0 ? JSON.stringify(outside) : undefined };
  };
  if (item.kind === 'record') return completed(item);
  return item.kind === 'waiting' && item.ifAccepted ? { ...item, ifAccepted: completed(item.ifAccepted) } : item;
}

/**
 * A receipt number names the dossier without identifying it: in some systems it changes with each step (domain 11). A
 * number in the form of a dossier code would identify another dossier.
 */
function readReceiptNumber(reading: Reading, { MaHoSo, SoBienNhan: given }: Raw): string | undefined {
  if (isAbsent(given) || typeof given === 'object') return undefined;
  const number = cleanCode(String(given));
  if (number === cleanCode(plainText(MaHoSo) ?? '')) return undefined;
  const bad = unstorable(number);
  if (/^\S{1,100}$/.test(number) && bad === undefined && !isDossierCode(number)) return number;
  const isWrong = bad === undefined ? say('blanks-or-too-long') : say('cannot-be-stored', { why: bad });
  const why = isDossierCode(number) ? say('code-of-a-dossier') : isWrong;
  reading.warnings.push(problem('/SoBienNhan', 'number-not-searchable', { got: received(number), why }));
  return undefined;
}

function readAgency(reading: Reading, record: Fields, madonvi: string): void {
  const agency = agencyOfDossierCode(cleanCode(String(record.code ?? '')));
  record.agencyCode = agency ?? madonvi;
  reading.places.set('/agencyCode', { from: agency ? '/MaHoSo' : '/madonvi', rules: [] });
}

/** `DinhDanhCHS` names the kind of paper and wins. Otherwise the shape of the number decides. */
function readIdentity(reading: Reading, record: Fields, raw: Raw): void {
  const applicant = record.applicant as Fields | undefined;
  const entries = entriesOf(reading, raw, 'DinhDanhCHS', '').filter((entry) => !isAbsent(entry.raw.SoDinhDanh));
  const [chosen] = [...entries].sort((a, b) => rank(a.raw) - rank(b.raw));
  if (chosen) {
    const identity = readFields(reading, IDENTITY, chosen.raw, chosen.from, '/identity');
    identity.identityKind ??= identityKindOf(cleanCode(String(identity.identityNumber)));
    reading.places.set('/applicant/identityNumber', { from: `${chosen.from}/SoDinhDanh`, rules: [] });
    record.applicant = { ...applicant, ...identity };
    const others = entries.filter((entry) => entry !== chosen).map((entry) => `${entry.from}/SoDinhDanh`);
    if (applicant?.identityNumber !== undefined && applicant.identityNumber !== identity.identityNumber)
      others.push('/SoGiayToChuHoSo');
    for (const path of others) reading.warnings.push(problem(path, 'other-identity-number'));
  } else if (typeof applicant?.identityNumber === 'string') {
    record.applicant = { ...applicant, identityKind: identityKindOf(cleanCode(applicant.identityNumber)) };
  }
}

/** Of several papers the valid one wins. */
function rank(identity: Raw): number {
  return plainText(identity.LoaiDinhDanh)?.trim() === '1' ? 0 : 1;
}

/** OpenCPS writes the phone number into `Fax`. */
function readPhone(reading: Reading, record: Fields, raw: Raw): void {
  const applicant = record.applicant as Fields | undefined;
  if (applicant?.phone !== undefined || isAbsent(raw.Fax)) return;
  const fax = readText(reading, raw.Fax, '/Fax')?.trim() ?? '';
  if (!isPhone(fax.replace(/[ .()-]/g, ''))) return;
  record.applicant = { ...applicant, phone: fax };
  reading.places.set('/applicant/phone', { from: '/Fax', rules: [] });
  reading.warnings.push(problem('/Fax', 'phone-from-fax'));
}

function readNote(reading: Reading, record: Fields, raw: Raw): void {
  if (isAbsent(raw.ThongTinTra)) return;
  const how = readText(reading, raw.ThongTinTra, '/ThongTinTra');
  record.note = [record.note, how].filter((text) => text !== undefined).join('\n');
}

function readDatabases(reading: Reading, record: Fields, raw: Raw): void {
  const entries = entriesOf(reading, raw, 'DSKetNoiCSDL', '').filter((entry) => !isAbsent(entry.raw.MaCSDL));
  const names = entries.map((entry) => readText(reading, entry.raw.MaCSDL, `${entry.from}/MaCSDL`));
  const known = [...new Set(names.filter((name) => name !== undefined).map((name) => name.trim()))];
  if (known.length > 0) record.databases = known;
  reading.places.set('/databases', { from: '/DSKetNoiCSDL', rules: [] });
}

/** A re-sync repeats attachments. The last version of each counts. */
function keepLastDocuments(reading: Reading, record: Fields): void {
  const documents = record.documents as readonly Fields[] | undefined;
  if (!documents) return;
  const last = new Map(documents.map((document, at) => [document.id ?? at, at]));
  const kept = documents
    .map((document, at) => ({ document, at }))
    .filter(({ document, at }) => last.get(document.id ?? at) === at);
  const places = kept.map(({ at }) => reading.places.get(`/documents/${at}`));
  for (const [at, place] of places.entries()) if (place) reading.places.set(`/documents/${at}`, place);
  record.documents = kept.map(({ document }) => document);
}

/** An applicant needs a name: without one nothing can be shown or masked. A warning lists the lost fields. */
function dropNamelessApplicant(reading: Reading, record: Fields, raw: Raw): void {
  delete record.applicant;
  const fields = DOSSIER.filter(({ field, member }) => field === 'Fax' || member?.startsWith('applicant/'));
  const lost = fields.map(({ field }) => field).filter((field) => !isAbsent(raw[field]));
  const papers = entriesOf(reading, raw, 'DinhDanhCHS', '').map(({ from }) => from.slice(1));
  for (const field of [...lost, ...papers]) reading.warnings.push(problem(`/${field}`, 'no-holder'));
}

function readStatusTime(reading: Reading, record: Fields, raw: Raw): void {
  const status = record.status as Status | undefined;
  if (status === undefined) {
    if (isAbsent(raw.TrangThaiHoSo)) missingStatus(reading, '/TrangThaiHoSo');
    // This record is not used. With a time, the rest of it can still be checked.
    record.status = 'submitted';
    record.statusAt = ANY_TIME;
    return;
  }
  const { fields, otherwise } = datesOf(status);
  const at = latest(record, fields) ?? latest(record, otherwise);
  const wanted = [...fields, ...otherwise];
  const isWrong = reading.problems.some(({ path }) => wanted.includes(path.slice(1)));
  const day = at === undefined && !isWrong && status === 'submitted' ? dayOfCode(record) : undefined;
  record.statusAt = at ?? day ?? ANY_TIME;
  if (day !== undefined) reading.warnings.push(problem(`/${fields.at(-1)}`, 'day-of-code-taken', { moment: day }));
  if (at !== undefined || day !== undefined || isWrong) return;
  const args = { status: String(codeOf(reading.codes, 'status', status)), list: wanted };
  reading.problems.push(problem(`/${fields.at(-1)}`, 'no-event-time', args));
}

/** OpenCPS sends new dossiers without any date. Their codes contain the day of filing, so the status is not older. */
function dayOfCode(record: Fields): string | undefined {
  const day = dayOfDossierCode(cleanCode(String(record.code ?? '')));
  return day && startOfDay(day);
}

const ANY_TIME = '2000-01-01T00:00:00+07:00';

const MEMBER_OF = new Map(DOSSIER.map(({ field, member }) => [field, member as string]));

function latest(record: Fields, fields: readonly string[]): string | undefined {
  const dates = fields.map((field) => record[MEMBER_OF.get(field) as string] as string | undefined);
  return dates
    .filter((date) => date !== undefined)
    .sort()
    .at(-1);
}
