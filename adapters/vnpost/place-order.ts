import {
  delivered,
  jsonObject,
  nothingToSend,
  type Outcome,
  type Outgoing,
  type Reply,
  refused,
  say,
  textOf,
  unavailable,
  unknown,
} from '#kit';
import type { PostalOrder } from '#schemas/postal-order.v1';
import { call, described, type Post, shown } from './client.ts';
import { findOrder } from './find-order.ts';
import { cancelBody, endsOf, orderBody } from './order.ts';
import { formOf } from './settings.ts';

/** VNPost took the order, or has had it before: the order number is unique there. */
const TAKEN: ReadonlySet<string> = new Set(['100', '101']);

/** Places or cancels an order. Tracking is VNPost's own word and is never sent. */
export async function sendOrder(post: Post, item: Outgoing<'postal-order.upsert.v1'>): Promise<Outcome> {
  const { state } = item.record;
  if (state === 'cancelled') return cancel(post, item);
  // An order in doubt is looked up, also a known one: an operator may have it sent again because VNPost lacks it.
  if (item.known && !item.doubt) return nothingToSend(say('post-has-order'));
  if (state !== 'registered') return nothingToSend(say('post-knows-state', { state }));
  return place(post, item);
}

async function place(post: Post, item: Outgoing<'postal-order.upsert.v1'>): Promise<Outcome> {
  const { settings } = post;
  const { record: order, doubt } = item;
  const ends = endsOf(settings, item);
  if (typeof ends === 'string') return refused('incomplete-address', say('post-needs-address', { member: ends }));
  if (doubt) {
    const found = await findOrder(post, order, ends);
    if (found === 'found') return delivered('already-ordered');
    if (found !== 'absent') return found;
  }
  const withWaybill = order.waybill !== undefined && settings.itemCodeUrl !== undefined;
  const url = withWaybill ? (settings.itemCodeUrl as string) : settings.orderUrl;
  const body = orderBody(settings, order, ends, withWaybill ? order.waybill : undefined);
  const reply = await call(post, { url, body, idempotent: false, about: order });
  return reply.kind === 'reply' ? verdictOf(post, reply, order) : reply;
}

/** An order that VNPost never got needs no cancelling. */
async function cancel(post: Post, { record, known, doubt }: Outgoing<'postal-order.upsert.v1'>): Promise<Outcome> {
  const { cancelUrl } = post.settings;
  if (!known && !doubt) return nothingToSend(say('post-never-had-order'));
  if (cancelUrl === undefined) return refused('no-cancel', say('post-cannot-cancel'));
  const body = cancelBody(post.settings, record.code);
  const reply = await call(post, { url: cancelUrl, body, idempotent: true, about: record });
  return reply.kind === 'reply' ? verdictOf(post, reply, record) : reply;
}

/** What a reply means. Only VNPost's own code says that it has the order. */
function verdictOf({ settings }: Post, reply: Reply, order: PostalOrder): Outcome {
  const answer = jsonObject(reply.body);
  const why = described(settings, reply, order);
  const status = formOf(settings) === 'hcc' ? oldStatus(answer) : statusIn(answer, reply.status);
  if (reply.status >= 300 && reply.status < 500 && status === undefined)
    return unavailable(`status-${reply.status}`, why);
  if (reply.status >= 500) return unknown(`status-${reply.status}`, why);
  if (status === undefined || status === '500') return unknown('no-verdict', why);
  if (TAKEN.has(status)) return delivered(status === '101' ? 'already-ordered' : undefined);
  const text = textOf(answer?.Message ?? answer?.message) ?? '';
  return refused(
    `code-${status}`.slice(0, 60),
    say('post-refuses', { code: status, said: shown(settings, text, order) }),
  );
}

/** VNPost's own code. Gateways write their HTTP status in a member `status` too, which is no code of VNPost. */
function statusIn(answer: Readonly<Record<string, unknown>> | undefined, httpStatus: number): string | undefined {
  const status = textOf(answer?.Status ?? answer?.status);
  const isOfGateway = answer?.Status === undefined && httpStatus >= 300 && status === `${httpStatus}`;
  return isOfGateway ? undefined : status;
}

/** The old API answers with a boolean `Status`. */
function oldStatus(answer: Readonly<Record<string, unknown>> | undefined): string | undefined {
  if (answer?.Status === true) return '100';
  return answer?.Status === false ? 'false' : undefined;
}
