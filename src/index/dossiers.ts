import type pg from 'pg';
import type { Held } from '#core/dossier/apply';
import { lastFour, serviceKey } from '#core/identifiers/identifiers';
import { maskedDossier, writtenTexts } from '#core/masking/masked-record';
import { maskApplicant } from '#core/masking/masking';
import { createMentions, type Person } from '#core/masking/mentions';
import { dossierWords } from '#core/vietnamese/search-words';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { mapYielding } from '../concurrency/yielding.ts';
import { definePart, type Part } from '../database/parts.ts';
import type { Sealed, Vault } from '../secrets/vault.ts';
import { bytesOf, openContentId, sealContentId, sealRecord } from './sealed-records.ts';

/** A dossier to write: its newest state, and the message that led to it. */
export interface DossierRow {
  readonly held: Held;
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
  /** Its party is entitled to its code, so another party's alias of that name does not block it. */
  readonly ownsCode: boolean;
  /** Earlier applicants. Texts may still mention them. */
  readonly former: readonly Person[];
}

export interface Found {
  /** The code of the query. */
  readonly asked: string;
  /** The party whose alias it is. Undefined for the dossier's own code. */
  readonly aliasOf: string | undefined;
  readonly held: Held;
  readonly createdAt: string;
  /** The newest message that was applied to it. */
  readonly messageId: string;
  readonly former: readonly Person[];
}

interface HeldRow {
  asked: string;
  alias_of: string | null;
  code: string;
  owner: string;
  version: number;
  last_at: string;
  inferred: boolean;
  content_hash: Buffer;
  sealed: Buffer;
  sealed_key: number;
  former: Buffer | null;
  former_key: number | null;
  created_at: string;
  last_message_id: string;
}

/** Loads the dossiers under any of these codes, own or alias. Each dossier is read and decrypted once. */
export async function loadHeld(
  db: pg.Pool | pg.PoolClient,
  vault: Vault,
  codes: readonly string[],
): Promise<readonly Found[]> {
  if (codes.length === 0) return [];
  const { rows } = await db.query<NamedRow>({ name: 'load held', text: LOAD_HELD, values: [codes] });
  const held = await openAll(rows.filter(isHeldRow), vault);
  const others = [...new Set(rows.map(({ code }) => code))].filter((code) => !held.has(code));
  if (others.length > 0) {
    const more = await db.query<HeldRow>({ name: 'load held by alias', text: LOAD_OWN, values: [others] });
    for (const [code, one] of await openAll(more.rows, vault)) held.set(code, one);
  }
  return rows.flatMap(({ asked, alias_of, code }) => {
    const one = held.get(code);
    return one ? [{ asked, aliasOf: alias_of ?? undefined, ...one }] : [];
  });
}

type Opened = Pick<Found, 'createdAt' | 'messageId' | 'held' | 'former'>;

async function openAll(rows: readonly HeldRow[], vault: Vault): Promise<Map<string, Opened>> {
  const opened = await mapYielding(rows, (row): [string, Opened] => [
    row.code,
    {
      createdAt: row.created_at,
      messageId: row.last_message_id,
      held: heldOf(row, vault),
      former: formerOf(row, vault),
    },
  ]);
  return new Map(opened);
}

/** A code of the query, with the dossier if it is the dossier's own code. */
type NamedRow = Pick<HeldRow, 'asked' | 'alias_of' | 'code'> & Partial<HeldRow>;

function isHeldRow(row: NamedRow): row is HeldRow {
  return row.alias_of === null;
}

const HELD = [
  'owner',
  'version',
  'last_at',
  'inferred',
  'content_hash',
  'sealed',
  'sealed_key',
  'created_at',
  'former',
  'former_key',
  'last_message_id',
];
const LOAD_OWN = `
  SELECT d.code AS asked, NULL AS alias_of, d.code, ${HELD.map((name) => `d.${name}`).join(', ')}
  FROM dossiers d WHERE d.code = ANY($1::text[])`;
/** An alias row has no record. Otherwise a dossier with fifty aliases would come fifty times. */
const LOAD_HELD = `${LOAD_OWN}
  UNION ALL
  SELECT a.code, a.party, a.dossier, ${HELD.map(() => 'NULL').join(', ')} FROM aliases a WHERE a.code = ANY($1::text[])`;

