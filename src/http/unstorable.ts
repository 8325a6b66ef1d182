import { type Problem, problem } from '#core/problem';
import { unstorable } from '#core/vietnamese/text';

/** The texts within a JSON value that PostgreSQL cannot store, by their paths. */
export function unstorableIn(value: unknown, path = ''): readonly Problem[] {
  if (typeof value === 'string') {
    const why = unstorable(value);
    return why ? [problem(path, 'unstorable-text', { why })] : [];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => unstorableIn(one, `${path}/${name}`));
}
