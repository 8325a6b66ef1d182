import Type from 'typebox';
import { EFFECT_KINDS, type EffectKind, MAPPING_STATES, type MappingDecision } from '#core/mapping/mapping-change';
import { listed, problem } from '#core/problem';
import { fold } from '#core/vietnamese/text';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { closed, Instant, oneOf } from '#schemas/parts';
import type { StoredMappingChange } from '../../ledger/mapping-changes.ts';
import type { MappingOfficer, MappingResult } from '../../operator-orders/mapping-orders.ts';
import { requireKey } from '../auth.ts';
import { jsonIn } from '../language.ts';
import { Cursor, Next, numeral, text } from '../lists.ts';
import { Refusal, refusalWith } from '../problem.ts';
import { ProblemShown } from '../problem-schema.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { effectPage, MostMsText, pageOfEffect } from './effect-page.ts';
import { addList } from './list.ts';
import { Code, idOf, none, OPS, type OperatorContext, orderReader, TAG, Why } from './request.ts';
import { maybe } from './shown.ts';

const Count = Type.Integer({ minimum: 0 });
const Days = Type.Integer({ minimum: 1, maximum: 90, description: 'a whole number of days from 1 to 90' });
const Looked = closed({ messages: Count, items: Count, since: Instant, isAll: Type.Boolean() });

const EFFECT = {
  looked: Looked,
  counts: closed({
    changed: Type.Integer({ minimum: 0, description: 'items that would have other values' }),
    readable: Type.Integer({ minimum: 0, description: 'items that wait or are invalid now, and would be read' }),
    unreadable: Type.Integer({ minimum: 0, description: 'items that are read now, and would wait or be invalid' }),
    otherwise: Type.Integer({ minimum: 0, description: 'items that would wait or be invalid for another reason' }),
  } satisfies Record<EffectKind, Type.TSchema>),
  dossiers: Type.Integer({ minimum: 0, description: 'dossiers that would have another record' }),
  statuses: Type.Array(closed({ was: Type.String(), would: Type.String(), items: Count })),
  recipients: Type.Array(closed({ party: Type.String(), deliveries: Count }), {
    description: 'the parties that the routes would have sent these items to',
  }),
  waiting: closed({ items: Count, deliveries: Count }, { description: 'what waits for the entered codes now' }),
};

export const MappingEffectShown = closed(
  {
    ...EFFECT,
    items: Type.Array(
      closed({
        code: Type.Optional(Type.String()),
        messageId: Type.String({ format: 'uuid' }),
        item: Count,
        kind: oneOf(EFFECT_KINDS),
        changes: Type.Array(
          closed({ path: Type.String({ description: 'JSON Pointer' }), was: Type.Unknown(), would: Type.Unknown() }),
        ),
        problems: Type.Array(ProblemShown),
      }),
      { description: 'fifty items, newest message first; personal data is masked' },
    ),
    next: Next,
  },
  { title: 'MappingEffect' },
);

const Line = { from: Code, to: maybe(Code) };

export const MappingChangeShown = closed(
  {
    id: Type.Integer(),
    party: Type.String(),
    table: Type.String(),
    baseVersion: Type.Integer({ description: 'the version of the table on which it was drafted' }),
    backTo: maybe(Type.Integer({ description: 'the version whose lines it restores' })),
    lines: Type.Array(
      closed({
        from: Type.String(),
        to: maybe(Type.String({ description: 'null takes the entered line out' })),
        was: maybe(Type.String({ description: 'the entered meaning that it replaces' })),
      }),
    ),
    state: oneOf(MAPPING_STATES),
    who: Type.String(),
    why: Type.String(),
    at: Instant,
    effect: maybe(closed({ days: Days, ...EFFECT }, { description: 'as of the request for approval' })),
    askedBy: maybe(Type.String()),
    askedAt: maybe(Instant),
    decidedBy: maybe(Type.String()),
    decidedWhy: maybe(Type.String()),
    decidedAt: maybe(Instant),
    version: maybe(Type.Integer({ description: 'the version of the table that it made' })),
    correction: maybe(
      closed(
        {
          days: Days,
          who: Type.String(),
          why: Type.String(),
          at: Instant,
          items: Type.Integer({ minimum: 0, description: 'how many items were corrected' }),
          endedAt: maybe(Instant),
        },
        { description: 'the last order to correct what was read before the change' },
      ),
    ),
  },
  { title: 'MappingChange' },
);

export const TableVersionShown = closed(
  {
    version: Type.Integer(),
    at: Instant,
    inForceAt: Instant,
    who: Type.String(),
    why: Type.String(),
    lines: Type.Array(
      closed({ from: Type.String(), to: maybe(Type.String({ description: 'null: the line was taken out' })) }),
    ),
  },
  { title: 'TableVersion' },
);

