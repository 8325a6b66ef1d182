import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { afterEach, describe, expect } from 'vitest';
import { readItem } from '#core/dossier/item';
import { retireOthers } from '../../src/catalogue/retire-others.ts';
import { MIGRATIONS } from '../../src/database/migrate.ts';
import { testDatabase } from '../support/database.ts';
import { casesOf, inDepth, sampled, test } from '../support/depth.ts';
import {
  ANSWERED_MS,
  answersOfFirstVersion,
  migrateUntil,
  ministryOfFirstVersion,
  restoreFirstVersion,
} from '../support/first-version.ts';
import { dossier, type Partner, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { petition, question, rating } from '../support/kinds.ts';
import { DOWN, NO, OPERATOR_KEYS, operatorOf } from '../support/operator.ts';
import { MORNING } from '../support/template.ts';

const ROUTES = ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({
  from: 'one-stop',
  operation,
  to: ['portal'],
}));
/** After the records of the support were pushed. */
const LATER = Date.parse('2025-08-25T08:00:00+07:00');
const ANSWERS = ['2025-08-21', '2025-08-20'].map((day) => ({ at: `${day}T10:00:00+07:00`, content: 'Ba ngày.' }));
const CODE = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;
const EARLIER = Object.keys(MIGRATIONS)
  .sort()
  .filter((name) => name <= '007-anomalies');

