import { hash } from 'node:crypto';
import type { ItemOutcome } from '#core/dossier/effect';
import { keptCode, keptProblem, keptRefusal } from '#core/masking/kept-problem';
import type { Problem } from '#core/problem';
import { storableIn } from '#core/vietnamese/text';
import type { Words } from '#messages/message';
import { inEnglish } from '#messages/render';
import { definePart, type Part } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';
import { firstUuidOf, isUuid, NIL_UUID } from '../database/uuid.ts';
import type { Sealed, Vault } from '../secrets/vault.ts';

/** The result of one item of a message. */
export interface ItemResult {
  readonly index: number;
  readonly code?: string | undefined;
  readonly outcome: ItemOutcome;
  readonly problems?: readonly Problem[] | undefined;
  readonly warnings?: readonly Problem[] | undefined;
}

/** A received message and its results. */
export interface MessageRow {
  readonly id: string;
  /** The receipt that the sender got. The parts of one stream share it. */
  readonly receipt: string;
  readonly receivedAt: string;
  readonly party: string | undefined;
  readonly door: string;
  readonly operation: string | undefined;
  readonly keyName: string | undefined;
  readonly mediaType: string | undefined;
  /** The decompressed body. Absent if it was refused unread. */
  readonly body: Uint8Array | undefined;
  readonly bodyBytes: number;
  readonly results: readonly ItemResult[];
  /** Set if an item is about erased personal data: the body is not stored, or only without those texts. */
  readonly emptied?: { readonly rest: Uint8Array | undefined } | undefined;
  /** Set if the whole message was refused. */
  readonly refused?: { readonly status: number; readonly words: Words };
}

export function messagePart(rows: readonly MessageRow[], vault: Vault): Part {
  return part(
    rows.map((row) => {
      const stored = row.emptied ? row.emptied.rest : row.body;
      const sealed = stored && vault.sealCompressed('body', stored);
      return {
        row,
        hash: row.body && vault.sealHash(hash('sha256', row.body, 'buffer')),
        bytes: sealed?.bytes,
        key: sealed?.keyId,
      };
    }),
  );
}

interface Written {
  readonly row: MessageRow;
  readonly hash: Buffer | undefined;
  readonly bytes: Buffer | undefined;
  readonly key: number | undefined;
}

const columns = {
  id: ['uuid', ({ row }: Written) => row.id],
  receipt: ['uuid', ({ row }: Written) => row.receipt],
  received_at: ['timestamptz', ({ row }: Written) => row.receivedAt],
  party: ['text', ({ row }: Written) => row.party],
  door: ['text', ({ row }: Written) => row.door],
  operation: ['text', ({ row }: Written) => row.operation],
  key_name: ['text', ({ row }: Written) => row.keyName],
  media_type: ['text', ({ row }: Written) => row.mediaType],
  body_bytes: ['int4', ({ row }: Written) => row.bodyBytes],
  body_hash: ['bytea', ({ hash }: Written) => hash],
  body: ['bytea', ({ bytes }: Written) => bytes],
  body_key: ['int4', ({ key }: Written) => key],
  emptied_at: ['timestamptz', ({ row }: Written) => row.emptied && row.receivedAt],
  outcome: ['text', ({ row }: Written) => outcomeOf(row)],
  results: [
    'text',
    ({ row }: Written) =>
      JSON.stringify(row.refused ? [refusalToStore(row.refused)] : resultsToStore(row.operation, row.results)),
  ],
} as const;
const names = Object.keys(columns);
const part = definePart<Written>(
  'message',
  columns,
  (rows) => `
    INSERT INTO messages (${names.join(', ')})
    SELECT ${names.map((name) => (name === 'results' ? 'results::json' : name)).join(', ')} FROM ${rows}
    RETURNING 1`,
);

/** The results as stored. Quoted values of dossiers may be personal and are cut; the catalogue is public. */
export function resultsToStore(
  operation: string | undefined | null,
  results: readonly ItemResult[],
): readonly ItemResult[] {
  return isOfCatalogue(operation ?? '') ? results : results.map(resultToStore);
}

const OF_CATALOGUE = '^(?:service|agency|field)\\.';
const IS_OF_CATALOGUE = new RegExp(OF_CATALOGUE);

