import { DAY_MS, instantToMs, writableInstant } from '../dates/dates.ts';
import { type Counted, type Grade, RULES, type Rule } from './rules.ts';

/**
 * The kinds of dated changes that a dossier makes to the running totals of a rule. Each column of form II.06a is a sum of
 * them up to a moment, or between two moments. `overdue` is the moment at which a pending dossier becomes late, and
 * `settled` the end of an overdue one.
 */
export const KINDS = ['received', 'early', 'on_time', 'late', 'overdue', 'settled'] as const;
export type Kind = (typeof KINDS)[number];

export interface DatedChange {
  readonly kind: Kind;
  /** The instant from which the change counts. */
  readonly at: string;
}

/** The changes of a dossier under one rule, without those of a lateness that it escaped by ending in time. */
export function changesOf(counted: Counted): readonly DatedChange[] {
  const { beganAt, endedAt, grade } = counted;
  const overdueAt = overdueFrom(counted);
  return [
    { kind: 'received', at: beganAt },
    ...(overdueAt === undefined ? [] : [{ kind: 'overdue', at: overdueAt } as const]),
    ...(endedAt === undefined || grade === undefined ? [] : [{ kind: KIND_OF[grade], at: endedAt }]),
    ...(endedAt === undefined || overdueAt === undefined ? [] : [{ kind: 'settled', at: endedAt } as const]),
  ];
}

const KIND_OF: Readonly<Record<Grade, Kind>> = { early: 'early', 'on-time': 'on_time', late: 'late' };

/** The first moment at which the dossier was pending and late. Undefined if it never was. */
export function overdueFrom({ beganAt, endedAt, lateAfter }: Counted): string | undefined {
  if (lateAfter === undefined) return undefined;
  const late = writableInstant(instantToMs(lateAfter) + 1);
  const at = late < beganAt ? beganAt : late;
  return endedAt === undefined || at < endedAt ? at : undefined;
}

/** Room for the kinds of all rules: a code is the day since 1970 times this, and the place among TOTALS. */
export const KINDS_A_DAY = 32;

/** A change as one number: the day, the rule and the kind. The day is that of Vietnam. */
export function changeCode(rule: Rule, kind: Kind, day: string): number {
  return codeOn(day, columnOf(rule, kind));
}

/** The code of the total at a place on a day. */
export function codeOn(day: string, place: number): number {
  return (Date.parse(`${day}T00:00:00Z`) / DAY_MS) * KINDS_A_DAY + place;
}

/** The running totals: each kind of change by each rule. */
export const TOTALS = RULES.flatMap((rule) => KINDS.map((kind) => `${kind}_${rule}` as const));

function columnOf(rule: Rule, kind: Kind): number {
  return RULES.indexOf(rule) * KINDS.length + KINDS.indexOf(kind);
}

/** The codes of all changes of a dossier, in no order. */
export function changeCodes(by: Readonly<Partial<Record<Rule, Counted>>>): readonly number[] {
  return RULES.flatMap((rule) => {
    const counted = by[rule];
    return counted ? changesOf(counted).map(({ kind, at }) => changeCode(rule, kind, at.slice(0, 10))) : [];
  });
}
