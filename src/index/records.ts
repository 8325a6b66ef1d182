import type pg from 'pg';
import { groupBy } from '#core/group-by';
import type { Person } from '#core/masking/mentions';
import type { IndexedRecord } from '#core/records/apply';
import { type CountedRecord, type Kind, type KindRecord, type StateOf, subjectOf } from '#core/records/kind';
import { maskRecord, proofIn } from '#core/records/mask-record';
import { recordWords } from '#core/vietnamese/search-words';
import { afterParts, definePart, type Part } from '../database/parts.ts';
import type { Sealed, Vault } from '../secrets/vault.ts';
import { dossierOfCode } from './dossier-names.ts';
import { ERASED_COLUMNS, type ErasedColumns, erasedColumnsOf, erasedIn } from './erased-columns.ts';
import { contentIdOf, sealContentId, sealRecord } from './sealed-records.ts';

/** A record to be written: its newest state, and the message that made it so. */
export interface RecordRow {
  readonly kind: Kind;
  readonly held: IndexedRecord;
  /** See formerIn. */
  readonly former: readonly Person[];
  /** The version that the new state was made from; 0 for a new record. */
  readonly madeFrom: number;
  /** The unique key that the row has until then. */
  readonly storedKey?: string | undefined;
  readonly messageId: string;
  /** The party of the newest event that counts, and when the hub received that event. */
  readonly party: string;
  readonly receivedAt: string;
  readonly changedAt: string;
  readonly createdAt: string;
  /** How often an erasure has rewritten the row; see DossierRow. */
  readonly rewrites: number;
}

/** A record as the index has it. */
export interface FoundRecord {
  readonly subject: string;
  readonly uniqueKey: string | undefined;
  readonly held: IndexedRecord;
  readonly messageId: string;
  readonly party: string;
  readonly receivedAt: string;
  readonly changedAt: string;
  readonly createdAt: string;
  readonly rewrites: number;
}

/** Subjects and unique keys to load. */
export interface WantedRecords {
  readonly subjects: readonly string[];
  readonly uniqueKeys: readonly string[];
}

/** The key of which only one record may exist; undefined for kinds without such a rule. */
export function uniqueKeyOf(kind: Kind, record: KindRecord): string | undefined {
  return kind.uniqueBy && `${kind.name} ${kind.uniqueBy(record)}`;
}

interface Row extends ErasedColumns {
  subject: string;
  unique_key: string | null;
  code: string;
  owner: string;
  version: number;
  is_held: boolean;
  sealed: Buffer;
  sealed_key: number;
  masked: string;
  last_message_id: string;
  created_at: string;
  changed_at: string;
  rewrites: number;
}

const LOADED = [
  ...['subject', 'unique_key', 'code', 'owner', 'version', 'is_held', 'sealed', 'sealed_key', 'masked'],
  ...['last_message_id', 'created_at', 'changed_at', 'rewrites', ...ERASED_COLUMNS],
].join(', ');
const LOAD = `
  SELECT ${LOADED} FROM records WHERE subject = ANY($1::text[])
  UNION
  SELECT ${LOADED} FROM records WHERE unique_key = ANY($2::text[])`;

/** The records with one of these subjects or unique keys. */
export async function loadRecords(
  db: pg.Pool | pg.PoolClient,
  vault: Vault,
  { subjects, uniqueKeys }: WantedRecords,
): Promise<readonly FoundRecord[]> {
  if (subjects.length + uniqueKeys.length === 0) return [];
  const { rows } = await db.query<Row>({ name: 'load records', text: LOAD, values: [subjects, uniqueKeys] });
  return rows.map((row) => foundIn(row, vault));
}

/** The records of one kind about one dossier. */
export interface RecordsOfDossier {
  readonly records: readonly (StateOf & { readonly subject: string })[];
  /** The newest message that was applied to one of them. */
  readonly newest: string;
}

interface OfDossierRow extends StateOf {
  readonly kind: string;
  readonly dossier: string;
  readonly subject: string;
  readonly messageId: string;
}

/** The records of these kinds about these dossiers, by `keyOfDossier`. */
export async function loadOfDossiers(
  db: pg.Pool | pg.PoolClient,
  wanted: readonly { readonly kind: string; readonly dossier: string }[],
): Promise<ReadonlyMap<string, RecordsOfDossier>> {
  if (wanted.length === 0) return new Map();
  const { rows } = await db.query<OfDossierRow>({
    name: 'records of dossiers',
    text: `SELECT kind, dossier_code AS dossier, subject, state, state_at AS "stateAt", last_message_id AS "messageId"
           FROM records WHERE dossier_code = ANY($2::text[]) AND kind = ANY($1::text[])
           ORDER BY last_message_id DESC`,
    values: [[...new Set(wanted.map(({ kind }) => kind))], [...new Set(wanted.map(({ dossier }) => dossier))]],
  });
  const ofEach = groupBy(rows, ({ kind, dossier }) => keyOfDossier(kind, dossier));
  return new Map([...ofEach].map(([key, records]) => [key, { records, newest: records[0]?.messageId as string }]));
}

