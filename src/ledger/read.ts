import type { FlowCount, FlowSpan } from '#core/flow/flow';
import { type TableVersion, versionsOf } from '#core/mapping/code-versions';
import { oneAfterAnother } from '../concurrency/batch-calls.ts';
import type { Looked } from '../database/newest-matching.ts';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';
import { type AnomalyFilter, listAnomalies } from './anomalies.ts';
import { type AskFilter, listAsks, type RecordedAsk } from './asks.ts';
import { type AuditFilter, listAudit, type StoredAuditEntry } from './audit.ts';
import { type CodeEntry, loadEntries } from './code-entries.ts';
import { type ComparisonQuery, comparePartners, type PartnerComparison } from './compare-partners.ts';
import {
  attemptsOf,
  type DeliveryFilter,
  deliveriesOfMessage,
  type ListedDelivery,
  listDeliveries,
  oneDelivery,
  type StoredAttempt,
  sharedCall,
} from './delivery-list.ts';
import { type DropMessage, type ListedDrop, listDrops, messagesOfDrop, oneDrop } from './dropped-files.ts';
import { countErased, type Erasure, type ErasureFilter, listErasures } from './erasures.ts';
import { type CurrentState, findCurrentStates } from './find-current-states.ts';
import { loadFlow } from './flow-totals.ts';
import { type IncidentNote, loadNotes } from './incident-notes.ts';
import { type Incident, type IncidentFilter, listIncidents, oneIncident } from './incidents.ts';
import { type Journey, loadChanges, loadJourney, type MadeChange } from './journey.ts';
import { type HoldFilter, type LegalHold, listHolds } from './legal-holds.ts';
import {
  listMappingChanges,
  loadMappingChange,
  type MappingFilter,
  type StoredMappingChange,
} from './mapping-changes.ts';
import { type ListedMessage, listMessages, type MessageFilter, oneMessage, type WholeMessage } from './message-list.ts';
import { type ItemResult, resultsOf } from './messages.ts';
import { type DoubtFilter, type DoubtfulDossier, listDoubtful } from './ownership.ts';
import { loadParties, type PartyOverview } from './party-health.ts';
import {
  type CauseFilter,
  listCauses,
  listWaiting,
  oneCause,
  type WaitingCause,
  type WaitingItemRow,
  waitingOfMessage,
} from './quarantine.ts';
import { loadReceipt, type ReceiptPage, type ReceiptPlace } from './receipts.ts';
import { loadReplays, type Replay } from './replays.ts';
import { createLedgerTotals, type LedgerTotals } from './totals.ts';

/**
 * Queries for operators. Lists are newest first and continue before the last id. Lists of waiting rows are oldest
 * first. A list that looks at a bounded number of rows may end early (`Looked`).
 */
export interface LedgerReader {
  readonly totals: LedgerTotals;
  messages(filter: MessageFilter, limit: number, before: string | undefined): Promise<Looked<ListedMessage>>;
  message(id: string): Promise<(WholeMessage & { readonly body: (() => Buffer) | undefined }) | undefined>;
  /** The results of all items of a receipt, message by message, in order. */
  resultsOf(receipt: string): AsyncIterable<readonly ItemResult[]>;
  /** The content of a receipt, part by part, after `after`. Undefined if it belongs to another party. */
  receipt(party: string, receipt: string, after: ReceiptPlace | undefined): Promise<ReceiptPage | undefined>;
  deliveriesOf(messageId: string, codes: readonly string[]): Promise<readonly ListedDelivery[]>;
  waitingOf(messageId: string): Promise<readonly WaitingItemRow[]>;
  deliveries(filter: DeliveryFilter, limit: number, before: number | undefined): Promise<Looked<ListedDelivery>>;
  delivery(id: number): Promise<ListedDelivery | undefined>;
  /** The dossiers that have a code, own or alias. */
  currentStates(code: string): Promise<readonly CurrentState[]>;
  /** What a message changed in the dossiers with these codes. */
  changesOf(
    message: Pick<ListedMessage, 'id' | 'receivedAt'>,
    codes: readonly string[],
  ): Promise<readonly MadeChange[]>;
  /** The messages and attempts of all systems about the dossier with this own code. */
  journey(code: string): Promise<Journey>;
  attempts(deliveryId: number): Promise<readonly StoredAttempt[]>;
  /** See sharedCall. */
  sharedCall(delivery: ListedDelivery, attempt: StoredAttempt): ReturnType<typeof sharedCall>;
  causes(filter: CauseFilter, limit: number, after: number | undefined): Promise<readonly WaitingCause[]>;
  cause(id: number): Promise<WaitingCause | undefined>;
  waiting(causeKey: string, limit: number, after: number | undefined): Promise<readonly WaitingItemRow[]>;
  replays(limit: number, before: number | undefined): Promise<readonly Replay[]>;
  replay(id: number): Promise<Replay | undefined>;
  /** The counted messages and attempts since a moment, of one party or of all. */
  flow(span: FlowSpan, sinceMs: number, party?: string): Promise<readonly FlowCount[]>;
  parties(nowMs: number): Promise<readonly PartyOverview[]>;
  /** The results of the same events at two parties. One comparison at a time, because each reads its whole period. */
  compared(question: ComparisonQuery): Promise<PartnerComparison>;
  incidents(filter: IncidentFilter, limit: number, before: number | undefined): Promise<readonly Incident[]>;
  incident(id: number): Promise<Incident | undefined>;
  /** The notes of operators about an incident, newest first. */
  incidentNotes(id: number): Promise<readonly IncidentNote[]>;
  anomalies(filter: AnomalyFilter, limit: number, before: string | undefined): ReturnType<typeof listAnomalies>;
  doubtful(filter: DoubtFilter, limit: number, after: number | undefined): Promise<readonly DoubtfulDossier[]>;
  /** Questions to registers, without their values and answers. */
  asks(filter: AskFilter, limit: number, before: string | undefined): Promise<Looked<RecordedAsk>>;
  /** The files of a party that sends tables. */
  drops(party: string, limit: number, before: number | undefined): Promise<readonly ListedDrop[]>;
  drop(party: string, id: number): Promise<ListedDrop | undefined>;
  /** The messages of a file, in order. */
  messagesOfDrop(party: string, receipt: string): Promise<readonly DropMessage[]>;
  audit(filter: AuditFilter, limit: number, before: number | undefined): Promise<Looked<StoredAuditEntry>>;
  holds(filter: HoldFilter, limit: number, before: number | undefined): Promise<readonly LegalHold[]>;
  /** How many dossiers and records were erased so far. */
  erased(): ReturnType<typeof countErased>;
  erasures(filter: ErasureFilter, limit: number, before: number | undefined): Promise<readonly Erasure[]>;
  /** All versions of code entries, of one party or of all. */
  codeEntries(party: string | undefined): Promise<readonly CodeEntry[]>;
  /** Changes of code tables, with drafts and refused ones. */
  mappingChanges(
    filter: MappingFilter,
    limit: number,
    before: number | undefined,
  ): Promise<readonly StoredMappingChange[]>;
  mappingChange(id: number): Promise<StoredMappingChange | undefined>;
  /** The versions of a code table, oldest first. */
  tableVersions(party: string, table: string): Promise<readonly TableVersion[]>;
}

