import type { AddRoute } from '../route.ts';
import { addAnomalies } from './anomalies.ts';
import { addBackfills } from './backfills.ts';
import { addCodeTables, addEndedServices, addUnknownCodes } from './code-tables.ts';
import { addCompared } from './compared.ts';
import { addDeliveries } from './deliveries.ts';
import { addDossierStates } from './dossiers.ts';
import { addDoubtful } from './doubtful.ts';
import { addEvidence } from './evidence.ts';
import { addIncidentsAndAudit } from './incidents.ts';
import { addMessages } from './messages.ts';
import { addOwnKey } from './own-key.ts';
import { addParties } from './parties.ts';
import { addQuarantine } from './quarantine.ts';
import { addReplays } from './replays.ts';
import type { OperatorMeans } from './request.ts';

/** What operators see and do, under /api/v1/ops. Every order and every look at a body is in the audit. */
export function addOperators(add: AddRoute, means: OperatorMeans): void {
  addMessages(add, means);
  addDeliveries(add, means);
  addDossierStates(add, means);
  addEvidence(add, means);
  addReplays(add, means);
  addBackfills(add, means);
  addQuarantine(add, means);
  addParties(add, means);
  addCompared(add, means);
  addCodeTables(add, means);
  addUnknownCodes(add, means);
  addEndedServices(add, means);
  addAnomalies(add, means);
  addDoubtful(add, means);
  addIncidentsAndAudit(add, means);
  addOwnKey(add, means);
}
