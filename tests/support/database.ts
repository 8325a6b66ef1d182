import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type {} from './global-setup.ts'; // declares what is injected
import { execute, urlOf } from './template.ts';

export interface TestDatabase {
  readonly url: string;
  /** Ends its sessions, too. */
  drop(): Promise<void>;
}

/** An empty database of the caller's own on the server of this run (see global-setup.ts). */
export function testDatabase(): Promise<TestDatabase> {
  return copyOf('template0');
}

/** The same, with the tables of this version. */
export function migratedDatabase(): Promise<TestDatabase> {
  return copyOf(inject('migratedTemplate'));
}

/** A backup that was read in: what a database is now, as another one. Nobody may be connected to it meanwhile. */
export function putBack({ url }: TestDatabase): Promise<TestDatabase> {
  return copyOf(new URL(url).pathname.slice(1));
}

async function copyOf(template: string): Promise<TestDatabase> {
  const server = inject('databaseServerUrl');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await execute(server, `CREATE DATABASE ${name} TEMPLATE ${template} ENCODING 'UTF8'`);
  return { url: urlOf(server, name), drop: () => execute(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}
