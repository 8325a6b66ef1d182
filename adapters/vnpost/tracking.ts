import {
  type CodesOf,
  type Item,
  inEnglish,
  jsonObject,
  msToInstant,
  type Page,
  type Puller,
  readReport,
  received,
  say,
  textOf,
  textOrWordsOf,
  unavailable,
  unmappedCause,
} from '#kit';
import { call, described, type Failure, type Post } from './client.ts';
import { type Settings, STATUSES_ENTERED, stateOf } from './settings.ts';

/** One tracking step of VNPost, reduced to what the hub reads. */
export interface TrackingDoc {
  readonly orderNumber: string;
  /** Undefined if the step has none that the hub can read, as for the status. */
  readonly id: string | undefined;
  readonly statusCode: string | undefined;
  readonly statusMessage: string | undefined;
}

interface CompleteDoc extends TrackingDoc {
  readonly id: string;
  readonly statusCode: string;
}

export interface Tracking {
  /** The steps that name an order. */
  readonly docs: readonly TrackingDoc[];
  readonly text: string;
  readonly lastId: string;
  readonly more: boolean;
}

const PAGE_SIZE = 50;
const START = '0'.repeat(24);
const OPERATION = 'postal-order.upsert.v1';

/** The cursor at a moment: VNPost's ids are MongoDB ObjectIds, which begin with the second of their making. */
export function cursorAt(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return seconds.toString(16).padStart(8, '0').slice(0, 8).padEnd(24, '0');
}

/** The moment of a step, in epoch milliseconds. */
export const momentOf = (id: string): number => Number.parseInt(id.slice(0, 8), 16) * 1000;

/** One page of the tracking after an id (domain 9.3). A page that is not full is the last one. */
export async function fetchTracking(post: Post, lastId: string): Promise<Tracking | Failure> {
  const { trackingUrl = '', trackingMethod = 'GET', customerCode } = post.settings;
  const query = { lastId, pageSize: PAGE_SIZE };
  const reply = await call(
    post,
    trackingMethod === 'POST'
      ? { url: trackingUrl, body: { customerCode, ...query }, idempotent: true }
      : { method: 'GET', url: withQuery(trackingUrl, query), idempotent: true },
  );
  if (reply.kind !== 'reply') return unavailable(reply.reason, textOrWordsOf(reply), reply.retryAfterMs);
  const steps = reply.status < 300 ? stepsIn(reply.body) : undefined;
  const last = steps?.map(idOf).findLast((id) => id !== undefined);
  // An unreadable step counts here: the page is as full with it. Without any id the hub could not continue after the page.
  const isFull = steps !== undefined && steps.length >= PAGE_SIZE;
  if (!steps || (isFull && last === undefined))
    return unavailable('no-tracking', say('at-tracking', { why: described(post.settings, reply) }));
  const docs = steps.flatMap((step) => docOf(step) ?? []);
  return { docs, text: reply.body.toString(), lastId: last ?? lastId, more: isFull && last !== lastId };
}

function withQuery(url: string, query: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${url}${url.includes('?') ? '&' : '?'}${pairs.join('&')}`;
}

type Step = Readonly<Record<string, unknown>>;

/** The steps of a reply. Undefined if it has no list: an empty answer is no empty list. */
function stepsIn(body: Uint8Array): readonly Step[] | undefined {
  const embedded = jsonObject(body)?._embedded as { rhDoc?: unknown } | undefined;
  const list = typeof embedded === 'object' && embedded !== null ? embedded.rhDoc : undefined;
  return Array.isArray(list) ? list.map((one: unknown) => (one ?? {}) as Step) : undefined;
}

function idOf({ _id }: Step): string | undefined {
  const id = textOf((_id as { $oid?: unknown } | null | undefined)?.$oid);
  return id !== undefined && /^[0-9a-f]{24}$/i.test(id) ? id : undefined;
}

function docOf(step: Step): TrackingDoc | undefined {
  const orderNumber = textOf(step.orderNumber)?.toUpperCase();
  if (!orderNumber) return undefined;
  return {
    orderNumber,
    id: idOf(step),
    statusCode: textOf(step.statusCode),
    statusMessage: textOf(step.statusMessage),
  };
}

export function isComplete(doc: TrackingDoc): doc is CompleteDoc {
  return doc.id !== undefined && doc.statusCode !== undefined;
}

/** The tracking of the hub's own orders. Steps of orders from elsewhere stay in the stored page. */
export const tracking: Puller<Settings> = {
  schedule: '0 0 6,18 * * *',
  async next(post, checkpoint, asks): Promise<Page | Failure> {
    const { lastId = START } = (checkpoint ?? {}) as { lastId?: string };
    const found = await fetchTracking(post, lastId);
    if ('kind' in found) return found;
    const codes = [...new Set(found.docs.map(({ orderNumber }) => orderNumber))];
    const ours = [...(await asks.knownRecords(OPERATION, codes))].sort();
    const bodies = ours.length > 0 ? [keptTracking(ours, found.text)] : [];
    return { bodies, checkpoint: { lastId: found.lastId }, more: found.more };
  },
  read: readTracking,
};

/** A page of the tracking as the hub stores it, with the codes of its own orders. */
export function keptTracking(ours: readonly string[], text: string): { body: Buffer; mediaType: string } {
  return {
    body: Buffer.from(JSON.stringify({ ours, reply: jsonObject(Buffer.from(text)) })),
    mediaType: 'application/json',
  };
}

export function readTracking(body: Uint8Array, settings: Settings, codes: CodesOf): readonly Item[] {
  const kept = jsonObject(body) as { ours?: readonly string[]; reply?: unknown } | undefined;
  const steps = stepsIn(Buffer.from(JSON.stringify(kept?.reply ?? null)));
  if (!Array.isArray(kept?.ours) || !steps)
    return [{ kind: 'invalid', problems: [{ path: '', ...inEnglish(say('not-as-kept')) }] }];
  const ours = new Set(kept.ours);
  return steps.flatMap((step, at) => {
    const doc = docOf(step);
    if (!doc || !ours.has(doc.orderNumber)) return [];
    return isComplete(doc) ? itemOf(doc, settings, codes) : unreadable(doc, `/_embedded/rhDoc/${at}`);
  });
}

function unreadable({ orderNumber, id }: TrackingDoc, path: string): Item {
  const member = id === undefined ? '_id/$oid' : 'statusCode';
  return { kind: 'invalid', code: orderNumber, problems: [{ path: `${path}/${member}`, ...inEnglish(say('absent')) }] };
}

function itemOf({ id, orderNumber, statusCode, statusMessage }: CompleteDoc, settings: Settings, codes: CodesOf): Item {
  const state = stateOf(settings, codes, statusCode);
  if (!state) return unknownStatus(orderNumber, statusCode);
  const at = msToInstant(momentOf(id));
  const step = { at, status: (statusMessage ?? `Trạng thái ${statusCode}`).slice(0, 500) };
  return readReport(OPERATION, { code: orderNumber, state, stateAt: at, steps: [step] });
}

/** More than any status code has, and as much as a code table can hold. */
const LONGEST_STATUS = 60;

function unknownStatus(code: string, statusCode: string): Item {
  const status = statusCode.slice(0, LONGEST_STATUS);
  const words = say('no-table-entry', { table: STATUSES_ENTERED, got: received(status) });
  return {
    kind: 'waiting',
    operation: OPERATION,
    code,
    cause: unmappedCause(STATUSES_ENTERED, status, words),
    problems: [{ path: '/statusCode', ...inEnglish(words) }],
  };
}
