import type { WaitingItem } from '#core/dossier/item';
import type { Sender } from '#core/dossier/ownership';
import { recipients, type Subject } from '#core/dossier/route';
import { keptCause } from '#core/masking/kept-problem';
import type { Problem } from '#core/problem';
import type { Operation } from '#schemas/operations';
import type { CatalogueRow } from '../catalogue/catalogue.ts';
import type { UnknownCodeRow } from '../catalogue/known-codes.ts';
import type { ChangeRow } from '../index/changes.ts';
import type { AliasRow } from '../index/dossiers.ts';
import type { CorrectedRow, EventRow } from '../index/events.ts';
import type { RecordChangeRow } from '../index/record-changes.ts';
import type { RecordEventRow } from '../index/record-events.ts';
import type { DeliveryRow } from '../ledger/deliveries.ts';
import type { FetchRow } from '../ledger/file-fetches.ts';
import type { FileUse } from '../ledger/files.ts';
import type { IdempotencyRow } from '../ledger/idempotency.ts';
import type { ItemResult, MessageRow } from '../ledger/messages.ts';
import { isOfCatalogue } from '../ledger/messages.ts';
import { CAUSE_CHANGED, type QuarantineRow } from '../ledger/quarantine.ts';
import type { Accepted, Submission } from '../ledger/submission.ts';
import type { AcceptDeps } from './accept-deps.ts';

/** All rows that a batch writes. */
export interface Rows {
  readonly accepted: Accepted[];
  readonly messages: MessageRow[];
  readonly idempotency: IdempotencyRow[];
  /** By party and code. */
  readonly aliases: Map<string, AliasRow>;
  readonly entries: Map<string, CatalogueRow>;
  /** Versions of these entries from earlier messages of the batch. */
  readonly overtaken: CatalogueRow[];
  readonly events: EventRow[];
  /** Earlier events that events of the batch replace. */
  readonly corrected: CorrectedRow[];
  readonly deliveries: DeliveryRow[];
  readonly waiting: QuarantineRow[];
  readonly settled: { readonly id: number; readonly at: string; readonly settlement: string }[];
  /** By kind, code and party, because a statement writes a row once. */
  readonly unknown: Map<string, UnknownCodeRow>;
  readonly changes: ChangeRow[];
  /** Dossiers with an event that is not among the changes. */
  readonly recounts: Set<string>;
  readonly recordEvents: RecordEventRow[];
  readonly recordChanges: RecordChangeRow[];
  /** By file, party and code. */
  readonly fileUses: Map<string, FileUse>;
  /** By party, code and address. */
  readonly fileFetches: Map<string, FetchRow>;
}

export function noRows(): Rows {
  return {
    accepted: [],
    messages: [],
    idempotency: [],
    aliases: new Map(),
    entries: new Map(),
    overtaken: [],
    events: [],
    corrected: [],
    deliveries: [],
    waiting: [],
    settled: [],
    unknown: new Map(),
    changes: [],
    recounts: new Set(),
    recordEvents: [],
    recordChanges: [],
    fileUses: new Map(),
    fileFetches: new Map(),
  };
}

/** One item of a batch, and the rows for its results. */
export interface Place {
  readonly deps: AcceptDeps;
  readonly submission: Submission;
  /** The id of the submission's message. */
  readonly id: string;
  /** The message and position of the item, and when it arrived. For a released item those of the earlier message. */
  readonly source: { readonly messageId: string; readonly item: number; readonly receivedAt: string };
  readonly index: number;
  readonly rows: Rows;
  readonly sender: Sender;
  /** The parties whose routes apply. Undefined: the sender's. */
  readonly routedFrom?: readonly string[];
}

/** Adds a delivery for each recipient of the routes that begin with the sender, or with the parties of the place. */
export function route(
  { deps, submission, source, rows, routedFrom: from = [submission.party] }: Place,
  operation: Operation,
  subject: string,
  seq: number,
  of: Subject,
  owner?: string,
): void {
  for (const party of new Set(from.flatMap((one) => recipients(deps.routes, one, operation, of, owner))))
    rows.deliveries.push({
      party,
      operation,
      subject,
      seq,
      messageId: source.messageId,
      createdAt: submission.receivedAt,
      sender: submission.party,
    });
}

/** The result of an item that waits. A released item moves in the quarantine if it now waits for another cause. */
export function quarantine({ submission, source, rows, index }: Place, item: WaitingItem): ItemResult {
  const { released } = submission;
  // The catalogue is public, and operators compare its names.
  const cause = isOfCatalogue(item.operation) ? item.cause : keptCause(item.cause);
  if (released && released.causeKey !== cause.key) settleWaiting({ submission, rows }, CAUSE_CHANGED);
  if (released?.causeKey !== cause.key) addToQuarantine({ submission, source, rows }, { ...item, cause });
  return { index, ...codeMember(item.code), outcome: 'quarantined', problems: item.problems };
}

/** Adds an item to the quarantine. */
export function addToQuarantine(
  { submission, source, rows }: Pick<Place, 'submission' | 'source' | 'rows'>,
  item: WaitingItem,
): void {
  rows.waiting.push({
    cause: item.cause,
    party: submission.party,
    operation: item.operation,
    code: item.code,
    messageId: source.messageId,
    item: source.item,
    openedAt: submission.receivedAt,
  });
}

/** Settles the quarantine row of a released item. */
export function settleWaiting({ submission, rows }: Pick<Place, 'submission' | 'rows'>, outcome: string): void {
  const { released } = submission;
  // Two releases of one item may share a batch. The row is settled once.
  if (released && !rows.settled.some(({ id }) => id === released.quarantineId))
    rows.settled.push({ id: released.quarantineId, at: submission.receivedAt, settlement: outcome });
}

export function withWarnings(result: ItemResult, warnings: readonly Problem[]): ItemResult {
  return warnings.length > 0 ? { ...result, warnings: [...(result.warnings ?? []), ...warnings] } : result;
}

export function codeMember(code: string | undefined): { readonly code?: string } {
  return code === undefined ? {} : { code };
}
