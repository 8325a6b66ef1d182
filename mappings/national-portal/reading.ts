import { problem } from '#core/problem';
import { say } from '#messages/message';
import type { FieldRule, FieldRules } from './fields.ts';
import type { Raw, Reading } from './reading-notes.ts';
import { isAbsent, isObject, kindOf, readValue } from './values.ts';

export interface Entry {
  readonly raw: Raw;
  readonly from: string;
}
type Fields = Record<string, unknown>;

/**
 * Reads the fields of one object of the dialect into members of the record. Fields without a rule are ignored, because
 * portals add fields.
 *
 * @param from the place of the object in the message
 * @param to the place of its members in the record
 */
export function readFields(reading: Reading, rules: FieldRules, raw: Raw, from: string, to: string): Fields {
  reading.places.set(to, { from, rules });
  const record: Fields = {};
  for (const rule of rules) {
    if (rule.member === undefined) continue;
    const value = readField(reading, rule, raw, from, `${to}/${rule.member}`, record);
    if (value !== undefined) put(record, rule.member, value);
  }
  return record;
}

function readField(reading: Reading, rule: FieldRule, raw: Raw, from: string, to: string, record: Fields): unknown {
  const { field, as } = rule;
  if (typeof as === 'object' && 'list' in as) return readList(reading, as.list, raw, field, from, to);
  const value = raw[field];
  return isAbsent(value) ? undefined : readValue(reading, rule, value, `${from}/${field}`, record);
}

function readList(reading: Reading, rules: FieldRules, raw: Raw, field: string, from: string, to: string): unknown {
  const entries = entriesOf(reading, raw, field, from);
  if (entries.length === 0) return undefined;
  return entries.map((entry, at) => readFields(reading, rules, entry.raw, entry.from, `${to}/${at}`));
}

/** The objects of a list. A single object counts as a list of one, null and blank as an empty list. */
export function entriesOf(reading: Reading, raw: Raw, field: string, from: string): readonly Entry[] {
  const value = raw[field];
  if (isAbsent(value)) return [];
  const path = `${from}/${field}`;
  const single = !Array.isArray(value);
  if (!single && isMuchTooLong(reading, value, path)) return [];
  return (single ? [value] : value).flatMap((entry: unknown, at: number) => {
    if (isAbsent(entry)) return [];
    const place = single ? path : `${path}/${at}`;
    if (isObject(entry)) return [{ raw: entry, from: place }];
    const expected = single ? say('a-list') : say('an-object');
    reading.problems.push(problem(place, 'unexpected', { got: kindOf(entry), expected }));
    return [];
  });
}

/**
 * A list this many times over the limit is refused unread: 300,000 objects in 1 MiB took three seconds. Otherwise the
 * schema checks the result, which may be shorter, because a re-sync repeats attachments.
 */
const MUCH_TOO_LONG = 10;

function isMuchTooLong({ longestList, problems }: Reading, list: readonly unknown[], path: string): boolean {
  const most = longestList * MUCH_TOO_LONG;
  const count = list.length > most ? list.filter((one) => !isAbsent(one)).length : 0;
  if (count <= most) return false;
  const args = { got: say('a-list-of', { count }), expected: say('list-up-to', { count: longestList }) };
  // Some lists are read twice.
  if (!problems.some((one) => one.path === path)) problems.push(problem(path, 'unexpected', args));
  return true;
}

function put(record: Fields, member: string, value: unknown): void {
  const [outer, inner] = member.split('/') as [string, string | undefined];
  if (inner === undefined) record[outer] = value;
  else record[outer] = { ...(record[outer] as Fields | undefined), [inner]: value };
}
