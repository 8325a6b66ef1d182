import { type RawBuilder, type SelectQueryBuilder, type SqlBool, sql } from 'kysely';
import type { DeliveryState, StateFilter } from '#core/dossier/delivery-states';
import type { Words } from '#messages/message';
import type { Total } from '../database/count-up-to.ts';
import { countMatching, type Looked, type Matching, newestMatching } from '../database/newest-matching.ts';
import type { Database } from '../database/pool.ts';
import type { Tables } from '../database/tables.ts';
import type { Vault } from '../secrets/vault.ts';

/**
 * Whether delivery `d` failed and an operator should look at it. Dismissed and erased ones do not count. Neither do versions
 * for which a newer one is delivered or due, because a replay would change nothing.
 */
export const IS_FAILED = `(d.state IN ('refused', 'parked') AND coalesce(d.reason, '') NOT IN ('dismissed', 'erased')
  AND (d.operation = 'dossier.progress.v1' OR NOT EXISTS (
    SELECT 1 FROM deliveries e WHERE e.party = d.party AND e.subject = d.subject AND e.operation = d.operation
      AND e.id > d.id AND e.state || '' IN ('delivered', 'due', 'held'))))`;

export interface DeliveryFilter {
  readonly party?: string | undefined;
  readonly state?: StateFilter | undefined;
  /** A dossier's code, or an alias of it. */
  readonly code?: string | undefined;
  readonly operation?: string | undefined;
  readonly reason?: string | undefined;
  /** The period of creation: from, and to. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface ListedDelivery {
  readonly id: number;
  readonly party: string;
  readonly operation: string;
  readonly code: string;
  /** The version of the dossier that is delivered. */
  readonly version: number;
  readonly messageId: string;
  readonly state: DeliveryState;
  readonly createdAt: string;
  /** The time of the next attempt. Absent for settled and held deliveries. */
  readonly nextAt?: string | undefined;
  /** A process is sending it now. */
  readonly isOnItsWay: boolean;
  /**
   * For a due delivery: the oldest unsettled delivery of its dossier. That one goes first, and may wait for an
   * operator.
   */
  readonly behind: number | null;
  readonly attempts: number;
  readonly doubt: boolean;
  readonly causeKey: string | null;
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly words: Words | null;
  readonly reference: string | null;
  readonly settledAt: string | null;
  readonly replayedAt: string | null;
}

type WithDeliveries = Tables & { d: Tables['deliveries'] };

/**
 * Narrows a query over `deliveries as d`.
 *
 * @param subjects the dossiers of the filter's code, from subjectsOf
 */
export function filterDeliveries<Out>(
  query: SelectQueryBuilder<WithDeliveries, 'd', Out>,
  filter: DeliveryFilter,
  subjects: readonly string[] | undefined,
): SelectQueryBuilder<WithDeliveries, 'd', Out> {
  const { indexed, others } = matching(filter, subjects);
  return [...indexed, ...others].reduce((narrowed, condition) => narrowed.where(condition), query);
}

function matching(filter: DeliveryFilter, subjects: readonly string[] | undefined): Matching {
  const { party, state, operation, reason, from, to } = filter;
  const indexed: RawBuilder<SqlBool>[] = [];
  const others: RawBuilder<SqlBool>[] = [];
  if (party !== undefined) indexed.push(sql`d.party = ${party}`);
  // The index begins with the party.
  else if (subjects) indexed.push(sql`d.party = ANY(ARRAY(SELECT party FROM party_states))`);
  if (subjects) indexed.push(sql`d.subject = ANY(${[...subjects]}::text[])`);
  if (state === 'failed') indexed.push(sql.raw(IS_FAILED));
  else if (state === 'delivered') others.push(sql`d.state = ${state}`);
  else if (state !== undefined) indexed.push(sql`d.state = ${state}`);
  if (reason !== undefined) indexed.push(sql`d.reason = ${reason}`);
  if (from !== undefined) indexed.push(sql`d.created_at >= ${from}::timestamptz`);
  if (to !== undefined) indexed.push(sql`d.created_at <= ${to}::timestamptz`);
  if (operation !== undefined) others.push(sql`d.operation = ${operation}`);
  return { table: 'deliveries', alias: 'd', indexed, others };
}

/** The subjects that a filter's code names: the code itself, dossiers with that alias, and records with that code. */
export async function subjectsOf(database: Database, { code }: DeliveryFilter): Promise<readonly string[] | undefined> {
  if (code === undefined) return undefined;
  const aliases = await database.query.selectFrom('aliases').select('dossier').where('code', '=', code).execute();
  const records = await database.query.selectFrom('records').select('subject').where('code', '=', code).execute();
  return [code, ...aliases.map((alias) => alias.dossier), ...records.map(({ subject }) => subject)];
}

const BEHIND_SQL = sql<number | null>`CASE WHEN d.state = 'due' AND d.leased_by IS NULL THEN (
  SELECT e.id FROM deliveries e
  WHERE e.party = d.party AND e.subject = d.subject AND e.state || '' IN ('due', 'held') AND e.id < d.id
  ORDER BY e.id LIMIT 1) END`;
const BEHIND = BEHIND_SQL.as('behind');

/** Deliveries by filter, newest first, before the id `before`. */
export async function listDeliveries(
  database: Database,
  filter: DeliveryFilter,
  limit: number,
  before: number | undefined,
): Promise<Looked<ListedDelivery>> {
  const matches = matching(filter, await subjectsOf(database, filter));
  const rows = await newestMatching(database, matches, sql<Row>`d.*, ${BEHIND_SQL} AS behind`, limit, before);
  return Object.assign(rows.map(listed), { endedAt: rows.endedAt });
}

