import { instantToMs } from '#core/dates/dates';
import type { Outcome } from '#core/dossier/settle';
import type { TextOrWords } from '#messages/message';
import type { Database } from '../database/pool.ts';
import { createHttp } from '../kit/http/http.ts';
import { webhookHeaders } from '../kit/webhooks.ts';
import {
  closeIncidents,
  type Incident,
  loadUnreportedIncidents,
  markReported,
  openIncident,
  withReportLock,
} from '../ledger/incidents.ts';
import type { Telemetry } from './telemetry.ts';

/** Reports each incident as a log line, a metric, and a webhook call where one is configured. */
export interface Alerts {
  /** Opens an incident, unless the same one is open. The hub logs the cause, so it must name no person. */
  open(party: string, kind: Incident['kind'], cause: TextOrWords): Promise<void>;
  /** Closes incidents. */
  close(party: string, kinds: readonly Incident['kind'][], about?: string): Promise<void>;
  /** Sends the alerts that are not sent yet. Does nothing while another process sends. */
  send(): Promise<void>;
  /** The kind of incident that a failed outcome probably indicates. */
  kindOf(outcome: Outcome): Incident['kind'];
}

/** Reasons of outcomes by which adapters say that the partner does not let the hub in. */
const CREDENTIAL_REASONS = new Set(['credentials', 'login-refused', 'login-failed', 'session-refused']);

interface AlertsOptions {
  readonly database: Database;
  readonly telemetry: Telemetry;
  readonly nowMs: () => number;
  /** The receiver of alerts. Undefined: alerts are only logged. */
  readonly webhook: { readonly webhook: string; readonly secret: string } | undefined;
}

export function createAlerts({ database, telemetry, nowMs, webhook }: AlertsOptions): Alerts {
  const http = webhook && createHttp({ origins: [new URL(webhook.webhook).origin], totalMs: 10_000 });
  let sending: Promise<void> | undefined;

  /** One process sends at a time. Another process may have sent these incidents in the meantime. */
  async function sendAll(): Promise<void> {
    if ((await loadUnreportedIncidents(database, 1)).length === 0) return;
    await withReportLock(database, async () => {
      for (const incident of await loadUnreportedIncidents(database, 50))
        if (await post(incident)) await markReported(database, [incident.id], nowMs());
    });
  }

  async function post(incident: Incident): Promise<boolean> {
    if (!http || !webhook) return true;
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
    return reply.kind === 'reply' && reply.status < 300;
  }

  return {
    async open(party, kind, cause) {
      const incident = await openIncident(database, { party, kind, cause }, nowMs());
      if (!incident) return;
      telemetry.incident(party, kind, 1);
      telemetry.log.warn({ incident: incident.id, party, kind, cause: incident.cause }, 'incident');
      await this.send();
    },
    async close(party, kinds, about) {
      for (const kind of await closeIncidents(database, party, kinds, nowMs(), about)) {
        telemetry.incident(party, kind, 0);
        telemetry.log.info({ party, kind }, 'incident over');
      }
    },
    async send() {
      sending ??= sendAll().finally(() => {
        sending = undefined;
      });
      await sending;
    },
    kindOf(outcome) {
      const { reason = '' } = outcome;
      if (CREDENTIAL_REASONS.has(reason)) return 'credentials';
      return reason === 'certificate' ? 'certificate' : 'partner-away';
    },
  };
}
