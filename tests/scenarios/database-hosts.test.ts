import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openDatabase } from '../../src/database/pool.ts';
import { choosePrimary } from '../../src/database/primary.ts';
import { migratedDatabase, type TestDatabase } from '../support/database.ts';
import { codeOf, dossier, type TestHub, testHub } from '../support/hub.ts';
import { lineTo } from '../support/line-to.ts';

describe('a database address with several hosts', () => {
  let database: TestDatabase;
  let line: Awaited<ReturnType<typeof lineTo>>;
  let hub: TestHub | undefined;
  beforeEach(async () => {
    database = await migratedDatabase();
    line = await lineTo(database.url);
  });
  afterEach(async () => {
    await hub?.close();
    hub = undefined;
    line.close();
    await database.drop();
  });

  /** The first host is a line to the server, the second one the server itself. */
  function bothHosts(first = new URL(line.url).host): string {
    const url = new URL(database.url);
    return `${url.protocol}//${url.username ? `${url.username}:${url.password}@` : ''}${first},${url.host}${url.pathname}`;
  }
  const push = async (n: number): Promise<string | undefined> =>
    (await (hub as TestHub).push(dossier({ code: codeOf(n) }))).results[0]?.outcome;

  test('the hub starts at the host that takes writes', async () => {
    hub = await testHub({ databaseUrl: bothHosts('127.0.0.1:1') });
    expect(await push(1)).toBe('accepted');
  });

  test.each(['closes its connections', 'does not answer any more'])(
    'when a host %s, the hub works on at the other',
    async (how) => {
      hub = await testHub({ databaseUrl: bothHosts() });
      expect(await push(1)).toBe('accepted');
      if (how.startsWith('closes')) line.close();
      else line.deafen();
      // Not even a request in progress waits for the lost host.
      await expect.poll(() => push(2)).toMatch(/accepted|duplicate/);
      expect(hub.logLines.map(({ msg }) => msg)).toContain('another host takes the writes of the database');
    },
  );

  test('a session that ends in the packet that opens it fails its statement, and not the process', async () => {
    const { pool, close } = openDatabase(bothHosts());
    const uncaught = vi.fn();
    process.on('uncaughtException', uncaught);
    await pool.query('SELECT');
    line.endWhenReady();
    const failures = await Promise.all(Array.from({ length: 4 }, () => pool.query('SELECT').catch(() => 'failed')));
    expect(failures).toContain('failed');
    line.restore();
    await expect.poll(() => pool.query('SELECT').catch(() => 'failed')).not.toBe('failed');
    process.off('uncaughtException', uncaught);
    await close();
    expect(uncaught).not.toHaveBeenCalled();
  });

  test('without a host that takes writes, the start says so, with the reason of each', async () => {
    const url = Object.assign(new URL(database.url), { pathname: '/no_such_database' });
    const both = url.href.replace(url.host, `127.0.0.1:1,${url.host}`);
    await expect(testHub({ databaseUrl: both })).rejects.toThrow(
      `no host of DATABASE_URL takes writes: 127.0.0.1:1/no_such_database (connect ECONNREFUSED 127.0.0.1:1), ${url.host}/no_such_database (database "no_such_database" does not exist)`,
    );
  });

  test('the primary is the host with the highest timeline, and never an earlier primary', () => {
    const [first, second] = [{ timeline: 1 as number | undefined }, { timeline: undefined as number | undefined }];
    const hosts = [first, second];
    expect(choosePrimary(hosts, undefined, 0)).toBe(first);
    // The standby took over while the old primary still takes writes.
    second.timeline = 2;
    expect(choosePrimary(hosts, first, 1)).toBe(second);
    // The new primary does not answer.
    second.timeline = undefined;
    expect(choosePrimary(hosts, second, 2)).toBeUndefined();
    // Two ways to one server: the way in use stays.
    for (const host of hosts) host.timeline = 2;
    expect(choosePrimary(hosts, second, 2)).toBe(second);
  });
});
