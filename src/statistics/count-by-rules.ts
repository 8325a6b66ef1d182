import type { WorkingTime } from '#core/dates/working-time';
import { isFinished } from '#core/dossier/status';
import { courseOf } from '#core/statistics/course';
import type { DossierTimes } from '#core/statistics/dossier-times';
import { factsOf, needsService } from '#core/statistics/facts';
import { type Counted, countedBy, RULES, type Rule } from '#core/statistics/rules';
import { dueByTerm } from '#core/statistics/terms';
import { withoutUndefined } from '#core/without-undefined';
import type { Service } from '#schemas/service.upsert.v1';
import type { EntryCache } from '../catalogue/entry-cache.ts';
import type { CountableDossier } from './countable.ts';
import type { CountedBefore, CountedRow } from './counted.ts';

export interface RuleDeps {
  readonly entries: EntryCache;
  readonly workingTime: WorkingTime;
  /** Called for a dossier that cannot be counted. The other dossiers are counted. */
  readonly onFault: (where: string, error: unknown) => void;
}

/** A dossier as each rule that includes it counts it. */
export interface CountedDossier {
  readonly dossier: CountableDossier;
  readonly by: CountedRow['by'];
  readonly facts: number;
}

/**
 * Counts these dossiers by all rules.
 *
 * @param before their last counts, for dossiers whose oldest events are deleted
 */
export async function countByRules(
  { entries, workingTime, onFault }: RuleDeps,
  dossiers: readonly CountableDossier[],
  before: ReadonlyMap<string, CountedBefore>,
): Promise<readonly CountedDossier[]> {
  // Only the few dossiers without a due date, or without the result of an online service, need the catalogue.
  const needing = dossiers.filter(({ times, record }) => times.dueAt === undefined || needsService(record));
  const services = await entries('service', [...new Set(needing.map(({ serviceKey }) => serviceKey))]);
  return dossiers.map((dossier) => {
    // Otherwise a bundle, or a dossier that passes several offices, would count once for each of them.
    if (dossier.isPart) return { dossier, ...NOT_COUNTED };
    const service = services.get(dossier.serviceKey)?.record as Service | undefined;
    const former = dossier.isCutOff ? before.get(dossier.code)?.by : undefined;
    const times: DossierTimes = {
      ...timesWithCourse(dossier, former),
      dueByTerm: service && ((receivedAt) => dueByTerm(service, receivedAt, workingTime)),
    };
    try {
      const by = former && isStillOver(former, times) ? former : countedByAll(times);
      return { dossier, by, facts: factsBy(dossier, by, service) };
    } catch (error) {
      onFault(`count ${dossier.code}`, error);
      return { dossier, ...NOT_COUNTED };
    }
  });
}

const NOT_COUNTED = { by: {}, facts: 0 };

function factsBy({ record }: CountableDossier, by: CountedRow['by'], service: Service | undefined): number {
  const { endedAt, grade } = by['766'] ?? {};
  const yieldsPaper = (service?.results ?? []).length > 0;
  return factsOf(record, { yieldsPaper, lateEndAt: grade === 'late' ? endedAt : undefined });
}

function countedByAll(times: DossierTimes): CountedRow['by'] {
  const by = RULES.flatMap((rule): [Rule, Counted][] => {
    const counted = countedBy(rule, times);
    return counted ? [[rule, counted]] : [];
  });
  return Object.fromEntries(by);
}

/** If the beginning is deleted, the last count knows when the dossier began. */
function timesWithCourse({ times, events }: CountableDossier, former: CountedRow['by'] | undefined): DossierTimes {
  const { status, statusAt } = times;
  const known = courseOf(events);
  // The events of a dossier with only one are not read.
  const course = known.at(-1)?.status === status ? known : [...known, { status, at: statusAt }];
  const receivedAt = (former?.opencps ?? former?.['766'])?.beganAt;
  return { ...withoutUndefined({ receivedAt }), ...times, course };
}

/** Whether a dossier had ended by its last count, and was not reopened since. */
function isStillOver(former: CountedRow['by'], { status, course }: DossierTimes): boolean {
  const endedAt = former['766']?.endedAt;
  if (endedAt === undefined || !isFinished(status)) return false;
  return course.every((move) => isFinished(move.status) || move.at <= endedAt);
}
