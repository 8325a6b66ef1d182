import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openDatabase } from '../../src/database/pool.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { testDatabase } from '../support/database.ts';
import { codeOf, dossier, type Partner, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { legacySystem } from '../support/legacy-system.ts';
import { lineTo } from '../support/line-to.ts';
import { dossierXml, envelope, pushXml, sendSoap } from '../support/soap.ts';
import { execute, urlOf } from '../support/template.ts';

const ROUTES = [
  { from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] },
  { from: 'one-stop', operation: 'dossier.progress.v1', to: ['portal'] },
];

describe('a database that cannot store', () => {
  let partner: Partner;
  let hub: TestHub;
  beforeEach(async () => {
    partner = testPartner();
    hub = await testHub({ partners: { portal: partner }, routes: ROUTES });
  });
  afterEach(() => hub.close());

  const sql = (text: string) => hub.hub.database.pool.query(text);
  const post = (body: unknown) => hub.request('POST', '/api/v1/parties/one-stop/dossiers', 'one-stop', body);
  /** From now on writes to this table fail like a real database failure. */
  const failAt = async (table: string, code: string): Promise<void> => {
    await sql(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN RAISE EXCEPTION 'as in the test' USING ERRCODE = '${code}'; END $$`);
    await sql(`CREATE TRIGGER fail BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION fail()`);
  };
  const ready = () => hub.request('GET', '/health/ready');
  const restore = (): Promise<unknown> => sql('DROP FUNCTION fail CASCADE');
  const expectNothingKept = async (code: string): Promise<void> => {
    expect((await hub.read(`/api/v1/dossiers/${code}`)).status).toBe(404);
    for (const table of ['messages', 'events', 'deliveries', 'changes', 'idempotency_keys'])
      expect((await sql(`SELECT 1 FROM ${table}`)).rowCount, table).toBe(0);
  };

  test.each([
    ['the disk is full', '53100', 'messages'],
    ['the disk is full when the message is written already', '53100', 'changes'],
    ['there is no memory', '53200', 'events'],
    ['there are too many connections', '53300', 'messages'],
    ['an input or output error', '58030', 'messages'],
    ['the database is read-only, as a replica after a fail-over', '25006', 'messages'],
    ['a deadlock that does not end', '40P01', 'dossiers'],
    ['the server is shut down', '57P01', 'messages'],
  ])(
    '%s: refused with 503 and Retry-After, nothing stored, and accepted when the database works',
    async (_, sqlState, table) => {
      const code = codeOf(1);
      await failAt(table, sqlState);
      const reply = await post(dossier({ code }));
      expect(reply.status).toBe(503);
      expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await reply.json()).toMatchObject({
        status: 503,
        detail: expect.stringContaining('nothing of this request was stored'),
      });
      await expectNothingKept(code);
      const isWorse = sqlState.startsWith('53') || sqlState.startsWith('58');
      expect((await ready()).status).toBe(isWorse ? 503 : 200);
      await restore();
      expect((await post(dossier({ code }))).status).toBe(201);
      await hub.deliver();
      expect(partner.sent.map((item) => item.code)).toEqual([code]);
    },
  );

  test.each([
    [
      '53100',
      'the disk of the database is full: it takes no writes; nothing of this request was stored; send it again',
    ],
    ['25006', 'the database is read-only: it takes no writes; nothing of this request was stored; send it again'],
    ['57P01', 'the database does not answer; nothing of this request was stored; send it again'],
  ])('a sender learns what keeps the database from storing: %s', async (sqlState, detail) => {
    await failAt('messages', sqlState);
    expect(await (await post(dossier())).json()).toMatchObject({ status: 503, detail });
  });

  test('a full disk makes the hub not ready, with the reason, until a write succeeds', async () => {
    await failAt('messages', '53100');
    await post(dossier());
    const reply = await ready();
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await reply.json()).toMatchObject({ detail: 'the disk of the database is full: it takes no writes' });
    hub.clock.nowMs += 30_000;
    expect((await ready()).status).toBe(200);
    await post(dossier());
    expect((await ready()).status).toBe(503);
    await restore();
    await post(dossier());
    expect((await ready()).status).toBe(200);
  });

  test('a database without answers makes the hub not ready soon', async () => {
    const line = await lineTo(hub.databaseUrl);
    const deaf = await testHub({ databaseUrl: line.url, answerMs: 300 });
    line.deafen();
    const reply = await deaf.request('GET', '/health/ready');
    expect(reply.status).toBe(503);
    expect(await reply.json()).toMatchObject({ detail: 'the database does not answer' });
    line.close();
    await deaf.hub.stop();
  });

  test('a database without answers leaves the metrics of the process, before a scrape gives up', async () => {
    const line = await lineTo(hub.databaseUrl);
    const deaf = await testHub({ databaseUrl: line.url });
    line.deafen();
    const sinceMs = performance.now();
    const metrics = await (await deaf.request('GET', '/metrics')).text();
    expect(performance.now() - sinceMs).toBeLessThan(9_000);
    expect(metrics).toContain('# TYPE hub_failures_total counter');
    expect(metrics).not.toMatch(/^hub_deliveries\{/m);
    line.close();
    await deaf.hub.stop();
  });

  test.each([
    ['no file is left for a connection', 'EMFILE'],
    ['no network leads to it', 'ENETUNREACH'],
    ['nobody knows its name', 'ENOTFOUND'],
  ])('an unreachable database, since %s: 503 and Retry-After', async (_, code) => {
    const error = Object.assign(new Error(`connect ${code}`), { code });
    const connect = vi.spyOn(hub.hub.database.pool, 'connect');
    connect.mockImplementation(((done?: (error: Error) => void) =>
      done ? done(error) : Promise.reject(error)) as typeof connect);
    const replies = [await post(dossier()), await hub.request('GET', '/api/v1/dossiers/X', 'portal'), await ready()];
    expect(replies.map((reply) => [reply.status, reply.headers.get('retry-after')])).toEqual(
      replies.map(() => [503, '5']),
    );
    connect.mockRestore();
  });

  describe('a database that accepts no session', () => {
    const name = () => new URL(hub.databaseUrl).pathname.slice(1);
    const server = () => urlOf(hub.databaseUrl, 'postgres');
    const endSessions = () =>
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ('${name()}', '${name()}_old')`;

    test.each([
      [
        'takes no connections',
        (of: string) => [`ALTER DATABASE ${of} ALLOW_CONNECTIONS false`, endSessions()],
        (of: string) => `ALTER DATABASE ${of} ALLOW_CONNECTIONS true`,
      ],
      [
        'is renamed, as while a backup is put in its place',
        (of: string) => [endSessions(), `ALTER DATABASE ${of} RENAME TO ${of}_old`],
        (of: string) => `ALTER DATABASE ${of}_old RENAME TO ${of}`,
      ],
    ])('since it %s: 503 and Retry-After at all doors and readers', async (_, away, back) => {
      const { session } = await legacySystem(hub);
      for (const statement of away(name())) await execute(server(), statement);
      await expect.poll(() => hub.hub.database.pool.totalCount).toBe(0);
      const replies = [
        post(dossier()),
        hub.request('POST', '/mapi/g', undefined, { session, madonvi: 'H60', service: 'TraCuuHoSo', mahoso: 'X' }),
        hub.request('GET', '/api/v1/dossiers/X', 'portal'),
        hub.request('GET', '/api/v1/dossiers', 'portal'),
        hub.request('GET', '/api/v1/services', 'portal'),
        hub.request('GET', '/api/public/dossiers/X?proof=0001'),
        hub.request('GET', '/services'),
        hub.request('GET', '/health/ready'),
      ];
      const heard = (await Promise.all(replies)).map((reply) => [reply.status, reply.headers.get('retry-after')]);
      const soap = await sendSoap(hub, envelope(pushXml(dossierXml(codeOf(1)))));
      await execute(server(), back(name()));
      expect(heard).toEqual(replies.map(() => [503, '5']));
      // A SOAP 1.1 fault always has the status 500; Retry-After distinguishes it from internal errors.
      expect([soap.status, soap.headers.get('retry-after')]).toEqual([500, '5']);
      expect((await post(dossier())).status).toBe(201);
    });

    test('differs from a statement that fails by our own fault: 500', async () => {
      await failAt('messages', '55000');
      expect((await post(dossier())).status).toBe(500);
      await restore();
    });
  });

  test('a read-only database makes the hub not ready, with the reason', async () => {
    const name = new URL(hub.databaseUrl).pathname.slice(1);
    const set = async (to: string): Promise<void> => {
      const server = urlOf(hub.databaseUrl, 'postgres');
      await execute(server, `ALTER DATABASE ${name} SET default_transaction_read_only = ${to}`);
      await execute(server, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
      await expect.poll(() => hub.hub.database.pool.totalCount).toBe(0);
    };
    await set('on');
    const reply = await hub.request('GET', '/health/ready');
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await reply.json()).toMatchObject({ detail: 'the database is read-only: it takes no writes' });
    await set('off');
    expect((await hub.request('GET', '/health/ready')).status).toBe(200);
  });

  test('a resolved deadlock is not visible outside', async () => {
    await sql('CREATE SEQUENCE tries');
    await sql(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN IF nextval('tries') < 4 THEN RAISE EXCEPTION 'as in the test' USING ERRCODE = '40P01'; END IF; RETURN NEW; END $$`);
    await sql('CREATE TRIGGER fail BEFORE INSERT ON dossiers FOR EACH ROW EXECUTE FUNCTION fail()');
    expect((await post(dossier())).status).toBe(201);
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-0035/history')).body.items).toHaveLength(1);
  });

  test('a message that the database refuses spoils no other in its commit', async () => {
    await sql(`ALTER TABLE dossiers ADD CONSTRAINT refuse CHECK (code <> '${codeOf(3)}')`);
    const replies = await Promise.all(Array.from({ length: 8 }, (_, n) => post(dossier({ code: codeOf(n) }))));
    expect(replies.map(({ status }) => status)).toEqual([201, 201, 201, 500, 201, 201, 201, 201]);
    const { rows } = await sql('SELECT count(*) AS n FROM dossiers');
    expect(rows[0].n).toBe(7);
  });

  test('without a free connection a request gets 503, and the next ones work', async () => {
    const taken = await Promise.all(Array.from({ length: 10 }, () => hub.hub.database.pool.connect()));
    const reply = await post(dossier());
    for (const client of taken) client.release();
    expect(reply.status).toBe(503);
    expect(reply.headers.get('retry-after')).toBe('5');
    expect((await post(dossier())).status).toBe(201);
  });

  test.each([
    ['the dossier', `SELECT 1 FROM dossiers WHERE code = '${codeOf(1)}' FOR UPDATE`],
    ['the order of changes', 'SELECT 1 FROM change_counter FOR UPDATE'],
    ['a table that is written last', 'LOCK TABLE deliveries IN SHARE MODE'],
  ])('a locked database, since %s: 503 and Retry-After, nothing by halves, stored once on repeat', async (_, lock) => {
    expect((await post(dossier({ code: codeOf(1) }))).status).toBe(201);
    await hub.deliver();
    const before = await counts();
    const { rows } = await sql('SHOW statement_timeout');
    expect(rows).toEqual([{ statement_timeout: '1min' }]);
    // The hub's own timeout, shortened for all its sessions; the lock stays until the answer.
    await limitStatements('200ms');
    const holder = new pg.Client({ connectionString: hub.databaseUrl });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query(lock);
    const newer = dossier({ code: codeOf(1), status: 'processing', statusAt: '2025-08-13T08:15:00+07:00' });
    const bodies = [[newer, dossier({ code: codeOf(2) })], dossier({ code: codeOf(3) })];
    for (const reply of await Promise.all(bodies.map(post))) {
      expect(reply.status).toBe(503);
      expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(((await reply.json()) as { detail: string }).detail).toContain('nothing of this request was stored');
    }
    await holder.end();
    await limitStatements('1min');
    expect(await counts()).toEqual(before);
    for (const code of [codeOf(2), codeOf(3)]) expect((await hub.read(`/api/v1/dossiers/${code}`)).status).toBe(404);

    const outcomes = async () =>
      (await Promise.all(bodies.map((body) => hub.push(body)))).flatMap(({ results }) =>
        results.map(({ outcome }) => outcome),
      );
    expect(await outcomes()).toEqual(['accepted', 'accepted', 'accepted']);
    expect(await outcomes()).toEqual(['duplicate', 'duplicate', 'duplicate']);
    await hub.deliver();
    expect(partner.sent.map((item) => item.code).sort()).toEqual([1, 1, 2, 3].map(codeOf));
  });
  const counts = async (): Promise<unknown> => {
    const tables = ['messages', 'dossiers', 'events', 'deliveries', 'changes'];
    return (await sql(tables.map((table) => `SELECT '${table}' AS name, count(*) FROM ${table}`).join(' UNION ALL ')))
      .rows;
  };
  const limitStatements = async (to: string): Promise<void> => {
    const all = await Promise.all(Array.from({ length: 10 }, () => hub.hub.database.pool.connect()));
    await Promise.all(all.map((client) => client.query(`SET statement_timeout = '${to}'`)));
    for (const client of all) client.release();
  };

  test('a commit without an answer gives a clear 503, and a repeat is stored once', async () => {
    const line = await lineTo(hub.databaseUrl);
    const slow = await testHub({
      partners: { portal: partner },
      routes: ROUTES,
      databaseUrl: line.url,
      answerMs: 300,
    });
    line.deafenAtWrite();
    const reply = await slow.request('POST', '/api/v1/parties/one-stop/dossiers', 'one-stop', dossier());
    expect(reply.status).toBe(503);
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(((await reply.json()) as { detail: string }).detail).toContain('whether this request was stored is unknown');
    await expect.poll(async () => (await hub.read('/api/v1/dossiers/H60.01-250812-0035')).status).toBe(200);
    expect((await hub.push(dossier())).results).toMatchObject([{ outcome: 'duplicate' }]);
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-0035/history')).body.items).toHaveLength(1);
    await hub.deliver();
    expect(partner.sent).toHaveLength(1);
    line.restore();
    await slow.hub.stop();
    line.close();
  });

  test('a server that vanishes with its machine fails its waits; the hub uses its successor', async () => {
    const line = await lineTo(hub.databaseUrl);
    const own = testPartner();
    const lonely = await testHub({
      partners: { portal: own },
      routes: ROUTES,
      databaseUrl: line.url,
      sessionsMs: 100,
    });
    expect((await lonely.push(dossier({ code: codeOf(1) }))).status).toBe(201);
    line.lose();
    const heard = await Promise.all([
      lonely.read(`/api/v1/dossiers/${codeOf(1)}`),
      lonely.read('/api/v1/dossiers?status=received'),
      lonely.request('POST', '/api/v1/parties/one-stop/dossiers', 'one-stop', dossier({ code: codeOf(2) })),
      lonely.deliver().catch(() => undefined),
    ]);
    expect(heard.map((reply) => reply?.status)).toContain(503);
    // Each lost session costs one answer.
    await expect.poll(async () => (await lonely.push(dossier({ code: codeOf(2) }))).status).toBeLessThan(300);
    await expect
      .poll(async () => {
        await lonely.deliver().catch(() => undefined);
        return own.sent.map(({ code }) => code).sort();
      })
      .toEqual([codeOf(1), codeOf(2)]);
    await lonely.hub.stop();
    line.close();
  });

  test('a firewall that forgets the connections costs an answer, not a minute', async () => {
    const line = await lineTo(hub.databaseUrl);
    const cut = await testHub({ databaseUrl: line.url, sessionsMs: 200 });
    expect((await cut.push(dossier({ code: codeOf(1) }))).status).toBe(201);
    line.forget();
    const sinceMs = performance.now();
    const [pushed, read] = await Promise.all([
      cut.request('POST', '/api/v1/parties/one-stop/dossiers', 'one-stop', dossier({ code: codeOf(2) })),
      cut.read(`/api/v1/dossiers/${codeOf(1)}`),
    ]);
    expect([pushed.status, read.status]).toContain(503);
    await expect.poll(async () => (await cut.push(dossier({ code: codeOf(2) }))).status).toBeLessThan(300);
    expect(performance.now() - sinceMs).toBeLessThan(20_000);
    await cut.hub.stop();
    line.close();
  });

  test('a statement that takes long, and a transaction that rests, keep their sessions', async () => {
    const database = openDatabase(hub.databaseUrl, { sessionsMs: 100 });
    const resting = await database.pool.connect();
    await resting.query('BEGIN');
    await database.pool.query('SELECT pg_sleep(1.5)');
    expect((await resting.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    resting.release();
    await database.close();
  });

  test.each([
    ['a pooler that passes over what a session asks for', /options\0[^\0]*\0/, '', 'TimeZone is Etc/UTC'],
    ['one that keeps the zone alone', / -c plan_cache_mode=[^ \0]*/, '', 'plan_cache_mode is auto'],
    ['an address with options of its own', /^$/, '?options=-c%20jit%3Doff', 'TimeZone is Etc/UTC'],
  ])('%s stops the start: wrong time zones or plans would follow', async (_, lost, more, setting) => {
    const line = await lineTo(hub.databaseUrl, (start) => without(lost, start));
    await execute(
      hub.databaseUrl,
      `ALTER DATABASE ${new URL(hub.databaseUrl).pathname.slice(1)} SET TimeZone = 'Etc/UTC'`,
    );
    const started = expect(testHub({ databaseUrl: line.url + more })).rejects;
    await started.toThrow(new RegExp(`setting ${setting};.*Point DATABASE_URL at PostgreSQL itself`));
    line.close();
  });

  test('settings of a role do not affect the hub: its clock, its tables, its data', async () => {
    const role = `odd_${new URL(hub.databaseUrl).pathname.slice(1)}`;
    const settings = {
      TimeZone: 'America/New_York',
      DateStyle: 'SQL, DMY',
      IntervalStyle: 'sql_standard',
      standard_conforming_strings: 'off',
      bytea_output: 'escape',
      extra_float_digits: '-10',
      client_encoding: 'LATIN1',
      default_transaction_isolation: 'serializable',
      transform_null_equals: 'on',
      array_nulls: 'off',
      statement_timeout: '1s',
      lock_timeout: '1ms',
    };
    const empty = await testDatabase();
    try {
      await execute(empty.url, `CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD 'odd'`);
      for (const [name, value] of Object.entries(settings))
        await execute(empty.url, `ALTER ROLE ${role} SET ${name} = ${name === 'DateStyle' ? value : `'${value}'`}`);
      const url = new URL(empty.url);
      url.username = role;
      url.password = 'odd';
      const odd = await testHub({ databaseUrl: url.href });
      expect((await odd.push(dossier({ abstract: "a\\b'c Ặ" }))).results).toMatchObject([{ outcome: 'accepted' }]);
      const { rows } = await odd.hub.database.pool.query('SELECT (extract(epoch FROM now()) * 1000)::float8 AS ms');
      expect(Math.abs(rows[0].ms - Date.now())).toBeLessThan(60_000);
      await odd.hub.stop();
    } finally {
      await empty.drop();
      await execute(hub.databaseUrl, `DROP ROLE IF EXISTS ${role}`);
    }
  });

  test('a database whose encoding lacks Vietnamese is refused, with advice', async () => {
    const url = new URL(hub.databaseUrl);
    const name = `${url.pathname.slice(1)}_latin`;
    await execute(hub.databaseUrl, `CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
    url.pathname = `/${name}`;
    try {
      await expect(testHub({ databaseUrl: url.href })).rejects.toThrow(/has the encoding LATIN1.*ENCODING 'UTF8'/);
    } finally {
      await execute(hub.databaseUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    }
  });

  test('a session that ends between two statements costs its transaction, not the process', async () => {
    const client = await hub.hub.database.pool.connect();
    await client.query('BEGIN');
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    await sql(`SELECT pg_terminate_backend(${rows[0].pid})`);
    // A listener of the test would hide that the hub has none.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await expect(client.query('COMMIT')).rejects.toThrow();
    client.release(true);
    expect((await post(dossier())).status).toBe(201);
  });

  test('sessions that the server ends, as in a restart, cost answers and no acknowledged dossier', async () => {
    const acknowledged: string[] = [];
    let over = false;
    let unavailable = 0;
    const load = Promise.all(
      Array.from({ length: 6 }, async (_, client) => {
        for (let n = 0; !over; n++) {
          const code = codeOf(client * 1_000 + n);
          const reply = await post(dossier({ code }));
          if (reply.status === 201) acknowledged.push(code);
          else {
            expect(reply.status).toBe(503);
            expect(reply.headers.get('retry-after')).not.toBeNull();
            unavailable++;
          }
        }
      }),
    );
    for (let times = 0; times < 12 || unavailable === 0; times++) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      await hub.hub.database.query
        .selectNoFrom((given) => given.lit(1).as('one'))
        .execute()
        .catch(() => undefined);
      await sql(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      ).catch(() => undefined);
    }
    over = true;
    await load;
    expect(acknowledged.length).toBeGreaterThan(20);
    // By a separate session: one of the hub's may have just been ended, which costs an answer.
    const client = new pg.Client({ connectionString: hub.databaseUrl });
    await client.connect();
    const { rows } = await client.query('SELECT code FROM dossiers');
    await client.end();
    const held = new Set(rows.map((row) => row.code));
    expect(acknowledged.filter((code) => !held.has(code))).toEqual([]);
  });
});

/** The startup message of a session without some settings, as a pooler sends it. */
function without(lost: RegExp, start: Buffer): Buffer {
  const named = start.subarray(8).toString('latin1').replace(lost, '');
  const size = Buffer.alloc(4);
  size.writeInt32BE(8 + named.length);
  return Buffer.concat([size, start.subarray(4, 8), Buffer.from(named, 'latin1')]);
}

describe('two processes on one database', () => {
  let hub: TestHub;
  let other: TestHub;
  let runs: string[];
  let standsStill: Promise<void>[];
  beforeEach(async () => {
    runs = [];
    standsStill = [];
    const source = (who: string) =>
      testPartner({
        pull: {
          catalogue: {
            schedule: '0 * * * * *',
            async next() {
              runs.push(who);
              await standsStill.shift();
              return { bodies: [], checkpoint: null, more: false };
            },
            read: () => [],
          },
        },
      });
    hub = await testHub({ partners: { source: source('one') } });
    other = await testHub({ partners: { source: source('other') }, databaseUrl: hub.databaseUrl });
  });
  afterEach(async () => {
    await other.close();
    await hub.close();
  });

  test('one of them runs a due pull, even if the other saw it due and comes late', async () => {
    for (let minute = 1; minute <= 3; minute++) {
      await makePullsDue(hub.hub.database, 'source', ['catalogue'], hub.clock.nowMs);
      await Promise.all([hub, other].map((one) => one.hub.pipeline.pull('source', 'catalogue')));
      await other.hub.pipeline.pull('source', 'catalogue');
      expect(runs).toHaveLength(minute);
      for (const one of [hub, other]) one.clock.nowMs += 1_000;
    }
    for (const one of [hub, other]) one.clock.nowMs += 60_000;
    await other.hub.pipeline.pull('source', 'catalogue');
    expect(runs).toHaveLength(4);
  });

  test('a process that stalled in its pull finds another at it, and stops', async () => {
    let goOn = (): void => undefined;
    standsStill.push(new Promise((resolve) => (goOn = resolve)));
    await makePullsDue(hub.hub.database, 'source', ['catalogue'], hub.clock.nowMs);
    const late = hub.hub.pipeline.pull('source', 'catalogue');
    await expect.poll(() => runs).toEqual(['one']);
    for (const one of [hub, other]) one.clock.nowMs += 9_000;
    await other.hub.pipeline.pull('source', 'catalogue');
    goOn();
    await late;
    expect(runs).toEqual(['one', 'other']);
    expect(hub.logLines.filter(({ level }) => level === 50)).toEqual([]);
    expect(hub.logLines.map(({ msg }) => msg)).toContain('pull left to another process');
    const { pool } = hub.hub.database;
    expect((await pool.query('SELECT error_reason AS reason FROM party_health')).rows).toEqual([{ reason: null }]);
    expect((await pool.query('SELECT last_error AS error FROM pulls')).rows).toEqual([{ error: null }]);
  });

  test('the same Idempotency-Key at both at once is one message with one receipt', async () => {
    for (let n = 0; n < 10; n++) {
      const headers = { 'Idempotency-Key': `key-${n}` };
      const given = dossier({ code: codeOf(n) });
      const replies = await Promise.all([hub, other, hub, other].map((one) => one.push(given, { headers })));
      expect(new Set(replies.map((reply) => reply.receipt)).size).toBe(1);
      expect(replies.every((reply) => reply.results[0]?.outcome === 'accepted')).toBe(true);
      expect((await hub.read(`/api/v1/dossiers/${codeOf(n)}/history`)).body.items).toHaveLength(1);
    }
    const { rows } = await hub.hub.database.pool.query('SELECT count(*) AS n FROM messages');
    expect(rows[0].n).toBe(10);
  });

  test('the same dossiers at both at once, in opposite orders, are each there once with all of their events', async () => {
    const records = Array.from({ length: 30 }, (_, n) => dossier({ code: codeOf(n) }));
    const steps = Array.from({ length: 30 }, (_, n) => progress({ code: codeOf(n) }));
    await hub.push(records);
    // At one moment the key of the events would refuse the second of two; at different ones only their versions do.
    other.clock.nowMs += 1;
    const replies = await Promise.all([
      hub.push(steps, { what: 'progress' }),
      other.push([...steps].reverse(), { what: 'progress' }),
      other.push([...records].reverse()),
      hub.push(steps, { what: 'progress' }),
    ]);
    expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200, 200]);
    const outcomes = replies.flatMap((reply) => reply.results.map((result) => result.outcome));
    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(30);
    expect(outcomes.filter((outcome) => outcome === 'duplicate')).toHaveLength(90);
    for (const code of [codeOf(0), codeOf(29)])
      expect((await other.read(`/api/v1/dossiers/${code}/history`)).body.items).toHaveLength(2);
    const { rows } = await hub.hub.database.pool.query(
      'SELECT count(*) AS n, max(cursor) AS last, (SELECT value FROM change_counter) AS counted FROM changes',
    );
    expect(rows[0]).toEqual({ n: 60, last: 60, counted: 60 });
  });

  test('dossiers that share a further code at both at once become one dossier', async () => {
    const naming = (n: number, other = 0) =>
      dossier({ code: codeOf(2 * n + other), aliases: [{ party: 'one-stop', code: `M-${n}` }] });
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    await Promise.all(numbers.flatMap((n) => [hub.push(naming(n)), other.push(naming(n, 1))]));
    const { rows } = await hub.hub.database.pool.query('SELECT count(*)::int AS dossiers FROM dossiers');
    expect(rows).toEqual([{ dossiers: 20 }]);
    for (const n of numbers) {
      const known = await Promise.all([0, 1].map((m) => hub.read(`/api/v1/dossiers/${codeOf(2 * n + m)}`)));
      expect(known.map(({ status }) => status)).toEqual([200, 200]);
      expect(known[0]?.body.code).toBe(known[1]?.body.code);
    }
  });
});

