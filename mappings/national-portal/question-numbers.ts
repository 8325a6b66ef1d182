import { DAY_MS, isRealDate } from '#core/dates/dates';

/**
 * `HOIDAPID` is a whole number in this dialect, and the hub's code of a question is a text. The size of a number says what it is:
 * - below `FIRST_OF_HUB`: the portal's number of a question that was asked there
 * - below `FIRST_OF_HASHES`: the day and the letters of a question that a citizen asked at the hub (`H60-HD-250812-23456789`)
 * - above: a hash of any other code, which cannot be turned back
 */
const LETTERS = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
/** The combinations of eight letters: one day of the hub. */
const A_DAY = LETTERS.length ** 8;
const FIRST_OF_HUB = A_DAY;
/** In 2052. Later days have no numbers: those above are hashes, up to the largest whole number that is exact. */
const LAST_DAY = 9_999;
const FIRST_OF_HASHES = (LAST_DAY + 1) * A_DAY;
const DAY_0_MS = Date.UTC(2024, 11, 31);

/** The prefix of the codes of questions that were asked on the national portal. */
const PORTAL = 'DVCQG-HD-';

/** The code of a question by its number, in a province. Undefined for a number from a hash, and for what is no number. */
export function codeOfNumber(number: string, province: string | undefined): string | undefined {
  const value = wholeNumber(number);
  if (value === undefined || value >= FIRST_OF_HASHES) return undefined;
  if (value < FIRST_OF_HUB) return `${PORTAL}${value}`;
  const day = new Date(DAY_0_MS + Math.floor(value / A_DAY) * DAY_MS).toISOString().slice(2, 10).replaceAll('-', '');
  return `${province ?? 'X'}-HD-${day}-${lettersOf(value % A_DAY)}`;
}

/** Whether a question was asked on the national portal. */
export function isOfPortal(code: string): boolean {
  return code.startsWith(PORTAL);
}

/** Whether a number is one that the hub gave. */
export function isNumberOfHub(number: number): boolean {
  return number >= FIRST_OF_HUB;
}

/** The code of a question that a system keeps under a number of its own. Undefined for what is no such number. */
export function codeOfOwnNumber(number: string, party: string): string | undefined {
  const value = wholeNumber(number);
  return value === undefined ? undefined : `${party.toUpperCase()}-HD-${value}`;
}

/** The number of a question by its code. The same for the same code, and with hardly any collisions. */
export function numberOfCode(code: string): number {
  return reversibleNumber(code) ?? FIRST_OF_HASHES + hashOf(code);
}

/** The number of a question that `codeOfNumber` turns back. Undefined for the codes of other systems. */
export function reversibleNumber(code: string): number | undefined {
  if (code.startsWith(PORTAL)) return wholeNumber(code.slice(PORTAL.length));
  const [, day, letters] = /^[A-Z0-9.]+-HD-(\d{6})-([2-9A-HJKMNP-Z]{8})$/.exec(code) ?? [];
  if (day === undefined || letters === undefined) return undefined;
  const date = `20${day.slice(0, 2)}-${day.slice(2, 4)}-${day.slice(4)}`;
  // 31 February would give the number of a question of 3 March.
  if (!isRealDate(date)) return undefined;
  const days = (Date.parse(date) - DAY_0_MS) / DAY_MS;
  if (days < 1 || days > LAST_DAY) return undefined;
  return days * A_DAY + [...letters].reduce((sum, letter) => sum * LETTERS.length + LETTERS.indexOf(letter), 0);
}

/** The number that a system gave its own question. */
export function ownNumber(code: string, party: string): number | undefined {
  const prefix = `${party.toUpperCase()}-HD-`;
  return code.startsWith(prefix) ? wholeNumber(code.slice(prefix.length)) : undefined;
}

function wholeNumber(text: string): number | undefined {
  const value = /^[1-9]\d{0,15}$/.test(text.trim()) ? Number(text) : undefined;
  return value !== undefined && Number.isSafeInteger(value) ? value : undefined;
}

function lettersOf(value: number): string {
  let letters = '';
  for (let rest = value; letters.length < 8; rest = Math.floor(rest / LETTERS.length))
    letters = `${LETTERS[rest % LETTERS.length]}${letters}`;
  return letters;
}

const FNV_PRIME = 0x100000001b3n;

/** A part of all numbers of hashes (FNV-1a of 64 bits). */
function hashOf(code: string): number {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(code)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  return Number(hash % BigInt(Number.MAX_SAFE_INTEGER - FIRST_OF_HASHES));
}
