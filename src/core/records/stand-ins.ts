import { addTo } from '../group-by.ts';
import { HELD_STATE, type Kind, type KindRecord } from './kind.ts';

type Members = Readonly<Record<string, unknown>>;

/**
 * What the sender itself said: the record without the members that its dialect filled in. Equal words are equal content,
 * whenever they arrive.
 *
 * @param standIns members such as `askedAt`, or members of a list such as `answers/at`
 */
export function withoutStandIns(record: object, standIns: readonly string[]): object {
  const { own, inLists } = split(standIns);
  return Object.fromEntries(
    Object.entries(record)
      .filter(([name]) => !own.has(name))
      .map(([name, value]) => [name, inLists.has(name) ? without(value, inLists.get(name)) : value]),
  );
}

/**
 * The record with the known values in place of those that the dialect filled in. A state that the dialect inferred never
 * goes back: of it and the known one the further one counts. An entry of a list that contradicts no known entry is that
 * entry, and known entries stay.
 */
export function withKnown(
  { states }: Kind,
  record: KindRecord,
  standIns: readonly string[],
  known: KindRecord | undefined,
): KindRecord {
  if (!known || standIns.length === 0) return record;
  const { own, inLists } = split(standIns);
  const before = known as unknown as Members;
  const filled = Object.entries(record).map(([name, value]) => {
    if (inLists.has(name)) return [name, withKnownEntries(value, before[name], inLists.get(name) ?? [])];
    return [name, own.has(name) && name !== 'state' ? (before[name] ?? value) : value];
  });
  const isFurther = states.indexOf(record.state) > states.indexOf(known.state) || known.state === HELD_STATE;
  const state = own.has('state') && !isFurther ? known.state : record.state;
  const isSame = state === known.state || record.stateAt < known.stateAt;
  const stateAt = own.has('stateAt') && isSame ? known.stateAt : record.stateAt;
  return { ...Object.fromEntries(filled), state, stateAt };
}

interface StandIns {
  readonly own: ReadonlySet<string>;
  /** Members of the entries of a list, by the list. */
  readonly inLists: ReadonlyMap<string, readonly string[]>;
}

function split(standIns: readonly string[]): StandIns {
  const inLists = new Map<string, string[]>();
  for (const path of standIns) {
    const [list = '', member] = path.split('/');
    if (member !== undefined) addTo(inLists, list, member);
  }
  return { own: new Set(standIns.filter((path) => !path.includes('/'))), inLists };
}

function without(list: unknown, members: readonly string[] = []): unknown {
  const entries = list as readonly Members[];
  return entries.map((entry) => Object.fromEntries(Object.entries(entry).filter(([name]) => !members.includes(name))));
}

function withKnownEntries(list: unknown, known: unknown, standIns: readonly string[]): readonly Members[] {
  const left = [...((known ?? []) as readonly Members[])];
  const own = (list as readonly Members[]).map((entry) => {
    const at = left.findIndex((other) => agrees(entry, other, standIns));
    return at === -1 ? entry : { ...entry, ...left.splice(at, 1)[0] };
  });
  return [...left, ...own];
}

function agrees(entry: Members, known: Members, standIns: readonly string[]): boolean {
  const both = Object.keys(entry).filter((name) => known[name] !== undefined && !standIns.includes(name));
  return both.length > 0 && both.every((name) => entry[name] === known[name]);
}