test('a late record under a code that its own batch brings takes nothing from the dossier', async () => {
  const hub = await testHub();
  try {
    const at = (hour: number) => `2025-08-19T${hour}:00:00+07:00`;
    const aliases = [{ party: 'one-stop', code: codeOf(2) }];
    await hub.push(dossier({ code: codeOf(1), statusAt: at(10), note: 'Nộp lần đầu' }));
    const { results } = await hub.push([
      dossier({ code: codeOf(1), statusAt: at(14), aliases }),
      dossier({ code: codeOf(2), statusAt: at(12) }),
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['accepted', 'stale']);
    const { statusAt, note } = (await hub.read(`/api/v1/dossiers/${codeOf(1)}`)).body;
    expect([statusAt, note]).toEqual([at(14), 'Nộp lần đầu']);
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  } finally {
    await hub.close();
  }
});

test('a new dossier under a known alias is the known one', async () => {
  const hub = await testHub();
  try {
    await hub.push(dossier({ code: codeOf(1), aliases: [{ party: 'one-stop', code: codeOf(2) }] }));
    // Nothing in it says that it is not new.
    expect((await hub.push(dossier({ code: codeOf(2), note: 'Bổ sung' }))).results[0]?.outcome).toBe('accepted');
    expect((await hub.read(`/api/v1/dossiers/${codeOf(2)}`)).body).toMatchObject({ code: codeOf(1), note: 'Bổ sung' });
    expect((await hub.read('/api/v1/dossiers')).body.items).toHaveLength(1);
  } finally {
    await hub.close();
  }
});

test.each([
  ['a worker without notifications, as while Redis is away, looks for due deliveries itself', 50],
  ['a sweep delivers even when a process without the party takes its notification', undefined],
])('%s', async (_, lookMs) => {
  const partner = testPartner();
  // Another process takes every notification.
  const deaf = { notify: async () => undefined, listen: async () => undefined, close: async () => undefined };
  const hub = await testHub({
    partners: { partner },
    routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['partner'] }],
    queue: deaf,
    ...(lookMs !== undefined && { lookMs }),
  });
  try {
    await hub.push(dossier());
    if (lookMs === undefined) await hub.deliver();
    await expect.poll(() => partner.sent.length).toBe(1);
  } finally {
    await hub.close();
  }
});

