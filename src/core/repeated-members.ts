import { endOfText } from './exact-json.ts';
import { pointer } from './explain.ts';

/**
 * The members that stand more than once in their object, by JSON Pointer, and how often. JSON.parse keeps the last one of them
 * and drops the others without a word.
 *
 * @param json valid JSON
 * @param most stops at an object with more members, or nested over 100 deep: the hub reads none, and a hostile text takes long
 */
export function repeatedMembers(json: string, most = Number.POSITIVE_INFINITY): ReadonlyMap<string, number> {
  const repeated = new Map<string, number>();
  const open: Open[] = [];
  let textAt = 0;
  let textEnd = 0;
  for (let at = 0; at < json.length && open.length <= DEEPEST; at++) {
    const code = json.charCodeAt(at);
    const around = open.at(-1);
    if (code === QUOTE) {
      textAt = at;
      textEnd = endOfText(json, at);
      at = textEnd - 1;
    } else if (code === OPEN_OBJECT) open.push({ names: new Set(), at: '' });
    else if (code === OPEN_LIST) open.push({ names: undefined, at: 0 });
    else if (code === CLOSE_OBJECT || code === CLOSE_LIST) open.pop();
    else if (code === COMMA && typeof around?.at === 'number') around.at++;
    else if (code === COLON && around?.names) {
      const name = nameIn(json, textAt, textEnd);
      around.at = name;
      if (around.names.has(name)) {
        const place = open.map((one) => `/${pointer(String(one.at))}`).join('');
        repeated.set(place, (repeated.get(place) ?? 1) + 1);
      } else if (around.names.add(name).size > most) break;
    }
  }
  return repeated;
}

const DEEPEST = 100;

/** An object or a list that is open at a place of the text. */
interface Open {
  /** The members of an object. Undefined for a list. */
  readonly names: Set<string> | undefined;
  /** The member or the position that is read. */
  at: string | number;
}

const [QUOTE, COMMA, COLON] = [0x22, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

function nameIn(json: string, from: number, to: number): string {
  const name = json.slice(from + 1, to - 1);
  return name.includes('\\') ? JSON.parse(json.slice(from, to)) : name;
}

const NONE: ReadonlyMap<string, number> = new Map();
/** Objects of records and calls have fewer members. */
const MOST_MEMBERS = 1_000;

/**
 * The same for a text that is parsed already. Nearly no text repeats a member, so the names in it are only counted at first:
 * 2 µs for an ordinary dossier.
 */
export function repeatedIn(json: string, parsed: unknown): ReadonlyMap<string, number> {
  return namesIn(json) > membersIn(parsed) ? repeatedMembers(json, MOST_MEMBERS) : NONE;
}

/** How many texts stand before a colon: each name of a member, and perhaps the beginning of a text such as ":x". */
function namesIn(json: string): number {
  let count = 0;
  for (let at = json.indexOf(':'); at !== -1; at = json.indexOf(':', at + 1)) {
    let before = at - 1;
    while (BLANKS.has(json.charCodeAt(before))) before--;
    if (json.charCodeAt(before) === QUOTE) count++;
  }
  return count;
}

const BLANKS: ReadonlySet<number> = new Set([0x20, 0x0a, 0x0d, 0x09]);

/** Without recursion, because a value may be nested 100,000 deep. */
function membersIn(parsed: unknown): number {
  const open = [parsed];
  let count = 0;
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one !== 'object' || one === null) continue;
    const inner = Object.values(one);
    if (!Array.isArray(one)) count += inner.length;
    for (const value of inner) if (typeof value === 'object' && value !== null) open.push(value);
  }
  return count;
}
