import { type Alias, aliasName, aliasNames } from '#core/dossier/aliases';
import {
  type Applied,
  apply,
  type Incoming,
  isKnown,
  type RecordedEvent,
  withFirstContentId,
} from '#core/dossier/apply';
import { counts, isAheadOfTime, isPremature } from '#core/dossier/event';
import { createHistory } from '#core/dossier/history';
import type { DossierItem } from '#core/dossier/item';
import { isDossierItem, type WaitingItem } from '#core/dossier/item';
import { namesOf, namesOfAlias } from '#core/dossier/names';
import type { Sender } from '#core/dossier/ownership';
import { type Problem, problem } from '#core/problem';
import { say } from '#messages/message';
import { inEnglish } from '#messages/render';
import type { Operation } from '#schemas/operations';
import { incomingOf } from '../index/incoming.ts';
import type { ItemResult } from '../ledger/messages.ts';
import { begin, candidates, type Dossiers, register, type Working } from './dossiers.ts';
import { refusedAsErased } from './erased-item.ts';
import { hold, type Place, quarantine, route, settleWaiting, withWarnings } from './rows.ts';

/** Applies one item to its dossier. */
export function applyDossier(place: Place, item: DossierItem, dossiers: Dossiers): ItemResult {
  const { submission, source, rows, index, sender } = place;
  const { code } = item.record;
  const found = [...candidates(dossiers, item, sender)];
  // Its dossier is gone, or the names of two were joined meanwhile.
  if (submission.correction && found.length !== 1) {
    settleWaiting(place, 'duplicate');
    return { index, code, outcome: 'duplicate' };
  }
  const named = sender.ownership && namedByAliasAlone(item, found, submission.party);
  if (found.length > 1 || named) return quarantine(place, conflict(item, found));
  let [working] = found;
  if (!working) {
    const owner = anotherOwner(item, sender);
    if (item.operation === 'dossier.progress.v1' || owner) return quarantine(place, unknownDossier(item, owner));
    working = begin(code, undefined, submission.receivedAt);
    working.ownsCode = dossiers.byName.has(code);
    register(dossiers, working, namesOf(item));
  }
  const refused = refusedAsErased(place, code, working.held?.erased);
  if (refused) return refused;
  const event = underOwnCode(eventOf(place, item, working), working.code);
  // An operator released it before its moment. It stays in the queue.
  if (submission.released?.causeKind === 'ahead-of-time' && isPremature(event))
    return quarantine(place, untilItsMoment(item));
  const { events, foldWith } = working.history;
  const aliases = newAliases(place, working, item);
  const applied = apply(working.held, events, working.code, event, foldWith);
  if (applied.corrected) keepCorrected(place, working, applied.corrected, applied.held.version);
  settleWaiting(place, applied.outcome);
  if (!applied.event) return { index, code, outcome: applied.outcome };
  const counted = counts(applied.event, applied.held.owner);
  const isFirst = working.held === undefined;
  if (counted || isFirst) keepAliases(place, working, aliases, dossiers);
  working.held = item.recorded ? { ...applied.held, erased: item.recorded.erased } : applied.held;
  working.history.add(applied.event);
  working.messageId = place.id;
  if (counted || isFirst) {
    working.party = submission.party;
    working.receivedAt = source.receivedAt;
    working.changedAt = submission.receivedAt;
  }
  const { view } = applied.held;
  const said = event.record ?? item.record;
  rows.events.push({ event: applied.event, said, ...eventRow(place, working, applied, item) });
  if (isPremature(applied.event)) hold(place, untilItsMoment(item));
  if (applied.changed)
    rows.changes.push({
      code: working.code,
      status: view.status,
      statusAt: view.statusAt,
      changedAt: submission.receivedAt,
    });
  else rows.recounts.add(working.code);
  for (const [operation, told] of tells(item, applied, counted))
    if (told) route(place, operation, working.code, applied.event.seq, view.record, applied.held.owner);
  return withWarnings({ index, code, outcome: applied.outcome }, claimWarnings(applied));
}

