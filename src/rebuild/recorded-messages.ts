import type { Database } from '../database/pool.ts';
import type { ItemResult, StoredMessage } from '../ledger/messages.ts';
import type { Vault } from '../secrets/vault.ts';
import { SCHEMA } from './schema.ts';

/** A message of the log with the outcomes of its items. */
export interface RecordedMessage extends Omit<StoredMessage, 'party' | 'operation' | 'body'> {
  readonly party: string | undefined;
  readonly operation: string | undefined;
  /** Undefined when the message was refused unread, or its body was removed. */
  readonly body: Buffer | undefined;
  /** The body, or a part of it, was removed: the events say what it held. */
  readonly isEmptied: boolean;
  readonly bodyBytes: number;
  /** Empty when the message was refused as a whole. */
  readonly results: readonly ItemResult[];
}

interface Row {
  id: string;
  receipt: string;
  received_at: string;
  party: string | null;
  door: string;
  operation: string | null;
  key_name: string | null;
  media_type: string | null;
  body_bytes: number;
  body: Buffer | null;
  body_key: number | null;
  emptied_at: string | null;
  outcome: string;
  results: ItemResult[];
  /** Bytes of the bodies that the page holds before this one. */
  before: number;
}

const PAGE_MESSAGES = 2_000;
/** A body may have 20 MiB, so a page holds few of those. */
const PAGE_BYTES = 8 * 1024 * 1024;

/**
 * The messages after `after` that the second index lacks, page by page in the order of their ids, which is the order of each
 * dossier's writes.
 */
export async function* recordedMessages(live: Database, vault: Vault, after: string) {
  let last = after;
  for (;;) {
    const { rows } = await live.pool.query<Row>({
      name: 'recorded messages',
      text: RECORDED,
      values: [last, PAGE_MESSAGES, PAGE_BYTES],
    });
    const end = rows.at(-1);
    if (!end) return;
    last = end.id;
    yield rows.map((row) => recorded(row, vault));
  }
}

const RECORDED = `
  SELECT * FROM (
    SELECT page.*, sum(body_bytes) OVER (ORDER BY id) - body_bytes AS before FROM (
      SELECT id, receipt, received_at, party, door, operation, key_name, media_type, body_bytes, body, body_key, emptied_at,
        outcome, results
      FROM messages m
      WHERE id > $1 AND NOT EXISTS (SELECT 1 FROM ${SCHEMA}.messages seen WHERE seen.id = m.id)
      ORDER BY id LIMIT $2) page) pages
  WHERE before < $3::int8 ORDER BY id`;

function recorded(row: Row, vault: Vault): RecordedMessage {
  const { body, body_key: keyId } = row;
  return {
    id: row.id,
    receipt: row.receipt,
    receivedAt: row.received_at,
    party: row.party ?? undefined,
    door: row.door,
    operation: row.operation ?? undefined,
    keyName: row.key_name ?? undefined,
    mediaType: row.media_type ?? undefined,
    body: body && keyId !== null ? vault.open({ keyId, bytes: body }) : undefined,
    isEmptied: row.emptied_at !== null,
    bodyBytes: row.body_bytes,
    results: row.outcome === 'refused' ? [] : row.results,
  };
}

export async function countRecorded(live: Database): Promise<number> {
  const { n } = await live.query
    .selectFrom('messages')
    .select(({ fn }) => fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow();
  return n;
}
