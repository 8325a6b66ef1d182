import { instantToMs, msToInstant } from '#core/dates/dates';
import { type Outcome, type Settlement, WAITS_ANYWAY } from '#core/dossier/settle';
import type { Cause } from '#core/problem';
import { wordsText } from '#messages/stored';
import { definePart, insertInto, writeParts } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';
import type { Sealed, Vault } from '../secrets/vault.ts';
import type { Claimed } from './claim.ts';
import { sendersOfDue } from './deliveries.ts';
import { causeColumns } from './quarantine.ts';

/** The outcome of an attempt, and the settlement that follows. */
export interface Settled {
  readonly claimed: Claimed;
  readonly outcome: Outcome;
  /** Whether the partner replied to any request of the call. */
  readonly isAnswered: boolean;
  readonly settlement: Settlement;
  readonly at: string;
  readonly tookMs: number;
  /** When the event happened at its source. Unknown for catalogue entries. */
  readonly eventAt?: string | undefined;
  /** The request and reply, as JSON. */
  readonly wire: string | undefined;
}

/**
 * Stores the outcomes of attempts and their settlements in one statement. Skips deliveries that another process has
 * claimed since (their token has changed).
 */
export async function settleAll(database: Database, vault: Vault, settled: readonly Settled[]): Promise<void> {
  const rows = settled.map((row) => ({ ...row, ...followUp(row) }));
  const sealed = settled.map((row) => ({
    row,
    wire: row.wire === undefined ? undefined : vault.sealCompressed('record', Buffer.from(row.wire)),
  }));
  await writeParts(database, [
    settlePart(rows),
    attemptPart(sealed),
    heldPart(
      settled.flatMap(({ claimed, settlement, at, tookMs }) =>
        // Since the attempt began: what it lacked may have come while it ran.
        settlement.state === 'held'
          ? { claimed, cause: settlement.cause, since: msToInstant(instantToMs(at) - tookMs) }
          : [],
      ),
    ),
  ]);
}

interface SealedAttempt {
  readonly row: Settled;
  readonly wire: Sealed | undefined;
}

interface HeldDelivery {
  readonly claimed: Claimed;
  readonly cause: Cause;
  readonly since: string;
}

interface FollowUp {
  readonly state: string;
  readonly nextAt: string;
  readonly doubt: boolean;
  readonly causeKey: string | undefined;
}

function followUp({ settlement, at }: Settled): FollowUp {
  const { state } = settlement;
  if (state === 'held') return { state, nextAt: at, doubt: settlement.doubt, causeKey: settlement.cause.key };
  if (state !== 'due') return { state, nextAt: at, doubt: false, causeKey: undefined };
  const nextAt = msToInstant(instantToMs(at) + settlement.afterMs);
  return { state, nextAt, doubt: settlement.doubt, causeKey: undefined };
}

const settlePart = definePart<Settled & FollowUp>(
  'settle',
  {
    id: ['int8', (r) => r.claimed.id],
    token: ['int8', (r) => r.claimed.token],
    state: ['text', (r) => r.state],
    unsent: ['bool', (r) => r.settlement.state === 'due' && r.settlement.isUnsent],
    next_at: ['timestamptz', (r) => r.nextAt],
    doubt: ['bool', (r) => r.doubt],
    cause_key: ['text', (r) => r.causeKey],
    outcome: ['text', (r) => r.outcome.kind],
    reason: ['text', reasonOf],
    detail: ['text', detailOf],
    words: ['text', wordsTextOf],
    reference: ['text', (r) => ('reference' in r.outcome ? r.outcome.reference : undefined)],
    at: ['timestamptz', (r) => r.at],
  },
  // By id. The empty text after `state` keeps the statement off the index of due rows: a plan made in quiet times would read all
  // of them for each row.
  (rows) => `
    UPDATE deliveries d
    SET state = given.state, attempts = d.attempts - coalesce(given.unsent, false)::int, next_at = given.next_at, leased_by = NULL, doubt = given.doubt,
        cause_key = given.cause_key, outcome = given.outcome, reason = given.reason, detail = given.detail,
        words = given.words::json,
        reference = coalesce(given.reference, d.reference),
        settled_at = CASE WHEN given.state IN ('due', 'held') THEN NULL ELSE given.at END
    FROM ${rows} WHERE d.id = given.id AND d.token = given.token AND d.state || '' = 'due'
    RETURNING d.id`,
);

const attemptColumns = {
  delivery_id: ['int8', ({ row }: SealedAttempt) => row.claimed.id],
  number: ['int4', ({ row }: SealedAttempt) => row.claimed.attempts],
  at: ['timestamptz', ({ row }: SealedAttempt) => row.at],
  took_ms: ['int4', ({ row }: SealedAttempt) => Math.round(row.tookMs)],
  outcome: ['text', ({ row }: SealedAttempt) => row.outcome.kind],
  reason: ['text', ({ row }: SealedAttempt) => reasonOf(row)],
  detail: ['text', ({ row }: SealedAttempt) => detailOf(row)],
  words: ['text', ({ row }: SealedAttempt) => wordsTextOf(row)],
  wire: ['bytea', ({ wire }: SealedAttempt) => wire?.bytes],
  wire_key: ['int4', ({ wire }: SealedAttempt) => wire?.keyId],
} as const;

