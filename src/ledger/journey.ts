import { instantToMs, msToInstant } from '#core/dates/dates';
import { addTo } from '#core/group-by';
import type { Database } from '../database/pool.ts';
import { type AttemptRow, loadAttempts } from './delays.ts';
import { type ListedDelivery, listDeliveries } from './delivery-list.ts';
import { type ListedMessage, listMessages } from './message-list.ts';
import { type WaitingItemRow, waitsOf } from './quarantine.ts';

/** One change of the dossier that a message made. */
export interface JourneyEvent {
  readonly kind: string;
  readonly status: string;
  /** When it happened at the source. */
  readonly at: string;
  readonly movedStatus: boolean;
  readonly anomaly: string | null;
}

export type JourneyAttempt = Omit<AttemptRow, 'deliveryId'>;

/** The messages and attempts of all systems about one dossier, each list in the order of time. */
export interface Journey {
  readonly messages: readonly (ListedMessage & { readonly events: readonly JourneyEvent[] })[];
  readonly waits: readonly WaitingItemRow[];
  readonly deliveries: readonly (ListedDelivery & { readonly tries: readonly JourneyAttempt[] })[];
  /** False: the hub holds earlier messages, waits, deliveries or attempts, too. */
  readonly isWhole: boolean;
}

/** Of each list the newest. A page shows no more, and a dossier rarely has a tenth of it. */
const MOST = 100;
const MOST_ATTEMPTS = 500;
/** A recorded event is never older than its message, give or take the clocks of two processes. */
const CLOCKS_MS = 60_000;

/** @param code its own code */
export async function loadJourney(database: Database, code: string): Promise<Journey> {
  const [messages, deliveries] = await Promise.all([
    listMessages(database, { code }, MOST, undefined),
    listDeliveries(database, { code }, MOST, undefined),
  ]);
  const ids = deliveries.map(({ id }) => id);
  const since = deliveries.at(-1)?.createdAt ?? msToInstant(0);
  const [events, waits, attempts] = await Promise.all([
    loadEvents(database, code, messages),
    waitsOf(database, code, ids, MOST),
    loadAttempts(database, ids, since),
  ]);
  const lists = [messages, deliveries, waits];
  return {
    messages: messages.map((one) => ({ ...one, events: events.get(one.id) ?? [] })).reverse(),
    waits: [...waits].reverse(),
    deliveries: deliveries.map((one) => ({ ...one, tries: triesOf(attempts.slice(-MOST_ATTEMPTS), one.id) })).reverse(),
    isWhole: lists.every((list) => list.length < MOST) && attempts.length <= MOST_ATTEMPTS,
  };
}

function triesOf(attempts: readonly AttemptRow[], id: number): readonly JourneyAttempt[] {
  return attempts.filter(({ deliveryId }) => deliveryId === id).map(({ deliveryId: _, ...attempt }) => attempt);
}

/** The events of these messages. */
async function loadEvents(
  database: Database,
  code: string,
  messages: readonly ListedMessage[],
): Promise<ReadonlyMap<string, readonly JourneyEvent[]>> {
  const ids = messages.map(({ id }) => id);
  const oldest = messages.at(-1)?.receivedAt;
  if (oldest === undefined) return new Map();
  const { rows } = await database.pool.query<JourneyEvent & { messageId: string }>({
    name: 'events of messages',
    text: `SELECT message_id AS "messageId", kind, status, at, moved_status AS "movedStatus", anomaly FROM events
           WHERE code = $1 AND message_id = ANY($2::uuid[]) AND recorded_at >= $3::timestamptz AND NOT inferred ORDER BY at`,
    values: [code, ids, msToInstant(instantToMs(oldest) - CLOCKS_MS)],
  });
  const found = new Map<string, JourneyEvent[]>();
  for (const { messageId, ...event } of rows) addTo(found, messageId, event);
  return found;
}

/** A change that a message made, with the status before it. */
export interface MadeChange extends JourneyEvent {
  readonly code: string;
  /** The status before it. Null for the first event of a dossier. */
  readonly before: string | null;
}

const MOST_CHANGES = 200;

/** What a message changed in these dossiers, in the order of their codes and of event time. */
export async function loadChanges(
  { pool }: Database,
  { id, receivedAt }: Pick<ListedMessage, 'id' | 'receivedAt'>,
  codes: readonly string[],
): Promise<readonly MadeChange[]> {
  if (codes.length === 0) return [];
  const { rows } = await pool.query<MadeChange>({
    name: 'changes of a message',
    text: `SELECT e.code, e.kind, e.status, e.at, e.moved_status AS "movedStatus", e.anomaly,
             (SELECT p.status FROM events p WHERE p.code = e.code AND p.seq < e.seq AND p.moved_status
              ORDER BY p.seq DESC LIMIT 1) AS before
           FROM events e
           WHERE e.code = ANY($1::text[] || ARRAY(SELECT dossier FROM aliases WHERE code = ANY($1::text[])))
             AND e.message_id = $2 AND e.recorded_at >= $3::timestamptz AND NOT e.inferred
           ORDER BY e.code, e.at LIMIT ${MOST_CHANGES}`,
    values: [codes, id, msToInstant(instantToMs(receivedAt) - CLOCKS_MS)],
  });
  return rows;
}
