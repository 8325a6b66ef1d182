import type pg from 'pg';
import type { KindEvent, Reach } from '#core/records/apply';
import type { Kind, KindRecord } from '#core/records/kind';
import { pick } from '#core/records/merge';
import { mapYielding } from '../concurrency/yielding.ts';
import { definePart, insertInto, type Part } from '../database/parts.ts';
import type { Sealed, Vault } from '../secrets/vault.ts';
import { hashOf, openContentId, sealContentId, sealRecord } from './sealed-records.ts';

/** An event of a record to be written. */
export interface RecordEventRow {
  readonly subject: string;
  readonly event: KindEvent;
  readonly movedState: boolean;
  /** When it was applied, and when the hub received it: it may have waited between. */
  readonly recordedAt: string;
  readonly receivedAt: string;
  readonly messageId: string;
  readonly item: number;
}

export function recordEventPart(rows: readonly RecordEventRow[], vault: Vault): Part {
  return part(
    rows.map((row) => ({
      ...row,
      sealed: sealRecord(vault, row.event.record),
      hash: sealContentId(vault, row.event.record, { record: row.event.contentId }),
    })),
  );
}

type SealedRow = RecordEventRow & { readonly sealed: Sealed; readonly hash: Buffer };

const columns = {
  subject: ['text', (r: SealedRow) => r.subject],
  seq: ['int4', (r: SealedRow) => r.event.seq],
  recorded_at: ['timestamptz', (r: SealedRow) => r.recordedAt],
  received_at: ['timestamptz', (r: SealedRow) => r.receivedAt],
  at: ['timestamptz', (r: SealedRow) => r.event.record.stateAt],
  state: ['text', (r: SealedRow) => r.event.record.state],
  party: ['text', (r: SealedRow) => r.event.party],
  reach: ['text', (r: SealedRow) => r.event.reach],
  is_held: ['bool', (r: SealedRow) => r.event.isHeld],
  is_judged: ['bool', (r: SealedRow) => r.event.isJudged],
  moved_state: ['bool', (r: SealedRow) => r.movedState],
  hash: ['bytea', (r: SealedRow) => r.hash],
  message_id: ['uuid', (r: SealedRow) => r.messageId],
  item: ['int4', (r: SealedRow) => r.item],
  record: ['bytea', (r: SealedRow) => r.sealed.bytes],
  record_key: ['int4', (r: SealedRow) => r.sealed.keyId],
} as const;
const part = definePart<SealedRow>('record_event', columns, insertInto('record_events', Object.keys(columns)));

interface Row {
  subject: string;
  seq: number;
  party: string;
  reach: Reach;
  is_held: boolean;
  is_judged: boolean;
  hash: Buffer;
  record: Buffer;
  record_key: number;
}

/** The events of these records, in the order of recording. */
export async function loadRecordEvents(
  db: pg.Pool | pg.PoolClient,
  vault: Vault,
  subjects: readonly string[],
): Promise<ReadonlyMap<string, readonly KindEvent[]>> {
  const found = new Map<string, KindEvent[]>(subjects.map((subject) => [subject, []]));
  if (subjects.length === 0) return found;
  const { rows } = await db.query<Row>({
    name: 'load record events',
    text: `SELECT subject, seq, party, reach, is_held, is_judged, hash, record, record_key
           FROM record_events WHERE subject = ANY($1::text[]) ORDER BY subject, seq`,
    values: [subjects],
  });
  const events = await mapYielding(rows, (row): [string, KindEvent] => [row.subject, eventIn(row, vault)]);
  for (const [subject, event] of events) found.get(subject)?.push(event);
  return found;
}

function eventIn(row: Row, vault: Vault): KindEvent {
  const { seq, party, reach } = row;
  const record = JSON.parse(vault.open({ keyId: row.record_key, bytes: row.record }).toString()) as KindRecord;
  const contentId = openContentId(vault, row.hash).record;
  return { seq, party, reach, contentId, record, isHeld: row.is_held, isJudged: row.is_judged };
}

/** Identifies the content of a record. */
export function recordContentId({ identifiedBy }: Kind, record: object): string {
  return hashOf(identifiedBy ? pick(record, identifiedBy) : record);
}
