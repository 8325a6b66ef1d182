import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { type FilterMembers, filterWords } from '#core/dossier/filter-words';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';

/** Rows in one transaction: some tens of milliseconds. */
const PAGE = 200;
/** The background rests twice as long as it works, so that pushes and reads get the database. */
const REST = 2;

/**
 * Gives the rows that a version before migration 031 wrote the words of filters, page by page. A start continues where
 * the last one ended. Resolves when no row is left.
 * @param signal given in the background: it rests between pages, leaves the rows to another process that works on them,
 *   and resolves soon after the signal is aborted
 * @returns the number of these rows
 */
export async function addFilterWords(database: Database, signal?: AbortSignal): Promise<number> {
  let reworded = 0;
  while (!signal?.aborted) {
    const startedMs = performance.now();
    const page = await inTransaction(database, (tx) => nextPage(tx, signal === undefined));
    if (page === undefined) break;
    reworded += page;
    if (signal) await sleep(REST * (performance.now() - startedMs), undefined, { signal }).catch(() => undefined);
  }
  return reworded;
}

interface Row extends FilterMembers {
  readonly code: string;
  readonly version: number;
}

/** A lock on the row excludes other processes; the transaction ends with the page. */
async function nextPage(tx: pg.PoolClient, waits: boolean): Promise<number | undefined> {
  const { rows: states } = await tx.query<{ after: string }>(
    `SELECT after FROM rewording FOR UPDATE ${waits ? '' : 'SKIP LOCKED'}`,
  );
  const [state] = states;
  if (!state) return undefined;
  // A crash loses nothing but the last pages, which get their words again.
  await tx.query('SET LOCAL synchronous_commit = off');
  const { rows } = await tx.query<Row>(
    `SELECT code, version, owner, status, agency_code AS "agencyCode", service_key AS "serviceKey",
       field_code AS "fieldCode", channel, received_at AS "receivedAt"
     FROM dossiers WHERE code > $1 ORDER BY code LIMIT ${PAGE}`,
    [state.after],
  );
  const last = rows.at(-1);
  if (!last) {
    await tx.query('DELETE FROM rewording');
    return 0;
  }
  await write(tx, rows);
  await tx.query('UPDATE rewording SET after = $1', [last.code]);
  return rows.length;
}

/** Writes only unchanged rows: a concurrent write of the hub has the words. */
async function write(tx: pg.PoolClient, rows: readonly Row[]): Promise<void> {
  await tx.query(
    `UPDATE dossiers d SET search = d.search || array_to_tsvector(string_to_array(n.words, ' '))
     FROM unnest($1::text[], $2::int4[], $3::text[]) AS n(code, version, words)
     WHERE d.code = n.code AND d.version = n.version`,
    [rows.map(({ code }) => code), rows.map(({ version }) => version), rows.map((row) => filterWords(known(row)))],
  );
}

/** A column without a value is a member left out. */
function known(row: Row): FilterMembers {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as FilterMembers;
}
