import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { codeOfSubject, type KindRecord } from '#core/records/kind';
import type { Kinds } from '#core/records/kinds';
import { formerIn, maskRecord } from '#core/records/mask-record';
import { dossierWords, recordWords } from '#core/vietnamese/search-words';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Vault } from '../secrets/vault.ts';
import type { Database } from './pool.ts';
import { reportsOf } from './sealed-places.ts';
import { inTransaction } from './transaction.ts';

/** A column with hashes of personal data: the table, its key (name and type of each column), and the hash. */
interface Place {
  readonly table: string;
  readonly key: Readonly<Record<string, string>>;
  readonly hash: string;
  /** Rows in one transaction: some tens of milliseconds. */
  readonly pageRows: number;
  /** The table also has search words: those of a record, by the key of its row and all reports of it. */
  readonly wordsOf?: (key: string, record: object, vault: Vault, reports: readonly object[]) => string;
}

const PLACES: readonly Place[] = [
  { table: 'dossiers', key: { code: 'text' }, hash: 'content_hash', pageRows: 200, wordsOf: wordsOfDossier },
  { table: 'events', key: { code: 'text', seq: 'int4', recorded_at: 'timestamptz' }, hash: 'hash', pageRows: 500 },
  { table: 'messages', key: { id: 'uuid' }, hash: 'body_hash', pageRows: 500 },
  { table: 'idempotency_keys', key: { party: 'text', key: 'text' }, hash: 'body_hash', pageRows: 500 },
];

/** The places of records of other kinds. No version before migration 019 wrote them. */
function recordPlaces(kinds: Kinds): readonly Place[] {
  const wordsOf: Place['wordsOf'] = (subject, record, vault, reports) =>
    wordsOfRecord(kinds, subject, record, vault, reports);
  return [
    { table: 'records', key: { subject: 'text' }, hash: 'content_hash', pageRows: 200, wordsOf },
    { table: 'record_events', key: { subject: 'text', seq: 'int4' }, hash: 'hash', pageRows: 500 },
  ];
}

function wordsOfDossier(code: string, record: object, { wordToken }: Vault): string {
  return dossierWords(code, record as Dossier, wordToken);
}

/** A kind that this hub does not know keeps its codes alone. */
function wordsOfRecord(
  kinds: Kinds,
  subject: string,
  record: object,
  { wordToken }: Vault,
  reports: readonly object[],
): string {
  const kind = kinds.ofSubject(subject);
  if (!kind) return recordWords({ codes: [codeOfSubject(subject)] }, wordToken);
  const whole = record as KindRecord;
  return recordWords(kind.searched(whole, maskRecord(kind, whole, formerIn(kind, whole, reports))), wordToken);
}

/** The background rests twice as long as it works, so that pushes and reads get the database. */
const REST = 2;

/**
 * Keys the rows that a version before migration 019 wrote, page by page. A start continues where the last one ended.
 * Resolves when no row is left, when another process works on the rest, or soon after `signal` is aborted.
 * @returns the number of keyed rows
 */
export async function keyOldRows(database: Database, vault: Vault, signal: AbortSignal): Promise<number> {
  let keyed = 0;
  while (!signal.aborted) {
    const startedMs = performance.now();
    const page = await inTransaction(database, (tx) => keyNextPage(tx, vault));
    if (page === undefined) break;
    keyed += page;
    await sleep(REST * (performance.now() - startedMs), undefined, { signal }).catch(() => undefined);
  }
  return keyed;
}

interface State {
  readonly table: string;
  readonly after: readonly string[] | null;
}

/** A lock on the table's row excludes other processes; the transaction ends with the page. */
async function keyNextPage(tx: pg.PoolClient, vault: Vault): Promise<number | undefined> {
  const { rows } = await tx.query<State>(
    `SELECT table_name AS table, after FROM rekeying WHERE ended_at IS NULL ORDER BY table_name LIMIT 1
     FOR UPDATE SKIP LOCKED`,
  );
  const [state] = rows;
  if (!state) return undefined;
  // A crash loses nothing but the last pages, and they are keyed again.
  await tx.query('SET LOCAL synchronous_commit = off');
  const place = PLACES.find(({ table }) => table === state.table) as Place;
  const page = await rekeyPage(tx, vault, place, state.after ?? undefined);
  if (page) {
    await tx.query(
      'UPDATE rekeying SET after = $2, looked = looked + $3, unopened = unopened + $4 WHERE table_name = $1',
      [place.table, page.last, page.looked, page.unopened],
    );
    return page.renewed;
  }
  await tx.query('UPDATE rekeying SET ended_at = clock_timestamp() WHERE table_name = $1', [place.table]);
  // The planner's statistics contain the most common words.
  if (place.wordsOf) await tx.query(`ANALYZE ${place.table}`);
  return 0;
}

export interface RekeyReport {
  /** How many hashes were renewed, by table. */
  readonly rekeyed: Readonly<Record<string, number>>;
  /** Rows whose secret is not given; they stay unchanged. */
  readonly unopened: number;
}

/** Keys all hashes and search words with the newest key, whether keyed before or not. The hub may run meanwhile. */
export async function rekeyAll(
  database: Database,
  vault: Vault,
  kinds: Kinds,
  tell: (at: { readonly table: string; readonly looked: number }) => void,
): Promise<RekeyReport> {
  const rekeyed: Record<string, number> = {};
  let unopened = 0;
  let looked = 0;
  for (const place of [...PLACES, ...recordPlaces(kinds)]) {
    const { table } = place;
    rekeyed[table] = 0;
    let left = 0;
    let after: readonly string[] | undefined;
    for (;;) {
      const page = await rekeyPage(database.pool, vault, place, after);
      if (!page) break;
      after = page.last;
      rekeyed[table] += page.renewed;
      left += page.unopened;
      looked += page.looked;
      tell({ table, looked });
    }
    unopened += left;
    await database.pool.query('UPDATE rekeying SET ended_at = clock_timestamp(), unopened = $2 WHERE table_name = $1', [
      table,
      left,
    ]);
  }
  return { rekeyed, unopened };
}

