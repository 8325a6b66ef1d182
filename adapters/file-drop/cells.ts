import { type CellValue, formatLocal, type Problem, parseInstant, problem, received } from '#kit';
import type { ListFields } from './columns.ts';

/** How the fields of the settings use a column. */
export interface Use {
  readonly as: 'text' | 'number' | 'boolean' | 'date';
  /** The date forms of the field. */
  readonly dates: readonly string[];
  /** Whole numbers are texts here. */
  readonly numbers: boolean;
}

/** The uses of columns by their names, from the fields that read them. A column that no field reads has none. */
export function usesOf(fields: ListFields): ReadonlyMap<string, Omit<Use, 'numbers'>> {
  const uses = new Map<string, Omit<Use, 'numbers'>>();
  for (const field of leavesOf(fields)) {
    const { from = [], date, partialDate, as } = field;
    const dates = [date ?? partialDate ?? []].flat();
    const isNumber = as === 'vnd' || as === 'number';
    const kind = dates.length > 0 ? 'date' : isNumber ? 'number' : as === 'boolean' ? as : 'text';
    for (const path of [from].flat()) uses.set(path, { as: kind, dates });
  }
  return uses;
}

type Leaf = Exclude<ListFields[string], string>;

/** The fields that read a value, also within lists such as fees. */
export function leavesOf(fields: ListFields): readonly Leaf[] {
  return Object.values(fields).flatMap((field) => {
    if (typeof field === 'string') return [{ from: field }];
    return field.fields ? leavesOf(field.fields as ListFields) : [field];
  });
}

/** A cell as a text for the fields of the settings, or why it cannot be one. Undefined for an empty cell. */
export function textOfCell(
  value: CellValue,
  { as, dates, numbers }: Use,
  is1904: boolean,
  path: string,
): string | undefined | Problem {
  if (value === null) return undefined;
  if (typeof value === 'string') {
    const text = value.trim();
    if (text === '') return undefined;
    return as === 'date' ? (dateOfText(text, dates, is1904) ?? text) : text;
  }
  if (value instanceof Date)
    return as === 'date' ? dateText(value.getTime(), dates) : problem(path, 'cell-date', { got: isoOf(value) });
  if (typeof value === 'boolean') return as === 'boolean' ? String(value) : problem(path, 'cell-boolean');
  if (as === 'number' || as === 'boolean') return String(value);
  if (as === 'date') return dateOfSerial(value, dates, is1904) ?? problem(path, 'cell-serial', { got: value });
  return numbers && Number.isSafeInteger(value)
    ? String(value)
    : problem(path, 'cell-number', { got: received(value) });
}

/**
 * `1/8/2025` and `01.08.2025 7:05` with two digits, and with slashes unless the forms of the field have hyphens alone. A serial
 * number that became text.
 */
function dateOfText(text: string, dates: readonly string[], is1904: boolean): string | undefined {
  const parts = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T]+(\d{1,2}):(\d\d)(:\d\d)?)?$/.exec(text);
  if (parts) {
    const [, day, month, year, hour, minute, seconds = ''] = parts;
    const hasSlashes = dates.some((form) => form.includes('/'));
    const between = !hasSlashes && dates.some((form) => form.startsWith('dd-')) ? '-' : '/';
    const date = [two(day), two(month), year].join(between);
    return hour === undefined ? date : `${date} ${two(hour)}:${minute}${seconds}`;
  }
  return /^\d{5}(?:\.\d+)?$/.test(text) ? dateOfSerial(Number(text), dates, is1904) : undefined;
}

const two = (digits: string | undefined): string => (digits ?? '').padStart(2, '0');

const DAY_MS = 86_400_000;
/** Day 0 of the system of 1900 as it counts from 1 March 1900. Before, Excel has a day too many. */
const EPOCH_1900_MS = Date.UTC(1899, 11, 30);
const EPOCH_1904_MS = Date.UTC(1904, 0, 1);
const [FIRST_SERIAL, LAST_SERIAL] = [61, 2_958_465];

/** The date of a serial number: days since 1900 or 1904, with the time as a fraction. */
function dateOfSerial(serial: number, dates: readonly string[], is1904: boolean): string | undefined {
  if (!(serial >= FIRST_SERIAL && serial <= LAST_SERIAL)) return undefined;
  const epochMs = is1904 ? EPOCH_1904_MS : EPOCH_1900_MS;
  return dateText(epochMs + Math.round(serial * 86_400) * 1000, dates);
}

/** A moment of the sheet in the first form of the field that loses nothing of it, at midnight rather in one without a time. */
function dateText(ms: number, dates: readonly string[]): string {
  const iso = isoOf(new Date(ms));
  const isMidnight = ms % DAY_MS === 0;
  const forms = dates.filter((form) => /yyyy/.test(form));
  const whole = forms.filter((form) => /ss/.test(form) || (/H/.test(form) ? ms % 60_000 === 0 : isMidnight));
  const form = whole.find((one) => isMidnight && !/H/.test(one)) ?? whole[0];
  const instant = parseInstant(`${iso.slice(0, 19)}+07:00`);
  if (form === undefined || instant === undefined) return `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
  return formatLocal(form as 'yyyy-MM-dd', instant);
}

const isoOf = (date: Date): string => date.toISOString().slice(0, 19);
