import type { Column, Group } from '#core/statistics/columns';
import type { Rule } from '#core/statistics/rules';

/** A dossier as a rule counted it, with its place. Times are epoch milliseconds. */
export interface CountedDirectly {
  readonly code: string;
  readonly agency: string;
  readonly field: string | null;
  readonly service: string;
  readonly channel: string;
  readonly by: Readonly<
    Record<Rule, { began: number | null; ended: number | null; late: number | null; grade: string | null }>
  >;
}

/** Counts dossiers one by one, without totals: the codes behind each number of a line. */
export function countDirectly(
  dossiers: readonly CountedDirectly[],
  { rule, fromMs, toMs, nowMs }: { readonly rule: Rule; fromMs: number; toMs: number; nowMs: number },
): Readonly<Record<Column, readonly string[]>> {
  const found: Record<Column, string[]> = {
    ...{ received: [], 'received.online': [], 'received.direct': [], 'received.carriedOver': [] },
    ...{ resolved: [], 'resolved.early': [], 'resolved.onTime': [], 'resolved.late': [] },
    ...{ pending: [], 'pending.withinTerm': [], 'pending.late': [] },
  };
  for (const { code, channel, by } of dossiers) {
    const { began, ended, late, grade } = by[rule];
    if (began === null || began > toMs || (ended !== null && ended < fromMs)) continue;
    const add = (...columns: readonly Column[]) => {
      for (const column of columns) found[column].push(code);
    };
    add('received');
    if (began < fromMs) add('received.carriedOver');
    else add(channel === 'online' ? 'received.online' : 'received.direct');
    if (ended !== null && ended <= toMs)
      add('resolved', grade === 'early' ? 'resolved.early' : grade === 'late' ? 'resolved.late' : 'resolved.onTime');
    else add('pending', late !== null && late <= Math.min(toMs, nowMs) ? 'pending.late' : 'pending.withinTerm');
  }
  return found;
}

/** The line of a dossier. */
export function lineOf({ agency, field, service, channel }: CountedDirectly, by: Exclude<Group, 'month'>) {
  return { agency, field, service, channel }[by];
}
