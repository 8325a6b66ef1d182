import { setImmediate } from 'node:timers/promises';
import { addTo } from '#core/group-by';
import { maskedDossier } from '#core/masking/masked-record';
import { formerPeople, type Person } from '#core/masking/mentions';
import type { Kinds } from '#core/records/kinds';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Database } from '../database/pool.ts';
import { placeOf, readSealed } from '../database/sealed-places.ts';
import type { Vault } from '../secrets/vault.ts';
import { sealFormer } from './dossiers.ts';
import { formerOf, type SealedFormer } from './load-indexed.ts';
import { maskStaleRecords } from './mask-records.ts';
import { maskedJson, peopleOf } from './masked-json.ts';

/** A row of `dossiers` as readers load it. */
export interface MaskedRow {
  readonly code: string;
  readonly masked: string;
  /** Whether an older hub masked it. */
  readonly is_stale: boolean;
}

/** For the select list of a reader of `dossiers d`. */
export const IS_STALE = 'd.mask_of <> d.version AS is_stale';

/** The rows with `masked` by the present rule, whichever hub wrote it. */
export async function maskedByRule<Row extends MaskedRow>(
  database: Database,
  vault: Vault,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  const stale = rows.filter((row) => row.is_stale);
  if (stale.length === 0) return rows;
  const fresh = new Map<string, string>();
  for (let at = 0; at < stale.length; at += BATCH)
    for (const { code, masked } of await maskAgain(
      database,
      vault,
      stale.slice(at, at + BATCH).map(({ code }) => code),
    ))
      fresh.set(code, masked);
  return rows.map((row) => (row.is_stale ? { ...row, masked: fresh.get(row.code) ?? closed(row.masked) } : row));
}

/** Some of them may have a thousand records. */
const BATCH = 50;

interface Fresh {
  readonly code: string;
  readonly version: number;
  readonly masked: string;
  readonly former: readonly Person[];
}

/** Masks rows that an older hub wrote, a second at a time, and rests for a minute when none is left. */
export function createMaskRound(database: Database, vault: Vault, kinds: Kinds): () => Promise<void> {
  const ofDossiers = restingRound((after) => maskStale(database, vault, ROUND_MS, after));
  const ofRecords = restingRound((after) => maskStaleRecords(database, vault, kinds, ROUND_MS, after));
  return async () => {
    await ofDossiers();
    await ofRecords();
  };
}

function restingRound(maskAfter: (after: string) => Promise<string | undefined>): () => Promise<void> {
  let after = '';
  let restUntil = 0;
  return async () => {
    if (performance.now() < restUntil) return;
    after = (await maskAfter(after)) ?? '';
    if (after === '') restUntil = performance.now() + REST_MS;
  };
}

const ROUND_MS = 1_000;
const REST_MS = 60_000;

/**
 * Masks rows that an older hub wrote, in the order of their codes. It may be stopped and started again at any time. A
 * row whose secret is unknown is skipped.
 *
 * @returns the code to continue after, if the time was over before all were masked
 */
export async function maskStale(
  database: Database,
  vault: Vault,
  mostMs = Number.POSITIVE_INFINITY,
  begin = '',
): Promise<string | undefined> {
  const endAt = performance.now() + mostMs;
  for (let after = begin; ; ) {
    const { rows } = await database.pool.query<{ code: string }>({
      name: 'stale masks',
      text: 'SELECT code FROM dossiers WHERE mask_of <> version AND code > $1 ORDER BY code LIMIT $2',
      values: [after, BATCH],
    });
    if (rows.length === 0) return undefined;
    const codes = rows.map(({ code }) => code);
    await write(database, vault, await maskAgain(database, vault, codes));
    after = codes.at(-1) as string;
    if (performance.now() > endAt) return after;
    await setImmediate();
  }
}

