import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareHub } from './catalogue.ts';
import { type BenchDatabase, createDatabase, type Server } from './databases.ts';
import { seriesOf } from './dossiers.ts';
import { startHub } from './hub-process.ts';
import type { LoadOrder, LoadResult } from './load.ts';
import type { Bench, Partners } from './measurement.ts';
import type { Options } from './options.ts';
import { partyOf } from './partner.ts';
import { startWorker } from './workers.ts';

export interface OwnBench extends Bench {
  close(): Promise<void>;
}

const NOBODY = partyOf('one-stop', 'http://127.0.0.1:9');

/** Three databases with a hub's tables and the catalogue, and functions that start a hub on each. */
export async function openBench(
  server: Server,
  folder: string,
  { seconds, indexed, due, backlog }: Options,
): Promise<OwnBench> {
  const secret = (): string => randomBytes(33).toString('base64url');
  const secrets = { writer: secret(), flooder: secret(), reader: secret() };
  const databases: BenchDatabase[] = [];
  const loader = startWorker<LoadOrder, LoadResult>('tests/bench/load.ts');
  const close = async (): Promise<void> => {
    loader.stop();
    for (const database of databases) await database.drop();
  };
  const hubSecret = secret();
  let series = 0;
  const settings = (database: BenchDatabase, roles: string, partner: Partners = NOBODY): Record<string, string> => ({
    DATABASE_URL: database.url,
    HUB_SECRET: hubSecret,
    HUB_CONFIG: writeConfig(folder, secrets, partner),
    HUB_DATA_DIR: join(folder, 'data'),
    HUB_ROLES: roles,
  });
  const open = async (): Promise<BenchDatabase> => {
    const database = await createDatabase(server);
    databases.push(database);
    await prepareHub(settings(database, 'api'));
    return database;
  };
  try {
    return {
      folder,
      seconds,
      // As long as the measurement: a hub runs for days, and in its first second compiling takes half of its time.
      warmUpSeconds: seconds,
      writing: await open(),
      reading: await open(),
      indexed: { series: { firstDay: '2025-05-05', perDay: 1_000 }, count: indexed },
      backlog: { database: await open(), count: backlog },
      due,
      loader,
      secrets,
      async startHub(database, roles, partner) {
        const isAlone = roles.split(',').length === 3 || partner === undefined;
        const redis = isAlone ? undefined : process.env.REDIS_URL;
        const given = { ...settings(database, roles, partner), ...(redis && { REDIS_URL: redis }) };
        if (roles.includes('api')) return startHub(given);
        const before = await sessionsOf(database);
        // It has read its tables, and begins to work.
        return startHub(given, async () => (await sessionsOf(database)) > before);
      },
      newSeries: () => seriesOf(series++),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function sessionsOf(database: BenchDatabase): Promise<number> {
  const [row] = await database.rows<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'lienthong'`,
  );
  return row?.n ?? 0;
}

/**
 * One party that pushes, and one that receives; every measurement has the route, so that each writes as much. Several that
 * receive get equal shares of the dossiers, and what another party pushes, the `flooder`, goes to the first of them.
 */
function writeConfig(folder: string, secrets: Bench['secrets'], partners: Partners): string {
  const path = join(folder, 'hub.config.json');
  mkdirSync(folder, { recursive: true });
  const entries = ('adapter' in partners ? [partners] : partners).map((entry, at) => [`partner-${at + 1}`, entry]);
  const operation = 'dossier.upsert.v1';
  const placeOf = (at: number): number => Math.floor((at * 100) / entries.length);
  const config = {
    province: { code: 'H60', name: 'Tỉnh Tuyên Quang' },
    keys: [
      { id: 'writer', secret: secrets.writer, scopes: ['dossier:write'], party: 'one-stop' },
      { id: 'flooder', secret: secrets.flooder, scopes: ['dossier:write'], party: 'flooder' },
      { id: 'reader', secret: secrets.reader, scopes: ['index:read', 'catalogue:read'] },
    ],
    parties: {
      'one-stop': { adapter: 'one-stop', authoritative: true },
      flooder: { adapter: 'one-stop', authoritative: false },
      ...Object.fromEntries(entries),
    },
    routes: [
      ...entries.map(([party], at) => {
        const share = entries.length > 1 ? { share: { from: placeOf(at), to: placeOf(at + 1) } } : {};
        return { from: 'one-stop', operation, to: [party], ...share };
      }),
      { from: 'flooder', operation, to: ['partner-1'] },
    ],
  };
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}
