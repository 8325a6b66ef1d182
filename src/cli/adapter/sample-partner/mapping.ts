import {
  type CodesOf,
  type CodeTable,
  type InvalidItem,
  type Item,
  jsonObject,
  type Outgoing,
  readItem,
  textOf,
  unmappedKey,
} from '#kit';
import type { Status } from '#schemas/dossier.upsert.v1';
import type { Settings } from './settings.ts';
import statuses from './statuses.json' with { type: 'json' };

/** A JSON object as the partner sends it. */
export type Answer = Readonly<Record<string, unknown>>;

/** Under these names operators add to the tables, and what no table says waits for them. */
const STATUS_READ = 'sample-partner-status';
export const STATUS_SENT = `${STATUS_READ}-sent`;

/**
 * Decide: statuses.json with people who know both sides: each code of the partner's, and which of our ten statuses it is.
 * What is not certain is left out, as `stopped` is: it waits in quarantine until an operator says what it is.
 */
export const TABLES: readonly CodeTable[] = [
  { name: STATUS_READ, title: 'What its states are to us', entries: statuses, bothWays: false },
  {
    name: STATUS_SENT,
    title: 'Which state it is told',
    entries: statuses.map(({ code, is, label }) => ({ code: is, is: code, label })),
    bothWays: false,
  },
];

/** What the partner is sent: one level of texts, so that its answer to a look-up is compared member by member. */
export type SentFields = Readonly<Record<string, string | undefined>>;

/**
 * A dossier in the partner's words; undefined where no table says its status.
 *
 * Decide: the partner's names and forms, by its document. It gets what its work needs and no more of the applicant. Times
 * are ours, with a zone; a partner of local times gets `formatLocal`.
 */
export function dossierToSend(
  { code, record }: Outgoing<'dossier.upsert.v1'>,
  entered: CodesOf,
): SentFields | undefined {
  const state = stateOf(record.status, entered);
  if (state === undefined) return undefined;
  const { applicant } = record;
  return {
    // The code under which this partner knows the dossier, which may not be ours.
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

/** A step in the partner's words; undefined where no table says its status. */
export function stepToSend(
  { code, record }: Outgoing<'dossier.progress.v1'>,
  entered: CodesOf,
): SentFields | undefined {
  const { at, actor, unit, content } = record;
  const state = stateOf(record.status, entered);
  return state === undefined ? undefined : { code, at, state, actor, unit, content };
}

/**
 * Whether the partner has something as it would be told.
 *
 * Decide: what the partner changes of what it is told (letter case, blanks, the zone of a time) has to be made alike here:
 * otherwise a look-up never finds what is there, and it is told twice.
 */
export function isAsSent(record: Answer, told: SentFields): boolean {
  return Object.entries(told).every(([name, value]) => value === undefined || textOf(record[name]) === textOf(value));
}

/** Read a page of changes. Pure: it is read again when something waited, or the index is rebuilt. */
export function readChanges(body: Uint8Array, _: Settings, entered: CodesOf): readonly Item[] {
  const items = jsonObject(body)?.items;
  if (!Array.isArray(items)) return [invalid('', 'this is no page of changes')];
  return items.map((row, at) => readChange(row, `/items/${at}`, entered));
}

/** Decide: where the partner has which of these, and whether the dossier's code is ours or its own. */
function readChange(row: unknown, path: string, entered: CodesOf): Item {
  if (typeof row !== 'object' || row === null) return invalid(path, 'this is no change');
  const { code, state, at, actor, unit, content } = row as Answer;
  // What a partner makes up is not kept without end: it becomes the name of what waits.
  const given = textOf(state)?.slice(0, 60);
  if (given === undefined) return invalid(`${path}/state`, 'it is missing');
  const status = entered(STATUS_READ).get(given) ?? statuses.find((one) => one.code === given)?.is;
  if (status !== undefined)
    // Decide: a partner that gives times without a zone has them read by `parseLocal`, in its format.
    return readItem('dossier.progress.v1', { code, at, status, actor: actor ?? unit, unit, content });
  const message = `no ${STATUS_READ} is known for ${JSON.stringify(given)}`;
  return {
    kind: 'waiting',
    operation: 'dossier.progress.v1',
    ...(textOf(code) && { code: textOf(code) as string }),
    cause: { kind: 'unmapped', key: unmappedKey(STATUS_READ, given), message },
    problems: [{ path: `${path}/state`, message }],
  };
}

function stateOf(status: Status, entered: CodesOf): string | undefined {
  return entered(STATUS_SENT).get(status) ?? statuses.find(({ is }) => is === status)?.code;
}

function invalid(path: string, message: string): InvalidItem {
  return { kind: 'invalid', problems: [{ path, message }] };
}
