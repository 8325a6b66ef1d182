import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, vi } from 'vitest';
import { readItem } from '#core/dossier/item';
import { inTransaction } from '../../src/database/transaction.ts';
import { addCodeEntries } from '../../src/ledger/code-entries.ts';
import { addResolution } from '../../src/ledger/resolutions.ts';
import type { RebuildOptions } from '../../src/rebuild/rebuild.ts';
import { dropLeftSchema } from '../../src/rebuild/schema.ts';
import { casesOf, inDepth, sampled, test } from '../support/depth.ts';
import { dossier, type PushReply, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { legacySystem } from '../support/legacy-system.ts';

const CODE = 'H60.01-250812-0035';
const STATUSES = ['received', 'processing', 'supplement-required', 'processing', 'resolved', 'returned'];
const PARTNER_KEY = { id: 'partner', secret: 'partner-secret-of-the-tests' };

describe('rebuild', () => {
  let hub: TestHub;
  const partner = testPartner({
    pull: {
      catalogue: {
        schedule: '0 0 2 * * *',
        next: async () => ({
          bodies: [{ body: Buffer.from(JSON.stringify([SERVICE])), mediaType: 'application/json' }],
          checkpoint: null,
          more: false,
        }),
        read: (body) =>
          (JSON.parse(Buffer.from(body).toString()) as unknown[]).map((one) => readItem('service.upsert.v1', one)),
      },
    },
  });
  beforeAll(async () => {
    hub = await testHub({
      partners: { portal: partner },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      entries: { other: { may: ['status'] } },
      keys: [{ ...PARTNER_KEY, scopes: ['dossier:write'], party: 'portal' }],
    });
    await playDay(hub);
  });
  afterAll(() => hub.close());

  const query = (sql: string, values: readonly unknown[] = []) => hub.hub.database.pool.query(sql, [...values]);
  const rebuild = (options?: RebuildOptions) => hub.hub.rebuild(options);

  test('the messages of a full day restore the whole index, and notify nobody', async () => {
    const deliveries = (await query('SELECT count(*) AS n FROM deliveries')).rows[0].n;
    const report = await rebuild();
    expect(report).toMatchObject({ identical: true, found: 0, differences: [], notCovered: 0, swapped: 0 });
    const { rows } = await query('SELECT count(*) AS n FROM dossiers');
    expect(report.dossiers).toBe(rows[0].n);
    expect(rows[0].n).toBeGreaterThan(50);
    expect((await query('SELECT count(*) AS n FROM deliveries')).rows[0].n).toBe(deliveries);
    expect((await query("SELECT 1 FROM pg_namespace WHERE nspname = 'hub_rebuild'")).rows).toEqual([]);
  });

  test('the scheduler drops the second index of a killed rebuild, and none of a running one', async () => {
    const left = async () => (await query("SELECT 1 FROM pg_namespace WHERE nspname = 'hub_rebuild'")).rowCount;
    await query('CREATE SCHEMA hub_rebuild; CREATE TABLE hub_rebuild.dossiers (LIKE dossiers)');
    const running = await hub.hub.database.pool.connect();
    await running.query('SELECT pg_advisory_lock(7160004)');
    await dropLeftSchema(hub.hub.database);
    expect(await left()).toBe(1);
    await running.query('SELECT pg_advisory_unlock(7160004)');
    running.release();
    const scheduler = await testHub({ databaseUrl: hub.databaseUrl, roles: ['scheduler'] });
    await expect.poll(left).toBe(0);
    await scheduler.close();
  });

  test('threads restore the same index, and find the same differences', async () => {
    expect(await rebuild({ lanes: 3 })).toEqual(await rebuild());
    await query("UPDATE dossiers SET status = 'returned' WHERE code = $1", [CODE]);
    await query(`UPDATE events SET anomaly = 'not-expected' WHERE code = 'H60.02-250812-2007' AND seq = 1`);
    const found = await rebuild({ lanes: 3 });
    expect(found.differences.map(({ code }) => code).sort()).toEqual([CODE, 'H60.02-250812-2007']);
    expect(found).toEqual(await rebuild());
    expect(await rebuild({ lanes: 3, swap: true })).toMatchObject({ identical: true, swapped: 2 });
  });

  test('a message that a thread gets after a later one of its dossier is rebuilt in one lane', async () => {
    const code = 'H60.01-250812-4040';
    await hub.push(dossier({ code }));
    await hub.push(dossier({ code, status: 'processing', statusAt: '2025-08-14T08:00:00+07:00' }));
    // Messages that arrive meanwhile are read if something seems to differ.
    await query("UPDATE dossiers SET status = 'stopped' WHERE code = $1", [code]);
    const { pool } = hub.hub.database;
    const ask = pool.query.bind(pool) as (asked: unknown, values?: unknown) => Promise<{ rows: { id: string }[] }>;
    let late: string | undefined;
    // The copy of the first message has an id before that of the second, and commits when the threads have applied both.
    const commitLate = async (): Promise<void> => {
      const [second, first] = (await ask('SELECT id FROM messages ORDER BY id DESC LIMIT 2')).rows;
      late = `${second?.id.slice(0, 24)}000000000000`;
      await ask(
        `INSERT INTO messages (id, receipt, received_at, party, door, operation, key_name, media_type, body_bytes, body_hash, body, body_key, outcome, results)
         SELECT $1::uuid, receipt, received_at, party, door, operation, key_name, media_type, body_bytes, body_hash, body, body_key, outcome, results
         FROM messages WHERE id = $2`,
        [late, first?.id],
      );
    };
    let indexes = 0;
    const spy = vi.spyOn(pool, 'query').mockImplementation((async (one: unknown, more?: unknown) => {
      if (String(one).startsWith('CREATE SCHEMA hub_rebuild')) indexes++;
      // The comparison of the first page.
      if ((one as { name?: string }).name === 'not covered' && late === undefined) await commitLate();
      return ask(one, more);
    }) as unknown as typeof pool.query);
    const inThreads = await rebuild({ lanes: 3 }).finally(() => spy.mockRestore());
    expect(indexes).toBe(2);
    expect(inThreads.differences.map((one) => one.code)).toContain(code);
    expect(inThreads).toEqual(await rebuild());
    await query('DELETE FROM messages WHERE id = $1', [late]);
    expect(await rebuild({ swap: true })).toMatchObject({ identical: true, swapped: 1 });
  });

  const TAMPERED = [
    { what: 'a status', sql: "UPDATE dossiers SET status = 'returned' WHERE code = $1", column: 'status' },
    {
      what: 'a time',
      sql: "UPDATE dossiers SET due_at = due_at + interval '1 microsecond' WHERE code = $1",
      column: 'due_at',
    },
    { what: 'a missing dossier', sql: 'DELETE FROM dossiers WHERE code = $1', column: '(row)' },
    { what: 'a missing event', sql: 'DELETE FROM events WHERE code = $1 AND seq = 2', column: '(row)' },
    { what: "an event's message", sql: 'UPDATE events SET item = 9 WHERE code = $1 AND seq = 1', column: 'item' },
    { what: 'an alias', sql: "INSERT INTO aliases VALUES ('other', 'X.1-250812-1', $1)", column: '(row)' },
    {
      what: 'a record that is sealed',
      sql: `UPDATE dossiers SET (sealed, sealed_key) = (SELECT sealed, sealed_key FROM dossiers WHERE code = 'H60.01-250812-1001')
            WHERE code = $1`,
      column: 'sealed/code',
    },
  ];
  sampled.each(casesOf(TAMPERED, ({ column }) => /sealed/.test(column)))(
    '$what that was tampered with is named, and a swap corrects it',
    async ({ sql, column }) => {
      await query(sql, [CODE]);
      const { differences, ...swapped } = await rebuild({ swap: true });
      expect(differences.map((one) => `${one.code} ${one.column}`)).toContain(`${CODE} ${column}`);
      expect(new Set(differences.map(({ code }) => code))).toEqual(new Set([CODE]));
      expect(swapped).toMatchObject({ identical: true, swapped: 1 });
    },
  );

  test('without a swap nothing changes, and the differences show no personal data', async () => {
    await query('UPDATE dossiers SET search = $2::tsvector, masked = $3 WHERE code = $1', [
      CODE,
      "'tran'",
      '{"name":"Trần Văn Bình"}',
    ]);
    await query(
      `UPDATE dossiers SET (sealed, sealed_key) = (SELECT sealed, sealed_key FROM dossiers WHERE code = 'H60.01-250812-1001') WHERE code = $1`,
      [CODE],
    );
    const report = await rebuild();
    expect(report).toMatchObject({ identical: false, swapped: 0 });
    const text = JSON.stringify(report.differences);
    expect(text).toContain('sealed/applicant/phone');
    for (const canary of ['0900000001', '0911111111', 'Nguyễn Văn An', 'Lê Thị Hoa', 'Trần Văn Bình', "'tran'"])
      expect(text).not.toContain(canary);
    const { found } = await rebuild({ swap: true });
    expect(found).toBe(report.found);
    expect(await rebuild()).toMatchObject({ identical: true, found: 0 });
  });

  test('a swap reports missing changes and corrected dossiers in the feed', async () => {
    const { rows } = await query('SELECT value FROM change_counter');
    await query('DELETE FROM changes WHERE code = $1 AND status = $2', [CODE, 'processing']);
    await query("UPDATE dossiers SET status = 'stopped' WHERE code = 'H60.01-250812-1001'");
    const report = await rebuild({ swap: true });
    expect(report.differences.map(({ table, code }) => `${table} ${code}`)).toEqual(
      expect.arrayContaining([`changes ${CODE}`, 'dossiers H60.01-250812-1001']),
    );
    expect(report).toMatchObject({ identical: true, swapped: 1 });
    const told = await query('SELECT code, status FROM changes WHERE cursor > $1 ORDER BY cursor', [rows[0].value]);
    expect(told.rows).toContainEqual({ code: CODE, status: 'processing' });
    expect(told.rows.at(-1)).toEqual({ code: 'H60.01-250812-1001', status: 'resolved' });
  });

  test('a reader of wrong data gets no 304 after the swap', async () => {
    await query(`UPDATE dossiers SET masked = replace(masked, '***', 'Trần') WHERE code = $1`, [CODE]);
    const path = `/api/v1/dossiers/${CODE}`;
    const wrong = await hub.read(path);
    expect(JSON.stringify(wrong.body)).toContain('Trần');
    expect(await rebuild({ swap: true })).toMatchObject({ identical: true, swapped: 1 });
    const known = { 'If-None-Match': wrong.headers.get('etag') as string };
    const again = await hub.request('GET', path, 'portal', undefined, known);
    expect([again.status, (await again.text()).includes('Trần')]).toEqual([200, false]);
  });

  inDepth('two rebuilds never run at once', async () => {
    const both = await Promise.allSettled([rebuild(), rebuild()]);
    const refused = both.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
    expect(refused).toEqual([expect.stringContaining('another rebuild')]);
  });

  inDepth('a running hub causes no false findings', async () => {
    let going = true;
    const load = (async () => {
      for (let n = 0; going; n++) {
        hub.clock.nowMs += 10;
        // A rebuild beside endless pushes needs its share of a busy machine.
        await setTimeout(50);
        await hub.push(
          Array.from({ length: 5 }, (_, at) =>
            dossier({
              code: `H60.01-250813-${1000 + ((n + at) % 40)}`,
              note: `lần ${n}`,
              statusAt: `2025-08-13T08:00:0${n % 10}+07:00`,
            }),
          ),
        );
      }
    })();
    const reports = [await rebuild(), await rebuild({ swap: true })];
    await query("UPDATE dossiers SET status = 'stopped' WHERE code = 'H60.01-250813-1007'");
    reports.push(await rebuild({ swap: true }));
    going = false;
    await load;
    for (const report of reports) expect(report.identical).toBe(true);
    expect(await rebuild()).toMatchObject({ identical: true, found: 0 });
  });

  test('a message that nobody can read today is named, and blocks the swap', async () => {
    await query(
      "UPDATE messages SET door = 'gone' WHERE id = (SELECT message_id FROM events WHERE code = $1 AND seq = 1)",
      ['H60.01-250812-1001'],
    );
    const report = await rebuild({ swap: true });
    expect(report).toMatchObject({
      identical: false,
      swapped: 0,
      notSwapped: expect.stringContaining('cannot be read'),
    });
    expect(report.differences).toContainEqual({
      table: 'messages',
      code: 'H60.01-250812-1001',
      column: 'items',
      live: 'accepted',
      rebuilt: 'cannot be read today',
    });
    await query("UPDATE messages SET door = 'rest' WHERE door = 'gone'");
  });

  inDepth('dossiers older than the oldest stored message stay unchanged', async () => {
    await query('DELETE FROM messages WHERE id IN (SELECT id FROM messages ORDER BY id LIMIT 1)');
    const first = (await query('SELECT last_message_id FROM dossiers WHERE code = $1', [CODE])).rows[0];
    const report = await rebuild({ swap: true });
    expect(report).toMatchObject({ identical: true, notCovered: 1, swapped: 0 });
    expect((await query('SELECT last_message_id FROM dossiers WHERE code = $1', [CODE])).rows[0]).toEqual(first);
  });

  test('an item released while another line was entered is rebuilt by the line that read it', async () => {
    const code = 'H60.01-250812-3003';
    await pushRecords(hub, { [code]: '12' });
    const line = { table: 'national-status', from: '12' };
    const { database, pipeline } = hub.hub;
    await inTransaction(database, (tx) => enterLine(hub, tx, { ...line, to: 'processing' }));
    await inTransaction(database, async (tx) => {
      await enterLine(hub, tx, { ...line, to: 'stopped' });
      await pipeline.orders.runAll();
    });
    hub.clock.nowMs += 10_000;
    await pipeline.orders.runAll();
    expect((await hub.read(`/api/v1/dossiers/${code}`)).body.status).toBe('processing');
    expect(await rebuild()).toMatchObject({ identical: true, found: 0 });
  });
});

test('a swap keeps what arrives during a rebuild, although a clock ran seven hours ahead before', async () => {
  const hub = await testHub();
  const ahead = await testHub({ databaseUrl: hub.databaseUrl, nowMs: hub.clock.nowMs + 7 * 3_600_000 });
  await hub.push(dossier());
  await ahead.push(dossier({ code: 'H60.01-250812-1001' }));
  await ahead.close();
  const { pool } = hub.hub.database;
  const ask = pool.query.bind(pool) as (asked: unknown, values?: unknown) => Promise<unknown>;
  let status = 0;
  const spy = vi.spyOn(pool, 'query').mockImplementation((async (asked: unknown, values?: unknown) => {
    // The comparison of the first page.
    if ((asked as { name?: string }).name === 'not covered' && status === 0) {
      status = 1;
      ({ status } = await hub.push(dossier({ status: 'processing', statusAt: '2025-08-14T08:00:00+07:00' })));
    }
    return ask(asked, values);
  }) as unknown as typeof pool.query);
  const report = await hub.hub.rebuild({ swap: true }).finally(() => spy.mockRestore());
  const { body } = await hub.read(`/api/v1/dossiers/${CODE}`);
  await hub.close();
  expect(status).toBe(201);
  expect([report.swapped, report.differences, body.status]).toEqual([0, [], 'processing']);
});

const SERVICE = { code: '1.013225', name: 'Thủ tục thử nghiệm', inForce: true, fieldCode: 'G03-GD10' };

/** Duplicates, late and same-second items, both doors, a claim, the catalogue, and items that waited and were released. */
async function playDay(given: TestHub): Promise<void> {
  const hub = answering(given);
  const later = () => {
    hub.clock.nowMs += 1_000;
  };
  await hub.push(dossier());
  later();
  await hub.push(dossier());
  await hub.push(progress({ at: '2025-08-13T09:00:00+07:00' }), { what: 'progress' });
  await hub.push(progress({ at: '2025-08-12T10:00:00+07:00', content: 'đến muộn' }), { what: 'progress' });
  await hub.push(dossier({ status: 'supplement-required', statusAt: '2025-08-13T09:00:00+07:00', note: 'cùng giây' }));
  await hub.push(dossier({ status: 'submitted', statusAt: '2025-08-11T09:00:00+07:00', note: 'cũ' }));
  later();
  await hub.push(progress({ code: 'H60.01-250812-1001' }), { what: 'progress' });
  await hub.push({ code: 'not a code' });
  await hub.push('{"cut', {});
  later();
  const hoa = { code: 'H60.01-250812-1001', applicant: { name: 'Lê Thị Hoa', phone: '0911111111' } };
  await hub.push([dossier(hoa), dossier({ ...hoa, aliases: [{ party: 'one-stop', code: 'G22.99-250812-0001' }] })]);
  await untilReleased(hub);
  later();
  await hub.push(
    dossier({ ...hoa, code: 'G22.99-250812-0001', status: 'resolved', statusAt: '2025-08-14T09:00:00+07:00' }),
  );
  await hub.push(dossier({ status: 'processing', statusAt: '2025-08-15T09:00:00+07:00' }), { party: 'other' });
  await pushClaim(hub, dossier({ status: 'returned', statusAt: '2025-08-16T09:00:00+07:00' }));
  await pushMany(hub);
  await pushByDialect(hub);
  await hub.hub.database.query
    .insertInto('pulls')
    .values({ party: 'portal', name: 'catalogue', next_at: '2025-01-01', checkpoint: 'null', token: 0 } as never)
    .execute();
  await hub.hub.pipeline.pull('portal', 'catalogue');
}

/** Fails at the push that a busy database did not answer, not at its missing effect. */
function answering(hub: TestHub): TestHub {
  return {
    ...hub,
    async push(...given) {
      const reply = await hub.push(...given);
      expect(reply.status, JSON.stringify(reply.body)).toBeLessThan(500);
      return reply;
    },
  };
}

/** A record of a party that does not own the dossier, some time after the owner's last one. */
async function pushClaim(hub: TestHub, record: object): Promise<void> {
  hub.clock.nowMs += 1_000;
  const headers = { Authorization: `Bearer ${PARTNER_KEY.secret}` };
  const response = await hub.request('POST', '/api/v1/parties/portal/dossiers', undefined, record, headers);
  const [{ outcome, warnings }] = ((await response.json()) as PushReply).results as [PushReply['results'][0]];
  expect(outcome).toBe('accepted');
  expect(warnings).toContainEqual(expect.objectContaining({ path: '/status', code: 'not-owner' }));
}

/** A step before its dossier is applied when the dossier arrives. */
async function untilReleased(hub: TestHub): Promise<void> {
  for (;;) {
    const waiting = await hub.hub.database.query
      .selectFrom('quarantine')
      .select('id')
      .where('cause_kind', '=', 'dossier-unknown')
      .where('settled_at', 'is', null)
      .execute();
    if (waiting.length === 0) return;
    await hub.hub.pipeline.sweep();
  }
}

/** Sixty dossiers, their steps out of order, several at once. */
async function pushMany(hub: TestHub): Promise<void> {
  const codes = Array.from({ length: 60 }, (_, n) => `H60.02-250812-${2000 + n}`);
  await hub.push(codes.map((code) => dossier({ code, statusAt: '2025-08-12T07:00:00+07:00' })));
  const pushes = STATUSES.flatMap((status, step) =>
    [0, 20, 40].map((from) => {
      const day = 12 + ((step * 5) % 7);
      const steps = codes
        .slice(from, from + 20)
        .map((code) => progress({ code, status, at: `2025-08-${day}T10:00:00+07:00` }));
      return () => hub.push(steps, { what: 'progress' });
    }),
  );
  await Promise.all(pushes.map((push) => push()));
}

async function pushByDialect(hub: TestHub): Promise<void> {
  const reply = await pushRecords(hub, { 'H60.01-250812-3001': '2', 'H60.01-250812-3002': '11' });
  expect(reply).toMatchObject({ error_code: 0, result: [{ outcome: 'accepted' }, { outcome: 'quarantined' }] });
  await enterCode(hub, { table: 'national-status', from: '11', to: 'processing' });
  expect((await hub.read('/api/v1/dossiers/H60.01-250812-3002')).body.status).toBe('processing');
}

/** Dossiers in the national portal's dialect: code to status. */
async function pushRecords(hub: TestHub, records: Readonly<Record<string, string>>): Promise<unknown> {
  const data = Object.entries(records).map(([MaHoSo, TrangThaiHoSo]) => ({
    MaHoSo,
    TrangThaiHoSo,
    MaTTHC: '1.013225',
    TenTTHC: 'Thủ tục thử nghiệm',
    KenhThucHien: '2',
    ChuHoSo: 'Nguyễn Văn A',
    LoaiDoiTuong: '1',
    NgayNopHoSo: '20250812080000',
    NgayTiepNhan: '20250812081500',
  }));
  return (await legacySystem(hub)).call('DongBoHoSoMC', { isUpdating: 'False', data });
}

/** An operator maps a code: the waiting items are released. */
async function enterCode(hub: TestHub, line: Line): Promise<void> {
  await inTransaction(hub.hub.database, (tx) => enterLine(hub, tx, line));
  hub.clock.nowMs += 3_000;
  await hub.hub.pipeline.orders.runAll();
}

interface Line {
  readonly table: string;
  readonly from: string;
  readonly to: string;
}

async function enterLine(hub: TestHub, tx: pg.PoolClient, line: Line): Promise<void> {
  const said = { who: 'ops', why: 'thử nghiệm' };
  const causeKey = `unmapped:${line.table}:${line.from}`;
  await addCodeEntries(tx, [{ party: 'one-stop', ...line, ...said }], hub.clock.nowMs);
  await addResolution(tx, { causeKey, parties: ['one-stop'], action: 'map', ...said }, hub.clock.nowMs);
}