export async function countDeliveries(database: Database, filter: DeliveryFilter): Promise<Total> {
  return countMatching(database, matching(filter, await subjectsOf(database, filter)));
}

/** The deliveries of a message, for the codes in it. */
export async function deliveriesOfMessage(
  database: Database,
  messageId: string,
  codes: readonly string[],
): Promise<readonly ListedDelivery[]> {
  if (codes.length === 0) return [];
  const rows = await database.query
    .selectFrom('deliveries as d')
    .selectAll('d')
    .select(BEHIND)
    .where(sql<boolean>`d.party = ANY(ARRAY(SELECT party FROM party_states))`)
    .where(
      sql<boolean>`d.subject = ANY(${codes} || ARRAY(SELECT dossier FROM aliases WHERE code = ANY(${codes}::text[]))
        || ARRAY(SELECT subject FROM records WHERE code = ANY(${codes}::text[])))`,
    )
    .where('d.message_id', '=', messageId)
    .orderBy('d.id')
    .execute();
  return rows.map(listed);
}

export async function oneDelivery(database: Database, id: number): Promise<ListedDelivery | undefined> {
  const row = await database.query
    .selectFrom('deliveries as d')
    .selectAll('d')
    .select(BEHIND)
    .where('d.id', '=', id)
    .executeTakeFirst();
  return row && listed(row);
}

interface Row {
  readonly id: number;
  readonly party: string;
  readonly operation: string;
  readonly subject: string;
  readonly seq: number;
  readonly message_id: string;
  readonly state: string;
  readonly created_at: string;
  readonly next_at: string;
  readonly leased_by: string | null;
  readonly behind: number | null;
  readonly attempts: number;
  readonly doubt: boolean;
  readonly cause_key: string | null;
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly words: unknown;
  readonly reference: string | null;
  readonly settled_at: string | null;
  readonly replayed_at: string | null;
}

function listed(row: Row): ListedDelivery {
  return {
    id: row.id,
    party: row.party,
    operation: row.operation,
    code: row.subject,
    version: row.seq,
    messageId: row.message_id,
    state: row.state as DeliveryState,
    createdAt: row.created_at,
    nextAt: row.state === 'due' ? row.next_at : undefined,
    isOnItsWay: row.state === 'due' && row.leased_by !== null,
    behind: row.behind,
    attempts: row.attempts,
    doubt: row.doubt,
    causeKey: row.cause_key,
    outcome: row.outcome,
    reason: row.reason,
    detail: row.detail,
    words: row.words as Words | null,
    reference: row.reference,
    settledAt: row.settled_at,
    replayedAt: row.replayed_at,
  };
}

export interface ListedAttempt {
  /** From 1, over all attempts of the delivery. The stored number begins again after a replay or a release. */
  readonly number: number;
  readonly at: string;
  readonly tookMs: number;
  readonly outcome: string;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly words: Words | null;
  /** Whether request and reply are stored with it. */
  readonly hasWire: boolean;
}

export interface StoredAttempt extends ListedAttempt {
  /** The request and reply of the attempt, as JSON. */
  wire(): string | undefined;
}

/** The attempts of a delivery, oldest first. Their requests are decrypted on demand. */
export async function attemptsOf(database: Database, vault: Vault, id: number): Promise<readonly StoredAttempt[]> {
  const rows = await database.query
    .selectFrom('attempts')
    .selectAll()
    .where('delivery_id', '=', id)
    .orderBy('at')
    .orderBy('number')
    .execute();
  return rows.map(({ at, took_ms, outcome, reason, detail, words, wire, wire_key }, earlier) => ({
    number: earlier + 1,
    at,
    tookMs: took_ms,
    outcome,
    reason,
    detail,
    words: words as Words | null,
    hasWire: wire !== null,
    wire: () => (wire && wire_key !== null ? vault.open({ keyId: wire_key, bytes: wire }).toString() : undefined),
  }));
}

/**
 * Other deliveries in the same call as an attempt. All of them end at the same moment, and the first one stores request
 * and reply.
 */
export async function sharedCall(
  database: Database,
  { id, party, operation }: Pick<ListedDelivery, 'id' | 'party' | 'operation'>,
  { at, tookMs, hasWire }: Pick<ListedAttempt, 'at' | 'tookMs' | 'hasWire'>,
): Promise<readonly Pick<ListedDelivery, 'id' | 'code'>[]> {
  let query = database.query
    .selectFrom('attempts as a')
    .innerJoin('deliveries as d', 'd.id', 'a.delivery_id')
    .select(['d.id', 'd.subject as code'])
    .where('d.party', '=', party)
    .where('d.operation', '=', operation)
    .where('a.at', '=', at)
    .where('a.took_ms', '=', tookMs)
    .where('d.id', '!=', id);
  // An attempt with its own request is another call that ended at that moment.
  if (hasWire) query = query.where('a.wire', 'is', null);
  return query.orderBy('d.id').execute();
}

/** Whether a party had received the dossier by another delivery before a moment. */
export async function wasKnown(
  database: Database,
  { id, party, code }: Pick<ListedDelivery, 'id' | 'party' | 'code'>,
  at: string,
): Promise<boolean> {
  const found = await database.query
    .selectFrom('deliveries')
    .select('id')
    .where('party', '=', party)
    .where('subject', '=', code)
    .where('operation', '=', 'dossier.upsert.v1')
    .where('state', '=', 'delivered')
    .where('id', '!=', id)
    .where('settled_at', '<', at)
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}
