import { agencyAbove } from '#core/identifiers/identifiers';
import type { AgencyLevel } from '#core/statistics/columns';
import type { Run } from '../database/transaction.ts';
import type { CountedNumbers } from './numbers.ts';

interface Line extends CountedNumbers {
  readonly key: string | null;
}

/** The lines of agencies of this level, and their total. An agency without a level has that of the one above it. */
export async function ofLevel<L extends Line>(
  run: Run,
  lines: readonly L[],
  level: AgencyLevel,
): Promise<{ readonly total: CountedNumbers; readonly lines: readonly L[] }> {
  const rows = await run<{ key: string; level: string }>(
    "SELECT key, levels[1] AS level FROM catalogue WHERE kind = 'agency' AND levels[1] IS NOT NULL",
  );
  const levels = new Map(rows.map((row) => [row.key, row.level]));
  const chosen = lines.filter(({ key }) => key !== null && levelOf(levels, key) === level);
  return { total: chosen.reduce<CountedNumbers>(addNumbers, NO_NUMBERS), lines: chosen };
}

function levelOf(levels: ReadonlyMap<string, string>, agency: string): string | undefined {
  const above = agencyAbove(agency);
  return levels.get(agency) ?? (above === undefined ? undefined : levelOf(levels, above));
}

export const NO_NUMBERS: CountedNumbers = {
  received: { total: 0, online: 0, direct: 0, carriedOver: 0 },
  resolved: { total: 0, early: 0, onTime: 0, late: 0 },
  pending: { total: 0, withinTerm: 0, late: 0 },
};

function addNumbers({ received, resolved, pending }: CountedNumbers, more: CountedNumbers): CountedNumbers {
  return {
    received: {
      total: received.total + more.received.total,
      online: received.online + more.received.online,
      direct: received.direct + more.received.direct,
      carriedOver: received.carriedOver + more.received.carriedOver,
    },
    resolved: {
      total: resolved.total + more.resolved.total,
      early: resolved.early + more.resolved.early,
      onTime: resolved.onTime + more.resolved.onTime,
      late: resolved.late + more.resolved.late,
    },
    pending: {
      total: pending.total + more.pending.total,
      withinTerm: pending.withinTerm + more.pending.withinTerm,
      late: pending.late + more.pending.late,
    },
  };
}
