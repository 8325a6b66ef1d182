import type pg from 'pg';
import { namesOfDossiers } from '../database/names-of-dossiers.ts';
import { definePart, type Part } from '../database/parts.ts';
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

/** What a party may have, and until when the hub keeps a file of it that no dossier names. */
interface Keeping {
  readonly party: string;
  readonly keptUntil: string;
  /** The most bytes of the party. */
  readonly most: number;
}

/** A party would have more bytes than it may have. Nothing is recorded. */
export class OverQuota extends Error {}

/**
 * Records a file whose bytes are durable at `file.place`, and that a party has it. All pushes of a party wait for each other at
 * its sum of bytes, so any number of them at once stays below its limit.
 *
 * @returns the place that counts: another one if the file was stored before
 * @throws OverQuota
 */
export async function recordFile(
  database: Database,
  file: Omit<StoredFile, 'found'>,
  { party, keptUntil, most }: Keeping,
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
    const { rows: had } = await tx.query<{ isNew: boolean }>({
      name: 'file of party',
      text: `INSERT INTO party_files AS held (party, sha256, bytes, kept_until) VALUES ($1, $2, $3, $4::timestamptz)
             ON CONFLICT (party, sha256) DO UPDATE SET
               kept_until = CASE WHEN held.kept_until IS NOT NULL THEN excluded.kept_until END
             RETURNING xmax = 0 AS "isNew"`,
      values: [party, sha256, bytes, keptUntil],
    });
    const isNewToParty = had[0]?.isNew === true;
    if (isNewToParty && (await addBytes(tx, party, bytes)) > most) throw new OverQuota();
    return { place: (rows[0] as { place: string }).place, isNewToParty };
  });
}

/** @returns the bytes that the party has then */
async function addBytes(tx: pg.PoolClient, party: string, bytes: number): Promise<number> {
  const { rows } = await tx.query<{ bytes: number }>({
    name: 'more bytes of party',
    text: `INSERT INTO party_file_bytes AS held (party, bytes) VALUES ($1, $2)
           ON CONFLICT (party) DO UPDATE SET bytes = held.bytes + excluded.bytes RETURNING bytes`,
    values: [party, bytes],
  });
  return (rows[0] as { bytes: number }).bytes;
}

/** Those of the stored files that the party has, because it pushed them. */
export async function filesOfParty(
  { pool }: Db,
  party: string,
  sha256: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ sha256: string }>({
    name: 'files of party',
    text: `SELECT f.sha256 FROM party_files p JOIN files f ON f.sha256 = p.sha256 AND f.state = 'stored'
           WHERE p.party = $1 AND p.sha256 = ANY($2::text[])`,
    values: [party, sha256],
  });
  return new Set(rows.map((row) => row.sha256));
}

/** A dossier of a party that names a file. */
export interface FileUse {
  readonly sha256: string;
  readonly party: string;
  readonly code: string;
  readonly at: string;
}

const usePart = definePart<FileUse>(
  'file_use',
  {
    sha256: ['text', ({ sha256 }) => sha256],
    party: ['text', ({ party }) => party],
    code: ['text', ({ code }) => code],
    at: ['timestamptz', ({ at }) => at],
  },
  (rows) => `
    INSERT INTO file_uses (sha256, party, code, at)
    SELECT given.sha256, given.party, given.code, given.at FROM ${rows}
    JOIN files f ON f.sha256 = given.sha256 AND f.state = 'stored'
    JOIN party_files p ON p.party = given.party AND p.sha256 = given.sha256
    ORDER BY given.sha256 FOR SHARE OF f FOR KEY SHARE OF p
    ON CONFLICT (sha256, party, code) DO UPDATE SET at = file_uses.at RETURNING 1`,
  true,
);

const keptPart = definePart<FileUse>(
  'file_kept',
  { sha256: ['text', ({ sha256 }) => sha256], party: ['text', ({ party }) => party] },
  (rows) => `
    UPDATE party_files p SET kept_until = NULL FROM ${rows}
    WHERE p.party = given.party AND p.sha256 = given.sha256 AND p.kept_until IS NOT NULL RETURNING 1`,
);

/**
 * Records the uses with the dossiers that name the files. A file that is removed at this moment makes the batch fail (40001),
 * and a file whose use is being committed is not removed. See forgetUnused.
 *
 * @param uses each once
 */
export const fileUseParts = (uses: readonly FileUse[]): readonly Part[] => [usePart(uses), keptPart(uses)];

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
  const { rows } = await pool.query<{ bytes: number }>({
    name: 'bytes of party',
    text: 'SELECT bytes FROM party_file_bytes WHERE party = $1',
    values: [party],
  });
  return rows[0]?.bytes ?? 0;
}

