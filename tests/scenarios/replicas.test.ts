import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHubClient } from '../../src/copy/hub-client.ts';
import { readHeartbeats, type SeenHeartbeats } from '../../src/database/heartbeats.ts';
import { openIncidents } from '../../src/ledger/incidents.ts';
import { createAlerts } from '../../src/observe/alerts.ts';
import { watchReplicas } from '../../src/observe/replica-watch.ts';
import { createTelemetry } from '../../src/observe/telemetry.ts';
import { migratedDatabase, putBack, type TestDatabase } from '../support/database.ts';
import { codeOf, dossier, SECRETS, type TestHub, testHub } from '../support/hub.ts';
import { execute } from '../support/template.ts';

/** A key that pushes and reads. */
const OFFICE = {
  id: 'office',
  secret: 'office-secret-of-the-tests',
  scopes: ['dossier:write' as const, 'index:read' as const],
  party: 'one-stop',
};
const AS_OF = 'lienthong-as-of';
const POSITION = 'lienthong-position';

/** A hub whose replica is a copy of the database from before the tests' pushes: it shows what a real one shows before it replays. */
describe('reads from a replica', () => {
  let primary: TestDatabase;
  let replica: TestDatabase;
  let hubs: TestHub[];
  /** What the replica shows at the next check. */
  let shown: (hub: TestHub) => Promise<SeenHeartbeats>;
  let tickMs: number;

  const processOfHub = async (): Promise<TestHub> => {
    const made: TestHub = await testHub({
      databaseUrl: primary.url,
      keys: [OFFICE],
      replicas: { urls: [replica.url], everyMs: false, tickMs: () => tickMs, readSeen: () => shown(made) },
    });
    hubs.push(made);
    return made;
  };
  const replays = async (hub: TestHub): Promise<void> => {
    shown = ({ hub: { database } }) => readHeartbeats(database);
    await hub.hub.replicas.check();
  };
  const stopsReplaying = async (hub: TestHub): Promise<void> => {
    const last = await readHeartbeats(hub.hub.database);
    shown = async () => last;
  };

  beforeEach(async () => {
    hubs = [];
    tickMs = 1_000_000;
    primary = await migratedDatabase();
    const before = await testHub({ databaseUrl: primary.url });
    await before.push([1, 2].map((n) => dossier({ code: codeOf(n) })));
    await before.close();
    replica = await putBack(primary);
  });
  afterEach(async () => {
    for (const hub of hubs) await hub.close();
    await Promise.all([primary.drop(), replica.drop()]);
  });

  const ask = (hub: TestHub, path: string, key?: string, position?: string): Promise<Response> =>
    Promise.resolve(
      hub.hub.app.request(path, {
        headers: {
          ...(key && { Authorization: `Bearer ${key}` }),
          ...(position && { [POSITION]: position }),
        },
      }),
    );
  const codes = async (response: Response): Promise<readonly string[]> => {
    expect(response.status).toBe(200);
    const { items } = (await response.json()) as { items: { code: string }[] };
    return items.map(({ code }) => code).sort();
  };
  const list = '/api/v1/dossiers';
  const counted = async (hub: TestHub, name: string): Promise<string | undefined> => {
    const text = await (await ask(hub, '/metrics')).text();
    return text.split('\n').find((line) => line.startsWith(name));
  };
  const noted = (hub: TestHub, message: string) => hub.logLines.filter(({ msg }) => String(msg).startsWith(message));

  test('lists, statistics, snapshots and look-ups come from it, and say how fresh they are', async () => {
    const hub = await processOfHub();
    await replays(hub);
    await hub.push(dossier({ code: codeOf(3) }));
    tickMs += 4_000;
    const listed = await ask(hub, list, SECRETS.portal);
    expect(await codes(listed.clone())).toEqual([codeOf(1), codeOf(2)]);
    // The clock of the test stands still at 08:30:00.
    expect(listed.headers.get(AS_OF)).toBe('2025-08-21T08:29:56+07:00');
    const counts = await (await ask(hub, '/api/v1/statistics?from=2025-01-01', SECRETS.portal)).json();
    expect(counts).toMatchObject({ total: { received: { total: 0 } } });
    const lines = await (await ask(hub, '/api/v1/snapshot', SECRETS.portal)).text();
    expect(lines).not.toContain(codeOf(3));
    expect(lines).toContain(codeOf(2));
    expect((await ask(hub, `/api/public/dossiers/${codeOf(3)}?proof=0001`)).status).toBe(404);
    expect(await counted(hub, `hub_reads_total{target="${new URL(replica.url).host}`)).toMatch(/ 4$/);
  });

  test('the primary answers while it is behind the bound, which is logged once', async () => {
    const hub = await processOfHub();
    await replays(hub);
    await hub.push(dossier({ code: codeOf(3) }));
    await stopsReplaying(hub);
    tickMs += 11_000;
    const late = await ask(hub, list, SECRETS.portal);
    expect(await codes(late.clone())).toHaveLength(3);
    expect(late.headers.get(AS_OF)).toBe('2025-08-21T08:30:00+07:00');
    for (const moreMs of [0, 60_000]) {
      tickMs += moreMs;
      await hub.hub.replicas.check();
    }
    expect(noted(hub, 'replica out of use')).toMatchObject([
      { level: 40, why: expect.stringContaining('11 seconds behind') },
    ]);
    expect(await counted(hub, 'hub_replica_in_use')).toMatch(/ 0$/);
    expect(await counted(hub, 'hub_replica_lag_seconds')).toMatch(/ 71$/);
    expect(await incidents(await processOfHub()), 'of a process that has not looked').toEqual([]);
    expect(await incidents(hub)).toMatchObject([
      { kind: 'replica-away', cause: expect.stringContaining('71 seconds') },
    ]);

    await replays(hub);
    expect(await codes(await ask(hub, list, SECRETS.portal))).toHaveLength(2);
    expect(noted(hub, 'replica in use')).toHaveLength(2);
    expect(await incidents(hub)).toEqual([]);
  });

  test('a key that pushes reads its own push, at any process of the hub', async () => {
    const [first, second] = [await processOfHub(), await processOfHub()];
    await replays(first);
    await replays(second);
    const pushed = await first.hub.app.request('/api/v1/parties/one-stop/dossiers', {
      method: 'POST',
      headers: { Authorization: `Bearer ${OFFICE.secret}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(dossier({ code: codeOf(3) })),
    });
    expect(pushed.status).toBe(201);
    expect(await codes(await ask(second, list, OFFICE.secret))).toHaveLength(3);

    // Another key of the same client sends back the position, and so may one that wants more than the primary.
    expect(await codes(await ask(second, list, SECRETS.portal))).toHaveLength(2);
    const position = pushed.headers.get(POSITION) as string;
    for (const key of [SECRETS.portal, OFFICE.secret])
      expect(await codes(await ask(second, list, key, position))).toHaveLength(3);

    // Once the replica shows what the first process wrote after the push, it may answer.
    await first.hub.replicas.check();
    await replays(second);
    for (const key of [SECRETS.portal, OFFICE.secret])
      expect(await codes(await ask(second, list, key, position))).toHaveLength(2);
  });

  test('a notified client reads the dossier of the notification, and a copy too', async () => {
    const hub = await processOfHub();
    await replays(hub);
    await hub.push(dossier({ code: codeOf(3) }));
    expect((await ask(hub, `${list}/${codeOf(3)}`, SECRETS.portal)).status).toBe(200);
    expect((await ask(hub, `${list}/${codeOf(3)}/history`, SECRETS.portal)).status).toBe(200);

    const copy = createHubClient('http://hub.example.test', SECRETS.portal, (url, init) =>
      Promise.resolve(hub.hub.app.request(url.slice('http://hub.example.test'.length), init)),
    );
    const { signal } = new AbortController();
    const feed = (await (await ask(hub, '/api/v1/changes', SECRETS.portal)).json()) as { items: { cursor: string }[] };
    const page = await copy.changes(feed.items[1]?.cursor as string, 0, signal);
    expect(page.items.map(({ code }) => code)).toEqual([codeOf(3)]);
    const { position } = page;
    expect(await copy.dossier(codeOf(3), { signal, position })).toContain(codeOf(3));
    // With the position of the feed the replica may answer when it has replayed as much.
    await replays(hub);
    expect(await copy.dossier(codeOf(3), { signal, position })).toBeUndefined();
  });

  test('a position that no process gave is answered by the primary', async () => {
    const hub = await processOfHub();
    await replays(hub);
    await hub.push(dossier({ code: codeOf(3) }));
    for (const position of ['x', 'zzzz-1', '1-zzzzzzzzzz', '-', '17'])
      expect(await codes(await ask(hub, list, SECRETS.portal, position))).toHaveLength(3);
  });

  test('a replica that goes away costs no reader an error', async () => {
    const hub = await processOfHub();
    await replays(hub);
    expect(await codes(await ask(hub, list, SECRETS.portal))).toHaveLength(2);
    await replica.drop();
    await hub.push(dossier({ code: codeOf(3) }));
    for (let n = 0; n < 3; n++) expect(await codes(await ask(hub, list, SECRETS.portal))).toHaveLength(3);
    expect(await counted(hub, 'hub_replica_failures_total')).toMatch(/ 1$/);
    expect(noted(hub, 'replica out of use')).toMatchObject([{ why: expect.stringContaining('does not answer') }]);
    expect(noted(hub, 'failed')).toEqual([]);
  });

  test('a read that conflicts with its recovery is answered by the primary, and the next one by the replica', async () => {
    const hub = await processOfHub();
    await replays(hub);
    await hub.push(dossier({ code: codeOf(3) }));
    await execute(replica.url, conflictOf('dossiers'));
    expect(await codes(await ask(hub, list, SECRETS.portal))).toHaveLength(3);
    await execute(replica.url, 'DROP VIEW dossiers; ALTER TABLE whole_dossiers RENAME TO dossiers');
    expect(await codes(await ask(hub, list, SECRETS.portal))).toHaveLength(2);
    expect(noted(hub, 'replica out of use')).toEqual([]);
  });

  test('a snapshot whose cursor comes from the primary shows what is before that cursor', async () => {
    const hub = await processOfHub();
    await replays(hub);
    await hub.push(dossier({ code: codeOf(3) }));
    // Only the read of the cursor conflicts with the recovery of the replica.
    await execute(replica.url, conflictOf('change_counter'));
    const lines = await (await ask(hub, '/api/v1/snapshot', SECRETS.portal)).text();
    const { cursor } = JSON.parse(lines.slice(0, lines.indexOf('\n')));
    const after = await ask(hub, `/api/v1/changes?cursor=${cursor}`, SECRETS.portal);
    expect(await codes(after)).toEqual([]);
    expect(lines).toContain(codeOf(3));
    expect(noted(hub, 'replica out of use')).toEqual([]);
  });

  test('an audited read of it leaves its entry at the primary', async () => {
    const hub = await processOfHub();
    await replays(hub);
    expect(await codes(await ask(hub, `${list}?why=call`, SECRETS.personal))).toHaveLength(2);
    const { rows } = await hub.hub.database.pool.query('SELECT action, why FROM audit');
    expect(rows).toEqual([{ action: 'dossier.list-personal', why: 'call' }]);
  });

  /** The open incidents after a watch of the scheduler. */
  async function incidents({ hub: { database, replicas }, clock }: TestHub) {
    const telemetry = createTelemetry(pino({ level: 'silent' }));
    const alerts = createAlerts({ database, telemetry, nowMs: () => clock.nowMs, webhook: undefined });
    await watchReplicas({ alerts }, replicas.states());
    return openIncidents(database);
  }
});

/** A standby cancels a statement with this SQLSTATE when it must remove rows that the statement may still read. */
const conflictOf = (table: string): string => `
  CREATE FUNCTION cancelled() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'canceling statement due to conflict with recovery' USING ERRCODE = '40001';
  END $$;
  ALTER TABLE ${table} RENAME TO whole_${table};
  CREATE VIEW ${table} AS SELECT * FROM whole_${table} WHERE cancelled()`;