/** What a batch read of a code that its records say: the dossier and its version, or none. */
export interface NamedByRecords {
  readonly code: string;
  readonly version: number | undefined;
}

/**
 * Locks these dossiers until the commit. The batch fails (40001) if one has another version than when the batch read its codes:
 * another process gave it a code, or moved it, and the records would be judged otherwise. No code without a dossier may have
 * got one. It comes before the records are judged.
 */
export function namedParts(named: readonly NamedByRecords[]): readonly [Part, Part] {
  // Sorted, so that two batches with the same dossiers wait for one another instead of deadlocking.
  const sorted = [...named].sort((a, b) => (a.code < b.code ? -1 : 1));
  return [
    namedPart(sorted.filter(({ version }) => version !== undefined)),
    unnamedPart(sorted.filter(({ version }) => version === undefined)),
  ];
}

const namedPart = definePart<NamedByRecords>(
  'named',
  { code: ['text', ({ code }) => code], version: ['int4', ({ version }) => version] },
  // A lock that waited sees the newest version. A batch that also writes the dossier would deadlock after FOR SHARE.
  (rows) => `
    SELECT 1 FROM ${rows} JOIN dossiers d ON d.code = given.code AND d.version = given.version FOR NO KEY UPDATE OF d`,
  true,
);

const unnamedPart = definePart<NamedByRecords>(
  'unnamed',
  { code: ['text', ({ code }) => code] },
  (rows) => `SELECT 1 FROM ${rows} WHERE NOT EXISTS ${dossierOfCode('given.code')}`,
  true,
);

/** The records of a kind about a dossier change together: whether the last payment is made depends on all of them. */
export const keyOfDossier = (kind: string, dossier: string): string => `${kind} ${dossier}`;

/** A dossier whose records of a kind a batch judged together, and the newest message of them then. */
export interface LockedDossier {
  readonly kind: string;
  readonly dossier: string;
  readonly newest: string | undefined;
}

/**
 * Locks these dossiers for records of the kind until the commit, and looks again: another process may have written a record of
 * one meanwhile, and then the batch fails (40001). It comes before the records are written.
 */
export function lockDossiersPart(rows: readonly LockedDossier[]): Part {
  // Sorted, so that two batches with the same dossiers wait for one another instead of deadlocking.
  return judged([...rows].sort((a, b) => (keyOfDossier(a.kind, a.dossier) < keyOfDossier(b.kind, b.dossier) ? -1 : 1)));
}

const JUDGED = 'judged';
const judged = definePart<LockedDossier>(
  JUDGED,
  {
    kind: ['text', (row) => row.kind],
    dossier: ['text', (row) => row.dossier],
    newest: ['uuid', (row) => row.newest],
  },
  (rows) => `SELECT 1 FROM ${rows} WHERE hub_is_newest_of_dossier(kind, dossier, newest)`,
  true,
);

function foundIn(row: Row, vault: Vault): FoundRecord {
  const view = JSON.parse(vault.open({ keyId: row.sealed_key, bytes: row.sealed }).toString()) as KindRecord;
  const { freshness } = JSON.parse(row.masked) as { freshness: { party: string; receivedAt: string } };
  return {
    subject: row.subject,
    uniqueKey: row.unique_key ?? undefined,
    held: { code: row.code, owner: row.owner, version: row.version, view, isHeld: row.is_held, ...erasedIn(row) },
    messageId: row.last_message_id,
    party: freshness.party,
    receivedAt: freshness.receivedAt,
    changedAt: row.changed_at,
    createdAt: row.created_at,
    rewrites: row.rewrites,
  };
}

interface Written {
  readonly row: RecordRow;
  readonly subject: string;
  readonly view: KindRecord;
  readonly sealed: Sealed;
  readonly hash: Buffer;
  readonly masked: string;
  readonly search: string;
  readonly phone: Buffer | undefined;
  readonly counted: CountedRecord | undefined;
}

/**
 * Writes the newest state of records. Each row must follow the version that it was made from, or the batch fails (40001):
 * another process wrote the same record meanwhile.
 */
export function recordPart(rows: readonly RecordRow[], vault: Vault): Part {
  const written = rows.map((row) => prepare(row, vault));
  return part(inOrder(written));
}

/**
 * By subject, so that two batches with the same records wait for one another instead of deadlocking. But a record that takes
 * the unique key of another one comes after it.
 */
function inOrder(written: Written[]): readonly Written[] {
  written.sort((a, b) => (a.subject < b.subject ? -1 : 1));
  const keyOf = ({ row, view }: Written): string | undefined => uniqueKeyOf(row.kind, view);
  const left = new Map(
    written.filter((one) => one.row.storedKey !== keyOf(one)).map((one) => [one.row.storedKey, one]),
  );
  left.delete(undefined);
  const [begun, placed] = [new Set<Written>(), new Set<Written>()];
  const place = (one: Written): void => {
    if (begun.has(one)) return;
    begun.add(one);
    const before = left.get(keyOf(one));
    if (before) place(before);
    placed.add(one);
  };
  for (const one of written) place(one);
  return [...placed];
}

