import { isDossierItem, type RecordItem } from '#core/item';
import { type Route, recipients, type Subject } from '#core/route';
import type { Database } from '../database/pool.ts';
import { servicesUnder } from '../index/dossiers.ts';
import { codesOf, type DossierItem, namesOf, namesOfAlias } from './accept/dossiers.ts';
import { subjectOfEntry } from './accept/entry-item.ts';

/** Gathers who would be told if items were applied, by the routes as accept asks them. */
export interface ToldOf {
  /** Items of one message. */
  add(items: readonly RecordItem[]): Promise<void>;
  /** Of all that were added. */
  parties(): readonly string[];
}

export function createToldOf(database: Database, routes: readonly Route[], from: string): ToldOf {
  const told = new Set<string>();
  /** Dossiers that would begin, by all that they would be known as; and the codes of steps whose dossiers are not held. */
  const beginnings = new Map<string, Subject>();
  const orphans = new Set<string>();
  const ask = (operation: Route['operation'], subject: Subject): void => {
    for (const party of recipients(routes, from, operation, subject)) told.add(party);
  };
  /** A step that moves the status is also told as the dossier's new state. */
  const askStep = (subject: Subject): void => {
    ask('dossier.upsert.v1', subject);
    ask('dossier.progress.v1', subject);
  };
  const askDossier = (item: DossierItem, [one, another]: readonly Subject[]): void => {
    // What names several waits for a person.
    if (another) return;
    if (item.operation === 'dossier.progress.v1') {
      if (one) askStep(one);
      else orphans.add(item.record.code);
      return;
    }
    const { serviceCode, fieldCode, code } = item.record as Subject;
    const subject = { serviceCode, fieldCode, code: one?.code ?? code };
    ask(item.operation, subject);
    if (!one) for (const name of namesOf(item)) beginnings.set(name, subject);
  };
  return {
    async add(items) {
      const held = await heldBy(database, items.filter(isDossierItem));
      for (const item of items)
        if (isDossierItem(item)) askDossier(item, held(item));
        else ask(item.operation, subjectOfEntry(item));
    },
    parties() {
      for (const code of orphans) {
        const beginning = beginnings.get(code);
        if (beginning) askStep(beginning);
      }
      return [...told].sort();
    },
  };
}

/** Finds the dossiers that an item names, as accept does. */
async function heldBy(database: Database, items: readonly DossierItem[]): Promise<(item: DossierItem) => Subject[]> {
  const byName = new Map<string, Subject[]>();
  const codes = [...new Set(items.flatMap(codesOf))];
  for (const { asked, aliasOf, ...subject } of await servicesUnder(database.pool, codes))
    for (const name of aliasOf === undefined ? [asked] : namesOfAlias({ party: aliasOf, code: asked }))
      byName.set(name, [...(byName.get(name) ?? []), subject]);
  return (item) => {
    const found = namesOf(item).flatMap((name) => byName.get(name) ?? []);
    return [...new Map(found.map((subject) => [subject.code, subject])).values()];
  };
}
