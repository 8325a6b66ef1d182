import { sql } from 'kysely';
import { instantToMs } from '#core/dates/dates';
import { countUpTo, type Total } from '../database/count-up-to.ts';
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

const COLUMNS = [
  'id',
  'receipt',
  'received_at as receivedAt',
  'party',
  'door',
  'operation',
  'key_name as keyName',
  'media_type as mediaType',
  'body_bytes as bodyBytes',
  'outcome',
] as const;

/** Messages by filter, newest first, before the id `before`. */
export async function listMessages(
  database: Database,
  filter: MessageFilter,
  limit: number,
  before: string | undefined,
): Promise<readonly ListedMessage[]> {
  let query = (await messagesBy(database, filter)).query.select(COLUMNS);
  if (before !== undefined) query = query.where('id', '<', before);
  return query.orderBy('id', 'desc').limit(limit).execute();
}

export async function countMessages(database: Database, filter: MessageFilter): Promise<Total> {
  return countUpTo(database, (await messagesBy(database, filter)).query);
}

/** In an object, because a query itself can be awaited. */
async function messagesBy(database: Database, filter: MessageFilter) {
  const { party, door, operation, outcome, code, receipt, from, to } = filter;
  let query = database.query.selectFrom('messages');
  if (party !== undefined) query = query.where('party', '=', party);
  if (door !== undefined) query = query.where('door', '=', door);
  if (operation !== undefined) query = query.where('operation', '=', operation);
  if (outcome !== undefined) query = query.where('outcome', '=', outcome);
  if (code !== undefined) query = query.where('id', 'in', [NIL_UUID, ...(await messagesOf(database, code))]);
  if (receipt !== undefined) query = query.where('receipt', '=', isUuid(receipt) ? receipt : NIL_UUID);
  // The id begins with the time.
  if (from !== undefined) query = query.where('id', '>=', firstUuidOf(instantToMs(from)));
  if (to !== undefined) query = query.where('id', '<', firstUuidOf(instantToMs(to) + 1));
  return { query };
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

export async function oneMessage(database: Database, id: string): Promise<WholeMessage | undefined> {
  if (!isUuid(id)) return undefined;
  const row = await database.query
    .selectFrom('messages')
    .select(COLUMNS)
    .select(['results', 'body', 'body_key'])
    .where('id', '=', id)
    .executeTakeFirst();
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
