import type pg from 'pg';
import { DAY_MS, instantToMs } from '#core/dates/dates';
import { auditSubject } from '#core/identifiers/audit-subject';
import { linesBetween, linesOfVersion, type TableVersion, versionsOf } from '#core/mapping/code-versions';
import type { MappingDecision, MappingState } from '#core/mapping/mapping-change';
import { type Problem, problem, unmappedKey } from '#core/problem';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { inTransaction } from '../database/transaction.ts';
import { firstUuidOf } from '../database/uuid.ts';
import { writeAudit } from '../ledger/audit.ts';
import {
  addCodeEntries,
  IN_FORCE_AFTER_MS,
  loadEntries,
  lockCodeEntries,
  type MappingLine,
  tableVersion,
} from '../ledger/code-entries.ts';
import { addCorrection } from '../ledger/corrections.ts';
import {
  addMappingChange,
  askForMapping,
  decideMapping,
  loadMappingChange,
  lockMappingChange,
  type StoredMappingChange,
} from '../ledger/mapping-changes.ts';
import { addResolution } from '../ledger/resolutions.ts';
import type { HubContext } from '../process/hub-context.ts';
import { type CodeOrders, withCommonCode } from './code-orders.ts';
import { STORED_AFTER_MS } from './corrections.ts';
import type { EffectOptions, MappingChange, MappingEffect, ReadTwice } from './mapping-effect.ts';
import { auditEntry, type OrderedBy } from './ordered-by.ts';

/** A change that an officer drafts: lines of one table, or the version that it goes back to. */
export interface MappingDraft {
  readonly party: string;
  readonly table: string;
  readonly lines?: readonly Omit<MappingLine, 'table'>[] | undefined;
  readonly backTo?: number | undefined;
}

/** The officer who gives an order. `isSamePerson`: whether a key belongs to the same person. */
export interface MappingOfficer extends OrderedBy {
  readonly isSamePerson: (key: string) => boolean;
}

export type MappingResult =
  | { readonly kind: 'done'; readonly change: StoredMappingChange }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }
  /** Its state does not allow the order. */
  | { readonly kind: 'state'; readonly change: StoredMappingChange }
  /** Its author or the officer who asked cannot decide; only they can withdraw it. */
  | { readonly kind: 'same-person' | 'another-person'; readonly change: StoredMappingChange }
  /** An order to correct still runs. */
  | { readonly kind: 'correcting'; readonly change: StoredMappingChange }
  /** The table has another version than the one on which it was drafted. */
  | { readonly kind: 'outdated'; readonly change: StoredMappingChange; readonly version: number };

/** Changes of code tables by two officers: one drafts and asks, another one approves. */
export interface MappingOrders {
  draft(order: MappingDraft, by: OrderedBy): Promise<MappingResult>;
  /** The effect of a change on the party's recent messages. Undefined if no change has this id. */
  effectOf(
    id: number,
    options: EffectOptions,
  ): Promise<MappingEffect | { readonly problems: readonly Problem[] } | undefined>;
  /** Asks for approval. The effect on recent messages is stored as evidence. */
  ask(id: number, days: number, by: OrderedBy): Promise<MappingResult>;
  /** An approved change takes effect in the transaction of its decision. Waiting items are released afterwards. */
  decide(id: number, decision: MappingDecision, by: MappingOfficer): Promise<MappingResult>;
  /** Reads the messages of the days before an applied change took effect again, and corrects what was read otherwise. */
  correct(id: number, days: number, by: OrderedBy): Promise<MappingResult>;
}

export interface MappingOrdersDeps {
  readonly codeOrders: CodeOrders;
  readonly tryMapping: (
    change: MappingChange,
    options: EffectOptions,
  ) => Promise<MappingEffect | { readonly problems: readonly Problem[] }>;
  /** Reads a message as it was applied, and by the present code tables. */
  readonly readApplied: ReadTwice;
  /** Carries out what an approved change releases, as far as possible now. */
  readonly run: () => Promise<void>;
}

type Hub = Pick<HubContext, 'database' | 'nowMs'>;

