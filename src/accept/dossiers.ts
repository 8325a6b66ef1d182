import { type Held, type Incoming, needsHistory, type RecordedEvent } from '#core/dossier/apply';
import { createHistory, type History } from '#core/dossier/history';
import { isDossierItem, type RecordItem, recordIn } from '#core/dossier/item';
import type { Ownership } from '#core/dossier/ownership';
import { isDossierCode } from '#core/identifiers/identifiers';
import { formerPeople, type Person } from '#core/masking/mentions';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { type DossierRow, loadHeld } from '../index/dossiers.ts';
import { loadEventsReading } from '../index/events.ts';
import { hashOf } from '../index/sealed-records.ts';
import { RECONCILE_DOOR } from './read-again.ts';
import type { AcceptMeans, Submission } from './submission.ts';

/** A dossier while a batch is applied to it. */
export interface Working {
  readonly code: string;
  readonly loaded: Held | undefined;
  held: Held | undefined;
  /** Its earlier events where the batch needs them, and those of the batch. */
  history: History<RecordedEvent>;
  readonly createdAt: string;
  /** The newest message that was applied to it, and what it says of its freshness. */
  messageId: string | undefined;
  party: string;
  receivedAt: string;
  changedAt: string;
  /** See DossierRow. */
  ownsCode: boolean;
  /** Whom it had named as its applicant before the batch. */
  readonly former: readonly Person[];
}

export interface Dossiers {
  /** How many recorded events were read to judge by. */
  readonly judged: number;
  readonly all: Set<Working>;
  /** By what each is known as: see namesOf. */
  readonly byName: Map<string, Set<Working>>;
}

export function noDossiers(): Dossiers {
  return { judged: 0, all: new Set(), byName: new Map() };
}

export type DossierItem = RecordItem<'dossier.upsert.v1' | 'dossier.progress.v1'>;

/** Load what is held of all dossiers that a batch names, with the history where the batch needs it to be judged. */
export async function loadDossiers(means: AcceptMeans, submissions: readonly Submission[]): Promise<Dossiers> {
  const { database, vault } = means;
  const items = submissions.flatMap((submission) =>
    dossierItemsOf(submission).map((item): SentItem => ({ item, sender: senderOf(means, submission) })),
  );
  const codes = [...new Set(items.flatMap(({ item }) => codesOf(item)))];
  const dossiers = noDossiers();
  const loaded = new Map<string, Working>();
  for (const { asked, aliasOf, held, createdAt, messageId, former } of await loadHeld(database.pool, vault, codes)) {
    const working = loaded.get(held.code) ?? { ...begin(held.code, held, createdAt, messageId), former };
    loaded.set(held.code, working);
    register(dossiers, working, namesOfHeld(asked, aliasOf));
  }
  return { ...dossiers, judged: await loadHistories(means, items, dossiers) };
}

/** Who sent an item, and by which rules it is judged. */
export interface Sender {
  readonly party: string;
  /** When it is recorded. */
  readonly recordedAt: string;
  /** Absent for what was received before ownership was decided. */
  readonly ownership: Ownership | undefined;
}

interface SentItem {
  readonly item: DossierItem;
  readonly sender: Sender;
}

export function senderOf(
  { ownership, ownedSince }: Pick<AcceptMeans, 'ownership' | 'ownedSince'>,
  { party, receivedAt, door }: Pick<Submission, 'party' | 'receivedAt' | 'door'>,
): Sender {
  // What an operator took over from a partner counts in full: the order decides, not the partner's rights.
  const isJudged = receivedAt >= ownedSince && door !== RECONCILE_DOOR;
  return { party, recordedAt: receivedAt, ownership: isJudged ? ownership : undefined };
}

/** All of a submission that tells of dossiers, what is doubtful too: it may have been taken as it stands already. */
export function dossierItemsOf({ items }: Submission): readonly DossierItem[] {
  return items.flatMap((item) => recordIn(item) ?? []).filter(isDossierItem);
}

