import { inspectText } from '#core/vietnamese/text';
import { type Codes, meaningOf } from './codes.ts';
import { differences } from './differences.ts';
import type { FieldRule, FieldRules } from './fields.ts';
import { isAbsent, isObject } from './values.ts';
import type { Wire, WireObject } from './writing.ts';

/** An item of the dialect as its sender wrote it, and the record that was read from it. */
export interface Original<R> {
  readonly item: unknown;
  readonly record: R;
}

/** Called with each place in which the item says more than the record, and with its value. */
export type OnExtra = (path: string, value: unknown) => void;

/** Three versions of one object of the dialect, or of one of its fields. */
export interface Versions<Written = WireObject, Given = Readonly<Record<string, unknown>>> {
  /** Written from the present record. */
  readonly written: Written;
  /** Written from the record that was read from the item alone. */
  readonly alone: Written;
  /** Written by the sender. */
  readonly raw: Given;
}

/**
 * Merges a written record into the item that it was read from. A changed field gets the new value, and an unchanged one
 * keeps the sender's, also where the record has no place for it or cannot tell two codes apart. Fields that neither has are
 * left out, so that they overwrite nothing at the portal, apart from required fields.
 *
 *     raw      { TrangThaiHoSo: '1', Fax: '02073812345', Moi: 'x' }
 *     alone    { TrangThaiHoSo: '1', Fax: '', GhiChu: '' }
 *     written  { TrangThaiHoSo: '4', Fax: '', GhiChu: '' }
 *     merged   { TrangThaiHoSo: '4', Fax: '02073812345', Moi: 'x' }
 */
export function keepOriginal(
  codes: Codes,
  rules: FieldRules,
  versions: Versions,
  onExtra: OnExtra = () => undefined,
  at = '',
): WireObject {
  const { written, alone, raw } = versions;
  const fields: [string, Wire][] = [];
  for (const rule of rules) {
    const { field, as } = rule;
    const of = { written: written[field] ?? '', alone: alone[field] ?? '', raw: raw[field] };
    const isList = hasEntries(as) && !isAbsent(of.raw);
    const value = isList
      ? mergeEntries(codes, as.list, of, onExtra, `${at}/${field}`)
      : mergeField(codes, rule, of, field in raw);
    if (value === undefined) continue;
    fields.push([field, value]);
    if (!isList && saysMore(field, value, of)) onExtra(`${at}/${field}`, value);
  }
  const known = namesOf(rules);
  for (const [field, value] of Object.entries(raw)) {
    if (known.has(field)) continue;
    fields.push([field, inUnicode(value)]);
    if (!isAbsent(value)) onExtra(`${at}/${field}`, value);
  }
  return Object.fromEntries(fields);
}

type FieldVersions = Versions<Wire, unknown>;

/** Whether the sender's value of a field has anything that the record does not. */
function saysMore(field: string, value: Wire, { written, raw }: FieldVersions): boolean {
  if (same(value, written) || isAbsent(raw)) return false;
  return differences({ [field]: value }, { [field]: written }).length > 0;
}

const names = new WeakMap<FieldRules, ReadonlySet<string>>();

/** Called for every item to find the fields without a rule. */
function namesOf(rules: FieldRules): ReadonlySet<string> {
  const known = names.get(rules) ?? new Set(rules.map(({ field }) => field));
  names.set(rules, known);
  return known;
}

/** Not marked optional (domain 2.3, 2.4), so never left out. */
const REQUIRED = new Set([
  'MaHoSo',
  'MaTTHC',
  'TenTTHC',
  'MaLinhVuc',
  'TenLinhVuc',
  'KenhThucHien',
  'LoaiDoiTuong',
  'Email',
  'SoDienThoai',
  'TrichYeuHoSo',
  'NgayTiepNhan',
  'NgayHenTra',
  'TrangThaiHoSo',
  'HinhThuc',
  'DonViXuLy',
  'NguoiXuLy',
  'ThoiDiemXuLy',
  'NoiDungXuLy',
  'TrangThai',
]);

/** Fields that are read together with another field. The record does not say which part came from which. */
const COMBINED = new Set(['SoGiayToChuHoSo', 'GhiChu']);

