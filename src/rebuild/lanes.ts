import { availableParallelism } from 'node:os';
import type { OwnershipVersion } from '#core/dossier/ownership';
import { startThread } from '../concurrency/threads.ts';
import type { HubFile } from '../config/hub-file.ts';
import type { Difference } from './difference.ts';
import { createLane, type Lane, type LaneDeps } from './lane.ts';
import type { Recalled } from './recall.ts';
import { shareOut } from './share-out.ts';

/** One lane in this process, or several in threads. */
export interface Lanes extends Lane {
  readonly count: number;
  close(): Promise<void>;
}

/** The lanes of a rebuild. */
export interface RebuildLanes extends Lanes {
  /** Renews the masks that claims left open, in both indexes. No lane applies anything meanwhile. */
  mask(): Promise<void>;
}

/** What a thread needs for a lane of its own; plain data. */
export interface LaneSettings {
  readonly databaseUrl: string;
  readonly secrets: readonly [string, ...string[]];
  /** Deadlines of records depend on it. */
  readonly file: HubFile;
  readonly rules: readonly OwnershipVersion[];
}

export interface LaneData extends LaneSettings {
  readonly ownedSince: string;
  /** The parties whose adapters report a step in several ways. See AcceptDeps. */
  readonly stepsByMoment: readonly string[];
}

export type LaneQuestion = { readonly apply: readonly Recalled[] } | { readonly compare: readonly string[] };

const THREAD = 'src/foundation/rebuild-lane-thread.ts';
/** More of them would wait for the one thread that reads the messages. */
const MOST_LANES = 4;

/** The number of lanes that this machine can use. */
export function usefulLanes(): number {
  return Math.min(availableParallelism(), MOST_LANES);
}

/** All in this process, one after another. */
export function singleLane(deps: Omit<LaneDeps, 'isOneOfMany'>): Lanes {
  return { ...createLane({ ...deps, isOneOfMany: false }), count: 1, close: async () => undefined };
}

export function laneThreads(
  { beside, kinds }: Pick<LaneDeps, 'beside' | 'kinds'>,
  data: LaneData,
  count: number,
): Lanes {
  const threads = Array.from({ length: count }, () => startThread<LaneQuestion, readonly Difference[]>(THREAD, data));
  let turn = 0;
  return {
    count,
    async apply(recalled) {
      const shares = await shareOut(beside, kinds, recalled, count);
      const found = await Promise.all(
        threads.map((thread, lane) => {
          const apply = shares[lane] as readonly Recalled[];
          return apply.length > 0 ? thread.ask({ apply }) : [];
        }),
      );
      return found.flat();
    },
    compare: (codes) => (threads[turn++ % count] as (typeof threads)[number]).ask({ compare: codes }),
    close: async () => {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}
