import { codesOf } from '#core/dossier/names';
import type { Database } from '../database/pool.ts';
import { loadDossierNames } from '../index/dossier-names.ts';
import type { Submission } from '../ledger/submission.ts';
import { type Dossiers, dossierItemsOf, workingNamed } from './dossiers.ts';

/**
 * Codes under which a batch looks for the records of dossiers. If the index has the dossier D with the alias A, and an item of
 * the batch gives D the alias B, then `stored` has [D, A] at D and at A, and `given` has [D, B] at D and at B.
 */
export interface DossierCodes {
  /** All codes of a dossier in the index, its own first. */
  readonly stored: Map<string, readonly string[]>;
  /** The version of each of these dossiers when its codes were read, by its own code. */
  readonly versions: Map<string, number>;
  /** The codes that one item of the batch gives to one dossier. */
  readonly given: ReadonlyMap<string, ReadonlySet<string>>;
}

export function newDossierCodes(submissions: readonly Submission[]): DossierCodes {
  const given = new Map<string, Set<string>>();
  for (const codes of submissions.flatMap(dossierItemsOf).map(codesOf)) {
    if (codes.length === 1) continue;
    for (const code of codes) given.set(code, new Set([...(given.get(code) ?? []), ...codes]));
  }
  return { stored: new Map(), versions: new Map(), given };
}

/** Adds the stored codes of the dossiers that these codes name. */
export async function loadCodes(
  database: Pick<Database, 'pool' | 'query'>,
  { stored, versions }: DossierCodes,
  wanted: readonly string[],
): Promise<void> {
  const missing = [...new Set(wanted)].filter((code) => !stored.has(code));
  const loaded = await loadDossierNames(database, missing);
  for (const { codes, version } of loaded.values()) {
    for (const code of codes) stored.set(code, codes);
    const own = codes[0] as string;
    // The first reading counts: what was read by it must hold until the commit.
    versions.set(own, versions.get(own) ?? version);
  }
}

/** All codes that a dossier has or may get in the batch, by one of them. In the example: D, A and B. */
export function possibleCodesOf({ stored, given }: DossierCodes, named: string | undefined): ReadonlySet<string> {
  const all = new Set(named === undefined ? [] : [named]);
  // The loop also reaches the codes that it adds.
  for (const code of all) {
    for (const other of stored.get(code) ?? []) all.add(other);
    for (const other of given.get(code) ?? []) all.add(other);
  }
  return all;
}

/** All codes of a dossier, its own first, with the changes of the batch so far. An alias of several dossiers names none of them. */
export function codesOfDossier(codes: DossierCodes, dossiers: Dossiers, own: string): readonly string[] {
  return [...possibleCodesOf(codes, own)].filter((code) => {
    const [working, another] = workingNamed(dossiers, code);
    return another === undefined && (working?.code ?? codes.stored.get(code)?.[0]) === own;
  });
}
