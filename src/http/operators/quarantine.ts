import type { Context } from 'hono';
import Type from 'typebox';
import { OTHER_CAUSES, problem } from '#core/problem';
import { say } from '#messages/message';
import { closed, Instant, oneOf } from '#schemas/parts';
import type { Decided } from '../../ledger/resolutions.ts';
import { requireKey } from '../auth.ts';
import { jsonIn } from '../language.ts';
import { Cursor, Limit, Next, pageBy, TOTAL, text } from '../lists.ts';
import { Refusal, refusalWith } from '../problem.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { addList, cleanFilter } from './list.ts';
import { Code, idOf, none, OPS, type OperatorContext, orderReader, TAG, Why } from './request.ts';
import { CodeEntryShown, WaitingShown, WordsShown } from './shown.ts';

const FILTERS = {
  kind: Type.Optional(oneOf(['unmapped', ...OTHER_CAUSES])),
  party: text('the sending or the receiving party'),
  code: text('any code of a dossier: causes for which something of it waits'),
};
const OneQuery = closed({ limit: Limit, cursor: Cursor });

const cause = {
  id: Type.Integer({ description: 'the id of its oldest row' }),
  kind: Type.String(),
  key: Type.String(),
  unmapped: Type.Union([closed({ table: Type.String(), from: Type.String() }), Type.Null()], {
    description: 'the code table and the code that it does not map',
  }),
  detail: Type.String({ description: 'the reason, from the oldest row' }),
  words: WordsShown,
  since: Instant,
  dossiers: Type.Integer(),
  items: Type.Integer({ description: 'items of messages that are not applied yet' }),
  deliveries: Type.Integer({ description: 'deliveries that are not sent yet' }),
  parties: Type.Array(Type.String()),
};
export const CauseShown = closed(cause, { title: 'Cause' });
export const WholeCauseShown = closed({
  ...cause,
  candidates: Type.Array(
    closed({
      to: Type.String(),
      label: Type.String(),
      score: Type.Number({ description: 'similarity of the names, 0 to 1' }),
    }),
  ),
  waiting: Type.Array(WaitingShown),
  next: Next,
  total: TOTAL,
});

const party = Type.Optional(
  Type.String({ minLength: 1, maxLength: 63, description: 'one of the parties of the cause' }),
);
const Order = closed({
  action: oneOf(['map', 'release', 'dismiss']),
  table: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  from: Type.Optional(Code),
  to: Type.Optional(Code),
  party,
  why: Why,
});

export const ResolvedShown = closed({
  id: Type.Optional(Type.Integer({ description: 'the id of the resolution; absent when nothing was waiting' })),
  action: oneOf(['map', 'release', 'dismiss']),
  cause: Type.Optional(Type.String()),
  parties: Type.Optional(Type.Array(Type.String())),
  freed: Type.Integer({ description: 'released items and deliveries' }),
  stillWaiting: Type.Integer({ description: 'items and deliveries that still wait for the same cause' }),
  entries: Type.Array(CodeEntryShown),
});

/** The quarantine: items and deliveries that wait for an operator. */
export function addQuarantine(add: AddRoute, hub: OperatorContext): void {
  const readOne = queryReader(OneQuery);
  addList(add, hub, {
    name: 'quarantine',
    summary: 'The quarantine by cause, oldest first',
    description: 'With a filter, a cause counts only the matching rows, and has the id of the oldest matching row.',
    filters: FILTERS,
    item: CauseShown,
    load: (filter, many, after?: number) => hub.ledger.causes(cleanFilter(filter), many, after),
    count: (filter) => hub.ledger.totals.causes(cleanFilter(filter)),
    placeOf: (one) => one.id,
  });
  add(
    {
      method: 'get',
      path: `${OPS}/quarantine/{id}`,
      tag: TAG,
      summary: 'A cause by any of its rows: what waits for it, and possible meanings of an unmapped code',
      scopes: ['ops:read'],
      query: OneQuery,
      replies: {
        200: { description: 'The cause', schema: WholeCauseShown },
        404: { description: 'No waiting row has this id' },
      },
    },
    (c) => oneCause(c, hub, readOne),
  );
  addResolve(add, hub);
}

async function oneCause(
  c: Context,
  { keys, ledger, orders, cursors }: OperatorContext,
  read: (c: Context) => Type.Static<typeof OneQuery>,
): Promise<Response> {
  requireKey(c, keys, 'ops:read');
  const { limit, cursor } = read(c);
  const id = idOf(c, 'cause');
  const found = await ledger.cause(id);
  if (!found) throw none('cause', id);
  const { items: waiting, ...page } = await pageBy(cursors, {
    list: `ops/quarantine ${found.key}`,
    limit,
    cursor,
    load: (many, after?: number) => ledger.waiting(found.key, many, after),
    count: () => ledger.totals.waiting(found.key),
    placeOf: (one) => one.id,
  });
  return jsonIn(c, {
    ...found,
    candidates: await orders.candidates(found),
    waiting,
    ...page,
  });
}

function addResolve(add: AddRoute, { keys, orders }: OperatorContext): void {
  const read = orderReader(Order);
  add(
    {
      method: 'post',
      path: `${OPS}/quarantine/{id}/resolve`,
      tag: TAG,
      summary: 'Resolve a cause and release everything that waits for it, in order',
      description:
        '`map`: adds a versioned line to the code table with the meaning of the code. `release`: tries again, with doubtful text unchanged. `dismiss`: gives the items up, and continues with the items behind them. `party` limits the order to one party. The scheduler finishes what is not done before the reply. When nothing waits any more, the reply has nothing freed. Of two different orders for one cause, the first one counts.',
      scopes: ['ops:configure'],
      body: { 'application/json': Order },
      replies: {
        200: { description: 'The released items and deliveries', schema: ResolvedShown },
        404: { description: 'No row ever had this id' },
        409: {
          description: 'Another operator already decided differently: `decided` says who, when and what (`decided`)',
        },
      },
    },
    async (c) => {
      const key = requireKey(c, keys, 'ops:configure');
      const id = idOf(c, 'cause');
      const { why, ...order } = await read(c);
      const resolved = await orders.resolve(id, orderOf(order), { who: key.id, why });
      if ('resolution' in resolved) {
        const { resolution, ...rest } = resolved;
        const { action, causeKey, parties, freed } = resolution;
        return c.json({ id: resolution.id, action, cause: causeKey, parties, freed, ...rest });
      }
      if (resolved.kind === 'unknown') throw none('cause', id);
      if (resolved.kind === 'invalid') throw refusalWith(resolved.problems);
      if (resolved.kind === 'decided') throw decidedBefore(resolved.decided);
      return c.json({ action: order.action, freed: 0, stillWaiting: 0, entries: [] });
    },
  );
}

/** 409 with the earlier decision. */
export function decidedBefore(decided: Decided): Refusal {
  const { action, to, who, at } = decided;
  const what = to === undefined ? action : say('action-to', { action, to });
  return new Refusal('decided', say('decided-before', { who, at, what }), {
    members: { decided },
  });
}

function orderOf({ action, to, ...rest }: Omit<Type.Static<typeof Order>, 'why'>) {
  if (action === 'map') {
    if (to === undefined) throw refusalWith([problem('/to', 'missing', { expected: say('meaning-of-code') })]);
    return { action, to, ...rest } as const;
  }
  for (const name of ['table', 'from'] as const)
    if (rest[name] !== undefined) throw refusalWith([problem(`/${name}`, 'belongs-to-map', { action })]);
  if (to !== undefined) throw refusalWith([problem('/to', 'belongs-to-map', { action })]);
  return { action, party: rest.party } as const;
}
