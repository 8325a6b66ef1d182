import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { LongestFirst } from './tests/support/longest-first.ts';
import { CONTRACT, LIMITS, SAMPLED, THOROUGH_ONLY } from './tests/support/test-lists.ts';

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
    experimental: {
      // Node 22.18 and newer read TypeScript: a tenth less processor time, and more in a first run.
      viteModuleRunner: !('typescript' in process.features && process.features.typescript),
      // A module is compiled again only when it changed: in a second run, 2 s of 17 s of processor time for 40 files.
      fsModuleCache: true,
    },
    // Once for the whole run: a project that inherited it would build, and start a server, again.
    globalSetup: ['tests/support/global-setup.ts'],
    projects: [
      {
        test: {
          ...each,
          name: 'quick',
          include: ['{src,schemas,mappings,adapters,tests}/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...LIMITS, ...THOROUGH_ONLY],
          provide: { contractTest: 'sample', depth: 'sample' },
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
          provide: { contractTest: 'rest', depth: 'rest' },
          ...workers,
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Every test of the adapter that is named: `lienthong adapter check`.
        test: { ...each, name: 'contract', include: ['adapters/*/*.test.ts'], sequence: { groupOrder: 2 } },
      },
      {
        test: { ...each, name: 'limits', include: LIMITS, maxWorkers: 1, sequence: { groupOrder: 3 } },
      },
    ],
  },
});
