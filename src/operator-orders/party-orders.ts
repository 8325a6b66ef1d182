import { msToInstant } from '#core/dates/dates';
import { auditSubject } from '#core/identifiers/audit-subject';
import { inTransaction } from '../database/transaction.ts';
import { writeAudit } from '../ledger/audit.ts';
import { settleDoubtful } from '../ledger/ownership.ts';
import { pauseParty, resumeParty } from '../ledger/party-states.ts';
import { makePullsDue } from '../ledger/pulls.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { Queue } from '../queue/port.ts';
import { auditEntry, type OrderedBy } from './ordered-by.ts';

type Hub = Pick<HubContext, 'database' | 'alerts' | 'nowMs'>;

/** Orders about one party, and about one doubtful dossier. */
export interface PartyOrders {
  pause(party: string, by: OrderedBy): Promise<void>;
  resume(party: string, by: OrderedBy): Promise<void>;
  /** Pulls at the next look of a scheduler, within a second. */
  pull(party: string, names: readonly string[], by: OrderedBy): Promise<void>;
  /**
   * Removes a doubtful dossier from the list.
   *
   * @returns its code; undefined if no waiting one has this id
   */
  settleDoubtful(id: number, by: OrderedBy): Promise<string | undefined>;
}

export function createPartyOrders({ database, alerts, nowMs }: Hub, queue: Queue): PartyOrders {
  const audit = (action: string, subject: string, by: OrderedBy): Promise<void> =>
    writeAudit(database.pool, auditEntry(action, subject, by), nowMs());
  return {
    async pause(party, by) {
      await audit('party.pause', auditSubject('party', party), by);
      await pauseParty(database.pool, party, by.who, nowMs());
    },
    async resume(party, by) {
      await audit('party.resume', auditSubject('party', party), by);
      // First, because the partner's next answer may open another incident.
      await alerts.close(party, ['paused-by-partner']);
      await resumeParty(database, party);
      await queue.notify([party]);
    },
    async pull(party, names, by) {
      await audit('party.pull', auditSubject('party', party, names.join(' ')), by);
      await makePullsDue(database, party, names, nowMs());
    },
    settleDoubtful: (id, by) =>
      inTransaction(database, async (tx) => {
        const code = await settleDoubtful(tx, id, by.who, msToInstant(nowMs()));
        const subject = code !== undefined && auditSubject('dossier', code);
        if (subject) await writeAudit(tx, auditEntry('doubtful.settle', subject, by), nowMs());
        return code;
      }),
  };
}
