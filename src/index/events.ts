import type pg from 'pg';
import type { RecordedEvent } from '#core/apply';
import type { Anomaly } from '#core/dossier';
import type { Progress } from '#schemas/dossier.progress.v1';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { definePart, insertInto, type Part } from '../database/parts.ts';
import type { Sealed, Vault } from '../vault.ts';
import { sealRecord } from './sealed-records.ts';

export interface EventRow {
  readonly code: string;
  readonly event: RecordedEvent;
  /** What the party said: the canonical record. */
  readonly said: object;
  readonly movedStatus: boolean;
  readonly anomaly: Anomaly | undefined;
  /** When it was applied, and when what it says was received: it may have waited between. */
  readonly recordedAt: string;
  readonly receivedAt: string;
  readonly messageId: string;
  readonly item: number;
  /** The party that owned the dossier once the event was applied; absent for what is older than ownership. */
  readonly owner?: string;
}

export function eventPart(rows: readonly EventRow[], vault: Vault): Part {
  return part(
    rows.map((row) => ({
      ...row,
      sealed: sealRecord(vault, row.said),
      hash: vault.sealHash(Buffer.from(row.event.hash, 'base64')),
    })),
  );
}

type SealedRow = EventRow & { readonly sealed: Sealed; readonly hash: Buffer };

const columns = {
  code: ['text', (r: SealedRow) => r.code],
  seq: ['int4', (r: SealedRow) => r.event.seq],
  recorded_at: ['timestamptz', (r: SealedRow) => r.recordedAt],
  received_at: ['timestamptz', (r: SealedRow) => r.receivedAt],
  kind: ['text', (r: SealedRow) => r.event.kind],
  at: ['timestamptz', (r: SealedRow) => r.event.at],
  status: ['text', (r: SealedRow) => r.event.status],
  party: ['text', (r: SealedRow) => r.event.party],
  authoritative: ['bool', (r: SealedRow) => r.event.authoritative],
  inferred: ['bool', (r: SealedRow) => r.event.inferred],
  moved_status: ['bool', (r: SealedRow) => r.movedStatus],
  anomaly: ['text', (r: SealedRow) => r.anomaly],
  hash: ['bytea', (r: SealedRow) => r.hash],
  message_id: ['uuid', (r: SealedRow) => r.messageId],
  item: ['int4', (r: SealedRow) => r.item],
  record: ['bytea', (r: SealedRow) => r.sealed.bytes],
  record_key: ['int4', (r: SealedRow) => r.sealed.keyId],
  owner: ['text', (r: SealedRow) => r.owner],
  // As one text, because arrays of different lengths cannot be a column of arrays.
  shared: ['text', (r: SealedRow) => r.event.shared?.join(' ')],
} as const;
const part = definePart<SealedRow>('event', columns, insertInto('events', Object.keys(columns)));

interface Row {
  code: string;
  seq: number;
  recorded_at: string;
  received_at: string;
  kind: 'dossier' | 'progress';
  at: string;
  status: RecordedEvent['status'];
  party: string;
  authoritative: boolean;
  inferred: boolean;
  moved_status: boolean;
  hash: Buffer;
  message_id: string;
  item: number;
  record: Buffer;
  record_key: number;
  owner: string | null;
  shared: string | null;
}

export interface LoadedEvent extends RecordedEvent {
  readonly code: string;
  readonly recordedAt: string;
  readonly receivedAt: string;
  readonly messageId: string;
  readonly movedStatus: boolean;
  readonly said: Dossier | Progress;
  /** The party that owned the dossier once the event was applied; absent on events of an older version. */
  readonly owner?: string;
}

/**
 * The whole history of these dossiers, in the order of recording.
 *
 * @param since when the oldest of them was first recorded: months before it are not touched
 */
export async function loadEvents(
  db: pg.Pool | pg.PoolClient,
  vault: Vault,
  codes: readonly string[],
  since: string,
): Promise<ReadonlyMap<string, readonly LoadedEvent[]>> {
  const found = new Map<string, LoadedEvent[]>(codes.map((code) => [code, []]));
  if (codes.length === 0) return found;
  const { rows } = await db.query<Row>({ name: 'load events', text: LOAD_EVENTS, values: [codes, since] });
  for (const row of rows) found.get(row.code)?.push(loaded(row, vault));
  return found;
}

const LOAD_EVENTS = `
  SELECT code, seq, recorded_at, received_at, kind, at, status, party, authoritative, inferred, moved_status, hash, message_id,
         item, record, record_key, owner, shared
  FROM events WHERE code = ANY($1::text[]) AND recorded_at >= $2::timestamptz
  ORDER BY code, seq`;

function loaded(row: Row, vault: Vault): LoadedEvent {
  const said = JSON.parse(vault.open({ keyId: row.record_key, bytes: row.record }).toString());
  return {
    code: row.code,
    seq: row.seq,
    kind: row.kind,
    at: row.at,
    status: row.status,
    party: row.party,
    authoritative: row.authoritative,
    inferred: row.inferred,
    hash: vault.openHash(row.hash).toString('base64'),
    ...(row.kind === 'dossier' && { record: said as Dossier }),
    recordedAt: row.recorded_at,
    receivedAt: row.received_at,
    messageId: row.message_id,
    item: row.item,
    movedStatus: row.moved_status,
    said,
    ...(row.owner !== null && { owner: row.owner }),
    ...(row.shared !== null && { shared: sharedIn(row.shared) }),
  };
}

/** The members that an event may change, as its row lists them. */
export function sharedIn(text: string): readonly string[] {
  return text === '' ? [] : text.split(' ');
}
