import { pointer } from '#core/explain';

/** An object or a list that is open at a place of the text. */
interface Open {
  readonly path: string;
  /** How often each member of an object stands in it. Undefined for a list. */
  readonly counts: Map<string, number> | undefined;
  /** The member or the position that is read. */
  at: string;
}

/** A text, or a sign that divides texts. Numbers and words need none of them. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g;

/**
 * The members that stand more than once in their object, by JSON Pointer, and how often. JSON.parse keeps the last one of them
 * and drops the others without a word.
 *
 * @param json valid JSON
 */
export function repeatedMembers(json: string): ReadonlyMap<string, number> {
  const repeated = new Map<string, number>();
  const open: Open[] = [];
  let text = '';
  for (const [token] of json.matchAll(TOKEN)) {
    const around = open.at(-1);
    if (token === '{' || token === '[') {
      const path = around ? placeIn(around) : '';
      open.push(token === '{' ? { path, counts: new Map(), at: '' } : { path, counts: undefined, at: '0' });
    } else if (token === '}' || token === ']') open.pop();
    else if (token === ',') {
      if (around && !around.counts) around.at = String(Number(around.at) + 1);
    } else if (token !== ':') text = token;
    else if (around?.counts) {
      around.at = JSON.parse(text);
      const count = (around.counts.get(around.at) ?? 0) + 1;
      around.counts.set(around.at, count);
      if (count > 1) repeated.set(placeIn(around), count);
    }
  }
  return repeated;
}

function placeIn({ path, at }: Open): string {
  return `${path}/${pointer(at)}`;
}
