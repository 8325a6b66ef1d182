import { setTimeout as sleep } from 'node:timers/promises';
import type { Partners } from '../participants/partners.ts';
import type { ProofDatabase } from '../stage/database.ts';
import type { SupervisedHub } from '../stage/hub-processes.ts';
import type { ProofBell } from '../stage/redis.ts';
import { nameOf, type Planned, planTrouble, type Trouble } from './plan-faults.ts';

export interface Troubled {
  readonly hubs: readonly SupervisedHub[];
  readonly database: ProofDatabase;
  readonly bell: ProofBell;
  readonly partners: Partners;
}

export interface FaultOptions {
  readonly seed: number;
  readonly forMs: number;
  readonly signal: AbortSignal;
  readonly onTrouble: (name: string) => void;
}

const DATABASE = 'PostgreSQL';
const REDIS = 'Redis';

/** Injects faults for a time. When it resolves, killed servers are back and no new fault comes. */
export async function bringTrouble(on: Troubled, options: FaultOptions): Promise<void> {
  const until = performance.now() + options.forMs;
  const plan = planTrouble(options.seed, {
    kills: [
      ...on.hubs.map(({ name }) => name),
      ...(on.database.kill ? [DATABASE] : []),
      ...(on.bell.kill ? [REDIS] : []),
    ],
    canFlush: on.bell.flush !== undefined,
    partners: Object.keys(on.partners),
  });
  await Promise.all(Object.values(plan).map((row) => bringRow(on, row, until, options)));
}

async function bringRow(
  on: Troubled,
  row: Iterator<Planned>,
  until: number,
  { signal, onTrouble }: FaultOptions,
): Promise<void> {
  for (;;) {
    const { afterMs, trouble } = row.next().value as Planned;
    if (performance.now() + afterMs > until) return;
    await sleep(afterMs, undefined, { signal });
    onTrouble(nameOf(trouble));
    await bring(on, trouble);
  }
}

async function bring({ hubs, database, bell, partners }: Troubled, trouble: Trouble): Promise<unknown> {
  switch (trouble.kind) {
    case 'cut-database':
      return database.cut();
    case 'flush-redis':
      // Redis may be down just now; then there is nothing to flush.
      return bell.flush?.().catch(() => undefined);
    case 'partner':
      // The previous fault may still block the partner's control interface.
      return partners[trouble.partner as keyof Partners].fault(trouble.fault).catch(() => undefined);
    case 'kill':
      if (trouble.target === DATABASE) return database.kill?.();
      if (trouble.target === REDIS) return bell.kill?.();
      return hubs.find(({ name }) => name === trouble.target)?.kill();
  }
}
