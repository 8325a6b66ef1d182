import { setImmediate } from 'node:timers/promises';
import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import { addTo } from '#core/group-by';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import { msOf } from '../database/uuid.ts';
import type { Vault } from '../secrets/vault.ts';
import { type Anchor, newestEntry } from './audit-chain.ts';
import { isReasonCode } from './reason-code.ts';

/** Everything stored about one dossier, at one moment and without personal data: messages, senders and results. */
export interface Evidence {
  /** `steps` is the number of recorded events, null if no record was ever applied. */
  readonly dossier: {
    /** The kind of record; absent for a dossier. */
    readonly kind?: string | undefined;
    readonly code: string;
    readonly aliases: readonly { readonly party: string; readonly code: string }[];
    readonly steps: number | null;
    /** Present if the personal data was erased: when, by whom and why. States, dates and the hashes of contents stay. */
    readonly erased?:
      | { readonly erasure: number; readonly at: string; readonly who: string; readonly why: string }
      | undefined;
  };
  readonly messages: readonly (EvidentMessage | LostMessage)[];
  readonly events: readonly EvidentEvent[];
  readonly deliveries: readonly EvidentDelivery[];
  readonly quarantine: readonly EvidentWait[];
  /** The newest entry of the audit. */
  readonly audit: Anchor;
}

export interface EvidentMessage {
  readonly id: string;
  readonly isKept: true;
  readonly receipt: string;
  readonly receivedAt: string;
  readonly party: string;
  readonly door: string;
  readonly operation: string;
  /** The id of the sender's key. */
  readonly key: string | null;
  /** The hash of the received body, in hexadecimal. */
  readonly sha256: string | null;
  readonly bytes: number;
  /** When the body was removed. `sha256` still tells whether somebody's bytes are the received ones. */
  readonly bodyRemovedAt?: string | undefined;
  /** The items about this dossier, with their results. */
  readonly items: readonly { readonly index: number; readonly outcome: string }[];
}

/** A deleted message with results that are still stored. Its id tells when it arrived. */
export interface LostMessage {
  readonly id: string;
  readonly isKept: false;
  readonly receivedAt: string;
}

export interface EvidentEvent {
  readonly seq: number;
  /** What the event says: a dossier, a step of it, or a record of this kind. */
  readonly kind: string;
  readonly at: string;
  readonly status: string;
  readonly movedStatus: boolean;
  readonly party: string;
  readonly recordedAt: string;
  readonly messageId: string;
  readonly item: number;
  /**
   * A keyed hash of the content. Equal content gives the same hash under one HUB_SECRET. Without the secret it cannot
   * confirm a guess.
   */
  readonly contentHash: string;
}

export interface EvidentDelivery {
  readonly id: number;
  readonly party: string;
  readonly operation: string;
  readonly version: number;
  readonly messageId: string;
  readonly createdAt: string;
  readonly state: string;
  readonly settledAt: string | null;
  /** The party's reference for it. */
  readonly reference: string | null;
  readonly attempts: readonly EvidentAttempt[];
}

export interface EvidentAttempt {
  readonly number: number;
  readonly at: string;
  readonly outcome: string;
  readonly reason?: string | undefined;
  readonly httpStatus?: number | undefined;
}

export interface EvidentWait {
  /** An item of a message, or a delivery. */
  readonly messageId: string;
  readonly item: number | null;
  readonly deliveryId: number | null;
  readonly party: string;
  readonly operation: string;
  readonly cause: string;
  readonly openedAt: string;
  readonly settledAt: string | null;
  readonly settlement: string | null;
  /** The key of the operator who settled it. Null if nobody had to. */
  readonly settledBy: string | null;
}

/**
 * @param code the dossier's own code, not an alias; or that of a record of a kind
 * @returns undefined if nothing is stored about it
 */
