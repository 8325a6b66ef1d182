import { contradicting, type Recorded, type RecordItem, type WaitingItem } from '#core/dossier/item';
import { type Problem, problem, whyAll } from '#core/problem';
import { type AppliedRecord, applyToRecord, type KindEvent, type Reach } from '#core/records/apply';
import {
  HELD_STATE,
  type Kind,
  type KindRecord,
  OFFICERS,
  routeSubjectOf,
  sendersOf,
  subjectOf,
} from '#core/records/kind';
import { sayState } from '#core/records/say-state';
import { withKnown, withoutStandIns } from '#core/records/stand-ins';
import { say } from '#messages/message';
import { recordContentId } from '../index/record-events.ts';
import type { ItemResult } from '../ledger/messages.ts';
import { codesOfDossier } from './dossier-codes.ts';
import { applyDossier } from './dossier-item.ts';
import { type Dossiers, stepItem } from './dossiers.ts';
import { refusedAsErased } from './erased-item.ts';
import { whyRecordWaits } from './record-waits.ts';
import { dossierOf, keepRecord, othersOf, type RecordBook, rivalOf, type WorkingRecord } from './records.ts';
import { addToQuarantine, type Place, quarantine, route, settleWaiting, withWarnings } from './rows.ts';

/** Applies one item to a record of its kind. */
export function applyKindItem(
  place: Place,
  kind: Kind,
  item: RecordItem,
  book: RecordBook,
  dossiers: Dossiers,
): ItemResult {
  const { index } = place;
  const said = item.record as unknown as KindRecord;
  const { code } = said;
  const subject = subjectOf(kind, code);
  const working = book.bySubject.get(subject) ?? begin(place, kind, subject);
  const { seenVersion } = place.submission;
  if (seenVersion !== undefined && working.held?.version !== seenVersion)
    return { index, code, outcome: 'invalid', problems: [changedSince(working)] };
  const refused = refusedAsErased(place, code, working.held?.erased);
  if (refused) return refused;
  const { standIns = [], recorded } = item;
  const record = withKnown(kind, said, standIns, working.held?.view);
  // What the hub stored once was judged then, and may lack what the judgement needs.
  const waits = recorded ? undefined : whyRecordWaits(place, working, { item, record }, book, dossiers);
  if (waits) return quarantine(place, waits);
  const reach = reachOf(place, kind, working, record);
  const holding = recorded ? undefined : whyHeld(place, kind, record, reach);
  const incoming = {
    record,
    party: place.submission.party,
    reach,
    contentId: recorded?.contentId.record ?? recordContentId(kind, withoutStandIns(said, standIns)),
    isHeld: recorded?.isHeld ?? holding !== undefined,
    isJudged: place.submission.released?.isJudged ?? false,
    isUndated: standIns.includes('stateAt'),
  };
  const against = recorded ? [] : contradictionsOf(kind, working, incoming);
  if (against.length > 0) return quarantine(place, contradicting(item, against));
  const applied = withErasure(
    applyToRecord(kind, place.deps.kinds.withDeadline, working.held, working.events, incoming),
    recorded,
  );
  const saysPeople = reach === 'all' && !item.isRelayed;
  const isNews = applied.event !== undefined && !recorded;
  const problems =
    isNews && place.deps.enforcesRules ? problemsOf(working, applied.held.view, saysPeople, book, dossiers) : [];
  if (problems.length > 0) return { index, code, outcome: 'invalid', problems };
  settleWaiting(place, applied.outcome);
  if (applied.held.isHeld) return holdRecord(place, working, applied, item, holding, book);
  if (!applied.event) return { index, code, outcome: applied.outcome };
  write(place, working, applied, book);
  if (applied.changed && (kind.forwards?.(applied.held.view) ?? true)) forward(place, working, applied);
  if (applied.movedState) moveDossier(place, working, applied, book, dossiers);
  return withWarnings({ index, code, outcome: applied.outcome }, warningsOf(applied));
}

function withErasure(applied: AppliedRecord, recorded: Recorded | undefined): AppliedRecord {
  return recorded?.erased ? { ...applied, held: { ...applied.held, erased: recorded.erased } } : applied;
}

/** Only an officer and the owner's words can hold a record: the claim of another party must not hide it. */
function whyHeld({ submission }: Place, kind: Kind, record: KindRecord, reach: Reach): Problem | undefined {
  const isHold = record.state === HELD_STATE;
  if (submission.party === OFFICERS && isHold) return HELD_BY_OFFICER;
  if (reach !== 'all') return undefined;
  return kind.holds?.(record) ?? (isHold ? HELD_BY_SENDER : undefined);
}

/** Why a party that the owner's routes ask cannot be right. Its repeats are no news, and an operator may overrule it. */
function contradictionsOf(
  kind: Kind,
  { held, events }: WorkingRecord,
  { record, reach, isJudged, contentId }: Omit<KindEvent, 'seq'>,
): readonly Problem[] {
  if (!held || reach !== 'shared' || isJudged) return [];
  if (events.some((known) => known.contentId === contentId)) return [];
  return kind.contradictions?.(record, held.view) ?? [];
}

