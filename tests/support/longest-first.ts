import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** A long file that starts last would keep one worker busy while the others idle. */
const LONGEST = [
  'tests/browser/every-page',
  'tests/e2e/prove',
  'tests/e2e/demo',
  'tests/e2e/cli',
  'tests/e2e/',
  'tests/interop/',
  'tests/browser/',
  'tests/scenarios/flow',
  'tests/scenarios/database-hosts',
  'tests/scenarios/reliability',
  'tests/scenarios/hostile-parties',
  'tests/scenarios/payment-storm',
  'tests/scenarios/rebuild',
  'tests/scenarios/callbacks',
  'tests/scenarios/console',
  'tests/scenarios/statistics',
  'tests/scenarios/privacy',
  'tests/scenarios/outages',
  'src/embedded-postgres/',
  'adapters/',
  'tests/scenarios/',
];

/** The longest test files first, even without the durations of an earlier run. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const path = relative(this.ctx.config.root, moduleId);
      const at = LONGEST.findIndex((start) => path.startsWith(start));
      return at === -1 ? LONGEST.length : at;
    };
    return [...files].sort((a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : 1));
  }
}
