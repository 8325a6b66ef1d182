import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { LongestFirst } from './tests/support/longest-first.ts';

/** Bounds on milliseconds and megabytes: these files run one at a time. */
const LIMITS = [
  'src/kit/xml/xml.test.ts',
  'src/core/vietnamese/text-limits.test.ts',
  'adapters/soap-ministry/pull.test.ts',
  'adapters/national-portal/dictionary.test.ts',
  'tests/scenarios/exhaustion*.test.ts',
  'tests/scenarios/turns.test.ts',
  'tests/{scenarios,e2e}/*-limits.test.ts',
];

/** A compiler reads the whole source for these, or the inspector records every call of a hub. */
const STATIC = ['tests/sql.test.ts', 'tests/life-of-a-dossier.test.ts'];

/** Chromium takes seconds for each. The quick tests open a sample of all pages: `every-page`. */
const BROWSER = ['tests/browser/{console,docs,embed,keyboard,officer-tasks,pages,without-scripts}.test.ts'];

/** Tests that start processes, or PostgreSQL, of their own. */
const END_TO_END = [
  'tests/e2e/**/*.test.ts',
  'src/embedded-postgres/**/*.test.ts',
  'tests/conformance/scanner.test.ts',
];

/** SOAP stacks of other vendors. */
const INTEROP = ['tests/interop/**/*.test.ts'];

/** The same contract once more over another transport, and a validator of RDF that takes seconds to load. */
const REPEATED = ['adapters/soap-ministry/transport.test.ts', 'tests/scenarios/linked-data-shapes.test.ts'];

/** Hosts that do not answer, and thousands of refused requests or secrets. */
const FLOODS = ['tests/scenarios/{database-hosts,guesses,refusal-flood}.test.ts'];

/** Seconds each. The quick tests check the same code with less data: `erase-person`, `privacy`, `reports`, `statistics`. */
const LONG = [
  'tests/scenarios/{archive,erased-traces,kept-cases,list-parity,operation-reports,privacy-at-rest,put-back,statistics-totals}.test.ts',
];

const THOROUGH_ONLY = [...STATIC, ...BROWSER, ...END_TO_END, ...INTEROP, ...REPEATED, ...FLOODS, ...LONG];

/** The test files that contain a text. */
const testsWith = (text: string): readonly string[] =>
  ['adapters', 'src', 'tests'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .filter((path) => path.endsWith('.test.ts') && readFileSync(path, 'utf8').includes(text)),
  );

/** The contract of each adapter, and of each party by settings. The quick tests run three guarantees of each operation. */
const CONTRACT = testsWith('await contractTest(');

/** Files with long tests, or tables and random tests of which the quick tests run a sample: those that import depth.ts. */
const SAMPLED = testsWith("/depth.ts'");

/** Many tests wait for processes, partners and timeouts: beside one that waits another one works. */
const workers = { maxWorkers: Math.max(4, availableParallelism() - 1) };

const each = {
  environment: 'node',
  pool: 'forks',
  // A hang ends here. No measure: with a load of 25 on 2 cores, four rebuilds of an index took over 120 s.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: 60_000 } },
} as const;

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // A module is compiled again only when it changed: in a second run, 2 s of 17 s of processor time for 40 files.
    experimental: { fsModuleCache: true },
    // Once for the whole run: a project that inherited it would build, and start a server, again.
    globalSetup: ['tests/support/global-setup.ts'],
    projects: [
      {
        test: {
          ...each,
          name: 'quick',
          include: ['{src,schemas,mappings,adapters,tests}/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...LIMITS, ...THOROUGH_ONLY],
          provide: { contractTest: 'sample', depth: 'smoke' },
          ...workers,
          // A worker loads the hub once, not for each file: half of the processor time of files that start no process.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...each,
          name: 'thorough',
          include: [...THOROUGH_ONLY, ...CONTRACT, ...SAMPLED],
          exclude: [...configDefaults.exclude, ...LIMITS],
          ...workers,
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: { ...each, name: 'limits', include: LIMITS, maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
