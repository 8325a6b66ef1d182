import type pg from 'pg';
import { msToInstant } from '#core/dates/dates';
import { auditSubject } from '#core/identifiers/audit-subject';
import { type CodeTable, mappingProblem } from '#core/identifiers/codes';
import { catalogueKey } from '#core/identifiers/identifiers';
import { type Problem, unmappedKey } from '#core/problem';
import { type CatalogueKind, loadEntries as loadCatalogue } from '../catalogue/catalogue.ts';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import { writeAudit } from '../ledger/audit.ts';
import { addCodeEntries, type CodeEntries, type CodeEntry, meaningsOf } from '../ledger/code-entries.ts';
import type { DeliveryFilter } from '../ledger/delivery-list.ts';
import { settleDoubtful } from '../ledger/ownership.ts';
import { pauseParty, resumeParty } from '../ledger/party-states.ts';
import { pullNow } from '../ledger/pulls.ts';
import { oneCause, type WaitingCause, waitedFor } from '../ledger/quarantine.ts';
import {
  addRun,
  previewReplay,
  type ReplayOutcome,
  type ReplayPreview,
  readyReplay,
  replayDeliveries,
  stopReplay,
} from '../ledger/replays.ts';
import {
  addResolution,
  type Decided,
  decidedOf,
  loadResolution,
  lockCause,
  type Resolution,
} from '../ledger/resolutions.ts';
import type { Alerts } from '../observe/alerts.ts';
import type { Party } from '../parties/party.ts';
import type { Queue } from '../queue/port.ts';
import { type Backfill, type BackfillPreview, isRoutedTo, previewBackfill } from './backfill.ts';
import { type Candidate, candidatesFor, unmappedOf } from './candidates.ts';
import { type CodePreview, type PreviewMeans, previewCode } from './preview-codes.ts';

export interface OrdersMeans {
  readonly database: Database;
  readonly queue: Queue;
  readonly parties: ReadonlyMap<string, Party>;
  readonly codes: CodeEntries;
  readonly alerts: Pick<Alerts, 'close'>;
  /** The tables that doors read by, whoever the sender is. */
  readonly doorTables: readonly CodeTable[];
  readonly previewing: Omit<PreviewMeans, 'database' | 'parties' | 'codes' | 'nowMs'>;
  readonly nowMs: () => number;
  /** Carry out what is ordered, as far as it goes now. */
  readonly carryOut: () => Promise<void>;
}

/** Who orders something, by the id of a key, and why. */
export interface Said {
  readonly who: string;
  readonly why: string;
}

/** One line of a code table: what a code stands for. */
export type Line = Pick<CodeEntry, 'party' | 'table' | 'from' | 'to'>;

export type ResolveOrder =
  | {
      readonly action: 'map';
      /** What it stands for from now on. */
      readonly to: string;
      /** As in the cause, where they are given. */
      readonly table?: string | undefined;
      readonly from?: string | undefined;
      /** Of one party alone; otherwise of all that wait for the cause. */
      readonly party?: string | undefined;
    }
  | { readonly action: 'release' | 'dismiss'; readonly party?: string | undefined };

export interface Resolved {
  readonly resolution: Resolution;
  readonly entries: readonly CodeEntry[];
  /** What still waits for the same cause. */
  readonly stillWaiting: number;
}

export type Unresolved =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'nothing-waits' }
  /** Somebody was first, and decided otherwise. */
  | { readonly kind: 'decided'; readonly decided: Decided }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** What operators may order. Each order is in the audit, kept with what it does. */
