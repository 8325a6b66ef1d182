import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import {
  type Doubt,
  type Ownership,
  type OwnershipVersion,
  ownershipInTime,
  type PartyRights,
} from '#core/dossier/ownership';
import type { Route } from '#core/dossier/route';
import { countUpTo, type Total } from '../database/count-up-to.ts';
import type { Database } from '../database/pool.ts';

/** When the rules of ownership came into force. Earlier messages count as they did at that time. */
export async function loadOwnedSince({ pool }: Database): Promise<string> {
  const { rows } = await pool.query<{ since: string }>('SELECT since FROM ownership');
  return rows[0]?.since ?? '';
}

/** Records the rules of the settings, if they changed, and returns those of all times, also as plain data. */
export async function loadOwnership(
  { pool }: Database,
  rights: ReadonlyMap<string, PartyRights>,
  routes: readonly Route[],
  nowMs: number,
): Promise<{ readonly ownership: Ownership; readonly rules: readonly OwnershipVersion[] }> {
  const now = msToInstant(nowMs);
  const own = { parties: [...rights], routes };
  await pool.query(
    `INSERT INTO ownership_rules (since, rules) SELECT $1, $2::jsonb
     WHERE (SELECT rules FROM ownership_rules ORDER BY since DESC LIMIT 1) IS DISTINCT FROM $2::jsonb
     ON CONFLICT (since) DO UPDATE SET rules = excluded.rules`,
    [now, JSON.stringify(own)],
  );
  const { rows } = await pool.query<OwnershipVersion>('SELECT since, rules FROM ownership_rules ORDER BY since');
  // Whatever another process wrote meanwhile, this one works by its own settings.
  const rules = [...rows.slice(0, -1), { since: rows.at(-1)?.since ?? now, rules: own }];
  return { ownership: ownershipInTime(rules), rules };
}

/** A dossier that an older version let another party than its owner change. An operator should check it. */
export interface DoubtfulDossier {
  readonly id: number;
  readonly code: string;
  readonly kind: Doubt;
  /** The party that changed it, or that the alias names, and the owner. */
  readonly party: string;
  readonly owner: string;
  readonly foundAt: string;
}

export interface DoubtFilter {
  readonly kind?: string | undefined;
  readonly party?: string | undefined;
  readonly code?: string | undefined;
}

/** Unsettled ones, in the order of their ids, after `after`. */
export async function listDoubtful(
  database: Database,
  filter: DoubtFilter,
  limit: number,
  after: number | undefined,
): Promise<readonly DoubtfulDossier[]> {
  const query = doubtfulBy(database, filter)
    .select(['f.id', 'f.code', 'f.kind', 'f.party', 'd.owner', 'f.found_at as foundAt'])
    .where('f.id', '>', after ?? 0);
  return query.orderBy('f.id').limit(limit).execute() as Promise<readonly DoubtfulDossier[]>;
}

export const countDoubtful = (database: Database, filter: DoubtFilter): Promise<Total> =>
  countUpTo(database, doubtfulBy(database, filter));

function doubtfulBy({ query: database }: Database, { kind, party, code }: DoubtFilter) {
  let query = database
    .selectFrom('doubtful_dossiers as f')
    .innerJoin('dossiers as d', 'd.code', 'f.code')
    .where('f.settled_at', 'is', null);
  if (kind !== undefined) query = query.where('f.kind', '=', kind);
  if (party !== undefined) query = query.where('f.party', '=', party);
  if (code !== undefined) query = query.where('f.code', '=', code);
  return query;
}

/**
 * Records within a transaction that an operator has checked one.
 *
 * @returns its dossier's code, undefined if none waits
 */
export async function settleDoubtful(
  tx: pg.PoolClient,
  id: number,
  by: string,
  at: string,
): Promise<string | undefined> {
  const { rows } = await tx.query<{ code: string }>(
    `UPDATE doubtful_dossiers SET settled_at = $3::timestamptz, settled_by = $2 WHERE id = $1 AND settled_at IS NULL
     RETURNING code`,
    [id, by, at],
  );
  return rows[0]?.code;
}
