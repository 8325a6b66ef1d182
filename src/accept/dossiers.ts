import { type IndexedDossier, needsHistory, type RecordedEvent } from '#core/dossier/apply';
import { createHistory, type History } from '#core/dossier/history';
import { type DossierItem, isDossierItem, recordIn } from '#core/dossier/item';
import { codesOf, namedBy, namesOfHeld, ownName } from '#core/dossier/names';
import type { Sender } from '#core/dossier/ownership';
import type { DossierView } from '#core/dossier/state';
import { writtenTexts } from '#core/masking/masked-record';
import { createMentions, formerPeople, type Person } from '#core/masking/mentions';
import type { DossierStep } from '#core/records/kind';
import type { DossierRow } from '../index/dossiers.ts';
import { loadEventsReading } from '../index/events.ts';
import { incomingOf } from '../index/incoming.ts';
import { loadIndexed } from '../index/load-indexed.ts';
import type { Submission } from '../ledger/submission.ts';
import { RECONCILE_DOOR } from '../parties/read-again.ts';
import type { AcceptDeps } from './accept-deps.ts';

/** A dossier while a batch is applied to it. */
export interface Working {
  readonly code: string;
  readonly loaded: IndexedDossier | undefined;
  held: IndexedDossier | undefined;
  /** Its earlier events if the batch needs them, and those of the batch. */
  history: History<RecordedEvent>;
  readonly createdAt: string;
  /** The newest message that was applied to it, with the data for its freshness. */
  messageId: string | undefined;
  party: string;
  receivedAt: string;
  changedAt: string;
  /** See DossierRow. */
  ownsCode: boolean;
  /** The applicants that it named before the batch. */
  readonly former: readonly Person[];
  /** See DossierRow. */
  readonly rewrites: number;
}

export interface Dossiers {
  /** How many recorded events were read to judge the new ones. */
  readonly eventsRead: number;
  readonly all: Set<Working>;
  /** By all names of a dossier. See namesOf. */
  readonly byName: Map<string, Set<Working>>;
}

export function noDossiers(): Dossiers {
  return { eventsRead: 0, all: new Set(), byName: new Map() };
}

/**
 * Loads all dossiers that a batch names, with their history if the batch needs it.
 *
 * @param stepsOf the steps that records of other kinds may make
 */
export async function loadDossiers(
  deps: AcceptDeps,
  submissions: readonly Submission[],
  stepsOf: (submission: Submission) => readonly DossierItem[],
): Promise<Dossiers> {
  const { database, vault } = deps;
  const items = submissions.flatMap((submission) =>
    [...dossierItemsOf(submission), ...stepsOf(submission)].map(
      (item): SentItem => ({
        item,
        sender: senderOf(deps, submission),
        isCorrection: submission.correction !== undefined,
      }),
    ),
  );
  const codes = [...new Set(items.flatMap(({ item }) => codesOf(item)))];
  const dossiers = noDossiers();
  const loaded = new Map<string, Working>();
  const found = await loadIndexed(database.pool, vault, codes);
  for (const { asked, aliasOf, held, createdAt, messageId, ...kept } of found) {
    const { former, rewrites } = kept;
    const working = loaded.get(held.code) ?? { ...begin(held.code, held, createdAt, messageId), former, rewrites };
    loaded.set(held.code, working);
    // The step of a record that names it by an alias is a step under its own code.
    register(dossiers, working, [ownName(held.code), ...namesOfHeld(asked, aliasOf)]);
  }
  return { ...dossiers, eventsRead: await loadHistories(deps, items, dossiers) };
}

interface SentItem {
  readonly item: DossierItem;
  readonly sender: Sender;
  readonly isCorrection: boolean;
}

export function senderOf(
  { ownership, ownedSince }: Pick<AcceptDeps, 'ownership' | 'ownedSince'>,
  { party, receivedAt, door }: Pick<Submission, 'party' | 'receivedAt' | 'door'>,
): Sender {
  // A partner's answer that an operator adopted counts in full, because the order decides and not the partner's rights.
  const isRestricted = receivedAt >= ownedSince && door !== RECONCILE_DOOR;
  return { party, recordedAt: receivedAt, ownership: isRestricted ? ownership.at(receivedAt) : undefined };
}

/** The items of a submission about dossiers. Includes doubtful ones, which an operator may have accepted before. */
export function dossierItemsOf({ items }: Pick<Submission, 'items'>): readonly DossierItem[] {
  const found: DossierItem[] = [];
  for (const item of items) {
    const read = recordIn(item);
    if (read && isDossierItem(read)) found.push(read);
  }
  return found;
}

/** A step of a dossier that a record of another kind makes. */
export function stepItem(code: string, at: string, { status, actor, content }: DossierStep): DossierItem {
  const record = { code, at, status, actor, content };
  return { kind: 'record', operation: 'dossier.progress.v1', record, warnings: [] };
}

export function begin(
  code: string,
  loaded: IndexedDossier | undefined,
  createdAt: string,
  messageId?: string,
): Working {
  const nothingYet = { party: '', receivedAt: createdAt, changedAt: createdAt, former: [], rewrites: 0 };
  const history = createHistory<RecordedEvent>();
  return { code, loaded, held: loaded, history, createdAt, messageId, ownsCode: false, ...nothingYet };
}