export function createMappingOrders(hub: Hub, deps: MappingOrdersDeps): MappingOrders {
  const { database, nowMs } = hub;
  const effectOf = (change: StoredMappingChange, options: EffectOptions) =>
    deps.tryMapping(
      change.state === 'applied'
        ? { party: change.party, lines: [], applied: { read: deps.readApplied, before: inForceOf(change) } }
        : changeOf(change),
      options,
    );

  return {
    draft: (order, by) => draftChange(hub, deps.codeOrders, order, by),
    async effectOf(id, options) {
      const change = await loadMappingChange(database, id);
      return change && effectOf(change, options);
    },
    async ask(id, days, by) {
      const change = await loadMappingChange(database, id);
      if (!change) return { kind: 'unknown' };
      if (change.state !== 'draft') return { kind: 'state', change };
      const effect = await effectOf(change, { days });
      if ('problems' in effect) return { kind: 'invalid', problems: effect.problems };
      const { items: _, ...counts } = effect;
      return carryOut(hub, id, ['draft'], async (tx, asked) => {
        await askForMapping(tx, id, { who: by.who, effect: { days, ...counts } }, nowMs());
        await audit(tx, 'ask', asked, by, nowMs());
        return undefined;
      });
    },
    async decide(id, decision, by) {
      const change = await loadMappingChange(database, id);
      if (!change) return { kind: 'unknown' };
      const allowed: readonly MappingState[] = decision === 'withdraw' ? ['draft', 'asked'] : ['asked'];
      if (!allowed.includes(change.state)) return { kind: 'state', change };
      const isOwn = by.isSamePerson(change.who) || (change.askedBy !== null && by.isSamePerson(change.askedBy));
      if (isOwn !== (decision === 'withdraw')) return { kind: isOwn ? 'same-person' : 'another-person', change };
      const problems = decision === 'approve' ? await problemsOfStored(deps.codeOrders, change) : [];
      if (problems.length > 0) return { kind: 'invalid', problems };
      const result = await carryOut(hub, id, allowed, (tx, locked) => decideWithin(tx, locked, decision, by, nowMs()));
      if (result.kind === 'done' && decision === 'approve') await deps.run();
      return result;
    },
    async correct(id, days, by) {
      const change = await loadMappingChange(database, id);
      if (!change) return { kind: 'unknown' };
      let isAdded = false;
      const after = firstUuidOf(nowMs() - days * DAY_MS);
      const result = await carryOut(hub, id, ['applied'], async (tx, locked) => {
        const order = { changeId: id, days, who: by.who, why: by.why, after, before: inForceOf(locked) };
        isAdded = await addCorrection(tx, order, nowMs());
        if (isAdded) await audit(tx, 'correct', locked, by, nowMs());
        return undefined;
      });
      if (result.kind === 'done' && !isAdded) return { kind: 'correcting', change: result.change };
      if (isAdded) await deps.run();
      return isAdded ? { kind: 'done', change: (await loadMappingChange(database, id)) ?? change } : result;
    },
  };
}

/** The first id of messages that were certainly read by an applied change. */
function inForceOf({ decidedAt }: StoredMappingChange): string {
  return firstUuidOf(instantToMs(decidedAt as string) + IN_FORCE_AFTER_MS + STORED_AFTER_MS);
}

/** Stores a draft on the present version of its table. */
async function draftChange(
  { database, nowMs }: Hub,
  codeOrders: CodeOrders,
  order: MappingDraft,
  by: OrderedBy,
): Promise<MappingResult> {
  const { party, table } = order;
  const versions = versionsOf((await loadEntries(database, party)).filter((entry) => entry.table === table));
  const lines = linesOf(order, versions);
  const problems = 'wrong' in lines ? [lines.wrong] : await problemsOf(codeOrders, order, lines, versions);
  if ('wrong' in lines || problems.length > 0) return { kind: 'invalid', problems };
  const now = linesOfVersion(versions, versions.length);
  const change = await inTransaction(database, async (tx) => {
    const stored = await addMappingChange(
      tx,
      {
        party,
        table,
        baseVersion: versions.length,
        backTo: order.backTo ?? null,
        lines: lines.map(({ from, to }) => ({ from, to, was: now.get(from) ?? null })),
        ...by,
      },
      nowMs(),
    );
    await audit(tx, 'draft', stored, by, nowMs());
    return stored;
  });
  return { kind: 'done', change };
}

function changeOf({ party, table, lines }: StoredMappingChange): MappingChange {
  return { party, lines: lines.map(({ from, to }) => ({ table, from, to })) };
}

function problemsOfStored(codeOrders: CodeOrders, change: StoredMappingChange): Promise<readonly Problem[]> {
  const { party, lines } = changeOf(change);
  return codeOrders.problemsOf(party, lines);
}

type Lines = readonly Omit<MappingLine, 'table'>[];