function under(columns: string): string {
  return `
  SELECT d.code AS asked, NULL AS alias_of, ${columns} FROM dossiers d WHERE d.code = ANY($1::text[])
  UNION ALL
  SELECT a.code, a.party, ${columns} FROM aliases a JOIN dossiers d ON d.code = a.dossier WHERE a.code = ANY($1::text[])`;
}

export interface ServiceUnder extends Pick<Found, 'asked' | 'aliasOf'> {
  /** The dossier's own code. */
  readonly code: string;
  readonly owner: string;
  readonly serviceCode: string;
  readonly fieldCode: string | undefined;
  readonly agencyCode: string;
}

const SERVICES_UNDER = under('d.code, d.owner, d.service_code, d.field_code, d.agency_code');

/** Service, field and agency of the dossiers under any of these codes, own or alias. Decrypts no record. */
export async function servicesUnder(db: pg.Pool, codes: readonly string[]): Promise<readonly ServiceUnder[]> {
  if (codes.length === 0) return [];
  const { rows } = await db.query<ServiceRow>({ name: 'services under', text: SERVICES_UNDER, values: [codes] });
  return rows.map(({ asked, alias_of, code, owner, service_code, field_code, agency_code }) => ({
    asked,
    aliasOf: alias_of ?? undefined,
    code,
    owner,
    serviceCode: service_code,
    fieldCode: field_code ?? undefined,
    agencyCode: agency_code,
  }));
}

interface ServiceRow {
  asked: string;
  alias_of: string | null;
  code: string;
  owner: string;
  service_code: string;
  field_code: string | null;
  agency_code: string;
}

function heldOf(row: HeldRow, vault: Vault): Held {
  const record = JSON.parse(vault.open({ keyId: row.sealed_key, bytes: row.sealed }).toString()) as Dossier;
  return {
    code: row.code,
    owner: row.owner,
    version: row.version,
    lastAt: row.last_at,
    contentId: openContentId(vault, row.content_hash),
    view: { record, status: record.status, statusAt: record.statusAt, inferred: row.inferred },
  };
}

