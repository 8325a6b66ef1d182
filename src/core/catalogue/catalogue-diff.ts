import { pointer } from '../explain.ts';
import { parseTerm, parseVnd } from './fees-and-terms.ts';
import { type ListItem, matchListItems, normalizeName } from './match-list-items.ts';

/** One difference between two versions of a catalogue entry. */
export interface CatalogueChange {
  /** JSON Pointer in the present record. For a removed member, in the earlier one. */
  readonly path: string;
  /** Null if there was no value, or an unknown one. */
  readonly was: unknown;
  readonly now: unknown;
  /** The steps from the top of the record to the difference. */
  readonly way: readonly Step[];
}

/** One step: a member of a record. In a list, also its item before and after. */
export interface Step {
  readonly member: string;
  readonly of?: { readonly was: unknown; readonly now: unknown } | undefined;
}

type Members = Readonly<Record<string, unknown>>;
interface Place {
  readonly path: string;
  readonly way: readonly Step[];
}

/** Lists whose order matters: the steps of a procedure happen one after the other. */
const ORDERED = new Set(['steps']);

/**
 * The differences between two records of a service, an agency or a field, member by member. Items of lists are matched
 * by codes and names, not by position. Pure differences of writing are skipped: blanks, the order of papers, `20.000
 * đồng` for 20000. Members without a schema are compared like the others.
 *
 * @returns a generator that yields small pieces of work, or undefined if a piece found nothing. Two records with lists
 *   of 2,000 members take 0.2 s, and the event loop must run in between.
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

/**
 * The members that decide what a fee or a term is: the amount, or the number with its unit. If they change, a change of
 * the source's text is no second change.
 */
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
  return { path: `${path}/${pointer(member)}`, way: [...way, { member, of }] };
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

/** Caches the meaning of objects, because large records are compared at each level. */
const known = new WeakMap<object, string>();

/** Computes the meanings of all list members, innermost first, in small pieces of work. */
function* understand(value: unknown): Steps {
  if (typeof value !== 'object' || value === null) return;
  for (const one of Object.values(value)) {
    yield* understand(one);
    if (!Array.isArray(value) || typeof one !== 'object') continue;
    meaningOf(one, '');
    yield undefined;
  }
}

/**
 * A comparable form of a value. Two values of one meaning have the same form, however they are written. Nothing gives
 * ''.
 */
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

/** Removes words that only repeat a number: `20.000 đồng` of 20000 with its unit đồng, `10 Ngày làm việc` of a term. */
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
