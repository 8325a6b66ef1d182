import type { Status } from '#schemas/dossier.upsert.v1';
import type { LedgerEntry } from '../../kit/testing/simulator/simulator.ts';
import { REPORTED_SERVICES } from '../day/day.ts';
import { dialectDate } from '../day/dialect-items.ts';
import { FARTHER, NATIONAL_CODE, type PartnerEvent } from '../day/events.ts';
import { checkPlatform, checkPost, checkStates } from './errands.ts';
import type { Evidence, State } from './evidence.ts';
import { type Expected, type HistoryEntry, wrongOutcomes } from './expectation.ts';
import { compare, type Finding, type Lines, lastOf, linesOf, only } from './finding.ts';
import { checkForwarded, checkSubscriber } from './ministries.ts';
import { checkRecordNotices, checkRecords } from './records.ts';

export type Check = (evidence: Evidence) => readonly Finding[];

/** All checks of the demo and the proof. A check of an absent participant finds nothing. */
const CHECKS: readonly Check[] = [
  checkOutcomes,
  checkIndex,
  checkHistories,
  checkFeed,
  checkNames,
  checkRepeats,
  checkPortalStates,
  checkPortalSteps,
  checkPortalRecords,
  checkPortalReports,
  checkRegistrations,
  checkAnswersToOneStop,
  checkForwarded,
  checkSubscriber,
  checkRecords,
  checkRecordNotices,
  checkPost,
  checkPlatform,
  checkStates,
  checkTables,
];

/** Compares the hub with what it acknowledged, and with the partners' own books. */
export function grade(evidence: Evidence): readonly Finding[] {
  return CHECKS.flatMap((check) => check(evidence));
}

function checkOutcomes({ acknowledgements }: Evidence): readonly Finding[] {
  return wrongOutcomes(acknowledgements).map((text) => ({ kind: 'wrong', text, where: 'index' }) as const);
}

const stateOf = ({ status, statusAt }: Pick<State, 'status' | 'statusAt'>): string => `${status} since ${statusAt}`;
const codeOf = ({ code }: { readonly code: string }): string => code;

/** The status of the latest event of each dossier, pushed or pulled. */
function expectedStates({ expected, pulled }: Evidence): Lines {
  return linesOf([...expected.values(), ...pulled], codeOf, ({ status, at }) => `${status} since ${at}`);
}

function checkIndex(evidence: Evidence): readonly Finding[] {
  const found = linesOf(evidence.listed, codeOf, stateOf);
  return compare({ where: 'index', holder: 'the index', expected: expectedStates(evidence), found, by: 'state' });
}

/** The feed names each dossier, ends with the deciding status, and repeats no cursor. */
function checkFeed(evidence: Evidence): readonly Finding[] {
  const { changes } = evidence;
  const found = lastOf(linesOf(changes, codeOf, stateOf));
  const cursors = changes.map(({ cursor }) => cursor);
  const repeated = cursors.filter((cursor, at) => cursors.indexOf(cursor) !== at);
  return [
    ...compare({ where: 'index', holder: 'the feed', expected: expectedStates(evidence), found, by: 'state' }),
    ...repeated.map(
      (cursor): Finding => ({ kind: 'duplicated', text: `the feed has ${cursor} twice`, where: 'index' }),
    ),
  ];
}

/** Each acknowledged event is in the history once, ordered by time. A ministry's own steps are no partner events. */
function checkHistories({ expected, histories }: Evidence): readonly Finding[] {
  const known = [...expected.values()].filter(({ code }) => histories.has(code));
  const events = known.flatMap(({ code, events: own, ofPayments }) => [
    ...own.map(({ event }) => event),
    ...ofPayments.map((step) => ({ code, ...step })),
  ]);
  const entries = [...histories].flatMap(([code, own]) => own.map((entry) => ({ code, ...entry })));
  const isUnordered = ([, own]: readonly [string, readonly HistoryEntry[]]): boolean =>
    own.some(({ at }, place) => place > 0 && at < (own[place - 1] as HistoryEntry).at);
  return [
    ...compare({
      where: 'index',
      holder: 'its history',
      expected: linesOf(events, codeOf, eventOf),
      found: linesOf(entries, codeOf, (entry) => (entry.party === 'civil-status' ? undefined : eventOf(entry))),
    }),
    ...[...histories]
      .filter(isUnordered)
      .map(([code]): Finding => ({ kind: 'wrong', text: `${code}: its history is not in order`, where: 'index' })),
  ];
}

