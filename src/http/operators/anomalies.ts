import Type from 'typebox';
import { ANOMALIES } from '#core/dossier/event';
import { STATUSES } from '#schemas/dossier.upsert.v1';
import { closed, Instant, oneOf } from '#schemas/parts';
import { text } from '../lists.ts';
import type { AddRoute } from '../route.ts';
import { addList, cleanFilter, LOOKS_AT } from './list.ts';
import type { OperatorContext } from './request.ts';

export const AnomalyShown = closed(
  {
    at: Instant,
    code: Type.String(),
    kind: Type.Enum([...ANOMALIES], {
      description:
        'same-time: two statuses at the same time, the further one counts; transition: the table of transitions does not allow it; reopened: a step or a new note reopened a finished dossier; reopened-without-reason: a record without a reason reopened it; ahead-of-time: an event time more than a day after its recording; not-owner: a report of a party that does not own the dossier, which changes nothing',
    }),
    status: oneOf(STATUSES),
    party: Type.String(),
    messageId: Type.String({ format: 'uuid' }),
    recordedAt: Instant,
  },
  { title: 'Anomaly' },
);

/** Stored events that break a rule, and were applied as far as the rules allow. */
export function addAnomalies(add: AddRoute, hub: OperatorContext): void {
  addList(add, hub, {
    name: 'anomalies',
    summary: 'Events of dossiers that break a rule, newest first',
    description: `Each event is in the history, which shows whether it changed the status. The hub applies it when its party is authoritative, or when the table of transitions allows it. ${LOOKS_AT}`,
    filters: {
      party: text('the reporting party'),
      kind: Type.Optional(oneOf(ANOMALIES)),
      code: text('a dossier code'),
    },
    item: AnomalyShown,
    load: (filter, many, before?: string) => hub.ledger.anomalies(cleanFilter(filter), many, before),
    count: (filter) => hub.ledger.totals.anomalies(cleanFilter(filter)),
    placeOf: (one) => one.place,
    show: ({ place: _, ...one }) => one,
  });
}