const attemptNames = Object.keys(attemptColumns);
/** The call may have been under way while the personal data in it was erased. */
const WIRE = `CASE WHEN NOT EXISTS (
  SELECT FROM deliveries e WHERE e.id = given.delivery_id AND e.reason = 'erased') THEN wire END`;
const attemptPart = definePart<SealedAttempt>(
  'attempt',
  attemptColumns,
  (rows) => `
    INSERT INTO attempts (${attemptNames.join(', ')})
    SELECT ${attemptNames.map((name) => ({ words: 'words::json', wire: WIRE })[name] ?? name).join(', ')}
    FROM ${rows} RETURNING 1`,
);

/** A held delivery is in the same list as a waiting item. */
const heldColumns = {
  ...causeColumns,
  party: ['text', (r: HeldDelivery) => r.claimed.party],
  operation: ['text', (r: HeldDelivery) => r.claimed.operation],
  code: ['text', (r: HeldDelivery) => r.claimed.subject],
  message_id: ['uuid', (r: HeldDelivery) => r.claimed.messageId],
  delivery_id: ['int8', (r: HeldDelivery) => r.claimed.id],
  opened_at: ['timestamptz', (r: HeldDelivery) => r.since],
} as const;

const insertHeld = insertInto('quarantine', Object.keys(heldColumns), ['words']);
/** Only of deliveries that this statement holds. Nothing would ever settle the row of another one. */
const heldPart = definePart<HeldDelivery>('held', heldColumns, (rows, before) =>
  insertHeld(`${rows} WHERE delivery_id IN (SELECT id FROM settle)`, before),
);

function reasonOf({ outcome }: Settled): string | undefined {
  return 'reason' in outcome ? outcome.reason : undefined;
}

function wordsTextOf({ outcome }: Settled): string | undefined {
  return outcome.words && wordsText(outcome.words);
}

function detailOf({ outcome }: Settled): string | undefined {
  return outcome.kind === 'delivered' ? outcome.note : outcome.message;
}

/**
 * Makes the deliveries that these causes held due again, oldest first.
 *
 * @returns the parties with a delivery that is due now
 */
export async function releaseDeliveries(
  database: Database,
  causeKeys: readonly string[],
  at: string,
): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ party: string }>({
    name: 'release',
    text: `WITH released AS (
             UPDATE deliveries SET state = 'due', next_at = $2::timestamptz, cause_key = NULL, attempts = 0,
               outcome = NULL, reason = NULL, detail = NULL, words = NULL
             WHERE cause_key = ANY($1::text[]) AND state = 'held' RETURNING id, party),
           settled AS (
             UPDATE quarantine q SET settled_at = $2::timestamptz, settlement = 'released'
             FROM released WHERE q.delivery_id = released.id AND q.settled_at IS NULL)
           SELECT DISTINCT party FROM released`,
    values: [causeKeys, at],
  });
  return rows.map((row) => row.party);
}

/**
 * The causes of held deliveries whose code the catalogue has had since. Their release follows the commit of the entry, so a
 * process that dies between both leaves them held. So does an attempt that began before the entry came and ended after the
 * release. A partner that refuses the code again holds its delivery until an operator acts.
 */
export async function causesSettledSince({ pool }: Database): Promise<readonly string[]> {
  const { rows } = await pool.query<{ cause: string }>({
    name: 'causes settled since',
    text: `SELECT DISTINCT q.cause_key AS cause FROM quarantine q
           JOIN catalogue c ON q.cause_key = 'unmapped:' || c.kind || ':' || c.key
           WHERE q.settled_at IS NULL AND q.delivery_id IS NOT NULL AND q.cause_kind = 'unmapped'
             AND c.changed_at > q.opened_at`,
  });
  return rows.map(({ cause }) => cause);
}

/** A partner that comes and goes every minute gets a delivery this often before its attempts count. */
const MANY_ATTEMPTS = 30;

/**
 * Makes waiting deliveries of a party due, because the party answers again. Each gets its last attempt back, so that an
 * outage that comes and goes parks nothing too early. After many attempts it gets none: a record at which the party never
 * answers would open the breaker again and again. Deliveries that wait for something else, or at which the party itself
 * failed, keep their time and their attempts.
 *
 * @param fromMs the earliest moment, if the party asked for a pause
 */
export async function retryWaiting(database: Database, party: string, fromMs: number): Promise<void> {
  await database.pool.query({
    name: 'retry waiting',
    text: `${sendersOfDue('$1')}
           UPDATE deliveries d SET next_at = $2::timestamptz, attempts = CASE
             WHEN (SELECT count(*) FROM attempts a WHERE a.delivery_id = d.id) < $4::int4
             THEN GREATEST(attempts - 1, 0) ELSE attempts END
           FROM senders s
           WHERE d.party = $1 AND d.state = 'due' AND d.sender = s.sender AND d.next_at > $2::timestamptz
             AND d.leased_by IS NULL AND d.outcome IN ('unavailable', 'unknown')
             AND d.reason <> ALL($3::text[])`,
    values: [party, msToInstant(fromMs), WAITS_ANYWAY, MANY_ATTEMPTS],
  });
}
