import { type Comparison, type Outgoing, type Reconciler, say } from '#kit';
import type { PostalOrder } from '#schemas/postal-order.v1';
import type { Post } from './client.ts';
import { EARLIER_MS, findOrder, MOST_PAGES } from './find-order.ts';
import { endsOf } from './order.ts';
import { formOf, type Settings, stateOf } from './settings.ts';
import {
  cursorAt,
  fetchTracking,
  isComplete,
  keptTracking,
  momentOf,
  readTracking,
  type Tracking,
} from './tracking.ts';

type Item = Outgoing<'postal-order.upsert.v1'>;

/**
 * Compares whether VNPost has the order, and whether the hub has its newest step. VNPost returns nothing else of an order.
 */
export const reconcile: Reconciler<Settings> = {
  unable: (settings) =>
    settings.trackingUrl === undefined && formOf(settings) !== 'hcc' ? 'the settings have no trackingUrl' : undefined,
  records: ['postal-order.upsert.v1'],
  theirsDecides: true,
  compareRecord: (post, item) =>
    formOf(post.settings) === 'hcc' ? askAcceptance(post, item as Item) : askTracking(post, (item as Item).record),
  read: readTracking,
};

const AS_SENT: Comparison = { kind: 'found', differences: [] };
/** VNPost may say nothing of an order until a postman takes it. */
const FIRST_STEP_MS = 2 * 86_400_000;
/** The pull has its turn first: a step of today is no difference. */
const PULLED_MS = 86_400_000;

/** The old API only says whether it has the order. */
async function askAcceptance(post: Post, item: Item): Promise<Comparison> {
  const { record: order } = item;
  const ends = endsOf(post.settings, item);
  if (typeof ends === 'string') return { kind: 'untold', why: say('post-needs-address', { member: ends }) };
  const found = await findOrder(post, order, ends);
  if (found === 'found') return AS_SENT;
  return found === 'absent' ? notThere(post, order) : { kind: 'failed', outcome: found };
}

/** Reads the tracking from the last known moment of the order on. */
async function askTracking(post: Post, order: PostalOrder): Promise<Comparison> {
  let lastId = cursorAt(Date.parse(order.stateAt) - EARLIER_MS);
  for (let page = 0; page < MOST_PAGES; page++) {
    const tracking = await fetchTracking(post, lastId);
    if ('kind' in tracking) return { kind: 'failed', outcome: tracking };
    if (tracking.docs.some(({ orderNumber }) => orderNumber === order.code)) return comparison(post, order, tracking);
    if (!tracking.more) return notThere(post, order);
    ({ lastId } = tracking);
  }
  return { kind: 'untold', why: say('post-tracking-long', { count: MOST_PAGES }) };
}

function comparison({ settings, codes, now }: Post, order: PostalOrder, tracking: Tracking): Comparison {
  const step = tracking.docs.filter(isComplete).findLast(({ orderNumber }) => orderNumber === order.code);
  const state = step && stateOf(settings, codes, step.statusCode);
  const atMs = step ? momentOf(step.id) : 0;
  const isNews = atMs > Date.parse(order.stateAt) && atMs < now() - PULLED_MS;
  const differences =
    state !== undefined && state !== order.state && isNews
      ? [{ path: '/statusCode', ours: order.state, theirs: state }]
      : [];
  return { kind: 'found', differences, answer: keptTracking([order.code], tracking.text) };
}

/** A cancelled order need not be there any more. */
function notThere({ now }: Post, { state, stateAt }: PostalOrder): Comparison {
  if (state === 'cancelled') return AS_SENT;
  if (now() - Date.parse(stateAt) < FIRST_STEP_MS) return { kind: 'untold', why: say('post-tells-later') };
  return { kind: 'absent' };
}
