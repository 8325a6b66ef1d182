import { formatLocal } from '#core/dates';
import { nfc } from '#core/text';
import { type Codes, codeOf } from './codes.ts';
import type { FieldRule, FieldRules } from './fields.ts';

/** What is written to the portal: every value a text, or a list of such objects; besides, what goes on as it came. */
export type Wire = string | number | boolean | null | readonly Wire[] | WireObject;
export interface WireObject {
  readonly [field: string]: Wire;
}

/** Write an object of the dialect, all of its fields in their order; what is not known is an empty text. */
export function writeFields(codes: Codes, rules: FieldRules, record: object): WireObject {
  return Object.fromEntries(rules.map((rule) => [rule.field, writeField(codes, rule, valueAt(record, rule.member))]));
}

function writeField(codes: Codes, { as, max }: FieldRule, value: unknown): Wire {
  if (typeof as === 'object' && 'list' in as)
    return ((value ?? []) as readonly object[]).map((entry) => writeFields(codes, as.list, entry));
  if (typeof as === 'object') return (value === undefined ? undefined : codeOf(codes, as.table, value as string)) ?? '';
  if (as === 'true-false') return value === true ? 'True' : 'False';
  if (value === undefined || value === null) return '';
  return as === 'date' ? formatLocal('yyyyMMddHHmmss', value as string) : cut(nfc(String(value)), max);
}

/** A text of at most so many characters as the portal counts them (UTF-16), no character cut in half. */
export function cut(text: string, max: number = Number.POSITIVE_INFINITY): string {
  if (text.length <= max) return text;
  const end = /[\ud800-\udbff]/.test(text[max - 1] as string) ? max - 1 : max;
  return text.slice(0, end);
}

function valueAt(record: object, member: string | undefined): unknown {
  if (member === undefined) return undefined;
  let value: unknown = record;
  for (const name of member.split('/')) value = (value as Record<string, unknown> | undefined)?.[name];
  return value;
}
