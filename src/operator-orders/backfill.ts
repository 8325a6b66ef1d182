import { setImmediate } from 'node:timers/promises';
import type pg from 'pg';
import { type Route, recipients } from '#core/dossier/route';
import { codeOfSubject } from '#core/records/kind';
import type { Operation } from '#schemas/operations';
import type { DossierFilter } from '../index/dossier-filter.ts';
import { loadEvents } from '../index/events.ts';
import { type RoutedDossier, routedInCodeOrder } from '../index/list.ts';
import { loadIndexed } from '../index/load-indexed.ts';
import { stateAt } from '../index/state-at.ts';
import { type DeliveryProgress, fillGaps, loadDeliveryProgress, lockBackfill } from '../ledger/backfill-gaps.ts';
import type { HubContext } from '../process/hub-context.ts';
import { type Missing, type MissingPage, missingRecordsAfter } from './backfill-records.ts';

/** An order to deliver to a party the dossiers, or the records of a kind, that it never received, with a filter of them. */
export interface Backfill extends Omit<DossierFilter, 'party' | 'q' | 'overdueAt'> {
  readonly party: string;
  readonly untold: true;
  /** The operation of a kind. Undefined: dossiers. */
  readonly operation?: Operation | undefined;
  /** States of records. */
  readonly state?: readonly string[] | undefined;
}

type Hub = Pick<HubContext, 'database' | 'vault' | 'kinds' | 'nowMs'>;

export interface BackfillPreview {
  /** How many dossiers were examined, and whether these are all. */
  readonly looked: { readonly dossiers: number; readonly isAll: boolean };
  /** Dossiers that the party never received, and those of which it has an older version. */
  readonly never: number;
  readonly older: number;
  /** Dossiers whose personal data was erased. They are never delivered. */
  readonly erased: number;
  readonly sample: readonly { readonly code: string; readonly version: number; readonly told: number | null }[];
}

const PAGE = 500;
const SAMPLE = 10;
const PREVIEW_MS = 10_000;
/** After this time the run is saved, and other work continues. */
const STEP_MS = 2_000;

/** Whether any route sends dossiers, or records of another operation, to a party. */
export function isRoutedTo(routes: readonly Route[], party: string, operation: Operation = DOSSIERS): boolean {
  return routes.some((route) => route.operation === operation && route.to.includes(party));
}

const DOSSIERS = 'dossier.upsert.v1';

/** How much a backfill would deliver. Changes nothing. Stops after ten seconds. */
export async function previewBackfill(hub: Hub, routes: readonly Route[], order: Backfill): Promise<BackfillPreview> {
  const endMs = performance.now() + PREVIEW_MS;
  const sample: BackfillPreview['sample'][number][] = [];
  const count = { dossiers: 0, never: 0, older: 0, erased: 0 };
  let isAll = false;
  for (let after = ''; !isAll && performance.now() < endMs; ) {
    const { looked, missing, erased, last } = await missingOf(hub, routes, hub.database.pool, order, after);
    count.dossiers += looked;
    count.erased += erased;
    for (const { deliveredSeq } of missing) count[deliveredSeq === null ? 'never' : 'older']++;
    for (const { code, version, deliveredSeq } of missing.slice(0, SAMPLE - sample.length))
      sample.push({ code: codeOfSubject(code), version, told: deliveredSeq });
    isAll = looked < PAGE;
    after = last ?? after;
    // Other requests run between two pages.
    await setImmediate();
  }
  const { dossiers, ...counts } = count;
  return { looked: { dossiers, isAll }, ...counts, sample };
}

/**
 * Continues a backfill, within the transaction that stores its progress.
 *
 * @param atMost how many dossiers may be added now
 * @returns how many were added, and the code to continue after; undefined when all are done
 */
