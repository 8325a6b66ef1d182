import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { instantToMs } from '#core/dates/dates';
import type { Total } from '../database/count-up-to.ts';
import { countMatching, type Looked, type Matching, newestMatching } from '../database/newest-matching.ts';
import type { Database } from '../database/pool.ts';
import { firstUuidOf, isUuid, NIL_UUID } from '../database/uuid.ts';
import { type ItemResult, resultsToStore } from './messages.ts';

export interface MessageFilter {
  readonly party?: string;
  readonly door?: string;
  readonly operation?: string;
  readonly outcome?: string;
  /** The code of a dossier in the message, also if the item was not applied. */
  readonly code?: string | undefined;
  /** The receipt of the message. The parts of a stream share it. */
  readonly receipt?: string;
  readonly from?: string;
  readonly to?: string;
}

export interface ListedMessage {
  readonly id: string;
  readonly receipt: string;
  readonly receivedAt: string;
  readonly party: string | null;
  readonly door: string;
  readonly operation: string | null;
  readonly keyName: string | null;
  readonly mediaType: string | null;
  readonly bodyBytes: number;
  readonly outcome: string;
}

/** A message as operators see it, without its body. */
export interface WholeMessage extends ListedMessage {
  /** The result of each item, or the reason why the whole message was refused. */
  readonly results: readonly (ItemResult | { readonly status: number; readonly problem: string })[];
  readonly sealed: { readonly bytes: Buffer; readonly keyId: number } | undefined;
}

const COLUMNS = sql<ListedMessage>`id, receipt, received_at AS "receivedAt", party, door, operation,
  key_name AS "keyName", media_type AS "mediaType", body_bytes AS "bodyBytes", outcome`;

/** Messages by filter, newest first, before the id `before`. */
export async function listMessages(
  database: Database,
  filter: MessageFilter,
  limit: number,
  before: string | undefined,
): Promise<Looked<ListedMessage>> {
  return newestMatching(database, await matching(database, filter), COLUMNS, limit, before);
}

export async function countMessages(database: Database, filter: MessageFilter): Promise<Total> {
  return countMatching(database, await matching(database, filter));
}

async function matching(database: Database, filter: MessageFilter): Promise<Matching> {
  const { party, door, operation, outcome, code, receipt, from, to } = filter;
  const indexed: RawBuilder<SqlBool>[] = [];
  const others: RawBuilder<SqlBool>[] = [];
  if (code !== undefined) indexed.push(sql`id = ANY(${await messagesOf(database, code)}::uuid[])`);
  if (receipt !== undefined) indexed.push(sql`receipt = ${isUuid(receipt) ? receipt : NIL_UUID}::uuid`);
  // The id begins with the time.
  if (from !== undefined) indexed.push(sql`id >= ${firstUuidOf(instantToMs(from))}::uuid`);
  if (to !== undefined) indexed.push(sql`id < ${firstUuidOf(instantToMs(to) + 1)}::uuid`);
  // The words of the partial index messages_outcome.
  if (outcome !== undefined && outcome !== 'accepted')
    indexed.push(sql`outcome = ${outcome} AND outcome <> 'accepted'`);
  else if (outcome !== undefined) others.push(sql`outcome = ${outcome}`);
  if (party !== undefined) others.push(sql`party = ${party}`);
  if (door !== undefined) others.push(sql`door = ${door}`);
  if (operation !== undefined) others.push(sql`operation = ${operation}`);
  return { table: 'messages', indexed, others };
}

const MOST_OF_ONE_CODE = 2_000;

/** Messages about a dossier: applied, waiting, or invalid under its code. Newest first. */
async function messagesOf(database: Database, code: string): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT DISTINCT id FROM (
      SELECT message_id AS id FROM events
      WHERE code = ANY(ARRAY[${code}] || ARRAY(SELECT dossier FROM aliases WHERE code = ${code}))
      UNION ALL SELECT message_id FROM quarantine WHERE code = ${code}
      UNION ALL SELECT id FROM messages
        WHERE outcome IN ('invalid', 'partly-invalid') AND results::jsonb @> ${JSON.stringify([{ code }])}::jsonb) found
    ORDER BY id DESC LIMIT ${MOST_OF_ONE_CODE}`.execute(database.query);
  return rows.map((row) => row.id);
}

interface Row extends ListedMessage {
  readonly results: unknown;
  readonly body: Buffer | null;
  readonly body_key: number | null;
}

export async function oneMessage(database: Database, id: string): Promise<WholeMessage | undefined> {
  if (!isUuid(id)) return undefined;
  const { rows } = await sql<Row>`SELECT ${COLUMNS}, results, body, body_key FROM messages WHERE id = ${id}`.execute(
    database.query,
  );
  const [row] = rows;
  if (!row) return undefined;
  const { body, body_key: keyId, results, ...listed } = row;
  return {
    ...listed,
    // Older versions stored quoted values in full.
    results:
      row.outcome === 'refused'
        ? (results as WholeMessage['results'])
        : resultsToStore(row.operation, results as ItemResult[]),
    sealed: body && keyId !== null ? { bytes: body, keyId } : undefined,
  };
}