test('what fails after the commit is no failure of the push: it is stored once, and its sender learns so', async () => {
  const notify = () => {
    throw new Error('as in the test');
  };
  const hub = await testHub({ queue: { notify, listen: async () => undefined, close: async () => undefined } });
  try {
    expect(await hub.push(dossier())).toMatchObject({ status: 201, results: [{ outcome: 'accepted' }] });
    expect(await hub.push(dossier())).toMatchObject({ status: 200, results: [{ outcome: 'duplicate' }] });
    expect(hub.logLines).toContainEqual(expect.objectContaining({ where: 'after a commit', error: 'as in the test' }));
  } finally {
    await hub.close();
  }
});

test('housekeeping of which a part fails does the rest', async () => {
  const before = await testHub();
  const { pool } = before.hub.database;
  await pool.query('ALTER TABLE idempotency_keys RENAME TO away');
  await pool.query("INSERT INTO heartbeats (process, number, at) VALUES (7, 1, '2020-01-01')");
  const hub = await testHub({ databaseUrl: before.databaseUrl, roles: ['scheduler'] });
  try {
    await expect.poll(async () => (await pool.query('SELECT FROM heartbeats WHERE process = 7')).rows).toEqual([]);
    expect(hub.logLines).toContainEqual(expect.objectContaining({ msg: 'failed', where: 'old keys' }));
  } finally {
    await hub.close();
    await before.close();
  }
});

