import { setTimeout as sleep } from 'node:timers/promises';
import { databaseName } from '#core/identifiers/database-hosts';
import type { Config } from '../../config/config.ts';
import { type Database, openDatabase, refuseOtherSettings } from '../../database/pool.ts';
import { type Finding, findingsOf } from './finding.ts';

const finding = findingsOf('database');

/** Checks each replica, and how far it is behind its primary. The hub does without one: its reads go to the primary. */
export async function checkReplicas(
  { databaseReadUrls, replicaMaxLagMs }: Pick<Config, 'databaseReadUrls' | 'replicaMaxLagMs'>,
  primary: Pick<Database, 'pool'>,
): Promise<readonly Finding[]> {
  return Promise.all(
    databaseReadUrls.map(async (url) => {
      const name = `the replica ${databaseName(url)}`;
      const database = openDatabase(url, { size: 1 });
      try {
        await refuseOtherSettings(database, 'DATABASE_READ_URLS');
        return lagFinding(name, await standOf(primary, database), replicaMaxLagMs / 1_000);
      } catch (error) {
        const { message, code } = error as Error & { code?: string };
        const advice = 'start it, or correct DATABASE_READ_URLS; until then the primary answers its reads';
        return finding('warn', `${name} does not answer: ${message || code}`, advice);
      } finally {
        await database.close();
      }
    }),
  );
}

export interface ReplicaStand {
  readonly isStandby: boolean;
  /** 0: it has replayed everything. Null: it has replayed no transaction yet. */
  readonly behindS: number | null;
}

const LOOK_MS = 100;
/** A healthy replica has replayed what the primary wrote before within this time. */
const LEVEL_WITHIN_MS = 2_000;

async function standOf(primary: Pick<Database, 'pool'>, replica: Pick<Database, 'pool'>): Promise<ReplicaStand> {
  const { rows: written } = await primary.pool.query<{ upTo: string }>('SELECT pg_current_wal_lsn()::text AS "upTo"');
  for (const until = performance.now() + LEVEL_WITHIN_MS; ; await sleep(LOOK_MS)) {
    const { rows } = await replica.pool.query<ReplicaStand & { isLevel: boolean | null }>(STAND, [written[0]?.upTo]);
    const { isStandby, isLevel, behindS } = rows[0] as ReplicaStand & { isLevel: boolean | null };
    if (!isStandby || isLevel) return { isStandby, behindS: 0 };
    if (performance.now() > until) return { isStandby, behindS };
  }
}

const STAND = `
  SELECT pg_is_in_recovery() AS "isStandby", pg_last_wal_replay_lsn() >= $1::pg_lsn AS "isLevel",
         extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 AS "behindS"`;

/** @param mostS the bound above which no read goes there */
export function lagFinding(name: string, { isStandby, behindS }: ReplicaStand, mostS: number): Finding {
  if (!isStandby)
    return finding(
      'warn',
      `${name} takes writes: it is the primary itself, or it left its primary`,
      'DATABASE_READ_URLS names standbys; make it one again, or remove it there',
    );
  if (behindS !== null && behindS <= mostS) return finding('ok', `${name} is ${behindS.toFixed(1)} s behind`);
  return finding(
    'warn',
    `${name} is ${behindS === null ? 'an unknown time' : `${behindS.toFixed(0)} s`} behind, and reads go there up to ${mostS} s`,
    'look at its replication (pg_stat_wal_receiver there, pg_stat_replication at the primary); until then the primary answers its reads',
  );
}
