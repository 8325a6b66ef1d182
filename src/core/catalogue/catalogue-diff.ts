import { parseTerm, parseVnd } from './fees-and-terms.ts';
import { type ListItem, matchListItems, normalizeName } from './match-list-items.ts';

/** One thing that is otherwise in a catalogue entry than it was. */
export interface CatalogueChange {
  /** JSON Pointer in the record as it is now; of what is there no more, in the record as it was. */
  readonly path: string;
  /** Null where there was nothing, or where it was not known. */
  readonly was: unknown;
  readonly now: unknown;
  /** The way to it from the top of the record. */
  readonly way: readonly Step[];
}

/** A member of a record; of a list the one in it, as it was and as it is. */
export interface Step {
  readonly member: string;
  readonly of?: { readonly was: unknown; readonly now: unknown };
}

type Members = Readonly<Record<string, unknown>>;
interface Place {
  readonly path: string;
  readonly way: readonly Step[];
}

/** What came first is done first, and to say so is to change it; of all other lists the order says nothing. */
const ORDERED = new Set(['steps']);

/**
 * What changed between two records of a service, an agency or a field, member by member. Members of lists are known by their codes
 * and names, not by their places; nothing is told of what is only written otherwise (blanks, the order of papers, `20.000 đồng` of
 * 20000). Members that no schema has yet are compared like the others.
 *
 * @returns small steps, undefined after those that have nothing to tell yet: two records with lists of 2,000 members take 0.2 s, and
 *   others want their turn meanwhile
 */
export function* changesInSteps(was: object, now: object): Steps {
  yield* understand(was);
  yield* understand(now);
  yield* ofMembers(was as Members, now as Members, { path: '', way: [] });
}

type Steps = Generator<CatalogueChange | undefined, void>;

function* ofMembers(was: Members, now: Members, place: Place): Steps {
  const [ours, theirs] = [withoutRepeats(was), withoutRepeats(now)];
  const leads = leadsOf(was, now);
  const other = leads.filter((name) => (was[name] ?? null) !== (now[name] ?? null));
  const names = [...new Set([...Object.keys(now), ...Object.keys(was)])];
  if (other.length > 1) yield asWhole(was, now, [...leads, 'text'], place);
  for (const name of names)
    if (leads.includes(name) ? other.length === 1 : name !== 'text' || other.length === 0)
      yield* ofValues(ours[name] ?? null, theirs[name] ?? null, name, within(place, name));
}

/** A fee is its amount, a term its number with the unit: where these change, what the source wrote of them is no second change. */
function leadsOf(was: Members, now: Members): readonly string[] {
  if ('amountVnd' in was || 'amountVnd' in now) return ['amountVnd'];
  return isTerm(was) || isTerm(now) ? ['amount', 'unit'] : [];
}

function asWhole(was: Members, now: Members, names: readonly string[], { path, way }: Place): CatalogueChange {
  const picked = (one: Members): Members | null => {
    const entries = names.filter((name) => one[name] !== undefined).map((name) => [name, one[name]]);
    return entries.length > 0 ? Object.fromEntries(entries) : null;
  };
  return { path, was: picked(was), now: picked(now), way: [...way, { member: 'amount' }] };
}

const isTerm = (one: Members): boolean => 'amount' in one && 'unit' in one;

