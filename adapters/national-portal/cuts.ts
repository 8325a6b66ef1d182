import { say, type Words } from '#kit';
import type { OnCut } from '#mappings/national-portal/writing';

/** The texts of one item that exceed the portal's limits. */
export interface Cuts {
  readonly add: OnCut;
  /** For operators: which fields were cut and by how much, without their text. Undefined if nothing was cut. */
  note(): Words | undefined;
}

/** The first 20 cuts are named and the others counted: a dossier may have thousands of papers. */
const NAMED = 20;

export function createCuts(): Cuts {
  const found: Words[] = [];
  return {
    add: ({ path, from, to }) => found.push(say('cut', { path, from, to })),
    note() {
      if (found.length === 0) return undefined;
      const more = found.length > NAMED ? [say('and-more', { count: found.length - NAMED })] : [];
      return say('cut-for-portal', { list: [...found.slice(0, NAMED), ...more] });
    },
  };
}
