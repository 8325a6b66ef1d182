import type pg from 'pg';
import type { IndexedDossier } from '#core/dossier/apply';
import type { Person } from '#core/masking/mentions';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { mapYielding } from '../concurrency/yielding.ts';
import type { Vault } from '../secrets/vault.ts';
import { ERASED_COLUMNS, type ErasedColumns, erasedIn } from './erased-columns.ts';
import { openContentId } from './sealed-records.ts';

export interface Found {
  /** The code of the query. */
  readonly asked: string;
  /** The party whose alias it is. Undefined for the dossier's own code. */
  readonly aliasOf: string | undefined;
  readonly held: IndexedDossier;
  readonly createdAt: string;
  /** The newest message that was applied to it. */
  readonly messageId: string;
  readonly former: readonly Person[];
  /** See DossierRow. */
  readonly rewrites: number;
}

export interface SealedFormer {
  readonly former: Buffer | null;
  readonly former_key: number | null;
}

interface HeldRow extends ErasedColumns, SealedFormer {
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
  rewrites: number;
}

/** Loads the dossiers under any of these codes, own or alias. Each dossier is read and decrypted once. */
export async function loadIndexed(
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

/** All people that a dossier named so far. The records that named the former ones may be in dropped months. */
export function everNamed({ held, former }: Pick<Found, 'held' | 'former'>): readonly Person[] {
  const { applicant } = held.view.record;
  return applicant ? [applicant, ...former] : former;
}

/** The dossier that one code names. A dossier's own code comes before aliases, and an alias of several names none. */
export function dossierNamed(found: readonly Found[]): Found | undefined {
  const [first] = found;
  const isOne = found.every(({ held }) => held === first?.held);
  return found.find(({ aliasOf }) => aliasOf === undefined) ?? (isOne ? first : undefined);
}

type Opened = Pick<Found, 'createdAt' | 'messageId' | 'held' | 'former' | 'rewrites'>;

async function openAll(rows: readonly HeldRow[], vault: Vault): Promise<Map<string, Opened>> {
  const opened = await mapYielding(rows, (row): [string, Opened] => [
    row.code,
    {
      createdAt: row.created_at,
      messageId: row.last_message_id,
      held: heldOf(row, vault),
      former: formerOf(row, vault),
      rewrites: row.rewrites,
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
  'rewrites',
  ...ERASED_COLUMNS,
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

function heldOf(row: HeldRow, vault: Vault): IndexedDossier {
  const record = JSON.parse(vault.open({ keyId: row.sealed_key, bytes: row.sealed }).toString()) as Dossier;
  return {
    code: row.code,
    owner: row.owner,
    version: row.version,
    lastAt: row.last_at,
    contentId: openContentId(vault, row.content_hash),
    view: { record, status: record.status, statusAt: record.statusAt, inferred: row.inferred },
    ...erasedIn(row),
  };
}

export function formerOf({ former, former_key }: SealedFormer, vault: Vault): readonly Person[] {
  if (!former || former_key === null) return [];
  return JSON.parse(vault.open({ keyId: former_key, bytes: former }).toString()) as readonly Person[];
}
