import { definePart } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import type { Sealed } from '../secrets/vault.ts';

type Db = Pick<Database, 'pool'>;

/** A file to fetch. `address` is the keyed hash of its address. */
export interface FetchRow {
  readonly party: string;
  readonly code: string;
  readonly address: string;
  readonly url: Sealed;
  readonly at: string;
}

/** Adds files to fetch. One that failed is fetched again when its dossier names it again. */
export const fileFetchPart = definePart<FetchRow>(
  'file_fetch',
  {
    party: ['text', ({ party }) => party],
    code: ['text', ({ code }) => code],
    address: ['text', ({ address }) => address],
    url: ['bytea', ({ url }) => url.bytes],
    url_key: ['int4', ({ url }) => url.keyId],
    due_at: ['timestamptz', ({ at }) => at],
  },
  (rows) => `
    INSERT INTO file_fetches (party, code, address, url, url_key, due_at)
    SELECT party, code, address, url, url_key, due_at FROM ${rows}
    ON CONFLICT (party, code, address) DO UPDATE SET state = 'due', tries = 0, due_at = excluded.due_at
    WHERE file_fetches.state = 'failed' RETURNING 1`,
);

export interface ClaimedFetch {
  readonly id: number;
  readonly party: string;
  readonly code: string;
  /** The number of tries, this one included. */
  readonly tries: number;
  readonly url: Sealed;
}

/**
 * Takes the file that is due longest.
 *
 * @param busy parties whose files wait
 * @param leaseUntil from when another process may take it, if this one is killed
 */
export async function claimFetch(
  { pool }: Db,
  now: string,
  leaseUntil: string,
  busy: readonly string[],
): Promise<ClaimedFetch | undefined> {
  const { rows } = await pool.query<Omit<ClaimedFetch, 'url'> & { bytes: Buffer; keyId: number }>({
    name: 'claim fetch',
    text: `UPDATE file_fetches SET tries = tries + 1, due_at = $2::timestamptz WHERE id = (
             SELECT id FROM file_fetches WHERE state = 'due' AND due_at <= $1::timestamptz AND party <> ALL($3::text[])
             ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
           RETURNING id, party, code, tries, url AS bytes, url_key AS "keyId"`,
    values: [now, leaseUntil, busy],
  });
  const [row] = rows;
  if (!row) return undefined;
  const { bytes, keyId, ...rest } = row;
  return { ...rest, url: { bytes, keyId } };
}

/** Links a stored file with its dossier, unless that was erased meanwhile: then the file goes after a day. */
export async function noteFetched(
  database: Database,
  { id, party, code }: ClaimedFetch,
  sha256: string,
  now: string,
): Promise<void> {
  await inTransaction(database, async (tx) => {
    const { rowCount } = await tx.query({
      name: 'note fetched',
      text: `UPDATE file_fetches SET state = 'stored', sha256 = $2 WHERE id = $1`,
      values: [id, sha256],
    });
    if (rowCount === 0) return;
    await tx.query({
      name: 'use fetched file',
      text: `INSERT INTO file_uses (sha256, party, code, at) VALUES ($1, $2, $3, $4::timestamptz) ON CONFLICT DO NOTHING`,
      values: [sha256, party, code, now],
    });
    await tx.query({
      name: 'keep fetched file',
      text: 'UPDATE party_files SET kept_until = NULL WHERE party = $1 AND sha256 = $2',
      values: [party, sha256],
    });
  });
}

/**
 * @param dueAt when to try again; undefined: never
 * @returns false if the file is stored, because only the answer to that was lost, or if another process fetches it
 */
export async function noteNotFetched(
  { pool }: Db,
  { id, tries }: Pick<ClaimedFetch, 'id' | 'tries'>,
  dueAt: string | undefined,
): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'note not fetched',
    text: `UPDATE file_fetches SET state = CASE WHEN $3::timestamptz IS NULL THEN 'failed' ELSE 'due' END,
             due_at = coalesce($3::timestamptz, due_at) WHERE id = $1 AND state = 'due' AND tries = $2`,
    values: [id, tries, dueAt ?? null],
  });
  return rowCount === 1;
}

/** Whether a file of the party failed for good since a moment, or has failed this often. */
export async function hasFailedFetch({ pool }: Db, party: string, often: number, since: string): Promise<boolean> {
  const { rows } = await pool.query({
    name: 'has failed fetch',
    text: `SELECT FROM file_fetches WHERE party = $1 AND state <> 'stored'
             AND (state = 'failed' AND due_at > $3::timestamptz OR state = 'due' AND tries >= $2) LIMIT 1`,
    values: [party, often, since],
  });
  return rows.length > 0;
}

/** The file of an address, or that it is on its way. */
export interface Fetched {
  readonly address: string;
  readonly state: 'due' | 'stored';
  readonly sha256: string | null;
}

export async function loadFetched({ pool }: Db, addresses: readonly string[]): Promise<readonly Fetched[]> {
  const { rows } = await pool.query<Fetched>({
    name: 'fetched files',
    text: `SELECT DISTINCT address, state, sha256 FROM file_fetches WHERE address = ANY($1::text[]) AND state <> 'failed'`,
    values: [addresses],
  });
  return rows;
}
