import { maskedStep } from '#core/masking/masked-record';
import type { Mentions } from '#core/masking/mentions';
import { withoutUndefined } from '#core/without-undefined';
import type { Progress } from '#schemas/dossier.progress.v1';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { mapYielding } from '../concurrency/yielding.ts';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';
import { isNoClaim, PAGE_BYTES, PLACE } from './history.ts';

export interface StatusStep {
  readonly at: string;
  readonly status: Dossier['status'];
  /** Absent where the event names none, and after 4 MiB of content. */
  readonly unit?: string | undefined;
}

interface StepRow {
  readonly at: string;
  readonly status: Dossier['status'];
  readonly kind: 'dossier' | 'progress';
  readonly record: Buffer | null;
  readonly record_key: number;
}

const IS_NO_CLAIM = isNoClaim('(SELECT owner FROM dossiers WHERE code = $1)');

/**
 * The database chooses the steps by narrow rows, because a dossier may have ten thousand events, most of them claims or
 * remarks. It returns the content of the first event whatever its size.
 */
const FIRST_STEPS = `
  SELECT at, status, kind, record_key,
    CASE WHEN bytes <= ${PAGE_BYTES} OR bytes = octet_length(record) THEN record END AS record
  FROM (
    SELECT events.*, n, sum(octet_length(record)) OVER (ORDER BY n) AS bytes
    FROM events JOIN (
      SELECT seq, recorded_at, row_number() OVER (ORDER BY ${PLACE}) AS n
      FROM (SELECT seq, recorded_at, at, inferred, status, message_id, item, lag(status) OVER (ORDER BY ${PLACE}) AS before
            FROM events WHERE code = $1 AND moved_status AND corrected_by IS NULL AND ${IS_NO_CLAIM}) moved
      WHERE status IS DISTINCT FROM before ORDER BY ${PLACE} LIMIT $2) chosen USING (seq, recorded_at)
    WHERE code = $1) summed
  ORDER BY n`;

/**
 * The first steps that moved the status of a dossier, in event order, with personal data masked. Repeats and claims are
 * left out.
 *
 * @param maskOf the mask of all applicants so far; called after the events were read, so that it knows everybody in them
 */
export async function readStatusSteps(
  { pool }: Database,
  vault: Vault,
  { code, limit }: { readonly code: string; readonly limit: number },
  maskOf: () => Promise<Mentions>,
): Promise<readonly StatusStep[]> {
  const { rows } = await pool.query<StepRow>({ name: 'status steps', text: FIRST_STEPS, values: [code, limit] });
  if (rows.length === 0) return [];
  const mask = await maskOf();
  return mapYielding(rows, (row) => {
    const unit = unitOf(row, vault);
    return { at: row.at, status: row.status, ...maskedStep(withoutUndefined({ unit }), mask) };
  });
}

function unitOf({ kind, record, record_key }: StepRow, vault: Vault): string | undefined {
  if (!record) return undefined;
  const said = JSON.parse(vault.open({ keyId: record_key, bytes: record }).toString()) as Progress & Dossier;
  return (kind === 'progress' ? said.unit : said.processingUnit) || undefined;
}
