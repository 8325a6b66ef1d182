import type { Context } from 'hono';
import Type from 'typebox';
import { endOfTerm, instantToMs, msToInstant } from '#core/dates/dates';
import { auditSubject } from '#core/identifiers/audit-subject';
import { cleanCode } from '#core/identifiers/identifiers';
import { type Kind, type KindRecord, subjectOf } from '#core/records/kind';
import { closed, Instant, oneOf } from '#schemas/parts';
import { QUESTION_STATES } from '#schemas/question.v1';
import type { Service } from '#schemas/service.upsert.v1';
import type { QueuedRecord, QueueFilter } from '../../index/record-queue.ts';
import { requireKey } from '../auth.ts';
import { Cursor, pageBy, TOTAL, text } from '../lists.ts';
import type { AddRoute } from '../route.ts';
import { queryReader } from '../route.ts';
import { Named } from './journey.ts';
import { addList } from './list.ts';
import { BodyQuery, none, OPS, type OperatorContext, TAG } from './request.ts';
import { maybe } from './shown.ts';

/** How long before its deadline a record is due soon. */
const SOON_MS = 48 * 3_600_000;
const MOST_HISTORY = '200';

const queued = {
  kind: Type.String(),
  code: Type.String(),
  state: Type.String(),
  stateAt: Instant,
  agencyCode: maybe(Type.String()),
  agencyName: maybe(Type.String({ description: 'its name in the catalogue' })),
  dueAt: maybe(Instant),
  isOverdue: Type.Boolean({ description: 'not finished after its deadline' }),
  owner: Type.String({ description: 'the party that sent it first' }),
  version: Type.Integer({ description: 'for an order: the order counts only for this version' }),
  causeId: maybe(Type.Integer({ description: 'a held record waits for a decision about this row of the quarantine' })),
};
export const QueuedShown = closed(queued, { title: 'QueuedRecord' });

export const ORDERS = ['assign', 'answer', 'publish', 'refuse', 'hold', 'release', 'dismiss'] as const;
export const QueuedRecordShown = closed(
  {
    ...queued,
    service: maybe(Named),
    orders: Type.Array(oneOf(ORDERS), { description: 'the orders that are possible now' }),
    record: maybe(
      Type.Object(
        {},
        { description: 'what was received; null without ops:body; people masked without index:personal' },
      ),
    ),
    history: Type.Array(
      closed({
        at: Instant,
        state: Type.String(),
        party: Type.String(),
        messageId: Type.String({ format: 'uuid' }),
        receivedAt: Instant,
        movedState: Type.Boolean(),
      }),
      { description: `up to ${MOST_HISTORY} events in the order of event time` },
    ),
    nextHistory: Type.Union([Type.String(), Type.Null()], { description: 'the cursor of the next events' }),
    totalHistory: TOTAL,
  },
  { title: 'QueuedRecordInFull' },
);

interface Asked {
  readonly kind?: string;
  readonly state?: string;
  readonly agency?: string;
  readonly due?: string;
}

/** The queue of questions and petitions, and one of them. */
export function addRecordQueue(add: AddRoute, hub: OperatorContext): void {
  const { kinds, records, nowMs } = hub;
  const answered = kinds.all.filter(({ isAnswered }) => isAnswered);
  const filterOf = ({ kind, state, agency, due }: Asked): QueueFilter => {
    const filter = {
      kinds: kind === undefined ? answered.map(({ name }) => name) : [kind],
      state,
      agency: agency === undefined ? undefined : cleanCode(agency),
    };
    return due ? { ...filter, ...dueBetween(due, nowMs()) } : filter;
  };
  addList(add, hub, {
    name: 'records',
    summary: 'Questions and petitions that wait for officers, the earliest deadline first',
    description:
      'Without `state`: those that are not finished. A held one is listed until its decision. `due=soon`: within 48 hours.',
    filters: {
      kind: Type.Optional(oneOf(answered.map(({ name }) => name))),
      state: Type.Optional(oneOf(QUESTION_STATES)),
      agency: text('an agency code, including the agencies below it'),
      due: Type.Optional(oneOf(['overdue', 'soon'])),
    },
    item: QueuedShown,
    load: (filter, many, after?: readonly [place: string, subject: string]) =>
      records.queue(filterOf(filter), many, after && { place: after[0], subject: after[1] }),
    count: (filter) => records.countQueue(filterOf(filter)),
    placeOf: ({ place, subject }) => [place, subject] as const,
    show: (one) => shownOf(one, nowMs()),
  });
  addOne(add, hub);
}

