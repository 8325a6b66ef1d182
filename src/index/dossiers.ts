import type { IndexedDossier } from '#core/dossier/apply';
import { filterWords } from '#core/dossier/filter-words';
import { lastFour, serviceKey } from '#core/identifiers/identifiers';
import type { Mentions, Person } from '#core/masking/mentions';
import { dossierWords } from '#core/vietnamese/search-words';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { mapToWrite } from '../concurrency/yielding.ts';
import { definePart, type Part } from '../database/parts.ts';
import type { Sealed, Vault } from '../secrets/vault.ts';
import { ERASED_COLUMNS, erasedColumnsOf } from './erased-columns.ts';
import { maskedJson, peopleOf } from './masked-json.ts';
import { sealContentId, sealRecord } from './sealed-records.ts';

/** A dossier to write: its newest state, and the message that led to it. */
export interface DossierRow {
  readonly held: IndexedDossier;
  /** The version that the new state was made from. 0 for a new dossier. */
  readonly madeFrom: number;
  /** The message that led to this state. */
  readonly messageId: string;
  /** When the newest message arrived, when it was applied, and when the first one was applied. */
  readonly receivedAt: string;
  readonly changedAt: string;
  readonly createdAt: string;
  readonly party: string;
  /** Readers see no change, so the masked JSON stays with its freshness. */
  readonly isClaimOnly: boolean;
  /** Somebody is named whom the masked JSON of the version before does not hide. */
  readonly namesMore: boolean;
  /** Its party is entitled to its code, so another party's alias of that name does not block it. */
  readonly ownsCode: boolean;
  /** Earlier applicants. Texts may still mention them. */
  readonly former: readonly Person[];
  /** How often an erasure has rewritten the row. A batch that read it before must not write what it read. */
  readonly rewrites: number;
}

interface Written {
  readonly row: DossierRow;
  readonly record: Dossier;
  readonly sealed: Sealed;
  readonly masked: Uint8Array;
  readonly former: Sealed | undefined;
  readonly search: string;
  readonly hash: Buffer;
  readonly phone: Buffer | undefined;
  readonly identity: Buffer | undefined;
}

/**
 * Writes the newest state of dossiers. Each row must follow the version that it was made from, and a new code must not
 * be an alias already. Otherwise the batch fails (40001), because another batch wrote the same dossier.
 */
export async function dossierPart(rows: readonly DossierRow[], vault: Vault): Promise<Part> {
  // Sorted, so that two batches with the same dossiers wait for each other instead of deadlocking.
  const sorted = [...rows].sort((a, b) => (a.held.code < b.held.code ? -1 : 1));
  const masked = new Map<DossierRow, Uint8Array>();
  for (const row of sorted) if (row.former.length > FEW) masked.set(row, await maskedInTurns(row));
  return part(await mapToWrite(sorted, (row) => prepare(row, vault, masked.get(row))));
}

/** A dossier with more former applicants is masked in turns: a thousand long addresses take 0.4 s. */
const FEW = 20;

async function maskedInTurns(row: DossierRow): Promise<Uint8Array> {
  const { prepare, mask } = peopleOf(row.held.view.record, row.former);
  await mapToWrite(prepare(), () => undefined);
  // The quick test would compare the texts with each person at once.
  return maskedOf(row, { mask, mayBeIn: () => true });
}

function maskedOf(row: DossierRow, mentions: Mentions = peopleOf(row.held.view.record, row.former)): Uint8Array {
  if (row.isClaimOnly) return UNCHANGED;
  const { view, lastAt, erased } = row.held;
  const freshness = { party: row.party, eventAt: lastAt, receivedAt: row.receivedAt, erasedAt: erased?.at };
  return maskedJson(view.record, freshness, mentions);
}

function prepare(row: DossierRow, vault: Vault, masked = maskedOf(row)): Written {
  const { code, view } = row.held;
  const { record } = view;
  const { phone, identityNumber } = record.applicant ?? {};
  return {
    row,
    record,
    sealed: sealRecord(vault, record),
    masked,
    former: sealFormer(vault, row.former),
    search: `${dossierWords(code, record, vault.wordToken)} ${wordsOfFilters(row.held)}`,
    hash: sealContentId(vault, record, row.held.contentId),
    phone: proofOf(vault, code, phone),
    identity: proofOf(vault, code, identityNumber),
  };
}

function wordsOfFilters({ owner, view: { record } }: IndexedDossier): string {
  const { status, agencyCode, serviceCode, fieldCode, channel, receivedAt } = record;
  const service = serviceKey(serviceCode);
  return filterWords({ owner, status, agencyCode, serviceKey: service, fieldCode, channel, receivedAt });
}

/** Nearly all dossiers have none. */
export function sealFormer(vault: Vault, former: readonly Person[]): Sealed | undefined {
  return former.length > 0 ? vault.seal(JSON.stringify(former)) : undefined;
}

function proofOf(vault: Vault, code: string, text: string | undefined): Buffer | undefined {
  const digits = text && lastFour(text);
  return digits ? vault.proof(code, digits) : undefined;
}

