import type { Status } from '#schemas/dossier.upsert.v1';
import type { LedgerEntry } from '../../kit/testing/simulator/simulator.ts';
import { REPORTED_SERVICES } from '../day/day.ts';
import { dialectDate } from '../day/dialect-items.ts';
import { FARTHER, NATIONAL_CODE, type PartnerEvent } from '../day/events.ts';
import { ministrySteps } from './civil-status.ts';
import type { Evidence } from './evidence.ts';
import type { Expected, HistoryEntry } from './expectation.ts';
import { codeOf, compare, type Finding, keyOf, type Lines, lastOf, linesOf, mapLines, only } from './finding.ts';

const PORTAL = { where: 'national-portal', holder: 'the national portal' };

/** What the portal should have, and what it has. */
interface Portal {
  /** All dossiers but those of services that no catalogue lists. */
  readonly due: readonly Expected[];
  readonly entries: readonly LedgerEntry[];
  /** Whether the settings of the portal make a step of this dossier a report of its status. */
  readonly isReported: (of: { readonly code: string }) => boolean;
}

/** Undefined if the portal takes no part. */
function portalIn({ books, expected, specials }: Evidence): Portal | undefined {
  const book = books.get(PORTAL.where);
  if (!book) return undefined;
  const waiting = new Set(specials.ofUnknownService);
  const due = [...expected.values()].filter(({ code }) => !waiting.has(code));
  const reported = new Set(due.filter(({ events }) => events.some(({ event }) => isOfReported(event))).map(codeOf));
  return { due, entries: book.entries, isReported: ({ code }) => reported.has(code) };
}

function isOfReported({ item }: PartnerEvent): boolean {
  const { serviceCode, MaTTHC = serviceCode } = item as { serviceCode?: string; MaTTHC?: string };
  return (REPORTED_SERVICES as readonly (string | undefined)[]).includes(MaTTHC);
}

const contentOf = ({ content }: LedgerEntry): Readonly<Record<string, string>> => content as Record<string, string>;
const isStep = ({ kind }: PartnerEvent): boolean => kind === 'progress';

/** The portal has the deciding status of each dossier, and nothing of services that no catalogue lists. */
export function checkPortalStates(evidence: Evidence): readonly Finding[] {
  const portal = portalIn(evidence);
  if (!portal) return [];
  const records = portal.entries.filter(({ kind }) => kind === 'dossier');
  return compare({
    ...PORTAL,
    expected: linesOf(portal.due, codeOf, ({ status }) => `status ${NATIONAL_CODE[status]}`),
    found: lastOf(linesOf(records, keyOf, (entry) => `status ${contentOf(entry).TrangThaiHoSo}`)),
    by: 'state',
  });
}

/** Each step, the ministry's too, is at the portal once, in the order of acknowledgements. */
export function checkPortalSteps(evidence: Evidence): readonly Finding[] {
  const portal = portalIn(evidence);
  if (!portal) return [];
  const { due, entries, isReported } = portal;
  const sent = due.filter((one) => !isReported(one));
  const events = sent.flatMap((one) => one.events.map(({ event }) => event)).filter(isStep);
  const steps = joined(linesOf(events, codeOf, stepOf), linesOf(sent.flatMap(stepsOfPayments), codeOf, stepOf));
  const fromMinistry = due.flatMap(({ code }) => ministrySteps(evidence.histories, code).map(() => ({ code })));
  const ofMinistry = linesOf(fromMinistry, codeOf, () => OF_MINISTRY);
  const taken = linesOf(entries, keyOf, (entry) => (entry.kind === 'progress' ? takenStep(entry) : undefined));
  const isOurs = (code: string, line: string): boolean => steps.get(code)?.includes(line) === true;
  const shown = mapLines(taken, (own, code) => own.map((line) => (isOurs(code, line) ? line : OF_MINISTRY)));
  return [
    ...compare({ ...PORTAL, expected: joined(steps, ofMinistry), found: shown }),
    ...overtakenSteps(events, taken),
  ];
}

