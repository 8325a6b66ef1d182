import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** A long file that starts last would keep one worker busy while the others idle. Those that mostly wait are between those that compute. */
const LONGEST = [
  'tests/browser/every-page',
  'tests/e2e/prove',
  'tests/e2e/demo',
  'tests/e2e/firing-alerts',
  'tests/interop/examples',
  'tests/scenarios/hostile-parties',
  'tests/e2e/process.',
  'tests/browser/keyboard',
  'tests/browser/officer-tasks',
  'tests/e2e/scale',
  'tests/e2e/npm-start',
  'tests/e2e/backup-command',
  'tests/e2e/adapter-new',
  'tests/e2e/',
  'tests/interop/',
  'tests/browser/',
  'tests/scenarios/reliability',
  'tests/scenarios/flow',
  'tests/scenarios/console.',
  'tests/scenarios/statistics',
  'tests/scenarios/file-upload',
  'tests/scenarios/callbacks',
  'tests/scenarios/privacy',
  'tests/scenarios/database-hosts',
  'tests/scenarios/payment-storm',
  'tests/scenarios/operators',
  'tests/scenarios/rest-door',
  'tests/scenarios/replicas',
  'tests/scenarios/upgrade',
  'tests/scenarios/reports',
  'tests/scenarios/outages',
  'tests/scenarios/rebuild',
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
