import { msToInstant } from '#core/dates/dates';
import type { Database } from '../database/pool.ts';

/** A filter of a list under an officer's own name for it. */
export interface SavedFilter {
  /** The list by the end of its address, such as `deliveries`. */
  readonly list: string;
  readonly name: string;
  /** The parameters of the list, as in an address. */
  readonly query: string;
  readonly savedAt: string;
}

/** The saved filters of each key. Keys do not see each other's. */
export interface SavedFilters {
  /** In the order of their names. */
  list(keyId: string, list: string | undefined): Promise<readonly SavedFilter[]>;
  /** Replaces the filter of the same name. @returns false if the key has `most` others in the list */
  save(keyId: string, filter: Omit<SavedFilter, 'savedAt'>, most: number): Promise<boolean>;
  /** @returns false if no filter has this name */
  remove(keyId: string, list: string, name: string): Promise<boolean>;
}

export function createSavedFilters({ pool }: Pick<Database, 'pool'>, nowMs: () => number): SavedFilters {
  return {
    async list(keyId, list) {
      const { rows } = await pool.query<SavedFilter>({
        name: 'list saved filters',
        text: `SELECT list, name, query, saved_at AS "savedAt" FROM saved_filters
               WHERE key_id = $1 AND ($2::text IS NULL OR list = $2) ORDER BY list, name`,
        values: [keyId, list ?? null],
      });
      return rows;
    },
    async save(keyId, { list, name, query }, most) {
      const { rowCount } = await pool.query(
        `INSERT INTO saved_filters (key_id, list, name, query, saved_at)
         SELECT $1, $2, $3, $4, $5::timestamptz
         WHERE (SELECT count(*) FROM saved_filters WHERE key_id = $1 AND list = $2 AND name <> $3) < $6
         ON CONFLICT (key_id, list, name) DO UPDATE SET query = excluded.query, saved_at = excluded.saved_at`,
        [keyId, list, name, query, msToInstant(nowMs()), most],
      );
      return rowCount === 1;
    },
    async remove(keyId, list, name) {
      const { rowCount } = await pool.query('DELETE FROM saved_filters WHERE key_id = $1 AND list = $2 AND name = $3', [
        keyId,
        list,
        name,
      ]);
      return rowCount === 1;
    },
  };
}
