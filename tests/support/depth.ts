import { inject, test } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Provided by the project `quick` of vitest.config.ts. Without it every combination runs. */
    readonly depth?: 'smoke';
  }
}

/** All cases of a table, or the given sample of them in the quick tests. */
export function casesOf<Case>(all: readonly Case[], isInSample: (one: Case, at: number) => boolean): readonly Case[] {
  return inject('depth') === 'smoke' ? all.filter(isInSample) : all;
}

/** `test`, and in the quick tests `test.skip`: for long tests whose guarantee shorter ones check too. */
export const inDepth = inject('depth') === 'smoke' ? test.skip : test;

/** How often a random test repeats. */
export function roundsOf(all: number, sample: number): number {
  return inject('depth') === 'smoke' ? sample : all;
}
