import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { followChain } from '../../src/ledger/audit-chain.ts';
import { checkDatabaseIdentity, checkTakeOver } from '../../src/ledger/database-identity.ts';
import { createAlerts } from '../../src/observe/alerts.ts';
import { createRestoreWatch, type RestoreWatch, reportRestore } from '../../src/observe/restore-watch.ts';
import { createTelemetry } from '../../src/observe/telemetry.ts';
import { migratedDatabase, putBack, type TestDatabase, testDatabase } from '../support/database.ts';
import { dossier, type Partner, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { payment, postalOrder } from '../support/kinds.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';
import { execute } from '../support/template.ts';

const HOUR_MS = 3_600_000;
const CODE = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;

describe('a database that was restored to an earlier state', () => {
  const databases: TestDatabase[] = [];
  let partner: Partner;
  let hub: TestHub;
  let nowMs: number | undefined;

  beforeEach(async () => {
    partner = testPartner();
    nowMs = undefined;
    databases.push(await migratedDatabase());
    await start(databases[0] as TestDatabase);
  });
  afterEach(async () => {
    await hub.close();
    for (const database of databases.splice(0)) await database.drop();
  });

  /** A hub on a database; the partner remembers its deliveries, and the time advances. */
  async function start({ url }: TestDatabase): Promise<void> {
    hub = await testHub({
      databaseUrl: url,
      partners: { portal: partner },
      routes: ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({
        from: 'one-stop',
        operation,
        to: ['portal'],
      })),
      keys: [...OPERATOR_KEYS],
      ...(nowMs !== undefined && { nowMs }),
    });
  }

  /** A backup of now, without the later effects of `work`. The hub then runs on the backup. */
  async function backUp(work: () => Promise<void>, downMs = 1_000): Promise<void> {
    await hub.close();
    const [live] = databases as [TestDatabase];
    const backup = await putBack(live);
    databases.push(backup);
    nowMs = hub.clock.nowMs;
    await start(live);
    await work();
    nowMs = hub.clock.nowMs + downMs;
    await hub.close();
    await start(backup);
  }

  const feed = async (cursor?: string) =>
    (await hub.read(`/api/v1/changes?limit=200${cursor ? `&cursor=${cursor}` : ''}`)).body;
  const ops = () => operatorOf(hub);
  const incidents = async () =>
    (await ops().get('incidents')).body.items.filter((one: { kind: string }) => one.kind === 'put-back');
  /** The scheduler's work of each minute. */
  function watch(): RestoreWatch {
    const { database } = hub.hub;
    const telemetry = createTelemetry(pino({ level: 'silent' }));
    const nowMs = () => hub.clock.nowMs;
    const alerts = createAlerts({ database, telemetry, nowMs, webhook: undefined });
    return createRestoreWatch({ database, alerts, telemetry, nowMs, folder: undefined });
  }
  const noticed = () =>
    hub.logLines.filter(({ msg }) => String(msg).startsWith('the database was restored or replaced'));

  test('is noticed once by log, audit and incident, with the time from which senders must repeat', async () => {
    await hub.push(dossier({ code: CODE(1) }));
    const lastMs = hub.clock.nowMs;
    await backUp(async () => {
      hub.clock.nowMs += HOUR_MS;
      await hub.push(dossier({ code: CODE(2) }));
    });
    expect(noticed()).toMatchObject([
      { level: 40, newestAt: `${new Date(lastMs + 7 * HOUR_MS).toISOString().slice(0, 19)}+07:00` },
    ]);
    const { items } = (await ops().get('audit?action=database.put-back')).body;
    expect(items.filter((one: { action: string }) => one.action === 'database.put-back')).toMatchObject([
      { actor: 'hub', subject: 'database hub' },
    ]);
    const home = watch();
    await home.watch();
    const open = {
      party: 'hub',
      closedAt: null,
      cause: expect.stringContaining('senders must send later acknowledged messages again'),
    };
    expect(await incidents()).toMatchObject([open]);
    hub.clock.nowMs += 8 * HOUR_MS;
    await home.watch();
    expect(await incidents()).toEqual([]);
  });

  test('leads readers of payments to all news, also those that the backup has none of', async () => {
    const cursorOf = async (kind: string) => (await hub.read(`/api/v1/changes?kind=${kind}&limit=200`)).body.next;
    const codesAfter = async (kind: string, cursor: string) =>
      (await hub.read(`/api/v1/changes?kind=${kind}&limit=200&cursor=${cursor}`)).body.items.map(
        ({ code }: { code: string }) => code,
      );
    await hub.push(dossier({ code: CODE(1) }));
    await hub.push(payment({ code: 'TT-1' }), { what: 'payments' });
    let cursors: readonly string[] = [];
    await backUp(async () => {
      for (const code of ['TT-2', 'TT-3']) await hub.push(payment({ code }), { what: 'payments' });
      for (const code of ['BG-1', 'BG-2']) await hub.push(postalOrder({ code }), { what: 'postal-orders' });
      cursors = await Promise.all(['payment', 'postal-order'].map(cursorOf));
    });
    await hub.push(payment({ code: 'TT-4' }), { what: 'payments' });
    await hub.push(postalOrder({ code: 'BG-3' }), { what: 'postal-orders' });
    expect(await codesAfter('payment', cursors[0] as string)).toEqual(['TT-4']);
    expect(await codesAfter('postal-order', cursors[1] as string)).toEqual(['BG-3']);
  });

  test('leads readers to all news, and no ETag of lost content stays valid', async () => {
    await hub.push(dossier({ code: CODE(1) }));
    let cursor = '';
    let etag = '';
    await backUp(async () => {
      await hub.push(progress({ code: CODE(1) }), { what: 'progress' });
      await hub.push([2, 3, 4].map((n) => dossier({ code: CODE(n) })));
      cursor = (await feed()).next;
      etag = (await hub.read(`/api/v1/dossiers/${CODE(1)}`)).headers.get('etag') as string;
    });
    await hub.push([5, 6].map((n) => dossier({ code: CODE(n) })));
    expect((await feed(cursor)).items.map(({ code }: { code: string }) => code)).toEqual([CODE(5), CODE(6)]);
    // Another step than the lost one, so the number of steps is equal.
    await hub.push(progress({ code: CODE(1), status: 'supplement-required', content: 'Thiếu giấy' }), {
      what: 'progress',
    });
    const again = await hub.request('GET', `/api/v1/dossiers/${CODE(1)}`, 'portal', undefined, {
      'If-None-Match': etag,
    });
    expect(again.status).toBe(200);
  });

  test('puts deliveries in doubt under new numbers, for seven times the lost time', async () => {
    await hub.push(dossier({ code: CODE(1) }));
    await hub.deliver();
    await backUp(async () => {
      hub.clock.nowMs += 2 * HOUR_MS;
      await hub.push([dossier({ code: CODE(2) }), dossier({ code: CODE(3) })]);
      await hub.deliver();
    });
    const seen = new Set(partner.sent.map(({ id }) => id));
    partner.sent.length = 0;
    await hub.push([CODE(2), CODE(4)].map((code) => dossier({ code })));
    await hub.deliver();
    expect(partner.sent.map(({ code, doubt }) => [code, doubt])).toEqual([
      [CODE(2), true],
      [CODE(4), true],
    ]);
    expect(partner.sent.filter(({ id }) => seen.has(id))).toEqual([]);
    hub.clock.nowMs += 13 * HOUR_MS;
    await hub.push(dossier({ code: CODE(5) }));
    await hub.deliver();
    expect(partner.sent.at(-1)).toMatchObject({ code: CODE(5), doubt: true });
    hub.clock.nowMs += 2 * HOUR_MS;
    await hub.push(dossier({ code: CODE(6) }));
    await hub.deliver();
    expect(partner.sent.at(-1)).toMatchObject({ code: CODE(6), doubt: false });
  });

  test('puts deliveries due at the backup in doubt too', async () => {
    partner.script.push({ kind: 'unavailable', reason: 'down', message: 'down' });
    await hub.push(dossier({ code: CODE(1) }));
    await hub.deliver();
    await backUp(async () => {
      hub.clock.nowMs += HOUR_MS;
      await hub.deliver();
      expect(partner.sent).toHaveLength(2);
    });
    await hub.deliver();
    expect(partner.sent.map(({ doubt }) => doubt)).toEqual([false, false, true]);
  });

  test('from before the first message is noticed too: later deliveries and their numbers are gone', async () => {
    let cursor = '';
    await backUp(async () => {
      await hub.push([1, 2, 3].map((n) => dossier({ code: CODE(n) })));
      await hub.deliver();
      cursor = (await feed()).next;
    });
    expect(noticed()).toHaveLength(1);
    const seen = new Set(partner.sent.map(({ id }) => id));
    partner.sent.length = 0;
    await hub.push([4, 5].map((n) => dossier({ code: CODE(n) })));
    await hub.deliver();
    expect(partner.sent.map(({ id, doubt }) => [seen.has(id), doubt])).toEqual([
      [false, true],
      [false, true],
    ]);
    expect((await feed(cursor)).items.map(({ code }: { code: string }) => code)).toEqual([CODE(4), CODE(5)]);
  });

  test('restored once more is another incident, with another time', async () => {
    await hub.push(dossier({ code: CODE(1) }));
    const home = watch();
    const order = (why: string) => ({ folder: undefined, order: { who: 'lan', why } });
    hub.clock.nowMs += 24 * HOUR_MS;
    await checkDatabaseIdentity(hub.hub.database, hub.clock.nowMs, order('bản chụp máy'));
    await home.watch();
    hub.clock.nowMs += 24 * HOUR_MS;
    await hub.push(dossier({ code: CODE(2) }));
    const { rows } = await hub.hub.database.pool.query('SELECT max(received_at) AS at FROM messages');
    await checkDatabaseIdentity(hub.hub.database, hub.clock.nowMs, order('bản chụp nữa'));
    await home.watch();
    await home.watch();
    const all = (await ops().get('incidents?state=all')).body.items;
    expect(all.map(({ kind, closedAt }: Record<string, unknown>) => [kind, closedAt === null])).toEqual([
      ['put-back', true],
      ['put-back', false],
    ]);
    expect(all[0].cause).toContain(`Its newest message is from ${rows[0].at}`);
  });

  test('a caller during an older check waits for the next one', async () => {
    await hub.push(dossier({ code: CODE(1) }));
    const home = watch();
    expect(await home.isDoubtful()).toBe(false);
    const { database } = hub.hub;
    const { pool } = database;
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    let connections = database.connections() + 1;
    const ask = pool.query.bind(pool) as (...asked: unknown[]) => unknown;
    // The last query of a check: the comparison is done by then.
    let isHeld = (): void => undefined;
    const reached = new Promise<void>((resolve) => {
      isHeld = resolve;
    });
    const query = vi.spyOn(pool, 'query').mockImplementation((async (...asked: unknown[]) => {
      const answer = await ask(...asked);
      if ((asked[0] as { name?: string }).name !== 'doubtful home') return answer;
      isHeld();
      await held;
      return answer;
    }) as never);
    const count = vi.spyOn(database, 'connections').mockImplementation(() => connections);
    const first = home.isDoubtful();
    await reached;
    // Another server behind a connection made meanwhile.
    connections++;
    await execute(hub.databaseUrl, "UPDATE database_homes SET home = replace(home, 'history ', 'history F')");
    const second = home.isDoubtful();
    go();
    expect(await Promise.all([first, second])).toEqual([true, true]);
    query.mockRestore();
    count.mockRestore();
  });

  test('a standby that took over is a restore, unless a process knows that it has every acknowledged commit', async () => {
    const { database } = hub.hub;
    const anotherTimeline = () =>
      execute(
        hub.databaseUrl,
        "UPDATE database_homes SET home = regexp_replace(home, 'history \\w+', 'history 00000000')",
      );
    await hub.push(dossier({ code: CODE(1) }));
    // A delivery under way would notice the other timeline too, and would know.
    await hub.deliver();
    expect(await checkTakeOver(database, undefined, async () => true)).toBe('none');
    const asked: string[] = [];
    const knows = (verdict: boolean | undefined) => async (timeline: string) => {
      asked.push(timeline);
      return verdict;
    };
    await anotherTimeline();
    expect(await checkTakeOver(database, undefined, knows(undefined))).toBe('unknown');
    expect(await checkTakeOver(database, undefined, knows(false))).toBe('incomplete');
    expect(await checkTakeOver(database, undefined, knows(true))).toBe('complete');
    expect(asked).toEqual(Array(3).fill(expect.stringMatching(/^0*[1-9A-F][0-9A-F]*$/)));
    expect(await checkDatabaseIdentity(database, hub.clock.nowMs, { folder: undefined })).toBeUndefined();

    await anotherTimeline();
    expect(await checkTakeOver(database, undefined, knows(false))).toBe('incomplete');
    expect(await checkDatabaseIdentity(database, hub.clock.nowMs, { folder: undefined })).toMatchObject({
      newestAt: expect.any(String),
    });

    // A dump has other tables as well: no heartbeat of the former database says anything of it.
    await anotherTimeline();
    await execute(hub.databaseUrl, "UPDATE database_homes SET home = replace(home, 'table ', 'table 9')");
    expect(await checkTakeOver(database, undefined, knows(true))).toBe('none');
  });

  test('a process that did not see the previous server waits for one that did', async () => {
    const { database } = hub.hub;
    const heartbeats = { isComplete: async () => undefined, areOthersAlive: async () => true };
    const telemetry = createTelemetry(pino({ level: 'silent' }));
    const nowMs = () => hub.clock.nowMs;
    await execute(hub.databaseUrl, "UPDATE database_homes SET home = replace(home, 'history ', 'history F')");
    const waiting = reportRestore({ database, telemetry, nowMs, folder: undefined, heartbeats });
    expect(await checkTakeOver(database, undefined, async () => true)).toBe('complete');
    expect(await waiting).toBeUndefined();
  });

  test('recreated files of our own server count as another database; a new owner does not', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lienthong-'));
    const look = () => checkDatabaseIdentity(hub.hub.database, hub.clock.nowMs, { folder });
    const makeAnew = () => writeFile(join(folder, 'PG_VERSION'), '18\n');
    await makeAnew();
    await hub.push(dossier({ code: CODE(1) }));
    expect(await look()).toBeUndefined();
    await chmod(join(folder, 'PG_VERSION'), 0o600);
    expect(await look()).toBeUndefined();
    // The inode number of a removed file goes to the next one.
    await rm(join(folder, 'PG_VERSION'));
    await sleep(20);
    await makeAnew();
    expect(await look()).toMatchObject({ newestAt: expect.any(String) });
    expect(await look()).toBeUndefined();
    await rm(folder, { recursive: true });
  });

  test('processes with different rights on a server combine what they know', async () => {
    const { pool } = hub.hub.database;
    const { rows } = await pool.query('SELECT home FROM database_homes');
    await pool.query("UPDATE database_homes SET home = regexp_replace(home, 'server \\d+, ', '')");
    const look = () => checkDatabaseIdentity(hub.hub.database, hub.clock.nowMs, { folder: undefined });
    const kept = async () => (await pool.query('SELECT home, xmin::text AS written FROM database_homes')).rows;
    await look();
    const [once] = await kept();
    expect(once.home.split(', ').sort()).toEqual(rows[0].home.split(', ').sort());
    await look();
    expect(await kept()).toEqual([once]);
  });

  test('a dump restored elsewhere is whole: noticed, rebuilt the same, its audit unbroken', async (context) => {
    await hub.push([dossier({ code: CODE(1) }), dossier({ code: CODE(2) })]);
    await hub.push(progress({ code: CODE(1) }), { what: 'progress' });
    await hub.deliver();
    await ops().post('parties/portal/pause', { why: 'bão' });
    await ops().post('parties/portal/resume', { why: 'hết bão' });
    nowMs = hub.clock.nowMs;
    await hub.close();
    const backup = await testDatabase();
    databases.push(backup);
    const problem = dumpInto((databases[0] as TestDatabase).url, backup.url);
    if (problem) context.skip(`skipped: ${problem}`);
    await start(backup);
    expect(noticed()).toHaveLength(1);
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true });
    expect((await followChain(hub.hub.database, undefined)).broken).toBeUndefined();
    expect((await hub.push(progress({ code: CODE(2) }), { what: 'progress' })).results).toMatchObject([
      { outcome: 'accepted' },
    ]);
    await hub.deliver();
    expect(partner.sent.at(-1)).toMatchObject({ code: CODE(2), doubt: true });
  });

  test('a dump that is loaded under a running hub stops no push', async () => {
    await hub.push(dossier({ code: CODE(1) }));
    const push = async (n: number) => (await hub.push(dossier({ code: CODE(n) }))).status;
    const end =
      'SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
    // The types have other OIDs, or come later than the push.
    for (const [n, create] of [
      [2, `EXECUTE 'CREATE TYPE ' || known.name || ' AS (' || known.columns || ')';`],
      [3, ''],
    ] as const) {
      await execute(
        hub.databaseUrl,
        `DO $$ DECLARE known record; BEGIN
           FOR known IN SELECT t.typname AS name,
               string_agg(a.attname || ' ' || format_type(a.atttypid, NULL), ', ' ORDER BY a.attnum) AS columns
             FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid WHERE starts_with(t.typname, 'hub_row_') GROUP BY 1
           LOOP EXECUTE 'DROP TYPE ' || known.name; ${create} END LOOP; END $$`,
      );
      await execute(hub.databaseUrl, end);
      // The first statement meets the cut connection, perhaps after its commit.
      await expect.poll(() => push(n)).toBeLessThan(300);
    }
  });

  test('the same place, a second process and a new database trigger nothing', async () => {
    await hub.push(dossier({ code: CODE(1) }));
    nowMs = hub.clock.nowMs;
    await hub.close();
    await start(databases[0] as TestDatabase);
    expect(noticed()).toEqual([]);
    // A process whose role may not query everything.
    await hub.close();
    await execute(
      (databases[0] as TestDatabase).url,
      "UPDATE database_homes SET home = regexp_replace(home, 'server \\d+, ', '')",
    );
    await start(databases[0] as TestDatabase);
    expect(noticed()).toEqual([]);
    const empty = await migratedDatabase();
    databases.push(empty);
    await hub.close();
    await start(empty);
    expect(noticed()).toEqual([]);
    expect(await incidents()).toEqual([]);
  });

  test('a failover while the hub runs is noticed before any delivery after it', async () => {
    await hub.push(dossier({ code: CODE(1) }));
    await hub.deliver();
    // The sign of a stand-by that took over: another timeline behind new connections.
    await execute(hub.databaseUrl, "UPDATE database_homes SET home = replace(home, 'history ', 'history F')");
    await execute(
      hub.databaseUrl,
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    // The first statement meets the cut connection.
    await expect.poll(async () => (await hub.push(dossier({ code: CODE(2) }))).status).toBeLessThan(300);
    await expect
      .poll(async () => {
        await hub.deliver().catch(() => undefined);
        return partner.sent.map(({ code, doubt }) => [code, doubt]);
      })
      .toEqual([
        [CODE(1), false],
        [CODE(2), true],
      ]);
    expect(noticed()).toHaveLength(1);
  });

  test('an earlier restore stays in doubt as long, whatever server takes over', async () => {
    await hub.push(dossier({ code: CODE(1) }));
    await hub.deliver();
    await backUp(async () => undefined, 24 * HOUR_MS);
    await checkDatabaseIdentity(hub.hub.database, hub.clock.nowMs, {
      folder: undefined,
      order: { who: 'lan', why: 'chuyển máy' },
    });
    await hub.push(dossier({ code: CODE(2) }));
    await checkDatabaseIdentity(hub.hub.database, hub.clock.nowMs, {
      folder: undefined,
      order: { who: 'lan', why: 'chuyển lại' },
    });
    const { rows } = await hub.hub.database.pool.query(
      'SELECT doubtful_until AS until FROM database_homes ORDER BY id DESC',
    );
    expect(Date.parse(rows[0].until)).toBe(hub.clock.nowMs + 7 * 24 * HOUR_MS);
    hub.clock.nowMs += 6 * 24 * HOUR_MS;
    await hub.push(dossier({ code: CODE(3) }));
    await hub.deliver();
    expect(partner.sent.at(-1)).toMatchObject({ code: CODE(3), doubt: true });
  });

  test('a person may report it, where the database cannot tell', async () => {
    await hub.push(dossier({ code: CODE(1) }));
    await hub.deliver();
    await checkDatabaseIdentity(hub.hub.database, hub.clock.nowMs, {
      folder: undefined,
      order: { who: 'lan', why: 'bản chụp máy' },
    });
    await hub.push(dossier({ code: CODE(2) }));
    await hub.deliver();
    expect(partner.sent.at(-1)).toMatchObject({ code: CODE(2), doubt: true });
    expect((await ops().get('audit')).body.items[0]).toMatchObject({ actor: 'lan', why: 'bản chụp máy' });
  });
});

/**
 * Dumps a database and restores it.
 * @returns why that is not possible here
 */
function dumpInto(from: string, into: string): string | undefined {
  const dump = spawnSync('pg_dump', ['--format=custom', '--dbname', from], { maxBuffer: 64 * 1024 * 1024 });
  if (dump.error || dump.status !== 0) return dump.error?.message ?? String(dump.stderr).split('\n', 1).join();
  const read = spawnSync('pg_restore', ['--exit-on-error', '--no-owner', '--dbname', into], { input: dump.stdout });
  expect(String(read.stderr)).toBe('');
  return undefined;
}
