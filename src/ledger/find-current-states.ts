import { namesOfDossiers } from '../database/names-of-dossiers.ts';
import type { Database } from '../database/pool.ts';
import type { ScanState } from './files.ts';

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
  /** The files that it names, newest first, at most a hundred. */
  readonly files: readonly NamedFile[];
}

/** A file of a dossier, without its name. */
export interface NamedFile {
  readonly file: string;
  readonly bytes: number;
  readonly mediaType: string;
  readonly scan: ScanState;
  readonly party: string;
}

/** The dossiers with this code, own or alias. Two systems may have given it to different dossiers. */
export async function findCurrentStates(database: Database, code: string): Promise<readonly CurrentState[]> {
  const { rows } = await database.pool.query<CurrentState>({
    name: 'current states',
    text: `SELECT code, owner AS party, status, status_at AS "statusAt", due_at AS "dueAt", version, changed_at AS "changedAt",
             erased_at AS "erasedAt", (SELECT min(hold_id) FROM held_subjects h WHERE h.subject = dossiers.code) AS "legalHold",
             coalesce((SELECT json_agg(one) FROM (
               SELECT 'sha256:' || f.sha256 AS file, f.bytes, f.media_type AS "mediaType", f.scan, min(u.party) AS party
               FROM ${namesOfDossiers('SELECT dossiers.code')} name
                 JOIN file_uses u ON u.code = name.code AND (name.party IS NULL OR u.party = name.party)
                 JOIN files f ON f.sha256 = u.sha256 AND f.state = 'stored'
               GROUP BY f.sha256 ORDER BY f.stored_at DESC, f.sha256 LIMIT 100) one), '[]') AS files
           FROM dossiers WHERE code = $1 OR code = ANY (ARRAY(SELECT dossier FROM aliases WHERE code = $1)) ORDER BY code`,
    values: [code],
  });
  return rows;
}
