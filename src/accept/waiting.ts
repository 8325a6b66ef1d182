import type { Background } from '../concurrency/background.ts';
import type { Database } from '../database/pool.ts';
import { type Created, FIRST_WAITING, loadDueItems, loadReleasable, loadWaitingFor } from '../ledger/quarantine.ts';
import type { ReleaseItems } from './release.ts';

/** Items in quarantine that wait for their dossier, their record or their moment, and need no operator. */
export interface WaitingItems {
  /** Releases items for new dossiers and records soon, with one query for all of that time. */
  created(created: Created): void;
  /**
   * Releases items whose moment has come. Of the others it examines some more at each call, because another process may
   * have created their dossier or record: after the last it begins again.
   */
  releaseSome(now: string): Promise<void>;
  /** Runs a pending release now, so that none is left when the database is closed. */
  lookNow(): void;
}

const SOON_MS = 20;
/** Somebody decided about doubtful text before an item came to wait here. */
const AS_IT_STANDS = true;

export function createWaitingItems(database: Database, release: ReleaseItems, background: Background): WaitingItems {
  const dossiers = new Set<string>();
  const records = new Set<string>();
  let examined = FIRST_WAITING;
  const isEmpty = (): boolean => dossiers.size + records.size === 0;
  function lookNow(): void {
    if (isEmpty()) return;
    const created = { dossiers: [...dossiers], records: [...records] };
    dossiers.clear();
    records.clear();
    background.run(
      'release',
      loadWaitingFor(database, created).then((waiting) => release(waiting, AS_IT_STANDS)),
    );
  }
  return {
    created(created) {
      if (created.dossiers.length + created.records.length === 0) return;
      if (isEmpty()) setTimeout(lookNow, SOON_MS).unref();
      for (const code of created.dossiers) dossiers.add(code);
      for (const subject of created.records) records.add(subject);
    },
    async releaseSome(now) {
      const { rows, end } = await loadReleasable(database, examined);
      // Items that cannot be released block no others.
      examined = end;
      await release(rows, AS_IT_STANDS);
      await release(await loadDueItems(database, now), AS_IT_STANDS);
    },
    lookNow,
  };
}
