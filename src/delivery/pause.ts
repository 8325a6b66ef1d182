import { auditSubject } from '#core/identifiers/audit-subject';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import { writeAudit } from '../ledger/audit.ts';
import { pauseParty } from '../ledger/party-states.ts';

/** Who paused a party where no officer did. */
const WHO = 'lienthong worker';

/** Pause a party as an officer does, by the hub itself; one that is paused already stays as it is. */
export async function pauseByHub(database: Database, party: string, why: string, nowMs: number): Promise<void> {
  await inTransaction(database, async (tx) => {
    if (!(await pauseParty(tx, party, WHO, nowMs))) return;
    await writeAudit(tx, { actor: WHO, action: 'party.pause', subject: auditSubject('party', party), why }, nowMs);
  });
}