/** Marks the replaced event in the history and in its row, which may be one of the batch. */
function keepCorrected({ rows }: Place, working: Working, event: RecordedEvent, by: number): void {
  const others = working.history.events.map((one) => (one === event ? { ...one, correctedBy: by } : one));
  working.history = createHistory(others);
  const own = rows.events.findIndex(({ code, event: { seq } }) => code === working.code && seq === event.seq);
  const row = rows.events[own];
  if (row) rows.events[own] = { ...row, event: { ...row.event, correctedBy: by } };
  else rows.corrected.push({ code: working.code, seq: event.seq, recordedAt: event.recordedAt ?? '', by });
}

/** What the table keeps of an event beside its content. */
function eventRow({ submission, source, sender }: Place, working: Working, applied: Applied, item: DossierItem) {
  return {
    code: working.code,
    movedStatus: applied.movedStatus,
    anomaly: item.recorded?.erased ? item.recorded.anomaly : applied.anomaly,
    recordedAt: notBefore(submission.receivedAt, working.createdAt),
    owner: sender.ownership && applied.held.owner,
    receivedAt: source.receivedAt,
    messageId: source.messageId,
    item: source.item,
  };
}

/** The configured owner of an unknown dossier, if it is not the sender. */
function anotherOwner({ record }: DossierItem, { party, ownership }: Sender): string | undefined {
  const entitled = ownership?.entitled(record);
  return entitled?.isConfigured && entitled.party !== party ? entitled.party : undefined;
}

/**
 * Whether an item with its own code would join another party's dossier by an alias. Two dossiers are never joined that
 * way.
 */
function namedByAliasAlone(item: DossierItem, [working]: readonly Working[], party: string): boolean {
  const { code } = item.record;
  const aliases = 'aliases' in item.record ? (item.record.aliases ?? []) : [];
  return (
    working !== undefined &&
    working.code !== code &&
    working.held?.owner !== party &&
    aliases.some((alias) => alias.code === working.code)
  );
}

function claimWarnings({ claimed = [], held: { owner } }: Applied): readonly Problem[] {
  return claimed.map((path) => problem(path, 'not-owner', { why: say('claim-only', { party: owner }) }));
}

/** An event far ahead waits and is applied at its moment. See loadReleasable. */
function untilItsMoment({ operation, record }: DossierItem): WaitingItem {
  const [path, at] = 'at' in record ? ['/at', record.at] : ['/statusAt', record.statusAt];
  const words = inEnglish(say('applied-at-its-time', { moment: at }));
  const cause = { kind: 'ahead-of-time', key: `ahead-of-time:${at}`, ...words } as const;
  return { kind: 'waiting', operation, code: record.code, cause, problems: [{ path, ...words }] };
}

/** Warns the sender of a moment more than a day ahead: the item has no effect before that moment. */
export function timeWarnings({ sender }: Place, { record }: DossierItem): readonly Problem[] {
  const [path, at] = 'at' in record ? ['/at', record.at] : ['/statusAt', record.statusAt];
  if (!isAheadOfTime(at, sender.recordedAt)) return [];
  return [problem(path, 'ahead-of-time', { moment: at })];
}

/**
 * The result for an item whose doubtful text an operator accepted before. The sender still has that text and repeats
 * it. Undefined for any other item, which waits for an operator.
 */
export function repetition(
  place: Place,
  { ifAccepted: item }: WaitingItem,
  dossiers: Dossiers,
): ItemResult | undefined {
  if (!item || !isDossierItem(item)) return undefined;
  const [working, ...others] = candidates(dossiers, item, place.sender);
  if (!working || others.length > 0) return undefined;
  const { held, history } = working;
  if (!held || !isKnown(held, history.events, eventOf(place, item, working))) return undefined;
  settleWaiting(place, 'duplicate');
  return { index: place.index, code: item.record.code, outcome: 'duplicate' };
}

