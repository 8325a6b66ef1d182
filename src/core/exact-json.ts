/**
 * Parses JSON. Numbers that JSON.parse would change become texts as written.
 *
 * @throws SyntaxError
 */
export function parseExactly(text: string): unknown {
  // First, so that invalid JSON is not searched.
  const value: unknown = JSON.parse(text);
  return /\d[\d.]{15}|\d[eE][+-]?\d{3}/.test(text) ? JSON.parse(replaceNumbers(text, exact)) : value;
}

/** Real documents are far less deep. Code that follows a value by recursion would exhaust the stack. */
export const DEEPEST_JSON = 100;

/**
 * Whether a JSON text is nested deeper than a real document. Parsing 30 MB of brackets would block the process for 6 s and
 * take 900 MB, so this reads no further than the limit.
 */
export function isTooDeep(json: string): boolean {
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) {
      at = closingQuote(json, at);
      // The text is not JSON.
      if (at < 0) return false;
    } else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if (++depth > DEEPEST_JSON) return true;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--;
  }
  return false;
}

const [QUOTE, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Replaces the numbers of valid JSON as they are written. Splits at quotes, because a regular expression for strings takes
 * quadratic time or overflows the stack on a partner's long texts.
 */
export function replaceNumbers(json: string, replace: (token: string) => string): string {
  const written: string[] = [];
  for (let at = 0; at < json.length; ) {
    const begin = json.indexOf('"', at);
    written.push(json.slice(at, begin < 0 ? json.length : begin).replace(NUMBER, replace));
    if (begin < 0) break;
    at = endOfText(json, begin);
    written.push(json.slice(begin, at));
  }
  return written.join('');
}

/** The index after a string's closing quote. The JSON must be valid. */
export function endOfText(json: string, begin: number): number {
  return closingQuote(json, begin) + 1;
}

/** The index of a string's closing quote, the first one with an even number of backslashes before it. -1 without one. */
function closingQuote(json: string, begin: number): number {
  for (let end = json.indexOf('"', begin + 1); end >= 0; end = json.indexOf('"', end + 1)) {
    let before = end - 1;
    while (json[before] === '\\') before--;
    if ((end - before) % 2 === 1) return end;
  }
  return -1;
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** The smallest number that a double holds with 15 digits. */
const SMALLEST = 2 ** -1022;

function exact(token: string): string {
  const value = Number(token);
  const digits = token.replace(/[eE].*/, '').replace(/\D/g, '');
  const isInRange = Number.isFinite(value) && (Math.abs(value) >= SMALLEST || /^0*$/.test(digits));
  const isKept = isInRange && (digits.length <= 15 || String(value) === token);
  return isKept ? token : `"${token}"`;
}