function dueBetween(due: string, nowMs: number) {
  const now = msToInstant(nowMs);
  return due === 'overdue' ? { overdueAt: now } : { due: { from: now, to: msToInstant(nowMs + SOON_MS) } };
}

const FINISHED = ['answered', 'published', 'refused', 'withdrawn'];

function shownOf({ place: _, subject: __, ...one }: QueuedRecord, nowMs: number) {
  const isOpen = !FINISHED.includes(one.state);
  return { ...one, isOverdue: isOpen && one.dueAt !== null && instantToMs(endOfTerm(one.dueAt)) < nowMs };
}

function addOne(add: AddRoute, hub: OperatorContext): void {
  const query = closed({ ...BodyQuery.properties, cursor: Cursor });
  const readQuery = queryReader(query);
  add(
    {
      method: 'get',
      path: `${OPS}/records/{kind}/{code}`,
      tag: TAG,
      summary: 'A question or a petition: what was received, its history and the possible orders',
      description:
        'With the scope ops:body, the reply has the record, and the audit records the read. People are masked unless the key has index:personal.',
      scopes: ['ops:read'],
      query,
      replies: {
        200: { description: 'The record', schema: QueuedRecordShown },
        404: { description: 'No question or petition has this code' },
      },
    },
    async (c) => {
      const key = requireKey(c, hub.keys, 'ops:read');
      const { body, why, cursor } = readQuery(c);
      const { kind, code } = namedIn(c, hub);
      const found = await hub.records.queued(kind, code);
      const personal = key.scopes.includes('index:personal');
      const served = await hub.records.one(kind, code, personal);
      if (!found || !served) throw none(kind.names.en[0], code);
      const record = JSON.parse(served.json) as KindRecord;
      const isShown = body !== 'no' && key.scopes.includes('ops:body');
      const action = personal ? 'body.read-personal' : 'body.read';
      const subject = auditSubject('record', subjectOf(kind, code));
      if (isShown) await hub.audit.write({ actor: key.id, action, subject, why });
      const history = await historyPage(hub, kind, code, cursor);
      const shown = {
        ...shownOf(found, hub.nowMs()),
        service: await serviceOf(hub, (record as { readonly serviceCode?: string }).serviceCode),
        orders: found.causeId === null ? hub.orders.ordersFor(kind, record) : ['release', 'dismiss'],
        record: isShown ? record : null,
        history: history.items.map(({ seq: _, ...item }) => item),
        nextHistory: history.next,
        totalHistory: history.total,
      };
      return c.json(shown, 200, { 'Cache-Control': 'no-store' });
    },
  );
}

function historyPage({ records, cursors }: OperatorContext, kind: Kind, code: string, cursor: string | undefined) {
  return pageBy(cursors, {
    list: `ops/history ${subjectOf(kind, code)}`,
    limit: MOST_HISTORY,
    cursor,
    load: (many, after?: readonly [at: string, seq: number]) =>
      records.history(kind, code, many, after && { at: after[0], seq: after[1] }),
    count: () => records.countHistory(kind, code),
    placeOf: ({ at, seq }) => [at, seq] as const,
  });
}

async function serviceOf(
  { catalogue }: OperatorContext,
  code: string | undefined,
): Promise<Type.Static<typeof Named> | null> {
  if (code === undefined) return null;
  const entry = await catalogue.one('service', code);
  return { code, name: entry ? (entry.record as Service).name : null };
}

/** The kind and the code in the path. @throws Refusal 404 for a kind without officers' orders */
export function namedIn(
  c: Context,
  { kinds }: Pick<OperatorContext, 'kinds'>,
): { readonly kind: Kind; readonly code: string } {
  const name = c.req.param('kind') ?? '';
  const kind = kinds.byName(name);
  if (!kind?.isAnswered) throw none('kind', name);
  return { kind, code: cleanCode(c.req.param('code') ?? '') };
}
