import { subjectOf } from '#core/records/kind';
import type { LoadedEvent } from '../index/events.ts';
import type { ErasingHub } from './erasing.ts';

/**
 * The events of dossiers that a record of a kind made, such as a payment. The hub wrote their words itself, and makes
 * them again of the record. So they stay as they are.
 */
export async function stepsOfRecords(
  { database, kinds }: ErasingHub,
  events: readonly LoadedEvent[],
): Promise<ReadonlySet<LoadedEvent>> {
  const steps = events.filter(({ kind }) => kind === 'progress');
  const ids = [...new Set(steps.map(({ messageId }) => messageId))];
  if (ids.length === 0) return new Set();
  const { rows } = await database.pool.query<{ messageId: string; item: number }>({
    name: 'records of messages',
    text: `SELECT e.message_id AS "messageId", e.item FROM record_events e
           WHERE e.message_id = ANY($1::uuid[]) AND e.subject = ANY(ARRAY(
             SELECT kind || ' ' || (result ->> 'code') FROM messages m, json_array_elements(m.results) result, unnest($2::text[]) kind
             WHERE m.id = ANY($1::uuid[]) AND m.outcome <> 'refused' AND result ->> 'code' IS NOT NULL))`,
    values: [ids, kinds.all.map((kind) => subjectOf(kind, '').trimEnd())],
  });
  const made = new Set(rows.map(({ messageId, item }) => `${messageId} ${item}`));
  return new Set(steps.filter(({ messageId, item }) => made.has(`${messageId} ${item}`)));
}
