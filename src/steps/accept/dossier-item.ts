import { type Applied, apply, asFirstTold, isKnown } from '#core/apply';
import { inEventOrder, isAheadOfTime } from '#core/dossier';
import { isDossierItem, type WaitingItem } from '#core/item';
import type { Problem } from '#core/problem';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Operation } from '#schemas/operations';
import type { ItemResult } from '../../ledger/messages.ts';
import {
  begin,
  candidates,
  type DossierItem,
  type Dossiers,
  incomingOf,
  namesOf,
  namesOfAlias,
  register,
  type Working,
} from './dossiers.ts';
import { type Place, quarantine, route, settleWaiting } from './rows.ts';

/** Apply one item to its dossier. */
export function applyDossier(place: Place, item: DossierItem, dossiers: Dossiers): ItemResult {
  const { submission, source, rows, index } = place;
  const { code } = item.record;
  const found = [...candidates(dossiers, item)];
  if (found.length > 1) return quarantine(place, conflict(item, found));
  let [working] = found;
  if (!working) {
    if (item.operation === 'dossier.progress.v1') return quarantine(place, unknownDossier(item));
    working = begin(code, undefined, submission.receivedAt);
    register(dossiers, working, namesOf(item));
  }
  const record = underOwnCode(item, working.code, submission.party);
  const incoming = eventOf(place, item, working);
  const event = incoming.record ? { ...incoming, record: record as Dossier } : incoming;
  const applied = apply(working.held, working.events, working.code, event);
  settleWaiting(place, applied.outcome);
  if (!applied.event) return { index, code, outcome: applied.outcome };
  keepAliases(place, working, item, dossiers);
  working.held = applied.held;
  addInOrder(working.events, applied.event);
  working.messageId = place.id;
  working.party = submission.party;
  working.receivedAt = source.receivedAt;
  working.changedAt = submission.receivedAt;
  const { view } = applied.held;
  rows.events.push({
    code: working.code,
    event: applied.event,
    said: record,
    movedStatus: applied.movedStatus,
    anomaly: applied.anomaly ?? (isAheadOfTime(event.at, source.receivedAt) ? 'ahead-of-time' : undefined),
    recordedAt: notBefore(submission.receivedAt, working.createdAt),
    ...source,
  });
  if (applied.changed)
    rows.changes.push({
      code: working.code,
      status: view.status,
      statusAt: view.statusAt,
      changedAt: submission.receivedAt,
    });
  for (const [operation, told] of tells(item, applied))
    if (told) route(place, operation, working.code, applied.event.seq, view.record);
  return { index, code, outcome: applied.outcome };
}

/** Those of one dossier stay in event order: each late one is judged by all of them, and sorting is most of that. */
function addInOrder<Event extends Parameters<typeof inEventOrder>[0]>(events: Event[], event: Event): void {
  const before = events.findLastIndex((known) => inEventOrder(known, event) < 0);
  events.splice(before + 1, 0, event);
}

/** The sender hears of a moment that has not come, for what it tells next would change nothing that readers see. */
export function timeWarnings({ source }: Place, { record }: DossierItem): readonly Problem[] {
  const [path, at] = 'at' in record ? ['/at', record.at] : ['/statusAt', record.statusAt];
  if (!isAheadOfTime(at, source.receivedAt)) return [];
  return [{ path, message: `${at} has not come yet; what is told of any moment before counts as older` }];
}

/**
 * What became of an item with doubtful text that is recorded already, since a person took it as it stands: its sender
 * has the same text still, and tells it again. Undefined for any other, which waits for a person.
 */
export function repetition(
  place: Place,
  { asItStands: item }: WaitingItem,
  dossiers: Dossiers,
): ItemResult | undefined {
  if (!item || !isDossierItem(item)) return undefined;
  const [working, ...others] = candidates(dossiers, item);
  if (!working || others.length > 0) return undefined;
  const { held, events } = working;
  if (!held || !isKnown(held, events, eventOf(place, item, working))) return undefined;
  settleWaiting(place, 'duplicate');
  return { index: place.index, code: item.record.code, outcome: 'duplicate' };
}

/** The event that an item stands for, in the words in which its dossier's history has it already. */
function eventOf({ submission: { party }, means, source }: Place, item: DossierItem, { events }: Working) {
  const came = { messageId: source.messageId, item: source.item };
  const told = { ...incomingOf(item, party, means.isAuthoritative(party)), ...came };
  return means.stepsAreByMoment(party) ? asFirstTold(events, told, item.standIns) : told;
}

/**
 * A message that was received before the one that its dossier began with may be kept after it, or the clock was set back.
 * Whoever looks for a dossier's events looks no further back than its beginning.
 */
function notBefore(moment: string, beginning: string): string {
  return moment < beginning ? beginning : moment;
}

/** A dossier's new state goes out when readers see it; a step goes out whenever it is new, its dossier first. */
function tells(item: DossierItem, applied: Applied): readonly (readonly [Operation, boolean])[] {
  if (item.operation === 'dossier.upsert.v1') return [['dossier.upsert.v1', applied.changed]];
  return [
    ['dossier.upsert.v1', applied.movedStatus],
    ['dossier.progress.v1', true],
  ];
}

/** A record under the dossier's own code; the code that it came under is kept as the sender's alias. */
function underOwnCode(item: DossierItem, code: string, party: string): DossierItem['record'] {
  if (item.record.code === code || item.operation === 'dossier.progress.v1') return item.record;
  const record = item.record as Dossier;
  return { ...record, code, aliases: [...(record.aliases ?? []), { party, code: record.code }] };
}

function keepAliases({ submission, rows }: Place, working: Working, item: DossierItem, dossiers: Dossiers): void {
  const given = 'aliases' in item.record ? (item.record.aliases ?? []) : [];
  const own = item.record.code === working.code ? [] : [{ party: submission.party, code: item.record.code }];
  const known = new Set((working.held?.view.record.aliases ?? []).map((alias) => `${alias.party} ${alias.code}`));
  for (const { party, code } of [...given, ...own]) {
    if (known.has(`${party} ${code}`) || rows.aliases.some((row) => row.party === party && row.code === code)) continue;
    rows.aliases.push({ party, code, dossier: working.code });
    register(dossiers, working, namesOfAlias({ party, code }));
  }
}

function conflict(item: DossierItem, found: readonly Working[]): WaitingItem {
  const codes = found.map((working) => working.code).sort();
  const message = `${item.record.code} and its aliases name ${codes.length} dossiers that are held apart: ${codes.join(', ')}`;
  return {
    kind: 'waiting',
    operation: item.operation,
    code: item.record.code,
    cause: { kind: 'code-conflict', key: `code-conflict:${codes.join('+')}`, message },
    problems: [{ path: '/aliases', message }],
  };
}

function unknownDossier(item: DossierItem): WaitingItem {
  const { code } = item.record;
  const message = `no dossier ${code} has come yet; the step is kept and applied when it comes`;
  return {
    kind: 'waiting',
    operation: item.operation,
    code,
    cause: { kind: 'dossier-unknown', key: `dossier-unknown:${code}`, message },
    problems: [{ path: '/code', message }],
  };
}
