import { maskTail } from '#core/identifiers/identifiers';

/** One place where the live index differs from the messages. */
export interface Difference {
  /** `messages` for a message that today's code reads differently, or with another outcome. */
  readonly table: 'dossiers' | 'aliases' | 'events' | 'records' | 'record_events' | 'changes' | 'messages';
  /** The dossier's code, or the subject of a record; the id of a message without one. */
  readonly code: string;
  /** The column; `(row)` where only one side has the row; a path inside a sealed record, such as `record/applicant/phone`. */
  readonly column: string;
  /** Both values, personal data masked; null when absent. */
  readonly live: string | null;
  readonly rebuilt: string | null;
}

/** Values that are not personal, shown unchanged. */
const PLAIN =
  /(?:^|_|\/)(?:code|status|state|state_at|subject|reach|is_[a-z]+|moved_state|at|party|kind|version|seq|item|id|channel|owner|inferred|authoritative|moved_status|anomaly|key|outcome|items|dossier|hash)$|(?:At|Code|status)$/;
const SHOWN_CHARACTERS = 80;

/** A value in a form that an operator may see. */
export function shown(column: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = PLAIN.test(column) ? text : maskTail(text);
  return safe.length > SHOWN_CHARACTERS ? `${safe.slice(0, SHOWN_CHARACTERS)}…` : safe;
}

/** The paths of the innermost differing members of two JSON values, with both values. */
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

/** Collects differences: stores the first ones, counts all. */
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
