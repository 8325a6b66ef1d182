import type { Grade } from '#core/statistics/rules';
import type { DossiersQuestion } from './question.ts';
import type { Values } from './sources.ts';

/** SQL: whether the number of a report counts a dossier, `c`. Says for one dossier what the totals say for all. */
export function conditionOf({ rule, column, from, to, now }: DossiersQuestion, values: Values): string {
  const [began, ended, late, grade] = ['began', 'ended', 'late', 'grade'].map((name) => `c.${name}_${rule}`);
  const [first, last, moment] = [from, to, to < now ? to : now].map((one) => values.add(one, 'timestamptz'));
  const isPending = `(${ended} IS NULL OR ${ended} > ${last})`;
  const isLate = `coalesce(${late} <= ${moment}, false)`;
  const isResolved = (as: Grade) => `${ended} <= ${last} AND ${grade} = '${as}'`;
  const isOnline = `EXISTS (SELECT 1 FROM total_cells k WHERE k.id = c.cell AND k.channel = 'online')`;
  const isCounted = {
    received: 'true',
    'received.online': `${began} >= ${first} AND ${isOnline}`,
    'received.direct': `${began} >= ${first} AND NOT ${isOnline}`,
    'received.carriedOver': `${began} < ${first}`,
    resolved: `NOT ${isPending}`,
    'resolved.early': isResolved('early'),
    'resolved.onTime': isResolved('on-time'),
    'resolved.late': isResolved('late'),
    pending: isPending,
    'pending.withinTerm': `${isPending} AND NOT ${isLate}`,
    'pending.late': `${isPending} AND ${isLate}`,
  }[column];
  // The moment that it is does not decide every column, and a value that nothing uses has no type.
  return `${began} <= ${last} AND (${ended} IS NULL OR ${ended} >= ${first}) AND ${isCounted} AND ${moment} IS NOT NULL`;
}
