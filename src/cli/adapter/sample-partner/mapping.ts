import {
  type CodesOf,
  type CodeTable,
  type InvalidItem,
  type Item,
  inEnglish,
  jsonObject,
  type Outgoing,
  problem,
  quotedText,
  readItem,
  received,
  say,
  textOf,
  unmappedCause,
  type Words,
} from '#kit';
import type { Status } from '#schemas/dossier.upsert.v1';
import type { Settings } from './settings.ts';
import statuses from './statuses.json' with { type: 'json' };

/** A JSON object as the partner sends it. */
export type Answer = Readonly<Record<string, unknown>>;

/** Names of the code tables that operators extend. An unmapped code waits under this name. */
const STATUS_READ = 'sample-partner-status';
export const STATUS_SENT = `${STATUS_READ}-sent`;

/**
 * Decide: fill statuses.json with people who know both sides: each code of the partner, and its status among our ten. Leave out
 * uncertain codes, such as `stopped`: they wait in quarantine until an operator decides.
 */
export const TABLES: readonly CodeTable[] = [
  { name: STATUS_READ, title: 'Its states as our statuses', entries: statuses, bothWays: false },
  {
    name: STATUS_SENT,
    title: 'Our statuses as the states it is sent',
    entries: statuses.map(({ code, is, label }) => ({ code: is, is: code, label })),
    bothWays: false,
  },
];

/** The content that the partner gets: one level of texts, so that its answer to a look-up is compared member by member. */
export type SentFields = Readonly<Record<string, string | undefined>>;

/**
 * A dossier in the partner's words; undefined where no table maps its status.
 *
 * Decide: names and formats by the partner's document. Send only what its work needs of the applicant. Times are ours, with
 * a zone; for local times use `formatLocal`.
 */
export function dossierToSend(
  { code, record }: Outgoing<'dossier.upsert.v1'>,
  entered: CodesOf,
): SentFields | undefined {
  const state = stateOf(record.status, entered);
  if (state === undefined) return undefined;
  const { applicant } = record;
  return {
    // The code under which this partner knows the dossier; it may differ from ours.
    code,
    state,
    updatedAt: record.statusAt,
    service: record.serviceCode,
    agency: record.agencyCode,
    dueAt: record.dueAt,
    applicantName: applicant?.name,
    applicantNumber: applicant?.identityNumber,
    applicantPhone: applicant?.phone,
    summary: record.abstract,
  };
}

/** A step in the partner's words; undefined where no table maps its status. */
export function stepToSend(
  { code, record }: Outgoing<'dossier.progress.v1'>,
  entered: CodesOf,
): SentFields | undefined {
  const { at, actor, unit, content } = record;
  const state = stateOf(record.status, entered);
  return state === undefined ? undefined : { code, at, state, actor, unit, content };
}

/**
 * Whether the partner already has the item as the hub would send it.
 *
 * Decide: normalise here what the partner changes in it (letter case, blanks, the zone of a time). Otherwise a look-up
 * never finds it, and the hub sends it twice.
 */
export function isAsSent(record: Answer, told: SentFields): boolean {
  return Object.entries(told).every(([name, value]) => value === undefined || textOf(record[name]) === textOf(value));
}

/** Reads a page of changes. Pure, because the hub reads a page again after a quarantine and in a rebuild. */
export function readChanges(body: Uint8Array, _: Settings, entered: CodesOf): readonly Item[] {
  const items = jsonObject(body)?.items;
  if (!Array.isArray(items)) return [invalid('', quotedText('this is no page of changes'))];
  return items.map((row, at) => readChange(row, `/items/${at}`, entered));
}

/** Decide: where the partner has each field, and whether the dossier's code is ours or its own. */
function readChange(row: unknown, path: string, entered: CodesOf): Item {
  if (typeof row !== 'object' || row === null) return invalid(path, quotedText('this is no change'));
  const { code, state, at, actor, unit, content } = row as Answer;
  // Bounds the partner's text, because it becomes the name of the quarantine cause.
  const given = textOf(state)?.slice(0, 60);
  if (given === undefined) return invalid(`${path}/state`, say('absent'));
  const status = entered(STATUS_READ).get(given) ?? statuses.find((one) => one.code === given)?.is;
  if (status !== undefined)
    // Decide: for times without a zone use `parseLocal` with the partner's format.
    return readItem('dossier.progress.v1', { code, at, status, actor: actor ?? unit, unit, content });
  const args = { table: STATUS_READ, got: received(given) };
  const words = say('no-table-entry', args);
  return {
    kind: 'waiting',
    operation: 'dossier.progress.v1',
    code: textOf(code) ? (textOf(code) as string) : undefined,
    cause: unmappedCause(STATUS_READ, given, words),
    problems: [problem(`${path}/state`, 'no-table-entry', args)],
  };
}

function stateOf(status: Status, entered: CodesOf): string | undefined {
  return entered(STATUS_SENT).get(status) ?? statuses.find(({ is }) => is === status)?.code;
}

function invalid(path: string, words: Words): InvalidItem {
  return { kind: 'invalid', problems: [{ path, ...inEnglish(words) }] };
}