const Draft = closed({
  party: Type.String({ minLength: 1, maxLength: 100, description: 'a party' }),
  table: Type.String({ minLength: 1, maxLength: 100, description: 'a code table of the party' }),
  lines: Type.Optional(
    Type.Array(closed(Line), { minItems: 1, maxItems: 500, description: 'lines to enter; "to" null takes one out' }),
  ),
  backTo: Type.Optional(Type.Integer({ minimum: 0, description: 'a version to go back to, 0 for no entered lines' })),
  why: Why,
});

/** Changes of code tables by two officers, with their effect on recent messages. */
export function addMappings(add: AddRoute, hub: OperatorContext): void {
  addList(add, hub, {
    name: 'mappings',
    summary: 'Changes of code tables, newest first: drafts, requests for approval and decisions',
    filters: {
      party: text('only changes of this party'),
      table: text('only changes of this table'),
      state: Type.Optional(oneOf(MAPPING_STATES)),
    },
    item: MappingChangeShown,
    load: (filter, many, before?: number) => hub.ledger.mappingChanges(filter, many, before),
    count: (filter) => hub.ledger.totals.mappingChanges(filter),
    placeOf: ({ id }: StoredMappingChange) => id,
  });
  addDraft(add, hub);
  addOne(add, hub);
  addEffect(add, hub);
  addAsk(add, hub);
  for (const [decision, summary] of Object.entries(DECISIONS))
    addDecision(add, hub, decision as MappingDecision, summary);
  addCorrect(add, hub);
  addVersions(add, hub);
}

const DECISIONS: Readonly<Record<MappingDecision, string>> = {
  approve: 'Approve a change of another officer: it takes effect',
  refuse: 'Refuse a change of another officer',
  withdraw: 'Withdraw an own change',
};

function addDraft(add: AddRoute, { keys, orders, parties }: OperatorContext): void {
  const read = orderReader(Draft);
  add(
    {
      method: 'post',
      path: `${OPS}/mappings`,
      tag: TAG,
      summary: 'Draft a change of a code table: lines, or a version to go back to',
      description:
        'Nothing takes effect before another officer approves. The draft belongs to the present version of the table.',
      scopes: ['ops:configure'],
      body: { 'application/json': Draft },
      replies: { 201: { description: 'The draft', schema: MappingChangeShown } },
    },
    async (c) => {
      const key = requireKey(c, keys, 'ops:configure');
      const { why, lines, ...order } = await read(c);
      if (!parties.has(order.party)) {
        const expected = say('one-of-parties', { list: listed(parties.keys()) });
        throw refusalWith([problem('/party', 'unexpected', { got: received(order.party), expected })]);
      }
      const trimmed = lines?.map(({ from, to }) => ({ from: from.trim(), to: to?.trim() ?? null }));
      return c.json(changeIn(await orders.mappings.draft({ ...order, lines: trimmed }, { who: key.id, why }), 0), 201);
    },
  );
}

function addOne(add: AddRoute, { keys, ledger }: OperatorContext): void {
  add(
    {
      method: 'get',
      path: `${OPS}/mappings/{id}`,
      tag: TAG,
      summary: 'One change of a code table',
      scopes: ['ops:read'],
      replies: {
        200: { description: 'The change', schema: MappingChangeShown },
        404: { description: 'No such change' },
      },
    },
    async (c) => {
      requireKey(c, keys, 'ops:read');
      const id = idOf(c, 'mapping change');
      const change = await ledger.mappingChange(id);
      if (!change) throw none('mapping change', id);
      return c.json(change);
    },
  );
}

function addEffect(add: AddRoute, { keys, orders, cursors }: OperatorContext): void {
  const query = closed({
    days: numeral('^(?:[1-9]|[1-8][0-9]|90)$', 1, 90, 'a whole number of days from 1 to 90'),
    mostMs: MostMsText,
    cursor: Cursor,
  });
  const read = queryReader(query);
  add(
    {
      method: 'get',
      path: `${OPS}/mappings/{id}/effect`,
      tag: TAG,
      summary: 'What a change would have read otherwise in recent messages',
      description:
        'It reads the messages of `days` days (default 7) by the present tables and by the changed one. It changes and sends nothing. It stops after 20,000 items, ten seconds or `mostMs`; `looked.isAll` says whether it read everything. Of an applied change it shows what `correct` would correct now: items that were applied before it, with another meaning.',
      scopes: ['ops:read'],
      query,
      replies: {
        200: { description: 'The effect', schema: MappingEffectShown },
        404: { description: 'No such change' },
      },
    },
    async (c) => {
      requireKey(c, keys, 'ops:read');
      const id = idOf(c, 'mapping change');
      const { days = '7', mostMs, cursor } = read(c);
      const list = `ops/mappings/${id}/effect`;
      const page = effectPage(cursors, list, cursor);
      const options = { days: Number(days), page, mostMs: mostMs === undefined ? undefined : Number(mostMs) };
      const effect = await orders.mappings.effectOf(id, options);
      if (!effect) throw none('mapping change', id);
      if ('problems' in effect) throw refusalWith(effect.problems);
      return jsonIn(c, pageOfEffect(cursors, list, effect));
    },
  );
}