function prepare(row: RecordRow, vault: Vault): Written {
  const { kind, held, former, party, receivedAt } = row;
  const { view, code } = held;
  const masked = maskRecord(kind, view, former);
  const erasedAt = held.erased?.at;
  const freshness = { party, eventAt: view.stateAt, receivedAt, erasedAt };
  const proof = proofIn(kind, view);
  const subject = subjectOf(kind, code);
  return {
    row,
    subject,
    view,
    sealed: sealRecord(vault, view),
    hash: sealContentId(vault, view, contentIdOf(view, undefined)),
    masked: JSON.stringify({ ...masked, freshness }),
    search: recordWords(kind.searched(view, masked), vault.wordToken),
    phone: proof ? vault.proof(subject, proof) : undefined,
    counted: kind.counts?.(view),
  };
}

const columns = {
  subject: ['text', (w: Written) => w.subject],
  kind: ['text', (w: Written) => w.row.kind.name],
  code: ['text', (w: Written) => w.row.held.code],
  owner: ['text', (w: Written) => w.row.held.owner],
  version: ['int4', (w: Written) => w.row.held.version],
  made_from: ['int4', (w: Written) => w.row.madeFrom],
  last_message_id: ['uuid', (w: Written) => w.row.messageId],
  content_hash: ['bytea', (w: Written) => w.hash],
  state: ['text', (w: Written) => w.view.state],
  state_at: ['timestamptz', (w: Written) => w.view.stateAt],
  is_held: ['bool', (w: Written) => w.row.held.isHeld],
  is_public: ['bool', ({ row, view }: Written) => isPublic(row, view)],
  is_open: ['bool', ({ row, view }: Written) => !row.kind.finalStates.includes(view.state)],
  agency_code: ['text', (w: Written) => w.view.agencyCode],
  field_code: ['text', (w: Written) => w.view.fieldCode],
  dossier_code: ['text', (w: Written) => w.view.dossierCode],
  unique_key: ['text', ({ row, view }: Written) => uniqueKeyOf(row.kind, view)],
  due_at: ['timestamptz', (w: Written) => w.view.dueAt],
  began_at: ['timestamptz', (w: Written) => w.counted?.beganAt],
  ended_at: ['timestamptz', (w: Written) => w.counted?.endedAt],
  mark: ['text', (w: Written) => w.counted?.mark],
  search: ['text', (w: Written) => w.search],
  masked: ['text', (w: Written) => w.masked],
  masked_version: ['int4', (w: Written) => w.row.held.version],
  sealed: ['bytea', (w: Written) => w.sealed.bytes],
  sealed_key: ['int4', (w: Written) => w.sealed.keyId],
  phone_proof: ['bytea', (w: Written) => w.phone],
  created_at: ['timestamptz', (w: Written) => w.row.createdAt],
  changed_at: ['timestamptz', (w: Written) => w.row.changedAt],
  rewrites: ['int4', (w: Written) => w.row.rewrites],
  ...erasedColumnsOf((w: Written) => w.row.held),
} as const;

/** A record without its text has nothing for the public. */
function isPublic({ kind, held }: RecordRow, view: KindRecord): boolean {
  return !held.isHeld && held.erased === undefined && (kind.isPublic?.(view) ?? false);
}

const names = Object.keys(columns);
const kept = ['subject', 'created_at'];
const WORDS_OF_ROW = `array_to_tsvector(string_to_array(given.search, ' '))`;

const part = definePart<Written>(
  'record',
  columns,
  (rows, before) => `
    INSERT INTO records (${names.join(', ')})
    SELECT ${names.map((name) => (name === 'search' ? WORDS_OF_ROW : `given.${name}`)).join(', ')}
    FROM ${rows}${before.includes(JUDGED) ? ` WHERE ${afterParts([JUDGED])}` : ''}
    ON CONFLICT (subject) DO UPDATE SET
      ${names
        .filter((name) => !kept.includes(name))
        .map((name) => `${name} = excluded.${name}`)
        .join(', ')}
    WHERE records.version = excluded.made_from AND records.rewrites = excluded.rewrites
    RETURNING subject`,
  true,
);

/** Writes records without the personal data that they had; see rewrittenDossierPart. */
export function rewrittenRecordPart(rows: readonly RecordRow[], vault: Vault): Part {
  return rewrittenPart(rows.map((row) => prepare(row, vault)));
}

const rewritten = [
  ...['content_hash', 'is_public', 'search', 'masked', 'masked_version', 'sealed', 'sealed_key', 'phone_proof'],
  ...ERASED_COLUMNS,
];

const rewrittenPart = definePart<Written>(
  'rewritten_record',
  Object.fromEntries(
    [...rewritten, 'subject', 'version', 'rewrites'].map((name) => [name, columns[name as keyof typeof columns]]),
  ),
  (rows) => `
    UPDATE records r SET rewrites = r.rewrites + 1, ${rewritten
      .map((name) => `${name} = ${name === 'search' ? WORDS_OF_ROW : `given.${name}`}`)
      .join(', ')}
    FROM ${rows} WHERE r.subject = given.subject AND r.version = given.version AND r.rewrites = given.rewrites
    RETURNING r.subject`,
  true,
);
