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
  readonly forMs: number;
  readonly signal: AbortSignal;
  readonly onTrouble: (name: string) => void;
}

const DATABASE = 'PostgreSQL';
const STANDBY = 'the standby';
const REDIS = 'Redis';

/** Injects faults for a time. When it resolves, killed servers are back and no new fault comes. */
export async function bringTrouble(on: Troubled, options: FaultOptions): Promise<void> {
  const until = performance.now() + options.forMs;
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
