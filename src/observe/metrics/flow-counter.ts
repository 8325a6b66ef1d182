import { type FlowCount, keyOf, SPANS_MS, TOOK_BOUNDS_MS } from '#core/flow/flow';
import type { Settled } from '../../ledger/settle.ts';
import type { AcceptedResult, AcceptedSubmission } from './accepted.ts';

/** Counts messages and attempts in memory, until they are taken. */
export interface FlowCounter {
  accepted(submissions: readonly AcceptedSubmission[], accepted: readonly AcceptedResult[], atMs: number): void;
  attempted(settled: Settled, atMs: number): void;
  /** The counts since the last call. */
  take(): readonly FlowCount[];
}

const SPANS = Object.entries(SPANS_MS) as readonly (readonly [FlowCount['span'], number])[];
/** Partners word some reasons themselves. */
const LONGEST_RESULT = 60;

export function createFlowCounter(): FlowCounter {
  let counts = new Map<string, FlowCount>();

  function add(count: Omit<FlowCount, 'span' | 'sinceMs' | 'many'>, atMs: number): void {
    for (const [span, ms] of SPANS) {
      const place = { span, sinceMs: Math.floor(atMs / ms) * ms, ...count };
      const key = keyOf(place);
      counts.set(key, { many: (counts.get(key)?.many ?? 0) + 1, ...place });
    }
  }

  return {
    accepted(submissions, accepted, atMs) {
      for (const [at, { party }] of submissions.entries())
        add({ party, direction: 'in', result: outcomeOf(accepted[at]), withinMs: 0 }, atMs);
    },
    attempted({ claimed: { party }, outcome, tookMs }, atMs) {
      const result = outcome.kind === 'delivered' ? 'delivered' : outcome.reason;
      const withinMs = TOOK_BOUNDS_MS.find((bound) => tookMs <= bound) ?? TOOK_BOUNDS_MS[TOOK_BOUNDS_MS.length - 1];
      add({ party, direction: 'out', result: result.slice(0, LONGEST_RESULT), withinMs: withinMs as number }, atMs);
    },
    take() {
      const taken = [...counts.values()];
      counts = new Map();
      return taken;
    },
  };
}

function outcomeOf(result: AcceptedResult | undefined): string {
  const outcomes = result?.results.map(({ outcome }) => outcome) ?? [];
  return ['invalid', 'quarantined'].find((one) => outcomes.includes(one as (typeof outcomes)[number])) ?? 'accepted';
}
