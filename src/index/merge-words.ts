import type { Background } from '../concurrency/background.ts';
import type { Database } from '../database/pool.ts';

/**
 * The search index collects the words of new rows in a list, which every search reads from end to end. After this many
 * messages' items they are merged. Larger merges cost less in all: 22 µs a row of processor time with 1,000, 27 with 300.
 */
const ITEMS = 1_000;

/**
 * Merges new words into the search index in the background, so that no push waits for it.
 *
 * @returns reports how many items were just committed
 */
export function createWordMerging({ pool }: Pick<Database, 'pool'>, background: Background): (items: number) => void {
  let unmerged = 0;
  let isMerging = false;

  async function merge(): Promise<void> {
    isMerging = true;
    unmerged = 0;
    try {
      await pool.query({ name: 'merge words', text: `SELECT gin_clean_pending_list('dossiers_words')` });
    } finally {
      isMerging = false;
    }
  }

  return (items) => {
    unmerged += items;
    if (unmerged >= ITEMS && !isMerging) background.run('merge words', merge());
  };
}
