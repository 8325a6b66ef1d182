import type pg from 'pg';
import type { Recorded, RecordItem } from '#core/dossier/item';
import { addTo } from '#core/group-by';
import type { Kinds } from '#core/records/kinds';
import type { Operation } from '#schemas/operations';
import { type ErasedColumns, erasedIn } from '../index/erased-columns.ts';
import { openContentId } from '../index/sealed-records.ts';
import type { Vault } from '../secrets/vault.ts';
import type { RecordedMessage } from './recorded-messages.ts';

/** An item of an emptied message, from its event, and when that was recorded. */
export interface StoredItem {
  readonly item: RecordItem;
  readonly recordedAt: string;
}

/** The items of emptied messages, by message and position. An item that waited may have been recorded twice. */
export type StoredItems = (messageId: string, item: number) => readonly StoredItem[];

interface Deps {
  readonly db: pg.Pool;
  readonly vault: Vault;
  readonly kinds: Kinds;
}

/** Reads the events that emptied messages caused, as items. A step that a record made comes of the record again. */
export async function storedItems(
  { db, vault, kinds }: Deps,
  messages: readonly Pick<RecordedMessage, 'id' | 'isEmptied' | 'results' | 'receivedAt'>[],
): Promise<StoredItems> {
  const found = new Map<string, StoredItem[]>();
  const emptied = messages.filter(({ isEmptied }) => isEmptied);
  if (emptied.length === 0) return () => [];
  const ids = emptied.map(({ id }) => id);
  const add = (rows: readonly Row[], operationOf: (row: Row) => Operation): void => {
    const known = new Set(found.keys());
    for (const row of rows) {
      const name = `${row.message_id} ${row.item}`;
      if (known.has(name)) continue;
      addTo(found, name, { item: itemOf(row, operationOf(row), vault), recordedAt: row.recorded_at });
    }
  };
  const records = await db.query<Row>({ name: 'items of records', text: OF_RECORDS, values: [ids] });
  add(records.rows, ({ kind }) => kinds.byName(kind)?.operation as Operation);
  const codes = [...new Set(emptied.flatMap(({ results }) => results.flatMap(({ code }) => code ?? [])))];
  const since = emptied.map(({ receivedAt }) => receivedAt).reduce((a, b) => (a < b ? a : b));
  const dossiers = await db.query<Row>({ name: 'items of dossiers', text: OF_DOSSIERS, values: [codes, ids, since] });
  add(dossiers.rows, ({ kind }) => (kind === 'dossier' ? 'dossier.upsert.v1' : 'dossier.progress.v1'));
  return (messageId, item) => found.get(`${messageId} ${item}`) ?? [];
}

interface Row extends ErasedColumns {
  kind: string;
  recorded_at: string;
  message_id: string;
  item: number;
  inferred: boolean;
  anomaly: Recorded['anomaly'] | null;
  is_held: boolean;
  rewrites: number;
  hash: Buffer;
  record: Buffer;
  record_key: number;
}

const CONTENT =
  'e.recorded_at, e.message_id, e.item, e.hash, e.record, e.record_key, o.rewrites, o.erasure, o.erased_at, o.erased_up_to';
const OF_RECORDS = `
  SELECT o.kind, false AS inferred, NULL AS anomaly, e.is_held, ${CONTENT}
  FROM record_events e JOIN records o ON o.subject = e.subject
  WHERE e.message_id = ANY($1::uuid[]) ORDER BY e.subject, e.seq`;
/** Never recorded before it was received, so earlier months are not read. */
const OF_DOSSIERS = `
  SELECT e.kind, e.inferred, e.anomaly, false AS is_held, ${CONTENT}
  FROM (SELECT unnest($1::text[]) AS code UNION SELECT dossier FROM aliases WHERE code = ANY($1::text[])) named
  JOIN events e ON e.code = named.code JOIN dossiers o ON o.code = e.code
  WHERE e.message_id = ANY($2::uuid[]) AND e.recorded_at >= $3::timestamptz ORDER BY e.code, e.seq`;

function itemOf(row: Row, operation: Operation, vault: Vault): RecordItem {
  const record = JSON.parse(vault.open({ keyId: row.record_key, bytes: row.record }).toString());
  return {
    kind: 'record',
    operation,
    record,
    warnings: [],
    inferred: row.inferred || undefined,
    recorded: {
      contentId: openContentId(vault, row.hash),
      isHeld: row.is_held,
      isRewritten: row.rewrites > 0,
      anomaly: row.anomaly ?? undefined,
      ...erasedIn(row),
    },
  };
}
