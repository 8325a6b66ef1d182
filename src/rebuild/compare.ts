import type pg from 'pg';
import { storedTail } from '#core/vietnamese/search-words';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';
import { COMPARED, type ComparedTable } from './compared-tables.ts';
import { type Difference, jsonDifferences, shown } from './difference.ts';
import { SCHEMA } from './schema.ts';

type Row = Readonly<Record<string, string | number | Buffer | null>>;

/** Compares these dossiers in the live index with the second one, column by column. */
export async function compareDossiers(
  db: pg.Pool | pg.PoolClient,
  vault: Vault,
  codes: readonly string[],
): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  for (const table of COMPARED) {
    const columns = await columnsOf(db, table);
    const suspects = await suspectsOf(db, vault, table, columns, codes);
    if (suspects.length === 0) continue;
    const live = await load(db, table, columns, table.name, suspects);
    const rebuilt = await load(db, table, columns, `${SCHEMA}.${table.name}`, suspects);
    for (const key of new Set([...live.keys(), ...rebuilt.keys()]))
      found.push(...compareRows(table, columns, vault, live.get(key), rebuilt.get(key)));
  }
  return found;
}

/** Taken from the second index, so that columns added by hand to the live one do not count. */
async function columnsOf(db: pg.Pool | pg.PoolClient, { name, sealed, except }: ComparedTable): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>({
    name: 'columns',
    text: 'SELECT column_name AS name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2',
    values: [SCHEMA, name],
  });
  return rows
    .map((row) => row.name)
    .filter((column) => !(column in except) && column !== sealed?.value && column !== sealed?.keyId);
}

interface Pair {
  readonly code: string;
  readonly differs: boolean;
  readonly live?: Buffer | null;
  readonly live_key?: number | null;
  readonly rebuilt?: Buffer | null;
  readonly rebuilt_key?: number | null;
}

/**
 * The codes whose rows are not equal at first sight: PostgreSQL compares the columns, and only sealed records come here. So a
 * million equal dossiers take a third of the time of `compareRows`, which knows what may differ without harm.
 */
async function suspectsOf(
  db: pg.Pool | pg.PoolClient,
  vault: Vault,
  table: ComparedTable,
  columns: readonly string[],
  codes: readonly string[],
): Promise<readonly string[]> {
  const { name, by, key, sealed } = table;
  const keys = [by, ...key];
  const differs = columns.map((column) => `l.${column} IS DISTINCT FROM r.${column}`).join(' OR ');
  const records = sealed
    ? `, l.${sealed.value} AS live, l.${sealed.keyId} AS live_key, r.${sealed.value} AS rebuilt, r.${sealed.keyId} AS rebuilt_key`
    : '';
  const { rows } = await db.query<Pair>({
    name: `differing ${name}`,
    text: `SELECT coalesce(l.${by}, r.${by}) AS code, (${differs}) AS differs${records}
           FROM (SELECT * FROM ${name} WHERE ${by} = ANY($1::text[])) l
           FULL JOIN (SELECT * FROM ${SCHEMA}.${name} WHERE ${by} = ANY($1::text[])) r
             ON ${keys.map((column) => `l.${column} = r.${column}`).join(' AND ')}
           ${sealed ? '' : `WHERE ${differs}`}`,
    values: [codes],
  });
  const suspects = rows.filter((pair) => pair.differs || (sealed !== undefined && !isSameRecord(vault, pair)));
  return [...new Set(suspects.map(({ code }) => code))];
}

function isSameRecord(vault: Vault, { live, live_key, rebuilt, rebuilt_key }: Pair): boolean {
  if (!live || !rebuilt) return live === rebuilt;
  try {
    const [ours, theirs] = [
      vault.open({ keyId: live_key as number, bytes: live }),
      vault.open({ keyId: rebuilt_key as number, bytes: rebuilt }),
    ];
    return ours.equals(theirs);
  } catch {
    return false;
  }
}

async function load(
  db: pg.Pool | pg.PoolClient,
  { by, key, sealed }: ComparedTable,
  columns: readonly string[],
  from: string,
  codes: readonly string[],
): Promise<ReadonlyMap<string, Row>> {
  const values = [...columns.map((column) => `${column}::text`), ...(sealed ? [sealed.value, sealed.keyId] : [])];
  const { rows } = await db.query<Row>({
    name: `compared ${from}`,
    text: `SELECT ${values.join(', ')} FROM ${from} WHERE ${by} = ANY($1::text[])`,
    values: [codes],
  });
  return new Map(rows.map((row) => [[by, ...key].map((column) => row[column]).join('\n'), row]));
}

