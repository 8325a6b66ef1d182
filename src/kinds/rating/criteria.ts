import { endOfTerm } from '#core/dates/dates';
import type { HandlingFacts, PointsOf } from '#core/records/handling';

/**
 * The criteria of a rating that the hub can compute: 1 total time, 2 time per agency, 8 petitions handled, 9 online progress.
 * A criterion without facts is left out. The thresholds of 8 are those of the rating form (100 %, 90 %). The hub uses them for
 * the shares of 2 and 9 too, because the form only names these criteria.
 */
export function computedCriteria(facts: HandlingFacts): readonly PointsOf[] {
  const { dueAt, finishedAt, units, petitions, steps } = facts;
  return [
    { no: 1, points: dueAt === undefined || finishedAt === undefined ? undefined : pointsOfTime(dueAt, finishedAt) },
    { no: 2, points: pointsOfShare(units) },
    { no: 8, points: pointsOfShare(petitions) },
    { no: 9, points: pointsOfShare(steps) },
  ].flatMap(({ no, points }) => (points === undefined ? [] : [{ no, points }]));
}

/** Before the due day 2, by the due moment or the end of a due day without a time 1, later 0. */
function pointsOfTime(dueAt: string, finishedAt: string): number {
  if (finishedAt.slice(0, 10) < dueAt.slice(0, 10)) return 2;
  return finishedAt <= endOfTerm(dueAt) ? 1 : 0;
}

/** All 2, at least 90 % 1, fewer 0. */
function pointsOfShare({ inTime, all }: HandlingFacts['units']): number | undefined {
  if (all === 0) return undefined;
  if (inTime === all) return 2;
  return inTime / all >= 0.9 ? 1 : 0;
}
