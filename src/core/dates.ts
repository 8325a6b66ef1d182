/**
 * The one date module. An instant is `YYYY-MM-DDTHH:mm:ss[.SSS]+07:00`: Vietnam time, three digits of fraction or none.
 *
 * The form is fixed so that instants can be compared as text: all have the same zone and width, and where one has a
 * fraction and the other has not, `+` sorts before `.` as the whole second comes before its fractions. That is why
 * `.000` is never written.
 */

const VIETNAM_OFFSET_MS = 7 * 3_600_000;
const FIRST_YEAR = 1900;
const LAST_YEAR = 2200;
const EARLIEST_MS = Date.UTC(FIRST_YEAR, 0, 1) - VIETNAM_OFFSET_MS;
const AFTER_LATEST_MS = Date.UTC(LAST_YEAR + 1, 0, 1) - VIETNAM_OFFSET_MS;

const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:([Zz])|([+-])([01]\d|2[0-3]):?([0-5]\d))$/;

/**
 * The instant of an RFC 3339 text with a zone (`Z`, `+07:00`, and `+0000` as iGate writes it); digits after the
 * millisecond are cut off. Undefined where there is no zone, no such day or hour (also `24:00` and second 60), and
 * outside of the years 1900 to 2200.
 */
export function parseInstant(text: string): string | undefined {
  const match = RFC_3339.exec(text);
  if (match === null) return undefined;
  const date = match[1] as string;
  const time = match[2] as string;
  if (!isRealTime(time)) return undefined;
  const fraction = fractionOf(match[3]);
  const offsetMs = offsetOf(match[5], match[6], match[7]);
  if (offsetMs === VIETNAM_OFFSET_MS) return isRealDate(date) ? `${date}T${time}${fraction}+07:00` : undefined;
  if (!isRealDay(date)) return undefined;
  const ms = Date.parse(`${date}T${time}${fraction}Z`) - offsetMs;
  return inRange(ms) ? msToInstant(ms) : undefined;
}

/** Milliseconds since 1970-01-01T00:00Z of an instant. */
export function instantToMs(instant: string): number {
  return Date.parse(instant);
}

/** The instant of milliseconds since 1970-01-01T00:00Z. Throws RangeError outside of the years 1900 to 2200. */
export function msToInstant(ms: number): string {
  if (!inRange(ms)) throw new RangeError(`${ms} ms is not a moment of the years ${FIRST_YEAR} to ${LAST_YEAR}`);
  const local = new Date(ms + VIETNAM_OFFSET_MS).toISOString();
  return `${local.slice(0, local.endsWith('.000Z') ? 19 : 23)}+07:00`;
}

/** Whether a text is a `yyyy-MM-dd` that the calendar has, in the years 1900 to 2200. */
export function isRealDate(text: string): boolean {
  const year = Number(text.slice(0, 4));
  return text.length === 10 && year >= FIRST_YEAR && year <= LAST_YEAR && isRealDay(text);
}

/**
 * How parties write a moment without a zone; all of them mean Vietnam's wall clock, and without a time its midnight.
 * `iso-local-z` ends in a literal `Z` and yet is local time, as the OpenCPS client of the LGSP bus writes it.
 */
const TEMPLATES = {
  yyyyMMddHHmmss: 'yyyyMMddHHmmss',
  yyyyMMdd: 'yyyyMMdd',
  'dd/MM/yyyy HH:mm:ss': 'dd/MM/yyyy HH:mm:ss',
  'dd/MM/yyyy HH:mm': 'dd/MM/yyyy HH:mm',
  'dd/MM/yyyy': 'dd/MM/yyyy',
  'yyyy-MM-dd HH:mm:ss': 'yyyy-MM-dd HH:mm:ss',
  'yyyy-MM-dd': 'yyyy-MM-dd',
  'iso-local-z': 'yyyy-MM-ddTHH:mm:ss.SSSZ',
} as const;
export type LocalFormat = keyof typeof TEMPLATES;

export type LocalDate = { readonly instant: string } | { readonly absent: true } | { readonly error: string };