export interface Orders {
  /** Settle the cause that a row of the quarantine waits for: all that waits for it is freed, in order. */
  resolve(id: number, order: ResolveOrder, said: Said): Promise<Resolved | Unresolved>;
  candidates(cause: WaitingCause): Promise<readonly Candidate[]>;
  /** The code tables that are read for a party. */
  tablesOf(party: string): readonly CodeTable[];
  /** Enter a line of a code table, mostly before anything waits for it; what does is freed. */
  enterCode(line: Line, said: Said): Promise<CodeEntry | { readonly problems: readonly Problem[] }>;
  /** What such a line would have made of what the party told within so many days; nothing is changed. One at a time. */
  previewCode(line: Line, days: number): Promise<CodePreview | { readonly problems: readonly Problem[] }>;
  /** Replay one delivery; undefined when there is none of this id. */
  replay(id: number, said: Said): Promise<ReplayOutcome | undefined>;
  preview(filter: DeliveryFilter): Promise<ReplayPreview>;
  /** Begin a run over all that the filter finds now. @returns its id */
  startReplay(filter: DeliveryFilter, perSecond: number, said: Said): Promise<number>;
  /** Whether any route tells a party of dossiers: of others nothing is untold. */
  isRoutedTo(party: string): boolean;
  /** How much a backfill would tell. */
  previewBackfill(order: Backfill): Promise<BackfillPreview>;
  /** Begin to tell a party what the routes say and it was never told. @returns the run's id */
  startBackfill(order: Backfill, perSecond: number, said: Said): Promise<number>;
  /** @returns false when it was not running */
  stopReplay(id: number, said: Said): Promise<boolean>;
  pause(party: string, said: Said): Promise<void>;
  resume(party: string, said: Said): Promise<void>;
  /** Ask a partner as soon as a scheduler looks, within a second. */
  pull(party: string, names: readonly string[], said: Said): Promise<void>;
  /** Take a doubtful dossier off the list. @returns its code; undefined where none of this id waits */
  settleDoubtful(id: number, said: Said): Promise<string | undefined>;
}

/** Tables of the hub's own: under which code of the catalogue a party is told of a service or an agency. */
const CATALOGUE_TABLES = ['service', 'agency'] as const satisfies readonly CatalogueKind[];

