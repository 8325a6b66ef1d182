import type pg from 'pg';
import { createEraser } from '#core/erasure/erase-record';
import { groupBy } from '#core/group-by';
import type { Person } from '#core/masking/mentions';
import type { Progress } from '#schemas/dossier.progress.v1';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { sealRecord } from '../index/sealed-records.ts';
import { codeOnlyIn } from '../ledger/reason-code.ts';
import type { ErasingHub } from './erasing.ts';

interface Staged {
  readonly code: string;
  readonly seq: number;
  readonly recordedAt: string;
  readonly kind: 'dossier' | 'progress';
  readonly record: Buffer;
  readonly key: number;
  /** Whether the archive has all events of the dossier, and so names all of its people. */
  readonly isWhole: boolean;
}

/**
 * Erases from the staged rows of an archive what was erased after it was written: events, bodies and calls of dossiers and
 * records without personal data.
 *
 * @returns how many events
 */
export async function eraseStaged({ vault }: Pick<ErasingHub, 'vault'>, client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query<Staged>(STAGED_EVENTS);
  for (const events of groupBy(rows, ({ code }) => code).values()) {
    const said = events.map(({ record, key }) => JSON.parse(vault.open({ keyId: key, bytes: record }).toString()));
    const people = said.flatMap(({ applicant }: Dossier): readonly Person[] => (applicant ? [applicant] : []));
    const eraser = createEraser(people, events[0]?.isWhole);
    for (const [at, { code, seq, recordedAt, kind }] of events.entries()) {
      const erased = kind === 'dossier' ? eraser.dossier(said[at] as Dossier) : eraser.step(said[at] as Progress);
      const { bytes, keyId } = sealRecord(vault, erased);
      await client.query(
        'UPDATE staged_events SET record = $4, record_key = $5 WHERE code = $1 AND seq = $2 AND recorded_at = $3',
        [code, seq, recordedAt, bytes, keyId],
      );
    }
  }
  await client.query(EMPTY_MESSAGES);
  await client.query(EMPTY_CALLS);
  return rows.length;
}

/** A step that a record of a kind made stays: the hub wrote its words itself. The record may name the dossier by any code. */
const STAGED_EVENTS = `
  SELECT e.code, e.seq, e.recorded_at AS "recordedAt", e.kind, e.record, e.record_key AS key,
    d.version = s.events AS "isWhole"
  FROM staged_events e JOIN dossiers d ON d.code = e.code
    JOIN (SELECT code, count(*) AS events FROM staged_events GROUP BY code) s ON s.code = e.code
  WHERE d.erasure IS NOT NULL AND NOT (e.kind = 'progress' AND EXISTS (
    SELECT FROM records r JOIN record_events re ON re.subject = r.subject
    WHERE r.dossier_code = ANY(e.code || ARRAY(SELECT a.code FROM aliases a WHERE a.dossier = e.code))
      AND re.message_id = e.message_id AND re.item = e.item))
  ORDER BY e.code, e.seq`;
const EMPTY_MESSAGES = `
  UPDATE staged_messages m SET body = NULL, body_key = NULL, emptied_at = coalesce(m.emptied_at, now())
  WHERE m.id IN (
    SELECT e.message_id FROM staged_events e JOIN dossiers d ON d.code = e.code WHERE d.erasure IS NOT NULL
    UNION SELECT re.message_id FROM record_events re JOIN records r ON r.subject = re.subject WHERE r.erasure IS NOT NULL)`;
const EMPTY_CALLS = `
  UPDATE staged_attempts a SET wire = NULL, wire_key = NULL, detail = NULL, words = NULL, reason = ${codeOnlyIn('a.reason')}
  FROM deliveries d
  WHERE d.id = a.delivery_id AND (
    EXISTS (SELECT FROM dossiers o WHERE o.code = d.subject AND o.erasure IS NOT NULL)
    OR EXISTS (SELECT FROM records o WHERE o.subject = d.subject AND o.erasure IS NOT NULL))`;