function compareRows(
  table: ComparedTable,
  columns: readonly string[],
  vault: Vault,
  live: Row | undefined,
  rebuilt: Row | undefined,
): readonly Difference[] {
  const { name, by, key, sealed } = table;
  const either = (live ?? rebuilt) as Row;
  const found = (column: string, ours: unknown, theirs: unknown): Difference => ({
    table: name,
    code: String(either[by]),
    column,
    live: shown(column, ours),
    rebuilt: shown(column, theirs),
  });
  if (!live || !rebuilt) {
    const which = key.map((column) => `${column} ${either[column]}`).join(', ') || 'there';
    return [{ ...found('(row)', null, null), live: live ? which : null, rebuilt: rebuilt ? which : null }];
  }
  return [
    ...columns
      .filter((column) => live[column] !== rebuilt[column] && isDifferent(table, column, vault, live, rebuilt))
      .map((column) => found(column, live[column], rebuilt[column])),
    ...(sealed
      ? jsonDifferences(plain(vault, sealed, live), plain(vault, sealed, rebuilt), sealed.value).map((one) =>
          found(one.path, one.live, one.rebuilt),
        )
      : []),
  ];
}

/** Whether differently stored values differ in meaning: some depend on the key, which may be a new one. */
function isDifferent(table: ComparedTable, column: string, vault: Vault, live: Row, rebuilt: Row): boolean {
  const { proofs = [], words, hash, sealed } = table;
  if (sealed && proofs.includes(column)) return live[sealed.keyId] === rebuilt[sealed.keyId];
  if (hash === undefined || (column !== hash && column !== words)) return true;
  const [ours, theirs] = [bytesIn(live[hash]), bytesIn(rebuilt[hash])];
  if (column === words)
    return (
      vault.hashKeyId(ours) === vault.hashKeyId(theirs) && storedWords(live[words]) !== storedWords(rebuilt[words])
    );
  return !opened(vault, ours).equals(opened(vault, theirs));
}

/**
 * A row of an older version has whole codes among its words, and the ten days of its status. Filters and tokens of names begin
 * with a mark.
 */
function storedWords(tsvector: unknown): string {
  const words = [...String(tsvector).matchAll(/'((?:[^']|'')*)'/g)]
    .map(([, word = '']) => word)
    .filter((word) => !word.startsWith('=D'));
  return [...new Set(words.map((word) => (/^[=~]/.test(word) ? word : storedTail(word))))].sort().join(' ');
}

function bytesIn(text: unknown): Buffer {
  return Buffer.from(String(text).slice('\\x'.length), 'hex');
}

function opened(vault: Vault, hash: Buffer): Buffer {
  const keyId = vault.hashKeyId(hash);
  return keyId === undefined || vault.knows(keyId) ? vault.openHash(hash) : hash;
}

function plain(vault: Vault, { value, keyId }: NonNullable<ComparedTable['sealed']>, row: Row): unknown {
  try {
    return JSON.parse(vault.open({ keyId: row[keyId] as number, bytes: row[value] as Buffer }).toString());
  } catch {
    return 'cannot be decrypted';
  }
}

/**
 * The codes of all dossiers and the subjects of all records of either side, page by page, with those that only events or aliases
 * name. They come in the order of the live rows on the disk. Neighbours in the order of codes lie weeks apart there: among
 * millions, a page of 500 codes read 500 pages of rows.
 */
export async function* allCodes({ pool }: Pick<Database, 'pool'>, signal?: AbortSignal) {
  const db = await pool.connect();
  let isWhole = false;
  try {
    // A cursor gives each row of its moment once, also where writers move rows meanwhile.
    await beginOverWholeTables(db);
    await db.query(`DECLARE codes NO SCROLL CURSOR FOR ${ON_DISK}`);
    for (;;) {
      const { rows } = await db.query(`FETCH ${PAGE_CODES} FROM codes`);
      if (rows.length === 0) break;
      yield rows.map(({ code }): string => code);
    }
    await db.query('COMMIT');
    isWhole = true;
  } finally {
    db.release(!isWhole);
  }
  const { rows } = await overWholeTables({ pool }, (whole) => whole.query<{ code: string }>(NOT_LIVE), signal);
  for (let at = 0; at < rows.length; at += PAGE_CODES) yield rows.slice(at, at + PAGE_CODES).map((row) => row.code);
}

