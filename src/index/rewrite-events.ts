import { definePart, type Part } from '../database/parts.ts';
import type { Sealed, Vault } from '../secrets/vault.ts';
import { sealRecord } from './sealed-records.ts';

/** An event of a dossier with other content: without personal data. What it changed and when stays. */
export interface RewrittenEvent {
  readonly code: string;
  readonly seq: number;
  readonly recordedAt: string;
  readonly said: object;
}

/** The same of a record of a kind. */
export interface RewrittenRecordEvent {
  readonly subject: string;
  readonly seq: number;
  readonly record: object;
}

/** The hash of the received content stays, so that evidence still shows that it existed. */
export function rewrittenEventPart(rows: readonly RewrittenEvent[], vault: Vault): Part {
  return ofEvents(rows.map((row) => ({ row, sealed: sealRecord(vault, row.said) })));
}

export function rewrittenRecordEventPart(rows: readonly RewrittenRecordEvent[], vault: Vault): Part {
  return ofRecordEvents(rows.map((row) => ({ row, sealed: sealRecord(vault, row.record) })));
}

interface SealedRow<Row> {
  readonly row: Row;
  readonly sealed: Sealed;
}

const SEALED = {
  record: ['bytea', ({ sealed }: SealedRow<unknown>) => sealed.bytes],
  record_key: ['int4', ({ sealed }: SealedRow<unknown>) => sealed.keyId],
} as const;

const ofEvents = definePart<SealedRow<RewrittenEvent>>(
  'rewritten_event',
  {
    code: ['text', ({ row }) => row.code],
    seq: ['int4', ({ row }) => row.seq],
    recorded_at: ['timestamptz', ({ row }) => row.recordedAt],
    ...SEALED,
  },
  (rows) => `
    UPDATE events e SET record = given.record, record_key = given.record_key FROM ${rows}
    WHERE e.code = given.code AND e.seq = given.seq AND e.recorded_at = given.recorded_at RETURNING 1`,
);

const ofRecordEvents = definePart<SealedRow<RewrittenRecordEvent>>(
  'rewritten_record_event',
  { subject: ['text', ({ row }) => row.subject], seq: ['int4', ({ row }) => row.seq], ...SEALED },
  (rows) => `
    UPDATE record_events e SET record = given.record, record_key = given.record_key FROM ${rows}
    WHERE e.subject = given.subject AND e.seq = given.seq RETURNING 1`,
);
