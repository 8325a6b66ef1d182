/**
 * CSV cells both ways, so that `import` reads what `export` wrote. Spreadsheets read a text that begins with one of these
 * characters as a formula. The file has a `'` before such a text, and before one that already looks marked: `import` removes
 * exactly one.
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

/** Joins the values of a list in one cell with `|`; a `|` or `\` inside a value gets a `\` before it. */
export function joinValues(values: readonly unknown[]): string {
  return values.map((value) => String(value).replace(/[\\|]/g, '\\$&')).join('|');
}

/** A `\` before any other character stands for itself. */
export function splitValues(cell: string): readonly string[] {
  const values = [''];
  for (const [piece] of cell.matchAll(/\\[\\|]|[^\\|]+|[\\|]/g)) {
    if (piece === '|') values.push('');
    else values[values.length - 1] += piece.replace(/^\\(?=[\\|])/, '');
  }
  return values;
}
