import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tests/support/longest-first.ts';

export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    // Many tests wait for processes, partners and timeouts: beside one that waits another one works.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    include: [
      'src/**/*.test.ts',
      'schemas/**/*.test.ts',
      'mappings/**/*.test.ts',
      'adapters/**/*.test.ts',
      'tests/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**'],
    globalSetup: ['tests/support/global-setup.ts'],
    // Against what hangs, and no measure of anything: a test that starts processes beside others waits for its turn.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What a test waits for without saying within which time.
    expect: { poll: { timeout: 10_000 } },
  },
});