export function createLedgerReader(database: Database, vault: Vault): LedgerReader {
  const inTurn = oneAfterAnother();
  return {
    messages: (filter, limit, before) => listMessages(database, filter, limit, before),
    totals: createLedgerTotals(database),
    async message(id) {
      const message = await oneMessage(database, id);
      const sealed = message?.sealed;
      return message && { ...message, body: sealed && (() => vault.open(sealed)) };
    },
    resultsOf: (receipt) => resultsOf(database, receipt),
    receipt: (party, receipt, after) => loadReceipt(database, vault, party, receipt, after),
    deliveriesOf: (messageId, codes) => deliveriesOfMessage(database, messageId, codes),
    waitingOf: (messageId) => waitingOfMessage(database, messageId),
    deliveries: (filter, limit, before) => listDeliveries(database, filter, limit, before),
    delivery: (id) => oneDelivery(database, id),
    currentStates: (code) => findCurrentStates(database, code),
    changesOf: (message, codes) => loadChanges(database, message, codes),
    journey: (code) => loadJourney(database, code),
    attempts: (id) => attemptsOf(database, vault, id),
    sharedCall: (delivery, attempt) => sharedCall(database, delivery, attempt),
    causes: (filter, limit, after) => listCauses(database, filter, limit, after),
    cause: (id) => oneCause(database, id),
    waiting: (causeKey, limit, after) => listWaiting(database, causeKey, limit, after),
    replays: (limit, before) => loadReplays(database, limit, before === undefined ? {} : { before }),
    replay: async (id) => (await loadReplays(database, 1, { id }))[0],
    flow: (span, sinceMs, party) => loadFlow(database, span, sinceMs, party),
    parties: (nowMs) => loadParties(database, nowMs),
    compared: (question) => inTurn(() => comparePartners(database, question)),
    incidents: (filter, limit, before) => listIncidents(database, filter, limit, before),
    incident: (id) => oneIncident(database, id),
    incidentNotes: (id) => loadNotes(database, id),
    asks: (filter, limit, before) => listAsks(database, filter, limit, before),
    drops: (party, limit, before) => listDrops(database, vault, party, limit, before),
    drop: (party, id) => oneDrop(database, vault, party, id),
    messagesOfDrop: (party, receipt) => messagesOfDrop(database, vault, party, receipt),
    anomalies: (filter, limit, before) => listAnomalies(database, filter, limit, before),
    doubtful: (filter, limit, after) => listDoubtful(database, filter, limit, after),
    audit: (filter, limit, before) => listAudit(database, filter, limit, before),
    holds: (filter, limit, before) => listHolds(database, filter, limit, before),
    erased: () => countErased(database),
    erasures: (filter, limit, before) => listErasures(database, filter, limit, before),
    codeEntries: (party) => loadEntries(database, party),
    mappingChanges: (filter, limit, before) => listMappingChanges(database, filter, limit, before),
    mappingChange: (id) => loadMappingChange(database, id),
    tableVersions: async (party, table) =>
      versionsOf((await loadEntries(database, party)).filter((entry) => entry.table === table)),
  };
}
