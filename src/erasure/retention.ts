import { instantToMs } from '#core/dates/dates';
import { personKeys } from '#core/erasure/person-keys';
import type { Person } from '#core/masking/mentions';
import { peopleIn } from '#core/records/mask-record';
import { type Batch, besideNoNewHold, besideNoRebuild } from '../database/erasure-lock.ts';
import { dropOldPartitions } from '../database/partitions.ts';
import { withSessionLock } from '../database/session-lock.ts';
import { everNamed, loadIndexed } from '../index/load-indexed.ts';
import { loadRecords } from '../index/records.ts';
import { countRetained, loadRetained, monthsBefore, type RetainedCount } from '../index/retained.ts';
import { forgetAskers } from '../ledger/asks.ts';
import { removeFreeBodies, removeOldBodies } from '../ledger/body-removal.ts';
import { addHeldSubjects, heldMonths, holdsOfPeople, type PersonHold } from '../ledger/legal-holds.ts';
import { ERASED_AT_ONCE, eraseSubjects } from './erase-subjects.ts';
import type { ErasingHub } from './erasing.ts';

/** How long personal data of a kind stays in a state that ends it. */
export interface Rule {
  readonly kind: string;
  readonly state: string;
  readonly months: number;
}

export interface RetentionPlan {
  /** Months that messages, events, attempts and changes are stored; undefined stores them for good. */
  readonly historyMonths: number | undefined;
  readonly bodiesMonths: number | undefined;
  readonly asksMonths: number | undefined;
  readonly rules: readonly Rule[];
}

/** The result of one round. */
export interface RetentionRound {
  readonly erased: number;
  readonly bodies: number;
  /** Whether nothing more is due now. */
  readonly isDone: boolean;
}

/** A rule with the number of subjects that it makes due now. */
export type DueByRule = Rule & RetainedCount;

export interface Retention {
  readonly plan: RetentionPlan;
  /**
   * Erases what is due, within a time. It may be killed at any moment: each batch commits alone. Undefined if another
   * process does, or a rebuild is under way.
   */
  round(): Promise<RetentionRound | undefined>;
  /** Drops the months of the history that are over, except those with something under a legal hold. @returns their tables */
  dropMonths(): Promise<readonly string[]>;
  due(): Promise<readonly DueByRule[]>;
}

/** One round takes part of a minute, and the scheduler begins one each minute. */
const ROUND_MS = 10_000;
/** The advisory lock for one round at a time. */
const LOCK = 7_160_008;
const WHO = 'lienthong retention';
/** Asks whose officer is forgotten in one round. */
const MOST_ASKS = 10_000;
/** Dossiers that cannot be erased, such as those of a lost secret, must not keep others from it. */
const MOST_FAILED = 1_000;

export type RetentionHub = ErasingHub & {
  readonly telemetry: {
    failed(where: string, error: unknown): void;
    watchRetention(due: Retention['due']): void;
  };
};

export function createRetention(hub: RetentionHub, plan: RetentionPlan): Retention {
  const { database, nowMs } = hub;
  const failed = new Set<string>();
  const due = (): Promise<readonly DueByRule[]> =>
    Promise.all(
      plan.rules.map(async (rule) => ({ ...rule, ...(await countRetained(database, endedBy(rule, nowMs()))) })),
    );
  hub.telemetry.watchRetention(due);

  async function eraseDue(rule: Rule, endMs: number, batch: Batch): Promise<Pick<RetentionRound, 'erased' | 'isDone'>> {
    let erased = 0;
    while (performance.now() < endMs) {
      const some = await batch(() => eraseBatch(hub, rule, failed));
      if (some === undefined) return { erased, isDone: true };
      erased += some;
      if (failed.size > MOST_FAILED) failed.clear();
    }
    return { erased, isDone: false };
  }

  async function work(batch: Batch): Promise<RetentionRound> {
    const endMs = performance.now() + ROUND_MS;
    let [erased, bodies, isDone] = [0, await batch(() => removeFreeBodies(database, nowMs())), true];
    for (const rule of plan.rules) {
      const one = await eraseDue(rule, endMs, batch);
      erased += one.erased;
      isDone &&= one.isDone;
    }
    const { bodiesMonths, asksMonths } = plan;
    if (asksMonths !== undefined) {
      const before = instantToMs(monthsBefore(nowMs(), asksMonths));
      isDone &&= (await batch(() => forgetAskers(database, before, MOST_ASKS))) < MOST_ASKS;
    }
    for (let isLast = bodiesMonths === undefined; !isLast; ) {
      const before = instantToMs(monthsBefore(nowMs(), bodiesMonths as number));
      const step = await batch(() => removeOldBodies(database, before, nowMs()));
      bodies += step.removed;
      isLast = step.isDone || performance.now() > endMs;
      isDone &&= !isLast || step.isDone;
    }
    return { erased, bodies, isDone };
  }

  return {
    plan,
    round: () => withSessionLock(database, LOCK, () => besideNoRebuild(database, work)),
    dropMonths: async () => (await besideNoNewHold(database, () => dropOldMonths(hub, plan))) ?? [],
    due,
  };
}

