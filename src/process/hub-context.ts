import type { Logger } from 'pino';
import type { Kinds } from '#core/records/kinds';
import type { Database } from '../database/pool.ts';
import type { FileFetcher } from '../files/fetch-files.ts';
import type { HubFiles } from '../files/hub-files.ts';
import type { Alerts } from '../observe/alerts.ts';
import type { Telemetry } from '../observe/telemetry.ts';
import type { Vault } from '../secrets/vault.ts';

/**
 * The resources that all parts of the hub share. A function that needs fewer says so: `(hub: Pick<HubContext, 'database' |
 * 'nowMs'>, …)`.
 */
export interface HubContext {
  readonly database: Database;
  /** Encrypts, decrypts, hashes and signs with the hub's secret. */
  readonly vault: Vault;
  /** The database's clock, or a test's simulated clock, in milliseconds since 1970. */
  readonly nowMs: () => number;
  /** The kinds of record beside dossiers. */
  readonly kinds: Kinds;
  /** From 0 to below 1, for jitter. */
  readonly random: () => number;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  /** Undefined: the settings store no files. */
  readonly files: HubFiles | undefined;
  /** Undefined: the settings name no addresses. */
  readonly fileFetcher: FileFetcher | undefined;
  readonly alerts: Alerts;
}
