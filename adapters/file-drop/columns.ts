import { type CellValue, fold, inspectText } from '#kit';
import type { Column, List } from './settings.ts';

export type ListFields = List['fields'];

/** Where the headings of a table are: the last row of them, and the position of each column. From 0. */
export interface Heading {
  readonly row: number;
  readonly at: ReadonlyMap<string, number>;
}

/** Why a sheet has no table: columns that no row names, or a heading that occurs twice. */
export type NoHeading = { readonly missing: readonly string[] } | { readonly twice: string };

/** Titles, dates and signatures stand above the headings. */
const MOST_ROWS = 60;

/**
 * Finds the row, or the two rows, that have all headings of the settings. A merged heading stands in its first cell, with
 * parts of it below.
 */
export function findHeading(
  rows: readonly (readonly CellValue[])[],
  columns: Readonly<Record<string, Column>>,
): Heading | NoHeading {
  const wanted = Object.entries(columns).map(([name, column]) => ({ name, ...wantedOf(column) }));
  let best: { readonly missing: readonly string[]; readonly found: number } | undefined;
  for (let row = 0; row < Math.min(rows.length, MOST_ROWS); row++) {
    const cells = titlesOf(rows[row] ?? []);
    const above = row > 0 ? titlesOf(rows[row - 1] ?? []) : [];
    for (const titles of [cells.map((cell) => [cell]), joined(above, cells)]) {
      const at = new Map<string, number>();
      let twice: string | undefined;
      for (const { name, titles: names } of wanted) {
        const places = titles.flatMap((ones, place) => (ones.some((one) => names.has(one)) ? [place] : []));
        if (places.length > 1) twice ??= [...names][0];
        if (places[0] !== undefined) at.set(name, places[0]);
      }
      const missing = wanted.filter(({ name, optional }) => !optional && !at.has(name)).map(({ shown }) => shown);
      if (missing.length === 0 && at.size > 0) return twice === undefined ? { row, at } : { twice };
      if (best === undefined || at.size > best.found) best = { missing, found: at.size };
    }
  }
  return { missing: best?.missing ?? wanted.map(({ shown }) => shown) };
}

function wantedOf(column: Column) {
  const { titles, optional = false } =
    typeof column === 'object' && 'titles' in column ? column : { titles: column as string | string[] };
  const all = [titles].flat();
  return { titles: new Set(all.map(plain)), optional, shown: all[0] as string };
}

/** A cell of headings that came in an old encoding is repaired first. */
function titlesOf(row: readonly CellValue[]): readonly string[] {
  const texts = row.map((cell) => (typeof cell === 'string' ? cell.replace(/\s+/g, ' ').trim() : ''));
  const whole = inspectText(texts.join('\n'));
  const read = whole.verdict === 'repaired' ? whole.text.split('\n') : texts.map((text) => inspectText(text).text);
  return read.map(plain);
}

/** Case, marks, blanks, asterisks and colons do not matter: `Họ và tên (*):`. */
function plain(title: string): string {
  return fold(title.replace(/\(\*\)|[*:]/g, ' '));
}

/** The headings of two rows: the lower one, the upper one where the lower is empty, and both together. */
function joined(above: readonly string[], below: readonly string[]): readonly (readonly string[])[] {
  let group = '';
  return Array.from({ length: Math.max(above.length, below.length) }, (_, at) => {
    const [upper = '', lower = ''] = [above[at], below[at]];
    if (upper !== '') group = upper;
    if (lower === '') return upper === '' ? [] : [upper];
    return [lower, `${group} ${lower}`.trim()];
  });
}

/** The letters of a column, from 0: A, B, …, Z, AA. */
export function lettersOf(column: number): string {
  const rest = Math.floor(column / 26);
  return (rest > 0 ? lettersOf(rest - 1) : '') + String.fromCharCode(65 + (column % 26));
}
