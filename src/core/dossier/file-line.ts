import type { Problem } from '../problem.ts';
import type { ItemOutcome } from './effect.ts';

/** Where a file of a party came from: its place, its own upload, or an operator. */
export const DROP_PLACES = ['folder', 'sftp', 'upload', 'operator'] as const;
export const DROP_OUTCOMES = ['taken', 'repeat', 'refused'] as const;

/** A row of a file that was not taken, or whose cells have warnings. */
export interface FileLine {
  /** Empty for CSV and XML. */
  readonly sheet: string;
  /** Its row in the sheet, from 1. Undefined if the file is no longer stored and no problem names it. */
  readonly row: number | undefined;
  readonly code: string | undefined;
  readonly outcome: ItemOutcome;
  readonly problems: readonly Problem[];
}

interface Result {
  readonly code?: string | undefined;
  readonly outcome: ItemOutcome;
  readonly problems?: readonly Problem[] | undefined;
  readonly warnings?: readonly Problem[] | undefined;
}

/** The line of an item. Undefined if it was taken and nothing is to be said about it. */
export function fileLineOf(
  { code, outcome, problems = [], warnings = [] }: Result,
  place: { readonly sheet: string; readonly row: number } | undefined,
): FileLine | undefined {
  const said = [...problems, ...warnings.filter(isOfTheCell)];
  if (said.length === 0 && (outcome === 'accepted' || outcome === 'duplicate')) return undefined;
  const cell = cellOf(said[0]?.path ?? '');
  return { sheet: place?.sheet ?? '', row: place?.row ?? rowOf(cell), code, outcome, problems: said };
}

/** `E4` of `/sheet1/E4`, and `5` of `/sheet1/row5`. Empty for another path. */
export function cellOf(path: string): string {
  const [, cell = ''] = /^\/sheet\d+\/([A-Z]+\d+|row\d+)/.exec(path) ?? [];
  return cell.replace(/^row/, '');
}

function rowOf(cell: string): number | undefined {
  const digits = /\d+$/.exec(cell)?.[0];
  return digits === undefined ? undefined : Number(digits);
}

/** Repaired columns are counted elsewhere, and gaps of the catalogue are no concern of the sender. */
function isOfTheCell({ path, code }: Problem): boolean {
  return cellOf(path) !== '' && code !== 'repaired-text';
}
