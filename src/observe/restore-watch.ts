import type { Database } from '../database/pool.ts';
import { doubtfulHome, lookAtHome, type PutBack, putBackCause } from '../ledger/homes.ts';
import { HUB, openIncidents } from '../ledger/incidents.ts';
import type { Alerts } from './alerts.ts';
import type { Telemetry } from './telemetry.ts';

export interface LookMeans {
  readonly database: Database;
  readonly telemetry: Pick<Telemetry, 'log'>;
  readonly nowMs: () => number;
  /** The folder of the server, where it is the hub's own. */
  readonly folder: string | undefined;
}

export interface RestoreWatchDeps extends LookMeans {
  readonly alerts: Pick<Alerts, 'open' | 'close'>;
}

export interface RestoreWatch {
  /**
   * Whether what is told now may have been told before, for the database was put back. It is looked at when there has been a
   * new connection, which may be one to another server; otherwise this costs nothing.
   */
  isDoubtful(): Promise<boolean>;
  /** Open the incident for as long as it is so, and close it. For the scheduler. */
  watch(): Promise<void>;
}

/** Look where the database is, and log it where that is another place than before. */
export async function reportRestore({ database, telemetry, nowMs, folder }: LookMeans): Promise<PutBack | undefined> {
  const noticed = await lookAtHome(database, nowMs(), { folder });
  if (noticed) telemetry.log.warn({ ...noticed }, putBackCause(noticed));
  return noticed;
}

/** Notice that the database was put back to an earlier state, or that another server has taken over; see ledger/homes.ts. */
export function createRestoreWatch(means: RestoreWatchDeps): RestoreWatch {
  const { database, alerts, nowMs } = means;
  let lookedAt: number | undefined;
  let doubtful: PutBack | undefined;
  let looking: Promise<void> | undefined;

  async function lookOnce(): Promise<void> {
    // One that is made meanwhile is looked at the next time.
    const connections = database.connections();
    doubtful = (await reportRestore(means)) ?? (await doubtfulHome(database, nowMs()));
    lookedAt = connections;
  }

  function look(): Promise<void> {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  return {
    async isDoubtful() {
      // A look that was under way may have begun before the newest connection.
      while (database.connections() !== lookedAt) await look();
      return doubtful !== undefined && nowMs() < Date.parse(doubtful.doubtfulUntil);
    },
    async watch() {
      await look();
      const cause = doubtful && putBackCause(doubtful);
      const told = (await openIncidents(database)).find(({ party, kind }) => party === HUB && kind === 'put-back');
      // Once more put back is another incident: senders must send again from another moment.
      if (told && told.cause !== cause) await alerts.close(HUB, ['put-back']);
      if (cause !== undefined) await alerts.open(HUB, 'put-back', cause);
    },
  };
}
