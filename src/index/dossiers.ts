import type pg from 'pg';
import type { Held } from '#core/apply';
import { lastFour, serviceKey } from '#core/identifiers';
import { maskApplicant, maskMentions, mentionOf } from '#core/masking';
import { searchWords } from '#core/search';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { definePart, type Part } from '../database/parts.ts';
import type { Sealed, Vault } from '../vault.ts';
import { bytesOf, sealRecord } from './sealed-records.ts';

/** A dossier to be written: its newest state, and by which message it came about. */
export interface DossierRow {
  readonly held: Held;
  /** The version that the new state was made from; 0 for a new dossier. */
  readonly madeFrom: number;
  /** The message that made it so. */
  readonly messageId: string;
  /** When the newest thing told was received, when it was applied, and when the first one was. */
  readonly receivedAt: string;
  readonly changedAt: string;
  readonly createdAt: string;
  readonly party: string;
  /** Nothing that readers see has changed: what they see stays, with its freshness. */
  readonly isClaimOnly: boolean;
  /** Its party is entitled to its code: another party's alias of that name does not stand in the way. */
  readonly ownsCode: boolean;
}

export interface Found {
  /** The code that was asked for. */
  readonly asked: string;
  /** Whose alias it is; undefined when it is the dossier's own code. */
  readonly aliasOf: string | undefined;
  readonly held: Held;
  readonly createdAt: string;
  /** The newest message that was applied to it. */
  readonly messageId: string;
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
  created_at: string;
  last_message_id: string;
}

/** Load what is held under any of these codes, own or alias. One index probe a code and kind. */
export async function loadHeld(
  db: pg.Pool | pg.PoolClient,
  vault: Vault,
  codes: readonly string[],
): Promise<readonly Found[]> {
  if (codes.length === 0) return [];
  const { rows } = await db.query<HeldRow>({ name: 'load held', text: LOAD_HELD, values: [codes] });
  return rows.map((row) => ({
    asked: row.asked,
    aliasOf: row.alias_of ?? undefined,
    createdAt: row.created_at,
    messageId: row.last_message_id,
    held: heldOf(row, vault),
  }));
}

const HELD =
  'd.code, d.owner, d.version, d.last_at, d.inferred, d.content_hash, d.sealed, d.sealed_key, d.created_at, d.last_message_id';
const LOAD_HELD = under(HELD);

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

