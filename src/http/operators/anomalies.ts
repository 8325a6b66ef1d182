import Type from 'typebox';
import { ANOMALIES } from '#core/dossier/event';
import { STATUSES } from '#schemas/dossier.upsert.v1';
import { closed, Instant, oneOf } from '#schemas/parts';
import { text } from '../lists.ts';
import type { AddRoute } from '../route.ts';
import { addList, cleanFilter } from './list.ts';
import type { OperatorContext } from './request.ts';

export const AnomalyShown = closed(
  {
    at: Instant,
    code: Type.String(),
    kind: Type.Enum([...ANOMALIES], {
      description:
        'same-time: two statuses at one moment, the further one counts; transition: one that the table does not allow; reopened: a dossier that was at its end, by a step or with a new note; reopened-without-reason: the same by a record that says nothing of why; ahead-of-time: a moment more than a day after it was recorded; not-owner: a party that does not own the dossier said otherwise, and it changes nothing',
    }),
    status: oneOf(STATUSES),
    party: Type.String(),
    messageId: Type.String({ format: 'uuid' }),
    recordedAt: Instant,
  },
  { title: 'Anomaly' },
);

/** What was kept and applied as far as the rules go, and is not what is expected. */
export function addAnomalies(add: AddRoute, hub: OperatorContext): void {
  addList(add, hub, {
    name: 'anomalies',
    summary: 'Events of dossiers that are not what is expected, the newest first',
    description:
      'Each is in the history; whether it moved the status is told there. It is applied where the party that told it is authoritative, or the table of transitions allows it.',
    filters: {
      party: text('the party that told it'),
      kind: Type.Optional(oneOf(ANOMALIES)),
      code: text('the code of a dossier'),
    },
    item: AnomalyShown,
    load: (filter, many, before?: string) => hub.ledger.anomalies(cleanFilter(filter), many, before),
    placeOf: (one) => one.place,
    show: ({ place: _, ...one }) => one,
  });
}
