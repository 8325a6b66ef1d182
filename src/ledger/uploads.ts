import { msToInstant } from '#core/dates/dates';
import { definePart, type Part } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';
import type { Sealed, Vault } from '../secrets/vault.ts';
import type { DroppedFileRow } from './dropped-files.ts';

/** An uploaded file whose rows are being stored. It stays until all of them are, whatever happens to the process. */
export interface Upload {
  readonly party: string;
  readonly receipt: string;
  readonly list: string;
  readonly place: DroppedFileRow['place'];
  readonly who: string;
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface UploadLease {
  readonly id: number;
  readonly token: number;
  /** How many bodies of the file are stored. */
  readonly stored: number;
}

/** A killed process's upload is free after this time. A live process extends its lease. */
export const UPLOAD_LEASE_MS = 8_000;

/** An upload whose file is compressed and encrypted with its name. */
export interface SealedUpload extends Omit<Upload, 'name' | 'bytes'> {
  readonly file: Sealed;
}

/** Seals the file of an upload. Blocks the event loop meanwhile: 145 ms for 17 MB. */
export function sealUpload(vault: Vault, { name, bytes, ...upload }: Upload): SealedUpload {
  return { ...upload, file: vault.sealCompressed('body', Buffer.concat([Buffer.from(`${name}\n`), bytes])) };
}

/** A lease longer than any is left over from a clock that was set back. */
const notLeased = (now: string, until: string): string =>
  `NOT BETWEEN ${now}::timestamptz AND ${until}::timestamptz + interval '1 minute'`;

/** Leases the file of an upload, new or left by a killed process. Undefined while another process stores it. */
export async function claimUpload(
  { pool }: Pick<Database, 'pool'>,
  { party, receipt, list, place, who, file }: SealedUpload,
  nowMs: number,
): Promise<UploadLease | undefined> {
  const { rows } = await pool.query<UploadLease>({
    name: 'claim upload',
    text: `INSERT INTO uploads (party, receipt, list, place, who, file, file_key, leased_until)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8::timestamptz)
           ON CONFLICT (party, receipt) DO UPDATE SET token = uploads.token + 1, leased_until = excluded.leased_until
           WHERE uploads.leased_until ${notLeased('$9', '$8')}
           RETURNING id, token, stored`,
    values: [party, receipt, list, place, who, file.bytes, file.keyId, untilOf(nowMs), msToInstant(nowMs)],
  });
  return rows[0];
}

/** Leases the oldest upload that a killed process left, of these parties and after this one. */
export async function claimLeftUpload(
  { pool }: Pick<Database, 'pool'>,
  vault: Vault,
  parties: readonly string[],
  after: number,
  nowMs: number,
): Promise<(Upload & UploadLease) | undefined> {
  const { rows } = await pool.query<
    Omit<Upload, 'name' | 'bytes'> & UploadLease & { readonly file: Buffer; readonly keyId: number }
  >({
    name: 'claim left upload',
    text: `UPDATE uploads SET token = token + 1, leased_until = $3::timestamptz WHERE id = (
             SELECT id FROM uploads WHERE leased_until ${notLeased('$4', '$3')} AND party = ANY($1::text[]) AND id > $2
             ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
           RETURNING id, token, stored, party, receipt, list, place, who, file, file_key AS "keyId"`,
    values: [parties, after, untilOf(nowMs), msToInstant(nowMs)],
  });
  const [row] = rows;
  if (!row) return undefined;
  const { file, keyId, ...rest } = row;
  const opened = vault.open({ bytes: file, keyId });
  // Names have no line breaks.
  const end = opened.indexOf('\n');
  return { ...rest, name: opened.subarray(0, end).toString(), bytes: opened.subarray(end + 1) };
}

/** Extends a lease that this process still holds. */
export async function extendUpload(
  { pool }: Pick<Database, 'pool'>,
  { id, token }: UploadLease,
  nowMs: number,
): Promise<void> {
  await pool.query({
    name: 'extend upload',
    text: 'UPDATE uploads SET leased_until = $3::timestamptz WHERE id = $1 AND token = $2',
    values: [id, token, untilOf(nowMs)],
  });
}

const untilOf = (nowMs: number): string => msToInstant(nowMs + UPLOAD_LEASE_MS);

interface Progress extends UploadLease {
  /** Changed settings read the same file under another receipt. */
  readonly receipt: string;
}

/** Stores how much of a file is stored, together with it. Fails the batch if another process has the lease. */
export const uploadProgressPart: (rows: readonly Progress[]) => Part = definePart<Progress>(
  'upload_progress',
  {
    id: ['int8', ({ id }) => id],
    token: ['int4', ({ token }) => token],
    stored: ['int4', ({ stored }) => stored],
    receipt: ['uuid', ({ receipt }) => receipt],
  },
  (rows) => `
    UPDATE uploads u SET stored = given.stored, receipt = given.receipt FROM ${rows}
    WHERE u.id = given.id AND u.token = given.token RETURNING 1`,
  true,
);

/** Removes a file whose rows are stored, together with what became of it. */
export const endUploadPart: (rows: readonly UploadLease[]) => Part = definePart<UploadLease>(
  'end_upload',
  { id: ['int8', ({ id }) => id], token: ['int4', ({ token }) => token] },
  (rows) => `DELETE FROM uploads u USING ${rows} WHERE u.id = given.id AND u.token = given.token RETURNING 1`,
  true,
);
