import { msToInstant } from '#core/dates/dates';
import type { Sentence, Words } from '#messages/message';
import { wordsText } from '#messages/stored';
import { definePart, type Part } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';

export interface ClaimedPull {
  readonly party: string;
  readonly name: string;
  /** The checkpoint of the last stored page. */
  readonly checkpoint: unknown;
  readonly token: number;
  /** An order after this moment is not part of this run. */
  readonly claimedAt: string;
  /** The error of the previous run. */
  readonly lastError: string | null;
  readonly lastErrorWords: Words | null;
}

/** Never due again, until an order or another schedule. */
const NEVER = 'infinity';

/** A partner's `Retry-After` is obeyed up to this time. Data would be older otherwise than anybody expects. */
export const MOST_ASKED_MS = 3_600_000;

/** A pull, and its next run by the schedule in force. Undefined: the schedule has no further run. */
export interface ScheduledPull {
  readonly party: string;
  readonly name: string;
  readonly scheduledMs: number | undefined;
}

/**
 * Registers the pulls. A new one is due at once, and so is one whose schedule had ended and has a next run now. One that waits
 * longer than its schedule says waits for its next run: the schedule was changed, or the clock was set back.
 */
export async function registerPulls(
  { pool }: Pick<Database, 'pool'>,
  pulls: readonly ScheduledPull[],
  nowMs: number,
): Promise<void> {
  await pool.query({
    name: 'register pulls',
    text: `WITH given AS (
             SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS given(party, name, scheduled))
           INSERT INTO pulls AS p (party, name, next_at, checkpoint, token)
           SELECT party, name, $4::timestamptz, 'null', 0 FROM given
           ON CONFLICT (party, name) DO UPDATE SET next_at = CASE
             WHEN p.next_at = 'infinity' THEN excluded.next_at
             ELSE (SELECT scheduled FROM given WHERE given.party = p.party AND given.name = p.name) END
           WHERE p.next_at > (
             SELECT CASE WHEN p.last_error IS NULL THEN scheduled ELSE greatest(scheduled, $5::timestamptz) END
             FROM given WHERE given.party = p.party AND given.name = p.name AND scheduled IS NOT NULL)`,
    values: [
      pulls.map(({ party }) => party),
      pulls.map(({ name }) => name),
      pulls.map(({ scheduledMs }) => (scheduledMs === undefined ? null : msToInstant(scheduledMs))),
      msToInstant(nowMs),
      msToInstant(nowMs + MOST_ASKED_MS),
    ],
  });
}

export async function duePulls(database: Database, nowMs: number): Promise<readonly { party: string; name: string }[]> {
  return database.query
    .selectFrom('pulls')
    .select(['party', 'name'])
    .where('next_at', '<=', msToInstant(nowMs))
    .execute();
}

/**
 * A checkpoint as stored. Adapters put fingerprints of records into it. Stored in clear, they would let anybody test
 * guesses about a record.
 */
interface SealedCheckpoint {
  readonly sealed: string;
  readonly keyId: number;
}

function isSealed(value: unknown): value is SealedCheckpoint {
  return typeof value === 'object' && value !== null && 'sealed' in value && 'keyId' in value;
}

function sealCheckpoint(vault: Vault, checkpoint: unknown): SealedCheckpoint | null {
  if (checkpoint === null || checkpoint === undefined) return null;
  const { keyId, bytes } = vault.seal(JSON.stringify(checkpoint));
  return { sealed: bytes.toString('base64'), keyId };
}

/** Without a matching secret the pull begins again. Repeated records are duplicates. */
function openCheckpoint(vault: Vault, stored: unknown): unknown {
  if (!isSealed(stored)) return stored;
  if (!vault.knows(stored.keyId)) return null;
  return JSON.parse(vault.open({ keyId: stored.keyId, bytes: Buffer.from(stored.sealed, 'base64') }).toString());
}

/**
 * Encrypts checkpoints under the newest key if they are in clear or under an older one.
 *
 * @returns how many
 */
export async function resealCheckpoints({ pool }: Pick<Database, 'pool'>, vault: Vault): Promise<number> {
  const { rows } = await pool.query<{ party: string; name: string; stored: unknown; text: string }>(
    `SELECT party, name, checkpoint AS stored, checkpoint::text AS text FROM pulls WHERE checkpoint::text <> 'null'`,
  );
  const old = rows.filter(({ stored }) => !isSealed(stored) || stored.keyId !== vault.keyId);
  for (const { party, name, stored, text } of old)
    await pool.query(
      'UPDATE pulls SET checkpoint = $3::json WHERE party = $1 AND name = $2 AND checkpoint::text = $4',
      [party, name, JSON.stringify(sealCheckpoint(vault, openCheckpoint(vault, stored))), text],
    );
  return old.length;
}

/**
 * Leases a pull that is due. Undefined if another process has it or has just run it, or if the party is paused. A lease longer
 * than any is left over from a clock that was set back.
 */