/** Of which service and field is what is held under any of these codes, own or alias; no record is opened for it. */
export async function servicesUnder(db: pg.Pool, codes: readonly string[]): Promise<readonly ServiceUnder[]> {
  if (codes.length === 0) return [];
  const { rows } = await db.query<ServiceRow>({ name: 'services under', text: SERVICES_UNDER, values: [codes] });
  return rows.map(({ asked, alias_of, code, owner, service_code, field_code, agency_code }) => ({
    ...{ asked, aliasOf: alias_of ?? undefined, code, owner },
    ...{ serviceCode: service_code, fieldCode: field_code ?? undefined, agencyCode: agency_code },
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
    contentHash: row.content_hash.toString('base64'),
    view: { record, status: record.status, statusAt: record.statusAt, inferred: row.inferred },
  };
}

interface Written {
  readonly row: DossierRow;
  readonly record: Dossier;
  readonly sealed: Sealed;
  readonly masked: Uint8Array;
  readonly search: string;
  readonly phone: Buffer | undefined;
  readonly identity: Buffer | undefined;
}

/**
 * Write the newest state of dossiers. Each row must follow the version it was made from, and a new one must not be known
 * under its code as an alias, or the batch fails (40001): somebody else wrote the same dossier meanwhile.
 */
export function dossierPart(rows: readonly DossierRow[], vault: Vault): Part {
  // Sorted, so that two batches with the same dossiers wait for one another instead of deadlocking.
  const sorted = [...rows].sort((a, b) => (a.held.code < b.held.code ? -1 : 1));
  return part(sorted.map((row) => prepare(row, vault)));
}

function prepare(row: DossierRow, vault: Vault): Written {
  const { code, view, lastAt } = row.held;
  const { record } = view;
  const { phone, identityNumber, name } = record.applicant ?? {};
  const freshness = { party: row.party, eventAt: lastAt, receivedAt: row.receivedAt };
  return {
    row,
    record,
    sealed: sealRecord(vault, record),
    masked: row.isClaimOnly ? UNCHANGED : maskedJson(record, freshness),
    search: searchWords([code, ...(record.aliases ?? []).map((alias) => alias.code)], [name]),
    phone: proofOf(vault, code, phone),
    identity: proofOf(vault, code, identityNumber),
  };
}

function proofOf(vault: Vault, code: string, text: string | undefined): Buffer | undefined {
  const digits = text && lastFour(text);
  return digits ? vault.proof(code, digits) : undefined;
}

/**
 * What readers see, as UTF-8. Put together from the bytes of the record's JSON, which are there: writing it a second time,
 * or putting it together as text, would cost as much as all else here.
 */
function maskedJson(record: Dossier, freshness: object): Uint8Array {
  const { applicant } = record;
  const json = bytesOf(record);
  const last = `,"freshness":${JSON.stringify(freshness)}}`;
  if (!applicant) return spliced(json, json.length - 1, json.length - 1, '', last);
  const masked = maskApplicant(applicant);
  // Few records have mentions: only these are taken apart.
  if (someFreeText(record, mentionOf(applicant)))
    return Buffer.from(JSON.stringify({ ...record, applicant: masked, freshness }, withoutMentionsOf([applicant])));
  // In a text the quotes would be escaped: what is found is the member.
  const start = json.indexOf(APPLICANT) + APPLICANT.length;
  const end = start + Buffer.byteLength(JSON.stringify(applicant));
  return spliced(json, start, end, JSON.stringify(masked), last);
}

type Applicant = NonNullable<Dossier['applicant']>;

const APPLICANT = Buffer.from(',"applicant":');

/** An object's JSON with a text in the place of what lies from `start` to `end`, and another in the place of its last brace. */
function spliced(json: Buffer, start: number, end: number, middle: string, last: string): Uint8Array {
  const bytes = Buffer.allocUnsafe(json.length + 3 * (middle.length + last.length));
  let at = json.copy(bytes, 0, 0, start);
  at += bytes.write(middle, at);
  at += json.copy(bytes, at, end, json.length - 1);
  at += bytes.write(last, at);
  return bytes.subarray(0, at);
}

/** A record as readers see it. @param applicants all of whom nothing may be read in its texts */
export function maskedRecord(record: Dossier, applicants: readonly Applicant[]): Dossier {
  const { applicant } = record;
  const masked = applicant ? { ...record, applicant: maskApplicant(applicant) } : record;
  return JSON.parse(JSON.stringify(masked, withoutMentionsOf(applicants))) as Dossier;
}

/** For JSON.stringify: free texts without what is said of the applicants. */
function withoutMentionsOf(applicants: readonly Applicant[]): (key: string, value: unknown) => unknown {
  const distinct = [...new Map(applicants.map((one) => [JSON.stringify(one), one])).values()];
  return (key, value) =>
    typeof value === 'string' && FREE_TEXTS.has(key)
      ? distinct.reduce((text, one) => maskMentions(text, one), value)
      : value;
}

/** The members with free texts, where officers may have written of the applicant, or a system put a number into an address. */
const FREE_TEXTS = new Set(['abstract', 'note', 'content', 'name', 'requestedBy', 'receivedBy', 'url']);

/** Whether it is so of one of the free texts of a record; what is said of the applicant in his own place is none. */
function someFreeText(value: object, isSo: (text: string) => boolean): boolean {
  for (const key in value) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof member === 'string') {
      if (FREE_TEXTS.has(key) && isSo(member)) return true;
    } else if (typeof member === 'object' && member !== null && key !== 'applicant' && someFreeText(member, isSo))
      return true;
  }
  return false;
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
  content_hash: ['bytea', (w: Written) => Buffer.from(w.row.held.contentHash, 'base64')],
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
  sealed: ['bytea', (w: Written) => w.sealed.bytes],
  sealed_key: ['int4', (w: Written) => w.sealed.keyId],
  phone_proof: ['bytea', (w: Written) => w.phone],
  identity_proof: ['bytea', (w: Written) => w.identity],
  created_at: ['timestamptz', (w: Written) => w.row.createdAt],
  changed_at: ['timestamptz', (w: Written) => w.row.changedAt],
} as const;

const names = Object.keys(columns).filter((name) => name !== 'owns_code');
const kept = ['code', 'created_at'];
/** What stays where readers see nothing new. */
const SHOWN = new Set(['masked', 'changed_at']);
const UNCHANGED = Buffer.alloc(0);
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
        .map(
          (name) =>
            `${name} = ${SHOWN.has(name) ? `CASE WHEN excluded.masked = '' THEN dossiers.${name} ELSE excluded.${name} END` : `excluded.${name}`}`,
        )
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

/** Remember another system's code for a dossier. A code that came to name another dossier meanwhile fails the batch. */
export const aliasPart = definePart<AliasRow>(
  'alias',
  { party: ['text', (r) => r.party], code: ['text', (r) => r.code], dossier: ['text', (r) => r.dossier] },
  (rows) => `
    INSERT INTO aliases (party, code, dossier) SELECT party, code, dossier FROM ${rows}
    ON CONFLICT (party, code) DO UPDATE SET dossier = excluded.dossier WHERE aliases.dossier = excluded.dossier
    RETURNING code`,
  true,
);
