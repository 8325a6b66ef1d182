import { auditSubject } from '#core/identifiers/audit-subject';
import { storable } from '#core/vietnamese/text';
import { createAuditLimit } from '../audit-limit.ts';
import { bearerOf } from '../auth.ts';
import { refusalOf } from '../problem.ts';
import type { AddRoute } from '../route.ts';
import { addAgencies } from './agencies.ts';
import { addAnomalies } from './anomalies.ts';
import { addAskList } from './asks.ts';
import { addBackfills } from './backfills.ts';
import { addCodeTables, addEndedServices, addUnknownCodes } from './code-tables.ts';
import { addCompared } from './compared.ts';
import { addCountedDossiers } from './counted-dossiers.ts';
import { addDeliveries } from './deliveries.ts';
import { addDossierStates } from './dossiers.ts';
import { addDoubtful } from './doubtful.ts';
import { addDroppedFiles } from './drops.ts';
import { addDueDossiers } from './due-dossiers.ts';
import { addPersonErasure } from './erasures.ts';
import { addEvidence } from './evidence.ts';
import { addFlow, addRoutes } from './flow.ts';
import { addIncidentsAndAudit } from './incidents.ts';
import { addJourney } from './journey.ts';
import { addLegalHolds } from './legal-holds.ts';
import { addLookUpsAtParty } from './look-ups-at-party.ts';
import { addMappings } from './mappings.ts';
import { addMessages } from './messages.ts';
import { addOwnKey } from './own-key.ts';
import { addParties } from './parties.ts';
import { addQuarantine } from './quarantine.ts';
import { addRecordOrders } from './record-orders.ts';
import { addRecordQueue } from './record-queue.ts';
import { addReplays } from './replays.ts';
import { OPS, type OperatorContext } from './request.ts';
import { addRetention } from './retention.ts';
import { addSavedFilters } from './saved-filters.ts';
import { addTroubledRecords } from './troubled-records.ts';

/** The operators' API under /api/v1/ops. The audit records every order and every read of a body. */
export function addOperators(addRoute: AddRoute, hub: OperatorContext): void {
  const add = auditingRefusals(addRoute, hub);
  addMessages(add, hub);
  addDeliveries(add, hub);
  addDossierStates(add, hub);
  addJourney(add, hub);
  addCountedDossiers(add, hub);
  addDueDossiers(add, hub);
  addEvidence(add, hub);
  addReplays(add, hub);
  addBackfills(add, hub);
  addQuarantine(add, hub);
  addRecordQueue(add, hub);
  addRecordOrders(add, hub);
  addTroubledRecords(add, hub);
  addParties(add, hub);
  addDroppedFiles(add, hub);
  addFlow(add, hub);
  addRoutes(add, hub);
  addCompared(add, hub);
  addLookUpsAtParty(add, hub);
  addCodeTables(add, hub);
  addMappings(add, hub);
  addUnknownCodes(add, hub);
  addEndedServices(add, hub);
  addAnomalies(add, hub);
  addDoubtful(add, hub);
  addAskList(add, hub);
  addIncidentsAndAudit(add, hub);
  addRetention(add, hub);
  addLegalHolds(add, hub);
  addPersonErasure(add, hub);
  addOwnKey(add, hub);
  addAgencies(add, hub);
  addSavedFilters(add, hub);
}

const LONGEST_ORDER = 200;

/** Audits refused orders of a known key too, within a limit. */
function auditingRefusals(add: AddRoute, { keys, audit, nowMs }: OperatorContext): AddRoute {
  const limited = createAuditLimit({ audit, nowMs });
  return (doc, handler) => {
    if (doc.method !== 'post') return add(doc, handler);
    add(doc, async (c) => {
      try {
        return await handler(c);
      } catch (error) {
        const { status, kind } = refusalOf(error);
        const key = keys.bySecret(bearerOf(c) ?? '') ?? keys.byClient(c)?.key;
        const name = storable(c.req.path.slice(OPS.length + 1)).slice(0, LONGEST_ORDER);
        const subject = auditSubject('order', name);
        if (key && status < 500)
          await limited.write({ actor: key.id, action: 'order.refused', subject, why: `${status} ${kind}` });
        throw error;
      }
    });
  };
}