const endedBy = ({ kind, state, months }: Rule, nowMs: number) => ({
  kind,
  state,
  before: monthsBefore(nowMs, months),
});

async function dropOldMonths(
  { database, nowMs }: RetentionHub,
  { historyMonths }: RetentionPlan,
): Promise<readonly string[]> {
  if (historyMonths === undefined) return [];
  const held = await heldMonths(database);
  return held === 'all' ? [] : dropOldPartitions(database, nowMs(), historyMonths, held);
}

/** @returns how many were erased; undefined if none is due */
async function eraseBatch(hub: RetentionHub, rule: Rule, failed: Set<string>): Promise<number | undefined> {
  const subjects = await loadRetained(hub.database, endedBy(rule, hub.nowMs()), [...failed], ERASED_AT_ONCE);
  if (subjects.length === 0) return undefined;
  const why = `retention: ${rule.kind} ${rule.state}, ${rule.months} months`;
  return eraseAll(hub, subjects, { why, failed, holds: await holdsOfPeople(hub.database, hub.vault) });
}

/** What the erasure of a batch depends on. */
interface Given {
  readonly why: string;
  readonly holds: readonly PersonHold[];
  /** Gets those that cannot be erased. */
  readonly failed: Set<string>;
}

/** A batch that fails is done one by one, so that one broken record stops no other. */
async function eraseAll(hub: RetentionHub, subjects: readonly string[], given: Given): Promise<number> {
  const { why, holds, failed } = given;
  const order = { cause: 'retention', who: WHO, why } as const;
  try {
    const free = await withoutHeldPeople(hub, subjects, holds);
    return free.length === 0 ? 0 : (await eraseSubjects(hub, free, order)).length;
  } catch (error) {
    // The database's own errors concern all of them.
    if ((error as { code?: string }).code !== undefined) throw error;
    const [subject = ''] = subjects;
    if (subjects.length === 1) {
      hub.telemetry.failed('retention', new Error(`${subject}: ${(error as Error).message}`, { cause: error }));
      failed.add(subject);
      return 0;
    }
    let erased = 0;
    for (const one of subjects) erased += await eraseAll(hub, [one], given);
    return erased;
  }
}

/** Leaves out records of people under a hold, and notes that they are under it. */
async function withoutHeldPeople(
  hub: ErasingHub,
  subjects: readonly string[],
  holds: readonly PersonHold[],
): Promise<readonly string[]> {
  if (holds.length === 0) return subjects;
  const people = await peopleOf(hub, subjects);
  const held = subjects.flatMap((subject) =>
    holdsOf(holds, people.get(subject) ?? []).map(({ id }) => ({ id, subject })),
  );
  await addHeldSubjects(hub.database.pool, held);
  const names = new Set(held.map(({ subject }) => subject));
  return subjects.filter((subject) => !names.has(subject));
}

function holdsOf(holds: readonly PersonHold[], people: readonly Person[]): readonly PersonHold[] {
  const keys = new Set(people.flatMap(personKeys));
  return holds.filter((hold) => hold.keys.some((key) => keys.has(key)));
}

/** The people of dossiers and records, as their newest states and former applicants name them. */
async function peopleOf(
  { database, vault, kinds }: ErasingHub,
  subjects: readonly string[],
): Promise<ReadonlyMap<string, readonly Person[]>> {
  const found = new Map<string, readonly Person[]>();
  for (const one of await loadIndexed(database.pool, vault, subjects))
    if (one.aliasOf === undefined) found.set(one.held.code, everNamed(one));
  for (const { subject, held } of await loadRecords(database.pool, vault, { subjects, uniqueKeys: [] })) {
    const kind = kinds.ofSubject(subject);
    if (kind) found.set(subject, peopleIn(kind, held.view));
  }
  return found;
}
