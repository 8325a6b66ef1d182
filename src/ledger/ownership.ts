import type pg from 'pg';
import type { Doubt } from '#core/dossier/ownership';
import type { Database } from '../database/pool.ts';

/** When the rules of ownership came into force. Earlier messages count as they did at that time. */
export async function loadOwnedSince({ pool }: Database): Promise<string> {
  const { rows } = await pool.query<{ since: string }>('SELECT since FROM ownership');
  return rows[0]?.since ?? '';
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
  { pool }: Database,
  { kind, party, code }: DoubtFilter,
  limit: number,
  after: number | undefined,
): Promise<readonly DoubtfulDossier[]> {
  const { rows } = await pool.query<DoubtfulDossier>(
    `SELECT f.id, f.code, f.kind, f.party, d.owner, f.found_at AS "foundAt"
     FROM doubtful_dossiers f JOIN dossiers d ON d.code = f.code
     WHERE f.settled_at IS NULL AND ($1::text IS NULL OR f.kind = $1) AND ($2::text IS NULL OR f.party = $2)
       AND ($3::text IS NULL OR f.code = $3) AND f.id > $4 ORDER BY f.id LIMIT $5`,
    [kind, party, code, after ?? 0, limit],
  );
  return rows;
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
