import { say, type Words } from '#messages/message';
import { withoutUndefined } from '../without-undefined.ts';

/**
 * The one date module. An instant is `YYYY-MM-DDTHH:mm:ss[.SSS]+07:00`: Vietnam time, with three digits of fraction or
 * none.
 *
 * The form is fixed so that instants compare as text. All have the same zone and width. `+` sorts before `.`, so a
 * whole second sorts before its fractions. That is why `.000` is never written.
 */

const FIRST_YEAR = 1900;
const LAST_YEAR = 2200;
const OF_THE_YEARS = { from: String(FIRST_YEAR), until: String(LAST_YEAR) };
export const DAY_MS = 86_400_000;
/** How far the clocks of Vietnam are ahead of UTC. It has had one zone without summer time since 1975. */
export const VIETNAM_MS = 7 * 3_600_000;
const EARLIEST_MS = Date.UTC(FIRST_YEAR, 0, 1) - VIETNAM_MS;
const AFTER_LATEST_MS = Date.UTC(LAST_YEAR + 1, 0, 1) - VIETNAM_MS;

const DAY_MINUTES = 1_440;
const VIETNAM_MINUTES = 7 * 60;
/** 1 January 1900 in Vietnam began on this day in UTC. */
const EARLIEST_WRITTEN = `${FIRST_YEAR - 1}-12-31`;

const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:([Zz])|([+-])([01]\d|2[0-3]):?([0-5]\d))$/;

/** The shape of an instant. It also matches impossible days and hours. */
const WRITTEN = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(?!000)\d{3})?\+07:00$/;

/**
 * Parses an RFC 3339 text with a zone (`Z`, `+07:00`, or `+0000` as iGate writes it). Digits after the millisecond are
 * cut off. Undefined without a zone, for an impossible day or hour (also `24:00` and second 60), and outside the years
 * 1900 to 2200.
 */
export function parseInstant(text: string): string | undefined {
  // Most texts are instants already and need no parsing.
  if (WRITTEN.test(text) && isRealDate(text.slice(0, 10)) && isRealTime(text.slice(11, 19))) return text;
  const match = RFC_3339.exec(text);
  if (match === null) return undefined;
  const date = match[1] as string;
  const time = match[2] as string;
  if (date < EARLIEST_WRITTEN || !isRealDay(date) || !isRealTime(time)) return undefined;
  const minute = Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5)) - offsetMinutes(match) + VIETNAM_MINUTES;
  const days = Math.floor(minute / DAY_MINUTES);
  const day = days === 0 ? date : shiftDay(date, days);
  if (!isRealDate(day)) return undefined;
  return `${day}T${clock(minute - days * DAY_MINUTES)}${time.slice(5)}${fractionOf(match[3])}+07:00`;
}

/** The expectation to name for a text that is no instant. If everything else is right, only the range of years. */
export function expectedInstant(text: string): Words {
  const [, date, time] = RFC_3339.exec(text) ?? [];
  const isReal = date !== undefined && time !== undefined && isRealDay(date) && isRealTime(time);
  return isReal ? say('time-of-the-years', OF_THE_YEARS) : say('instant-such', { such: '2025-08-12T08:15:00+07:00' });
}

/**
 * Milliseconds since 1970-01-01T00:00Z of an instant. Called twenty times a dossier; Date.parse takes five times as
 * long.
 */
export function instantToMs(instant: string): number {
  if (!instant.endsWith('+07:00')) return Date.parse(instant);
  const day = Date.UTC(digits(instant, 0, 4), digits(instant, 5, 7) - 1, digits(instant, 8, 10));
  const seconds = digits(instant, 11, 13) * 3_600 + digits(instant, 14, 16) * 60 + digits(instant, 17, 19);
  const fraction = instant.length === 29 ? digits(instant, 20, 23) : 0;
  return day + seconds * 1_000 + fraction - VIETNAM_MS;
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + text.charCodeAt(at) - 48;
  return value;
}

/**
 * The instant of milliseconds since 1970-01-01T00:00Z.
 *
 * @throws RangeError outside the years 1900 to 2200
 */
export function msToInstant(ms: number): string {
  if (!inRange(ms)) throw new RangeError(`${ms} ms is not a moment of the years ${FIRST_YEAR} to ${LAST_YEAR}`);
  const local = new Date(ms + VIETNAM_MS).toISOString();
  return `${local.slice(0, local.endsWith('.000Z') ? 19 : 23)}+07:00`;
}

/** Like msToInstant, but the last moment of the year 2200 stands for any later one: sources give impossible years. */
export function writableInstant(ms: number): string {
  return msToInstant(Math.min(ms, AFTER_LATEST_MS - 1));
}

