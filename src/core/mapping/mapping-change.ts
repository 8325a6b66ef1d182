/**
 * `draft`: only its author works on it. `asked`: it waits for a second officer. `applied`: its lines are a version of the
 * table. `refused` and `withdrawn` change nothing.
 */
export const MAPPING_STATES = ['draft', 'asked', 'applied', 'refused', 'withdrawn'] as const;
export type MappingState = (typeof MAPPING_STATES)[number];

/** What an officer may decide about a change. The officer of a change only withdraws it, others approve or refuse it. */
export type MappingDecision = 'approve' | 'refuse' | 'withdraw';

/**
 * How an item would be read: with other values, at last, no longer, or for another reason not. `readable`: it waits or is
 * invalid, and would be a record.
 */
export const EFFECT_KINDS = ['changed', 'readable', 'unreadable', 'otherwise'] as const;
export type EffectKind = (typeof EFFECT_KINDS)[number];
