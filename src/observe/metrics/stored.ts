import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, Gauge, type Registry } from 'prom-client';
import { singleFlight } from '../../concurrency/single-flight.ts';
import type { ReplicaState } from '../../database/replicas.ts';
import type { AnomalyCount } from '../../ledger/anomalies.ts';
import type { Backlog } from '../../ledger/backlog.ts';
import type { QuarantineAge } from '../../ledger/quarantine.ts';
import type { LastReconcile } from '../../ledger/reconciles.ts';

/** Prometheus waits ten seconds for a whole answer, by default. */
const SCRAPE_MS = 4_000;

/**
 * The same read, which fails after a time. A database that hangs would otherwise take the metrics of the process with it, and the
 * hub would look dead. A read that is late is shared by the next answers.
 */
export function withinScrape<Out>(load: () => Promise<Out>): () => Promise<Out> {
  const shared = singleFlight(load);
  return async () => {
    const over = new AbortController();
    const late = sleep(SCRAPE_MS, undefined, { signal: over.signal, ref: false }).then(() => {
      throw new Error(`no answer within ${SCRAPE_MS} ms`);
    });
    return Promise.race([shared(), late]).finally(() => over.abort());
  };
}

/** Shows three gauges from one query of unsettled deliveries. */
export function showBacklog(registry: Registry, load: () => Promise<readonly Backlog[]>): void {
  const look = singleFlight((): Promise<readonly Backlog[]> => load().catch(() => []));
  new Gauge({
    name: 'hub_deliveries',
    help: 'Unsettled deliveries: due (the hub sends them), held (a person must act), behind (they wait for a held one)',
    labelNames: ['party', 'state'],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { party, state, count } of await look()) this.set({ party, state }, count);
    },
  });
  new Gauge({
    name: 'hub_oldest_due_seconds',
    help: 'Age of the oldest due delivery',
    labelNames: ['party'],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { party, state, oldestS } of await look()) if (state === 'due') this.set({ party }, oldestS);
    },
  });
  new Gauge({
    name: 'hub_overdue_seconds',
    help: 'How long the next attempt of a due delivery is past its time; 0 while retries wait for theirs',
    labelNames: ['party'],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { party, state, overdueS } of await look()) if (state === 'due') this.set({ party }, overdueS);
    },
  });
}

/** Shows how long the oldest item or delivery waits for a decision. */
export function showQuarantine(registry: Registry, load: () => Promise<readonly QuarantineAge[]>): void {
  new Gauge({
    name: 'hub_quarantine_oldest_seconds',
    help: 'Age of the oldest item or delivery that waits for a decision',
    labelNames: ['party'],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { party, oldestS } of await load().catch(() => [])) this.set({ party }, oldestS);
    },
  });
}

/**
 * Shows the open incidents, whichever process opened them. One that ends is shown as 0 from then on. While the read fails, they
 * stay as they were: a database that does not answer ends no alarm.
 */
export function showIncidents(
  registry: Registry,
  load: () => Promise<readonly { readonly party: string; readonly kind: string }[]>,
): void {
  const shown = new Map<string, { readonly party: string; readonly kind: string }>();
  new Gauge({
    name: 'hub_incidents_open',
    help: 'Open incidents',
    labelNames: ['party', 'kind'],
    registers: [registry],
    async collect() {
      const open = await load().catch(() => undefined);
      if (!open) return;
      for (const one of shown.values()) this.set(one, 0);
      for (const { party, kind } of open) {
        shown.set(`${party} ${kind}`, { party, kind });
        this.set({ party, kind }, 1);
      }
    },
  });
}

export function showAgreement(registry: Registry, load: () => Promise<readonly LastReconcile[]>): void {
  new Gauge({
    name: 'hub_reconcile_agreement_ratio',
    help: 'Share of comparable dossiers on which both sides agreed at the last reconciliation with the party',
    labelNames: ['party'],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { party, agreed, judged } of await load().catch(() => [])) this.set({ party }, agreed / judged);
    },
  });
}

/** Shows how far each replica is behind. The lag is absent while it is unknown. */
export function showReplicas(registry: Registry, states: () => readonly ReplicaState[]): void {
  new Gauge({
    name: 'hub_replica_lag_seconds',
    help: 'How far a replica is behind what was acknowledged',
    labelNames: ['replica'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, lagMs } of states()) if (Number.isFinite(lagMs)) this.set({ replica: name }, lagMs / 1_000);
    },
  });
  new Gauge({
    name: 'hub_replica_in_use',
    help: 'Whether reads go to the replica: 1 or 0',
    labelNames: ['replica'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, why } of states()) this.set({ replica: name }, why === undefined ? 1 : 0);
    },
  });
}

/** Counting may read an index of many dossiers, so an answer is used again for this time. */
const COUNTED_MS = 60_000;

/** Shows what is due to be erased. */
export function showRetention(registry: Registry, load: () => Promise<readonly DueByState[]>): void {
  let counted: { readonly atMs: number; readonly due: readonly DueByState[] } | undefined;
  new Gauge({
    name: 'hub_retention_due',
    help: 'Dossiers and records whose personal data is over by the settings and not erased yet, without those under a legal hold',
    labelNames: ['kind', 'state'],
    registers: [registry],
    async collect() {
      if (!counted || performance.now() - counted.atMs > COUNTED_MS)
        counted = { atMs: performance.now(), due: await load().catch(() => []) };
      this.reset();
      for (const { kind, state, due } of counted.due) this.set({ kind, state }, due);
    },
  });
}

interface DueByState {
  readonly kind: string;
  readonly state: string;
  readonly due: number;
}

/** Shows the age of the newest backup. It is absent without one, and while the read fails. */
export function showBackup(registry: Registry, load: () => Promise<number | undefined>): void {
  new Gauge({
    name: 'hub_backup_age_seconds',
    help: 'Age of the newest whole backup of the command backup',
    registers: [registry],
    async collect() {
      const ageS = await load().catch(() => undefined);
      if (ageS === undefined) this.remove({});
      else this.set(ageS);
    },
  });
}

/** Counted in the database, so that every process reports the same number. */
export function showErased(
  registry: Registry,
  load: () => Promise<readonly { readonly cause: string; readonly count: number }[]>,
): void {
  new Counter({
    name: 'hub_erased_total',
    help: 'Dossiers and records whose personal data was erased: retention, person',
    labelNames: ['cause'],
    registers: [registry],
    async collect() {
      const counts = await load().catch(() => undefined);
      if (!counts) return;
      this.reset();
      for (const { cause, count } of counts) this.inc({ cause }, count);
    },
  });
}

/** Counted in the stored history itself, so that every process reports the same number. */
export function showAnomalies(registry: Registry, load: () => Promise<readonly AnomalyCount[]>): void {
  new Counter({
    name: 'hub_anomalies_total',
    help: 'Anomalies in the stored history: same-time, transition, reopened, reopened-without-reason, ahead-of-time, not-owner',
    labelNames: ['party', 'kind'],
    registers: [registry],
    async collect() {
      const counts = await load().catch(() => undefined);
      if (!counts) return;
      this.reset();
      for (const { party, kind, count } of counts) this.inc({ party, kind }, count);
    },
  });
}