function formerOf({ former, former_key }: Pick<HeldRow, 'former' | 'former_key'>, vault: Vault): readonly Person[] {
  if (!former || former_key === null) return [];
  return JSON.parse(vault.open({ keyId: former_key, bytes: former }).toString()) as readonly Person[];
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
export function dossierPart(rows: readonly DossierRow[], vault: Vault): Part {
  // Sorted, so that two batches with the same dossiers wait for each other instead of deadlocking.
  const sorted = [...rows].sort((a, b) => (a.held.code < b.held.code ? -1 : 1));
  return part(sorted.map((row) => prepare(row, vault)));
}

function prepare(row: DossierRow, vault: Vault): Written {
  const { code, view, lastAt } = row.held;
  const { record } = view;
  const { phone, identityNumber } = record.applicant ?? {};
  const freshness = { party: row.party, eventAt: lastAt, receivedAt: row.receivedAt };
  return {
    row,
    record,
    sealed: sealRecord(vault, record),
    masked: row.isClaimOnly ? UNCHANGED : maskedJson(record, freshness, row.former),
    former: sealFormer(vault, row.former),
    search: dossierWords(code, record, vault.wordToken),
    hash: sealContentId(vault, record, row.held.contentId),
    phone: proofOf(vault, code, phone),
    identity: proofOf(vault, code, identityNumber),
  };
}

/** Nearly all dossiers have none. */
export function sealFormer(vault: Vault, former: readonly Person[]): Sealed | undefined {
  return former.length > 0 ? vault.seal(JSON.stringify(former)) : undefined;
}

function proofOf(vault: Vault, code: string, text: string | undefined): Buffer | undefined {
  const digits = text && lastFour(text);
  return digits ? vault.proof(code, digits) : undefined;
}

/**
 * The JSON for readers, as UTF-8. Most records are assembled from the bytes of their JSON. Writing the JSON again would
 * double the cost.
 *
 * @param former the earlier applicants
 */
export function maskedJson(record: Dossier, freshness: object, former: readonly Person[]): Uint8Array {
  const { applicant } = record;
  const mentions = createMentions(applicant ? [applicant, ...former] : former);
  const texts = writtenTexts(record);
  if (mentions.mayBeIn(texts)) return Buffer.from(JSON.stringify({ ...maskedDossier(record, mentions), freshness }));
  const json = bytesOf(record);
  const cuts: Cut[] = [];
  if (applicant) {
    // Quotes inside a text would be escaped, so this matches only the member.
    const start = json.indexOf(APPLICANT) + APPLICANT.length;
    cuts.push({ start, end: endOfObject(json, start), put: JSON.stringify(maskApplicant(applicant)) });
  }
  cuts.push(...addressesIn(json));
  cuts.push({ start: json.length - 1, end: json.length, put: `,"freshness":${JSON.stringify(freshness)}}` });
  return spliced(json, cuts);
}

const APPLICANT = Buffer.from(',"applicant":');
const ADDRESS = Buffer.from('"url":"');
const [QUOTE, COMMA, BACKSLASH, BRACE] = ['"', ',', '\\', '}'].map((character) => character.charCodeAt(0));

/** Bytes of a JSON text, and their replacement. */
interface Cut {
  readonly start: number;
  readonly end: number;
  readonly put: string;
}

/** The members with addresses of documents and results, each with its comma. */
function addressesIn(json: Buffer): readonly Cut[] {
  const cuts: Cut[] = [];
  for (let at = json.indexOf(ADDRESS); at >= 0; at = json.indexOf(ADDRESS, at + 1)) {
    const end = endOfText(json, at + ADDRESS.length);
    const isFirst = json[at - 1] !== COMMA;
    cuts.push({ start: isFirst ? at : at - 1, end: isFirst && json[end] === COMMA ? end + 1 : end, put: '' });
  }
  return cuts;
}

/** Where a text ends, its quote included, from a place inside it. */
function endOfText(json: Buffer, from: number): number {
  let at = from;
  for (; json[at] !== QUOTE; at++) if (json[at] === BACKSLASH) at++;
  return at + 1;
}

/** Where the object that begins at a place ends. It contains texts and no objects. */
function endOfObject(json: Buffer, from: number): number {
  let at = from;
  while (json[at] !== BRACE) at = json[at] === QUOTE ? endOfText(json, at + 1) : at + 1;
  return at + 1;
}

function spliced(json: Buffer, cuts: readonly Cut[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(json.length + 3 * cuts.reduce((length, { put }) => length + put.length, 0));
  let at = 0;
  let from = 0;
  for (const { start, end, put } of cuts) {
    at += json.copy(bytes, at, from, start);
    if (put !== '') at += bytes.write(put, at);
    from = end;
  }
  return bytes.subarray(0, at);
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
  mask_of: ['int4', (w: Written) => w.row.held.version],
  former: ['bytea', (w: Written) => w.former?.bytes],
  former_key: ['int4', (w: Written) => w.former?.keyId],
  sealed: ['bytea', (w: Written) => w.sealed.bytes],
  sealed_key: ['int4', (w: Written) => w.sealed.keyId],
  phone_proof: ['bytea', (w: Written) => w.phone],
  identity_proof: ['bytea', (w: Written) => w.identity],
  created_at: ['timestamptz', (w: Written) => w.row.createdAt],
  changed_at: ['timestamptz', (w: Written) => w.row.changedAt],
} as const;

const names = Object.keys(columns).filter((name) => name !== 'owns_code');
const kept = ['code', 'created_at'];
/** Columns that stay if readers see no change. */
const SHOWN = new Set(['masked', 'changed_at']);
const UNCHANGED = Buffer.alloc(0);
/** An unchanged mask is also that of the new version, unless an older hub made it. */
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
    SELECT ${names.map((name) => (name === 'search' ? `array_to_tsvector(string_to_array(search, ' '))` : name)).join(', ')}
    FROM ${rows}
    WHERE made_from > 0 OR owns_code OR NOT EXISTS (SELECT FROM aliases WHERE aliases.code = given.code)
    ON CONFLICT (code) DO UPDATE SET
      ${names
        .filter((name) => !kept.includes(name))
        .map((name) => `${name} = ${setTo(name)}`)
        .join(', ')}
    WHERE dossiers.version = excluded.made_from
    RETURNING code`,
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
