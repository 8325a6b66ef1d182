import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { ConfigError } from '../../config/config.ts';

/** insufficient_privilege */
const NO_RIGHT = '42501';

export interface OwnDatabase {
  readonly url: string;
  readonly name: string;
  drop(): Promise<void>;
}

/**
 * Creates a separate database for the demo on the server of DATABASE_URL, and leaves the given one untouched.
 * @throws ConfigError when the role may create none
 */
export async function createOwnDatabase(serverUrl: string): Promise<OwnDatabase> {
  const name = `lienthong_demo_${randomBytes(5).toString('hex')}`;
  await execute(serverUrl, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`).catch((error: Error) => {
    if ((error.cause as { code?: string } | undefined)?.code !== NO_RIGHT) throw error;
    throw new ConfigError([
      'DATABASE_URL: its role may not create a database, expected a server for trials and a role with CREATEDB; without DATABASE_URL the command starts a PostgreSQL of its own (Debian package: set HUB_CONFIG=/dev/null, so that lienthong does not load hub.env)',
    ]);
  });
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, name, drop: () => execute(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** Runs one statement on a separate connection. */
export async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // The query reports a broken connection.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(sql);
  } catch (error) {
    throw new Error(`the server of DATABASE_URL: ${(error as Error).message}`, { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}
