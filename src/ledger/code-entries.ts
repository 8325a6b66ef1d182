import type pg from 'pg';
import { instantToMs, msToInstant } from '#core/dates/dates';
import { type CodesOf, NO_CODES } from '#core/identifiers/codes';
import type { Database } from '../database/pool.ts';

/** A line of a party's code table that an operator entered. A new version replaces it; stored lines never change. */
export interface CodeEntry {
  readonly id: number;
  readonly party: string;
  readonly table: string;
  readonly from: string;
  /** Null: the entered line was taken out, and the built-in one counts again. */
  readonly to: string | null;
  readonly version: number;
  readonly who: string;
  readonly why: string;
  readonly at: string;
  readonly inForceAt: string;
  readonly supersededAt: string | null;
}

/** One line that a change enters. `to` null takes the entered line out. */
export type MappingLine = Pick<CodeEntry, 'table' | 'from' | 'to'>;

export type NewCodeEntry = Pick<CodeEntry, 'party' | 'table' | 'from' | 'to' | 'who' | 'why'>;

/**
 * The operators' code entries, cached in memory. A message is read by the entries that were in force when it was
 * received, so that it always reads the same. An entry comes into force when every process has had time to load it.
 * Released items and outgoing deliveries use it at once.
 */
export interface CodeEntries {
  /** Resolves when the cache is at most a second old. */
  fresh(): Promise<void>;
  /** Resolves when the cache is current. */
  reload(): Promise<void>;
  /** The entries in force at a moment, epoch milliseconds. The same entries give the same function. */
  at(party: string, ms: number): CodesOf;
  /** All entries. */
  now(party: string): CodesOf;
  /** When the last cached entry of a party comes into force, epoch milliseconds. 0 without any. */
  knownMs(party: string): number;
  /** The times after a moment at which cached entries of a party came into force, without the last one, which is `knownMs`. */
  versionsSince(party: string, ms: number): readonly number[];
}

/** Other processes load an entry within a second. After this time everybody reads by it. */
export const IN_FORCE_AFTER_MS = 2_000;
const FRESH_MS = 1_000;

export function createCodeEntries(database: Database): CodeEntries {
  let byParty: ReadonlyMap<string, Entries> = new Map();
  let loadedMs = Number.NEGATIVE_INFINITY;
  let loaded: string | undefined;
  let loading: Promise<void> | undefined;
  const made = new Map<string, CodesOf>();

  async function load(): Promise<void> {
    const startedMs = performance.now();
    const entries = await loadEntries(database);
    const version = versionOf(entries);
    if (version !== loaded) {
      byParty = groupByParty(entries);
      made.clear();
    }
    loaded = version;
    loadedMs = startedMs;
  }

  function reload(): Promise<void> {
    loading ??= load().finally(() => {
      loading = undefined;
    });
    return loading;
  }

  function firstOf(party: string, count: number): CodesOf {
    if (count === 0) return NO_CODES;
    const entries = (byParty.get(party)?.all ?? []).slice(0, count);
    const name = `${party} ${entries.at(-1)?.id}`;
    const known = made.get(name);
    if (known) return known;
    const codes = codesOf(entries);
    made.set(name, codes);
    return codes;
  }

  return {
    async fresh() {
      if (performance.now() - loadedMs > FRESH_MS) await reload();
    },
    async reload() {
      // A running load may have begun before the entry was written.
      await loading;
      await reload();
    },
    at(party, ms) {
      const later = byParty.get(party)?.inForceMs.findIndex((inForceMs) => inForceMs > ms) ?? 0;
      return firstOf(party, later === -1 ? Number.POSITIVE_INFINITY : later);
    },
    now: (party) => firstOf(party, byParty.has(party) ? Number.POSITIVE_INFINITY : 0),
    knownMs: (party) => byParty.get(party)?.inForceMs.at(-1) ?? 0,
    versionsSince: (party, ms) =>
      [...new Set(byParty.get(party)?.inForceMs)].filter((inForceMs) => inForceMs > ms).slice(0, -1),
  };
}

/** Entries are only added. After a restore, a new entry may get the id of a lost one: its time then differs. */
function versionOf(entries: readonly CodeEntry[]): string {
  const newest = entries.reduce<CodeEntry | undefined>(
    (most, one) => (most && most.id > one.id ? most : one),
    undefined,
  );
  return `${entries.length} ${newest?.id} ${newest?.at}`;
}

/** The entries of one party in the order in which they come into force, with the moment of each. */
interface Entries {
  readonly all: CodeEntry[];
  readonly inForceMs: number[];
}

function groupByParty(entries: readonly CodeEntry[]): ReadonlyMap<string, Entries> {
  const groups = new Map<string, Entries>();
  for (const entry of entries) {
    const group = groups.get(entry.party) ?? { all: [], inForceMs: [] };
    group.all.push(entry);
    group.inForceMs.push(instantToMs(entry.inForceAt));
    groups.set(entry.party, group);
  }
  return groups;
}

