import type { Database } from '../database/pool.ts';
import { type ApplyDeps, applyRecalled } from './apply.ts';
import { compareDossiers } from './compare.ts';
import type { Difference } from './difference.ts';
import type { Recalled } from './recall.ts';

/** Applies messages to the second index, and compares dossiers of both. */
export interface Lane {
  /** See applyRecalled. */
  apply(recalled: readonly Recalled[]): Promise<readonly Difference[]>;
  /** See compareDossiers. */
  compare(codes: readonly string[]): Promise<readonly Difference[]>;
}

export interface LaneDeps extends ApplyDeps {
  readonly live: Database;
}

export function createLane(deps: LaneDeps): Lane {
  return {
    apply: (recalled) => applyRecalled(deps, recalled),
    compare: (codes) => compareDossiers(deps.live.pool, deps.vault, codes),
  };
}
