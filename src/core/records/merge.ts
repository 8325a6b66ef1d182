import type { Kind, KindRecord } from './kind.ts';

/** The members of both in the order of the schema. Members that the newer record leaves out stay: absence erases nothing. */
export function merge(kind: Kind, older: object, newer: object): KindRecord {
  const both: Readonly<Record<string, unknown>> = { ...older, ...newer };
  const given = Object.keys(kind.schema.properties).filter((name) => both[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, both[name]])) as unknown as KindRecord;
}

/** These members of a record. */
export function pick(record: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => names.includes(name)));
}
