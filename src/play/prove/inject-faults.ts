import { setTimeout as sleep } from 'node:timers/promises';
import type { ProvedName } from '../participants/participants.ts';
import type { StageRedis } from '../stage/redis.ts';
import type { Stage } from '../stage/stage.ts';
import { nameOf, type Planned, planTrouble, type Trouble } from './plan-faults.ts';

export interface Troubled extends Pick<Stage<ProvedName>, 'hubs' | 'nodes' | 'database' | 'participants'> {
  readonly redis: StageRedis;
}

export interface FaultOptions {
  readonly seed: number;
  /** Whether no fault is to come after this many milliseconds. */
  readonly isOverIn: (ms: number) => boolean;
  readonly signal: AbortSignal;
  readonly onTrouble: (name: string) => void;
  /** A fault of a process or server is over. */
  readonly onKilled: () => void;
}

const DATABASE = 'PostgreSQL';
const STANDBY = 'the standby';
const REDIS = 'Redis';

/** Injects faults until it is over. When it resolves, killed servers are back and no new fault comes. */
export async function bringTrouble(on: Troubled, options: FaultOptions): Promise<void> {
  const plan = planTrouble(options.seed, {
    kills: [
      ...on.hubs.map(({ name }) => name),
      ...(on.database.kill ? [DATABASE] : []),
      ...(on.database.killStandby ? [STANDBY] : []),
      ...(on.redis.kill ? [REDIS] : []),
    ],
    canFlush: on.redis.flush !== undefined,
    canFailOver: on.database.failOver !== undefined,
    nodes: on.nodes ? on.hubs.map(({ name }) => name) : [],
    partners: Object.keys(on.participants),
  });
  await Promise.all([bringRow(on, plan.kills, options, options.onKilled), bringRow(on, plan.partners, options)]);
}

async function bringRow(
  on: Troubled,
  row: Iterator<Planned>,
  { isOverIn, signal, onTrouble }: FaultOptions,
  onBrought?: () => void,
): Promise<void> {
  for (;;) {
    const { afterMs, trouble } = row.next().value as Planned;
    if (isOverIn(afterMs)) return;
    await sleep(afterMs, undefined, { signal });
    if (isOverIn(0)) return;
    onTrouble(nameOf(trouble));
    await bring(on, trouble);
    onBrought?.();
  }
}

async function bring({ hubs, nodes, database, redis, participants }: Troubled, trouble: Trouble): Promise<unknown> {
  switch (trouble.kind) {
    case 'cut-database':
      return database.cut();
    case 'flush-redis':
      // Redis may be down just now; then there is nothing to flush.
      return redis.flush?.().catch(() => undefined);
    case 'fail-over':
      return database.failOver?.();
    case 'partition':
      return nodes?.partition(trouble.node, trouble.forMs);
    case 'partner':
      // The previous fault may still block the partner's control interface.
      return participants[trouble.partner as ProvedName].fault(trouble.fault).catch(() => undefined);
    case 'kill':
      if (trouble.target === DATABASE) return database.kill?.();
      if (trouble.target === STANDBY) return database.killStandby?.();
      if (trouble.target === REDIS) return redis.kill?.();
      return hubs.find(({ name }) => name === trouble.target)?.kill();
  }
}
