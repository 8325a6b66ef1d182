import type pg from 'pg';
import { definePart } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';

/** `unscanned`: no scanner has seen it yet. */
export type ScanState = 'unscanned' | 'clean' | 'infected';

/** A stored file. Its bytes lie at `place`, sealed with a key that `secret` holds. */
export interface StoredFile {
  readonly sha256: string;
  readonly bytes: number;
  readonly mediaType: string;
  readonly place: string;
  readonly scan: ScanState;
  /** What the scanner found. */
  readonly found: string | null;
  readonly storedAt: string;
  readonly secret: Buffer;
  readonly secretKey: number;
}

type Db = Pick<Database, 'pool'>;

const COLUMNS = `sha256, bytes, media_type AS "mediaType", place, scan, found, stored_at AS "storedAt", secret, secret_key AS "secretKey"`;

/** The use of a file that a party pushed before any dossier names it. */
const PUSHED = '';

/**
 * Records a file whose bytes are durable at `file.place`, and that a party pushed it. One statement for both, so that no file
 * is removed between them.
 *
 * @returns the place that counts: another one if the file was stored before
 */
export async function recordFile(
  database: Database,
  file: Omit<StoredFile, 'found'>,
  party: string,
): Promise<{ readonly place: string; readonly isNewToParty: boolean }> {
  return inTransaction(database, async (tx) => {
    const { sha256, bytes, mediaType, place, scan, storedAt, secret, secretKey } = file;
    const { rows } = await tx.query<{ place: string }>({
      name: 'record file',
      text: `INSERT INTO files (sha256, bytes, media_type, place, state, scan, stored_at, secret, secret_key)
             VALUES ($1, $2, $3, $4, 'stored', $5, $6::timestamptz, $7, $8)
             ON CONFLICT (sha256) DO UPDATE SET
               place = CASE WHEN files.state = 'removing' THEN excluded.place ELSE files.place END,
               secret = CASE WHEN files.state = 'removing' THEN excluded.secret ELSE files.secret END,
               secret_key = CASE WHEN files.state = 'removing' THEN excluded.secret_key ELSE files.secret_key END,
               scan = CASE WHEN files.scan = 'unscanned' OR files.state = 'removing' THEN excluded.scan ELSE files.scan END,
               state = 'stored'
             RETURNING place`,
      values: [sha256, bytes, mediaType, place, scan, storedAt, secret, secretKey],
    });
    const known = await usesOf(tx, party, [sha256]);
    await tx.query({
      name: 'file pushed',
      text: `INSERT INTO file_uses (sha256, party, code, at) VALUES ($1, $2, '', $3::timestamptz)
             ON CONFLICT (sha256, party, code) DO UPDATE SET at = excluded.at`,
      values: [sha256, party, storedAt],
    });
    return { place: (rows[0] as { place: string }).place, isNewToParty: known.size === 0 };
  });
}

/** Those of the files that the party pushed or that its dossiers name. */
async function usesOf(db: pg.Pool | pg.PoolClient, party: string, sha256: readonly string[]) {
  const { rows } = await db.query<{ sha256: string }>({
    name: 'files of party',
    text: 'SELECT DISTINCT sha256 FROM file_uses WHERE party = $1 AND sha256 = ANY($2::text[])',
    values: [party, sha256],
  });
  return new Set(rows.map((row) => row.sha256));
}

/** Whether the party pushed the file, or one of its dossiers names it. */
export async function isFileOf({ pool }: Db, party: string, sha256: string): Promise<boolean> {
  return (await usesOf(pool, party, [sha256])).has(sha256);
}

/** A dossier of a party that names a file. */
export interface FileUse {
  readonly sha256: string;
  readonly code: string;
}

/**
 * Records that dossiers name files, before the dossiers are committed: a crash between leaves a use too many, never a dossier
 * without its file.
 *
 * @returns the files among them that the party has not pushed
 */
export async function useFiles(
  database: Database,
  party: string,
  uses: readonly FileUse[],
  at: string,
): Promise<ReadonlySet<string>> {
  return inTransaction(database, async (tx) => {
    // Locked, so that nothing removes them meanwhile.
    const { rows } = await tx.query<{ sha256: string }>({
      name: 'use files',
      text: `SELECT sha256 FROM files WHERE state = 'stored' AND sha256 = ANY($2::text[])
               AND EXISTS (SELECT FROM file_uses u WHERE u.sha256 = files.sha256 AND u.party = $1)
             ORDER BY sha256 FOR SHARE`,
      values: [party, uses.map(({ sha256 }) => sha256)],
    });
    const known = new Set(rows.map(({ sha256 }) => sha256));
    const held = uses.filter(({ sha256 }) => known.has(sha256));
    await tx.query({
      name: 'file uses',
      text: `INSERT INTO file_uses (sha256, party, code, at)
             SELECT DISTINCT sha256, $1, code, $4::timestamptz FROM unnest($2::text[], $3::text[]) AS given(sha256, code)
             ON CONFLICT DO NOTHING`,
      values: [party, held.map(({ sha256 }) => sha256), held.map(({ code }) => code), at],
    });
    return new Set(uses.map(({ sha256 }) => sha256).filter((sha256) => !known.has(sha256)));
  });
}

