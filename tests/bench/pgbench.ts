import { execFile } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { FLOOR_BODY, floorValues, oneRowStatement } from './floor-sql.ts';
import type { Written } from './floor-writer.ts';

/** Where pgbench is: on the path, or where Debian keeps it. */
export function findPgbench(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(debian, version, 'bin')),
  ];
  return folders.map((folder) => join(folder, 'pgbench')).find((file) => existsSync(file));
}

export interface PgbenchOrder {
  readonly pgbench: string;
  readonly databaseUrl: string;
  /** Where its script may be written. */
  readonly scriptPath: string;
  readonly connections: number;
  readonly seconds: number;
  /** Tells the codes of this run from those of another. */
  readonly run: number;
}

/** Write the floor's statement by pgbench, prepared, one row a commit. */
export async function writeByPgbench(order: PgbenchOrder): Promise<Written> {
  const { pgbench, databaseUrl, scriptPath, connections, seconds, run } = order;
  const code = `('H60.${run}.' || :client_id::text || '-250812-' || :n::text)`;
  const text = oneRowStatement((name) => (name === 'code' ? code : `:${name}`));
  writeFileSync(scriptPath, `\\set n :n + 1\n${text.replaceAll(/\s+/g, ' ')};\n`);
  const url = new URL(databaseUrl);
  const password = decodeURIComponent(url.password);
  url.password = '';
  const values = { ...floorValues(), body: FLOOR_BODY, n: '0' };
  const { stdout } = await promisify(execFile)(
    pgbench,
    [
      '-n',
      '-M',
      'prepared',
      '-c',
      String(connections),
      '-j',
      '2',
      '-T',
      String(seconds),
      '-f',
      scriptPath,
      ...Object.entries(values).map(([name, value]) => `-D${name}=${value}`),
      url.href,
    ],
    { env: { ...process.env, PGPASSWORD: password } },
  );
  const [, rows] = /actually processed: (\d+)/.exec(stdout) ?? [];
  const [, perSecond] = /tps = ([\d.]+)/.exec(stdout) ?? [];
  if (!rows || !perSecond) throw new Error(`pgbench said: ${stdout}`);
  return { rows: Number(rows), perSecond: Number(perSecond) };
}
