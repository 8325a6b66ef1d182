import { formatLocal } from '#core/dates/dates';
import { nfc } from '#core/vietnamese/text';
import { type Codes, codeOf } from './codes.ts';
import type { FieldRule, FieldRules } from './fields.ts';

/** A value for the portal: a text, or a list of objects with texts. Original fields keep other types. */
export type Wire = string | number | boolean | null | readonly Wire[] | WireObject;
export interface WireObject {
  readonly [field: string]: Wire;
}

/** Called for a text that exceeds the portal's limit: its place, and how many characters of how many are sent. */
export type OnCut = (cut: { readonly path: string; readonly from: number; readonly to: number }) => void;

/** Writes an object of the dialect with all its fields in order. Unknown values are empty texts. */
export function writeFields(codes: Codes, rules: FieldRules, record: object, onCut?: OnCut, at = ''): WireObject {
  const written: Record<string, Wire> = {};
  for (const rule of rules) written[rule.field] = writeField(codes, rule, valueAt(record, rule.member), onCut, at);
  return written;
}

function writeField(codes: Codes, rule: FieldRule, value: unknown, onCut: OnCut | undefined, at: string): Wire {
  const { field, as, max } = rule;
  if (typeof as === 'object' && 'list' in as)
    return ((value ?? []) as readonly object[]).map((entry, index) =>
      writeFields(codes, as.list, entry, onCut, `${at}/${field}/${index}`),
    );
  if (typeof as === 'object') return (value === undefined ? undefined : codeOf(codes, as.table, value as string)) ?? '';
  if (as === 'true-false') return value === true ? 'True' : 'False';
  if (value === undefined || value === null) return '';
  if (as === 'date') return formatLocal('yyyyMMddHHmmss', value as string);
  const text = nfc(String(value));
  const written = cut(text, max);
  if (written !== text) onCut?.({ path: `${at}/${field}`, from: text.length, to: written.length });
  return written;
}

/** Cuts a text at the portal's limit, counted in UTF-16 units, without splitting a character. */
function cut(text: string, max: number = Number.POSITIVE_INFINITY): string {
  if (text.length <= max) return text;
  const end = /[\ud800-\udbff]/.test(text[max - 1] as string) ? max - 1 : max;
  return text.slice(0, end);
}

function valueAt(record: object, member: string | undefined): unknown {
  if (member === undefined) return undefined;
  if (!member.includes('/')) return (record as Readonly<Record<string, unknown>>)[member];
  let value: unknown = record;
  for (const name of member.split('/')) value = (value as Record<string, unknown> | undefined)?.[name];
  return value;
}
