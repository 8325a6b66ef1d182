import type { DossierItem } from '#core/dossier/item';
import { isDossierItem, type RecordItem } from '#core/dossier/item';
import { codesOf, namedBy, namesOf, namesOfHeld } from '#core/dossier/names';
import type { OwnedSubject, Ownership } from '#core/dossier/ownership';
import { type Route, recipients, type Subject, subjectOfEntry } from '#core/dossier/route';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Database } from '../database/pool.ts';
import { servicesUnder } from '../index/load-indexed.ts';

/** Collects the parties that would receive items if they were applied, by the routes as in accept. */
export interface RecipientsPreview {
  /** Adds the items of one message. */
  add(items: readonly RecordItem[]): Promise<void>;
  /** The recipients of all added items, and how many deliveries each would get. */
  deliveries(): readonly { readonly party: string; readonly deliveries: number }[];
}

/** A stored dossier, or one that an item would begin. */
interface Known extends Subject, OwnedSubject {
  readonly code: string;
  readonly owner: string;
}

interface PreviewSender {
  readonly party: string;
  readonly ownership: Ownership;
}

/** @param sender the party that sent the items, and the rules that accept applies to it */
export function createRecipientsPreview(
  database: Database,
  routes: readonly Route[],
  sender: PreviewSender,
): RecipientsPreview {
  const { party: from, ownership } = sender;
  const counts = new Map<string, number>();
  /** Dossiers that would begin, by all their names, and the codes of steps whose dossiers are unknown. */
  const beginnings: ByName = new Map();
  const orphans: string[] = [];
  const count = (operation: Route['operation'], subject: Subject & { readonly owner?: string }): void => {
    for (const party of recipients(routes, from, operation, subject, subject.owner))
      counts.set(party, (counts.get(party) ?? 0) + 1);
  };
  /** The members that the sender may change, undefined for all. A mere claim is delivered to no party. */
  const sharedOf = (known: Known): readonly string[] | undefined => {
    const isOwn = known.owner === from || ownership.entitled(known)?.party === from;
    return isOwn ? undefined : ownership.shared(from, known.owner, known);
  };
  /** A step that moves the status is also delivered as the dossier's new state. */
  const countStep = (known: Known): void => {
    if (!(sharedOf(known)?.includes('status') ?? true)) return;
    count('dossier.upsert.v1', known);
    count('dossier.progress.v1', known);
  };
  const countDossier = (item: DossierItem, [one, another]: readonly Known[]): void => {
    // An item that names several dossiers waits for an operator.
    if (another) return;
    if (item.operation === 'dossier.progress.v1') {
      if (one) countStep(one);
      else orphans.push(item.record.code);
      return;
    }
    const { serviceCode, fieldCode, agencyCode, code } = item.record as Dossier;
    const known = { serviceCode, fieldCode, agencyCode, code: one?.code ?? code, owner: one?.owner ?? from };
    if (one ? sharedOf(one)?.length === 0 : isOfAnother(known)) return;
    count(item.operation, known);
    if (!one) keep(beginnings, namesOf(item), known);
  };
  /** Such a dossier waits until its owner sends it. */
  const isOfAnother = (known: Known): boolean => {
    const entitled = ownership.entitled(known);
    return entitled?.isConfigured === true && entitled.party !== from;
  };
  return {
    async add(items) {
      const held = await heldBy(database, items.filter(isDossierItem), sender);
      for (const item of items)
        if (isDossierItem(item)) countDossier(item, held(item));
        else count(item.operation, subjectOfEntry(item));
    },
    deliveries() {
      for (const code of orphans.splice(0)) {
        const step = { operation: 'dossier.progress.v1', record: { code } } as DossierItem;
        for (const beginning of knownBy(beginnings, step, sender)) countStep(beginning);
      }
      return [...counts].map(([party, deliveries]) => ({ party, deliveries })).sort(byParty);
    },
  };
}

function byParty(one: { readonly party: string }, other: { readonly party: string }): number {
  return one.party < other.party ? -1 : 1;
}

/** Finds the dossiers that an item names, as accept does. */
async function heldBy(
  database: Database,
  items: readonly DossierItem[],
  sender: PreviewSender,
): Promise<(item: DossierItem) => readonly Known[]> {
  const byName: ByName = new Map();
  const codes = [...new Set(items.flatMap(codesOf))];
  for (const { asked, aliasOf, ...known } of await servicesUnder(database.pool, codes))
    keep(byName, namesOfHeld(asked, aliasOf), known);
  return (item) => knownBy(byName, item, sender);
}

/** Dossiers by their own codes, for each of their names. */
type ByName = Map<string, Map<string, Known>>;

function keep(byName: ByName, names: readonly string[], known: Known): void {
  for (const name of names) byName.set(name, (byName.get(name) ?? new Map<string, Known>()).set(known.code, known));
}

function knownBy(byName: ByName, item: DossierItem, sender: PreviewSender): readonly Known[] {
  return [...new Map(namedBy(byName, item, sender)).values()];
}