describe('the order of events', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await testHub();
  });
  afterEach(() => hub.close());

  const CODE = 'H60.01-250812-0035';
  const at = (status: string, statusAt: string) => dossier({ status, statusAt });
  const statuses = async () =>
    (await hub.read(`/api/v1/dossiers/${CODE}/history`)).body.items.map((item: { status: string }) => item.status);
  const current = async () => (await hub.read(`/api/v1/dossiers/${CODE}`)).body;

  test('the source’s time decides, even with a clock a day off, and the history is complete', async () => {
    await hub.push(at('processing', '2025-08-13T08:30:00+07:00'));
    await hub.push(at('received', '2025-08-11T08:30:00+07:00'));
    await hub.push(at('resolved', '2025-08-13T08:30:01+07:00'));
    await hub.push(at('supplement-required', '2025-08-13T08:29:59+07:00'));
    expect(await current()).toMatchObject({ status: 'resolved', statusAt: '2025-08-13T08:30:01+07:00' });
    expect(await statuses()).toEqual(['received', 'supplement-required', 'processing', 'resolved']);
  });

  test.each([
    ['as they happened', false],
    ['the other way round', true],
  ])('of two in the same second the further one counts, sent %s', async (_, reversed) => {
    const second = '2025-08-13T09:00:00+07:00';
    const both = [at('processing', second), at('resolved', second)];
    await hub.push(dossier());
    for (const one of reversed ? both.reverse() : both) await hub.push(one);
    expect((await current()).status).toBe('resolved');
    expect(await statuses()).toEqual(['received', 'processing', 'resolved']);
  });

  test('the hub’s own clock may be set back a day: nothing is refused or reordered', async () => {
    await hub.push(dossier());
    hub.clock.nowMs -= 86_400_000;
    await hub.push(at('processing', '2025-08-13T08:00:00+07:00'));
    hub.clock.nowMs += 2 * 86_400_000;
    await hub.push(at('resolved', '2025-08-14T08:00:00+07:00'));
    expect((await current()).status).toBe('resolved');
    const { items } = (await hub.read('/api/v1/changes')).body;
    expect(items.map((item: { status: string }) => item.status)).toEqual(['received', 'processing', 'resolved']);
    const { rows } = await hub.hub.database.pool.query('SELECT message_id AS id FROM events ORDER BY seq');
    expect(rows.map((row) => row.id)).toEqual(rows.map((row) => row.id).sort());
  });
});
