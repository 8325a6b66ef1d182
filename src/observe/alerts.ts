import { instantToMs } from '#core/dates/dates';
import type { Outcome } from '#core/dossier/settle';
import type { TextOrWords } from '#messages/message';
import { singleFlight } from '../concurrency/single-flight.ts';
import type { Database } from '../database/pool.ts';
import { createHttp } from '../kit/http/http.ts';
import { webhookHeaders } from '../kit/webhooks.ts';
import {
  closeIncidents,
  type Incident,
  inOneProcess,
  loadUnreportedIncidents,
  markReported,
  openIncident,
} from '../ledger/incidents.ts';
import type { Telemetry } from './telemetry.ts';

/** Reports each incident as a log line and, where one is configured, by a webhook call. */
export interface Alerts {
  /**
   * Opens an incident, unless the same one is open. The hub logs the cause, so it must name no person. The next `send` of any
   * process reports it: who opens an incident does not wait for the receiver.
   */
  open(party: string, kind: Incident['kind'], cause: TextOrWords): Promise<void>;
  /** Closes incidents. */
  close(party: string, kinds: readonly Incident['kind'][], about?: string): Promise<void>;
  /**
   * Sends the alerts that are not sent yet, oldest first. Does nothing while another process sends. Leaves out one that the
   * receiver refuses, and ends at the first that fails otherwise. After either, calls of the next seconds do nothing, up to a
   * minute if it lasts.
   */
  send(): Promise<void>;
  /** The kind of incident that a failed outcome probably indicates. */
  kindOf(outcome: Outcome): Incident['kind'];
}

/** Reasons of outcomes by which adapters say that the partner does not let the hub in. */
const CREDENTIAL_REASONS = new Set(['credentials', 'login-refused', 'login-failed', 'session-refused']);

/** The receiver does not take this alert, but may take others. */
const REFUSED = [400, 413, 422];

const FIRST_PAUSE_MS = 1_000;
const MOST_PAUSE_MS = 60_000;
/** How many incidents are read at once. */
const PAGE = 50;

/** Why an alert was not sent. */
interface Failure {
  readonly message: string;
  readonly isRefusal: boolean;
}

interface AlertsOptions {
  readonly database: Database;
  readonly telemetry: Telemetry;
  readonly nowMs: () => number;
  /** The receiver of alerts. Undefined: alerts are only logged. */
  readonly webhook: { readonly webhook: string; readonly secret: string } | undefined;
}

export function createAlerts({ database, telemetry, nowMs, webhook }: AlertsOptions): Alerts {
  const http = webhook && createHttp({ origins: [new URL(webhook.webhook).origin], totalMs: 10_000 });
  /** After failures: how long no alert is sent, and until when, by the clock of performance.now. */
  let pauseMs = 0;
  let pausedUntilMs = 0;

  /** One process sends at a time. Another process may have sent these incidents in the meantime. */
  async function sendAll(): Promise<void> {
    if (performance.now() < pausedUntilMs) return;
    if ((await loadUnreportedIncidents(database, 1)).length === 0) return;
    await inOneProcess(database, 'alerts', async () => {
      let hasRefused = false;
      let page = await loadUnreportedIncidents(database, PAGE);
      while (page.length > 0) {
        for (const incident of page) {
          const failure = await sendOne(incident);
          if (failure && !failure.isRefusal) return pause();
          hasRefused ||= failure !== undefined;
        }
        page = await loadUnreportedIncidents(database, PAGE, page.at(-1)?.id);
      }
      if (hasRefused) pause();
    });
  }

  async function sendOne(incident: Incident): Promise<Failure | undefined> {
    const failure = await post({ http, webhook, nowMs }, incident);
    if (failure) {
      telemetry.failed('alerts', new Error(`incident ${incident.id} was not reported: ${failure.message}`));
      return failure;
    }
    pauseMs = 0;
    await markReported(database, [incident.id], nowMs());
    return undefined;
  }

  /** A receiver that does not answer keeps a call for half a minute. */
  function pause(): void {
    pauseMs = Math.min(Math.max(pauseMs * 2, FIRST_PAUSE_MS), MOST_PAUSE_MS);
    pausedUntilMs = performance.now() + pauseMs;
  }

  return {
    async open(party, kind, cause) {
      const incident = await openIncident(database, { party, kind, cause }, nowMs());
      if (incident) telemetry.log.warn({ incident: incident.id, party, kind, cause: incident.cause }, 'incident');
    },
    async close(party, kinds, about) {
      for (const kind of await closeIncidents(database, party, kinds, nowMs(), about))
        telemetry.log.info({ party, kind }, 'incident over');
    },
    send: singleFlight(sendAll),
    kindOf(outcome) {
      const { reason = '' } = outcome;
      if (CREDENTIAL_REASONS.has(reason)) return 'credentials';
      return reason === 'certificate' ? 'certificate' : 'partner-away';
    },
  };
}

interface Receiver extends Pick<AlertsOptions, 'webhook' | 'nowMs'> {
  readonly http: ReturnType<typeof createHttp> | undefined;
}

async function post({ http, webhook, nowMs }: Receiver, incident: Incident): Promise<Failure | undefined> {
  if (!http || !webhook) return undefined;
  const { id, party, kind, cause, openedAt } = incident;
  const body = JSON.stringify({ type: `incident.${kind}`, timestamp: openedAt, data: { id, party, kind, cause } });
  const reply = await http.exchange({
    url: webhook.webhook,
    headers: {
      'Content-Type': 'application/json',
      // A restored database can assign the same id again. The time makes the key unique.
      ...webhookHeaders(`incident-${id}-${instantToMs(openedAt)}`, body, [webhook.secret], nowMs()),
    },
    body,
    idempotent: true,
  });
  if (reply.kind !== 'reply') return { message: reply.message, isRefusal: false };
  if (reply.status < 300) return undefined;
  return { message: `the receiver answered ${reply.status}`, isRefusal: REFUSED.includes(reply.status) };
}