export async function loadEvidence(
  database: Database,
  vault: Vault,
  code: string,
  kind?: string,
): Promise<Evidence | undefined> {
  const key = kind === undefined ? code : `${kind} ${code}`;
  const sources = kind === undefined ? OF_DOSSIERS : OF_RECORDS;
  const { attempts, ...read } = await inTransaction(database, async (tx) => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const rows = async <Row extends pg.QueryResultRow>(text: string, ...more: unknown[]): Promise<readonly Row[]> =>
      (await tx.query<Row>(text, [key, ...more])).rows;
    const [dossier] = await rows<StepsRow>(sources.steps);
    const aliases = await rows<Evidence['dossier']['aliases'][number]>(ALIASES);
    const events = (await rows<Hashed<EvidentEvent>>(sources.events)).map(({ hash, ...event }) => ({
      ...event,
      // All hashes use the newest key, so that equal content shows as equal.
      contentHash: vault.sealHash(vault.openHash(hash as Buffer)).toString('hex'),
    }));
    const deliveries = await rows<Omit<EvidentDelivery, 'attempts'>>(DELIVERIES);
    const quarantine = await rows<EvidentWait>(quarantineOf(sources));
    const messageIds = [...events, ...deliveries, ...quarantine].map(({ messageId }) => messageId);
    const stored = await rows<Hashed<EvidentMessage> & { emptiedAt: string | null }>(messagesOf(sources), messageIds);
    const kept = stored.map(({ hash, emptiedAt, ...message }) => ({
      ...message,
      sha256: hash && vault.openHash(hash).toString('hex'),
      bodyRemovedAt: emptiedAt ?? undefined,
    }));
    const { rows: attempts } = await tx.query<AttemptRow>(ATTEMPTS, [deliveries.map(({ id }) => id)]);
    const messages = withLost(kept, messageIds);
    const audit = await newestEntry(tx);
    return {
      dossier: { kind, code, aliases, ...stepsOf(dossier) },
      messages,
      events,
      deliveries,
      quarantine,
      audit,
      attempts,
    };
  });
  if (read.dossier.steps === null && read.messages.length === 0) return undefined;
  const made = await attemptsOf(vault, attempts);
  return { ...read, deliveries: read.deliveries.map((one) => ({ ...one, attempts: made.get(one.id) ?? [] })) };
}

interface StepsRow {
  readonly steps: number;
  readonly erasure: number | null;
  readonly at: string;
  readonly who: string;
  readonly why: string;
}

function stepsOf(row: StepsRow | undefined): Pick<Evidence['dossier'], 'steps' | 'erased'> {
  if (!row) return { steps: null };
  const { steps, erasure, at, who, why } = row;
  return { steps, erased: erasure === null ? undefined : { erasure, at, who, why } };
}

type Hashed<Evident> = Omit<Evident, 'contentHash' | 'sha256'> & { readonly hash: Buffer | null };

/** Where the evidence of a dossier is, or that of a record. `$1` is its subject. */
interface Sources {
  readonly steps: string;
  readonly events: string;
  /** The names that messages and waiting items have for it. */
  readonly names: string;
  /** Which operations of these are about it. */
  readonly isAbout: (operation: string) => string;
}

/**
 * The names of a dossier. An alias counts for its party only, because the same number in another system is another
 * dossier.
 */
const NAMES = `WITH name AS (SELECT $1::text COLLATE "C" AS code, NULL::text AS party
                  UNION ALL SELECT code, party FROM aliases WHERE dossier = $1)`;

const ALIASES = 'SELECT party, code FROM aliases WHERE dossier = $1 ORDER BY party, code';

const EVENTS = `SELECT seq, kind, at, status, moved_status AS "movedStatus", party, recorded_at AS "recordedAt",
    message_id AS "messageId", item, hash
  FROM events WHERE code = $1 ORDER BY seq`;

/** How many events a dossier or record has, and its erasure. */
function stepsIn(table: string, key: string): string {
  return `SELECT o.version AS steps, o.erasure, o.erased_at AS at, e.who, e.why
    FROM ${table} o LEFT JOIN erasures e ON e.id = o.erasure WHERE o.${key} = $1`;
}

const OF_DOSSIERS: Sources = {
  steps: stepsIn('dossiers', 'code'),
  events: EVENTS,
  names: NAMES,
  isAbout: () => 'true',
};

const OF_RECORDS: Sources = {
  steps: stepsIn('records', 'subject'),
  events: `SELECT seq, split_part(subject, ' ', 1) AS kind, at, state AS status, moved_state AS "movedStatus", party,
      recorded_at AS "recordedAt", message_id AS "messageId", item, hash
    FROM record_events WHERE subject = $1 ORDER BY seq`,
  names: `WITH name AS (SELECT split_part($1::text, ' ', 2) COLLATE "C" AS code, NULL::text AS party)`,
  isAbout: (operation) => `starts_with(${operation}, split_part($1::text, ' ', 1) || '.')`,
};

/** The index begins with the party. */
const DELIVERIES = `SELECT id, party, operation, seq AS version, message_id AS "messageId", created_at AS "createdAt",
    state, settled_at AS "settledAt", reference
  FROM deliveries WHERE subject = $1 AND party = ANY(ARRAY(SELECT party FROM party_states)) ORDER BY id`;