export async function loadFile({ pool }: Db, sha256: string): Promise<StoredFile | undefined> {
  const { rows } = await pool.query<StoredFile>({
    name: 'file',
    text: `SELECT ${COLUMNS} FROM files WHERE sha256 = $1 AND state = 'stored'`,
    values: [sha256],
  });
  return rows[0];
}

/** How many bytes of files a party has. A file counts once. */
export async function bytesOfParty({ pool }: Db, party: string): Promise<number> {
  const { rows } = await pool.query<{ bytes: string }>({
    name: 'bytes of party',
    text: `SELECT coalesce(sum(bytes), 0)::text AS bytes FROM files
           WHERE sha256 IN (SELECT sha256 FROM file_uses WHERE party = $1)`,
    values: [party],
  });
  return Number(rows[0]?.bytes ?? 0);
}

/** The oldest files that no scanner has seen. */
export async function filesToScan({ pool }: Db, most: number): Promise<readonly StoredFile[]> {
  const { rows } = await pool.query<StoredFile>({
    name: 'files to scan',
    text: `SELECT ${COLUMNS} FROM files WHERE scan = 'unscanned' AND state = 'stored' ORDER BY stored_at LIMIT $1`,
    values: [most],
  });
  return rows;
}

export async function noteScan(
  { pool }: Db,
  sha256: string,
  scan: ScanState,
  found: string | undefined,
): Promise<void> {
  await pool.query({
    name: 'note scan',
    text: 'UPDATE files SET scan = $2, found = $3 WHERE sha256 = $1',
    values: [sha256, scan, found ?? null],
  });
}

/**
 * Forgets files that were pushed before a moment and that no dossier names, and marks all files without a use. From then on
 * nobody can use them.
 *
 * @returns the places of the marked files, at most `most`
 */
export async function markUnused(
  database: Database,
  pushedBefore: string,
  most: number,
): Promise<readonly { readonly sha256: string; readonly place: string }[]> {
  await database.pool.query({
    name: 'forget pushed files',
    text: `DELETE FROM file_uses WHERE code = $2 AND at < $1::timestamptz`,
    values: [pushedBefore, PUSHED],
  });
  return inTransaction(database, async (tx) => {
    const { rows: unused } = await tx.query<{ sha256: string }>({
      name: 'lock unused files',
      text: `SELECT sha256 FROM files WHERE NOT EXISTS (SELECT FROM file_uses u WHERE u.sha256 = files.sha256)
             ORDER BY sha256 LIMIT $1 FOR UPDATE SKIP LOCKED`,
      values: [most],
    });
    // A statement of its own, because the one that locks does not see a use that was committed before it got the lock.
    const { rows } = await tx.query<{ sha256: string; place: string }>({
      name: 'mark unused files',
      text: `UPDATE files SET state = 'removing' WHERE sha256 = ANY($1::text[])
               AND NOT EXISTS (SELECT FROM file_uses u WHERE u.sha256 = files.sha256)
             RETURNING sha256, place`,
      values: [unused.map(({ sha256 }) => sha256)],
    });
    return rows;
  });
}

/** Deletes a marked file whose bytes are gone. One that was stored again meanwhile stays. */
export async function forgetFile({ pool }: Db, sha256: string, place: string): Promise<void> {
  await pool.query({
    name: 'forget file',
    text: `DELETE FROM files WHERE sha256 = $1 AND place = $2 AND state = 'removing'`,
    values: [sha256, place],
  });
}

/** Those of the places that a file has. */
export async function knownPlaces({ pool }: Db, places: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ place: string }>({
    name: 'known places',
    text: 'SELECT place FROM files WHERE place = ANY($1::text[])',
    values: [places],
  });
  return new Set(rows.map(({ place }) => place));
}

/** How many files there are, by the state of their scan. */
export async function countFiles({ pool }: Db) {
  const { rows } = await pool.query<{ scan: ScanState; files: string; bytes: string; oldest: string }>({
    name: 'count files',
    text: `SELECT scan, count(*)::text AS files, sum(bytes)::text AS bytes, min(stored_at) AS oldest FROM files GROUP BY scan`,
  });
  return rows.map(({ scan, files, bytes, oldest }) => ({ scan, oldest, files: Number(files), bytes: Number(bytes) }));
}

/** Ends the use of files by erased dossiers, under all codes of these. The next sweep removes the bytes. */
export const unusedFilePart = definePart<string>(
  'unused_file',
  { code: ['text', (code) => code] },
  (rows) => `
    DELETE FROM file_uses u USING (
      SELECT given.code FROM ${rows}
      UNION SELECT a.code FROM aliases a WHERE a.dossier IN (SELECT given.code FROM ${rows})) gone
    WHERE u.code = gone.code RETURNING 1`,
);