/** The oldest files that no scanner has seen, without these. */
export async function filesToScan(
  { pool }: Db,
  without: readonly string[],
  most: number,
): Promise<readonly StoredFile[]> {
  const { rows } = await pool.query<StoredFile>({
    name: 'files to scan',
    text: `SELECT ${COLUMNS} FROM files WHERE scan = 'unscanned' AND state = 'stored' AND sha256 <> ALL($1::text[])
           ORDER BY stored_at LIMIT $2`,
    values: [without, most],
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
 * Takes files from their parties that no dossier names after their time, and marks files that no party has. From then on
 * nobody can use them. A file whose use is being committed is locked, and waits for the next time.
 *
 * @param lookAgainAt when to look again at a file that other dossiers of its party name
 * @param most of the files that are looked at, and of the result
 * @returns the places of marked files
 */
export async function forgetUnused(
  database: Database,
  now: string,
  lookAgainAt: string,
  most: number,
): Promise<readonly { readonly sha256: string; readonly place: string }[]> {
  await inTransaction(database, async (tx) => {
    const { rows } = await tx.query<{ sha256: string }>({
      name: 'lock unused files',
      text: `SELECT sha256 FROM files WHERE sha256 IN (
               SELECT sha256 FROM party_files WHERE kept_until <= $1::timestamptz ORDER BY kept_until LIMIT $2)
             ORDER BY sha256 FOR UPDATE SKIP LOCKED`,
      values: [now, most],
    });
    if (rows.length === 0) return;
    const files = rows.map(({ sha256 }) => sha256);
    // Statements of their own, because the one that locks does not see a use that was committed before it got the lock.
    await tx.query({ name: 'forget unused files', text: FORGET_UNUSED, values: [files, now] });
    await tx.query({
      name: 'look again at files',
      text: 'UPDATE party_files SET kept_until = $3::timestamptz WHERE sha256 = ANY($1::text[]) AND kept_until <= $2::timestamptz',
      values: [files, now, lookAgainAt],
    });
    await tx.query({
      name: 'mark unused files',
      text: `UPDATE files SET state = 'removing' WHERE sha256 = ANY($1::text[])
               AND NOT EXISTS (SELECT FROM party_files p WHERE p.sha256 = files.sha256)`,
      values: [files],
    });
  });
  const { rows } = await database.pool.query<{ sha256: string; place: string }>({
    name: 'marked files',
    text: `SELECT sha256, place FROM files WHERE state = 'removing' ORDER BY sha256 LIMIT $1`,
    values: [most],
  });
  return rows;
}

const FORGET_UNUSED = `
  WITH gone AS (
    DELETE FROM party_files p WHERE sha256 = ANY($1::text[]) AND kept_until <= $2::timestamptz
      AND NOT EXISTS (SELECT FROM file_uses u WHERE u.sha256 = p.sha256 AND u.party = p.party)
    RETURNING party, bytes)
  UPDATE party_file_bytes held SET bytes = held.bytes - of_party.bytes
  FROM (SELECT party, sum(bytes) AS bytes FROM gone GROUP BY party) of_party WHERE held.party = of_party.party`;

/** Deletes a marked file whose bytes are gone. One that was stored again meanwhile stays. */
export async function forgetFile({ pool }: Db, sha256: string, place: string): Promise<void> {
  await pool.query({
    name: 'forget file',
    text: `DELETE FROM files WHERE sha256 = $1 AND place = $2 AND state = 'removing'`,
    values: [sha256, place],
  });
}

/**
 * Gives a stored file another copy of its bytes.
 *
 * @param before the place of the copy that is lost
 * @returns false: the file has another place by now, or is removed
 */
export async function replaceCopy(
  { pool }: Db,
  before: string,
  { sha256, place, secret, secretKey }: Pick<StoredFile, 'sha256' | 'place' | 'secret' | 'secretKey'>,
): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'replace copy of file',
    text: `UPDATE files SET place = $3, secret = $4, secret_key = $5
           WHERE sha256 = $1 AND place = $2 AND state = 'stored'`,
    values: [sha256, before, place, secret, secretKey],
  });
  return rowCount === 1;
}

/** The places of stored files. Takes the hashes from this one on, then those before it. */
export async function somePlaces({ pool }: Db, sha256: string, most: number): Promise<readonly string[]> {
  const { rows } = await pool.query<{ place: string }>({
    name: 'some places',
    text: `(SELECT place FROM files WHERE sha256 >= $1 AND state = 'stored' ORDER BY sha256 LIMIT $2)
           UNION ALL
           (SELECT place FROM files WHERE sha256 < $1 AND state = 'stored' ORDER BY sha256 LIMIT $2)
           LIMIT $2`,
    values: [sha256, most],
  });
  return rows.map(({ place }) => place);
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
  const { rows } = await pool.query<{ scan: ScanState; files: number; bytes: number; oldest: string }>({
    name: 'count files',
    text: `SELECT scan, count(*) AS files, sum(bytes)::int8 AS bytes, min(stored_at) AS oldest FROM files GROUP BY scan`,
  });
  return rows;
}

/** The names of the given dossiers, and those of their rows `u` of uses or fetches. */
const names = (rows: string): string => `${namesOfDossiers(`SELECT given.code FROM ${rows}`)} AS name`;
const IS_OF_NAME = 'u.code = name.code AND (name.party IS NULL OR u.party = name.party)';

const unusedPart = definePart<string>(
  'unused_file',
  { code: ['text', (code) => code] },
  (rows) => `
    UPDATE party_files p SET kept_until = '-infinity' FROM ${names(rows)} JOIN file_uses u ON ${IS_OF_NAME}
    WHERE p.party = u.party AND p.sha256 = u.sha256 RETURNING 1`,
);

const endedUsePart = definePart<string>(
  'ended_use',
  { code: ['text', (code) => code] },
  (rows) => `DELETE FROM file_uses u USING ${names(rows)} WHERE ${IS_OF_NAME} RETURNING 1`,
);

const endedFetchPart = definePart<string>(
  'ended_fetch',
  { code: ['text', (code) => code] },
  (rows) => `DELETE FROM file_fetches u USING ${names(rows)} WHERE ${IS_OF_NAME} RETURNING 1`,
);

/** Ends the use of files by erased dossiers, under all names of these. The next sweep removes the bytes. */
export const endedUseParts = (codes: readonly string[]): readonly Part[] => [
  unusedPart(codes),
  endedUsePart(codes),
  endedFetchPart(codes),
];