/** Waiting and settled rows have an index each: 0.4 ms beside 500,000 other rows, instead of 150 ms. */
const quarantineOf = ({ names, isAbout }: Sources): string => `${names}, found AS (
    SELECT q.* FROM name JOIN quarantine q ON q.code = name.code AND q.settled_at IS NULL
    WHERE (name.party IS NULL OR name.party = q.party) AND ${isAbout('q.operation')}
    UNION ALL
    SELECT q.* FROM name JOIN quarantine q ON q.code = name.code AND q.settled_at IS NOT NULL
    WHERE (name.party IS NULL OR name.party = q.party) AND ${isAbout('q.operation')})
  SELECT DISTINCT ON (id) message_id AS "messageId", item, delivery_id AS "deliveryId", party, operation,
    cause_kind AS cause, opened_at AS "openedAt", settled_at AS "settledAt", settlement, settled_by AS "settledBy"
  FROM found ORDER BY id`;

/**
 * Messages with results, and messages with an invalid item under one of the names. A repeat without a change is in
 * neither.
 */
const messagesOf = ({ names, isAbout }: Sources): string => `${names}, found AS (
    SELECT id FROM messages WHERE id = ANY($2::uuid[])
    UNION SELECT m.id FROM name JOIN messages m ON m.outcome IN ('invalid', 'partly-invalid')
      AND m.results::jsonb @> jsonb_build_array(jsonb_build_object('code', name.code))
      AND (name.party IS NULL OR name.party = m.party) AND ${isAbout('m.operation')})
  SELECT id, true AS "isKept", receipt, received_at AS "receivedAt", party, door, operation, key_name AS key,
    body_hash AS hash, body_bytes AS bytes, emptied_at AS "emptiedAt", (
      SELECT coalesce(json_agg(json_build_object('index', result->'index', 'outcome', result->'outcome')), '[]')
      FROM json_array_elements(results) result
      WHERE EXISTS (SELECT FROM name WHERE name.code = result->>'code' AND (name.party IS NULL OR name.party = m.party))) AS items
  FROM messages m WHERE id IN (SELECT id FROM found) ORDER BY id`;

function withLost(kept: readonly EvidentMessage[], messageIds: readonly string[]): Evidence['messages'] {
  const known = new Set(kept.map(({ id }) => id));
  const lost = [...new Set(messageIds)].filter((id) => !known.has(id));
  return [...kept, ...lost.map((id) => ({ id, isKept: false as const, receivedAt: msToInstant(msOf(id)) }))].sort(
    (one, other) => (one.id < other.id ? -1 : 1),
  );
}

interface AttemptRow {
  readonly deliveryId: number;
  readonly number: number;
  readonly at: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly wire: Buffer | null;
  readonly keyId: number | null;
}

/** Numbered over the whole delivery: the stored number begins again after a replay or a release. */
const ATTEMPTS = `SELECT delivery_id AS "deliveryId",
    (row_number() OVER (PARTITION BY delivery_id ORDER BY at, number))::int AS number, at, outcome, reason, wire, wire_key AS "keyId"
  FROM attempts WHERE delivery_id = ANY($1::int8[]) ORDER BY delivery_id, at, number`;

/** Attempts that are decrypted at once, so that no request waits for long. */
const OPENED_AT_ONCE = 20;

async function attemptsOf(
  vault: Vault,
  rows: readonly AttemptRow[],
): Promise<ReadonlyMap<number, readonly EvidentAttempt[]>> {
  const made = new Map<number, EvidentAttempt[]>();
  for (const [at, { deliveryId, reason, wire, keyId, ...said }] of rows.entries()) {
    if (at % OPENED_AT_ONCE === 0) await setImmediate();
    const httpStatus =
      wire && keyId !== null && vault.knows(keyId) ? statusOf(vault, { keyId, bytes: wire }) : undefined;
    const attempt = {
      ...said,
      // The adapter's reason code. Free text of a partner in its place is left out.
      reason: reason !== null && isReasonCode(reason) ? reason : undefined,
      httpStatus,
    };
    addTo(made, deliveryId, attempt);
  }
  return made;
}

/** The status of the last call. Earlier calls were logins or look-ups. */
function statusOf(vault: Vault, sealed: Parameters<Vault['open']>[0]): number | undefined {
  const calls = JSON.parse(vault.open(sealed).toString()) as readonly { readonly status?: number }[];
  return calls.at(-1)?.status;
}
