import type { Background } from '../concurrency/background.ts';
import type { Database } from '../database/pool.ts';
import { loadReleasable, loadWaitingFor } from '../ledger/quarantine.ts';
import type { ReleaseItems } from './release.ts';

/** Items in quarantine that wait for their dossier or their moment, and need no operator. */
export interface WaitingItems {
  /** Releases items for new dossiers soon, with one query for all dossiers of that time. */
  dossiersCreated(codes: readonly string[]): void;
  /** Releases items whose dossier exists now or whose moment has come. */
  releaseAll(now: string): Promise<void>;
  /** Runs a pending release now, so that none is left when the database is closed. */
  lookNow(): void;
}

const SOON_MS = 20;
const MOST = 500;
/** Doubtful text was judged before an item came to wait here. */
const JUDGED = true;

export function createWaitingItems(database: Database, release: ReleaseItems, background: Background): WaitingItems {
  const created = new Set<string>();
  function lookNow(): void {
    if (created.size === 0) return;
    const codes = [...created];
    created.clear();
    background.run(
      'release',
      loadWaitingFor(database, codes).then((waiting) => release(waiting, JUDGED)),
    );
  }
  return {
    dossiersCreated(codes) {
      if (codes.length === 0) return;
      if (created.size === 0) setTimeout(lookNow, SOON_MS).unref();
      for (const code of codes) created.add(code);
    },
    async releaseAll(now) {
      await release(await loadReleasable(database, now, MOST), JUDGED);
    },
    lookNow,
  };
}
