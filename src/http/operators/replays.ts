import Type from 'typebox';
import { problem } from '#core/problem';
import { say } from '#messages/message';
import { closed, Instant, oneOf } from '#schemas/parts';
import { requireKey } from '../auth.ts';
import { refusalWith } from '../problem.ts';
import type { AddRoute } from '../route.ts';
import { DELIVERY_FILTER } from './deliveries.ts';
import { addList, cleanFilter } from './list.ts';
import { idOf, none, OPS, type OperatorContext, ofBody, orderReader, TAG, Why } from './request.ts';
import { maybe } from './shown.ts';

const OUTCOMES = ['replayed', 'already-due', 'held', 'superseded', 'just-replayed', 'waits', 'erased'] as const;
const MEANING = {
  replayed: 'the delivery is due again under its own id; the adapter looks it up before it sends',
  'already-due': 'nothing changes: it is already due',
  held: 'nothing changes: it waits in quarantine until its cause is resolved',
  superseded: 'nothing changes: a newer version was sent or is due, and the older one would undo it',
  'just-replayed': 'nothing changes: the same replay was requested a moment ago',
  waits: 'nothing changes: another delivery of the same dossier is in flight; try again',
  erased: 'nothing changes: the personal data was erased, so there is nothing to send',
} as const;

const Counts = Type.Object(
  {},
  {
    additionalProperties: Type.Integer(),
    description: `by ${OUTCOMES.join(', ')}; added, for a backfill: the run created the delivery`,
  },
);

const OneOrder = closed({ why: Type.Optional(Why) });
export const ReplayedShown = closed({ id: Type.Integer(), outcome: oneOf(OUTCOMES), hub: Type.String() });

export const PER_SECOND = 20;
/** The order parameters of all runs. */
export const RUN_ORDER = {
  preview: Type.Boolean({ description: 'true shows what would happen; false does it' }),
  perSecond: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: 'deliveries per second, 1 to 1000' }),
  ),
  why: Type.Optional(Why),
};
const ManyOrder = closed({ ...DELIVERY_FILTER, ...RUN_ORDER });

export const PreviewShown = closed(
  {
    outcomes: Counts,
    parties: Type.Array(closed({ party: Type.String(), deliveries: Type.Integer(), dossiers: Type.Integer() })),
    index: Type.String({ description: 'the effect for readers' }),
    sample: Type.Array(
      closed({
        id: Type.Integer(),
        party: Type.String(),
        operation: Type.String(),
        code: Type.String(),
        version: Type.Integer({ description: 'the version that the partner would get' }),
        newestVersion: maybe(Type.Integer()),
        state: Type.String(),
        partner: Type.String({ description: 'the effect at the partner' }),
      }),
    ),
  },
  { title: 'ReplayPreview' },
);

export const ReplayShown = closed(
  {
    id: Type.Integer(),
    who: Type.String(),
    why: Type.String(),
    at: Instant,
    filter: Type.Object({}),
    perSecond: Type.Integer(),
    state: oneOf(['running', 'stopped', 'done']),
    endedAt: maybe(Instant),
    stoppedBy: maybe(Type.String()),
    total: Type.Integer(),
    outcomes: Counts,
  },
  { title: 'Replay' },
);

/** Sends deliveries again, one or many. */
export function addReplays(add: AddRoute, hub: OperatorContext): void {
  addReplayOne(add, hub);
  addReplayMany(add, hub);
  addRuns(add, hub);
  addStop(add, hub);
}

function addReplayOne(add: AddRoute, { keys, orders }: OperatorContext): void {
  const read = orderReader(OneOrder);
  add(
    {
      method: 'post',
      path: `${OPS}/deliveries/{id}/replay`,
      tag: TAG,
      summary: 'Send a settled delivery again, under its own id',
      description: Object.entries(MEANING)
        .map(([outcome, what]) => `${outcome}: ${what}.`)
        .join(' '),
      scopes: ['ops:replay'],
      body: { 'application/json': OneOrder },
      replies: {
        200: { description: 'The result', schema: ReplayedShown },
        404: { description: 'No such delivery' },
      },
    },
    async (c) => {
      const key = requireKey(c, keys, 'ops:replay');
      const id = idOf(c, 'delivery');
      const { why = '' } = await read(c);
      const outcome = await orders.replay(id, { who: key.id, why });
      if (!outcome) throw none('delivery', id);
      return c.json({ id, outcome, hub: MEANING[outcome] });
    },
  );
}

