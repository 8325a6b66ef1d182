import type { CodeTable } from '#core/identifiers/codes';
import { listed, type Problem, problem } from '#core/problem';
import { say } from '#messages/message';
import type { Operation } from '#schemas/operations';
import { oneAfterAnother } from '../concurrency/batch-calls.ts';
import type { CodeEntries, CodeEntry } from '../ledger/code-entries.ts';
import type { DeliveryFilter } from '../ledger/delivery-list.ts';
import type { WaitingCause } from '../ledger/quarantine.ts';
import { previewReplay, type ReplayOutcome, type ReplayPreview } from '../ledger/replays.ts';
import type { Readers } from '../parties/read-again.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { Queue } from '../queue/port.ts';
import { type Backfill, type BackfillPreview, isRoutedTo, previewBackfill } from './backfill.ts';
import { type Candidate, candidatesFor } from './candidates.ts';
import { type CodeLine, type CodeOrders, createCodeOrders, type PartyTable, withCommonCode } from './code-orders.ts';
import { createReadApplied } from './corrections.ts';
import { createNoteIncident, type NoteIncident } from './incident-notes.ts';
import {
  type EffectOptions,
  tryMapping as effectOfMapping,
  type MappingChange,
  type MappingEffect,
  type MappingEffectDeps,
} from './mapping-effect.ts';
import { createMappingOrders, type MappingOrders } from './mapping-orders.ts';
import type { OrderedBy } from './ordered-by.ts';
import { createPartyOrders, type PartyOrders } from './party-orders.ts';
import { type CodePreview, previewCode } from './preview-codes.ts';
import { createReadMessage, type ReadMessage } from './read-message.ts';
import { createRecordOrders, type OrderRecord, ordersFor, type RecordOrdersDeps } from './record-orders.ts';
import { replayOne, startBackfill, startReplay, stopRun } from './replay-orders.ts';
import { type Resolved, type ResolveOrder, resolveCause, type Unresolved } from './resolve.ts';
import type { OrderRunner } from './run.ts';

export interface OrdersDeps extends Omit<MappingEffectDeps, 'codes'>, RecordOrdersDeps {
  readonly queue: Queue;
  readonly codes: CodeEntries;
  /** The code tables of the doors, for every sender. */
  readonly doorTables: readonly CodeTable[];
  /** The readers of the doors. */
  readonly readers: Readers;
  /** Carries out the orders. */
  readonly runner: OrderRunner;
}

/**
 * The orders that operators can give. Each is in the audit: stored together with its effect, or just before it where the effect
 * is not written in one transaction (to pause, to resume and to pull a party, to stop a run).
 */
export interface Orders extends PartyOrders {
  /** Resolves the cause of a row in the quarantine. Everything that waits for it is released, in order. */
  resolve(id: number, order: ResolveOrder, by: OrderedBy): Promise<Resolved | Unresolved>;
  /** Carries out an order about a question or a petition. */
  readonly orderRecord: OrderRecord;
  /** The orders that are possible for a question or a petition now. */
  readonly ordersFor: typeof ordersFor;
  candidates(cause: WaitingCause): Promise<readonly Candidate[]>;
  /** The code tables of a party. */
  tablesOf(party: string): readonly PartyTable[];
  /** Enters a line of a code table, and releases the items that wait for it. */
  enterCode(line: CodeLine, by: OrderedBy): Promise<CodeEntry | { readonly problems: readonly Problem[] }>;
  /** What a line would have changed in the party's messages of the last days. Changes nothing. One preview at a time. */
  previewCode(
    line: CodeLine,
    options: Pick<EffectOptions, 'days' | 'page' | 'mostMs'>,
  ): Promise<CodePreview | { readonly problems: readonly Problem[] }>;
  /** What a change of lines or settings would have changed. Changes nothing. One at a time. */
  tryMapping(
    change: MappingChange,
    options: EffectOptions,
  ): Promise<MappingEffect | { readonly problems: readonly Problem[] }>;
  /** Changes of code tables by two officers. */
  readonly mappings: MappingOrders;
  /**
   * Replays one delivery.
   *
   * @returns undefined if no delivery has this id
   */
  replay(id: number, by: OrderedBy): Promise<ReplayOutcome | undefined>;
  preview(filter: DeliveryFilter): Promise<ReplayPreview>;
  /**
   * Begins a replay of all deliveries that match the filter now.
   *
   * @returns its id
   */
  startReplay(filter: DeliveryFilter, perSecond: number, by: OrderedBy): Promise<number>;
  /** Whether any route delivers dossiers, or records of this operation, to a party. No other party can have a backfill. */
  isRoutedTo(party: string, operation?: Operation): boolean;
  /** How much a backfill would deliver. */
  previewBackfill(order: Backfill): Promise<BackfillPreview>;
  /**
   * Begins to deliver what the routes send a party and it never received.
   *
   * @returns the run's id
   */
  startBackfill(order: Backfill, perSecond: number, by: OrderedBy): Promise<number>;
  /** @returns false if it was not running */
  stopReplay(id: number, by: OrderedBy): Promise<boolean>;
  /** How the hub reads a stored message, for an operator who looks at it. */
  readonly readMessage: ReadMessage;
  /** Stores the cause of an incident and what was done about it. */
  readonly noteIncident: NoteIncident;
}