/** The lines of a draft, as they would be entered. */
function linesOf(
  { table, lines = [], backTo }: MappingDraft,
  versions: readonly TableVersion[],
): Lines | { readonly wrong: Problem } {
  if (backTo === undefined) return lines.map(({ to, ...line }) => ({ ...withCommonCode({ table, ...line }), to }));
  if (backTo < versions.length) return linesBetween(versions, versions.length, backTo);
  const expected = say('version-below', { count: versions.length });
  return { wrong: problem('/backTo', 'unexpected', { got: received(backTo), expected }) };
}

async function problemsOf(
  codeOrders: CodeOrders,
  { party, table, backTo }: MappingDraft,
  lines: Lines,
  versions: readonly TableVersion[],
): Promise<readonly Problem[]> {
  const path = backTo === undefined ? '/lines' : '/backTo';
  if (lines.length === 0) return [problem(path, 'changes-nothing')];
  const now = linesOfVersion(versions, versions.length);
  const own = lines.flatMap(({ from, to }, at) => {
    if (lines.findIndex((line) => line.from === from) < at)
      return [problem(`/lines/${at}/from`, 'code-twice', { got: from })];
    if ((now.get(from) ?? null) !== to) return [];
    return [
      to === null
        ? problem(`/lines/${at}/from`, 'no-entered-line', { got: from })
        : problem(`/lines/${at}/to`, 'changes-nothing'),
    ];
  });
  if (own.length > 0) return own;
  return codeOrders.problemsOf(
    party,
    lines.map(({ from, to }) => ({ table, from, to })),
  );
}

/** Carries out an order on a locked change, if its state still allows it and its table still has the drafted version. */
async function carryOut(
  { database }: Hub,
  id: number,
  allowed: readonly MappingState[],
  work: (tx: pg.PoolClient, change: StoredMappingChange) => Promise<Outdated | undefined>,
): Promise<MappingResult> {
  const failed = await inTransaction(database, async (tx): Promise<MappingResult | undefined> => {
    const change = (await lockMappingChange(tx, id)) as StoredMappingChange;
    if (!allowed.includes(change.state)) return { kind: 'state', change };
    const outdated = await work(tx, change);
    return outdated && { kind: 'outdated', change, ...outdated };
  });
  return failed ?? { kind: 'done', change: (await loadMappingChange(database, id)) as StoredMappingChange };
}

interface Outdated {
  readonly version: number;
}

const STATES = { approve: 'applied', refuse: 'refused', withdraw: 'withdrawn' } as const;

/** @returns the present version of the table, if the change is not for it and was not applied */
async function decideWithin(
  tx: pg.PoolClient,
  change: StoredMappingChange,
  decision: MappingDecision,
  by: OrderedBy,
  nowMs: number,
): Promise<Outdated | undefined> {
  const { id, party, table, baseVersion } = change;
  let version: number | null = null;
  if (decision === 'approve') {
    await lockCodeEntries(tx);
    const present = await tableVersion(tx, party, table);
    if (present !== baseVersion) return { version: present };
    version = await applyWithin(tx, change, by, nowMs);
  }
  const { who, why } = by;
  await decideMapping(tx, id, { state: STATES[decision], who, why, version }, nowMs);
  await audit(tx, decision, change, by, nowMs, version ?? undefined);
  return undefined;
}

/** @returns the new version of the table */
async function applyWithin(
  tx: pg.PoolClient,
  { party, table, lines, who, why }: StoredMappingChange,
  by: OrderedBy,
  nowMs: number,
): Promise<number> {
  for (const { from, to } of lines) {
    if (to === null) continue;
    const causeKey = unmappedKey(table, from);
    await addResolution(tx, { causeKey, parties: [party], action: 'map', who: by.who, why: by.why }, nowMs);
  }
  await addCodeEntries(
    tx,
    lines.map(({ from, to }) => ({ party, table, from, to, who, why })),
    nowMs,
  );
  return tableVersion(tx, party, table);
}

function audit(
  tx: pg.PoolClient,
  action: 'draft' | 'ask' | 'correct' | MappingDecision,
  { id, party, table }: StoredMappingChange,
  { who, why }: OrderedBy,
  nowMs: number,
  version?: number,
): Promise<void> {
  const more = `${party} ${table}${version === undefined ? '' : ` version ${version}`}`;
  return writeAudit(tx, auditEntry(`mapping.${action}`, auditSubject('mapping', id, more), { who, why }), nowMs);
}