/** Whether a text is a `yyyy-MM-dd` that the calendar has, in the years 1900 to 2200. */
export function isRealDate(text: string): boolean {
  const year = Number(text.slice(0, 4));
  return text.length === 10 && year >= FIRST_YEAR && year <= LAST_YEAR && isRealDay(text);
}

/**
 * Forms in which parties write a moment without a zone. All mean Vietnam time, and midnight if they have no time.
 * `iso-local-z` ends in a literal `Z` although it is local time, as the OpenCPS client of the LGSP bus writes it.
 * `iso-local` is an xs:dateTime without a zone, as .NET and JAX-WS write it. `d`, `M` and `H` have no leading zero where they are
 * written, and may have one where they are read. `MM/dd/yyyy` is the invariant culture of .NET.
 */
const TEMPLATES = {
  yyyyMMddHHmmss: 'yyyyMMddHHmmss',
  yyyyMMdd: 'yyyyMMdd',
  'dd/MM/yyyy HH:mm:ss': 'dd/MM/yyyy HH:mm:ss',
  'dd/MM/yyyy HH:mm': 'dd/MM/yyyy HH:mm',
  'dd/MM/yyyy': 'dd/MM/yyyy',
  'd/M/yyyy H:mm:ss': 'd/M/yyyy H:mm:ss',
  'd/M/yyyy H:mm': 'd/M/yyyy H:mm',
  'd/M/yyyy': 'd/M/yyyy',
  'dd-MM-yyyy HH:mm:ss': 'dd-MM-yyyy HH:mm:ss',
  'dd-MM-yyyy': 'dd-MM-yyyy',
  'MM/dd/yyyy HH:mm:ss': 'MM/dd/yyyy HH:mm:ss',
  'MM/dd/yyyy': 'MM/dd/yyyy',
  'yyyy-MM-dd HH:mm:ss': 'yyyy-MM-dd HH:mm:ss',
  'yyyy-MM-dd': 'yyyy-MM-dd',
  'iso-local-z': 'yyyy-MM-ddTHH:mm:ss.SSSZ',
  'iso-local': 'yyyy-MM-ddTHH:mm:ss.SSS',
} as const;
export type LocalFormat = keyof typeof TEMPLATES;

export type LocalDate = { readonly instant: string } | { readonly absent: true } | { readonly error: Words };

const NO_DATE =
  /^(?:0000-?00-?00|00[/-]00[/-]0000|0001-?01-?01|0?1[/-]0?1[/-]0001)(?:[T ]?[0:.]*(?:Z|[+-]\d\d:?\d\d)?)?$/;
const TOKEN = /yyyy|MM|dd|HH|mm|ss|\.SSS|M|d|H/g;
const PATTERNS = Object.fromEntries(
  Object.entries(TEMPLATES).map(([format, template]) => [format, patternOf(template)]),
) as Readonly<Record<LocalFormat, RegExp>>;

/**
 * Parses a party's local date as an instant. Blank text and the usual values for "no date" (`0000-00-00…`, and
 * `0001-01-01` of .NET) are absent. Anything else that is no real date in that format is an error.
 */
export function parseLocal(format: LocalFormat, text: string): LocalDate {
  const given = text.trim();
  if (given === '') return { absent: true };
  if (NO_DATE.test(given)) return { absent: true };
  const parts = PATTERNS[format].exec(given)?.groups;
  if (parts !== undefined) {
    const date = `${parts.yyyy}-${twoDigits(parts.MM)}-${twoDigits(parts.dd)}`;
    const time = `${twoDigits(parts.HH)}:${parts.mm ?? '00'}:${parts.ss ?? '00'}`;
    if (isRealDate(date) && isRealTime(time)) return { instant: `${date}T${time}${fractionOf(parts.SSS)}+07:00` };
    if (isRealDay(date) && isRealTime(time))
      return { error: unusable(given, say('of-the-years', { expected: localDate(format), ...OF_THE_YEARS })) };
  }
  return { error: unusable(given, localDate(format)) };
}

const twoDigits = (digits = ''): string => digits.padStart(2, '0');

const localDate = (format: LocalFormat): Words => say('local-date', { form: TEMPLATES[format] });

function unusable(given: string, expected: Words): Words {
  return say('unexpected', { got: shown(given), expected });
}

function shown(given: string): string {
  return given.length > 40 ? `${given.slice(0, 40)}…` : given;
}

/** The first moment of a day in Vietnam, `yyyy-MM-dd`. */
export const startOfDay = (day: string): string => `${day}T00:00:00+07:00`;

/** The last moment of a day in Vietnam, `yyyy-MM-dd`: instants have milliseconds. */
export const endOfDay = (day: string): string => `${day}T23:59:59.999+07:00`;

