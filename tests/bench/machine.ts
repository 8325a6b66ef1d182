import os from 'node:os';
import type { BenchDatabase } from './databases.ts';

/** The machine and the settings that the figures depend on, in one line. */
export async function describeMachine(database: BenchDatabase, embedded: boolean): Promise<string> {
  const show = async (name: string): Promise<string> =>
    Object.values((await database.rows<Record<string, string>>(`SHOW ${name}`))[0] as object)[0] as string;
  const cpus = os.cpus();
  const version = (await show('server_version')).split(' ')[0];
  return [
    `${cpus[0]?.model.trim() ?? 'unknown processor'}, ${cpus.length} cores`,
    `${Math.round(os.totalmem() / 2 ** 30)} GB`,
    `${os.type()} ${os.release()}`,
    `Node ${process.versions.node}`,
    `PostgreSQL ${version}${embedded ? ' (embedded)' : ''}`,
    `fsync ${await show('fsync')}, synchronous_commit ${await show('synchronous_commit')}`,
    'load generator, hub, partner and database share the cores',
  ].join(' · ');
}