export function begin(code: string, loaded: Held | undefined, createdAt: string, messageId?: string): Working {
  const nothingYet = { party: '', receivedAt: createdAt, changedAt: createdAt, former: [] };
  const history = createHistory<RecordedEvent>();
  return { code, loaded, held: loaded, history, createdAt, messageId, ownsCode: false, ...nothingYet };
}

export function register({ all, byName }: Dossiers, working: Working, names: readonly string[]): void {
  all.add(working);
  for (const name of names) byName.set(name, (byName.get(name) ?? new Set()).add(working));
}

/** Only what is not later than all that is recorded, or not its owner's, has to be judged by the history; see core/apply. */
async function loadHistories(
  { database, vault, ownership, stepsAreByMoment }: AcceptMeans,
  items: readonly SentItem[],
  dossiers: Dossiers,
): Promise<number> {
  const reached = new Map<Working, Held>();
  const wanted = new Set<Working>();
  for (const { item, sender } of items) {
    for (const working of candidates(dossiers, item, sender)) {
      const held = reached.get(working) ?? working.loaded;
      const incoming = incomingOf(item, sender, held, ownership.isAuthoritative(sender.party));
      // What is assumed in it depends on what the batch does to the dossier before.
      if (needsHistory(held, incoming) || (held && item.standIns)) wanted.add(working);
      else if (held && incoming.at > held.lastAt)
        reached.set(working, {
          ...held,
          lastAt: incoming.at,
          contentHash: incoming.record ? incoming.hash : held.contentHash,
        });
    }
  }
  if (wanted.size === 0) return 0;
  const since = [...wanted].map((working) => working.createdAt).reduce((a, b) => (a < b ? a : b));
  const codes = [...wanted].map((working) => working.code);
  // Only where a step may repeat another in other words are the words of steps needed.
  const readsSteps = items.some(({ sender }) => stepsAreByMoment(sender.party));
  const histories = await loadEventsReading(database.pool, vault, codes, since, readsSteps ? undefined : []);
  let judged = 0;
  for (const working of wanted) {
    const events = histories.get(working.code) ?? [];
    working.history = createHistory(events);
    judged += events.length;
  }
  return judged;
}

/**
 * The dossiers that an item means: the one with its code, else one that has the code as an alias; and each that its own
 * aliases name. A dossier's own code comes before any alias, so that no alias hides it.
 */
export function candidates({ byName }: Dossiers, item: DossierItem, sender: Sender): ReadonlySet<Working> {
  return namedBy(byName, item, sender);
}

/** The same of anything that is kept by `namesOf` and `namesOfHeld`. */
export function namedBy<Kept>(
  byName: ReadonlyMap<string, Iterable<Kept> & { readonly size: number }>,
  item: DossierItem,
  sender: Omit<Sender, 'recordedAt'>,
): ReadonlySet<Kept> {
  const found = new Set<Kept>();
  const add = (name: string): boolean => {
    const named = byName.get(name);
    for (const one of named ?? []) found.add(one);
    return named !== undefined && named.size > 0;
  };
  const { code } = item.record;
  if (!sender.ownership) {
    for (const name of [
      ownName(code),
      code,
      ...aliasesOf(item).flatMap((alias) => [...namesOfAlias(alias), ownName(alias.code)]),
    ])
      add(name);
    return found;
  }
  if (!add(ownName(code)) && !add(aliasName({ party: sender.party, code })) && !beginsOwn(item, sender)) add(code);
  for (const alias of aliasesOf(item)) {
    add(aliasName(alias));
    add(ownName(alias.code));
  }
  return found;
}

/** A record of the party that is entitled to its code is that party's dossier, whoever has the code as an alias. */
function beginsOwn({ operation, record }: DossierItem, { party, ownership }: Omit<Sender, 'recordedAt'>): boolean {
  return operation === 'dossier.upsert.v1' && ownership?.entitled(record)?.party === party;
}

