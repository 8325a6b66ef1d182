import { jsonObject, say, unknown } from '#kit';
import type { PostalOrder } from '#schemas/postal-order.v1';
import { call, described, type Failure, type Post } from './client.ts';
import { type Ends, orderBody } from './order.ts';
import { formOf } from './settings.ts';
import { cursorAt, fetchTracking } from './tracking.ts';

/** How far an uncertain order is searched: then its number protects it, because VNPost answers 101 to a repeat. */
export const MOST_PAGES = 20;
/** The clocks of the two sides differ. */
export const EARLIER_MS = 3_600_000;

/** Whether VNPost has an order whose answer was lost. A failure means that the doubt stays. */
export async function findOrder(post: Post, order: PostalOrder, ends: Ends): Promise<'found' | 'absent' | Failure> {
  if (formOf(post.settings) === 'hcc') return askAcceptance(post, order, ends);
  if (post.settings.trackingUrl === undefined) return 'absent';
  let lastId = cursorAt(Date.parse(order.stateAt) - EARLIER_MS);
  for (let page = 0; page < MOST_PAGES; page++) {
    const tracking = await fetchTracking(post, lastId);
    if ('kind' in tracking) return tracking;
    if (tracking.docs.some(({ orderNumber }) => orderNumber === order.code)) return 'found';
    if (!tracking.more) break;
    ({ lastId } = tracking);
  }
  return 'absent';
}

/** The old API: the same body to getAcceptance, which answers `Status` true for an order that it has. */
async function askAcceptance(post: Post, order: PostalOrder, ends: Ends): Promise<'found' | 'absent' | Failure> {
  const { acceptanceUrl } = post.settings;
  if (acceptanceUrl === undefined) return unknown('no-look-up', say('setting-missing', { name: 'acceptanceUrl' }));
  const body = orderBody(post.settings, order, ends, undefined);
  const reply = await call(post, { url: acceptanceUrl, body, idempotent: true, about: order });
  if (reply.kind !== 'reply') return reply;
  const answer = jsonObject(reply.body);
  if (reply.status < 300 && answer?.Status === true) return 'found';
  if (reply.status < 300 && answer?.Status === false) return 'absent';
  return unknown('no-look-up', say('at-look-up', { why: described(post.settings, reply, order) }));
}