function addRuns(add: AddRoute, hub: OperatorContext): void {
  const { keys, ledger } = hub;
  addList(add, hub, {
    name: 'replays',
    summary: 'Replay runs, newest first',
    filters: {},
    item: ReplayShown,
    load: (_, many, before?: number) => ledger.replays(many, before),
    count: () => ledger.totals.replays(),
    placeOf: (one) => one.id,
  });
  add(
    {
      method: 'get',
      path: `${OPS}/replays/{id}`,
      tag: TAG,
      summary: 'One run, as in the list',
      scopes: ['ops:read'],
      replies: { 200: { description: 'The run', schema: ReplayShown }, 404: { description: 'No such run' } },
    },
    async (c) => {
      requireKey(c, keys, 'ops:read');
      const id = idOf(c, 'run');
      const run = await ledger.replay(id);
      if (!run) throw none('run', id);
      return c.json(run);
    },
  );
}

function addStop(add: AddRoute, { keys, ledger, orders }: OperatorContext): void {
  const read = orderReader(OneOrder);
  add(
    {
      method: 'post',
      path: `${OPS}/replays/{id}/stop`,
      tag: TAG,
      summary: 'Stop a run: it makes no further deliveries due',
      scopes: ['ops:replay'],
      body: { 'application/json': OneOrder },
      replies: {
        200: { description: 'The current state of the run', schema: ReplayShown },
        404: { description: 'No such run' },
      },
    },
    async (c) => {
      const key = requireKey(c, keys, 'ops:replay');
      const id = idOf(c, 'run');
      const { why = '' } = await read(c);
      if (!(await ledger.replay(id))) throw none('run', id);
      await orders.stopReplay(id, { who: key.id, why });
      return c.json(await ledger.replay(id));
    },
  );
}

function addReplayMany(add: AddRoute, { keys, ledger, orders }: OperatorContext): void {
  const read = orderReader(ManyOrder);
  add(
    {
      method: 'post',
      path: `${OPS}/deliveries/replay`,
      tag: TAG,
      summary: 'Send all deliveries of a filter again, or preview them',
      description:
        'A run covers what the filter finds now, in the order of the deliveries, at its rate. It continues when a process dies, and can be stopped. To begin a run, give a reason.',
      scopes: ['ops:replay'],
      body: { 'application/json': ManyOrder },
      replies: {
        200: { description: 'The preview', schema: PreviewShown },
        202: { description: 'The started run', schema: ReplayShown },
      },
    },
    async (c) => {
      const key = requireKey(c, keys, 'ops:replay');
      const { preview, perSecond = PER_SECOND, why, ...given } = await read(c);
      const filter = ofBody(() => cleanFilter(given));
      if (Object.values(filter).every((one) => one === undefined))
        throw refusalWith([problem('', 'no-filter', { list: Object.keys(DELIVERY_FILTER) })]);
      if (preview) return c.json(shownPreview(await orders.preview(filter)));
      const id = await orders.startReplay(filter, perSecond, { who: key.id, why: neededWhy(why) });
      return c.json(await ledger.replay(id), 202);
    },
  );
}

/** The reason, which a run needs. @throws Refusal 400 without one */
export function neededWhy(why: string | undefined): string {
  if (why === undefined) throw refusalWith([problem('/why', 'missing', { expected: say('schema.why') })]);
  return why;
}

function shownPreview(preview: Awaited<ReturnType<OperatorContext['orders']['preview']>>): object {
  const sample = preview.sample.map((one) => {
    const what = one.operation === 'dossier.progress.v1' ? 'a step' : `version ${one.version}`;
    const newest = one.newestVersion === null || one.newestVersion === one.version ? '' : `, of ${one.newestVersion}`;
    return { ...one, partner: `${what} of ${one.code}${newest}, by ${one.operation}, after a look-up` };
  });
  return { ...preview, index: 'nothing changes: readers see what they see now', sample };
}