/** All codes of dossiers that a submission names: two batches that name the same one may change the same dossier. */
export function codesNamedBy(submission: Submission): readonly string[] {
  const items = dossierItemsOf(submission);
  if (items.length === 1) return codesOf(items[0] as DossierItem);
  return [...new Set(items.flatMap(codesOf))];
}

/** All that what is held of an item's dossier is looked for by. */
export function codesOf(item: DossierItem): readonly string[] {
  return [item.record.code, ...aliasesOf(item).map((alias) => alias.code)];
}

/** What a new dossier is known as: its own code, and its aliases. */
export function namesOf(item: DossierItem): readonly string[] {
  return [ownName(item.record.code), ...aliasesOf(item).flatMap(namesOfAlias)];
}

/** What a held dossier is known as by a code that was asked for. @param aliasOf the party whose alias the code is, if any */
export function namesOfHeld(asked: string, aliasOf: string | undefined): readonly string[] {
  return aliasOf === undefined ? [ownName(asked)] : namesOfAlias({ party: aliasOf, code: asked });
}

/** A number such as 12 is another dossier's at each party; a dossier code is nobody else's anywhere. */
export function namesOfAlias(alias: Alias): readonly string[] {
  return isDossierCode(alias.code) ? [aliasName(alias), alias.code] : [aliasName(alias)];
}

function ownName(code: string): string {
  return `= ${code}`;
}

function aliasName({ party, code }: Alias): string {
  return `${party} ${code}`;
}

type Alias = NonNullable<Dossier['aliases']>[number];

function aliasesOf({ record }: DossierItem): readonly Alias[] {
  return ('aliases' in record && record.aliases) || [];
}

/** The event that an item stands for. @param held the dossier that it is about, as far as there is one */
export function incomingOf(
  item: DossierItem,
  { party, recordedAt, ownership }: Sender,
  held: Held | undefined,
  authoritative: boolean,
): Incoming {
  const isDossier = item.operation === 'dossier.upsert.v1';
  const record = isDossier ? withKnown(item.record as Dossier, item.standIns, held) : item.record;
  // Whose dossier it is, its owner's record says; a new one is judged by its first.
  const entitled = ownership?.entitled(held ? held.view.record : (item.record as Dossier))?.party === party;
  const shared =
    ownership && !entitled
      ? ownership.shared(party, held?.owner ?? party, (held?.view.record ?? item.record) as Dossier)
      : undefined;
  return {
    kind: isDossier ? 'dossier' : 'progress',
    at: atOf(item),
    status: item.record.status,
    party,
    authoritative,
    inferred: item.inferred ?? false,
    hash: hashOf(record),
    recordedAt,
    ...(shared && { shared }),
    ...(entitled && { isEntitled: true }),
    ...(isDossier ? { record: record as Dossier } : { said: item.record }),
  };
}

/** A record whose assumed members stand back behind what the dossier has: a constant fills only what nobody has said. */
function withKnown(record: Dossier, assumed: readonly string[] = [], held: Held | undefined): Dossier {
  const known: Readonly<Record<string, unknown>> = { ...held?.view.record };
  const said = assumed.filter((member) => !['code', 'status', 'statusAt'].includes(member) && member in known);
  if (said.length === 0) return record;
  return { ...record, ...Object.fromEntries(said.map((member) => [member, known[member]])) };
}

function atOf(item: DossierItem): string {
  return 'at' in item.record ? item.record.at : item.record.statusAt;
}

/** What is to be written of a dossier that the batch changed. */
export function dossierRow(working: Working): DossierRow {
  const named = [
    working.loaded?.view.record.applicant,
    ...working.history.events.map(({ record }) => record?.applicant),
  ];
  return {
    held: working.held as Held,
    madeFrom: working.loaded?.version ?? 0,
    messageId: working.messageId as string,
    receivedAt: working.receivedAt,
    changedAt: working.changedAt,
    createdAt: working.createdAt,
    party: working.party,
    ownsCode: working.ownsCode,
    isClaimOnly: working.loaded !== undefined && working.party === '',
    former: formerPeople(working.former, named, working.held?.view.record.applicant),
  };
}
