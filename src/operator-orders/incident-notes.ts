import { auditSubject } from '#core/identifiers/audit-subject';
import { inTransaction } from '../database/transaction.ts';
import { writeAudit } from '../ledger/audit.ts';
import { type IncidentNote, writeNote } from '../ledger/incident-notes.ts';
import type { HubContext } from '../process/hub-context.ts';

/** Stores what an operator states about an incident. The audit records it. */
export type NoteIncident = (incident: number, note: Omit<IncidentNote, 'at'>) => Promise<void>;

export function createNoteIncident({ database, nowMs }: Pick<HubContext, 'database' | 'nowMs'>): NoteIncident {
  return (incident, note) =>
    inTransaction(database, async (tx) => {
      await writeNote(tx, incident, note, nowMs());
      const subject = auditSubject('incident', incident);
      await writeAudit(tx, { actor: note.who, action: 'incident.note', subject, why: note.action }, nowMs());
    });
}