export function register({ all, byName }: Dossiers, working: Working, names: readonly string[]): void {
  all.add(working);
  for (const name of names) byName.set(name, (byName.get(name) ?? new Set()).add(working));
}

/** @returns how many recorded events it read */
async function loadHistories(deps: AcceptDeps, items: readonly SentItem[], dossiers: Dossiers): Promise<number> {
  const { database, vault, stepsAreByMoment } = deps;
  const wanted = needingHistory(deps, items, dossiers);
  if (wanted.size === 0) return 0;
  const since = [...wanted].map((working) => working.createdAt).reduce((a, b) => (a < b ? a : b));
  const codes = [...wanted].map((working) => working.code);
  // The content of steps is needed only if a step may repeat another in other words.
  const readsSteps = items.some(({ sender }) => stepsAreByMoment(sender.party));
  const histories = await loadEventsReading(database.pool, vault, codes, since, readsSteps ? undefined : []);
  let read = 0;
  for (const working of wanted) {
    const events = histories.get(working.code) ?? [];
    working.history = createHistory(events);
    read += events.length;
  }
  return read;
}

/** The dossiers with an event that is not later than all recorded ones, or not their owner's. See core/dossier/apply. */
function needingHistory(
  { ownership }: AcceptDeps,
  items: readonly SentItem[],
  dossiers: Dossiers,
): ReadonlySet<Working> {
  const reached = new Map<Working, IndexedDossier>();
  const wanted = new Set<Working>();
  // An item may name its dossier by a code that an earlier item of the batch gives to it.
  const given = new Map<string, ReadonlySet<Working>>();
  for (const { item, sender, isCorrection } of items) {
    const found = union(candidates(dossiers, item, sender), given.get(item.record.code));
    const codes = codesOf(item);
    if (codes.length > 1 && found.size > 0) for (const code of codes) given.set(code, union(found, given.get(code)));
    for (const working of found) {
      const held = reached.get(working) ?? working.loaded;
      const isAuthoritative = ownership.at(sender.recordedAt).isAuthoritative(sender.party);
      const incoming = { ...incomingOf(item, sender, held, isAuthoritative), isCorrection };
      // The effects of assumed members, and of steps without authority, depend on earlier items of the batch.
      const isWeakStep = incoming.kind === 'progress' && !incoming.authoritative;
      if (needsHistory(held, incoming) || (held && item.standIns) || (isWeakStep && reached.has(working)))
        wanted.add(working);
      else if (held && incoming.at > held.lastAt)
        reached.set(working, {
          ...held,
          lastAt: incoming.at,
          contentId: incoming.record ? incoming.contentId : held.contentId,
        });
    }
  }
  return wanted;
}

function union<Value>(one: ReadonlySet<Value>, other: ReadonlySet<Value> | undefined): ReadonlySet<Value> {
  return other ? new Set([...one, ...other]) : one;
}

/**
 * The dossiers that an item concerns: the one with its code, else one with that code as alias, and each that its own
 * aliases name. A dossier's own code comes before aliases, so no alias can hide it.
 */
export function candidates({ byName }: Dossiers, item: DossierItem, sender: Sender): ReadonlySet<Working> {
  return namedBy(byName, item, sender);
}

/** The dossiers of the batch that have this code, whichever party gave it. */
export function workingNamed({ byName }: Dossiers, code: string): readonly Working[] {
  return [...(byName.get(ownName(code)) ?? byName.get(code) ?? [])];
}

/** All codes of dossiers in a submission. Two batches with a common code may change the same dossier. */
export function codesNamedBy(submission: Submission): readonly string[] {
  const items = dossierItemsOf(submission);
  if (items.length === 1) return codesOf(items[0] as DossierItem);
  return [...new Set(items.flatMap(codesOf))];
}

/**
 * Whether an event names somebody new whom a text of the dossier mentions. Readers then see the text masked, although no
 * member changed. Called before the event joins the history.
 */
export function hidesMore({ former, history }: Working, event: RecordedEvent, { record }: DossierView): boolean {
  const applicant = event.record?.applicant;
  // Most late records name the present applicant. Then the history, which may be long, is not searched.
  if (formerPeople([], [applicant], record.applicant).length === 0) return false;
  const named = history.events.map((one) => one.record?.applicant);
  const before = formerPeople(former, named, record.applicant);
  const now = formerPeople(former, [...named, applicant], record.applicant);
  return now.length > before.length && createMentions(now.slice(before.length)).mayBeIn(writtenTexts(record));
}

/** The row to write for a changed dossier. */
export function dossierRow(working: Working): DossierRow {
  const named = [
    working.loaded?.view.record.applicant,
    ...working.history.events.map(({ record }) => record?.applicant),
  ];
  const former = formerPeople(working.former, named, working.held?.view.record.applicant);
  return {
    held: working.held as IndexedDossier,
    madeFrom: working.loaded?.version ?? 0,
    messageId: working.messageId as string,
    receivedAt: working.receivedAt,
    changedAt: working.changedAt,
    createdAt: working.createdAt,
    party: working.party,
    ownsCode: working.ownsCode,
    isClaimOnly: working.loaded !== undefined && working.party === '',
    namesMore: former.length > working.former.length,
    former,
    rewrites: working.rewrites,
  };
}