/** Only over the version that was read. A dossier that was written meanwhile is masked already. */
async function write(database: Database, vault: Vault, fresh: readonly Fresh[]): Promise<void> {
  const sealed = fresh.map(({ former }) => sealFormer(vault, former));
  await database.pool.query({
    name: 'write masks',
    text: `UPDATE dossiers d SET masked = n.masked, mask_of = n.version, former = n.former, former_key = n.former_key
           FROM unnest($1::text[], $2::int4[], $3::text[], $4::bytea[], $5::int4[]) AS n(code, version, masked, former, former_key)
           WHERE d.code = n.code AND d.version = n.version AND d.mask_of <> d.version`,
    values: [
      fresh.map(({ code }) => code),
      fresh.map(({ version }) => version),
      fresh.map(({ masked }) => masked),
      sealed.map((one) => one?.bytes ?? null),
      sealed.map((one) => one?.keyId ?? null),
    ],
  });
}

interface SealedRow extends SealedFormer {
  readonly code: string;
  readonly version: number;
  readonly masked: string;
  readonly sealed: Buffer;
  readonly sealed_key: number;
}

/**
 * Masks the rows that can be decrypted, by all applicants that their records ever named. Those of records in dropped
 * months are in the row alone.
 */
async function maskAgain(database: Database, vault: Vault, codes: readonly string[]): Promise<readonly Fresh[]> {
  const { rows } = await database.pool.query<SealedRow>({
    name: 'to be masked',
    text: 'SELECT code, version, masked, sealed, sealed_key, former, former_key FROM dossiers WHERE code = ANY($1::text[])',
    values: [codes],
  });
  const known = rows.filter((row) => [row.sealed_key, row.former_key].every((key) => key === null || vault.knows(key)));
  const named = await namedIn(database, vault, known);
  return known.map((row) => {
    const { code, version, masked, sealed, sealed_key } = row;
    const record = JSON.parse(vault.open({ keyId: sealed_key, bytes: sealed }).toString()) as Dossier;
    const former = formerPeople(formerOf(row, vault), named.get(code) ?? [], record.applicant);
    const json = maskedJson(record, freshnessIn(masked), peopleOf(record, former));
    return { code, version, masked: Buffer.from(json).toString(), former };
  });
}

const FRESHNESS = '"freshness":';

/** Reads only the last member, because an older hub repeated parts of some records, and these do not parse. */
function freshnessIn(masked: string): object {
  return JSON.parse(masked.slice(masked.lastIndexOf(FRESHNESS) + FRESHNESS.length, -1));
}

/**
 * The applicants in the records of these dossiers. A dossier with a single version has only its present one. Reads some
 * megabytes of records at a time: of a thousand versions, each may have a thousand papers.
 */
async function namedIn(
  { pool }: Database,
  vault: Vault,
  rows: readonly SealedRow[],
): Promise<ReadonlyMap<string, readonly Person[]>> {
  const named = new Map<string, Person[]>();
  const codes = rows.filter(({ version }) => version > 1).map(({ code }) => code);
  if (codes.length === 0) return named;
  for (let after: readonly string[] | undefined; ; ) {
    const ofDossiers = `code = ANY($1::text[]) AND kind = 'dossier'`;
    const records = await readSealed(pool, placeOf('events', 'record'), ofDossiers, after, [codes]);
    const last = records.at(-1);
    if (!last) return named;
    for (const { place, value: bytes, keyId } of records) {
      if (!vault.knows(keyId)) continue;
      const { applicant } = JSON.parse(vault.open({ keyId, bytes }).toString()) as Dossier;
      if (applicant) addTo(named, place[0] as string, applicant);
    }
    after = last.place;
  }
}

/** Hides all texts if the applicants are no longer known. */
function closed(masked: string): string {
  const { freshness, ...record } = JSON.parse(masked) as Dossier & { freshness: object };
  return JSON.stringify({ ...maskedDossier(record, { mayBeIn: () => true, mask: () => '***' }), freshness });
}