/** The entries of one party, oldest first. The last entry of a code wins. */
function codesOf(entries: readonly CodeEntry[]): CodesOf {
  const tables = new Map<string, Map<string, string>>();
  for (const { table, from, to } of entries) {
    const codes = tables.get(table) ?? new Map<string, string>();
    if (to === null) codes.delete(from);
    else codes.set(from, to);
    tables.set(table, codes);
  }
  return (table) => tables.get(table) ?? NO_CODES(table);
}

const COLUMNS = `id, party, table_name AS "table", from_code AS "from", CASE WHEN NOT taken_out THEN to_code END AS "to",
  version, who, why, at, in_force_at AS "inForceAt", superseded_at AS "supersededAt"`;

/** All versions, in the order in which they come into force. */
export async function loadEntries(database: Database, party?: string): Promise<readonly CodeEntry[]> {
  const { rows } = await database.pool.query<CodeEntry>(
    `SELECT ${COLUMNS} FROM code_entries ${party === undefined ? '' : 'WHERE party = $1'} ORDER BY in_force_at, id`,
    party === undefined ? [] : [party],
  );
  return rows;
}

/** Locks all code tables until the transaction ends, so that no version depends on an uncommitted one. */
export async function lockCodeEntries(tx: pg.PoolClient): Promise<void> {
  await tx.query('LOCK TABLE code_entries IN SHARE ROW EXCLUSIVE MODE');
}

/** The number of the newest version of a table. Lines that came into force together are one version. */
export async function tableVersion(db: pg.Pool | pg.PoolClient, party: string, table: string): Promise<number> {
  const { rows } = await db.query<{ version: number }>(
    `SELECT count(DISTINCT in_force_at)::int4 AS version FROM code_entries WHERE party = $1 AND table_name = $2`,
    [party, table],
  );
  return rows[0]?.version ?? 0;
}

/**
 * Adds lines within a transaction. Each gets the next version of its code. Lines of one party come into force together, after
 * all its other entries. An unchanged line is not added again.
 *
 * @returns the lines as stored
 */
export async function addCodeEntries(
  tx: pg.PoolClient,
  entries: readonly NewCodeEntry[],
  nowMs: number,
): Promise<readonly CodeEntry[]> {
  await lockCodeEntries(tx);
  const added: CodeEntry[] = [];
  const inForce = await inForceOf(tx, [...new Set(entries.map(({ party }) => party))], nowMs);
  for (const { party, table, from, to, who, why } of entries) {
    const known = await tx.query<CodeEntry>(
      `SELECT ${COLUMNS} FROM code_entries
       WHERE party = $1 AND table_name = $2 AND from_code = $3 AND superseded_at IS NULL
         AND CASE WHEN NOT taken_out THEN to_code END IS NOT DISTINCT FROM $4`,
      [party, table, from, to],
    );
    if (known.rows[0]) {
      added.push(known.rows[0]);
      continue;
    }
    const { rows } = await tx.query<CodeEntry>(
      `WITH before AS (
         UPDATE code_entries SET superseded_at = $7::timestamptz
         WHERE party = $1 AND table_name = $2 AND from_code = $3 AND superseded_at IS NULL RETURNING version, to_code)
       INSERT INTO code_entries (party, table_name, from_code, to_code, taken_out, version, who, why, at, in_force_at)
       SELECT $1, $2, $3, coalesce($4, (SELECT to_code FROM before), ''), $4 IS NULL,
              coalesce((SELECT max(version) FROM before), 0) + 1, $5, $6, $7::timestamptz, $8::timestamptz
       RETURNING ${COLUMNS}`,
      [party, table, from, to, who, why, msToInstant(nowMs), inForce.get(party)],
    );
    added.push(...rows);
  }
  return added;
}

/** When new entries of each party come into force. */
async function inForceOf(
  tx: pg.PoolClient,
  parties: readonly string[],
  nowMs: number,
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await tx.query<{ party: string; at: string }>(
    `SELECT given.party, GREATEST($2::timestamptz, max(e.in_force_at) + interval '1 ms') AS at
     FROM unnest($1::text[]) AS given(party) LEFT JOIN code_entries e ON e.party = given.party GROUP BY given.party`,
    [parties, msToInstant(nowMs + IN_FORCE_AFTER_MS)],
  );
  return new Map(rows.map(({ party, at }) => [party, at]));
}

/** The values that operators entered for a code at these parties, each once. */
export async function meaningsOf(
  db: pg.Pool | pg.PoolClient,
  parties: readonly string[],
  { table, from }: Pick<CodeEntry, 'table' | 'from'>,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ to: string }>(
    `SELECT DISTINCT to_code AS "to" FROM code_entries
     WHERE party = ANY($1::text[]) AND table_name = $2 AND from_code = $3 AND superseded_at IS NULL
       AND NOT taken_out ORDER BY 1`,
    [parties, table, from],
  );
  return rows.map(({ to }) => to);
}