function addAsk(add: AddRoute, { keys, orders }: OperatorContext): void {
  const Ask = closed({ days: Type.Optional(Days), why: Why });
  const read = orderReader(Ask);
  add(
    {
      method: 'post',
      path: `${OPS}/mappings/{id}/ask`,
      tag: TAG,
      summary: 'Ask for the approval of a draft; its effect is stored with the request',
      scopes: ['ops:configure'],
      body: { 'application/json': Ask },
      replies: ORDER_REPLIES,
    },
    async (c) => {
      const key = requireKey(c, keys, 'ops:configure');
      const id = idOf(c, 'mapping change');
      const { days = 7, why } = await read(c);
      return c.json(changeIn(await orders.mappings.ask(id, days, { who: key.id, why }), id));
    },
  );
}

function addCorrect(add: AddRoute, { keys, orders }: OperatorContext): void {
  const Correct = closed({ days: Type.Optional(Days), why: Why });
  const read = orderReader(Correct);
  add(
    {
      method: 'post',
      path: `${OPS}/mappings/{id}/correct`,
      tag: TAG,
      summary: 'Read the messages before an applied change again, and correct what they said',
      description:
        'The hub reads the messages of `days` days (default 7) again by the present tables. Where an item was applied with another meaning, the new one replaces it, at its place in the history of the dossier and with the rights that it had. Routes deliver dossiers that change. `effect` shows all of it before. Records of other kinds stay.',
      scopes: ['ops:configure'],
      body: { 'application/json': Correct },
      replies: ORDER_REPLIES,
    },
    async (c) => {
      const key = requireKey(c, keys, 'ops:configure');
      const id = idOf(c, 'mapping change');
      const { days = 7, why } = await read(c);
      return c.json(changeIn(await orders.mappings.correct(id, days, { who: key.id, why }), id));
    },
  );
}

const ORDER_REPLIES = {
  200: { description: 'The change', schema: MappingChangeShown },
  404: { description: 'No such change' },
  409: { description: 'Its state does not allow this, or its table has changed since the draft' },
};

function addDecision(
  add: AddRoute,
  { keys, orders }: OperatorContext,
  decision: MappingDecision,
  summary: string,
): void {
  const Decide = closed({ why: Why });
  const read = orderReader(Decide);
  add(
    {
      method: 'post',
      path: `${OPS}/mappings/{id}/${decision}`,
      tag: TAG,
      summary,
      scopes: ['ops:configure'],
      body: { 'application/json': Decide },
      replies: ORDER_REPLIES,
    },
    async (c) => {
      const key = requireKey(c, keys, 'ops:configure');
      const id = idOf(c, 'mapping change');
      const { why } = await read(c);
      const isSamePerson: MappingOfficer['isSamePerson'] = (other) =>
        other === key.id || (key.person !== undefined && fold(keys.byId(other)?.person ?? '') === fold(key.person));
      return c.json(changeIn(await orders.mappings.decide(id, decision, { who: key.id, why, isSamePerson }), id));
    },
  );
}

/** @throws Refusal 400, 403, 404 or 409 by what the order found */
function changeIn(result: MappingResult, id: number): StoredMappingChange {
  switch (result.kind) {
    case 'done':
      return result.change;
    case 'unknown':
      throw none('mapping change', id);
    case 'invalid':
      throw refusalWith(result.problems);
    case 'same-person':
      throw new Refusal('forbidden', say('second-person', { id, who: result.change.who }));
    case 'another-person':
      throw new Refusal('forbidden', say('own-change-only', { id, who: result.change.who }));
    case 'correcting':
      throw new Refusal('decided', say('mapping-correcting', { id }));
    case 'state':
      throw new Refusal('decided', say('mapping-state', { id, state: say(`mapping-${result.change.state}`) }));
    case 'outdated': {
      const { party, table, baseVersion } = result.change;
      throw new Refusal('changed', say('mapping-outdated', { party, table, count: result.version, near: baseVersion }));
    }
  }
}

function addVersions(add: AddRoute, { keys, ledger, parties }: OperatorContext): void {
  add(
    {
      method: 'get',
      path: `${OPS}/code-tables/{party}/{table}/versions`,
      tag: TAG,
      summary: 'The versions of a code table, newest first: who, when, why and which lines',
      description:
        'Version 0 is the table before any entry. `POST mappings` with `backTo` drafts a revert to a version.',
      scopes: ['ops:read'],
      replies: {
        200: { description: 'All of them', schema: closed({ items: Type.Array(TableVersionShown) }) },
        404: { description: 'No such party' },
      },
    },
    async (c) => {
      requireKey(c, keys, 'ops:read');
      const [party, table] = [c.req.param('party') ?? '', c.req.param('table') ?? ''];
      const versions = await ledger.tableVersions(party, table);
      if (!parties.has(party) && versions.length === 0) throw none('party', party);
      return c.json({ items: versions.toReversed() });
    },
  );
}
