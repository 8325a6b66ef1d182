import { msToInstant } from '#core/dates/dates';
import type { Database } from '../database/pool.ts';

/** Dossiers, or records of a kind, that ended in a state before a moment and still have their personal data. */
export interface Ended {
  /** `dossier`, or the name of a kind. */
  readonly kind: string;
  readonly state: string;
  readonly before: string;
}

const OF_DOSSIERS = 'dossier';

/** The source `d` of the rows. The state is a literal, so that the planner finds the partial index. */
function endedIn({ kind, state }: Pick<Ended, 'kind' | 'state'>): string {
  if (!/^[a-z-]+$/.test(state) || !/^[a-z-]+$/.test(kind)) throw new Error(`no state of a kind: ${kind} ${state}`);
  return kind === OF_DOSSIERS
    ? `(SELECT code AS subject, status_at AS at FROM dossiers WHERE status = '${state}' AND erasure IS NULL) d`
    : `(SELECT subject, state_at AS at FROM records
        WHERE kind = '${kind}' AND state = '${state}' AND erasure IS NULL AND NOT is_open) d`;
}

/** The oldest of them that are under no legal hold. */
export async function loadRetained(
  { pool }: Pick<Database, 'pool'>,
  ended: Ended,
  except: readonly string[],
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ subject: string }>({
    name: `retained ${ended.kind} ${ended.state}`,
    text: `SELECT subject FROM ${endedIn(ended)}
           WHERE d.at < $1::timestamptz AND NOT subject = ANY($2::text[])
             AND NOT EXISTS (SELECT FROM held_subjects h WHERE h.subject = d.subject)
           ORDER BY d.at LIMIT $3`,
    values: [ended.before, except, limit],
  });
  return rows.map(({ subject }) => subject);
}

/** How many of them are left, how many of those are under a hold, and since when the oldest other one is over. */
export interface RetainedCount {
  readonly due: number;
  readonly held: number;
  readonly oldestAt: string | null;
}

export async function countRetained({ pool }: Pick<Database, 'pool'>, ended: Ended): Promise<RetainedCount> {
  const { rows } = await pool.query<RetainedCount>(
    `SELECT count(*) FILTER (WHERE NOT is_held)::int4 AS due, count(*) FILTER (WHERE is_held)::int4 AS held,
       min(at) FILTER (WHERE NOT is_held) AS "oldestAt"
     FROM (SELECT d.at, EXISTS (SELECT FROM held_subjects h WHERE h.subject = d.subject) AS is_held
           FROM ${endedIn(ended)} WHERE d.at < $1::timestamptz) counted`,
    [ended.before],
  );
  return rows[0] as RetainedCount;
}

/** The moment some months ago. */
export function monthsBefore(nowMs: number, months: number): string {
  const now = new Date(nowMs);
  const then = new Date(nowMs);
  then.setUTCMonth(now.getUTCMonth() - months);
  // 31 March less a month is the last day of February.
  if (then.getUTCDate() !== now.getUTCDate()) then.setUTCDate(0);
  return msToInstant(then.getTime());
}