/** Whether an operation carries an entry of the catalogue, which is public. */
export function isOfCatalogue(operation: string): boolean {
  return IS_OF_CATALOGUE.test(operation);
}

/** The same in SQL. A message without an operation is not of the catalogue. */
export const isOfCatalogueIn = (column: string): string => `coalesce(${column}, '') ~ '${OF_CATALOGUE}'`;

/** Only the reply to the sender has the quoted values. The code of an item that was applied is in the index. */
function resultToStore(result: ItemResult): ItemResult {
  const { code, outcome, problems, warnings } = result;
  if (!problems && !warnings && outcome !== 'invalid') return result;
  return {
    ...result,
    code: code === undefined || isApplied(outcome) ? code : keptCode(code),
    problems: problems?.map(keptProblem),
    warnings: warnings?.map(keptWarning),
  };
}

export const isApplied = (outcome: ItemOutcome): boolean => outcome !== 'invalid' && outcome !== 'quarantined';

/** Many items have the same warning, such as a service missing in the catalogue. Cached: 0.1 µs instead of 2. */
const WARNINGS = new Map<string, Problem>();
const MOST_WARNINGS = 1_000;

function keptWarning(warning: Problem): Problem {
  const name = `${warning.path}\n${warning.message}`;
  const known = WARNINGS.get(name);
  if (known) return known;
  const kept = keptProblem(warning);
  if (WARNINGS.size >= MOST_WARNINGS) WARNINGS.clear();
  WARNINGS.set(name, kept);
  return kept;
}

/** A quote from a body may contain characters that PostgreSQL cannot store. */
function refusalToStore({ status, words }: NonNullable<MessageRow['refused']>): object {
  const { message, ...kept } = storableIn(inEnglish(keptRefusal(words)));
  return { status, problem: message.slice(0, LONGEST_REFUSAL), words: kept };
}

const LONGEST_REFUSAL = 500;

/** The message's outcome: `refused`, `invalid`, `partly-invalid`, `quarantined` or `accepted`. */
function outcomeOf(row: MessageRow): string {
  if (row.refused) return 'refused';
  const invalid = row.results.filter((result) => result.outcome === 'invalid').length;
  if (invalid > 0) return invalid === row.results.length ? 'invalid' : 'partly-invalid';
  return row.results.some((result) => result.outcome === 'quarantined') ? 'quarantined' : 'accepted';
}

export interface StoredMessage {
  readonly id: string;
  readonly receipt: string;
  readonly receivedAt: string;
  readonly party: string;
  readonly door: string;
  readonly operation: string;
  readonly keyName: string | undefined;
  readonly mediaType: string | undefined;
  readonly body: Buffer;
}

/** The same with the encrypted body, which may lack erased texts. */
export type SealedMessage = Omit<StoredMessage, 'body'> & { readonly sealed: Sealed; readonly isEmptied: boolean };

/**
 * A message with its body, to read it again. Undefined if it is not stored (any more), was refused unread, or lacks
 * erased texts.
 */
export async function loadMessage(database: Database, vault: Vault, id: string): Promise<StoredMessage | undefined> {
  const message = await loadSealedMessage(database, id);
  return message && !message.isEmptied ? openMessage(vault, message) : undefined;
}

/** @throws if the secret of its body is unknown, or the body was changed */
export function openMessage(vault: Vault, { sealed, isEmptied: _, ...message }: SealedMessage): StoredMessage {
  return { ...message, body: vault.open(sealed) };
}

export async function loadSealedMessage(database: Database, id: string): Promise<SealedMessage | undefined> {
  if (!isUuid(id)) return undefined;
  const row = await database.query.selectFrom('messages').selectAll().where('id', '=', id).executeTakeFirst();
  if (!row?.body || row.body_key === null || !row.party || !row.operation) return undefined;
  return {
    id: row.id,
    receipt: row.receipt,
    receivedAt: row.received_at,
    party: row.party,
    door: row.door,
    operation: row.operation,
    keyName: row.key_name ?? undefined,
    mediaType: row.media_type ?? undefined,
    sealed: { keyId: row.body_key, bytes: row.body },
    isEmptied: row.emptied_at !== null,
  };
}

interface Slice {
  readonly ids: readonly string[] | null;
  /** The last message of the slice, if it is full. */
  readonly last: string | null;
}

