import type { Context } from 'hono';
import Type from 'typebox';
import type { Item } from '#core/dossier/item';
import { auditSubject } from '#core/identifiers/audit-subject';
import type { Mentions } from '#core/masking/mentions';
import { say } from '#messages/message';
import { STATUSES } from '#schemas/dossier.upsert.v1';
import { closed, Instant, oneOf } from '#schemas/parts';
import type { KeyEntry } from '../../config/config.ts';
import type { WholeMessage } from '../../ledger/message-list.ts';
import { requireKey } from '../auth.ts';
import { loadSoap } from '../doors/soap/load.ts';
import { jsonIn } from '../language.ts';
import { text } from '../lists.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { type BodyView, noteOf } from './body-view/body-view.ts';
import { peopleOfMessage } from './body-view/people-behind.ts';
import { viewBody } from './body-view/view.ts';
import { addList, cleanFilter, LOOKS_AT } from './list.ts';
import { BodyQuery, none, OPS, type OperatorContext, type ReadBodyQuery, TAG } from './request.ts';
import { DeliveryShown, maybe, WaitingShown, WordsShown } from './shown.ts';

const FILTERS = {
  party: text('the party that sent it'),
  door: text('rest, national-portal, soap, callback:<name>, pull:<name>, answer:<name>, release…'),
  operation: text('an operation such as dossier.upsert.v1'),
  outcome: Type.Optional(oneOf(['accepted', 'quarantined', 'invalid', 'partly-invalid', 'refused'])),
  code: text('a dossier code in the message, even if the message had no effect'),
  receipt: text('the receipt for its sender; the parts of a stream share one'),
  from: text('received from: a date, or a time with a zone'),
  to: text('received to: a date, or a time with a zone'),
};

const message = {
  id: Type.String({ format: 'uuid' }),
  receipt: Type.String({ format: 'uuid' }),
  receivedAt: Instant,
  party: maybe(Type.String()),
  door: Type.String(),
  operation: maybe(Type.String()),
  keyName: maybe(Type.String()),
  mediaType: maybe(Type.String()),
  bodyBytes: Type.Integer(),
  outcome: Type.String(),
};
export const MessageShown = closed(message, { title: 'Message' });

export const BodyShown = closed(
  {
    format: Type.String({ description: 'json, ndjson, xml, text or hidden' }),
    text: Type.String(),
    note: Type.Optional(Type.String()),
    words: Type.Optional(WordsShown),
  },
  { title: 'Body' },
);
const MOST_READ = 20;

export const WholeMessageShown = closed({
  ...message,
  results: Type.Array(Type.Object({})),
  deliveries: Type.Array(DeliveryShown),
  waiting: Type.Array(WaitingShown),
  changes: Type.Array(
    closed({
      code: Type.String(),
      kind: Type.String({ description: 'dossier or progress' }),
      before: maybe(oneOf(STATUSES)),
      status: oneOf(STATUSES),
      at: Instant,
      movedStatus: Type.Boolean(),
      anomaly: maybe(Type.String()),
    }),
    { description: 'what the message changed in the index' },
  ),
  body: Type.Optional(BodyShown),
  read: Type.Optional(
    Type.Array(closed({ index: Type.Integer(), code: maybe(Type.String()), record: maybe(BodyShown) }), {
      description: `beside the body: its first ${MOST_READ} items as the hub reads them; null for an item that it cannot read`,
    }),
  ),
});

/** The message log. */
export function addMessages(add: AddRoute, hub: OperatorContext): void {
  const readOne = queryReader(BodyQuery);
  addList(add, hub, {
    name: 'messages',
    summary: 'Messages by filter, newest first, without their bodies',
    description: LOOKS_AT,
    filters: FILTERS,
    item: MessageShown,
    load: (filter, many, before?: string) => hub.ledger.messages(cleanFilter(filter), many, before),
    count: (filter) => hub.ledger.totals.messages(cleanFilter(filter)),
    placeOf: (one) => one.id,
  });
  add(
    {
      method: 'get',
      path: `${OPS}/messages/{id}`,
      tag: TAG,
      summary: 'A message: the results of its items, its deliveries, and what waits',
      description:
        'With the scope ops:body, the reply has the body too, and the audit records the read. Secrets are always masked, personal data unless the key has index:personal.',
      scopes: ['ops:read'],
      query: BodyQuery,
      replies: {
        200: { description: 'The message', schema: WholeMessageShown },
        404: { description: 'No such message' },
      },
    },
    (c) => oneMessage(c, hub, readOne),
  );
}

