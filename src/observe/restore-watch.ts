import { setTimeout as sleep } from 'node:timers/promises';
import { render } from '#messages/render';
import { singleFlight } from '../concurrency/single-flight.ts';
import type { Heartbeats } from '../database/heartbeats.ts';
import {
  checkDatabaseIdentity,
  checkTakeOver,
  type DatabaseRestore,
  describeRestore,
  loadRecentRestore,
} from '../ledger/database-identity.ts';
import { HUB, openIncidents } from '../ledger/incidents.ts';
import type { WatchContext } from './watch-context.ts';

export interface RestoreContext extends Pick<WatchContext, 'database' | 'telemetry' | 'nowMs'> {
  /** The folder of the database server, if the hub runs it. */
  readonly folder: string | undefined;
  /** What this process saw of the database before. */
  readonly heartbeats?: Pick<Heartbeats, 'isComplete' | 'areOthersAlive'>;
}

export interface RestoreWatch {
  /**
   * Whether a delivery sent now may have been sent before, because the database was restored.
   *
   * Checks again after each new connection, which may lead to another server. Otherwise this costs nothing.
   */
  isDoubtful(): Promise<boolean>;
  /** Opens the incident while deliveries are doubtful, and closes it afterwards. The scheduler calls it. */
  watch(): Promise<void>;
}

/** Checks whether the database was restored or replaced, and logs it. */
export async function reportRestore({
  database,
  telemetry,
  nowMs,
  folder,
  heartbeats,
}: RestoreContext): Promise<DatabaseRestore | undefined> {
  if (heartbeats) await noticeTakeOver({ database, telemetry, folder, heartbeats });
  const noticed = await checkDatabaseIdentity(database, nowMs(), { folder });
  if (noticed) telemetry.log.warn({ ...noticed }, render(describeRestore(noticed), 'en'));
  return noticed;
}

/** A standby that has every acknowledged commit is no restore. A process that started later waits for one that knows. */
async function noticeTakeOver({
  database,
  telemetry,
  folder,
  heartbeats,
}: Required<Omit<RestoreContext, 'nowMs'>>): Promise<void> {
  for (const until = performance.now() + WITNESS_MS; ; await sleep(WITNESS_LOOK_MS)) {
    const found = await checkTakeOver(database, folder, heartbeats.isComplete);
    if (found === 'complete')
      telemetry.log.info({}, 'a standby took over, with every commit that the hub acknowledged');
    if (found !== 'unknown' || performance.now() > until || !(await heartbeats.areOthersAlive())) return;
  }
}

const WITNESS_MS = 10_000;
const WITNESS_LOOK_MS = 250;

/**
 * Detects that the database was restored from a backup, or that another server took over (see
 * ledger/database-identity.ts).
 */
export function createRestoreWatch(context: RestoreContext & Pick<WatchContext, 'alerts'>): RestoreWatch {
  const { database, alerts, nowMs } = context;
  let lookedAt: number | undefined;
  let doubtful: DatabaseRestore | undefined;

  const look = singleFlight(async () => {
    // A connection made during this check is covered by the next check.
    const connections = database.connections();
    doubtful = (await reportRestore(context)) ?? (await loadRecentRestore(database, nowMs()));
    lookedAt = connections;
  });

  return {
    async isDoubtful() {
      // A check in progress may have begun before the newest connection.
      while (database.connections() !== lookedAt) await look();
      return doubtful !== undefined && nowMs() < Date.parse(doubtful.doubtfulUntil);
    },
    async watch() {
      await look();
      const cause = doubtful && describeRestore(doubtful);
      const known = (await openIncidents(database)).find(({ party, kind }) => party === HUB && kind === 'put-back');
      // A second restore is another incident, because senders must send again from another time.
      if (known && known.cause !== (cause && render(cause, 'en'))) await alerts.close(HUB, ['put-back']);
      if (cause !== undefined) await alerts.open(HUB, 'put-back', cause);
    },
  };
}
