import type { EffectCounts } from '#core/dossier/effect';
import type { DROP_OUTCOMES, DROP_PLACES } from '#core/dossier/file-line';
import { countUpTo, type Total } from '../database/count-up-to.ts';
import { definePart, insertInto, type Part } from '../database/parts.ts';
import type { Database } from '../database/pool.ts';
import type { Sealed, Vault } from '../secrets/vault.ts';
import type { ItemResult } from './messages.ts';

/** A file that the hub read, and what became of it. */
export interface DroppedFileRow {
  readonly party: string;
  readonly list: string;
  /** The receipt of its messages, which a repeat shares. */
  readonly receipt: string;
  /** The own name of a repeat. The messages have the name of the first. */
  readonly name?: string | undefined;
  readonly at: string;
  readonly place: (typeof DROP_PLACES)[number];
  /** The key of an upload. */
  readonly who?: string | undefined;
  readonly outcome: (typeof DROP_OUTCOMES)[number];
  readonly counts: EffectCounts;
}

export interface ListedDrop extends Omit<DroppedFileRow, 'who' | 'name'> {
  readonly id: number;
  readonly who: string | null;
  /** Only a repeat has it. */
  readonly name: string | undefined;
  /** A stored part of the file, which has its name. Undefined when its body was erased. */
  readonly body: (() => Buffer) | undefined;
}

type Written = DroppedFileRow & { readonly sealed: Sealed | undefined };

const columns = {
  party: ['text', (row: Written) => row.party],
  list: ['text', (row: Written) => row.list],
  receipt: ['uuid', (row: Written) => row.receipt],
  at: ['timestamptz', (row: Written) => row.at],
  place: ['text', (row: Written) => row.place],
  who: ['text', (row: Written) => row.who],
  outcome: ['text', (row: Written) => row.outcome],
  counts: ['text', (row: Written) => JSON.stringify(row.counts)],
  name: ['bytea', (row: Written) => row.sealed?.bytes],
  name_key: ['int4', (row: Written) => row.sealed?.keyId],
} as const;

export function droppedFilePart(rows: readonly DroppedFileRow[], vault: Vault): Part {
  return part(rows.map((row) => ({ ...row, sealed: row.name === undefined ? undefined : vault.seal(row.name) })));
}

const part = definePart<Written>(
  'dropped_file',
  columns,
  insertInto('dropped_files', Object.keys(columns), ['counts']),
);

/** The files of a party, newest first, before the id `before`. */
export function listDrops(
  database: Pick<Database, 'pool'>,
  vault: Vault,
  party: string,
  limit: number,
  before: number | undefined,
): Promise<readonly ListedDrop[]> {
  return loadDrops(database, vault, [party, null, before ?? null, limit]);
}

export const countDrops = (database: Pick<Database, 'query'>, party: string): Promise<Total> =>
  countUpTo(database, database.query.selectFrom('dropped_files').where('party', '=', party));

export async function oneDrop(
  database: Pick<Database, 'pool'>,
  vault: Vault,
  party: string,
  id: number,
): Promise<ListedDrop | undefined> {
  return (await loadDrops(database, vault, [party, id, null, 1]))[0];
}

async function loadDrops(
  { pool }: Pick<Database, 'pool'>,
  vault: Vault,
  values: readonly [party: string, id: number | null, before: number | null, limit: number],
): Promise<readonly ListedDrop[]> {
  const { rows } = await pool.query<StoredDrop>({
    name: 'drops',
    // The last message of a file is a part of its rows. The first one may be the file itself.
    text: `SELECT d.id, d.party, d.list, d.receipt, d.at, d.place, d.who, d.outcome, d.counts, d.name, d.name_key AS "nameKey",
             m.body, m.body_key AS "keyId"
           FROM dropped_files d LEFT JOIN LATERAL (
             SELECT body, body_key FROM messages WHERE receipt = d.receipt AND party = d.party ORDER BY id DESC LIMIT 1) m ON true
           WHERE d.party = $1 AND ($2::int8 IS NULL OR d.id = $2::int8) AND ($3::int8 IS NULL OR d.id < $3::int8)
           ORDER BY d.id DESC LIMIT $4`,
    values: [...values],
  });
  return rows.map(({ body, keyId, name, nameKey, ...row }) => ({
    ...row,
    name: opener(vault, name, nameKey)?.().toString(),
    body: opener(vault, body, keyId),
  }));
}

interface StoredDrop extends Omit<ListedDrop, 'body' | 'name'> {
  readonly body: Buffer | null;
  readonly keyId: number | null;
  readonly name: Buffer | null;
  readonly nameKey: number | null;
}

/**
 * Removes the names of repeats of a file of which a message was erased, or which has none any more: a file may have the name
 * of the person in its rows.
 */
export async function forgetNames({ pool }: Pick<Database, 'pool'>): Promise<void> {
  await pool.query(
    `UPDATE dropped_files d SET name = NULL, name_key = NULL
     WHERE d.name IS NOT NULL AND (
       SELECT count(*) FILTER (WHERE m.body IS NULL OR m.emptied_at IS NOT NULL) > 0 OR count(*) = 0
       FROM messages m WHERE m.receipt = d.receipt AND m.party = d.party)`,
  );
}

/** One stored message of a file, with the results of its items. */
export interface DropMessage {
  readonly body: (() => Buffer) | undefined;
  readonly results: readonly ItemResult[];
}

/** The messages of a file, in order. */
export async function messagesOfDrop(
  { pool }: Pick<Database, 'pool'>,
  vault: Vault,
  party: string,
  receipt: string,
): Promise<readonly DropMessage[]> {
  const { rows } = await pool.query<Pick<StoredDrop, 'body' | 'keyId'> & Pick<DropMessage, 'results'>>({
    name: 'messages of drop',
    text: `SELECT body, body_key AS "keyId", results FROM messages WHERE receipt = $1 AND party = $2 ORDER BY id`,
    values: [receipt, party],
  });
  return rows.map(({ body, keyId, results }) => ({ results, body: opener(vault, body, keyId) }));
}

function opener(vault: Vault, bytes: Buffer | null, keyId: number | null): (() => Buffer) | undefined {
  if (bytes === null || keyId === null) return undefined;
  const sealed: Sealed = { bytes, keyId };
  return () => vault.open(sealed);
}
