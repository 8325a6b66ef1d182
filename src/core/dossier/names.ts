import { isDossierCode } from '../identifiers/identifiers.ts';
import { type Alias, aliasName } from './aliases.ts';
import type { DossierItem } from './item.ts';
import type { Sender } from './ownership.ts';

/**
 * The values in a map by name that belong to an item's dossier. The map's keys come from `namesOf` or `namesOfHeld`.
 */
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

/**
 * A record of the party that is entitled to its code begins that party's dossier, even if the code is an alias
 * elsewhere.
 */
function beginsOwn({ operation, record }: DossierItem, { party, ownership }: Omit<Sender, 'recordedAt'>): boolean {
  return operation === 'dossier.upsert.v1' && ownership?.entitled(record)?.party === party;
}

/** All codes by which the hub searches for an item's dossier. */
export function codesOf(item: DossierItem): readonly string[] {
  return [item.record.code, ...aliasesOf(item).map((alias) => alias.code)];
}

/** The names of a new dossier: its own code, and its aliases. */
export function namesOf(item: DossierItem): readonly string[] {
  return [ownName(item.record.code), ...aliasesOf(item).flatMap(namesOfAlias)];
}

/**
 * The names of a stored dossier for a code in a query.
 *
 * @param aliasOf the party whose alias the code is, if any
 */
export function namesOfHeld(asked: string, aliasOf: string | undefined): readonly string[] {
  return aliasOf === undefined ? [ownName(asked)] : namesOfAlias({ party: aliasOf, code: asked });
}

/** A number such as 12 names another dossier at each party. A dossier code is unique everywhere. */
export function namesOfAlias(alias: Alias): readonly string[] {
  return isDossierCode(alias.code) ? [aliasName(alias), alias.code] : [aliasName(alias)];
}

/** The name of the dossier whose own code this is. */
export function ownName(code: string): string {
  return `= ${code}`;
}

export function aliasesOf({ record }: DossierItem): readonly Alias[] {
  return ('aliases' in record && record.aliases) || [];
}
