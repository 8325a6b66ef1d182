import type { Database } from '../database/pool.ts';

/** The current state of a dossier, without personal data. */
export interface CurrentState {
  readonly code: string;
  /** The party that owns the dossier. */
  readonly party: string;
  readonly status: string;
  readonly statusAt: string;
  readonly dueAt: string | null;
  /** The number of recorded events. A delivery with a lower number belongs to an earlier state. */
  readonly version: number;
  readonly changedAt: string;
  /** When its personal data was erased. */
  readonly erasedAt: string | null;
  /** A legal hold in force that names it. */
  readonly legalHold: number | null;
}

/** The dossiers with this code, own or alias. Two systems may have given it to different dossiers. */
export async function findCurrentStates(database: Database, code: string): Promise<readonly CurrentState[]> {
  const { rows } = await database.pool.query<CurrentState>({
    name: 'current states',
    text: `SELECT code, owner AS party, status, status_at AS "statusAt", due_at AS "dueAt", version, changed_at AS "changedAt",
             erased_at AS "erasedAt", (SELECT min(hold_id) FROM held_subjects h WHERE h.subject = dossiers.code) AS "legalHold"
           FROM dossiers WHERE code = $1 OR code IN (SELECT dossier FROM aliases WHERE code = $1) ORDER BY code`,
    values: [code],
  });
  return rows;
}
