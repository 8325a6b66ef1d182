import { maskTail } from '#core/identifiers/identifiers';

/** One place in which the live index is not what the messages tell. */
export interface Difference {
  /** `messages` where it is a message that reads otherwise today, or came to something else. */
  readonly table: 'dossiers' | 'aliases' | 'events' | 'changes' | 'messages';
  /** The dossier's code; of a message without one, its id. */
  readonly code: string;
  /** The column, `(row)` where only one side has the row; inside a sealed record `record/applicant/phone`. */
  readonly column: string;
  /** Both values, what is personal masked; null where there is none. */
  readonly live: string | null;
  readonly rebuilt: string | null;
}

/** Values that say nothing of a person: shown as they are. */
const PLAIN =
  /(?:^|_|\/)(?:code|status|at|party|kind|version|seq|item|id|channel|owner|inferred|authoritative|moved_status|anomaly|key|outcome|items|dossier|hash)$|(?:At|Code|status)$/;
const SHOWN_CHARACTERS = 80;

/** A value as it may be shown to an operator. */
export function shown(column: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = PLAIN.test(column) ? text : maskTail(text);
  return safe.length > SHOWN_CHARACTERS ? `${safe.slice(0, SHOWN_CHARACTERS)}…` : safe;
}

/** Where two JSON values are not equal: the paths of the innermost members, with both values. */
export function jsonDifferences(
  live: unknown,
  rebuilt: unknown,
  path: string,
): readonly { readonly path: string; readonly live: unknown; readonly rebuilt: unknown }[] {
  if (isBranch(live) && isBranch(rebuilt)) {
    const names = [...new Set([...Object.keys(live), ...Object.keys(rebuilt)])];
    return names.flatMap((name) => jsonDifferences(live[name], rebuilt[name], `${path}/${name}`));
  }
  return JSON.stringify(live) === JSON.stringify(rebuilt) ? [] : [{ path, live, rebuilt }];
}

function isBranch(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** The differences found so far: the first are kept whole, all are counted. */
export interface Findings {
  readonly listed: readonly Difference[];
  readonly count: number;
  add(found: readonly Difference[]): void;
}

export function createFindings(limit: number): Findings {
  const listed: Difference[] = [];
  let count = 0;
  return {
    listed,
    get count() {
      return count;
    },
    add(found) {
      count += found.length;
      listed.push(...found.slice(0, Math.max(limit - listed.length, 0)));
    },
  };
}
