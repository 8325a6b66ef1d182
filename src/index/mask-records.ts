import { setImmediate } from 'node:timers/promises';
import { type Kind, type KindRecord, subjectOf } from '#core/records/kind';
import type { Kinds } from '#core/records/kinds';
import { formerIn, maskRecord } from '#core/records/mask-record';
import type { Database } from '../database/pool.ts';
import { reportsOf } from '../database/sealed-places.ts';
import type { Vault } from '../secrets/vault.ts';

/** A row of `records` whose text readers see. */
export interface MaskedRecordRow {
  readonly code: string;
  readonly masked: string;
  readonly sealed: Buffer;
  readonly sealed_key: number;
  /** Whether an older hub masked it. */
  readonly is_stale: boolean;
}

/** The rows with `masked` by the present rule, whichever hub wrote it. */
export async function recordsMaskedByRule<Row extends MaskedRecordRow>(
  { pool }: Pick<Database, 'pool'>,
  vault: Vault,
  kind: Kind,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  const subject = ({ code }: MaskedRecordRow): string => subjectOf(kind, code);
  const reports = await reportsOf(pool, vault, rows.filter(({ is_stale }) => is_stale).map(subject));
  return rows.map((row) =>
    row.is_stale ? { ...row, masked: maskAgain(vault, kind, row, reports.get(subject(row)) ?? []) } : row,
  );
}

type Stored = Pick<MaskedRecordRow, 'masked' | 'sealed' | 'sealed_key'>;

function maskAgain(
  vault: Vault,
  kind: Kind,
  { masked, sealed, sealed_key: keyId }: Stored,
  reports: readonly object[],
): string {
  const { freshness, code, state, stateAt } = JSON.parse(masked) as KindRecord & { freshness: object };
  // Without the secret nobody knows the people that a text may mention.
  if (!vault.knows(keyId)) return JSON.stringify({ code, state, stateAt, freshness });
  const whole = JSON.parse(vault.open({ keyId, bytes: sealed }).toString()) as KindRecord;
  return JSON.stringify({ ...maskRecord(kind, whole, formerIn(kind, whole, reports)), freshness });
}

const BATCH = 200;

/**
 * Masks records that an older hub wrote, in the order of their subjects. It may be stopped and started again at any time.
 * Skips rows of unknown kinds and secrets.
 *
 * @returns the subject to continue after, if the time was over before all were masked
 */
export async function maskStaleRecords(
  { pool }: Database,
  vault: Vault,
  kinds: Kinds,
  mostMs = Number.POSITIVE_INFINITY,
  begin = '',
): Promise<string | undefined> {
  const endAt = performance.now() + mostMs;
  for (let after = begin; ; ) {
    const { rows } = await pool.query<Stored & { subject: string; version: number }>({
      name: 'stale record masks',
      text: `SELECT subject, version, masked, sealed, sealed_key FROM records
             WHERE masked_version <> version AND subject > $1 ORDER BY subject LIMIT $2`,
      values: [after, BATCH],
    });
    if (rows.length === 0) return undefined;
    const subjects = rows.map(({ subject }) => subject);
    const reports = await reportsOf(pool, vault, subjects);
    const fresh = rows.flatMap((row) => {
      const kind = kinds.ofSubject(row.subject);
      if (!kind || !vault.knows(row.sealed_key)) return [];
      return [{ ...row, masked: maskAgain(vault, kind, row, reports.get(row.subject) ?? []) }];
    });
    // A record that was written or erased meanwhile is masked already.
    await pool.query({
      name: 'write record masks',
      text: `UPDATE records r SET masked = n.masked, masked_version = n.version
             FROM unnest($1::text[], $2::int4[], $3::text[]) AS n(subject, version, masked)
             WHERE r.subject = n.subject AND r.version = n.version AND r.masked_version <> r.version`,
      values: [
        fresh.map(({ subject }) => subject),
        fresh.map(({ version }) => version),
        fresh.map(({ masked }) => masked),
      ],
    });
    after = subjects.at(-1) ?? after;
    if (performance.now() > endAt) return after;
    await setImmediate();
  }
}