export async function claimPull(
  database: Database,
  vault: Vault,
  party: string,
  name: string,
  nowMs: number,
  leaseMs: number,
): Promise<ClaimedPull | undefined> {
  const { rows } = await database.pool.query<ClaimedPull>({
    name: 'claim pull',
    text: `UPDATE pulls SET token = token + 1, leased_until = $4::timestamptz
           WHERE party = $1 AND name = $2 AND next_at <= $3::timestamptz
             AND (leased_until IS NULL OR leased_until NOT BETWEEN $3::timestamptz AND $4::timestamptz + interval '1 minute')
             AND NOT EXISTS (SELECT 1 FROM party_states s WHERE s.party = $1 AND s.paused_at IS NOT NULL)
           RETURNING party, name, checkpoint, token, $3::timestamptz AS "claimedAt", last_error AS "lastError", error_words AS "lastErrorWords"`,
    values: [party, name, msToInstant(nowMs), msToInstant(nowMs + leaseMs)],
  });
  const [row] = rows;
  return row && { ...row, checkpoint: openCheckpoint(vault, row.checkpoint) };
}

/** Extends a lease that this process still holds, during a call to the partner. */
export async function extendPull(database: Database, pull: ClaimedPull, untilMs: number): Promise<void> {
  await database.pool.query({
    name: 'extend pull',
    text: `UPDATE pulls SET leased_until = $4::timestamptz
           WHERE party = $1 AND name = $2 AND token = $3 AND leased_until IS NOT NULL`,
    values: [pull.party, pull.name, pull.token, msToInstant(untilMs)],
  });
}

interface CheckpointRow {
  readonly pull: ClaimedPull;
  readonly checkpoint: unknown;
  readonly leasedUntilMs: number;
}

/** Stores the checkpoint together with its page. Fails the batch if another process has taken the lease. */
export function checkpointPart(rows: readonly CheckpointRow[], vault: Vault): Part {
  return part(rows.map((row) => ({ ...row, checkpoint: sealCheckpoint(vault, row.checkpoint) })));
}

const part = definePart<CheckpointRow>(
  'checkpoint',
  {
    party: ['text', (r) => r.pull.party],
    name: ['text', (r) => r.pull.name],
    token: ['int8', (r) => r.pull.token],
    checkpoint: ['text', (r) => JSON.stringify(r.checkpoint)],
    leased_until: ['timestamptz', (r) => r.leasedUntilMs],
  },
  (rows) => `
    UPDATE pulls p SET checkpoint = given.checkpoint::json, leased_until = given.leased_until FROM ${rows}
    WHERE p.party = given.party AND p.name = given.name AND p.token = given.token
    RETURNING p.name`,
  true,
);

/**
 * Ends the lease of a pull until its next run, or until now if an order came meanwhile. Without `nextMs` it has no
 * further run.
 *
 * @returns false if another process has the lease; that process then reports the result
 */
export async function finishPull(
  database: Database,
  pull: ClaimedPull,
  nowMs: number,
  nextMs: number | undefined,
  error: Sentence | undefined,
): Promise<boolean> {
  const { rowCount } = await database.pool.query({
    name: 'finish pull',
    text: `UPDATE pulls SET leased_until = NULL, last_at = $4::timestamptz, last_error = $6, error_words = $8::json,
             next_at = CASE WHEN next_at > $7::timestamptz THEN next_at ELSE $5::timestamptz END
           WHERE party = $1 AND name = $2 AND token = $3`,
    values: [
      pull.party,
      pull.name,
      pull.token,
      msToInstant(nowMs),
      nextMs === undefined ? NEVER : msToInstant(nextMs),
      error?.message ?? null,
      pull.claimedAt,
      error?.words ? wordsText(error.words) : null,
    ],
  });
  return rowCount === 1;
}

/**
 * Forgets the errors of all pulls but these, because they do not run again.
 *
 * @returns the other pulls that the database knows
 */
export async function forgetOtherPulls(
  database: Database,
  pulls: readonly { readonly party: string; readonly name: string }[],
): Promise<readonly { readonly party: string; readonly name: string }[]> {
  const values = [pulls.map(({ party }) => party), pulls.map(({ name }) => name)];
  const { rows } = await database.pool.query<{ party: string; name: string }>({
    name: 'forget other pulls',
    text: `WITH offered AS (SELECT * FROM unnest($1::text[], $2::text[]) AS given(party, name)),
           others AS (SELECT party, name FROM pulls EXCEPT SELECT party, name FROM offered),
           forgotten AS (
             UPDATE pulls p SET last_error = NULL, error_words = NULL FROM others
             WHERE p.party = others.party AND p.name = others.name AND p.last_error IS NOT NULL)
           SELECT party, name FROM others`,
    values,
  });
  return rows;
}

/** Whether a party's last run of any pull failed. */
export async function hasFailedPull(database: Database, party: string): Promise<boolean> {
  const { rows } = await database.pool.query(
    'SELECT 1 FROM pulls WHERE party = $1 AND last_error IS NOT NULL LIMIT 1',
    [party],
  );
  return rows.length > 0;
}

/** Makes pulls due at once, whatever their schedule. */
export async function makePullsDue(
  database: Database,
  party: string,
  names: readonly string[],
  nowMs: number,
): Promise<void> {
  await database.pool.query(
    `INSERT INTO pulls (party, name, next_at, checkpoint) SELECT $1, name, $3::timestamptz, 'null' FROM unnest($2::text[]) AS given(name)
     ON CONFLICT (party, name) DO UPDATE SET next_at = excluded.next_at`,
    [party, names, msToInstant(nowMs)],
  );
}
