import { ENDED } from '#core/dossier/status';
import { type Problem, problem } from '#core/problem';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { ALL_KINDS } from '../kinds/all-kinds.ts';

/** The kind of dossiers in settings, beside the names of the other kinds. */
const DOSSIER_KIND = 'dossier';

/** The states in which nothing more is to come, by kind. */
export const ENDED_STATES: Readonly<Record<string, readonly string[]>> = {
  [DOSSIER_KIND]: ENDED,
  ...Object.fromEntries(ALL_KINDS.map(({ name, finalStates }) => [name, finalStates])),
};

/** How long personal data of a kind stays in a state that ends it. */
export interface RetentionRule {
  readonly kind: string;
  readonly state: string;
  readonly months: number;
}

/** The `retention` of HUB_CONFIG. */
export interface RetentionSettings {
  readonly bodiesMonths?: number | undefined;
  readonly asksMonths?: number | undefined;
  readonly personalDataMonths?:
    | Readonly<Record<string, Readonly<Record<string, number | undefined>> | undefined>>
    | undefined;
}

/** The settings as the rounds of the scheduler carry them out. */
export function retentionPlan(retention: RetentionSettings = {}, historyMonths?: number) {
  const { bodiesMonths, asksMonths } = retention;
  return { historyMonths, bodiesMonths, asksMonths, rules: retentionRules(retention) };
}

function retentionRules({ personalDataMonths = {} }: RetentionSettings): readonly RetentionRule[] {
  return Object.entries(personalDataMonths).flatMap(([kind, states = {}]) =>
    Object.entries(states).flatMap(([state, months]) => (months === undefined ? [] : [{ kind, state, months }])),
  );
}

/** A body has the personal data of all its items, so it goes first. */
export function retentionProblems(retention: RetentionSettings): readonly Problem[] {
  const rules = retentionRules(retention).filter(({ months }) => typeof months === 'number');
  const [first] = rules.toSorted((a, b) => a.months - b.months);
  const { bodiesMonths } = retention;
  if (!first || (typeof bodiesMonths === 'number' && bodiesMonths <= first.months)) return [];
  const path = `/retention/personalDataMonths/${first.kind}/${first.state}`;
  const expected = say('bodies-at-most', { count: first.months, place: path });
  return bodiesMonths === undefined
    ? [problem('/retention/bodiesMonths', 'missing', { expected })]
    : [problem('/retention/bodiesMonths', 'unexpected', { got: received(bodiesMonths), expected })];
}