function within({ path, way }: Place, member: string, of?: Step['of']): Place {
  const pointer = `${path}/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return { path: pointer, way: [...way, { member, ...(of && { of }) }] };
}

function* ofValues(was: unknown, now: unknown, member: string, place: Place): Steps {
  if (meaningOf(was, member) === meaningOf(now, member)) return;
  const [ours, theirs] = [was ?? [], now ?? []];
  if (Array.isArray(ours) && Array.isArray(theirs)) yield* ofLists(ours, theirs, member, place);
  else if (isMembers(was) && isMembers(now)) yield* ofMembers(was, now, place);
  else yield { path: place.path, was, now, way: place.way };
}

function* ofLists(was: readonly unknown[], now: readonly unknown[], member: string, list: Place): Steps {
  const pairs = yield* matchListItems(membersOf(was, member), membersOf(now, member), member !== 'terms');
  const [kept, still] = [new Set(pairs.map(([a]) => a)), new Set(pairs.map(([, b]) => b))];
  const at = (index: number, of: NonNullable<Step['of']>): Place => ({
    path: `${list.path}/${index}`,
    way: [...list.way.slice(0, -1), { member, of }],
  });
  for (const [a, b] of pairs) {
    const place = at(b, { was: was[a], now: now[b] });
    if (isMembers(was[a]) && isMembers(now[b])) yield* ofMembers(was[a], now[b], place);
    else yield* ofValues(was[a], now[b], member, place);
    yield undefined;
  }
  for (const [index, value] of was.entries())
    if (!kept.has(index)) yield { ...at(index, { was: value, now: null }), was: value, now: null };
  for (const [index, value] of now.entries())
    if (!still.has(index)) yield { ...at(index, { was: null, now: value }), was: null, now: value };
  const isMoved = pairs.some(([a], place) => place > 0 && a < (pairs[place - 1]?.[0] ?? 0));
  if (ORDERED.has(member) && isMoved) yield { path: list.path, was, now, way: list.way };
}

function membersOf(list: readonly unknown[], member: string): readonly ListItem[] {
  return list.map((value) => ({ value, meaning: meaningOf(value, member) }));
}

/** Large records are compared at each of their levels; what an object says is found out once. */
const known = new WeakMap<object, string>();

/** Find out what the members of all lists say, the innermost first: the record as a whole would be too much in one go. */
function* understand(value: unknown): Steps {
  if (typeof value !== 'object' || value === null) return;
  for (const one of Object.values(value)) {
    yield* understand(one);
    if (!Array.isArray(value) || typeof one !== 'object') continue;
    meaningOf(one, '');
    yield undefined;
  }
}

/** What a value says, for comparing: two of one meaning differ at the most in how they are written. Nothing is ''. */
function meaningOf(value: unknown, member: string): string {
  if (typeof value === 'string') return JSON.stringify(normalizeName(value));
  if (typeof value !== 'object' || value === null) return value === null ? '' : (JSON.stringify(value) ?? '');
  const meaning = known.get(value) ?? (Array.isArray(value) ? ofAll(value, member) : ofEach(value as Members));
  known.set(value, meaning);
  return meaning;
}

function ofAll(list: readonly unknown[], member: string): string {
  const said = list.map((one) => meaningOf(one, ''));
  return said.length === 0 ? '' : `[${(ORDERED.has(member) ? said : said.sort()).join()}]`;
}

function ofEach(one: Members): string {
  const said = Object.entries(withoutRepeats(one)).map(([name, value]) => [name, meaningOf(value, name)] as const);
  const some = said.filter(([, meaning]) => meaning !== '').sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${some.map(([name, meaning]) => `${JSON.stringify(name)}:${meaning}`).join()}}`;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without the words that only repeat a number: `20.000 đồng` of 20000, and đồng as its unit; `10 Ngày làm việc` of a term. */
function withoutRepeats(one: Members): Members {
  const { text, amountVnd, amount, unit } = one;
  if (typeof amountVnd === 'number') {
    const said = typeof text === 'string' ? parseVnd(text) : undefined;
    return {
      ...one,
      text: said && 'amountVnd' in said && said.amountVnd === amountVnd ? undefined : text,
      unit: typeof unit === 'string' && /^(?:đồng|vnđ?|đ)$/i.test(normalizeName(unit)) ? undefined : unit,
    };
  }
  if (!isTerm(one) || typeof text !== 'string') return one;
  const [, digits, words] = /^([\d.,]+) (.+)$/.exec(normalizeName(text)) ?? [];
  const said = parseTerm(digits, words);
  return said.amount === amount && said.unit === unit ? { ...one, text: undefined } : one;
}
