import type { Fault } from '../../kit/testing/simulator/simulator.ts';
import { createDice, type Dice } from '../day/dice.ts';

/** A fault to inject into the running stage. */
export type Trouble =
  | { readonly kind: 'kill'; readonly target: string }
  | { readonly kind: 'cut-database' }
  | { readonly kind: 'fail-over' }
  | { readonly kind: 'partition'; readonly node: string; readonly forMs: number }
  | { readonly kind: 'flush-redis' }
  | { readonly kind: 'partner'; readonly partner: string; readonly fault: Fault };

/** One fault, and the pause after the previous one in its row. */
export interface Planned {
  readonly afterMs: number;
  readonly trouble: Trouble;
}

/** The targets of faults. */
export interface Targets {
  /** Targets of kills: the hub's processes, and the proof's own servers. */
  readonly kills: readonly string[];
  readonly canFlush: boolean;
  readonly canFailOver?: boolean;
  /** Machines that can be cut off. */
  readonly nodes?: readonly string[];
  readonly partners: readonly string[];
}

/**
 * Two endless rows of faults: kills, and faults of partners. The same for the same seed and targets. Each row shuffles its
 * kinds like cards, so even a short run meets all of them.
 */
export function planTrouble(seed: number, targets: Targets): Readonly<Record<'kills' | 'partners', Iterator<Planned>>> {
  const dice = createDice(seed);
  const inside: Trouble[] = [
    ...targets.kills.map((target): Trouble => ({ kind: 'kill', target })),
    { kind: 'cut-database' },
    ...(targets.canFlush ? [{ kind: 'flush-redis' } as const] : []),
    ...(targets.canFailOver ? [{ kind: 'fail-over' } as const] : []),
    ...(targets.nodes ?? []).map((node): Trouble => ({ kind: 'partition', node, forMs: 0 })),
  ];
  const outside = targets.partners.flatMap((partner) => FAULTS.map((fault) => ({ partner, fault })));
  return {
    kills: row(createDice(dice.whole(1, MOST)), inside, [1_500, 4_500], (own, trouble) =>
      trouble.kind === 'partition' ? { ...trouble, forMs: own.whole(2_000, 6_000) } : trouble,
    ),
    partners: row(createDice(dice.whole(1, MOST)), outside, [600, 2_000], (own, { partner, fault }) => ({
      kind: 'partner',
      partner,
      fault: withPath(own, partner, fault(own)),
    })),
  };
}

const MOST = 1_000_000_000;

function* row<T>(
  dice: Dice,
  kinds: readonly T[],
  [leastMs, mostMs]: readonly [number, number],
  make: (dice: Dice, kind: T) => Trouble,
): Generator<Planned, never> {
  for (;;)
    for (const kind of shuffled(dice, kinds)) yield { afterMs: dice.whole(leastMs, mostMs), trouble: make(dice, kind) };
}

function shuffled<T>(dice: Dice, list: readonly T[]): readonly T[] {
  return list
    .map((one) => [dice.next(), one] as const)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one);
}

/** A count or a duration, so that each fault ends by itself. */
const some = (dice: Dice): { times: number; forMs: number } => ({
  times: dice.whole(1, 6),
  forMs: dice.whole(500, 2_500),
});

/** Where a partner serves others than the hub too, only the hub's requests meet the faults. */
const PATHS: Readonly<Record<string, readonly string[]>> = { 'payment-platform': ['/init', '/query', '/bill'] };

function withPath(dice: Dice, partner: string, fault: Fault): Fault {
  const paths = PATHS[partner];
  return paths && fault.kind !== 'down' ? { ...fault, path: dice.pick(paths) } : fault;
}

const FAULTS: readonly ((dice: Dice) => Fault)[] = [
  (dice) => ({ kind: 'drop-reply', ...some(dice) }),
  (dice) => ({ kind: 'drop-reply', ...some(dice) }),
  (dice) => ({ kind: 'delay', ms: dice.whole(200, 3_000), ...some(dice) }),
  (dice) => ({ kind: 'delay', ms: dice.whole(10_500, 12_000), times: 1, forMs: 1_000 }),
  (dice) => ({ kind: 'status', status: dice.pick([500, 502, 503, 504]), body: 'error', ...some(dice) }),
  (dice) => ({ kind: 'status', status: 503, headers: { 'retry-after': '1' }, ...some(dice) }),
  (dice) => ({ kind: 'html', ...some(dice) }),
  (dice) => ({ kind: 'empty', ...some(dice) }),
  (dice) => ({ kind: 'half', ...some(dice) }),
  (dice) => ({ kind: 'reset', ...some(dice) }),
  (dice) => ({ kind: 'down', forMs: dice.whole(300, 2_500) }),
  () => ({ kind: 'session-expired' }),
];

/** The name of a fault in the report, by its target. */
export function nameOf(trouble: Trouble): string {
  switch (trouble.kind) {
    case 'kill':
      return `killed ${trouble.target}`;
    case 'cut-database':
      return 'cut all sessions of the database';
    case 'flush-redis':
      return 'flushed Redis';
    case 'fail-over':
      return 'killed the primary, promoted its standby';
    case 'partition':
      return `cut off ${trouble.node}`;
    case 'partner':
      return `${trouble.partner}: ${trouble.fault.kind}`;
  }
}