describe('a new version on the tables of an older one', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const start = async (partner: Partner, databaseUrl?: string, nowMs = MORNING): Promise<TestHub> => {
    const hub = await testHub({
      partners: { portal: partner },
      routes: ROUTES,
      keys: [...OPERATOR_KEYS],
      nowMs,
      ...(databaseUrl && { databaseUrl }),
    });
    closing.push(() => hub.close());
    return hub;
  };

  sampled.each(casesOf(EARLIER, (_, at) => at === 0))(
    'completes queued and waiting work when %s was the last of them',
    async (last) => {
      const down = testPartner();
      down.script.push(...Array(20).fill(DOWN));
      const before = await start(down);
      await before.push(dossier({ code: CODE(1) }));
      await before.deliver();
      await before.push(dossier({ code: CODE(2) }));
      await before.push(progress({ code: CODE(2) }), { what: 'progress' });
      const waiting = await before.push(progress({ code: CODE(3) }), { what: 'progress' });
      expect(waiting.results[0]?.outcome).toBe('quarantined');

      const older = await testDatabase();
      closing.push(older.drop);
      await copyInto(older.url, before.databaseUrl, last);
      const partner = testPartner();
      const after = await start(partner, older.url, MORNING + 3_600_000);
      await after.deliver();
      await after.deliver();
      expect(partner.sent.map(({ code, operation }) => `${code} ${operation}`).sort()).toEqual([
        `${CODE(1)} dossier.upsert.v1`,
        `${CODE(2)} dossier.progress.v1`,
        // Unchanged, and as the step left it.
        `${CODE(2)} dossier.upsert.v1`,
        `${CODE(2)} dossier.upsert.v1`,
      ]);
      await after.push(dossier({ code: CODE(3) }));
      // Its waiting items are released beside the reply.
      await expect.poll(async () => (await after.read(`/api/v1/dossiers/${CODE(3)}`)).body.status).toBe('processing');
      await after.deliver();
      const { rows } = await after.hub.database.pool.query(
        "SELECT (SELECT count(*) FROM deliveries WHERE state <> 'delivered') AS due, (SELECT count(*) FROM quarantine WHERE settled_at IS NULL) AS waiting",
      );
      expect(rows).toEqual([{ due: 0, waiting: 0 }]);
      expect(await after.hub.rebuild()).toMatchObject({ identical: true });
    },
  );

  test('masks what an older version left unmasked, from the first read on', async () => {
    const before = await start(testPartner());
    await before.push([1, 2].map((n) => dossier({ code: CODE(n), note: 'Chờ' })));
    const older = await testDatabase();
    closing.push(older.drop);
    await copyInto(older.url, before.databaseUrl, '007-anomalies');
    const client = new pg.Client({ connectionString: older.url });
    await client.connect();
    await client.query(`UPDATE dossiers SET masked = replace(masked, '"Chờ"', '"NGUYEN VAN AN, 0900.000.001"')`);
    // Versions before migration 063 stored the ten days of the status.
    await client.query(`UPDATE dossiers SET search = search || array_to_tsvector('{=D2032}')`);
    await client.end();
    const after = await start(testPartner(), older.url, MORNING + 3_600_000);
    for (const path of [`/api/v1/dossiers/${CODE(1)}`, '/api/v1/dossiers?limit=10']) {
      const text = await (await after.request('GET', path, 'portal')).text();
      expect(text).toContain('"note":"Chờ"');
      expect(text).not.toContain('0900');
    }
    expect(await after.hub.rebuild()).toMatchObject({ identical: true });
  });

  inDepth('counts questions, petitions and ratings of an older version for the reports', async () => {
    const before = await start(testPartner(), undefined, LATER);
    await before.push(dossier({ code: CODE(1), status: 'returned', results: [{ name: 'Giấy phép' }] }));
    await before.push([question({ code: 'Q1' }), question({ code: 'Q2', state: 'published', answers: ANSWERS })], {
      what: 'questions',
    });
    await before.push(petition({ code: 'P1', state: 'refused' }), { what: 'petitions' });
    await before.push(rating({ dossierCode: CODE(1) }), { what: 'ratings' });
    const { pool } = before.hub.database;
    await pool.query('ALTER TABLE records DROP COLUMN began_at, DROP COLUMN ended_at, DROP COLUMN mark');
    await MIGRATIONS['035-counted-records']?.up(new Kysely({ dialect: new PostgresDialect({ pool }) }));
    const { rows } = await pool.query('SELECT code FROM records WHERE ended_at IS NOT NULL ORDER BY code');
    expect(rows.map(({ code }) => code)).toEqual([CODE(1), 'P1', 'Q2']);
    // A rebuilt record has what its kind says.
    expect(await before.hub.rebuild()).toMatchObject({ identical: true });
  });

  inDepth('keeps the counts of replays, and continues a running one', async () => {
    const refusing = testPartner();
    refusing.script.push(NO, NO, NO);
    const before = await start(refusing);
    await before.push([1, 2, 3].map((n) => dossier({ code: CODE(n) })));
    await before.deliver();
    const older = await testDatabase();
    closing.push(older.drop);
    await copyInto(older.url, before.databaseUrl, '007-anomalies');
    const client = new pg.Client({ connectionString: older.url });
    await client.connect();
    await client.query(`INSERT INTO replays (id, who, why, at, filter, per_second, state, next_at) OVERRIDING SYSTEM VALUE
      SELECT id, 'ops', 'mended', now(), '{}', 5, state, '-infinity'
      FROM (VALUES (1, 'done'), (2, 'stopped'), (3, 'running'), (4, 'done')) AS runs(id, state)`);
    await client.query(`INSERT INTO replay_items (replay_id, delivery_id, outcome)
      SELECT run, id, (ARRAY[['replayed', 'superseded', 'replayed'], ['replayed', NULL, NULL], ['held', NULL, NULL]])[run][place]
      FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM deliveries) d, generate_series(1, 3) run`);
    await client.end();

    const partner = testPartner();
    const after = await start(partner, older.url, MORNING + 3_600_000);
    await after.deliver();
    expect((await operatorOf(after).get('replays')).body.items).toMatchObject([
      { state: 'done', total: 0, outcomes: {} },
      { state: 'done', total: 3, outcomes: { held: 1, replayed: 2 } },
      { state: 'stopped', total: 3, outcomes: { replayed: 1 } },
      { state: 'done', total: 3, outcomes: { replayed: 2, superseded: 1 } },
    ]);
    expect(partner.sent.map(({ code }) => code)).toEqual([CODE(2), CODE(3)]);
    const { rows } = await after.hub.database.pool.query('SELECT count(*) AS items FROM replay_items');
    expect(rows).toEqual([{ items: 0 }]);
  });

  inDepth('stores the catalogue’s content as the first known versions, and continues from there', async () => {
    const before = await start(testPartner());
    const tell = (hub: TestHub, record: object) => {
      const items = [readItem('service.upsert.v1', record)];
      return hub.hub.pipeline.accept({
        party: 'portal',
        door: 'test',
        operation: 'service.upsert.v1',
        keyName: undefined,
        items,
        mediaType: 'application/json',
        body: Buffer.from('{}'),
        bodyBytes: 2,
        receivedAt: '2025-08-12T08:30:00+07:00',
      });
    };
    const service = (code: string, name: string) => ({ code, name, inForce: true });
    for (const name of ['Khai sinh', 'Đăng ký khai sinh']) await tell(before, service('1.000001', name));
    await tell(before, service('1.000002', 'Kết hôn'));
    const complete = { kind: 'service', codes: ['1.000001'] } as const;
    await retireOthers(before.hub.database.pool, 'portal', complete, '2025-08-12T09:30:00+07:00');
    const older = await testDatabase();
    closing.push(older.drop);
    await copyInto(older.url, before.databaseUrl, '007-anomalies');

    const after = await start(testPartner(), older.url, MORNING + 3_600_000);
    const historyOf = async (code: string) => (await after.read(`/api/v1/services/${code}/history`)).body.items;
    expect(await historyOf('1.000001')).toMatchObject([{ version: 2, cause: 'told', changes: [] }]);
    expect(await historyOf('1.000002')).toMatchObject([
      { version: 2, cause: 'left-out', messageId: null, changedAt: '2025-08-12T09:30:00+07:00', changes: [] },
    ]);
    await tell(after, service('1.000001', 'Đăng ký khai sinh'));
    await tell(after, service('1.000001', 'Đăng ký khai sinh lưu động'));
    expect(await historyOf('1.000001')).toMatchObject([
      { version: 3, changes: [{ was: 'Đăng ký khai sinh', now: 'Đăng ký khai sinh lưu động' }] },
      { version: 2 },
    ]);
  });

  inDepth('shows the data of commit eb54898 as that commit did, and rebuilds it identically', async () => {
    const older = await testDatabase();
    closing.push(older.drop);
    await restoreFirstVersion(older.url);
    const portal = testPartner();
    const hub = await testHub({
      partners: { portal, ministry: { sent: [], script: [], adapter: ministryOfFirstVersion() } },
      routes: ROUTES,
      keys: [...OPERATOR_KEYS],
      nowMs: ANSWERED_MS,
      databaseUrl: older.url,
    });
    closing.push(() => hub.close());
    const ops = operatorOf(hub);
    for (const [path, answer] of Object.entries(answersOfFirstVersion())) {
      const asked = path.startsWith('ops ') ? ops.get(path.slice('ops '.length)) : hub.read(path);
      const { body } = await asked;
      if (!path.startsWith('/api/v1/changes')) expect(body, path).toMatchObject(answer as object);
      else await expectSameChanges(hub, body, answer as ChangesAnswer);
    }
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true });

    const [held] = (await ops.get('quarantine?kind=unmapped&party=portal')).body.items;
    await ops.post(`quarantine/${held.id}/resolve`, { action: 'release', why: 'mapped' });
    await hub.deliver();
    await hub.deliver();
    expect(portal.sent.map(({ code, record }) => [code, (record as { status?: string }).status])).toEqual([
      [CODE(3), 'received'],
      [CODE(3), 'processing'],
    ]);
  });

  test.each([
    ['without a note', '{}', 'it has 999-of-tomorrow, which this version does not know; start that version'],
    [
      'with a reason against it',
      '{"change":"Names have an order.","stop_older":"it would mix them"}',
      'which this version does not know (an older version must not run on 999-of-tomorrow: it would mix them); start',
    ],
  ])('of a newer version %s is refused in words, and nothing is changed', async (_, note, words) => {
    const hub = await start(testPartner());
    await fromTomorrow(hub, note);
    const before = await migrationsOf(hub);
    await expect(start(testPartner(), hub.databaseUrl)).rejects.toThrow(words);
    expect(await migrationsOf(hub)).toEqual(before);
  });

  test('of a newer version that lets older ones run is used, and stays as it is', async () => {
    const hub = await start(testPartner());
    await fromTomorrow(hub, '{"change":"A further column."}');
    const before = await migrationsOf(hub);
    const older = await start(testPartner(), hub.databaseUrl);
    expect(await migrationsOf(hub)).toEqual(before);
    await older.push(dossier({ code: CODE(1) }));
    expect((await hub.read(`/api/v1/dossiers/${CODE(1)}`)).status).toBe(200);
    // Another line of versions: this one would have to migrate beside what it does not know.
    await hub.hub.database.pool.query("DELETE FROM hub_migrations WHERE name LIKE '%-notes-of-migrations'");
    await expect(start(testPartner(), hub.databaseUrl)).rejects.toThrow(/it has 999-of-tomorrow, and lacks \d+-notes/);
  });
});

