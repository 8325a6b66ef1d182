import type pg from 'pg';
import type { Held } from '#core/apply';
import { lastFour, serviceKey } from '#core/identifiers';
import { maskApplicant, maskMentions, mentionsApplicant } from '#core/masking';
import { searchWords } from '#core/search';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { definePart, type Part } from '../database/parts.ts';
import type { Sealed, Vault } from '../vault.ts';
import { jsonOf, sealRecord } from './sealed-records.ts';

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
const LOAD_HELD = `
  SELECT d.code AS asked, NULL AS alias_of, ${HELD} FROM dossiers d WHERE d.code = ANY($1::text[])
  UNION ALL
  SELECT a.code, a.party, ${HELD} FROM aliases a JOIN dossiers d ON d.code = a.dossier WHERE a.code = ANY($1::text[])`;

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
  readonly masked: string;
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
  const proofOf = (text: string | undefined) =>
    text && lastFour(text) ? vault.proof(code, lastFour(text) as string) : undefined;
  return {
    row,
    record,
    sealed: sealRecord(vault, record),
    masked: maskedJson(record, freshness),
    search: searchWords([code, ...(record.aliases ?? []).map((alias) => alias.code)], [name]),
    phone: proofOf(phone),
    identity: proofOf(identityNumber),
  };
}

/** Put together from the record's JSON, which is there: writing it a second time would cost as much as all else here. */
function maskedJson(record: Dossier, freshness: object): string {
  const { applicant } = record;
  const json = jsonOf(record);
  const masked = applicant ? withoutMentions(withApplicantMasked(json, applicant), record, applicant) : json;
  return `${masked.slice(0, -1)},"freshness":${JSON.stringify(freshness)}}`;
}

type Applicant = NonNullable<Dossier['applicant']>;

/** In a text the quotes would be escaped: what is found is the member. */
function withApplicantMasked(json: string, applicant: Applicant): string {
  const start = json.indexOf(APPLICANT) + APPLICANT.length;
  const end = start + JSON.stringify(applicant).length;
  return json.slice(0, start) + JSON.stringify(maskApplicant(applicant)) + json.slice(end);
}

const APPLICANT = ',"applicant":';

/** Few records have mentions: only these are taken apart. */
function withoutMentions(json: string, record: Dossier, applicant: Applicant): string {
  if (!mentionsApplicant(freeTextsOf(record), applicant)) return json;
  return JSON.stringify(JSON.parse(json), (key, value) =>
    typeof value === 'string' && FREE_TEXTS.has(key) ? maskMentions(value, applicant) : value,
  );
}

/** The members with free texts, where officers may have written of the applicant, or a system put a number into an address. */
const FREE_TEXTS = new Set(['abstract', 'note', 'content', 'name', 'requestedBy', 'receivedBy', 'url']);

/** The free texts of a record, but for what is said of the applicant in his own place. */
function freeTextsOf(value: object): string {
  let texts = '';
  for (const key in value) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof member === 'string') {
      if (FREE_TEXTS.has(key)) texts += `${member}\n`;
    } else if (typeof member === 'object' && member !== null && key !== 'applicant') texts += freeTextsOf(member);
  }
  return texts;
}

const columns = {
  code: ['text', (w: Written) => w.row.held.code],
  owner: ['text', (w: Written) => w.row.held.owner],
  version: ['int4', (w: Written) => w.row.held.version],
  made_from: ['int4', (w: Written) => w.row.madeFrom],
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

const names = Object.keys(columns);
const kept = ['code', 'owner', 'created_at'];
const part = definePart<Written>(
  'dossier',
  columns,
  (rows) => `
    INSERT INTO dossiers (${names.join(', ')})
    SELECT ${names.map((name) => (name === 'search' ? `array_to_tsvector(string_to_array(search, ' '))` : name)).join(', ')}
    FROM ${rows}
    WHERE made_from > 0 OR NOT EXISTS (SELECT FROM aliases WHERE aliases.code = given.code)
    ON CONFLICT (code) DO UPDATE SET
      ${names
        .filter((name) => !kept.includes(name))
        .map((name) => `${name} = excluded.${name}`)
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
