import { codeOn, TOTALS } from './changes.ts';
import { bitsOf, DEFECTS, type Fact } from './facts.ts';

/** A dossier with all of some facts, and any of others. */
export interface FactCondition {
  readonly all: readonly Fact[];
  /** Absent: needs none. */
  readonly any?: readonly Fact[];
}

/** At least one field costs points of index 766. */
export const IS_LACKING: FactCondition = { all: [], any: DEFECTS };

/** The counts of reports, by rule 766, for the dossiers that began on a day. */
export const BEGAN_WITH = {
  payable: { all: ['payable'] },
  paidOnline: { all: ['payable', 'paidOnline'] },
} as const satisfies Readonly<Record<string, FactCondition>>;

/** The same of those that ended on it. */
export const ENDED_WITH = {
  done: { all: ['done'] },
  digitised: { all: ['done', 'digitised'] },
  reused: { all: ['done'], any: ['reused', 'fromStore', 'database'] },
  paper: { all: ['paper'] },
  digitalResult: { all: ['paper', 'digitalResult'] },
} as const satisfies Readonly<Record<string, FactCondition>>;

interface FactTotal {
  readonly total: string;
  readonly at: 'began' | 'ended';
  readonly condition: FactCondition;
}

/** By column of the totals of agencies. The order is that of the codes of changes. */
const ALL: readonly FactTotal[] = [
  { total: 'payable_766', at: 'began', condition: BEGAN_WITH.payable },
  { total: 'paid_online_766', at: 'began', condition: BEGAN_WITH.paidOnline },
  { total: 'began_lacking_766', at: 'began', condition: IS_LACKING },
  { total: 'done_766', at: 'ended', condition: ENDED_WITH.done },
  { total: 'digitised_766', at: 'ended', condition: ENDED_WITH.digitised },
  { total: 'reused_766', at: 'ended', condition: ENDED_WITH.reused },
  { total: 'paper_766', at: 'ended', condition: ENDED_WITH.paper },
  { total: 'digital_result_766', at: 'ended', condition: ENDED_WITH.digitalResult },
  { total: 'ended_lacking_766', at: 'ended', condition: IS_LACKING },
];

/** The running totals of facts. */
export const FACT_TOTALS: readonly string[] = ALL.map(({ total }) => total);

/** What a dossier adds to the totals of facts. Its row in `counted` says it, so that no column stores these changes. */
export interface CountedFacts {
  /** Bits of facts.ts. */
  readonly facts: number;
  /** By rule 766. Null where it has none. */
  readonly beganAt: string | null;
  readonly endedAt: string | null;
}

/** The codes of these changes, behind those of changes.ts. */
export function factChangeCodes({ facts, beganAt, endedAt }: CountedFacts): readonly number[] {
  const codes: number[] = [];
  for (const [place, { at, condition }] of ALL.entries()) {
    const moment = at === 'began' ? beganAt : endedAt;
    if (moment !== null && holds(facts, condition)) codes.push(codeOn(moment.slice(0, 10), TOTALS.length + place));
  }
  return codes;
}

function holds(facts: number, { all, any }: FactCondition): boolean {
  const bits = bitsOf(all);
  return (facts & bits) === bits && (any === undefined || (facts & bitsOf(any)) !== 0);
}