const columns = {
  code: ['text', (w: Written) => w.row.held.code],
  owner: ['text', (w: Written) => w.row.held.owner],
  version: ['int4', (w: Written) => w.row.held.version],
  made_from: ['int4', (w: Written) => w.row.madeFrom],
  owns_code: ['bool', (w: Written) => w.row.ownsCode],
  last_message_id: ['uuid', (w: Written) => w.row.messageId],
  last_at: ['timestamptz', (w: Written) => w.row.held.lastAt],
  inferred: ['bool', (w: Written) => w.row.held.view.inferred],
  content_hash: ['bytea', (w: Written) => w.hash],
  status: ['text', (w: Written) => w.record.status],
  status_at: ['timestamptz', (w: Written) => w.record.statusAt],
  service_key: ['text', (w: Written) => serviceKey(w.record.serviceCode)],
  service_code: ['text', (w: Written) => w.record.serviceCode],
  field_code: ['text', (w: Written) => w.record.fieldCode],
  agency_code: ['text', (w: Written) => w.record.agencyCode],
  channel: ['text', (w: Written) => w.record.channel],
  submitted_at: ['timestamptz', (w: Written) => w.record.submittedAt],
  received_at: ['timestamptz', (w: Written) => w.record.receivedAt],
  due_at: ['timestamptz', (w: Written) => w.record.dueAt],
  finished_at: ['timestamptz', (w: Written) => w.record.finishedAt],
  returned_at: ['timestamptz', (w: Written) => w.record.returnedAt],
  refused_at: ['timestamptz', (w: Written) => w.record.refusedAt],
  parent_code: ['text', (w: Written) => w.record.parentCode],
  search: ['text', (w: Written) => w.search],
  masked: ['text', (w: Written) => w.masked],
  mask_of: ['int4', (w: Written) => (w.row.isClaimOnly && w.row.namesMore ? 0 : w.row.held.version)],
  former: ['bytea', (w: Written) => w.former?.bytes],
  former_key: ['int4', (w: Written) => w.former?.keyId],
  sealed: ['bytea', (w: Written) => w.sealed.bytes],
  sealed_key: ['int4', (w: Written) => w.sealed.keyId],
  phone_proof: ['bytea', (w: Written) => w.phone],
  identity_proof: ['bytea', (w: Written) => w.identity],
  created_at: ['timestamptz', (w: Written) => w.row.createdAt],
  changed_at: ['timestamptz', (w: Written) => w.row.changedAt],
  rewrites: ['int4', (w: Written) => w.row.rewrites],
  ...erasedColumnsOf((w: Written) => w.row.held),
} as const;

const names = Object.keys(columns).filter((name) => name !== 'owns_code');
const kept = ['code', 'created_at'];
const WORDS_OF_ROW = `array_to_tsvector(string_to_array(given.search, ' '))`;
/** Columns that stay if readers see no change. */
const SHOWN = new Set(['masked', 'changed_at']);
const UNCHANGED = Buffer.alloc(0);
/** An unchanged mask is also that of the new version, unless an older hub made it, or a claim names somebody new. */
const MASK_OF = `CASE WHEN excluded.masked = '' AND dossiers.mask_of <> dossiers.version THEN 0 ELSE excluded.mask_of END`;

function setTo(name: string): string {
  if (name === 'mask_of') return MASK_OF;
  return SHOWN.has(name)
    ? `CASE WHEN excluded.masked = '' THEN dossiers.${name} ELSE excluded.${name} END`
    : `excluded.${name}`;
}

const part = definePart<Written>(
  'dossier',
  columns,
  (rows) => `
    INSERT INTO dossiers (${names.join(', ')})
    SELECT ${names.map((name) => (name === 'search' ? WORDS_OF_ROW : `given.${name}`)).join(', ')}
    FROM ${rows}
    WHERE made_from > 0 OR owns_code OR NOT EXISTS (SELECT FROM aliases WHERE aliases.code = given.code)
    ON CONFLICT (code) DO UPDATE SET
      ${names
        .filter((name) => !kept.includes(name))
        .map((name) => `${name} = ${setTo(name)}`)
        .join(', ')}
    WHERE dossiers.version = excluded.made_from AND dossiers.rewrites = excluded.rewrites
    RETURNING code`,
  true,
);

/**
 * Writes dossiers without the personal data that they had. The state, its version and its dates stay. Fails the batch
 * (40001) if the dossier was written meanwhile.
 */
export function rewrittenDossierPart(rows: readonly DossierRow[], vault: Vault): Part {
  return rewrittenPart(rows.map((row) => prepare(row, vault)));
}

const rewritten = [
  ...['search', 'masked', 'mask_of', 'former', 'former_key', 'sealed', 'sealed_key', 'phone_proof', 'identity_proof'],
  ...ERASED_COLUMNS,
];

const rewrittenPart = definePart<Written>(
  'rewritten_dossier',
  Object.fromEntries(
    [...rewritten, 'code', 'version', 'rewrites'].map((name) => [name, columns[name as keyof typeof columns]]),
  ),
  (rows) => `
    UPDATE dossiers d SET rewrites = d.rewrites + 1, ${rewritten
      .map((name) => `${name} = ${name === 'search' ? WORDS_OF_ROW : `given.${name}`}`)
      .join(', ')}
    FROM ${rows} WHERE d.code = given.code AND d.version = given.version AND d.rewrites = given.rewrites
    RETURNING d.code`,
  true,
);

export interface AliasRow {
  readonly party: string;
  readonly code: string;
  readonly dossier: string;
}

/** Stores another system's code for a dossier. A code that now names another dossier fails the batch. */
export const aliasPart = definePart<AliasRow>(
  'alias',
  { party: ['text', (r) => r.party], code: ['text', (r) => r.code], dossier: ['text', (r) => r.dossier] },
  (rows) => `
    INSERT INTO aliases (party, code, dossier) SELECT party, code, dossier FROM ${rows}
    ON CONFLICT (party, code) DO UPDATE SET dossier = excluded.dossier WHERE aliases.dossier = excluded.dossier
    RETURNING code`,
  true,
);
