import type { Dossier } from '#schemas/dossier.upsert.v1';

/** Both lists, the older one first, each alias once. */
export function unionOfAliases(older: Dossier['aliases'], newer: Dossier['aliases']): Dossier['aliases'] {
  if (!older || !newer) return older ?? newer;
  const known = aliasNames(older);
  const added = newer.filter((alias) => !known.has(aliasName(alias)));
  if (added.length === 0) return older;
  const union = [...older, ...added];
  // Reuses the set, because a record may gain aliases with each of a thousand events.
  nameSets.delete(older);
  nameSets.set(union, known);
  for (const alias of added) known.add(aliasName(alias));
  return union;
}

export type Alias = NonNullable<Dossier['aliases']>[number];

/** The key of an alias: its party and its code. */
export function aliasName({ party, code }: Alias): string {
  return `${party} ${code}`;
}

const nameSets = new WeakMap<readonly Alias[], Set<string>>();

/** The keys of a record's aliases, cached by list. A list must not change. */
export function aliasNames(aliases: readonly Alias[]): Set<string> {
  const known = nameSets.get(aliases) ?? new Set(aliases.map(aliasName));
  nameSets.set(aliases, known);
  return known;
}
