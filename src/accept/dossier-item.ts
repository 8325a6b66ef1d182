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
import { type DossierItem, isDossierItem, type WaitingItem } from '#core/dossier/item';
import { aliasesOf, namesOf, namesOfAlias } from '#core/dossier/names';
import type { Sender } from '#core/dossier/ownership';
import { type OtherCause, type Problem, problem } from '#core/problem';
import { say, type Words } from '#messages/message';
import { inEnglish } from '#messages/render';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Operation } from '#schemas/operations';
import { incomingOf } from '../index/incoming.ts';
import type { ItemResult } from '../ledger/messages.ts';
import { begin, candidates, type Dossiers, hidesMore, register, type Working } from './dossiers.ts';
import { refusedAsErased } from './erased-item.ts';
import { addToQuarantine, type Place, quarantine, route, settleWaiting, withWarnings } from './rows.ts';

/** Applies one item to its dossier. */
export function applyDossier(place: Place, item: DossierItem, dossiers: Dossiers): ItemResult {
  const { submission, index } = place;
  const { code } = item.record;
  const found = [...candidates(dossiers, item, place.sender)];
  // Its dossier is gone, or the names of two were joined meanwhile.
  if (submission.correction && found.length !== 1) {
    settleWaiting(place, 'duplicate');
    return { index, code, outcome: 'duplicate' };
  }
  const waits = whyItWaits(place, item, found, dossiers);
  if (waits) return quarantine(place, waits);
  const working = found[0] ?? beginDossier(place, item, dossiers);
  const refused = refusedAsErased(place, code, working.held?.erased);
  if (refused) return refused;
  const event = underOwnCode(eventOf(place, item, working), working.code);
  // An operator released it before its moment. It stays in the queue.
  if (submission.released?.causeKind === 'ahead-of-time' && isPremature(event))
    return quarantine(place, untilItsMoment(item));
  const aliases = newAliases(place, working, item);
  const { events, foldWith } = working.history;
  const applied = apply(working.held, events, working.code, event, foldWith);
  if (applied.corrected) keepCorrected(place, working, applied.corrected, applied.held.version);
  settleWaiting(place, applied.outcome);
  recordEvent(place, item, working, applied, aliases, dossiers);
  return withWarnings({ index, code, outcome: applied.outcome }, claimWarnings(applied));
}

/** Why an item is not applied now: it names several dossiers, joins another party's, or its dossier must come first. */
function whyItWaits(
  { sender }: Place,
  item: DossierItem,
  found: readonly Working[],
  dossiers: Dossiers,
): WaitingItem | undefined {
  const [known, another] = found;
  if (another || (known && joinsAnothers(item, known, sender))) return conflict(item, found);
  if (known && isNamed(item, known, sender, dossiers)) return undefined;
  const owner = anotherOwner(item, sender);
  if (known && !owner) return undefined;
  return item.operation === 'dossier.progress.v1' || owner ? unknownDossier(item, owner) : undefined;
}

/** Whether an item's own code names a dossier already. Otherwise only its aliases do, and the code would become one more. */
function isNamed(item: DossierItem, known: Working, sender: Sender, dossiers: Dossiers): boolean {
  const { aliases: _, ...record } = item.record as Dossier;
  return known.code === record.code || candidates(dossiers, { ...item, record } as DossierItem, sender).has(known);
}

function beginDossier({ submission }: Place, item: DossierItem, dossiers: Dossiers): Working {
  const { code } = item.record;
  const working = begin(code, undefined, submission.receivedAt);
  working.ownsCode = dossiers.byName.has(code);
  register(dossiers, working, namesOf(item));
  return working;
}