function eventOf({ party, at, status, actor }: HistoryEntry): string {
  return `${status} at ${at} by ${actor === undefined ? 'record' : `step of ${actor}`} (${party})`;
}

/** The hub reads names in old encodings correctly. */
function checkNames({ specials, names }: Evidence): readonly Finding[] {
  return compare({
    where: 'index',
    holder: "the applicant's name",
    expected: linesOf(specials.repairs, codeOf, ({ name }) => name),
    found: linesOf(
      names,
      ([code]) => code,
      ([, name]) => name,
    ),
    by: 'state',
  });
}

function checkRepeats({ books }: Evidence): readonly Finding[] {
  return [...books].flatMap(([name, { entries }]) =>
    entries
      .filter(({ count }) => count > 1)
      .map(({ kind, key, count }) => ({
        kind: 'duplicated' as const,
        text: `${key}: ${name} took this ${kind} ${count} times`,
        where: name,
      })),
  );
}

type Item = Readonly<Record<string, string>>;
const contentOf = ({ content }: LedgerEntry): Item => content as Item;
const keyOf = ({ key }: LedgerEntry): string => key;
const PORTAL = { where: 'national-portal', holder: 'the national portal' };

/** The portal has the deciding status of each dossier, and nothing of services that no catalogue lists. */
function checkPortalStates({ books, expected, specials }: Evidence): readonly Finding[] {
  const book = books.get(PORTAL.where);
  if (!book) return [];
  const waiting = new Set(specials.ofUnknownService);
  const due = [...expected.values()].filter(({ code }) => !waiting.has(code));
  const records = book.entries.filter(({ kind }) => kind === 'dossier');
  return compare({
    ...PORTAL,
    expected: linesOf(due, codeOf, ({ status }) => `status ${NATIONAL_CODE[status]}`),
    found: lastOf(linesOf(records, keyOf, (entry) => `status ${contentOf(entry).TrangThaiHoSo}`)),
    by: 'state',
  });
}

/** Each step, the ministry's too, is at the portal once, in the order of acknowledgements. */
function checkPortalSteps({ books, expected, histories, specials }: Evidence): readonly Finding[] {
  const book = books.get(PORTAL.where);
  if (!book) return [];
  const waiting = new Set(specials.ofUnknownService);
  const due = [...expected.values()].filter(({ code }) => !waiting.has(code));
  const isReported = reportedBy(due);
  const events = due.flatMap(({ events }) => [...events].sort((a, b) => a.order - b.order).map((one) => one.event));
  const steps = joined(
    linesOf(events, codeOf, (one) => (isStep(one) && !isReported(one) ? stepOf(one) : undefined)),
    linesOf(due.filter((one) => !isReported(one)).flatMap(stepsOfPayments), codeOf, stepOf),
  );
  const fromMinistry = due.flatMap(({ code }) => ministrySteps(histories, code).map(() => ({ code })));
  const taken = linesOf(book.entries, keyOf, (entry) => (entry.kind === 'progress' ? takenStep(entry) : undefined));
  const isOurs = (code: string, line: string): boolean => steps.get(code)?.includes(line) === true;
  const shown = new Map(
    [...taken].map(([code, own]) => [code, own.map((line) => (isOurs(code, line) ? line : OF_MINISTRY))]),
  );
  // A step that waited for its dossier is released by its arrival, so its place in the order is open.
  const ordered = linesOf(events, codeOf, (one) =>
    isStep(one) && !isReported(one) && one.fate === 'applied' ? stepOf(one) : undefined,
  );
  const inOrder = new Map(
    [...ordered].map(([code, own]) => [code, (taken.get(code) ?? []).filter((line) => own.includes(line))]),
  );
  const whole = new Map([...ordered].filter(([code, own]) => inOrder.get(code)?.length === own.length));
  return [
    ...compare({
      ...PORTAL,
      expected: joined(
        steps,
        linesOf(fromMinistry, codeOf, () => OF_MINISTRY),
      ),
      found: shown,
    }),
    ...compare({ ...PORTAL, expected: whole, found: only(inOrder, (code) => whole.has(code)), by: 'order' }),
  ];
}