async function oneMessage(c: Context, hub: OperatorContext, read: ReadBodyQuery): Promise<Response> {
  const { keys, ledger } = hub;
  const key = requireKey(c, keys, 'ops:read');
  const { body: asked, why } = read(c);
  const id = c.req.param('id') ?? '';
  const found = await ledger.message(id);
  if (!found) throw none('message', id);
  const { body, sealed: _, ...shown } = found;
  const codes = found.results.flatMap((result) => ('code' in result && result.code ? [result.code] : []));
  const [deliveries, waiting, changes] = await Promise.all([
    ledger.deliveriesOf(id, codes),
    ledger.waitingOf(id),
    ledger.changesOf(found, codes),
  ]);
  const view = body && asked !== 'no' ? await viewFor(hub, key, found, body, why) : undefined;
  return jsonIn(c, { ...shown, deliveries, waiting, changes, body: view?.body, read: view?.read });
}

/** The body of a message, and its items as the hub reads them. Undefined without the right to see it. */
function viewFor(
  hub: OperatorContext,
  key: KeyEntry,
  message: Pick<WholeMessage, 'id' | 'door' | 'mediaType'>,
  body: () => Buffer,
  why: string | undefined,
) {
  const { id } = message;
  return shownTo(hub, key, { subject: auditSubject('message', id), why }, async (mayBePersonal) => {
    const items = (await hub.orders.readMessage(id)) ?? [];
    const people = mayBePersonal ? undefined : await peopleOfMessage(hub, items);
    const bytes = opened(hub, body);
    return {
      body: bytes ? await viewBody(await asRead(message, bytes), mayBePersonal, people) : NOT_OPENED,
      read: await viewItems(items, mayBePersonal, people),
    };
  });
}

const NOT_OPENED: BodyView = { format: 'hidden', text: '', ...noteOf(say('content-unreadable')) };

/** Stored bytes. Undefined, with an error in the log, if their secret is missing or they were changed. */
export function opened<Bytes>({ telemetry }: Pick<OperatorContext, 'telemetry'>, open: () => Bytes): Bytes | undefined {
  try {
    return open();
  } catch (error) {
    telemetry.failed('open stored content', error);
    return undefined;
  }
}

/** The items as the hub reads them now. */
async function viewItems(items: readonly Item[], mayBePersonal: boolean, people: Mentions | undefined) {
  const views: { index: number; code: string | null; record: BodyView | null }[] = [];
  // In sequence: in parallel, all would run in one turn.
  for (const [index, item] of items.slice(0, MOST_READ).entries()) {
    const record = item.kind === 'record' ? item.record : undefined;
    const view = record ? await viewBody(Buffer.from(JSON.stringify(record)), mayBePersonal, people) : null;
    views.push({ index, code: record?.code ?? null, record: view });
  }
  return views;
}

/** An envelope as UTF-8 text, whatever its charset or attachments. Unchanged when it cannot be read. */
async function asRead(
  { door, mediaType }: { readonly door: string; readonly mediaType?: string | null },
  body: Buffer,
): Promise<Buffer> {
  if (door !== 'soap') return body;
  const { xmlOf } = await loadSoap();
  try {
    return xmlOf(body, mediaType ?? undefined);
  } catch {
    return body;
  }
}

/**
 * A value that needs ops:body. Undefined without it. The read is audited first: without an audit
 * nobody sees a body.
 */
export async function shownTo<View>(
  { audit }: OperatorContext,
  key: KeyEntry,
  { subject, why }: { readonly subject: string; readonly why: string | undefined },
  view: (mayBePersonal: boolean) => Promise<View>,
): Promise<View | undefined> {
  if (!key.scopes.includes('ops:body')) return undefined;
  const mayBePersonal = key.scopes.includes('index:personal');
  const action = mayBePersonal ? 'body.read-personal' : 'body.read';
  await audit.write({ actor: key.id, action, subject, why });
  return view(mayBePersonal);
}
