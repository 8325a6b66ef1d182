import Type from 'typebox';
import { AgencyCode, AnyCode, closed, DossierCode, Instant, oneOf, Prose, whenAbsent } from './parts.ts';

export const RATING_STATES = ['received'] as const;
export const RATING_LEVELS = ['very-satisfied', 'satisfied', 'dissatisfied'] as const;

const optional = Type.Optional;

/** Points for one of the eleven criteria of the province's rating. */
export const Criterion = closed({
  no: Type.Integer({ minimum: 1, maximum: 11, description: 'number of the criterion, 1 to 11' }),
  points: Type.Integer({ minimum: 0, maximum: 2, description: 'points, 0 to 2' }),
  source: optional(oneOf(['citizen', 'computed'])),
});

/** A citizen's rating of how a dossier was handled. Without `code`, its code is that of the dossier. */
export const Rating = closed(
  {
    code: whenAbsent(AnyCode, { member: 'dossierCode' }),
    state: whenAbsent(oneOf(RATING_STATES), { value: 'received' }),
    stateAt: whenAbsent(Instant, { member: 'ratedAt' }),
    dossierCode: DossierCode,
    agencyCode: optional(AgencyCode),
    ratedAt: Instant,
    level: oneOf(RATING_LEVELS),
    reason: optional(Prose),
    criteria: optional(Type.Array(Criterion, { maxItems: 11 })),
    comment: optional(Prose),
  },
  { title: 'Rating', $id: 'rating.v1' },
);
export type Rating = Type.Static<typeof Rating>;
