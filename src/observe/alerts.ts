import { instantToMs } from '#core/dates/dates';
import type { Outcome } from '#core/dossier/settle';
import type { Database } from '../database/pool.ts';
import { createHttp } from '../kit/http/http.ts';
import { webhookHeaders } from '../kit/webhooks.ts';
import {
  closeIncidents,
  type Incident,
  markTold,
  openIncident,
  untoldIncidents,
  withTellersTurn,
} from '../ledger/incidents.ts';
import type { Telemetry } from './telemetry.ts';

export interface AlertMeans {
  readonly database: Database;
  readonly telemetry: Telemetry;
  readonly nowMs: () => number;
  readonly webhook: { readonly webhook: string; readonly secret: string } | undefined;
}

/** One incident, one alert: a log line, a metric, and a webhook where one is configured. */
export interface Alerts {
  /** Something is wrong. Says nothing when the same trouble is open already. The cause must name nobody: it is logged. */
  open(party: string, kind: Incident['kind'], cause: string): Promise<void>;
  /** It is right again. */
  close(party: string, kinds: readonly Incident['kind'][], about?: string): Promise<void>;
  /** Send what has not been sent; nothing while another process is doing so. */
  send(): Promise<void>;
  /** What an outcome that got nothing through probably means. */
  kindOf(outcome: Outcome): Incident['kind'];
}

export function createAlerts({ database, telemetry, nowMs, webhook }: AlertMeans): Alerts {
  const http = webhook && createHttp({ origins: [new URL(webhook.webhook).origin], totalMs: 10_000 });
  let telling: Promise<void> | undefined;

  /** Of several processes one tells: what the others found untold may be told by now. */
  async function tellAll(): Promise<void> {
    if ((await untoldIncidents(database, 1)).length === 0) return;
    await withTellersTurn(database, async () => {
      for (const incident of await untoldIncidents(database, 50))
        if (await send(incident)) await markTold(database, [incident.id], nowMs());
    });
  }

  async function send(incident: Incident): Promise<boolean> {
    if (!http || !webhook) return true;
    const { id, party, kind, cause, openedAt } = incident;
    const body = JSON.stringify({ type: `incident.${kind}`, timestamp: openedAt, data: { id, party, kind, cause } });
    const reply = await http.exchange({
      url: webhook.webhook,
      headers: {
        'Content-Type': 'application/json',
        // A database that was put back gives the same number again: the moment tells them apart.
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
      telemetry.log.warn({ incident: incident.id, party, kind, cause }, 'incident');
      await this.send();
    },
    async close(party, kinds, about) {
      for (const kind of await closeIncidents(database, party, kinds, nowMs(), about)) {
        telemetry.incident(party, kind, 0);
        telemetry.log.info({ party, kind }, 'incident over');
      }
    },
    async send() {
      telling ??= tellAll().finally(() => {
        telling = undefined;
      });
      await telling;
    },
    kindOf(outcome) {
      const { reason = '' } = outcome;
      if (/credential|login|session/.test(reason)) return 'credentials';
      return reason === 'certificate' ? 'certificate' : 'partner-away';
    },
  };
}
