import type { KindEvent } from './apply.ts';

/** The first moment of each state in the history of a record, without the claims of parties that may not change it. */
export function momentsOf(events: readonly KindEvent[]): Readonly<Record<string, string>> {
  const moments: Record<string, string> = {};
  for (const { reach, record } of events) {
    const known = moments[record.state];
    if (reach !== 'none' && (known === undefined || record.stateAt < known)) moments[record.state] = record.stateAt;
  }
  return moments;
}
