import { groupBy } from '#core/group-by';
import { isErased } from '../database/erased.ts';
import type { EmptiedMessage } from '../ledger/emptied-messages.ts';
import type { WaitingName } from '../ledger/erasures.ts';
import { hiddenBody } from '../ledger/hidden-body.ts';
import { IS_ANY_PERSON_HELD } from '../ledger/legal-holds.ts';
import type { ErasingHub, TouchedMessage } from './erasing.ts';

/**
 * The messages whose bodies go. A body stays without the erased people where an item of somebody else still waits for an
 * operator, because the item is read from it again, and where it names a dossier or record under a legal hold. While a
 * person is under a hold, every body with an item of somebody else stays, because that may be the person.
 *
 * @param names of the erased dossiers and records: their own waiting items are given up
 */
export async function emptiedMessages(
  { database, vault }: ErasingHub,
  touched: readonly TouchedMessage[],
  names: readonly WaitingName[],
  at: string,
): Promise<readonly EmptiedMessage[]> {
  const byId = groupBy(touched, ({ id }) => id);
  const ids = [...byId.keys()];
  const staying = await neededByOthers(database.pool, ids, names);
  const { rows } = await database.pool.query<{ id: string }>({
    name: 'messages with bodies',
    text: 'SELECT id FROM messages WHERE id = ANY($1::uuid[]) AND body IS NOT NULL',
    values: [ids],
  });
  const emptied: EmptiedMessage[] = [];
  for (const { id } of rows) {
    if (!staying.has(id)) {
      emptied.push({ id, at });
      continue;
    }
    // One at a time: a body may have 20 MiB.
    const stored = await bodyOf({ database, vault }, id);
    const people = byId.get(id)?.flatMap((one) => one.people) ?? [];
    emptied.push({ id, at, rest: stored && (await hiddenBody(stored.body, people, stored.mediaType)) });
  }
  return emptied;
}

async function bodyOf(
  { database, vault }: Pick<ErasingHub, 'database' | 'vault'>,
  id: string,
): Promise<{ readonly body: Buffer; readonly mediaType: string | null } | undefined> {
  const { rows } = await database.pool.query<{ body: Buffer; key: number; mediaType: string | null }>({
    name: 'body to hide in',
    text: `SELECT body, body_key AS key, media_type AS "mediaType" FROM messages
           WHERE id = $1 AND body IS NOT NULL AND body_key IS NOT NULL`,
    values: [id],
  });
  const [row] = rows;
  return row && { body: vault.open({ keyId: row.key, bytes: row.body }), mediaType: row.mediaType };
}

/** Whether an item is about an erased dossier or record, by its code, party and operation. */
const isNamedIn = (code: string, of: string): string => `EXISTS (
  SELECT FROM unnest($2::text[], $3::text[], $4::text[]) AS n(code, party, operations)
  WHERE n.code = ${code} AND (n.party IS NULL OR n.party = ${of}.party) AND starts_with(${of}.operation, n.operations))`;

/** The messages, among these, with others' waiting items, or with dossiers and records that are or may be under a hold. */
async function neededByOthers(
  pool: ErasingHub['database']['pool'],
  ids: readonly string[],
  names: readonly WaitingName[],
): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'needed by others',
    text: `SELECT q.message_id AS id FROM quarantine q
           WHERE q.message_id = ANY($1::uuid[]) AND q.settled_at IS NULL AND q.item IS NOT NULL AND NOT ${isNamedIn('q.code', 'q')}
           UNION SELECT e.message_id FROM held_subjects h JOIN events e ON e.code = h.subject
             WHERE e.message_id = ANY($1::uuid[])
           UNION SELECT e.message_id FROM held_subjects h JOIN record_events e ON e.subject = h.subject
             WHERE e.message_id = ANY($1::uuid[])
           UNION SELECT m.id FROM messages m, json_array_elements(m.results) item,
               concat(substring(m.operation FROM '^(?!dossier)[^.]+') || ' ', item ->> 'code') subject
             WHERE m.id = ANY($1::uuid[]) AND ${IS_ANY_PERSON_HELD}
               AND NOT ${isNamedIn(`item ->> 'code'`, 'm')} AND NOT ${isErased('subject')}`,
    values: [
      ids,
      names.map(({ code }) => code),
      names.map(({ party }) => party ?? null),
      names.map(({ operations }) => operations),
    ],
  });
  return new Set(rows.map(({ id }) => id));
}
