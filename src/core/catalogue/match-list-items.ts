import { addTo } from '../group-by.ts';
import { nfc, similarity } from '../vietnamese/text.ts';

/** An item of a list, with its comparable forms. */
export interface ListItem {
  readonly value: unknown;
  /** Two items with the same meaning are equal. */
  readonly meaning: string;
}

export type ItemPair = readonly [was: number, now: number];

/** Members that name an item, the most reliable first. */
const NAMES = ['channel', 'code', 'number', 'name', 'description', 'url'] as const;
/** From this similarity on, two texts count as one reworded text. */
const SIMILAR = 0.7;
/** Bounds of the letter comparison: a list may have 2,000 items. */
const COMPARED_PAIRS = 100;
const COMPARED_CHARACTERS = 200;

/**
 * Pairs the items of a list with the items of its earlier version. It matches by meaning, then by all names, then by a name that
 * is unique on both sides, then by similarity. So an inserted item moves no other. Unnamed items pair in order if both sides
 * have the same number. An item without a pair was added or removed.
 *
 * @param isNamed whether a description is a name, as for a fee
 * @returns the pairs; yields after each item, so that the caller can give way to other work
 */
export function* matchListItems(
  was: readonly ListItem[],
  now: readonly ListItem[],
  isNamed: boolean,
): Steps<readonly ItemPair[]> {
  const pairs: ItemPair[] = [];
  const left = { was: new Set(was.keys()), now: new Set(now.keys()) };
  const pair = (a: number, b: number): void => {
    pairs.push([a, b]);
    left.was.delete(a);
    left.now.delete(b);
  };
  const pairBy = function* (keyOf: (member: ListItem) => string | undefined, isOneAlone: boolean): Steps<void> {
    const theirs = yield* grouped(now, left.now, keyOf);
    for (const [key, ours] of yield* grouped(was, left.was, keyOf)) {
      const found = theirs.get(key) ?? [];
      if (isOneAlone && (ours.length > 1 || found.length > 1)) continue;
      for (const [place, a] of ours.entries()) if (found[place] !== undefined) pair(a, found[place]);
    }
  };
  yield* pairBy(({ meaning }) => meaning, false);
  yield* pairBy(({ value }) => allNames(value), false);
  for (const name of NAMES) yield* pairBy(({ value }) => nameOf(value, name), true);
  for (const [a, b] of similarPairs(was, now, left)) if (left.was.has(a) && left.now.has(b)) pair(a, b);
  if (left.was.size === left.now.size) {
    const [ours, theirs] = [[...left.was], [...left.now]];
    const hasName = (one: ListItem | undefined): boolean =>
      typeof one?.value === 'string' ||
      NAMES.some((name) => (isNamed || name !== 'description') && nameOf(one?.value, name));
    for (const [place, a] of ours.entries()) {
      const b = theirs[place] as number;
      if (!hasName(was[a]) || !hasName(now[b])) pair(a, b);
    }
  }
  return pairs.sort(([, a], [, b]) => a - b);
}

type Steps<Out> = Generator<undefined, Out>;

function* grouped(
  members: readonly ListItem[],
  left: ReadonlySet<number>,
  keyOf: (member: ListItem) => string | undefined,
): Steps<ReadonlyMap<string, readonly number[]>> {
  const groups = new Map<string, number[]>();
  for (const at of left) {
    const key = keyOf(members[at] as ListItem);
    if (key !== undefined) addTo(groups, key, at);
    yield undefined;
  }
  return groups;
}

function nameOf(value: unknown, name: (typeof NAMES)[number]): string | undefined {
  const text = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  return typeof text === 'string' ? normalizeName(text) : undefined;
}

/** Normalises blanks, and shortens the long code of a paper (`000.00.00.G15-KQ001001`). */
export function normalizeName(text: string): string {
  const normal = nfc(text).trim();
  const plain = ODD_BLANK.test(normal) ? normal.replace(/\s+/g, ' ') : normal;
  return LONG_PAPER.test(plain) ? plain.slice(LONG_PAPER_PREFIX) : plain;
}

const ODD_BLANK = /[^\S ]| {2}/;
const LONG_PAPER = /^\d{3}\.\d\d\.\d\d\.[A-Z]\d\d-[A-Z]{2}\d{6}$/;
const LONG_PAPER_PREFIX = '000.00.00.'.length;

function allNames(value: unknown): string | undefined {
  const names = NAMES.map((name) => nameOf(value, name) ?? '');
  return names.some(Boolean) ? names.join('\n') : undefined;
}

/** Pairs of similar texts, the most similar first. */
function similarPairs(
  was: readonly ListItem[],
  now: readonly ListItem[],
  left: { readonly was: ReadonlySet<number>; readonly now: ReadonlySet<number> },
): readonly ItemPair[] {
  if (left.was.size * left.now.size > COMPARED_PAIRS) return [];
  const scored = [...left.was].flatMap((a) =>
    [...left.now].map((b) => ({ a, b, score: similarity(beginning(was[a]), beginning(now[b])) })),
  );
  return scored
    .filter(({ score }) => score >= SIMILAR)
    .sort((one, other) => other.score - one.score)
    .map(({ a, b }) => [a, b] as const);
}

function beginning(member: ListItem | undefined): string {
  const value = member?.value;
  const text = typeof value === 'string' ? value : (nameOf(value, 'name') ?? nameOf(value, 'description') ?? '');
  return text.slice(0, COMPARED_CHARACTERS);
}
