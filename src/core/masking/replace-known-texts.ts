export type Replace = (text: string) => string;

/**
 * Creates what replaces known texts within another text, the longest first, by the algorithm of Aho and Corasick. Each
 * character is read about once, however many texts are known.
 *
 * Works in small steps, so that a caller can let other work run between them.
 *
 * @param known the replacement for each text; overlapping texts become asterisks
 */
export function* growReplacer(known: ReadonlyMap<string, string>): Generator<void, Replace> {
  if (known.size === 0) return (text) => text;
  const automaton = yield* growAutomaton([...known.keys()]);
  return (text) => {
    const places = placesIn(automaton, text);
    if (places.length === 0) return text;
    let shown = '';
    let from = 0;
    for (const { start, end } of places) {
      shown += text.slice(from, start) + (known.get(text.slice(start, end)) ?? '*'.repeat(end - start));
      from = end;
    }
    return shown + text.slice(from);
  };
}

export interface TextRange {
  readonly start: number;
  readonly end: number;
}

export type Find = (text: string) => Iterable<TextRange>;

/**
 * Creates what finds every position of these texts in another, also inside or across one another.
 *
 * Works in small steps, so that a caller can let other work run between them.
 */
export function* growFinder(known: readonly string[]): Generator<void, Find> {
  const { step, lengthsAt } = yield* growAutomaton(known);
  return function* (text) {
    let state = 0;
    for (let at = 0; at < text.length; at++) {
      state = step(state, text.charCodeAt(at));
      for (const length of lengthsAt(state)) yield { start: at + 1 - length, end: at + 1 };
    }
  };
}

/** The positions of known texts. Overlapping ones are one. */
function placesIn({ step, longestAt }: Automaton, text: string): readonly TextRange[] {
  const places: TextRange[] = [];
  let state = 0;
  for (let at = 0; at < text.length; at++) {
    state = step(state, text.charCodeAt(at));
    const length = longestAt(state);
    if (length === 0) continue;
    let start = at + 1 - length;
    for (let last = places.at(-1); last && last.end > start; last = places.at(-1)) {
      start = Math.min(start, last.start);
      places.pop();
    }
    places.push({ start, end: at + 1 });
  }
  return places;
}

interface Automaton {
  step(state: number, unit: number): number;
  /** The length of the longest known text that ends in a state. 0 for none. */
  longestAt(state: number): number;
  /** The lengths of all of them, the longest first. */
  lengthsAt(state: number): Iterable<number>;
}

/** A text that begins no other one, with the lengths of the texts that it begins with, its own as the last. */
interface Branch {
  readonly text: string;
  readonly lengths: readonly number[];
  state: number;
  /** How many of the lengths are reached. */
  ended: number;
}

/** The beginnings of an address are sought beside it. Walked once for each, a thousand addresses took a second. */
function branchesOf(texts: readonly string[]): readonly Branch[] {
  const sorted = texts.toSorted();
  const branches: Branch[] = [];
  let lengths: number[] = [];
  for (const [at, text] of sorted.entries()) {
    if (text.length > (lengths.at(-1) ?? 0)) lengths.push(text.length);
    if (sorted[at + 1]?.startsWith(text)) continue;
    branches.push({ text, lengths, state: 0, ended: 0 });
    lengths = [];
  }
  return branches;
}

/** The number of characters in one step. */
const STEP_CHARACTERS = 1_000;

/** The states are the prefixes of the texts, 0 the empty one. A table finds the next state. */
function* growAutomaton(texts: readonly string[]): Generator<void, Automaton> {
  const branches = branchesOf(texts);
  const most = branches.reduce((sum, { text }) => sum + text.length, 1);
  // A map for each state would take ten times as long to create.
  const mask = 2 ** Math.ceil(Math.log2(most * 2)) - 1;
  const table = new Int32Array(mask + 1);
  const parents = new Int32Array(most);
  const units = new Uint16Array(most);
  /** The longest suffix of a state that is a state too. */
  const ends = new Int32Array(most);
  const longest = new Int32Array(most);
  let count = 1;

  function slotOf(parent: number, unit: number): number {
    const mixed = Math.imul(Math.imul(parent, 0x9e3779b1) ^ unit, 0x85ebca6b);
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    for (let state = table[slot]; state; state = table[slot]) {
      if (parents[state] === parent && units[state] === unit) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }
  function step(from: number, unit: number): number {
    for (let state = from; ; state = ends[state] as number) {
      const next = table[slotOf(state, unit)] as number;
      if (next !== 0 || state === 0) return next;
    }
  }
  function follow(parent: number, unit: number): number {
    const slot = slotOf(parent, unit);
    if (table[slot] === 0) {
      const state = count++;
      ends[state] = parent === 0 ? 0 : step(ends[parent] as number, unit);
      longest[state] = longest[ends[state] as number] as number;
      parents[state] = parent;
      units[state] = unit;
      table[slot] = state;
    }
    return table[slot] as number;
  }
  yield* walk(branches, follow, longest);
  function* lengthsAt(from: number): Iterable<number> {
    // If a state's longest text equals that of its suffix, no text ends in the state itself.
    for (let state = from; (longest[state] as number) > 0; state = ends[state] as number)
      if (longest[state] !== longest[ends[state] as number]) yield longest[state] as number;
  }
  return { step, longestAt: (state) => longest[state] as number, lengthsAt };
}

/** All texts advance by one character at a time, because the suffix of a state is shorter and must exist before it. */
function* walk(
  branches: readonly Branch[],
  follow: (parent: number, unit: number) => number,
  longest: Int32Array,
): Generator<void, void> {
  let growing = branches.filter(({ text }) => text.length > 0);
  let walked = 0;
  for (let at = 0; growing.length > 0; at++) {
    for (const one of growing) {
      one.state = follow(one.state, one.text.charCodeAt(at));
      if (one.lengths[one.ended] === at + 1) {
        longest[one.state] = at + 1;
        one.ended++;
      }
      if (++walked % STEP_CHARACTERS === 0) yield;
    }
    growing = growing.filter(({ text }) => text.length > at + 1);
  }
}
