import type pg from 'pg';
import { lockErasures, unlockErasures } from '../database/erasure-lock.ts';
import type { Database } from '../database/pool.ts';
import { withSessionLock } from '../database/session-lock.ts';

/** The schema of the second index, in the same database as the live one. */
export const SCHEMA = 'hub_rebuild';
/** The advisory lock for one rebuild at a time. */
const LOCK = 7_160_004;

/** @throws when the session with the rebuild's locks has ended: a dossier that was read may be erased since. */
export type StillAlone = () => Promise<void>;

/**
 * Works on an empty second index, and drops it at the end. First drops the remains of a killed rebuild.
 * @throws when another rebuild is under way
 */
export async function withFreshSchema<T>(
  live: Database,
  work: (beside: Database, stillAlone: StillAlone) => Promise<T>,
): Promise<T> {
  const lock = await live.pool.connect();
  try {
    const { rows } = await lock.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [LOCK]);
    if (!rows[0]?.got) throw new Error('another rebuild is under way in this database');
    await lockErasures(lock);
    await drop(live);
    await makeTables(live);
    const beside = live.beside(SCHEMA);
    try {
      return await work(beside, () => refuseEnded(lock));
    } finally {
      await beside.close();
      await drop(live);
    }
  } finally {
    // If it fails, the connection's end frees the lock.
    const freed = await unlockErasures(lock)
      .then(() => lock.query('SELECT pg_advisory_unlock($1)', [LOCK]))
      .then(
        () => true,
        () => false,
      );
    lock.release(!freed);
  }
}

async function refuseEnded(lock: pg.PoolClient): Promise<void> {
  await lock.query('SELECT 1').catch((cause: Error) => {
    throw new Error(
      'The database session with the locks of the rebuild ended, so dossiers may have been erased meanwhile. Nothing was changed. Run the rebuild again.',
      { cause },
    );
  });
}

/**
 * The tables that the writers of the index read and write. The second index has no months: nothing of it is dropped by age.
 * A writer that needs another one fails, because the search path of the second index has no other schema.
 */
const TABLES = [
  'messages',
  'events',
  'changes',
  'change_counter',
  'dossiers',
  'aliases',
  'recounts',
  'quarantine',
  'records',
  'record_events',
  'record_changes',
  'record_change_counters',
];

/** What the statements of these writers call. */
const FUNCTIONS = ['hub_expect', 'hub_is_newest_of_dossier'];

/** Nobody searches the second index. Without these it is written in half the time. */
const ONLY_FOR_READERS = [
  'dossiers_newest',
  'dossiers_open',
  'dossiers_open_days',
  'dossiers_open_due',
  'dossiers_parent',
  'dossiers_received_day',
  'dossiers_words',
  'dossiers_retained',
  'events_anomalies',
  'messages_invalid',
  'messages_outcome',
  'messages_receipt',
  'messages_refused_stranger',
  'records_newest',
  'records_agency',
  'records_due',
  'records_final',
  'records_began',
  'records_search',
  'records_retained',
  'record_events_message',
];

/**
 * Makes empty tables like the live ones. They end with the rebuild, so their rows need not reach the WAL, and with it the
 * standbys and the archive.
 */
async function makeTables({ pool }: Database): Promise<void> {
  const { rows } = await pool.query<{ statement: string }>(
    `SELECT pg_get_indexdef(i.indexrelid) AS statement FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       WHERE i.indrelid = ANY($1::text[]::regclass[]) AND c.relname <> ALL($2)
     UNION ALL SELECT pg_get_functiondef(name::regproc) FROM unnest($3::text[]) AS name`,
    [TABLES, ONLY_FOR_READERS, FUNCTIONS],
  );
  const tables = TABLES.map(
    (name) => `CREATE UNLOGGED TABLE ${SCHEMA}.${name} (LIKE ${name} INCLUDING ALL EXCLUDING INDEXES)`,
  );
  const others = rows.map(({ statement }) =>
    statement
      .replace(/ ON (?:ONLY )?\S+\.(\S+) USING /, ` ON ${SCHEMA}.$1 USING `)
      // A message whose items go to several lanes has a row of each.
      .replace(/^CREATE UNIQUE (INDEX messages_pkey )/, 'CREATE $1')
      // Records are not judged again. Within a batch, two of them may exchange their keys.
      .replace(/^CREATE UNIQUE (INDEX records_unique )/, 'CREATE $1')
      .replace(/^(CREATE OR REPLACE FUNCTION )[^.]+\./, `$1${SCHEMA}.`),
  );
  const start = `INSERT INTO ${SCHEMA}.change_counter VALUES (0)`;
  await pool.query([`CREATE SCHEMA ${SCHEMA}`, ...tables, ...others, start].join(';\n'));
}

/** Drops the second index of a killed rebuild. Does nothing while a rebuild is under way. */
export async function dropLeftSchema(database: Database): Promise<void> {
  // Without one it takes no lock, which would refuse a rebuild that starts now.
  const { rows } = await database.pool.query<{ is: boolean }>(`SELECT to_regnamespace('${SCHEMA}') IS NOT NULL AS is`);
  if (rows[0]?.is) await withSessionLock(database, LOCK, () => drop(database));
}

async function drop(live: Database): Promise<void> {
  await live.pool.query(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE`);
}
