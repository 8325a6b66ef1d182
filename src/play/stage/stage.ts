import { type Ministries, ministryParties, startMinistries } from '../participants/ministries.ts';
import { type Partners, startPartners } from '../participants/partners.ts';
import { type Subscriber, startSubscriber, subscriberParty } from '../participants/subscriber.ts';
import { createFolder, type Folder, removeOldFolders, stopDatabase } from './folder.ts';
import { createSecrets, hubEnvironment, type Secrets, writeHubFile } from './hub-file.ts';
import { type SupervisedHub, superviseHub } from './hub-processes.ts';
import { createOwnDatabase } from './own-database.ts';
import { freePort } from './ports.ts';

/** All processes of the demo. */
export interface Stage {
  readonly folder: Folder;
  readonly partners: Partners;
  readonly ministries: Ministries;
  readonly subscriber: Subscriber;
  readonly hub: SupervisedHub;
  /** Where the hub listens. */
  readonly url: string;
  readonly secrets: Secrets;
  /** Ends all processes, the hub first, and drops the demo's own database if it created one. */
  close(): Promise<void>;
}

const PORT = 8080;

export async function openStage(env: NodeJS.ProcessEnv, say: (line: string) => void): Promise<Stage> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const folder = createFolder(env, Date.now());
    for (const removed of await removeOldFolders(folder)) say(`removed the data of an earlier demo, ${removed}`);
    const databaseUrl = await ownDatabase(env, closers, say);
    closers.push(() => stopDatabase(folder.status()));
    const [partners, ministries, subscriber] = await Promise.all([
      startPartners(folder),
      startMinistries(folder),
      startSubscriber(folder),
    ]);
    const processes = [...Object.values(partners), ...Object.values(ministries), subscriber];
    closers.push(() => Promise.all(processes.map(({ child }) => child.stop())));
    const secrets = createSecrets();
    const others = [ministryParties(ministries, Date.now()), subscriberParty(subscriber)];
    const more = {
      parties: Object.assign({}, ...others.map(({ parties }) => parties)),
      routes: others.flatMap(({ routes }) => routes),
    };
    const config = writeHubFile(folder, partners, secrets, more);
    const host = env.HOST?.trim() || '127.0.0.1';
    const port = await portOf(env, host, say);
    const own = { folder, config, host, port, ...(databaseUrl && { databaseUrl }) };
    const hub = startHub(folder, hubEnvironment(env, own), say);
    closers.push(() => hub.stop());
    const url = await hub.up;
    say(`the hub listens at ${url}; its data and logs are in ${folder.path}`);
    return { folder, partners, ministries, subscriber, hub, url, secrets, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** After so frequent ends before listening, another start would not help. */
const MOST_STARTS = 5;

function startHub(folder: Folder, env: NodeJS.ProcessEnv, say: (line: string) => void): SupervisedHub {
  const hub = superviseHub('hub', {
    folder: folder.path,
    env,
    mostStarts: MOST_STARTS,
    onLine(_, { dataDir, msg, url }, pid) {
      // The real place of the embedded database: PostgreSQL's own user may not reach the run's folder.
      if (typeof dataDir === 'string') folder.note({ databaseFolder: dataDir });
      if (msg !== 'listening') return;
      if (hub.restarts > 0) say(`the hub is back as process ${pid}`);
      folder.note({ hubPid: pid, hubUrl: String(url) });
    },
    onEnd: (_, how, __, pid) => say(`the hub's process ${pid} ended (${how}); it restarts on the same data`),
  });
  return hub;
}

async function ownDatabase(
  env: NodeJS.ProcessEnv,
  closers: (() => Promise<unknown>)[],
  say: (line: string) => void,
): Promise<string | undefined> {
  const server = env.DATABASE_URL?.trim();
  if (!server) return undefined;
  const { url, name, drop } = await createOwnDatabase(server);
  closers.push(drop);
  say(`created the database ${name} on the server of DATABASE_URL; it is dropped at the end`);
  return url;
}

async function portOf(env: NodeJS.ProcessEnv, host: string, say: (line: string) => void): Promise<number> {
  const asked = Number(env.PORT?.trim() || PORT);
  if (!Number.isInteger(asked) || asked < 0 || asked > 65_535)
    throw new Error(`PORT: got ${JSON.stringify(env.PORT)}, expected a port number from 0 to 65535`);
  const port = await freePort(host, asked);
  if (port !== asked && asked !== 0) say(`port ${asked} is taken; the hub gets port ${port}`);
  return port;
}
