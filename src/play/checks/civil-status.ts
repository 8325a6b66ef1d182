import type { Evidence } from './evidence.ts';
import type { HistoryEntry } from './expectation.ts';
import { codeOf, compare, type Finding, keyOf, linesOf } from './finding.ts';

/** The party and the book of the civil-status system. */
export const CIVIL_STATUS = 'civil-status';

/** The steps in a dossier's history that the civil-status system reported. */
export function ministrySteps(histories: Evidence['histories'], code: string): readonly HistoryEntry[] {
  return (histories.get(code) ?? []).filter(({ party }) => party === CIVIL_STATUS);
}

/** The civil-status system registered each of its dossiers once, and no others. */
export function checkRegistrations({ books, specials }: Evidence): readonly Finding[] {
  const book = books.get(CIVIL_STATUS);
  if (!book) return [];
  return compare({
    where: CIVIL_STATUS,
    holder: 'the civil-status system',
    expected: linesOf(
      specials.atMinistry,
      (code) => code,
      () => 'a registration',
    ),
    found: linesOf(
      book.entries.flatMap((entry) => Array.from({ length: entry.count }, () => entry)),
      keyOf,
      () => 'a registration',
    ),
  });
}

/** The one-stop system got each of the ministry's steps once, and at least one for each dossier. */
export function checkAnswersToOneStop({ books, specials, histories }: Evidence): readonly Finding[] {
  const book = books.get('one-stop');
  if (!book) return [];
  const atMinistry = new Set(specials.atMinistry);
  const steps = specials.atMinistry.flatMap((code) => ministrySteps(histories, code).map((one) => ({ code, ...one })));
  const expected = linesOf(steps, codeOf, ({ status, at }) => `${status} at ${at}`);
  const found = linesOf(book.entries, keyOf, (entry) => {
    if (entry.kind !== 'progress' || !atMinistry.has(entry.key)) return undefined;
    const { status, at } = entry.content as { readonly status: string; readonly at: string };
    return `${status} at ${at}`;
  });
  const silent = specials.atMinistry.filter((code) => !expected.has(code));
  return [
    ...silent.map(
      (code): Finding => ({ kind: 'lost', text: `${code}: nothing came back from the ministry`, where: 'index' }),
    ),
    ...compare({ where: 'one-stop', holder: 'the one-stop system', expected, found }),
  ];
}
