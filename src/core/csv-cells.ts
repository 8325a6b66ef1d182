/**
 * CSV cells both ways, so that `import` reads what `export` wrote. Spreadsheets read a text that begins with one of these
 * characters as a formula. Some divide cells at commas, others at semicolons (as in Vietnam) or tabs: then what follows one
 * within a text begins a cell. The file has a `'` before such a text, and before one that already looks marked: `import` removes exactly one.
 */
const FORMULA = '[=+\\-@\\t\\r＝＋－＠]';
const CELL = '(?<=^|[,;\\t\\r\\n])';
const TO_BE_MARKED = new RegExp(`${CELL}(?='*${FORMULA})`, 'g');
const MARK = new RegExp(`${CELL}'(?='*${FORMULA})`, 'g');

export function markFormula(text: string): string {
  return text.replace(TO_BE_MARKED, "'");
}

export function unmarkFormula(cell: string): string {
  return cell.replace(MARK, '');
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
