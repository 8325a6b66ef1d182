import * as vitest from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** `quick` runs a sample, `thorough` the tests that it left out. Without either of them every test runs. */
    readonly depth?: 'sample' | 'rest';
  }
}

const DEPTH = vitest.inject('depth');

/** For a file's other tests: `quick` runs them, so `thorough` skips them. Vitest's own `test` runs in both. */
export const test = (DEPTH === 'rest' ? vitest.test.skip : vitest.test) as typeof vitest.test;

/** For long tests whose guarantee shorter ones check too: `quick` skips them. */
export const inDepth = (DEPTH === 'sample' ? vitest.test.skip : vitest.test) as typeof vitest.test;

/** For tests that use `casesOf`, `partOf` or `roundsOf`: they run in both. */
export const sampled = vitest.test;

/** The cases of a table, each a test: the given sample of them in `quick`, the others in `thorough`. */
export function casesOf<Case>(all: readonly Case[], isInSample: (one: Case, at: number) => boolean): readonly Case[] {
  return DEPTH === undefined ? all : all.filter((one, at) => isInSample(one, at) === (DEPTH === 'sample'));
}

/** The cases that one test goes through: the given sample in `quick`, all in `thorough`. */
export function partOf<Case>(all: readonly Case[], isInSample: (one: Case, at: number) => boolean): readonly Case[] {
  return DEPTH === 'sample' ? all.filter(isInSample) : all;
}

/** How often a random test repeats. */
export function roundsOf(all: number, sample: number): number {
  return DEPTH === 'sample' ? sample : all;
}