async function fromTomorrow({ hub }: TestHub, note: string): Promise<void> {
  await hub.database.pool.query(
    `INSERT INTO hub_migrations (name, timestamp, change, stop_older)
     SELECT '999-of-tomorrow', 'x', change, stop_older FROM json_to_record($1) AS n(change text, stop_older text)`,
    [note],
  );
}

async function migrationsOf({ hub }: TestHub): Promise<unknown> {
  return (await hub.database.pool.query('SELECT to_jsonb(m) AS row FROM hub_migrations m ORDER BY name')).rows;
}

/** Creates the tables up to the migration `last`, and copies another database's rows into their columns. */
async function copyInto(url: string, from: string, last: string): Promise<void> {
  await migrateUntil(url, last, MORNING);
  const [old, full] = [new pg.Client({ connectionString: url }), new pg.Client({ connectionString: from })];
  await Promise.all([old.connect(), full.connect()]);
  await old.query('SET session_replication_role = replica');
  const { rows: tables } = await old.query(TABLES);
  for (const { table, columns, identity } of tables) {
    const { rows } = await full.query(`SELECT coalesce(json_agg(t), '[]')::text AS all FROM ${table} t`);
    await old.query(
      `INSERT INTO ${table} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM json_populate_recordset(NULL::${table}, $1)`,
      [rows[0].all],
    );
    if (identity) await old.query(`SELECT setval(pg_get_serial_sequence('${table}', '${identity}'), 1000000)`);
  }
  await Promise.all([old.end(), full.end()]);
}

const TABLES = `
  SELECT c.relname AS table, string_agg(quote_ident(a.attname), ', ') AS columns,
    max(a.attname) FILTER (WHERE a.attidentity <> '') AS identity
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT LIKE 'hub_migrations%'
  GROUP BY c.relname`;

interface ChangesAnswer {
  readonly items: readonly { readonly cursor: string }[];
  readonly next: string;
}

/** The cursors look different, and those of that version lead to the same places. */
async function expectSameChanges(hub: TestHub, body: ChangesAnswer, first: ChangesAnswer): Promise<void> {
  const shown = ({ items }: ChangesAnswer) => items.map(({ cursor: _, ...change }) => change);
  expect(shown(body)).toEqual(shown(first));
  const [change, ...rest] = first.items;
  for (const [cursor, left] of [
    [change?.cursor, rest.length],
    [first.next, 0],
  ]) {
    const after = await hub.read(`/api/v1/changes?limit=200&cursor=${cursor}`);
    expect([after.status, after.body.items?.length]).toEqual([200, left]);
  }
}
