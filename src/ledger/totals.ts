import type { Total } from '../database/count-up-to.ts';
import type { Database } from '../database/pool.ts';
import { type AnomalyFilter, countListedAnomalies } from './anomalies.ts';
import { type AskFilter, countAsks } from './asks.ts';
import { type AuditFilter, countAudit } from './audit.ts';
import { countDeliveries, type DeliveryFilter } from './delivery-list.ts';
import { countDrops } from './dropped-files.ts';
import { countErasures, type ErasureFilter } from './erasures.ts';
import { countIncidents, type IncidentFilter } from './incidents.ts';
import { countHoldsBy, type HoldFilter } from './legal-holds.ts';
import { countMappingChanges, type MappingFilter } from './mapping-changes.ts';
import { countMessages, type MessageFilter } from './message-list.ts';
import { countDoubtful, type DoubtFilter } from './ownership.ts';
import { type CauseFilter, countCauses, countWaitingFor } from './quarantine.ts';
import { countReplays } from './replays.ts';

/** How many rows of each list for operators match its filter. */
export interface LedgerTotals {
  messages(filter: MessageFilter): Promise<Total>;
  deliveries(filter: DeliveryFilter): Promise<Total>;
  causes(filter: CauseFilter): Promise<Total>;
  waiting(causeKey: string): Promise<Total>;
  replays(): Promise<Total>;
  incidents(filter: IncidentFilter): Promise<Total>;
  anomalies(filter: AnomalyFilter): Promise<Total>;
  doubtful(filter: DoubtFilter): Promise<Total>;
  asks(filter: AskFilter): Promise<Total>;
  drops(party: string): Promise<Total>;
  audit(filter: AuditFilter): Promise<Total>;
  holds(filter: HoldFilter): Promise<Total>;
  erasures(filter: ErasureFilter): Promise<Total>;
  mappingChanges(filter: MappingFilter): Promise<Total>;
}

export function createLedgerTotals(database: Database): LedgerTotals {
  return {
    messages: (filter) => countMessages(database, filter),
    deliveries: (filter) => countDeliveries(database, filter),
    causes: (filter) => countCauses(database, filter),
    waiting: (causeKey) => countWaitingFor(database, causeKey),
    replays: () => countReplays(database),
    incidents: (filter) => countIncidents(database, filter),
    anomalies: (filter) => countListedAnomalies(database, filter),
    doubtful: (filter) => countDoubtful(database, filter),
    asks: (filter) => countAsks(database, filter),
    drops: (party) => countDrops(database, party),
    audit: (filter) => countAudit(database, filter),
    holds: (filter) => countHoldsBy(database, filter),
    erasures: (filter) => countErasures(database, filter),
    mappingChanges: (filter) => countMappingChanges(database, filter),
  };
}
