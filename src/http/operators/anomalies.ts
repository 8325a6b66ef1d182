import Type from 'typebox';
import { ANOMALIES } from '#core/dossier';
import { cleanCode } from '#core/identifiers';
import { STATUSES } from '#schemas/dossier.upsert.v1';
import { closed, Instant, oneOf } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import { Cursor, Limit, pageOf, text } from '../lists.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { OPS, type OperatorMeans, pageBy, TAG } from './request.ts';

export const AnomalyShown = closed(
  {
    at: Instant,
    code: Type.String(),
    kind: Type.Enum([...ANOMALIES], {
      description:
        'same-time: two statuses at one moment, the further one counts; transition: one that the table does not allow; reopened: a dossier that was at its end, by a step or with a new note; reopened-without-reason: the same by a record that says nothing of why; ahead-of-time: a moment more than a day after it was told',
    }),
    status: oneOf(STATUSES),
    party: Type.String(),
    messageId: Type.String({ format: 'uuid' }),
    recordedAt: Instant,
  },
  { title: 'Anomaly' },
);
const Query = closed({
  party: text('the party that told it'),
  kind: Type.Optional(oneOf(ANOMALIES)),
  code: text('the code of a dossier'),
  limit: Limit,
  cursor: Cursor,
});

/** What was kept and applied as far as the rules go, and is not what is expected. */
export function addAnomalies(add: AddRoute, { keys, ledger, cursors }: OperatorMeans): void {
  const readQuery = queryReader(Query);
  add(
    {
      method: 'get',
      path: `${OPS}/anomalies`,
      tag: TAG,
      summary: 'Events of dossiers that are not what is expected, the newest first',
      description:
        'Each is in the history; whether it moved the status is told there. It is applied where the party that told it is authoritative, or the table of transitions allows it.',
      scopes: ['ops:read'],
      query: Query,
      replies: { 200: { description: 'A page', schema: pageOf(AnomalyShown) } },
    },
    async (c) => {
      requireKey(c, keys, 'ops:read');
      const { limit, cursor, code, ...same } = readQuery(c);
      const filter = { ...same, ...(code !== undefined && { code: cleanCode(code) }) };
      const { items, next } = await pageBy(cursors, {
        ...{ list: 'ops/anomalies', limit, cursor },
        load: (many, before) => ledger.anomalies(filter, many, before as string | undefined),
        placeOf: (one) => one.place,
      });
      return c.json({ items: items.map(({ place: _, ...item }) => item), next });
    },
  );
}
