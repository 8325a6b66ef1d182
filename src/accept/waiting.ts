import type { Background } from '../concurrency/background.ts';
import type { Database } from '../database/pool.ts';
import { loadReleasable, loadWaitingFor } from '../ledger/quarantine.ts';
import type { ReleaseItems } from './release.ts';

/** Items that wait in quarantine for their dossier or their moment, and that no person has to settle. */
export interface WaitingItems {
  /** Soon after dossiers were created, releases what waited for them; one look for all dossiers of a moment. */
  dossiersCreated(codes: readonly string[]): void;
  /** Releases what waited for a dossier that exists now, or for a moment that has come. */
  releaseAll(now: string): Promise<void>;
  /** Looks at once instead of soon, so that nothing is left to a moment when the database is closed. */
  lookNow(): void;
}

const SOON_MS = 20;
const MOST = 500;
/** A person judged doubtful text before, so the text of what waits here is clear or was taken as it is. */
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
