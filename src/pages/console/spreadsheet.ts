import { stringify } from 'csv-stringify/sync';
import { markFormula } from '#core/csv-cells';

/**
 * Rows as CSV that a Vietnamese Excel opens in columns: semicolons, because its comma separates decimals, and UTF-8 with the
 * mark without which it reads another character set. A text that begins like a formula would run: it is marked.
 *
 * Not for numbers with decimals. Statistics and reports are CSV for programs (RFC 4180), and XLSX for Excel.
 */
export function spreadsheet(rows: readonly (readonly (string | number | null | undefined)[])[]): string {
  return stringify([...rows], { bom: true, delimiter: ';', cast: { string: markFormula }, record_delimiter: '\r\n' });
}
