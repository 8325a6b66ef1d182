import { maskedDossier } from '#core/masking/masked-record';
import type { Mentions } from '#core/masking/mentions';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';
import { foldUpTo, isNoClaim, maskYielding } from './history.ts';

/** The index's state of a dossier at a past moment. */
export type AsOf =
  | {
      readonly kind: 'found';
      /**
       * As readers see a dossier, with `freshness` of that moment. `asOf` says since when and until when the index had
       * this state.
       */
      readonly dossier: Dossier & { readonly freshness: object; readonly asOf: object };
    }
  /** It was first recorded later. */
  | { readonly kind: 'later'; readonly recordedAt: string }
  /** Its history of that moment is deleted. The stored history begins at `keptSince`. */
  | { readonly kind: 'dropped'; readonly keptSince: string | undefined };

/**
 * Folds the events that were recorded by a moment. An event counts from the moment of its recording, whatever its own
 * time.
 *
 * @param code its own code
 * @param at an instant
 * @param maskOf the mask of all applicants that were ever named; absent to show personal data in full
 */
export async function readAsOf(
  database: Database,
  vault: Vault,
  {
    code,
    at,
    maskOf,
  }: { readonly code: string; readonly at: string; readonly maskOf: (() => Promise<Mentions>) | undefined },
): Promise<AsOf> {
  const { first, last } = await eventsAround(database, code, at);
  if (first?.seq !== 1) return { kind: 'dropped', keptSince: first?.recordedAt };
  const owner = last && (await ownerThen(database, code, last.seq));
  const folded = last && owner !== undefined && (await foldUpTo(database, vault, { code, upTo: last.seq, owner }));
  if (!folded) return { kind: 'later', recordedAt: first.recordedAt };
  const { view, newest, eventAt } = folded;
  const freshness = { party: newest.party, eventAt, receivedAt: newest.receivedAt };
  const { recordedAt, messageId } = newest;
  const asOf = { at, recordedAt, messageId, until: await endOfState(database, { code, after: last.seq, owner }) };
  const mask = await maskOf?.();
  const record = mask ? await maskYielding(view.record, (part) => maskedDossier(part, mask)) : view.record;
  return { kind: 'found', dossier: { ...record, freshness, asOf } };
}

interface Around {
  readonly seq: number;
  readonly recordedAt: string;
}

/** The owner of the dossier after its first events. Undefined if none of them was a record. */
async function ownerThen({ pool }: Database, code: string, upTo: number): Promise<string | undefined> {
  const { rows } = await pool.query<{ owner: string | null }>({
    name: 'owner then',
    text: `SELECT coalesce(
             (SELECT owner FROM events WHERE code = $1 AND seq <= $2 AND owner IS NOT NULL ORDER BY seq DESC LIMIT 1),
             (SELECT party FROM events WHERE code = $1 AND seq <= $2 AND kind = 'dossier' ORDER BY seq LIMIT 1)) AS owner`,
    values: [code, upTo],
  });
  return rows[0]?.owner ?? undefined;
}

/**
 * The first event of a dossier, and the last one recorded by a moment. The last one is found by its number, so a clock
 * that was set back hides no earlier event.
 */
async function eventsAround({ pool }: Database, code: string, at: string) {
  const { rows } = await pool.query<Around & { last: number | null }>({
    name: 'events around',
    text: `WITH ends AS (
             SELECT min(seq) AS first, max(seq) FILTER (WHERE recorded_at <= $2::timestamptz) AS last
             FROM events WHERE code = $1)
           SELECT e.seq, e.recorded_at AS "recordedAt", ends.last
           FROM ends JOIN events e ON e.code = $1 AND e.seq IN (ends.first, ends.last)
           ORDER BY e.seq`,
    values: [code, at],
  });
  const [first] = rows;
  return { first, last: rows.find(({ seq }) => seq === first?.last) };
}

/**
 * When the next event that counts was recorded. A claim without effect ends no state. Nor does an event that names a moment
 * far ahead.
 */
async function endOfState(
  { pool }: Database,
  { code, after, owner }: { readonly code: string; readonly after: number; readonly owner: string },
): Promise<string | undefined> {
  const { rows } = await pool.query<Pick<Around, 'recordedAt'>>({
    name: 'end of state',
    text: `SELECT recorded_at AS "recordedAt" FROM events
           WHERE code = $1 AND seq > $2 AND at <= recorded_at + interval '1 day' AND ${isNoClaim('$3::text')}
           ORDER BY seq LIMIT 1`,
    values: [code, after, owner],
  });
  return rows[0]?.recordedAt;
}
