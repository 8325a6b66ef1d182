/**
 * Parses JSON. Numbers that JSON.parse would change become texts as written.
 *
 * @throws SyntaxError
 */
export function parseExactly(text: string): unknown {
  // First, so that invalid JSON is not searched.
  const value: unknown = JSON.parse(text);
  return /\d[\d.]{15}|\d[eE][+-]?\d{3}/.test(text) ? JSON.parse(withExactNumbers(text)) : value;
}

/**
 * Splits at quotes. A regular expression for strings takes quadratic time or overflows the stack on a partner's long
 * texts.
 */
function withExactNumbers(json: string): string {
  const written: string[] = [];
  for (let at = 0; at < json.length; ) {
    const begin = json.indexOf('"', at);
    written.push(json.slice(at, begin < 0 ? json.length : begin).replace(NUMBER, exact));
    if (begin < 0) break;
    at = endOfText(json, begin);
    written.push(json.slice(begin, at));
  }
  return written.join('');
}

/** The index after a string's closing quote: the first quote with an even number of backslashes before it. The JSON must be valid. */
export function endOfText(json: string, begin: number): number {
  for (let end = json.indexOf('"', begin + 1); ; end = json.indexOf('"', end + 1)) {
    let before = end - 1;
    while (json[before] === '\\') before--;
    if ((end - before) % 2 === 1) return end + 1;
  }
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
