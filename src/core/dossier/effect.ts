import type { Item } from './item.ts';

/** The result of an item of a message. */
export type ItemOutcome = 'accepted' | 'duplicate' | 'stale' | 'quarantined' | 'invalid';

/** What an item did to the records of the hub. `same`: nothing new; `stale`: older than what is held. */
export const EFFECTS = ['new', 'changed', 'same', 'stale', 'quarantined', 'invalid'] as const;
export type Effect = (typeof EFFECTS)[number];

/** @param isNew whether the item created its dossier */
export function effectOf(outcome: ItemOutcome, isNew: boolean): Effect {
  if (outcome === 'accepted') return isNew ? 'new' : 'changed';
  return outcome === 'duplicate' ? 'same' : outcome;
}

/** The effect of an item on a hub without any dossier. */
export function firstEffectOf({ kind }: Item): 'new' | 'quarantined' | 'invalid' {
  if (kind === 'record') return 'new';
  return kind === 'waiting' ? 'quarantined' : 'invalid';
}

export type EffectCounts = Readonly<Record<Effect, number>>;

export function countEffects(effects: readonly Effect[]): EffectCounts {
  const counts = { new: 0, changed: 0, same: 0, stale: 0, quarantined: 0, invalid: 0 };
  for (const effect of effects) counts[effect]++;
  return counts;
}