const NO_DATE = /^(?:0000-?00-?00|00\/00\/0000|0001-?01-?01|01\/01\/0001)(?:[T ]?[0:.]*(?:Z|[+-]\d\d:?\d\d)?)?$/;
const TOKEN = /yyyy|MM|dd|HH|mm|ss|\.SSS/g;
const PATTERNS = Object.fromEntries(
  Object.entries(TEMPLATES).map(([format, template]) => [format, patternOf(template)]),
) as Readonly<Record<LocalFormat, RegExp>>;

/**
 * A party's local date as an instant. Blank text and the usual stand-ins for "no date" (`0000-00-00…`, and
 * `0001-01-01`, which .NET writes for an unset date) are absent; anything but a real date in that format is an error.
 */
export function parseLocal(format: LocalFormat, text: string): LocalDate {
  const given = text.trim();
  if (given === '') return { absent: true };
  if (NO_DATE.test(given)) return { absent: true };
  const parts = PATTERNS[format].exec(given)?.groups;
  if (parts !== undefined) {
    const date = `${parts.yyyy}-${parts.MM}-${parts.dd}`;
    const time = `${parts.HH ?? '00'}:${parts.mm ?? '00'}:${parts.ss ?? '00'}`;
    if (isRealDate(date) && isRealTime(time)) return { instant: `${date}T${time}${fractionOf(parts.SSS)}+07:00` };
  }
  const shown = JSON.stringify(given.length > 40 ? `${given.slice(0, 40)}…` : given);
  return { error: `got ${shown}, expected a real date in Vietnam time written as ${TEMPLATES[format]}` };
}

/** An instant as a party writes it. What the format has no place for (seconds, fractions) is left out. */
export function formatLocal(format: LocalFormat, instant: string): string {
  const parts: Readonly<Record<string, string>> = {
    yyyy: instant.slice(0, 4),
    MM: instant.slice(5, 7),
    dd: instant.slice(8, 10),
    HH: instant.slice(11, 13),
    mm: instant.slice(14, 16),
    ss: instant.slice(17, 19),
    '.SSS': instant[19] === '.' ? instant.slice(19, 23) : '.000',
  };
  return TEMPLATES[format].replace(TOKEN, (token) => parts[token] as string);
}

/** A birth date as the national population database has it: a whole date, or the year alone. Undefined otherwise. */
export function parsePartialDate(text: string): string | undefined {
  const given = text.trim();
  if (/^\d{4}$/.test(given)) return isRealDate(`${given}-01-01`) ? given : undefined;
  return /^\d{4}-\d\d-\d\d$/.test(given) && isRealDate(given) ? given : undefined;
}

function patternOf(template: string): RegExp {
  const body = template.replace(TOKEN, (token) =>
    token === '.SSS' ? '(?:\\.(?<SSS>\\d+))?' : `(?<${token}>\\d{${token.length}})`,
  );
  return new RegExp(`^${body}$`);
}

/** Date.UTC moves February 30 into March, so a day is real when it comes back as the same month. */
function isRealDay(date: string): boolean {
  const day = Number(date.slice(8, 10));
  if (day >= 1 && day <= 28) return isRealMonth(date);
  const month = Number(date.slice(5, 7));
  return (
    day > 28 &&
    isRealMonth(date) &&
    new Date(Date.UTC(Number(date.slice(0, 4)), month - 1, day)).getUTCMonth() === month - 1
  );
}

function isRealMonth(date: string): boolean {
  const month = Number(date.slice(5, 7));
  return month >= 1 && month <= 12;
}

/** `HH:mm:ss` of digits; 24:00:00 and the leap second are refused since no two systems agree on what they mean. */
function isRealTime(time: string): boolean {
  return time < '24' && time.slice(3, 5) < '60' && time.slice(6, 8) < '60';
}

function fractionOf(digits: string | undefined): string {
  if (digits === undefined) return '';
  const fraction = digits.slice(0, 3).padEnd(3, '0');
  return fraction === '000' ? '' : `.${fraction}`;
}

function offsetOf(sign: string | undefined, hours: string | undefined, minutes: string | undefined): number {
  if (sign === undefined) return 0;
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === '-' ? -ms : ms;
}

function inRange(ms: number): boolean {
  return ms >= EARLIEST_MS && ms < AFTER_LATEST_MS;
}
