import type { Logger } from 'pino';
import type { Database } from '../database/pool.ts';
import type { Alerts } from '../observe/alerts.ts';
import type { Telemetry } from '../observe/telemetry.ts';
import type { Vault } from '../secrets/vault.ts';

/**
 * What every part of the hub may need. A function that needs less says so:
 * `(hub: Pick<HubContext, 'database' | 'nowMs'>, …)`.
 */
export interface HubContext {
  readonly database: Database;
  /** Encrypts, opens, hashes and signs with the hub's secret. */
  readonly vault: Vault;
  /** The database's clock, or the made-up clock of a test, in milliseconds since 1970. */
  readonly nowMs: () => number;
  /** From 0 to below 1, for jitter. */
  readonly random: () => number;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly alerts: Alerts;
}