/** Another party or officer wrote the record after the officer had read it. */
function changedSince({ held }: WorkingRecord): Problem {
  const { state, stateAt: at } = held?.view ?? { state: '', stateAt: '' };
  return problem('/version', 'record-changed', { state: sayState(state), at });
}

function begin({ submission, source }: Place, kind: Kind, subject: string): WorkingRecord {
  const { party, receivedAt } = submission;
  const times = { receivedAt: source.receivedAt, changedAt: receivedAt, createdAt: receivedAt, rewrites: 0 };
  return { kind, subject, loaded: undefined, held: undefined, events: [], messageId: undefined, party, ...times };
}

/** The owner may say all of its record. Officers and the parties of its routes may say the shared members. */
function reachOf({ deps, submission }: Place, kind: Kind, { held }: WorkingRecord, record: KindRecord): Reach {
  if (!held || held.owner === submission.party) return 'all';
  if (submission.party === OFFICERS) return 'shared';
  const isAsked = deps.ownership.isRecipient(submission.party, held.owner, kind.operation, routeSubjectOf(record));
  return isAsked ? 'shared' : 'none';
}

/** Why a record cannot be stored as it would be. */
function problemsOf(
  working: WorkingRecord,
  view: KindRecord,
  saysPeople: boolean,
  book: RecordBook,
  dossiers: Dossiers,
): readonly Problem[] {
  const { kind, held } = working;
  const dossier = dossierOf(book, dossiers, view.dossierCode);
  const codes = dossier ? codesOfDossier(book.codes, dossiers, dossier.code) : [];
  const rival = rivalOf(book, working, view, codes);
  return kind.problems?.(view, { dossier, rival, isKnown: held !== undefined, saysPeople }) ?? [];
}

/** Readers see the record as held, and nothing of it is forwarded. All its items wait for one decision of an operator. */
function holdRecord(
  place: Place,
  working: WorkingRecord,
  applied: AppliedRecord,
  item: RecordItem,
  holding: Problem | undefined,
  book: RecordBook,
): ItemResult {
  const { code } = applied.held;
  const reason = holding ?? HELD_BEFORE;
  const waiting: WaitingItem = {
    kind: 'waiting',
    operation: item.operation,
    code,
    problems: [reason],
    cause: { kind: 'held', key: `held:${working.subject}`, ...whyAll([reason]) },
  };
  if (applied.event) {
    write(place, working, applied, book);
    addToQuarantine(place, waiting);
  }
  return { index: place.index, code, outcome: 'quarantined', problems: [reason] };
}

const HELD_BEFORE = problem('/state', 'held-before');
const HELD_BY_SENDER = problem('/state', 'held-by-sender');
const HELD_BY_OFFICER = problem('/state', 'held-by-officer');

function write(
  { submission, source, rows, id }: Place,
  working: WorkingRecord,
  applied: AppliedRecord,
  book: RecordBook,
) {
  const { event, held, changed, movedState } = applied;
  if (!event) return;
  const { subject, kind } = working;
  working.held = held;
  working.events.push(event);
  working.messageId = id;
  if (event.reach !== 'none') {
    working.party = submission.party;
    working.receivedAt = source.receivedAt;
    working.changedAt = submission.receivedAt;
  }
  keepRecord(book, working);
  rows.recordEvents.push({ subject, event, movedState, recordedAt: submission.receivedAt, ...source });
  if (changed) {
    const { code, state, stateAt } = held.view;
    rows.recordChanges.push({ kind: kind.name, code, state, stateAt, changedAt: submission.receivedAt });
  }
}

function forward(place: Place, { kind, subject }: WorkingRecord, { event, held }: AppliedRecord): void {
  if (!event) return;
  const routedFrom = sendersOf(place.submission.party, held.owner);
  route({ ...place, routedFrom }, kind.operation, subject, event.seq, routeSubjectOf(held.view));
}

/** The dossier of a record moves with it. The record counted, so its step counts in full, from any sender. */
function moveDossier(
  place: Place,
  working: WorkingRecord,
  { held: { view } }: AppliedRecord,
  book: RecordBook,
  dossiers: Dossiers,
): void {
  const { kind } = working;
  const dossier = dossierOf(book, dossiers, view.dossierCode);
  if (!dossier) return;
  const codes = codesOfDossier(book.codes, dossiers, dossier.code);
  const step = kind.dossierStep?.(view, dossier, othersOf(book, working, codes));
  if (!step) return;
  const routedFrom = [place.submission.party, dossier.owner];
  const asOwner = { ...place, sender: { ...place.sender, ownership: undefined }, routedFrom };
  applyDossier(asOwner, stepItem(dossier.code, step.at ?? view.stateAt, step), dossiers);
}

function warningsOf({ claimed, refusedState, held }: AppliedRecord): readonly Problem[] {
  const why = say('record-claim-only', { party: held.owner });
  const notOwner = claimed.map((path) => problem(path, 'not-owner', { why }));
  if (refusedState === undefined) return notOwner;
  return [...notOwner, problem('/state', 'state-not-allowed', { got: refusedState, near: held.view.state })];
}