export function createOrders(hub: HubContext, deps: OrdersDeps): Orders {
  const { database, nowMs, telemetry } = hub;
  const { queue, parties, codes, routes, runner } = deps;
  const codeOrders = createCodeOrders(hub, parties, deps.doorTables);
  const { tablesOf } = codeOrders;
  // Each preview reads much, so one runs at a time.
  const afterOthers = oneAfterAnother();

  /** The order is stored. If it fails now, the scheduler tries again. */
  const runAll = (): Promise<void> => runner.runAll().catch((error) => telemetry.failed('carry out', error));

  async function runWithNewCodes(): Promise<void> {
    await codes.reload();
    await runAll();
  }

  const tryMapping = createTryMapping(hub, deps, codeOrders, afterOthers);
  const readApplied = createReadApplied(hub, deps);

  return {
    ...createPartyOrders(hub, queue),
    orderRecord: createRecordOrders(hub, deps),
    ordersFor,
    tablesOf,
    candidates: (cause) => candidatesFor(database, cause, cause.parties.flatMap(tablesOf)),
    resolve: (id, order, by) => resolveCause(hub, { codeOrders, run: runWithNewCodes }, id, order, by),
    async enterCode(line, by) {
      const entered = await codeOrders.enter(line, by);
      if (!('problems' in entered)) await runWithNewCodes();
      return entered;
    },
    async previewCode(given, options) {
      const line = withCommonCode(given);
      const wrong = await codeOrders.problemOf(line);
      if (wrong) return { problems: [wrong] };
      return afterOthers(() => previewCode(hub, deps, line, options));
    },
    tryMapping,
    mappings: createMappingOrders(hub, { codeOrders, tryMapping, readApplied, run: runWithNewCodes }),
    replay: (id, by) => replayOne(hub, queue, id, by),
    preview: (filter) => previewReplay(database, filter, nowMs()),
    async startReplay(filter, perSecond, by) {
      const id = await startReplay(hub, filter, perSecond, by);
      await runAll();
      return id;
    },
    isRoutedTo: (party, operation) => isRoutedTo(routes, party, operation),
    previewBackfill: (order) => afterOthers(() => previewBackfill(hub, routes, order)),
    async startBackfill(order, perSecond, by) {
      const missing = await afterOthers(() => previewBackfill(hub, routes, order));
      const id = await startBackfill(hub, missing, order, perSecond, by);
      await runAll();
      return id;
    },
    stopReplay: (id, by) => stopRun(hub, id, by),
    readMessage: createReadMessage(hub, deps),
    noteIncident: createNoteIncident(hub),
  };
}

function createTryMapping(
  hub: HubContext,
  deps: OrdersDeps,
  codeOrders: CodeOrders,
  afterOthers: ReturnType<typeof oneAfterAnother>,
): Orders['tryMapping'] {
  return async (change, options) => {
    const lines = change.lines.map(withCommonCode);
    if (!change.applied && !deps.parties.has(change.party)) {
      const expected = say('one-of-parties', { list: listed([...deps.parties.keys()]) });
      return { problems: [problem('/party', 'unexpected', { got: change.party, expected })] };
    }
    const problems = await codeOrders.problemsOf(change.party, lines);
    if (problems.length > 0) return { problems };
    return afterOthers(() => effectOfMapping(hub, deps, { ...change, lines }, options));
  };
}