/** Adds the event to its dossier and to the rows of the batch. A duplicate has none. */
function recordEvent(
  place: Place,
  item: DossierItem,
  working: Working,
  applied: Applied,
  aliases: readonly Alias[],
  dossiers: Dossiers,
): void {
  const { submission, source, rows, sender } = place;
  const { event, held } = applied;
  if (!event) return;
  const { code } = working;
  const counted = counts(event, held.owner);
  // A first record begins its dossier, even if its moment is far ahead.
  if (counted || !working.held) {
    keepAliases(place, working, aliases, dossiers);
    working.party = submission.party;
    working.receivedAt = source.receivedAt;
    working.changedAt = submission.receivedAt;
  }
  const isNews = applied.changed || hidesMore(working, event, held.view);
  working.held = item.recorded ? { ...held, erased: item.recorded.erased } : held;
  working.history.add(event);
  working.messageId = place.id;
  rows.events.push({
    ...source,
    code,
    event,
    said: event.record ?? item.record,
    movedStatus: applied.movedStatus,
    recordedAt: notBefore(submission.receivedAt, working.createdAt),
    owner: sender.ownership && held.owner,
    anomaly: item.recorded ? item.recorded.anomaly : applied.anomaly,
  });
  if (isPremature(event)) addToQuarantine(place, untilItsMoment(item));
  const { record, status, statusAt } = held.view;
  if (isNews) rows.changes.push({ code, status, statusAt, changedAt: submission.receivedAt });
  else rows.recounts.add(code);
  for (const operation of operationsFor(item, applied, counted))
    route(place, operation, code, event.seq, record, held.owner);
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

/** The configured owner of an unknown dossier, if it is not the sender. */
function anotherOwner({ record }: DossierItem, { party, ownership }: Sender): string | undefined {
  const entitled = ownership?.entitled(record);
  return entitled?.isConfigured && entitled.party !== party ? entitled.party : undefined;
}

/**
 * Whether an item with its own code would join another party's dossier by an alias. Two dossiers are never joined that
 * way.
 */
function joinsAnothers(item: DossierItem, { code, held }: Working, { party, ownership }: Sender): boolean {
  if (!ownership || code === item.record.code || held?.owner === party) return false;
  return aliasesOf(item).some((alias) => alias.code === code);
}

function claimWarnings({ claimed = [], held: { owner } }: Applied): readonly Problem[] {
  return claimed.map((path) => problem(path, 'not-owner', { why: say('claim-only', { party: owner }) }));
}

/** An event far ahead waits and is applied at its moment. See loadDueItems. */
function untilItsMoment(item: DossierItem): WaitingItem {
  const [path, moment] = momentOf(item);
  return waiting(item, 'ahead-of-time', `ahead-of-time:${moment}`, path, say('applied-at-its-time', { moment }));
}

/** Warns the sender of a moment more than a day ahead: the item has no effect before that moment. */
export function timeWarnings({ sender }: Place, item: DossierItem): readonly Problem[] {
  const [path, moment] = momentOf(item);
  return isAheadOfTime(moment, sender.recordedAt) ? [problem(path, 'ahead-of-time', { moment })] : [];
}

function momentOf({ record }: DossierItem): readonly [path: string, moment: string] {
  return 'at' in record ? ['/at', record.at] : ['/statusAt', record.statusAt];
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

/** The operations that partners receive: the dossier if readers see a new state, then its new step. */
function operationsFor({ operation }: DossierItem, applied: Applied, counted: boolean): readonly Operation[] {
  if (operation === 'dossier.upsert.v1') return applied.changed ? [operation] : [];
  const step: readonly Operation[] = counted ? [operation] : [];
  return applied.movedStatus ? ['dossier.upsert.v1', ...step] : step;
}

/** The event with its record under the dossier's own code. The received code becomes an alias of the sender. */
function underOwnCode(event: Incoming, code: string): Incoming {
  const { record, party } = event;
  if (!record || record.code === code) return event;
  const aliases = [...(record.aliases ?? []), { party, code: record.code }];
  return { ...event, record: { ...record, code, aliases } };
}

/** The item's aliases that the dossier lacks. Before the item is applied: then the known names belong to the new list. */
function newAliases({ submission }: Place, { held, code: own }: Working, item: DossierItem): readonly Alias[] {
  const { code } = item.record;
  const given = aliasesOf(item);
  const all = code === own ? given : [...given, { party: submission.party, code }];
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
  const codes = found.map(({ code }) => code).sort();
  const words = say('dossiers-apart', { code: item.record.code, count: codes.length, list: codes });
  return waiting(item, 'code-conflict', `code-conflict:${codes.join('+')}`, '/aliases', words);
}

/** @param owner the party that must send the dossier first, if it is not the sender */
function unknownDossier(item: DossierItem, owner: string | undefined): WaitingItem {
  const { code } = item.record;
  const key = `dossier-unknown:${code}`;
  if (owner === undefined) return waiting(item, 'dossier-unknown', key, '/code', say('dossier-unknown', { code }));
  const why = say('owner-has-not-sent', { code, party: owner });
  return waiting(item, 'not-owner', key, '/code', say('not-owner', { why }));
}

function waiting(item: DossierItem, kind: OtherCause['kind'], key: string, path: string, why: Words): WaitingItem {
  const { operation, record } = item;
  const words = inEnglish(why);
  const problems = [{ path, ...words }];
  return { kind: 'waiting', operation, code: record.code, cause: { kind, key, ...words }, problems };
}