/** The steps that the payments of a dossier make. */
function stepsOfPayments({ code, ofPayments }: Expected) {
  return ofPayments.map((step) => ({ code, ...step }));
}

/** Whether the settings of the portal make a step of this dossier a report of its status. */
function reportedBy(due: readonly Expected[]): (of: { readonly code: string }) => boolean {
  const isOfService = ({ item }: PartnerEvent): boolean => {
    const { serviceCode, MaTTHC = serviceCode } = item as { serviceCode?: string; MaTTHC?: string };
    return (REPORTED_SERVICES as readonly (string | undefined)[]).includes(MaTTHC);
  };
  const reported = new Set(due.filter(({ events }) => events.some(({ event }) => isOfService(event))).map(codeOf));
  return ({ code }) => reported.has(code);
}

/** Each step of a procedure of the settings, also one of a payment, is at the portal once as a status, and each rating once. */
function checkPortalReports({ books, expected, specials, acknowledgements }: Evidence): readonly Finding[] {
  const book = books.get(PORTAL.where);
  if (!book) return [];
  const waiting = new Set(specials.ofUnknownService);
  const due = [...expected.values()].filter(({ code }) => !waiting.has(code));
  const isReported = reportedBy(due);
  const steps = due.flatMap(({ events }) => events.map(({ event }) => event)).filter(isStep);
  const ratings = acknowledgements.records().filter(({ event }) => event.kind === 'rating');
  return compare({
    ...PORTAL,
    expected: joined(
      linesOf([...steps, ...due.flatMap(stepsOfPayments)].filter(isReported), codeOf, ({ at, status }) =>
        statusLine(dialectDate(at), REPORTED_CODE[status as Status]),
      ),
      linesOf(
        ratings,
        ({ event }) => event.code,
        () => 'a rating',
      ),
    ),
    found: linesOf(book.entries, keyOf, (entry) => {
      if (entry.kind === 'rating') return 'a rating';
      const { NgayXuLy = '', TrangThai = '' } = contentOf(entry);
      return entry.kind === 'status' ? statusLine(NgayXuLy, TrangThai) : undefined;
    }),
  });
}

const statusLine = (at: string, code: string): string => `the status ${code} at ${at}`;
/** `DongBoTrangThaiHoSo` has another number for a refusal (domain-2 1.7). */
const REPORTED_CODE = { ...NATIONAL_CODE, refused: '11' };

const OF_MINISTRY = 'a step of the ministry';

function ministrySteps(histories: Evidence['histories'], code: string): readonly HistoryEntry[] {
  return (histories.get(code) ?? []).filter(({ party }) => party === 'civil-status');
}

function joined(first: Lines, second: Lines): Lines {
  const codes = [...new Set([...first.keys(), ...second.keys()])];
  return new Map(codes.map((code) => [code, [...(first.get(code) ?? []), ...(second.get(code) ?? [])]]));
}

function takenStep(entry: LedgerEntry): string {
  const { ThoiDiemXuLy, TrangThai, NguoiXuLy } = contentOf(entry);
  return `the step ${ThoiDiemXuLy} ${TrangThai} ${NguoiXuLy}`;
}

function stepOf({ at, status, actor }: Omit<HistoryEntry, 'party'>): string {
  return `the step ${dialectDate(at)} ${NATIONAL_CODE[status as Status]} ${actor}`;
}

const isStep = ({ kind }: PartnerEvent): boolean => kind === 'progress';

/**
 * The portal saw the states of a dossier in the order of acknowledgement. Where a ministry adds events or an item waited, that
 * order is not known outside the hub.
 */
