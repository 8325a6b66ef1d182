import { auditSubject } from '#core/identifiers/audit-subject';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import { writeAudit } from '../ledger/audit.ts';
import { pauseParty } from '../ledger/party-states.ts';

/** The actor of a pause by the hub. */
const WHO = 'lienthong worker';

/** Pauses a party for the hub, with an audit entry. A party that is paused already stays unchanged. */
export async function pauseByHub(database: Database, party: string, why: string, nowMs: number): Promise<void> {
  await inTransaction(database, async (tx) => {
    if (!(await pauseParty(tx, party, WHO, nowMs))) return;
    await writeAudit(tx, { actor: WHO, action: 'party.pause', subject: auditSubject('party', party), why }, nowMs);
  });
}