/** Messages have no index by party. A slice of this size, of all parties, takes tens of milliseconds. */
const A_SLICE = 5_000;

/**
 * Ids of a party's messages since a moment, newest first, if their bodies are stored. Yields undefined after each
 * slice, so that a caller with a deadline can stop: there may be millions of messages, none of this party.
 *
 * @param end the id before which they are
 */
export async function* messageIdsOf(
  database: Database,
  party: string,
  sinceMs: number,
  end = 'ffffffff-ffff-ffff-ffff-ffffffffffff',
): AsyncGenerator<string | undefined> {
  let before: string | null = end;
  while (before !== null) {
    const { rows }: { rows: readonly Slice[] } = await database.pool.query<Slice>({
      name: 'message ids of',
      text: `SELECT array_agg(id::text ORDER BY id DESC) FILTER (WHERE party = $1 AND has_body AND outcome <> 'refused') AS ids,
               CASE WHEN count(*) = ${A_SLICE} THEN min(id::text COLLATE "C") END AS last
             FROM (SELECT id, party, body IS NOT NULL AS has_body, outcome FROM messages
                   WHERE id > $2 AND id < $3 ORDER BY id DESC LIMIT ${A_SLICE}) slice`,
      values: [party, firstUuidOf(sinceMs), before],
    });
    yield* rows[0]?.ids ?? [];
    before = rows[0]?.last ?? null;
    if (before !== null) yield undefined;
  }
}

/**
 * The next messages of a party between two ids, oldest first, if their bodies are stored.
 *
 * @returns the last id that was looked at, of any party. Null at the end
 */
export async function nextMessageIds(
  { pool }: Pick<Database, 'pool'>,
  party: string,
  { after, before }: { readonly after: string; readonly before: string },
): Promise<{ readonly ids: readonly string[]; readonly last: string | null }> {
  const { rows } = await pool.query<{ ids: readonly string[] | null; last: string | null }>({
    name: 'next message ids',
    text: `SELECT array_agg(id::text ORDER BY id) FILTER (WHERE party = $1 AND has_body AND outcome <> 'refused') AS ids,
             CASE WHEN count(*) = ${A_SLICE} THEN max(id::text COLLATE "C") END AS last
           FROM (SELECT id, party, body IS NOT NULL AS has_body, outcome FROM messages
                 WHERE id > $2 AND id < $3 ORDER BY id LIMIT ${A_SLICE}) slice`,
    values: [party, after, before],
  });
  const [{ ids, last } = { ids: null, last: null }] = rows;
  return { ids: ids ?? [], last };
}

/** The results of all messages of a receipt, message by message, because there may be any number of them. */
export async function* resultsOf(database: Database, receipt: string): AsyncGenerator<readonly ItemResult[]> {
  let after = NIL_UUID;
  for (;;) {
    const { rows } = await database.pool.query<{ id: string; results: ItemResult[] }>({
      name: 'results of',
      text: 'SELECT id, results FROM messages WHERE receipt = $1 AND id > $2 ORDER BY id LIMIT 1',
      values: [receipt, after],
    });
    const [row] = rows;
    if (!row) return;
    yield row.results;
    after = row.id;
  }
}

/**
 * Deletes refused requests that came without a key before a moment.
 *
 * @returns how many
 */
export async function deleteAnonymousRefusals({ pool }: Pick<Database, 'pool'>, beforeMs: number): Promise<number> {
  const { rowCount } = await pool.query(
    `DELETE FROM messages WHERE outcome = 'refused' AND key_name IS NULL AND id < $1`,
    [firstUuidOf(beforeMs)],
  );
  return rowCount ?? 0;
}

/** The kind of a stored door, in SQL. See parseDoor. */
export const doorKindOf = (column: string): string => `split_part(${column}, ':', 1)`;

/** The code of a problem: the catalogue lacks a code that the item needs. */
export const WAITS_FOR_CATALOGUE = 'waits-for-catalogue';

/** Whether an item was quarantined because the catalogue lacked a code. */
export function waitedForCatalogue({ problems = [] }: Pick<ItemResult, 'problems'>): boolean {
  return problems.some(({ code }) => code === WAITS_FOR_CATALOGUE);
}