/** Compares the order of the steps of a dossier, if the portal has them all. */
function overtakenSteps(events: readonly PartnerEvent[], taken: Lines): readonly Finding[] {
  // A step that waited for its dossier is released by its arrival, so its place in the order is open.
  const applied = linesOf(events, codeOf, (one) => (one.fate === 'applied' ? stepOf(one) : undefined));
  const found = mapLines(applied, (own, code) => (taken.get(code) ?? []).filter((line) => own.includes(line)));
  const isWhole = (code: string): boolean => found.get(code)?.length === applied.get(code)?.length;
  return compare({ ...PORTAL, expected: only(applied, isWhole), found: only(found, isWhole), by: 'order' });
}

/**
 * The portal saw the states of a dossier in the order of acknowledgement. Where a ministry adds events or an item waited, that
 * order is not known outside the hub.
 */
export function checkPortalRecords(evidence: Evidence): readonly Finding[] {
  const portal = portalIn(evidence);
  if (!portal) return [];
  const atMinistry = new Set(evidence.specials.atMinistry);
  const known = portal.due.filter(
    ({ code, events }) => !atMinistry.has(code) && events.every(({ event }) => event.fate === 'applied'),
  );
  const records = portal.entries.filter(({ kind }) => kind === 'dossier');
  const states = linesOf(records, keyOf, (entry) => contentOf(entry).TrangThaiHoSo);
  const found = mapLines(states, (own) => [courseOf(own)]);
  const expected = linesOf(known, codeOf, (one) => (found.has(one.code) ? courseOf(statesOf(one)) : undefined));
  return compare({ ...PORTAL, expected, found: only(found, (code) => expected.has(code)), by: 'state' }).map(
    (one): Finding => ({ ...one, kind: 'overtaken' }),
  );
}

function courseOf(states: readonly string[]): string {
  return states.filter((one, at) => one !== states[at - 1]).join(' → ');
}

/** The one-stop system asks for a payment after it has reported the dossier, so the steps of payments come last. */
function statesOf({ events, ofPayments }: Expected): readonly string[] {
  let at = '';
  let state = FARTHER[0] as Status;
  const reported = events.map(({ event }) => event);
  return [...reported, ...(ofPayments as readonly { readonly at: string; readonly status: Status }[])].map((event) => {
    const isFurther = event.at === at && FARTHER.indexOf(event.status) > FARTHER.indexOf(state);
    if (event.at > at || isFurther) ({ at, status: state } = event);
    return NATIONAL_CODE[state];
  });
}

/** Each step of a procedure of the settings, also one of a payment, is at the portal once as a status, and each rating once. */
export function checkPortalReports(evidence: Evidence): readonly Finding[] {
  const portal = portalIn(evidence);
  if (!portal) return [];
  const { due, entries, isReported } = portal;
  const steps = due.flatMap(({ events }) => events.map(({ event }) => event)).filter(isStep);
  const ratings = evidence.acknowledgements.records().flatMap(({ event }) => (event.kind === 'rating' ? event : []));
  return compare({
    ...PORTAL,
    expected: joined(
      linesOf([...steps, ...due.flatMap(stepsOfPayments)].filter(isReported), codeOf, ({ at, status }) =>
        statusLine(dialectDate(at), REPORTED_CODE[status as Status]),
      ),
      linesOf(ratings, codeOf, () => 'a rating'),
    ),
    found: linesOf(entries, keyOf, (entry) => {
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

/** The steps that the payments of a dossier make. */
function stepsOfPayments({ code, ofPayments }: Expected) {
  return ofPayments.map((step) => ({ code, ...step }));
}

function stepOf({ at, status, actor }: Omit<HistoryEntry, 'party'>): string {
  return `the step ${dialectDate(at)} ${NATIONAL_CODE[status as Status]} ${actor}`;
}

function takenStep(entry: LedgerEntry): string {
  const { ThoiDiemXuLy, TrangThai, NguoiXuLy } = contentOf(entry);
  return `the step ${ThoiDiemXuLy} ${TrangThai} ${NguoiXuLy}`;
}

function joined(first: Lines, second: Lines): Lines {
  const codes = [...new Set([...first.keys(), ...second.keys()])];
  return new Map(codes.map((code) => [code, [...(first.get(code) ?? []), ...(second.get(code) ?? [])]]));
}
