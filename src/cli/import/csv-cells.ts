/**
 * Cells of CSV, both ways, so that what `export` wrote is what `import` reads.
 *
 * A spreadsheet takes what begins with one of these for a formula. Such a text has a `'` before it in the file, and so has
 * one that looks as if it had been marked: exactly one is taken off again.
 */
const FORMULA = '[=+\\-@\\t\\r＝＋－＠]';
const TO_BE_MARKED = new RegExp(`^'*${FORMULA}`);
const MARKED = new RegExp(`^'+${FORMULA}`);

export function markFormula(text: string): string {
  return TO_BE_MARKED.test(text) ? `'${text}` : text;
}

export function unmarkFormula(cell: string): string {
  return MARKED.test(cell) ? cell.slice(1) : cell;
}

/** The values of a list in one cell, divided by `|`; a `|` or `\` within a value has a `\` before it. */
export function joinValues(values: readonly unknown[]): string {
  return values.map((value) => String(value).replace(/[\\|]/g, '\\$&')).join('|');
}

/** A `\` before anything else is itself. */
export function splitValues(cell: string): readonly string[] {
  const values = [''];
  for (const [piece] of cell.matchAll(/\\[\\|]|[^\\|]+|[\\|]/g)) {
    if (piece === '|') values.push('');
    else values[values.length - 1] += piece.replace(/^\\(?=[\\|])/, '');
  }
  return values;
}