function checkPortalRecords({ books, expected, specials }: Evidence): readonly Finding[] {
  const mixed = new Set([...specials.atMinistry, ...specials.ofUnknownService]);
  const known = [...expected.values()].filter(
    ({ code, events }) => !mixed.has(code) && events.every(({ event }) => event.fate === 'applied'),
  );
  const entries = books.get(PORTAL.where)?.entries.filter(({ kind }) => kind === 'dossier') ?? [];
  const shown = linesOf(entries, keyOf, (entry) => contentOf(entry).TrangThaiHoSo);
  const wanted = known
    .filter(({ code }) => shown.has(code))
    .map((one) => [one.code, [withoutRepeats(statesOf(one)).join(' → ')]] as const);
  const found = new Map([...shown].map(([code, own]) => [code, [withoutRepeats(own).join(' → ')]]));
  const expectedStatuses = new Map(wanted);
  return compare({
    ...PORTAL,
    expected: expectedStatuses,
    found: only(found, (code) => expectedStatuses.has(code)),
    by: 'state',
  }).map((one) => ({ ...one, kind: 'overtaken' as const }));
}

/** The one-stop system asks for a payment after it has reported the dossier, so the steps of payments come last. */
function statesOf({ events, ofPayments }: Expected): readonly string[] {
  let at = '';
  let state = FARTHER[0] as Status;
  const reported = [...events].sort((a, b) => a.order - b.order).map(({ event }) => event);
  return [...reported, ...(ofPayments as readonly { readonly at: string; readonly status: Status }[])].map((event) => {
    const isFurther = event.at === at && FARTHER.indexOf(event.status) > FARTHER.indexOf(state);
    if (event.at > at || isFurther) ({ at, status: state } = event);
    return NATIONAL_CODE[state];
  });
}

function withoutRepeats(list: readonly string[]): readonly string[] {
  return list.filter((one, at) => one !== list[at - 1]);
}

/** The civil-status system registered each of its dossiers once, and no others. */
function checkRegistrations({ books, specials }: Evidence): readonly Finding[] {
  const book = books.get('civil-status');
  if (!book) return [];
  return compare({
    where: 'civil-status',
    holder: 'the civil-status system',
    expected: linesOf(
      specials.atMinistry,
      (code) => code,
      () => 'a registration',
    ),
    found: linesOf(
      book.entries.flatMap((entry) => Array.from({ length: entry.count }, () => entry)),
      keyOf,
      () => 'a registration',
    ),
  });
}

/** The one-stop system got each of the ministry's steps once, and at least one for each dossier. */
function checkAnswersToOneStop({ books, specials, histories }: Evidence): readonly Finding[] {
  const book = books.get('one-stop');
  if (!book) return [];
  const atMinistry = new Set(specials.atMinistry);
  const steps = specials.atMinistry.flatMap((code) => ministrySteps(histories, code).map((one) => ({ code, ...one })));
  const expected = linesOf(steps, codeOf, ({ status, at }) => `${status} at ${at}`);
  const found = linesOf(book.entries, keyOf, (entry) => {
    if (entry.kind !== 'progress' || !atMinistry.has(entry.key)) return undefined;
    return `${contentOf(entry).status} at ${contentOf(entry).at}`;
  });
  const silent = specials.atMinistry.filter((code) => !expected.has(code));
  return [
    ...silent.map(
      (code): Finding => ({ kind: 'lost', text: `${code}: nothing came back from the ministry`, where: 'index' }),
    ),
    ...compare({ where: 'one-stop', holder: 'the one-stop system', expected, found }),
  ];
}

/** Facts that only the tables show: receipts, items that wait for a person, and no gap in the feed's cursors. */
function checkTables({ tables, acknowledgements }: Evidence): readonly Finding[] {
  if (!tables) return [];
  const { receipts, waiting, changes } = tables;
  const lost = [
    ...[...acknowledgements.receipts].filter((id) => !receipts.has(id)).map((id) => `the message of receipt ${id}`),
    ...acknowledgements
      .all()
      .filter(({ event }) => event.fate === 'waits' && !waiting.has(event.code))
      .map(({ event }) => `${event.code}: its quarantined item no longer waits`),
    ...(changes.count === changes.last
      ? []
      : [`the change feed has ${changes.count} changes and ends at ${changes.last}`]),
  ];
  return lost.map((text) => ({ kind: 'lost', text, where: 'index' }) as const);
}