interface Page {
  /** The key of its last row. */
  readonly last: readonly string[];
  readonly looked: number;
  readonly renewed: number;
  readonly unopened: number;
}

type Queryable = pg.Pool | pg.PoolClient;

/**
 * Renews one page of rows after a key.
 * @returns undefined when no row follows
 */
async function rekeyPage(
  db: Queryable,
  vault: Vault,
  place: Place,
  after: readonly string[] | undefined,
): Promise<Page | undefined> {
  const rows = await readPage(db, place, after);
  const last = rows.at(-1);
  if (!last) return undefined;
  const old = rows.filter(({ hash }) => hash !== null && vault.hashKeyId(hash) !== vault.keyId) as readonly Hashed[];
  const renewed = place.wordsOf ? await withWords(db, vault, place, old) : old.flatMap((row) => renew(vault, row));
  await write(db, place, renewed);
  return {
    last: last.place,
    looked: rows.length,
    renewed: renewed.length,
    unopened: old.length - renewed.length,
  };
}

interface Row {
  readonly place: readonly string[];
  readonly hash: Buffer | null;
}

type Hashed = Row & { readonly hash: Buffer };

interface Renewed {
  readonly row: Hashed;
  readonly sealed: Buffer;
  readonly words?: string;
  readonly version?: number;
}

async function readPage(db: Queryable, { table, key, hash, pageRows }: Place, after?: readonly string[]) {
  const names = Object.keys(key);
  const bound = Object.values(key).map((type, at) => `$${at + 1}::${type}`);
  const { rows } = await db.query<Row>(
    `SELECT ARRAY[${names.map((name) => `${name}::text`).join(', ')}] AS place, ${hash} AS hash FROM ${table}
     ${after ? `WHERE (${names.join(', ')}) > (${bound.join(', ')})` : ''}
     ORDER BY ${names.join(', ')} LIMIT ${pageRows}`,
    [...(after ?? [])],
  );
  return rows;
}

function renew(vault: Vault, row: Hashed): readonly Renewed[] {
  const keyId = vault.hashKeyId(row.hash);
  if (keyId !== undefined && !vault.knows(keyId)) return [];
  return [{ row, sealed: vault.sealHash(vault.openHash(row.hash)) }];
}

interface Sealed {
  readonly code: string;
  readonly version: number;
  readonly sealed: Buffer;
  readonly keyId: number;
}

/** The words of a row come from its record. */
async function withWords(
  db: Queryable,
  vault: Vault,
  { table, key, wordsOf }: Place,
  old: readonly Hashed[],
): Promise<readonly Renewed[]> {
  const [name] = Object.keys(key);
  if (old.length === 0 || !wordsOf) return [];
  const { rows } = await db.query<Sealed>(
    `SELECT ${name} AS code, version, sealed, sealed_key AS "keyId" FROM ${table} WHERE ${name} = ANY($1::text[])`,
    [old.map(({ place }) => place[0])],
  );
  const records = new Map(rows.map((row) => [row.code, row]));
  const reports = await reportsOf(db, vault, table === 'records' ? [...records.keys()] : []);
  return old.flatMap((row) => {
    const found = records.get(row.place[0] as string);
    if (!found || !vault.knows(found.keyId)) return [];
    const record = JSON.parse(vault.open({ keyId: found.keyId, bytes: found.sealed }).toString()) as object;
    const words = wordsOf(found.code, record, vault, reports.get(found.code) ?? []);
    return renew(vault, row).map((one) => ({ ...one, words, version: found.version }));
  });
}

/** The words of filters need no key, so a row keeps its own (see core/dossier/filter-words.ts). */
const WORDS = `array_to_tsvector(string_to_array(n.words, ' ')
  || ARRAY(SELECT word FROM unnest(tsvector_to_array(t.search)) AS word WHERE starts_with(word, '=')))`;

/** Writes only unchanged rows: a concurrent write of the hub has the newest key. */
async function write(db: Queryable, place: Place, renewed: readonly Renewed[]): Promise<void> {
  if (renewed.length === 0) return;
  const { table, key, hash } = place;
  const hasWords = place.wordsOf !== undefined;
  const given: (readonly [name: string, type: string, values: readonly unknown[]])[] = [
    ...Object.entries(key).map(([name, type], at) => [name, type, renewed.map(({ row }) => row.place[at])] as const),
    ['old', 'bytea', renewed.map(({ row }) => row.hash)],
    ['new', 'bytea', renewed.map(({ sealed }) => sealed)],
    ...(hasWords
      ? ([
          ['words', 'text', renewed.map(({ words }) => words)],
          ['version', 'int4', renewed.map(({ version }) => version)],
        ] as const)
      : []),
  ];
  await db.query(
    `UPDATE ${table} t SET ${hash} = n.new ${hasWords ? `, search = ${WORDS}` : ''}
     FROM unnest(${given.map(([, type], at) => `$${at + 1}::${type}[]`).join(', ')}) AS n(${given.map(([name]) => name).join(', ')})
     WHERE ${Object.keys(key)
       .map((name) => `t.${name} = n.${name}`)
       .join(' AND ')} AND t.${hash} = n.old ${hasWords ? 'AND t.version = n.version' : ''}`,
    given.map(([, , values]) => values),
  );
}
