import { type Problem, problem } from '#core/problem';
import { defineKind, type Surroundings } from '#core/records/kind';
import { RATING_STATES, Rating } from '#schemas/rating.v1';
import { computedCriteria } from './criteria.ts';

/** A citizen's rating of a finished dossier: one for each dossier. */
export const rating = defineKind<Rating>({
  name: 'rating',
  path: 'ratings',
  operation: 'rating.upsert.v1',
  scope: 'rating:write',
  schema: Rating,
  names: { en: ['rating', 'ratings'], vi: ['đánh giá', 'đánh giá'] },
  states: RATING_STATES,
  finalStates: RATING_STATES,
  people: [],
  citizenTexts: ['reason', 'comment'],
  shared: [],
  searched: ({ code, dossierCode }, { reason, comment }) => ({ codes: [code, dossierCode], texts: [reason, comment] }),
  identifiedBy: ['dossierCode', 'level', 'reason', 'criteria', 'comment'],
  uniqueBy: ({ dossierCode }) => dossierCode,
  // A dossier has one applicant.
  sentBy: ({ dossierCode }) => [`dossier ${dossierCode}`],
  problems: ratingProblems,
  computes: computedCriteria,
  counts: ({ ratedAt, level }) => ({ beganAt: ratedAt, endedAt: ratedAt, mark: level }),
});

function ratingProblems(_: Rating, { dossier, rival, isKnown }: Surroundings): readonly Problem[] {
  if (rival || isKnown) return [problem('/dossierCode', 'already-rated')];
  return dossier?.hasResult ? [] : [problem('/dossierCode', 'no-result')];
}