export async function continueBackfill(
  hub: Hub,
  routes: readonly Route[],
  tx: pg.PoolClient,
  order: Backfill,
  begin: string,
  atMost: number,
): Promise<{ readonly added: number; readonly after: string | undefined }> {
  // This process has older settings, as during a change of settings. It leaves the run to processes that have the
  // route.
  if (!isRoutedTo(routes, order.party, order.operation)) return { added: 0, after: begin };
  await lockBackfill(tx, order.party);
  const endMs = performance.now() + STEP_MS;
  let added = 0;
  let after = begin;
  while (added < atMost && performance.now() < endMs) {
    const { looked, missing, last } = await missingOf(hub, routes, tx, order, after);
    const now = missing.slice(0, atMost - added);
    added += await fillGaps(tx, order.party, order.operation ?? DOSSIERS, now, hub.nowMs());
    const isWhole = now.length === missing.length;
    if (isWhole && looked < PAGE) return { added, after: undefined };
    after = (isWhole ? last : now.at(-1)?.code) ?? after;
  }
  return { added, after };
}

function missingOf(
  hub: Hub,
  routes: readonly Route[],
  db: pg.Pool | pg.PoolClient,
  order: Backfill,
  after: string,
): Promise<MissingPage> {
  const kind = order.operation && hub.kinds.of(order.operation);
  return kind
    ? missingRecordsAfter(hub, routes, db, { ...order, kind }, PAGE, after)
    : missingAfter(hub, routes, db, order, after);
}

/** The next dossiers in the order of their codes, and those of them whose version at the party is missing or older. */
async function missingAfter(
  hub: Hub,
  routes: readonly Route[],
  db: pg.Pool | pg.PoolClient,
  { party, untold: _, operation: __, state: ___, ...filter }: Backfill,
  after: string,
): Promise<MissingPage> {
  const page = await routedInCodeOrder(hub.database, filter, PAGE, after);
  const erased = new Set(page.filter(({ isErased }) => isErased).map(({ code }) => code));
  const last = page.at(-1)?.code;
  if (last === undefined) return { looked: 0, missing: [], erased: 0, last };
  const since = page.map(({ createdAt }) => createdAt).reduce((a, b) => (a < b ? a : b));
  const codes = page.map(({ code }) => code);
  const progress = await loadDeliveryProgress(db, party, codes, since);
  const missing = page.flatMap((one) => {
    const own = progress.get(one.code) as DeliveryProgress;
    const { deliveredSeq } = own;
    if (erased.has(one.code)) return [];
    return (deliveredSeq ?? 0) < newestFor(routes, party, one, own) ? [{ ...one, deliveredSeq }] : [];
  });
  const same = await sameAsDelivered(hub, missing, since);
  return { looked: page.length, missing: missing.filter(({ code }) => !same.has(code)), erased: erased.size, last };
}

/** Decrypted and compared at once. A dossier may have a thousand documents, and other work runs in between. */
const AT_ONCE = 10;

/** The dossiers, among these, that equal the party's last version: later messages were too old to change anything. */
async function sameAsDelivered(
  { database, vault }: Hub,
  missing: readonly Missing[],
  since: string,
): Promise<ReadonlySet<string>> {
  const delivered = new Map(
    missing.flatMap(({ code, deliveredSeq: seq }) => (seq === null ? [] : [[code, seq] as const])),
  );
  const codes = [...delivered.keys()];
  const same = new Set<string>();
  for (let at = 0; at < codes.length; at += AT_ONCE) {
    const some = codes.slice(at, at + AT_ONCE);
    const [found, events] = await Promise.all([
      loadIndexed(database.pool, vault, some),
      loadEvents(database.pool, vault, some, since),
    ]);
    for (const { held } of found) {
      const { code, view } = held;
      const then = stateAt(events.get(code) ?? [], delivered.get(code) as number, held.owner);
      if (then && JSON.stringify(then.record) === JSON.stringify(view.record)) same.add(code);
    }
    await setImmediate();
  }
  return same;
}

/** The newest event of a dossier that the present routes send to a party. 0 if they send nothing of it. */
function newestFor(
  routes: readonly Route[],
  party: string,
  { code, owner, version, serviceCode, fieldCode }: RoutedDossier,
  { reports: by, oldestSeq: oldest }: DeliveryProgress,
): number {
  const subject = { code, serviceCode, fieldCode: fieldCode || undefined };
  // Deleted events count for the party that began the dossier.
  const dropped = oldest === null ? version : oldest - 1;
  const all = dropped > 0 ? [...by, { party: owner, seq: dropped }] : by;
  const routed = all.filter(({ party: from }) =>
    recipients(routes, from, 'dossier.upsert.v1', subject, owner).includes(party),
  );
  return Math.max(0, ...routed.map(({ seq }) => seq));
}
