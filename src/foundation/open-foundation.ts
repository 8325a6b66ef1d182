import type { Logger } from 'pino';
import type { WorkingTime } from '#core/dates/working-time';
import { databaseHosts } from '#core/identifiers/database-hosts';
import type { Kind } from '#core/records/kind';
import { type Config, embeddedFolder } from '../config/config.ts';
import { createHeartbeats, type HeartbeatOptions, type Heartbeats } from '../database/heartbeats.ts';
import { openStore, prepareStore, type Store, type StoreOptions } from '../database/open-store.ts';
import { openReplicas, type ReplicaOptions, type Replicas } from '../database/replicas.ts';
import { dataFolderOf } from '../embedded-postgres/cluster.ts';
import { openHubFiles } from '../files/open-hub-files.ts';
import { beginRecordFeeds } from '../index/record-changes.ts';
import { type CodeEntries, createCodeEntries } from '../ledger/code-entries.ts';
import { loadOwnedSince } from '../ledger/ownership.ts';
import { registerParties } from '../ledger/party-states.ts';
import { createAlerts } from '../observe/alerts.ts';
import { createReporting, type Reporting, showDatabase } from '../observe/reporting.ts';
import { reportRestore } from '../observe/restore-watch.ts';
import { loadParties } from '../parties/from-config.ts';
import type { LoadedAdapter } from '../parties/load-adapters.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';
import { createVault } from '../secrets/vault.ts';
import { hubKinds } from './hub-kinds.ts';
import { openFileFetcher } from './open-file-fetcher.ts';

export interface FoundationOptions extends StoreOptions {
  /** A test's clock and view of the replicas. */
  readonly replicas?: Pick<ReplicaOptions, 'everyMs' | 'readSeen'> & HeartbeatOptions;
  readonly random?: () => number;
  /** The kinds of record beside dossiers; by default those of src/kinds. */
  readonly kinds?: readonly Kind[];
}

/** What the parts of the hub stand on. */
export interface Foundation {
  readonly hub: HubContext;
  readonly store: Store;
  readonly heartbeats: Heartbeats;
  readonly replicas: Replicas;
  readonly reporting: Reporting;
  readonly codes: CodeEntries;
  readonly workingTime: WorkingTime;
  readonly parties: ReadonlyMap<string, Party>;
  readonly ownedSince: string;
  /** The folder of the embedded database. */
  readonly folder: string | undefined;
}

/** Opens and migrates the database, and loads the parties. Rejects with nothing left open. */
export async function openFoundation(
  config: Config,
  databaseUrl: string,
  adapters: ReadonlyMap<string, LoadedAdapter>,
  log: Logger,
  options: FoundationOptions,
): Promise<Foundation> {
  const reporting = await createReporting(log, config.traces);
  const { telemetry } = reporting;
  const vault = createVault(config.secrets);
  const { kinds, workingTime } = hubKinds(config, options.kinds);
  const embedded = embeddedFolder(config);
  const folder = embedded && dataFolderOf(embedded);
  let store: Store | undefined;
  try {
    store = await openStore(databaseUrl, log, options);
    const { database, nowMs } = store;
    const codes = createCodeEntries(database);
    const files = openHubFiles(config, { database, vault, nowMs, onResult: telemetry.fileArrived });
    const parties = await loadParties(config, adapters, { database, codes, nowMs, files });
    await prepareStore(store, vault, log);
    const ownedSince = await loadOwnedSince(database);
    await registerParties(database, [...parties.keys()]);
    const heartbeats = createHeartbeats(database, {
      everyMs: needsHeartbeats(config) ? undefined : false,
      ...options.replicas,
    });
    await beginRecordFeeds(
      database,
      kinds.all.map(({ name }) => name),
    );
    // Before anything is stored or sent.
    await reportRestore({ database, telemetry, nowMs, folder, heartbeats });
    showDatabase(telemetry, database, nowMs);
    const replicas = openReplicas(heartbeats, {
      ...options.replicas,
      urls: config.databaseReadUrls,
      maxLagMs: config.replicaMaxLagMs,
      onChange: telemetry.replicaChanged,
    });
    telemetry.watchReplicas(replicas.states);
    const alerts = createAlerts({ database, telemetry, nowMs, webhook: config.file.alerts });
    const random = options.random ?? Math.random;
    const given = { database, vault, kinds, nowMs, random, log, telemetry, alerts, files };
    const hub = { ...given, fileFetcher: openFileFetcher(given, parties, config.retryDelaysMs) };
    return { hub, store, heartbeats, replicas, reporting, codes, parties, ownedSince, folder, workingTime };
  } catch (error) {
    await Promise.all([store?.close(), reporting.close()]);
    throw error;
  }
}

/** They tell how far replicas are behind, and whether a standby that took over lacks anything. */
function needsHeartbeats({ databaseUrl, databaseReadUrls }: Config): boolean {
  return databaseReadUrls.length > 0 || (databaseUrl !== undefined && databaseHosts(databaseUrl).length > 1);
}
