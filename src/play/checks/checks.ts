import { CIVIL_STATUS, checkAnswersToOneStop, checkRegistrations } from './civil-status.ts';
import { checkPlatform, checkPost, checkStates } from './errands.ts';
import type { Evidence, State } from './evidence.ts';
import { type HistoryEntry, wrongOutcomes } from './expectation.ts';
import { codeOf, compare, type Finding, type Lines, lastOf, linesOf } from './finding.ts';
import { checkForwarded, checkSubscriber } from './ministries.ts';
import { checkPortalRecords, checkPortalReports, checkPortalStates, checkPortalSteps } from './portal.ts';
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
  const seen = new Set<string>();
  const repeated = changes.filter(({ cursor }) => seen.has(cursor) || !seen.add(cursor));
  return [
    ...compare({ where: 'index', holder: 'the feed', expected: expectedStates(evidence), found, by: 'state' }),
    ...repeated.map(
      ({ cursor }): Finding => ({ kind: 'duplicated', text: `the feed has ${cursor} twice`, where: 'index' }),
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
      found: linesOf(entries, codeOf, (entry) => (entry.party === CIVIL_STATUS ? undefined : eventOf(entry))),
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
