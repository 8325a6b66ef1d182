import {
  type Connection,
  delivered,
  type Exchange,
  nothingToSend,
  type Outcome,
  type Outgoing,
  outcomeWithoutReply,
  retryAfterMs,
  say,
  stopRequested,
  unavailable,
  type Words,
  webhookHeaders,
} from '#kit';
import type { Settings } from './settings.ts';

const WHY_NOTHING: Readonly<Record<Exclude<NonNullable<Outgoing['change']>['news'], 'new'>, Words>> = {
  unchanged: say('nothing-visible-changed'),
  told: say('told-with-dossier'),
  outdated: say('later-status-told'),
};

/**
 * Notifies a subscriber of one change, by the Standard Webhooks specification. The id is the same at every attempt, and
 * a subscriber takes each id once. So an uncertain call is repeated unchanged, without a look-up.
 */
export async function tell({ settings, http, now }: Connection<Settings>, item: Outgoing): Promise<Outcome> {
  const news = item.change?.news ?? 'new';
  if (news !== 'new') return nothingToSend(WHY_NOTHING[news]);
  const body = payloadOf(item);
  const exchange = await http.exchange({
    url: settings.url,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      ...webhookHeaders(item.id, body, settings.secrets, now()),
    },
    body,
    idempotent: true,
    // Secrets are never sent. But a subscriber may write its settings into an error page.
    hide: settings.secrets,
  });
  return exchange.kind === 'reply' ? outcomeOf(exchange, now()) : outcomeWithoutReply(exchange);
}

/** The members that every other kind of record has. */
interface ChangedRecord {
  readonly code: string;
  readonly state: string;
  readonly stateAt: string;
}

/** The payload has no more than this. A subscriber reads the rest with its key, and that is audited. */
function payloadOf({ operation, record, dossier, change }: Outgoing): string {
  const [kind] = operation.split('.');
  if (kind !== 'dossier') {
    const { code, state, stateAt } = record as ChangedRecord;
    return JSON.stringify({
      type: `${kind}.changed`,
      timestamp: change?.at ?? stateAt,
      data: { code, state, stateAt },
    });
  }
  if (!dossier) throw new Error('a change without its dossier');
  const { code, status, statusAt } = dossier;
  return JSON.stringify({
    type: 'dossier.changed',
    timestamp: change?.at ?? statusAt,
    data: { code, status, statusAt },
  });
}

/**
 * Only the status counts, because the specification has no receipt in the body. The body is not quoted: every message
 * has the same shape, so an error never concerns this one.
 */
function outcomeOf({ status, headers }: Extract<Exchange, { kind: 'reply' }>, nowMs: number): Outcome {
  if (status >= 200 && status < 300) return delivered();
  if (status === 410) return stopRequested('gone', say('status-gone', { status }));
  const afterMs = retryAfterMs(headers, nowMs);
  if (status === 401 || status === 403) return unavailable('credentials', say('status-signature', { status }), afterMs);
  if (status >= 300 && status < 400) return unavailable(`status-${status}`, say('status-moved', { status }), afterMs);
  return unavailable(`status-${status}`, say('status', { status }), afterMs);
}
