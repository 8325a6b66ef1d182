import { textAt, textOf } from '#kit';

/** A row of iGate. Its members differ between hosts and between the list and the detail. */
export type Row = Readonly<Record<string, unknown>>;

export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The rows in a member that is a list, one object, or absent. */
export function rowsIn(value: unknown): readonly Row[] {
  return (Array.isArray(value) ? value : [value]).filter(isRow);
}

/** `languageId` of Vietnamese. English is 46. */
const VIETNAMESE = '228';

/** A name: a text, `{ name }`, or `[{ languageId, name }]` with the Vietnamese one preferred. */
export function nameIn(value: unknown): string | undefined {
  if (!Array.isArray(value)) return isRow(value) ? flatName(value.name) : textOf(value);
  const names = value.filter(isRow);
  const chosen = names.find(({ languageId }) => textOf(languageId) === VIETNAMESE) ?? names[0];
  return flatName(chosen?.name);
}

/** The name of an object whose own `name` may be a list again. */
function flatName(value: unknown): string | undefined {
  if (!Array.isArray(value)) return textOf(value);
  const names = value.filter(isRow);
  return textOf((names.find(({ languageId }) => textOf(languageId) === VIETNAMESE) ?? names[0])?.name);
}

/** An id: a bare text or number, or `{ id }`. */
export function idIn(value: unknown): string | undefined {
  return textOf(isRow(value) ? value.id : value);
}

/** The first text at one of these paths. */
export function firstText(row: unknown, ...paths: readonly string[]): string | undefined {
  return paths.flatMap((path) => textAt(row, path) ?? [])[0];
}
