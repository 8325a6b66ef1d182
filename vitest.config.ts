import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { LongestFirst } from './tests/support/longest-first.ts';

/** What is held to milliseconds or megabytes: these files run after all others, one at a time. */
const MEASURED = [
  ...['src/kit/xml/xml.test.ts', 'adapters/soap-ministry/pull.test.ts', 'adapters/national-portal/dictionary.test.ts'],
  'tests/{scenarios,e2e}/*-limits.test.ts',
];

export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    globalSetup: ['tests/support/global-setup.ts'],
    // Against what hangs, and no measure of anything: a test that starts processes beside others waits for its turn.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What a test waits for without saying within which time.
    expect: { poll: { timeout: 10_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['{src,schemas,mappings,adapters,tests}/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...MEASURED],
          // Many tests wait for processes, partners and timeouts: beside one that waits another one works.
          maxWorkers: Math.max(3, availableParallelism() - 1),
          // A worker loads the hub once, not for each file: half of the processor time of files that start no process.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'measured', include: MEASURED, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
