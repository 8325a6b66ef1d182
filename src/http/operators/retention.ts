import Type from 'typebox';
import { ERASURE_CAUSES } from '#core/erasure/erased';
import { closed, Instant, oneOf } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import { NoParameters } from '../lists.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { addList } from './list.ts';
import { OPS, type OperatorContext, TAG } from './request.ts';
import { maybe } from './shown.ts';

export const RetentionShown = closed(
  {
    historyMonths: maybe(Type.Integer({ description: '`retentionMonths` of the settings' })),
    bodiesMonths: maybe(Type.Integer({ description: 'after these months the bodies of messages go' })),
    rules: Type.Array(
      closed({
        kind: Type.String({ description: '`dossier`, or a kind of record such as `question`' }),
        state: Type.String(),
        months: Type.Integer({ description: 'after these months in the state the personal data goes' }),
        due: Type.Integer({ description: 'how many are over and still have their data' }),
        held: Type.Integer({ description: 'how many more are over, but under a legal hold' }),
        oldestAt: maybe(Instant),
      }),
    ),
    erased: Type.Array(
      closed({ cause: oneOf(ERASURE_CAUSES), count: Type.Integer({ description: 'dossiers and records so far' }) }),
    ),
  },
  { title: 'Retention' },
);

export const ErasureShown = closed(
  {
    id: Type.Integer(),
    at: Instant,
    cause: Type.Enum([...ERASURE_CAUSES], {
      description: 'retention: by the settings; order: the data of one person, on the order of an operator',
    }),
    who: Type.String({ description: 'the id of a key, or `lienthong …` for the hub and its commands' }),
    why: Type.String(),
    subjects: Type.Integer({ description: 'how many dossiers and records lost their personal data' }),
  },
  { title: 'Erasure' },
);

/** How long personal data stays, what is due, and what was erased. */
export function addRetention(add: AddRoute, hub: OperatorContext): void {
  const { keys, retention } = hub;
  const read = queryReader(NoParameters);
  add(
    {
      method: 'get',
      path: `${OPS}/retention`,
      tag: TAG,
      summary: 'How long personal data stays, and what is due to be erased',
      scopes: ['ops:read'],
      query: NoParameters,
      replies: { 200: { description: 'By kind and state', schema: RetentionShown } },
    },
    async (c) => {
      requireKey(c, keys, 'ops:read');
      read(c);
      const { historyMonths = null, bodiesMonths = null } = retention.plan;
      const [rules, erased] = await Promise.all([retention.due(), hub.ledger.erased()]);
      return c.json({ historyMonths, bodiesMonths, rules, erased });
    },
  );
  addList(add, hub, {
    name: 'erasures',
    summary: 'Erasures of personal data, newest first: who, when, why and how many',
    filters: { cause: Type.Optional(oneOf(ERASURE_CAUSES)) },
    item: ErasureShown,
    load: (filter, many, before?: number) => hub.ledger.erasures(filter, many, before),
    count: (filter) => hub.ledger.totals.erasures(filter),
    placeOf: (one) => one.id,
  });
}
