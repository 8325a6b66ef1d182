import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Alerts } from './alerts.ts';
import type { Telemetry } from './telemetry.ts';

/** The part of HubContext that the watches use. HubContext itself imports types from this folder. */
export interface WatchContext {
  readonly database: Database;
  readonly vault: Vault;
  readonly nowMs: () => number;
  readonly telemetry: Pick<Telemetry, 'log' | 'failed'>;
  readonly alerts: Pick<Alerts, 'open' | 'close'>;
}