/** The event of an item. A step with nothing new gets the content id of the known step. */
function eventOf({ submission, sender, deps, source }: Place, item: DossierItem, { history, held }: Working): Incoming {
  const { party } = sender;
  const { messageId, item: position } = source;
  const incoming = {
    messageId,
    item: position,
    ...incomingOf(item, sender, held, deps.ownership.at(sender.recordedAt).isAuthoritative(party)),
  };
  const isCorrection = submission.correction !== undefined;
  if (isCorrection || item.recorded)
    return { ...incoming, isCorrection, contentId: item.recorded?.contentId ?? incoming.contentId };
  return deps.stepsAreByMoment(party) ? withFirstContentId(history.events, incoming, item.standIns) : incoming;
}

/**
 * Moves a moment to the beginning of the dossier. A message may have arrived before the one that began the dossier, or
 * the clock was set back. Searches for a dossier's events never look before its beginning.
 */
function notBefore(moment: string, beginning: string): string {
  return moment < beginning ? beginning : moment;
}

/** A new state is delivered if readers see it. A step is delivered if it is new, its dossier first. */
function tells(item: DossierItem, applied: Applied, counted: boolean): readonly (readonly [Operation, boolean])[] {
  if (item.operation === 'dossier.upsert.v1') return [['dossier.upsert.v1', applied.changed]];
  return [
    ['dossier.upsert.v1', applied.movedStatus],
    ['dossier.progress.v1', counted],
  ];
}

/** The event with its record under the dossier's own code. The received code becomes an alias of the sender. */
function underOwnCode(event: Incoming, code: string): Incoming {
  const { record, party } = event;
  if (!record || record.code === code) return event;
  const aliases = [...(record.aliases ?? []), { party, code: record.code }];
  return { ...event, record: { ...record, code, aliases } };
}

/** The item's aliases that the dossier lacks. Before the item is applied: then the known names belong to the new list. */
function newAliases({ submission }: Place, { held, code: own }: Working, { record }: DossierItem): readonly Alias[] {
  const given = 'aliases' in record ? (record.aliases ?? []) : [];
  const all = record.code === own ? given : [...given, { party: submission.party, code: record.code }];
  if (all.length === 0) return all;
  const known = aliasNames(held?.view.record.aliases ?? []);
  return all.filter((alias) => !known.has(aliasName(alias)));
}

function keepAliases({ rows }: Place, working: Working, aliases: readonly Alias[], dossiers: Dossiers): void {
  for (const { party, code } of aliases) {
    const name = aliasName({ party, code });
    if (rows.aliases.has(name)) continue;
    rows.aliases.set(name, { party, code, dossier: working.code });
    register(dossiers, working, namesOfAlias({ party, code }));
  }
}

function conflict(item: DossierItem, found: readonly Working[]): WaitingItem {
  const codes = found.map((working) => working.code).sort();
  const words = inEnglish(say('dossiers-apart', { code: item.record.code, count: codes.length, list: codes }));
  return {
    kind: 'waiting',
    operation: item.operation,
    code: item.record.code,
    cause: { kind: 'code-conflict', key: `code-conflict:${codes.join('+')}`, ...words },
    problems: [{ path: '/aliases', ...words }],
  };
}

/** @param owner the party that must send the dossier first, if it is not the sender */
function unknownDossier(item: DossierItem, owner: string | undefined): WaitingItem {
  const { code } = item.record;
  const words = inEnglish(
    owner === undefined
      ? say('dossier-unknown', { code })
      : say('not-owner', { why: say('owner-has-not-sent', { code, party: owner }) }),
  );
  return {
    kind: 'waiting',
    operation: item.operation,
    code,
    cause: { kind: owner === undefined ? 'dossier-unknown' : 'not-owner', key: `dossier-unknown:${code}`, ...words },
    problems: [{ path: '/code', ...words }],
  };
}
