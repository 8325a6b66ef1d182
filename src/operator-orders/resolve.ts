import type pg from 'pg';
import { auditSubject } from '#core/identifiers/audit-subject';
import { type Problem, problem } from '#core/problem';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { inTransaction } from '../database/transaction.ts';
import { writeAudit } from '../ledger/audit.ts';
import { type CodeEntry, meaningsOf } from '../ledger/code-entries.ts';
import { findCause, oneCause, type WaitingCause } from '../ledger/quarantine.ts';
import {
  addResolution,
  type Decided,
  decidedOf,
  loadResolution,
  lockCause,
  type Resolution,
} from '../ledger/resolutions.ts';
import type { HubContext } from '../process/hub-context.ts';
import { type CodeLine, type CodeOrders, enterLines } from './code-orders.ts';
import { auditEntry, type OrderedBy } from './ordered-by.ts';

export type ResolveOrder =
  | {
      readonly action: 'map';
      /** The new value of the code. */
      readonly to: string;
      /** As in the cause, if given. */
      readonly table?: string | undefined;
      readonly from?: string | undefined;
      /** Only for one party. Otherwise for all parties whose items wait for the cause. */
      readonly party?: string | undefined;
    }
  | { readonly action: 'release' | 'dismiss'; readonly party?: string | undefined };

export interface Resolved {
  readonly resolution: Resolution;
  readonly entries: readonly CodeEntry[];
  /** Items and deliveries that still wait for the same cause. */
  readonly stillWaiting: number;
}

export type Unresolved =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'nothing-waits' }
  /** Another operator came first and decided differently. */
  | { readonly kind: 'decided'; readonly decided: Decided }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

type Hub = Pick<HubContext, 'database' | 'nowMs'>;

export interface ResolveDeps {
  readonly codeOrders: CodeOrders;
  /** Carries out the decision, as far as possible now. */
  readonly run: () => Promise<void>;
}

/** Resolves the cause of a row in the quarantine. */
export async function resolveCause(
  hub: Hub,
  { codeOrders, run }: ResolveDeps,
  id: number,
  order: ResolveOrder,
  by: OrderedBy,
): Promise<Resolved | Unresolved> {
  const { database } = hub;
  const cause = await oneCause(database, id);
  if (!cause) {
    const waited = await findCause(database, id);
    if (!waited) return { kind: 'unknown' };
    return (await decidedOtherwise(hub, database.pool, waited, [waited.party], order)) ?? { kind: 'nothing-waits' };
  }
  const concerned = order.party === undefined ? cause.parties : cause.parties.filter((one) => one === order.party);
  if (concerned.length === 0)
    return invalid([
      problem('/party', 'unexpected', { got: received(order.party), expected: say('one-of', { list: cause.parties }) }),
    ]);
  const { lines, problems } =
    order.action === 'map' ? await linesOf(codeOrders, cause, concerned, order) : { lines: [], problems: [] };
  if (problems.length > 0) return invalid(problems);
  const decided = await decide(hub, cause, concerned, lines, order, by);
  if ('kind' in decided) return decided;
  await run();
  const resolution = (await loadResolution(database, decided.resolution)) as Resolution;
  const left = await oneCause(database, id);
  return { resolution, entries: decided.entries, stillWaiting: left ? left.items + left.deliveries : 0 };
}

function invalid(problems: readonly Problem[]): Unresolved {
  return { kind: 'invalid', problems };
}

/** Stores the decision, unless another operator came first. */
function decide(
  hub: Hub,
  cause: WaitingCause,
  concerned: readonly string[],
  lines: readonly CodeLine[],
  order: ResolveOrder,
  by: OrderedBy,
) {
  return inTransaction(hub.database, async (tx) => {
    await lockCause(tx, cause.key);
    const other = await decidedOtherwise(hub, tx, cause, concerned, order);
    if (other) return other;
    const entries = await enterLines(tx, lines, by, hub.nowMs());
    const { action } = order;
    const given = { causeKey: cause.key, parties: concerned, action, ...by };
    const resolution = await addResolution(tx, given, hub.nowMs());
    const subject = auditSubject('cause', cause.key);
    await writeAudit(tx, auditEntry(`quarantine.${action}`, subject, by), hub.nowMs());
    return { entries, resolution };
  });
}

/** The lines that an order to map enters, one for each party. */
async function linesOf(
  codeOrders: CodeOrders,
  cause: WaitingCause,
  concerned: readonly string[],
  order: Extract<ResolveOrder, { action: 'map' }>,
): Promise<{ readonly lines: readonly CodeLine[]; readonly problems: readonly Problem[] }> {
  const { unmapped } = cause;
  if (!unmapped)
    return {
      lines: [],
      problems: [problem('/action', 'nothing-to-map', { key: cause.key })],
    };
  const problems: Problem[] = [];
  for (const name of ['table', 'from'] as const) {
    const given = order[name];
    if (given !== undefined && given !== unmapped[name])
      problems.push(problem(`/${name}`, 'unexpected', { got: given, expected: unmapped[name] }));
  }
  const lines = concerned.map((party) => ({ party, ...unmapped, to: order.to }));
  for (const line of lines) {
    const wrong = await codeOrders.problemOf(line);
    if (wrong) problems.push(wrong);
  }
  return { lines, problems };
}

/** An earlier decision of another operator, unless it is the same. */
async function decidedOtherwise(
  { nowMs }: Hub,
  db: pg.Pool | pg.PoolClient,
  { key, unmapped }: Pick<WaitingCause, 'key' | 'unmapped'>,
  concerned: readonly string[],
  order: ResolveOrder,
): Promise<Extract<Unresolved, { kind: 'decided' }> | undefined> {
  const decided = await decidedOf(db, key, concerned, nowMs());
  if (!decided) return undefined;
  const meanings = unmapped && decided.action === 'map' ? await meaningsOf(db, concerned, unmapped) : [];
  const isSame =
    decided.action === order.action && (order.action !== 'map' || meanings.every((one) => one === order.to));
  if (isSame) return undefined;
  return { kind: 'decided', decided: { ...decided, to: meanings.length > 0 ? meanings.join(', ') : undefined } };
}