export function createOrders(means: OrdersMeans): Orders {
  const { database, queue, parties, codes, alerts, nowMs, carryOut } = means;
  const { vault, routes } = means.previewing;
  const backfilling = { database, vault, routes, nowMs };
  let lastPreview: Promise<unknown> = Promise.resolve();
  /** One preview at a time: each looks through much. */
  function afterOthers<T>(preview: () => Promise<T>): Promise<T> {
    const done = lastPreview.then(preview);
    lastPreview = done.catch(() => undefined);
    return done;
  }
  const audited = (action: string, subject: string, { who, why }: Said) => ({ actor: who, action, subject, why });

  function tablesOf(party: string): readonly CodeTable[] {
    const { adapter, settings } = parties.get(party) ?? {};
    const tables = [...(adapter?.tables?.(settings) ?? []), ...means.doorTables];
    return tables.filter(({ name }, at) => tables.findIndex((table) => table.name === name) === at);
  }

  async function problemOf(party: string, table: string, from: string, to: string): Promise<Problem | undefined> {
    const kind = CATALOGUE_TABLES.find((name) => name === table);
    if (kind) {
      const key = catalogueKey(kind, to);
      const isKnown = (await loadCatalogue(database.pool, kind, [key])).has(key);
      return isKnown ? undefined : { path: '/to', message: `got ${to}, expected a ${kind} of the catalogue` };
    }
    const tables = tablesOf(party);
    const found = tables.find(({ name }) => name === table);
    const names = [...CATALOGUE_TABLES, ...tables.map(({ name }) => name)].join(', ');
    if (!found)
      return { path: '/table', message: `got ${table}, which nothing reads for ${party}; expected one of ${names}` };
    const problem = mappingProblem(found, from, to);
    return problem === undefined ? undefined : { path: '/to', message: `got ${to}, ${problem}` };
  }

  async function linesOf(
    cause: WaitingCause,
    concerned: readonly string[],
    order: Extract<ResolveOrder, { action: 'map' }>,
  ): Promise<{ lines: readonly Line[]; problems: readonly Problem[] }> {
    const unmapped = unmappedOf(cause);
    if (!unmapped)
      return {
        lines: [],
        problems: [{ path: '/action', message: `nothing is to be mapped: the cause is ${cause.key}` }],
      };
    const { table, from } = unmapped;
    const problems: Problem[] = [];
    for (const [name, is] of Object.entries(unmapped))
      if ((order[name as 'table' | 'from'] ?? is) !== is)
        problems.push({ path: `/${name}`, message: `got ${order[name as 'table' | 'from']}, expected ${is}` });
    for (const party of concerned) {
      const problem = await problemOf(party, table, from, order.to);
      if (problem) problems.push(problem);
    }
    return { lines: concerned.map((party) => ({ party, table, from, to: order.to })), problems };
  }

  /** What somebody else decided before, unless it is the same. */
  async function otherwise(
    db: pg.Pool | pg.PoolClient,
    { kind, key }: Pick<WaitingCause, 'kind' | 'key'>,
    concerned: readonly string[],
    order: ResolveOrder,
  ): Promise<Extract<Unresolved, { kind: 'decided' }> | undefined> {
    const decided = await decidedOf(db, key, concerned, nowMs());
    if (!decided) return undefined;
    const unmapped = decided.action === 'map' ? unmappedOf({ kind, key }) : undefined;
    const meanings = unmapped ? await meaningsOf(db, concerned, unmapped) : [];
    const isSame = order.action === 'map' && meanings.every((one) => one === order.to);
    if (decided.action === order.action && (order.action !== 'map' || isSame)) return undefined;
    return { kind: 'decided', decided: { ...decided, ...(meanings.length > 0 && { to: meanings.join(', ') }) } };
  }

  const enter = (tx: pg.PoolClient, lines: readonly Line[], said: Said): Promise<readonly CodeEntry[]> =>
    addCodeEntries(
      tx,
      lines.map((line) => ({ ...line, ...said })),
      nowMs(),
    );

  return {
    tablesOf,
    candidates: (cause) => candidatesFor(database, cause, cause.parties.flatMap(tablesOf)),

    settleDoubtful: (id, said) =>
      inTransaction(database, async (tx) => {
        const code = await settleDoubtful(tx, id, said.who, msToInstant(nowMs()));
        if (code !== undefined)
          await writeAudit(tx, audited('doubtful.settle', auditSubject('dossier', code), said), nowMs());
        return code;
      }),

    async resolve(id, order, said) {
      const cause = await oneCause(database, id);
      if (!cause) {
        const waited = await waitedFor(database, id);
        if (!waited) return { kind: 'unknown' };
        return (await otherwise(database.pool, waited, [waited.party], order)) ?? { kind: 'nothing-waits' };
      }
      const concerned = order.party === undefined ? cause.parties : cause.parties.filter((one) => one === order.party);
      if (concerned.length === 0)
        return problem('/party', `got ${order.party}, expected one of ${cause.parties.join(', ')}`);
      const { lines, problems } = order.action === 'map' ? await linesOf(cause, concerned, order) : NOTHING_TO_ENTER;
      if (problems.length > 0) return { kind: 'invalid', problems };
      const done = await inTransaction(database, async (tx) => {
        await lockCause(tx, cause.key);
        const other = await otherwise(tx, cause, concerned, order);
        if (other) return other;
        const entries = await enter(tx, lines, said);
        const { action } = order;
        const resolution = await addResolution(
          tx,
          { causeKey: cause.key, parties: concerned, action, ...said },
          nowMs(),
        );
        await writeAudit(tx, audited(`quarantine.${action}`, auditSubject('cause', cause.key), said), nowMs());
        return { entries, resolution };
      });
      if ('kind' in done) return done;
      await codes.reload();
      await carryOut();
      const resolution = (await loadResolution(database, done.resolution)) as Resolution;
      const left = await oneCause(database, id);
      return { resolution, entries: done.entries, stillWaiting: left ? left.items + left.deliveries : 0 };
    },

    async enterCode(given, said) {
      // In whichever form a service is given, it waits under the one that all forms have in common.
      const line = { ...given, from: given.table === 'service' ? catalogueKey('service', given.from) : given.from };
      const { party, table, from, to } = line;
      const wrong = await problemOf(party, table, from, to);
      if (wrong) return { problems: [wrong] };
      const [entry] = await inTransaction(database, async (tx) => {
        const causeKey = unmappedKey(table, from);
        await addResolution(tx, { causeKey, parties: [party], action: 'map', ...said }, nowMs());
        const entered = await enter(tx, [line], said);
        await writeAudit(
          tx,
          audited('code-table.enter', auditSubject('code', `${party} ${table} ${from}`), said),
          nowMs(),
        );
        return entered;
      });
      await codes.reload();
      await carryOut();
      return entry as CodeEntry;
    },

    async previewCode(line, days) {
      const wrong = await problemOf(line.party, line.table, line.from, line.to);
      if (wrong) return { problems: [wrong] };
      return afterOthers(() => previewCode({ ...means.previewing, database, parties, codes, nowMs }, line, days));
    },

    async replay(id, said) {
      const replayed = await inTransaction(database, async (tx) => {
        const [one] = await replayDeliveries(tx, [id], nowMs());
        const subject = auditSubject('delivery', id, one?.outcome);
        if (one) await writeAudit(tx, audited('delivery.replay', subject, said), nowMs());
        return one;
      });
      if (replayed?.outcome === 'replayed') await queue.ring([replayed.party]);
      return replayed?.outcome;
    },
    preview: (filter) => previewReplay(database, filter, nowMs()),
    async startReplay(filter, perSecond, said) {
      const start = await readyReplay(database, { ...said, filter, perSecond });
      const id = await inTransaction(database, async (tx) => {
        const begun = await start(tx, nowMs());
        const subject = auditSubject('run', begun, JSON.stringify(filter));
        await writeAudit(tx, audited('replay.start', subject, said), nowMs());
        return begun;
      });
      await carryOut();
      return id;
    },
    isRoutedTo: (party) => isRoutedTo(routes, party),
    previewBackfill: (order) => afterOthers(() => previewBackfill(backfilling, order)),
    async startBackfill(order, perSecond, said) {
      const { never, older } = await afterOthers(() => previewBackfill(backfilling, order));
      const id = await inTransaction(database, async (tx) => {
        const begun = await addRun(tx, { ...said, filter: order, perSecond }, never + older, nowMs());
        const subject = auditSubject('run', begun, JSON.stringify(order));
        await writeAudit(tx, audited('backfill.start', subject, said), nowMs());
        return begun;
      });
      await carryOut();
      return id;
    },
    async stopReplay(id, said) {
      await writeAudit(database.pool, audited('replay.stop', auditSubject('run', id), said), nowMs());
      return stopReplay(database, id, said.who, nowMs());
    },

    async pause(party, said) {
      await writeAudit(database.pool, audited('party.pause', auditSubject('party', party), said), nowMs());
      await pauseParty(database.pool, party, said.who, nowMs());
    },
    async resume(party, said) {
      await writeAudit(database.pool, audited('party.resume', auditSubject('party', party), said), nowMs());
      // Before it goes on: what it then answers opens another one.
      await alerts.close(party, ['paused-by-partner']);
      await resumeParty(database, party);
      await queue.ring([party]);
    },
    async pull(party, names, said) {
      const subject = auditSubject('party', party, names.join(' '));
      await writeAudit(database.pool, audited('party.pull', subject, said), nowMs());
      await pullNow(database, party, names, nowMs());
    },
  };
}

const NOTHING_TO_ENTER = { lines: [], problems: [] } as const;

function problem(path: string, message: string): Unresolved {
  return { kind: 'invalid', problems: [{ path, message }] };
}
