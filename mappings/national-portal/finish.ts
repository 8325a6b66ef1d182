import { type InvalidItem, type Item, type RecordItem, readItem, readReport } from '#core/dossier/item';
import { keptCause } from '#core/masking/kept-problem';
import { createMentions, type Person } from '#core/masking/mentions';
import { atPath, type Cause, type Problem, problem, whyAll } from '#core/problem';
import { say } from '#messages/message';
import { inEnglish } from '#messages/render';
import type { Operation } from '#schemas/operations';
import { shownCodes } from './codes.ts';
import type { Reading } from './reading-notes.ts';
import { kindOf } from './values.ts';

/**
 * Turns a reading into an item of the hub, with the usual checks and with problems at places of the dialect. Final
 * errors come before causes that an operator can settle.
 *
 * @param inferred whether the event time was derived from the record's dates
 */
export function finishReading(reading: Reading, operation: Operation, record: object, inferred = false): Item {
  return finished(reading, operation, record, readItem(operation, record, inferred));
}

/** The same for what a sender reports of a record that the hub has. */
export function finishReport(reading: Reading, operation: Operation, report: object): Item {
  return finished(reading, operation, report, readReport(operation, report));
}

function finished(reading: Reading, operation: Operation, record: object, read: Item): Item {
  const checked = inDialect(reading, read);
  const code = codeOf(checked);
  const told = new Set([...reading.problems, ...reading.unmapped].map(({ path }) => path));
  const found = checked.kind === 'invalid' ? checked.problems.filter(({ path }) => !told.has(path)) : [];
  const problems = [...reading.problems, ...found];
  if (problems.length > 0) return { kind: 'invalid', problems, code };
  if (reading.unmapped.length > 0) return waiting(reading, operation, checked, record, code);
  const warned = (item: RecordItem): RecordItem => ({ ...item, warnings: [...reading.warnings, ...item.warnings] });
  if (checked.kind === 'record') return warned(checked);
  if (checked.kind === 'invalid' || !checked.ifAccepted) return checked;
  return { ...checked, ifAccepted: warned(checked.ifAccepted) };
}

function waiting(
  reading: Reading,
  operation: Operation,
  checked: Item,
  record: { readonly applicant?: Person },
  code: string | undefined,
): Item {
  // A system with shifted columns sends the applicant in place of a code.
  const people = createMentions(record.applicant ? [record.applicant] : []);
  const unmapped = reading.unmapped.map(({ path, cause }) => ({ path, cause: keptCause(cause, people) }));
  const [first] = unmapped as [Reading['unmapped'][number]];
  const cause: Cause = { ...first.cause, ...inEnglish(atPath(first.path, first.cause)) };
  const doubts = checked.kind === 'waiting' ? checked.problems : [];
  const problems = [
    ...unmapped.map(({ path, cause: { code, args, message } }) => ({ path, code, args, message })),
    ...doubts,
  ];
  return { kind: 'waiting', operation, cause, problems, code };
}

function inDialect(reading: Reading, item: Item): Item {
  const translate = (problems: readonly Problem[]): readonly Problem[] =>
    problems.map((one) => ({ ...one, path: placeOf(reading, one.path) }));
  if (item.kind === 'invalid') return { ...item, problems: translate(item.problems) };
  if (item.kind === 'record') return { ...item, warnings: translate(item.warnings) };
  const problems = translate(item.problems);
  const { ifAccepted } = item;
  const taken = ifAccepted && { ...ifAccepted, warnings: translate(ifAccepted.warnings) };
  return { ...item, problems, cause: { ...item.cause, ...whyAll(problems) }, ifAccepted: taken };
}

/** The place in the dialect of a place in the record: from the nearest object that was read, by its rules. */
function placeOf(reading: Reading, path: string): string {
  let object = path;
  while (object !== '' && !reading.places.has(object)) object = object.slice(0, object.lastIndexOf('/'));
  const place = reading.places.get(object);
  const member = path.slice(object.length + 1);
  if (!place) return path;
  if (member === '') return place.from;
  const rule =
    place.rules.find((one) => one.member === member) ?? place.rules.find((one) => member.startsWith(`${one.member}/`));
  return rule
    ? `${place.from}/${rule.field}${member.slice((rule.member as string).length)}`
    : `${place.from}/${member}`;
}

function codeOf(item: Item): string | undefined {
  return item.kind === 'record' ? item.record.code : item.code;
}

export function notAnObject(value: unknown, what: string): InvalidItem {
  return {
    kind: 'invalid',
    problems: [problem('', 'unexpected', { got: kindOf(value), expected: say('one-object', { what }) })],
  };
}

/** Adds a problem for a missing time, unless the time has a problem already. */
export function requireTime({ problems }: Reading, time: unknown, path: string, form = 'yyyyMMddHHmmss'): void {
  if (time !== undefined || problems.some((one) => one.path === path)) return;
  problems.push(problem(path, 'missing', { expected: say('a-time-as', { form }) }));
}

export function missingStatus(reading: Reading, path: string): void {
  const expected = say('one-of', { list: shownCodes(reading.codes, 'status') });
  reading.problems.push(problem(path, 'missing', { expected }));
}