function mergeField(codes: Codes, rule: FieldRule, of: FieldVersions, isSent: boolean): Wire | undefined {
  const { written, alone, raw } = of;
  const isUnchanged = same(written, alone);
  if (!isAbsent(raw)) return isUnchanged ? keptValue(codes, rule, raw, written) : written;
  if (!isUnchanged || REQUIRED.has(rule.field)) return written;
  if (!isSent) return undefined;
  return Array.isArray(written) ? [] : '';
}

/** An unchanged field: the sender's value unless the record has a place for it, and says something else there. */
function keptValue(codes: Codes, { field, member, as }: FieldRule, given: unknown, ours: Wire): Wire {
  if (typeof as === 'object' && 'list' in as) return inUnicode(Array.isArray(given) ? given : [given]);
  if (member === undefined || COMBINED.has(field)) return textOf(given);
  const isKept =
    typeof as === 'object' && !isNameless(member, ours) ? meansTheSame(codes, as.table, given, ours) : isBlank(ours);
  return isKept ? textOf(given) : ours;
}

function hasEntries(as: FieldRule['as']): as is { readonly list: FieldRules } {
  return typeof as === 'object' && 'list' in as && as.list.length > 0;
}

/** Without a name there is no applicant to describe. */
function isNameless(member: string, ours: Wire): boolean {
  return isBlank(ours) && member.startsWith('applicant/');
}

function meansTheSame(codes: Codes, table: Parameters<typeof meaningOf>[1], given: unknown, ours: Wire): boolean {
  const meaning = meaningOf(codes, table, String(given).trim());
  return meaning !== undefined && meaning === meaningOf(codes, table, String(ours));
}

/**
 * Keeps the sender's values in the entries of a list. Entries are matched by id. Without an id, only if the entry is
 * unchanged.
 */
function mergeEntries(codes: Codes, rules: FieldRules, of: FieldVersions, onExtra: OnExtra, at: string): Wire {
  const id = rules.find(({ member }) => member === 'id')?.field;
  const sent = byKey(id, (Array.isArray(of.raw) ? of.raw : [of.raw]).filter(isObject));
  const before = byKey(id, (of.alone || []) as readonly WireObject[]);
  return [...byKey(id, of.written as readonly WireObject[])].map(([key, written], index) => {
    const [alone, raw] = [before.get(key), sent.get(key)];
    if (!alone || !raw) return written;
    if (key.startsWith(NO_ID) && !same(written, alone)) return written;
    return keepOriginal(codes, rules, { written, alone, raw }, onExtra, `${at}/${index}`);
  });
}

const NO_ID = 'none ';

/** Entries by their id. For equal ids the last one counts when a list is read, so they are numbered from the end. */
function byKey<E extends Readonly<Record<string, unknown>>>(
  id: string | undefined,
  entries: readonly E[],
): ReadonlyMap<string, E> {
  const times = new Map<string, number>();
  const keyed = [...entries].reverse().map((entry): [string, E] => {
    const own = id === undefined || isAbsent(entry[id]) ? NO_ID : `id ${textOf(entry[id])} `;
    const time = (times.get(own) ?? 0) + 1;
    times.set(own, time);
    return [`${own}${time}`, entry];
  });
  return new Map(keyed.reverse());
}

/** A value as a text of the dialect. Objects and lists stay as they are. */
function textOf(value: unknown): Wire {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'object' ? inUnicode(value) : inspectText(String(value)).text;
}

/** Converts texts to Unicode, also without a place in the record. Partners receive the letters that the hub reads. */
function inUnicode(value: unknown): Wire {
  if (typeof value === 'string') return inspectText(value).text;
  if (Array.isArray(value)) return value.map(inUnicode);
  if (!isObject(value)) return value as Wire;
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, inUnicode(inner)]));
}

function isBlank(value: Wire): boolean {
  return value === '' || (Array.isArray(value) && value.length === 0);
}

function same(one: Wire | undefined, other: Wire | undefined): boolean {
  // Nearly all are texts, and every item is compared field by field.
  return typeof one === 'string' ? one === other : JSON.stringify(one) === JSON.stringify(other);
}
