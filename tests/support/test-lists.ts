import { readdirSync, readFileSync } from 'node:fs';

/** Bounds on milliseconds and megabytes: these files run one at a time. */
export const LIMITS = [
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

/** A validator of RDF that takes seconds to load. */
const SHAPES = ['tests/scenarios/linked-data-shapes.test.ts'];

/** Hosts that do not answer, and thousands of refused requests or secrets. */
const FLOODS = ['tests/scenarios/{database-hosts,guesses,refusal-flood}.test.ts'];

/** Seconds each. The quick tests check the same code with less data: `erase-person`, `privacy`, `reports`, `statistics`. */
const LONG = [
  'tests/scenarios/{archive,erased-traces,kept-cases,list-parity,operation-reports,privacy-at-rest,put-back,statistics-totals}.test.ts',
];

/** None of them may sample: `thorough` leaves a sample to `quick`. */
export const THOROUGH_ONLY = [...STATIC, ...BROWSER, ...END_TO_END, ...INTEROP, ...SHAPES, ...FLOODS, ...LONG];

/** The test files that contain a text. */
const testsWith = (text: string): readonly string[] =>
  ['adapters', 'src', 'tests'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .filter((path) => path.endsWith('.test.ts') && readFileSync(path, 'utf8').includes(text)),
  );

/** The contract of each adapter, and of each party by settings. The quick tests run three guarantees of each operation. */
export const CONTRACT = testsWith('await contractTest(');

/** Files with long tests, or tables and random tests of which the quick tests run a sample: those that import depth.ts. */
export const SAMPLED = testsWith("/depth.ts'");