/** Whether a source gave a day without a time: the hub stores it as its midnight in Vietnam. */
export const isDayAlone = (instant: string): boolean => instant.slice(11, 19) === '00:00:00';

/** The last moment that is in time. A due day without a time lasts until its end, because no office closes at 00:00. */
export const endOfTerm = (dueAt: string): string => (isDayAlone(dueAt) ? endOfDay(dueAt.slice(0, 10)) : dueAt);

/** A period, or the error of one of its ends. */
export type Period =
  | { readonly from?: string; readonly to?: string }
  | { readonly wrong: 'from' | 'to'; readonly error: Words };

/** The ends of a period as people write them. */
export interface PeriodText {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Parses a period. An end that is a date means that day in Vietnam: its first or last moment. */
export function readPeriod({ from, to }: PeriodText): Period {
  const given = { from: from && parseEnd(from, startOfDay), to: to && parseEnd(to, endOfDay) };
  for (const [end, text] of [
    ['from', from],
    ['to', to],
  ] as const)
    if (text && !given[end]) return { wrong: end, error: unusable(text, say('date-or-instant')) };
  if (given.from && given.to && given.from > given.to)
    return { wrong: 'to', error: unusable(to as string, say('not-before', { near: shown(from as string) })) };
  return withoutUndefined({ from: given.from || undefined, to: given.to || undefined });
}

/** A plus sign in an address arrives as a space. */
function parseEnd(text: string, endOf: (day: string) => string): string | undefined {
  return parseInstant(/^\d{4}-\d\d-\d\d$/.test(text) ? endOf(text) : text.replace(' ', '+'));
}

/** Writes an instant in a party's format. Parts without a place in the format (seconds, fractions) are left out. */
export function formatLocal(format: LocalFormat, instant: string): string {
  const parts: Readonly<Record<string, string>> = {
    yyyy: instant.slice(0, 4),
    MM: instant.slice(5, 7),
    dd: instant.slice(8, 10),
    HH: instant.slice(11, 13),
    M: withoutZero(instant.slice(5, 7)),
    d: withoutZero(instant.slice(8, 10)),
    H: withoutZero(instant.slice(11, 13)),
    mm: instant.slice(14, 16),
    ss: instant.slice(17, 19),
    '.SSS': instant[19] === '.' ? instant.slice(19, 23) : '.000',
  };
  return TEMPLATES[format].replace(TOKEN, (token) => parts[token] as string);
}

const withoutZero = (digits: string): string => String(Number(digits));

function patternOf(template: string): RegExp {
  const body = template.replace(TOKEN, (token) => {
    if (token === '.SSS') return '(?:\\.(?<SSS>\\d+))?';
    return token.length === 1 ? `(?<${token}${token}>\\d{1,2})` : `(?<${token}>\\d{${token.length}})`;
  });
  return new RegExp(`^${body}$`);
}

function isRealDay(date: string): boolean {
  const month = Number(date.slice(5, 7));
  const day = Number(date.slice(8, 10));
  return month >= 1 && month <= 12 && day >= 1 && (day <= 28 || day <= daysIn(Number(date.slice(0, 4)), month));
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/**
 * Whether `HH:mm:ss` is a real time. 24:00:00 and the leap second are refused, because no two systems agree on their
 * meaning.
 */
function isRealTime(time: string): boolean {
  return time < '24' && time.slice(3, 5) < '60' && time.slice(6, 8) < '60';
}

function fractionOf(digits: string | undefined): string {
  if (digits === undefined) return '';
  const fraction = digits.slice(0, 3).padEnd(3, '0');
  return fraction === '000' ? '' : `.${fraction}`;
}

function offsetMinutes(match: RegExpExecArray): number {
  const [, , , , utc, sign, hours, minutes] = match;
  if (utc !== undefined) return 0;
  const size = Number(hours) * 60 + Number(minutes);
  return sign === '-' ? -size : size;
}

function shiftDay(date: string, days: number): string {
  const day = Number(date.slice(8, 10)) + days;
  if (day >= 1 && day <= 28) return `${date.slice(0, 8)}${day < 10 ? '0' : ''}${day}`;
  const at = Date.UTC(Number(date.slice(0, 4)), Number(date.slice(5, 7)) - 1, day);
  return new Date(at).toISOString().slice(0, 10);
}

function clock(minute: number): string {
  const minutes = minute % 60;
  const hours = (minute - minutes) / 60;
  return `${hours < 10 ? '0' : ''}${hours}:${minutes < 10 ? '0' : ''}${minutes}`;
}

function inRange(ms: number): boolean {
  return ms >= EARLIEST_MS && ms < AFTER_LATEST_MS;
}