/**
 * Runs statements over whole tables: without the time limit of others, and with the joins that suit them. Those of the hub read
 * a few rows by an index.
 *
 * @param signal cancels the statement under way: it would hold up the removal of the second index
 */
export async function overWholeTables<Out>(
  { pool }: Pick<Database, 'pool'>,
  work: (db: pg.PoolClient) => Promise<Out>,
  signal?: AbortSignal,
): Promise<Out> {
  const db = await pool.connect();
  const cancel = (): void =>
    void pool.query('SELECT pg_cancel_backend($1)', [sessionNumber(db)]).catch(() => undefined);
  let isWhole = false;
  try {
    signal?.addEventListener('abort', cancel);
    await beginOverWholeTables(db);
    const out = await work(db);
    await db.query('COMMIT');
    isWhole = true;
    return out;
  } finally {
    signal?.removeEventListener('abort', cancel);
    db.release(!isWhole);
  }
}

async function beginOverWholeTables(db: pg.PoolClient): Promise<void> {
  await db.query('BEGIN');
  await db.query(`SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
    SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on;
    SET LOCAL work_mem = '64MB'`);
}

/** The server's number of a session, which the types of the driver leave out. */
function sessionNumber(db: pg.PoolClient): number {
  return (db as unknown as { readonly processID: number }).processID;
}

const PAGE_CODES = 500;

/** A condition on `ctid` keeps the statement off every index. */
const ON_DISK = `
  SELECT code FROM dossiers WHERE ctid >= '(0,0)'
  UNION ALL
  SELECT subject FROM records WHERE ctid >= '(0,0)'`;

const nowhere = (code: string): string =>
  `NOT EXISTS (SELECT 1 FROM dossiers d WHERE d.code = ${code}) AND NOT EXISTS (SELECT 1 FROM ${SCHEMA}.dossiers d WHERE d.code = ${code})`;
const NOT_LIVE = `
  SELECT r.code FROM ${SCHEMA}.dossiers r WHERE NOT EXISTS (SELECT 1 FROM dossiers l WHERE l.code = r.code)
  UNION
  SELECT r.subject FROM ${SCHEMA}.records r WHERE NOT EXISTS (SELECT 1 FROM records l WHERE l.subject = r.subject)
  UNION
  SELECT DISTINCT e.code FROM events e WHERE ${nowhere('e.code')}
  UNION
  SELECT DISTINCT a.dossier FROM aliases a WHERE ${nowhere('a.dossier')}
  UNION
  SELECT DISTINCT e.subject FROM record_events e
  WHERE NOT EXISTS (SELECT 1 FROM records r WHERE r.subject = e.subject)
    AND NOT EXISTS (SELECT 1 FROM ${SCHEMA}.records r WHERE r.subject = e.subject)`;

/**
 * Which of these codes, own or alias, belong to dossiers older than the oldest stored message. The messages cannot restore them
 * fully, so they stay unchanged.
 */
export async function notCovered(
  db: pg.Pool | pg.PoolClient,
  codes: readonly string[],
  oldestAt: string,
): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ asked: string }>({
    name: 'not covered',
    text: NOT_COVERED,
    values: [codes, oldestAt],
  });
  return new Set(rows.map((row) => row.asked));
}

const NOT_COVERED = `
  SELECT DISTINCT asked FROM (
    SELECT code AS asked, code FROM unnest($1::text[]) AS given(code)
    UNION ALL
    SELECT code, dossier FROM aliases WHERE code = ANY($1::text[])) names
  JOIN dossiers l ON l.code = names.code
  LEFT JOIN ${SCHEMA}.dossiers r ON r.code = l.code
  WHERE l.created_at < $2::timestamptz AND r.created_at IS DISTINCT FROM l.created_at
    AND NOT EXISTS (
      SELECT 1 FROM events e JOIN messages m ON m.id = e.message_id WHERE e.code = l.code AND e.seq = 1)
  UNION
  SELECT l.subject FROM records l LEFT JOIN ${SCHEMA}.records r ON r.subject = l.subject
  WHERE l.subject = ANY($1::text[]) AND l.created_at < $2::timestamptz AND r.created_at IS DISTINCT FROM l.created_at
    AND NOT EXISTS (
      SELECT 1 FROM record_events e JOIN messages m ON m.id = e.message_id WHERE e.subject = l.subject AND e.seq = 1)`;
