import { type Item, isDossierItem, recordIn } from '#core/dossier/item';
import { codesOf } from '#core/dossier/names';
import { type KindRecord, subjectOf } from '#core/records/kind';
import type { Kinds } from '#core/records/kinds';
import type { Database } from '../database/pool.ts';
import { uniqueKeyOf } from '../index/records.ts';
import { NOTHING, type Recalled } from './recall.ts';

/**
 * Shares the items of messages out among lanes that work at the same time. Whatever may touch the same dossier or record goes to
 * one lane, in its order. A message whose items go to several lanes is in each of them, with its items at their places.
 *
 * @param beside the second index, with all earlier messages: an alias or a record there joins what the items do not
 */
export async function shareOut(
  beside: Database,
  kinds: Kinds,
  recalled: readonly Recalled[],
  lanes: number,
): Promise<readonly (readonly Recalled[])[]> {
  const named = recalled.map(({ submission }) => submission.items.map((item) => namesIn(kinds, item)));
  const groups = new Groups();
  for (const names of named.flat()) groups.join(names);
  for (let unasked = groups.names(); unasked.length > 0; ) {
    const pairs = await knownPairs(beside, unasked);
    unasked = [...new Set(pairs.flat())].filter((name) => !groups.has(name));
    for (const pair of pairs) groups.join(pair);
  }
  const sizes = new Map<string, number>();
  for (const [first] of named.flat())
    if (first !== undefined) sizes.set(groups.of(first), (sizes.get(groups.of(first)) ?? 0) + 1);
  const laneOf = leastLoaded(sizes, lanes);
  const shares = Array.from({ length: lanes }, (): Recalled[] => []);
  for (const [at, one] of recalled.entries()) {
    const places = (named[at] as readonly Names[]).map(([first]) =>
      first === undefined ? undefined : laneOf.get(groups.of(first)),
    );
    const used = new Set(places.filter((lane) => lane !== undefined));
    // Its row alone is written.
    if (used.size === 0) used.add(0);
    for (const lane of used) shares[lane]?.push(used.size === 1 ? one : partOf(one, (item) => places[item] === lane));
  }
  return shares;
}

type Names = readonly string[];

/** The codes and subjects that an item may change, or on which its outcome depends. */
function namesIn(kinds: Kinds, item: Item): Names {
  const read = recordIn(item);
  if (!read) return [];
  if (isDossierItem(read)) {
    const { receiptNumber } = read;
    return receiptNumber === undefined ? codesOf(read) : [...codesOf(read), receiptNumber];
  }
  const kind = kinds.of(read.operation);
  if (!kind) return [];
  const record = read.record as unknown as KindRecord;
  return [subjectOf(kind, record.code), record.dossierCode, uniqueKeyOf(kind, record)].filter(
    (name) => name !== undefined,
  );
}

/** Names that belong together since an earlier message: aliases, records and their dossiers, records and their unique keys. */
async function knownPairs({ pool }: Database, names: Names): Promise<readonly Names[]> {
  const { rows } = await pool.query<{ one: string; other: string }>({
    name: 'names that belong together',
    text: `SELECT code AS one, dossier AS other FROM aliases WHERE code = ANY($1::text[])
           UNION ALL
           SELECT subject, dossier_code FROM records WHERE subject = ANY($1::text[]) AND dossier_code IS NOT NULL
           UNION ALL
           SELECT unique_key, subject FROM records WHERE unique_key = ANY($1::text[])`,
    values: [names],
  });
  return rows.map(({ one, other }) => [one, other]);
}

/** By group: its lane. The next group goes to the lane that has the fewest items. */
function leastLoaded(sizes: ReadonlyMap<string, number>, lanes: number): ReadonlyMap<string, number> {
  const loads: number[] = new Array(lanes).fill(0);
  const laneOf = new Map<string, number>();
  for (const [group, size] of sizes) {
    const lane = loads.indexOf(Math.min(...loads));
    loads[lane] = (loads[lane] as number) + size;
    laneOf.set(group, lane);
  }
  return laneOf;
}

function partOf(one: Recalled, isOurs: (item: number) => boolean): Recalled {
  const { submission, expected } = one;
  return {
    ...one,
    submission: { ...submission, items: submission.items.map((item, at) => (isOurs(at) ? item : NOTHING)) },
    expected: expected.map((outcome, at) => (isOurs(at) ? outcome : undefined)),
  };
}

/** Names that belong together, as groups: a union-find. */
class Groups {
  /** Another name of the same group, or the name itself if it stands for the group. */
  readonly #next = new Map<string, string>();

  has(name: string): boolean {
    return this.#next.has(name);
  }

  names(): Names {
    return [...this.#next.keys()];
  }

  /** The name that stands for the group of this one. */
  of(name: string): string {
    let last = name;
    for (;;) {
      const next = this.#next.get(last) ?? last;
      if (next === last) break;
      last = next;
    }
    // The next look-up takes one step.
    this.#next.set(name, last);
    return last;
  }

  join([first, ...others]: Names): void {
    if (first === undefined) return;
    const group = this.of(first);
    for (const other of others) this.#next.set(this.of(other), group);
  }
}
