import { isSameJson } from '../dossier/same-json.ts';
import type { Kind, KindRecord } from './kind.ts';

/**
 * The members of both in the order of the schema. Members that the newer record leaves out stay: absence erases nothing.
 * Growing lists have the entries of both.
 */
export function merge(kind: Kind, older: object, newer: object): KindRecord {
  const both: Record<string, unknown> = { ...older, ...newer };
  for (const name of kind.growing ?? []) {
    const [known = [], added = []] = [older, newer].map((one) => (one as Record<string, Entries | undefined>)[name]);
    if (known.length > 0 && added.length > 0) both[name] = grown(known, added);
  }
  const given = Object.keys(kind.schema.properties).filter((name) => both[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, both[name]])) as unknown as KindRecord;
}

type Entries = readonly { readonly at: string }[];

function grown(known: Entries, added: Entries): Entries {
  const news = added.filter((entry) => !known.some((one) => isSameJson(one, entry)));
  return [...known, ...news].sort((one, other) => (one.at < other.at ? -1 : Number(one.at > other.at)));
}

/** These members of a record. */
export function pick(record: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => names.includes(name)));
}
