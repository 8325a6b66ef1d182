import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import { storable } from '#core/vietnamese/text';
import type { Database } from '../database/pool.ts';

/** What an operator states about an incident, for the report of the supplier. The newest one counts. */
export interface IncidentNote {
  readonly at: string;
  /** The id of the operator's key. */
  readonly who: string;
  /** The cause as found. Null: the cause that the hub stored is right. */
  readonly cause: string | null;
  /** The action that was taken. */
  readonly action: string;
}

export async function writeNote(
  tx: pg.PoolClient,
  incident: number,
  { who, cause, action }: Omit<IncidentNote, 'at'>,
  nowMs: number,
): Promise<void> {
  await tx.query({
    name: 'note incident',
    text: `INSERT INTO incident_notes (incident_id, at, who, cause, action) VALUES ($1, $2::timestamptz, $3, $4, $5)`,
    values: [incident, msToInstant(nowMs), who, cause === null ? null : storable(cause), storable(action)],
  });
}

/** The statements about an incident, newest first. */
export async function loadNotes(database: Database, incident: number): Promise<readonly IncidentNote[]> {
  const { rows } = await database.pool.query<IncidentNote>({
    name: 'notes of an incident',
    text: 'SELECT at, who, cause, action FROM incident_notes WHERE incident_id = $1 ORDER BY id DESC',
    values: [incident],
  });
  return rows;
}
