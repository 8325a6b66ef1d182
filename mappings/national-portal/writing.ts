import { formatLocal } from '#core/dates/dates';
import { nfc } from '#core/vietnamese/text';
import { type Codes, codeOf } from './codes.ts';
import type { FieldRule, FieldRules } from './fields.ts';

/** What is written to the portal: every value a text, or a list of such objects; besides, what goes on as it came. */
export type Wire = string | number | boolean | null | readonly Wire[] | WireObject;
export interface WireObject {
  readonly [field: string]: Wire;
}

/** Is told of a text that the portal does not take in full: its place, and how many characters of how many it gets. */
export type OnCut = (cut: { readonly path: string; readonly from: number; readonly to: number }) => void;

/** Write an object of the dialect, all of its fields in their order; what is not known is an empty text. */
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

/** A text of at most so many characters as the portal counts them (UTF-16), no character cut in half. */
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
