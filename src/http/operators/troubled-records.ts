import Type from 'typebox';
import { cleanCode } from '#core/identifiers/identifiers';
import { closed, Instant, oneOf } from '#schemas/parts';
import type { TroubledFilter, TroubledRecord } from '../../index/troubled-records.ts';
import { text } from '../lists.ts';
import type { AddRoute } from '../route.ts';
import { addList } from './list.ts';
import type { OperatorContext } from './request.ts';
import { maybe } from './shown.ts';

const WHY = ['still', 'disagrees', 'no-dossier'] as const satisfies readonly TroubledRecord['why'][];

export const TroubledShown = closed(
  {
    kind: Type.String(),
    code: Type.String(),
    state: Type.String(),
    stateAt: Instant,
    agencyCode: maybe(Type.String()),
    agencyName: maybe(Type.String({ description: 'its name in the catalogue' })),
    dossierCode: maybe(Type.String()),
    dossierStatus: maybe(Type.String({ description: 'null if the index has no such dossier' })),
    owner: Type.String({ description: 'the party that sent it first' }),
    why: oneOf(WHY),
  },
  { title: 'TroubledRecord' },
);

interface Asked {
  readonly kind?: string;
  readonly why?: TroubledRecord['why'];
  readonly agency?: string;
}

/** Payments that do not agree with their dossiers, and postal orders and payments that do not move. */
export function addTroubledRecords(add: AddRoute, hub: OperatorContext): void {
  const { kinds, records, nowMs } = hub;
  const watched = kinds.all.filter(({ stillAfterDays, disagreements }) => stillAfterDays ?? disagreements);
  const filterOf = ({ kind, why, agency }: Asked): TroubledFilter => ({
    kinds: watched
      .filter(({ name }) => kind === undefined || name === kind)
      .map((one) => ({ kind: one, stillBefore: kinds.stillBefore(one, nowMs()) })),
    why,
    agency: agency === undefined ? undefined : cleanCode(agency),
  });
  addList(add, hub, {
    name: 'troubled-records',
    summary: 'Payments and postal orders that operators look at, the oldest state first',
    description:
      '`still`: not finished, and without a new state for the working days of the setting `stillAfterDays`. `disagrees`: the ' +
      'dossier says something else, such as a paid payment of a dossier that waits for payment. `no-dossier`: the index has no ' +
      'such dossier.',
    filters: {
      kind: Type.Optional(oneOf(watched.map(({ name }) => name))),
      why: Type.Optional(oneOf(WHY)),
      agency: text('an agency code, including the agencies below it'),
    },
    item: TroubledShown,
    load: (filter, many, after?: readonly [stateAt: string, subject: string]) =>
      records.troubled(filterOf(filter), many, after && { stateAt: after[0], subject: after[1] }),
    count: (filter) => records.countTroubled(filterOf(filter)),
    placeOf: ({ stateAt, subject }) => [stateAt, subject] as const,
    show: ({ subject: _, ...one }) => one,
  });
}
