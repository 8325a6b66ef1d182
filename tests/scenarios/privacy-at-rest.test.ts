import { createHash } from 'node:crypto';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readItem } from '#core/dossier/item';
import { searchWords } from '#core/vietnamese/search-words';
import { fold } from '#core/vietnamese/text';
import { checkKeyed } from '../../src/cli/doctor/check-secrets.ts';
import { up as keyedHashes } from '../../src/database/migrations/019-keyed-hashes.ts';
import { keyOldRows, rekeyAll } from '../../src/database/rekey.ts';
import { reseal } from '../../src/database/reseal.ts';
import { hubKinds } from '../../src/foundation/hub-kinds.ts';
import { fingerprint } from '../../src/kit/fingerprint.ts';
import { loadEvidence } from '../../src/ledger/evidence.ts';
import { resealCheckpoints } from '../../src/ledger/pulls.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { cameFrom } from '../support/citizen.ts';
import { codeOf, dossier, HUB_SECRET, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { legacySystem } from '../support/legacy-system.ts';

const OLD = HUB_SECRET;
const NEW = 'another-secret-of-the-tests-that-is-long-enough';
const NAME = 'Khuếch Ngoẹo Zorblax';
const PHONE = '0912345678';
const CODE = codeOf(35);
const ADDRESS = '203.0.113.77';
const DIALECT = {
  MaHoSo: codeOf(36),
  MaTTHC: '1.013225',
  TenTTHC: 'Thủ tục thử nghiệm',
  KenhThucHien: '2',
  TrangThaiHoSo: '2',
  ChuHoSo: NAME,
  SoDienThoai: PHONE,
  LoaiDoiTuong: '1',
  NgayNopHoSo: '20250812080000',
  NgayTiepNhan: '20250812081500',
  SoBienNhan: 'BN-1',
};
const PULLED = dossier({ code: codeOf(37), applicant: { name: NAME, phone: PHONE } });

/** A party whose checkpoint is that of the kit's ministries: fingerprints of records. */
const ministry = () =>
  testPartner({
    pull: {
      dossiers: {
        schedule: '0 0 2 * * *',
        next: async (_, checkpoint) => {
          const text = JSON.stringify(PULLED);
          const print = fingerprint([text]);
          const isKnown = (checkpoint as { said?: string } | null)?.said === print;
          const bodies = isKnown ? [] : [{ body: Buffer.from(text), mediaType: 'application/json' }];
          return { bodies, checkpoint: { said: print }, more: false };
        },
        read: (body) => [readItem('dossier.upsert.v1', JSON.parse(Buffer.from(body).toString()))],
      },
    },
  });

const closing: (() => Promise<void>)[] = [];
async function start(
  databaseUrl?: string,
  secrets: readonly [string, ...string[]] = [OLD],
  partner = ministry(),
): Promise<TestHub> {
  const hub = await testHub({
    partners: { ministry: partner },
    routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['ministry'] }],
    secrets,
    ...(databaseUrl && { databaseUrl }),
  });
  closing.push(() => hub.close());
  return hub;
}

const PUSHED = dossier({ applicant: { name: NAME, phone: PHONE, identityNumber: '001000000042' } });
const ONCE = { headers: { 'Idempotency-Key': createHash('sha256').update(JSON.stringify(PUSHED)).digest('hex') } };

/** One of each kind of personal data that a hub stores. */
async function play(hub: TestHub): Promise<void> {
  await hub.push(PUSHED, ONCE);
  await hub.push(progress({ content: `Đã gọi ${NAME}` }), { what: 'progress' });
  await hub.push(progress({ code: codeOf(99), content: NAME }), { what: 'progress' });
  await hub.push(dossier({ code: codeOf(38), note: `gặp ${NAME}`, applicant: { name: NAME, phone: PHONE } }));
  await (await legacySystem(hub)).call('DongBoHoSoMC', { isUpdating: 'False', data: [DIALECT] });
  await pull(hub);
  await hub.deliver();
  await hub.hub.app.request(`/api/public/dossiers/${CODE}?proof=0000`, {}, cameFrom(ADDRESS));
}

async function pull(hub: TestHub): Promise<void> {
  const { pool } = hub.hub.database;
  await pool.query(
    `INSERT INTO pulls (party, name, next_at, checkpoint) VALUES ('ministry', 'dossiers', '2025-01-01', 'null')
     ON CONFLICT (party, name) DO UPDATE SET next_at = excluded.next_at`,
  );
  await hub.hub.pipeline.pull('ministry', 'dossiers');
}

/** The content of all tables and of the planner's statistics, as lower-case text. */
async function wholeBackup({ pool }: { pool: pg.Pool }): Promise<string> {
  await pool.query('ANALYZE');
  const { rows } = await pool.query<{ table: string }>(
    `SELECT oid::regclass::text AS table FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  );
  const texts = [(await pool.query('SELECT most_common_elems::text, most_common_vals::text FROM pg_stats')).rows];
  for (const { table } of rows) texts.push((await pool.query(`SELECT t::text FROM ${table} t`)).rows);
  return JSON.stringify(texts).toLowerCase();
}

const wordsOf = (name: string): readonly string[] => [...name.split(' '), ...fold(name).split(' ')];
const found = async (hub: TestHub, typed: string): Promise<readonly string[]> => {
  const { body } = await hub.read(`/api/v1/dossiers?q=${encodeURIComponent(typed)}&limit=200`);
  return body.items.map(({ code }: { code: string }) => code).sort();
};
const outcomeOf = async (hub: TestHub, body: object, what: 'dossiers' | 'progress' = 'dossiers') =>
  (await hub.push(body, { what })).results[0]?.outcome;

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('an attacker with the tables and without the secret', () => {
  test('cannot test a guess of a phone number, a body, an address or a pulled file', async () => {
    const hub = await start();
    await play(hub);
    const backup = await wholeBackup(hub.hub.database);
    const record = (value: object) => {
      const item = readItem('dossier.upsert.v1', value);
      return item.kind === 'record' ? item.record : {};
    };
    const body = JSON.stringify(PUSHED);
    const texts = [
      ...[PUSHED, PULLED].map((one) => JSON.stringify(record(one))),
      body,
      `dossier.upsert.v1\n${body}`,
      JSON.stringify(PULLED),
      JSON.stringify(DIALECT),
      ADDRESS,
      CODE,
      PHONE,
      NAME,
      ...wordsOf(NAME),
    ];
    for (const text of texts) {
      const digest = createHash('sha256').update(text).digest();
      for (const form of ['hex', 'base64', 'base64url'] as const)
        expect([text, backup.includes(digest.toString(form).slice(0, 40).toLowerCase())]).toEqual([text, false]);
    }
    expect(backup).not.toContain(fingerprint([JSON.stringify(PULLED)]).toLowerCase());
    expect(backup).toContain(CODE.toLowerCase());
  });

  test('finds no word of a name and no number in any table', async () => {
    const partner = ministry();
    const message = `ông ${NAME}, điện thoại ${PHONE}, không có trong CSDL`;
    partner.script.push(
      { kind: 'refused', reason: 'wrong', message },
      { kind: 'unavailable', reason: 'down', message },
      { kind: 'delivered', note: message },
    );
    const hub = await start(undefined, [OLD], partner);
    await play(hub);
    const backup = await wholeBackup(hub.hub.database);
    for (const word of [...wordsOf(NAME), PHONE, '001000000042']) expect(backup).not.toContain(word.toLowerCase());
  });

  test('cannot test a guess with the content hashes of signed evidence either', async () => {
    const hub = await start();
    await play(hub);
    const vault = createVault([OLD]);
    const evidence = await loadEvidence(hub.hub.database, vault, CODE);
    const hashes = evidence?.events.map(({ contentHash }) => Buffer.from(contentHash, 'hex')) ?? [];
    expect(hashes.map((hash) => vault.hashKeyId(hash))).toEqual([vault.keyId, vault.keyId]);
  });
});

describe('a search for a name', () => {
  let hub: TestHub;
  const names = {
    [codeOf(1)]: 'Nguyễn Văn An',
    [codeOf(2)]: 'Nguyễn Thị Ánh',
    [codeOf(3)]: 'Công ty TNHH Vinamilk 2025',
    [codeOf(4)]: 'H’Hen Niê Ksor',
    [codeOf(5)]: 'Internationalization Ltd',
  };
  const [an, anh, vinamilk, hen, long] = Object.keys(names) as [string, string, string, string, string];
  beforeAll(async () => {
    hub = await testHub();
    await hub.push(Object.entries(names).map(([code, name]) => dossier({ code, applicant: { name } })));
  });
  afterAll(() => hub.close());

  test.each([
    ['Nguyễn Văn An', [an]],
    ['nguyen an', [an, anh]],
    ['an nguyen', [an]],
    ['nguyen', [an, anh]],
    ['ng', [an, anh]],
    // A single letter matches only words spelt like a Vietnamese syllable.
    ['n', [an, anh]],
    ['guyen', []],
    ['nguyen thi a', [anh]],
    ['nguyen thi b', []],
    ['van', [an]],
    ['va', [an]],
    ['vinamilk', [vinamilk]],
    ['vina', [vinamilk]],
    ['inamilk', []],
    ['cong ty 2025', [vinamilk]],
    ['20 cong', [vinamilk]],
    ['ks', [hen]],
    ['ksor nie', [hen]],
    ['internationalization', [long]],
    ['internat', [long]],
    // Of longer beginnings the first eight letters count.
    ['internatx', [long]],
    ['250812-0004', [hen]],
    ['H60.01-250812-0004 nie', [hen]],
  ])('for %j finds %j', async (typed, codes) => {
    expect(await found(hub, typed)).toEqual(codes);
  });
});

describe('a new secret', () => {
  test('changes neither duplicates nor search results, before and after keys reseal', async () => {
    const before = await start();
    await play(before);
    const { receipt } = await before.push(PUSHED, ONCE);
    const { pool } = before.hub.database;
    const checkpoint = (await pool.query('SELECT checkpoint::text AS sealed FROM pulls')).rows[0].sealed;

    const both = await start(before.databaseUrl, [NEW, OLD]);
    const later = dossier({ code: codeOf(50), applicant: { name: NAME } });
    expect(await outcomeOf(both, later)).toBe('accepted');
    await expectUnchanged(both, receipt);
    expect(await both.hub.rebuild()).toMatchObject({ identical: true, found: 0 });

    const { database } = both.hub;
    const vault = createVault([NEW, OLD]);
    await database.pool.query('UPDATE pulls SET checkpoint = $1', [checkpoint]);
    expect((await reseal(database, vault, both.hub.kinds, () => undefined)).unopened).toBe(0);
    expect(await resealCheckpoints(database, vault)).toBe(1);
    const report = await rekeyAll(database, vault, hubKinds({ file: {} }).kinds, () => undefined);
    expect(report.unopened).toBe(0);
    expect(report.rekeyed).toMatchObject({ dossiers: 4, idempotency_keys: 1 });
    expect((await rekeyAll(database, vault, hubKinds({ file: {} }).kinds, () => undefined)).rekeyed).toMatchObject({
      dossiers: 0,
      events: 0,
    });

    await expectUnchanged(both, receipt);
    const after = await start(before.databaseUrl, [NEW]);
    await expectUnchanged(after, undefined);
    expect(await outcomeOf(after, later)).toBe('duplicate');
    expect(await after.hub.rebuild()).toMatchObject({ identical: true, found: 0 });
  });
});

/** @param receipt of PUSHED, where its Idempotency-Key is still known */
async function expectUnchanged(hub: TestHub, receipt: string | undefined): Promise<void> {
  const all = [CODE, codeOf(36), codeOf(37), codeOf(38)];
  expect(await found(hub, NAME)).toEqual(expect.arrayContaining(all));
  expect(await found(hub, 'khuech zor')).toEqual(expect.arrayContaining(all));
  expect(await outcomeOf(hub, PUSHED)).toBe('duplicate');
  expect(await outcomeOf(hub, progress({ content: `Đã gọi ${NAME}` }), 'progress')).toBe('duplicate');
  const reply = await (await legacySystem(hub)).call('DongBoHoSoMC', { isUpdating: 'False', data: [DIALECT] });
  expect(reply.result).toMatchObject([{ outcome: 'duplicate' }]);
  if (receipt !== undefined) expect((await hub.push(PUSHED, ONCE)).receipt).toBe(receipt);
  const said = dossier({ applicant: { name: NAME, phone: '0987654321' } });
  if (receipt !== undefined) expect((await hub.push(said, ONCE)).status).toBe(409);
  const messages = await hub.hub.database.pool.query('SELECT count(*)::int4 AS n FROM messages');
  await pull(hub);
  expect((await hub.hub.database.pool.query('SELECT count(*)::int4 AS n FROM messages')).rows).toEqual(messages.rows);
}

describe('rows of a version without keyed hashes', () => {
  test('work unchanged, and are keyed page by page while the hub takes pushes', async () => {
    const before = await start();
    await play(before);
    const { receipt } = await before.push(PUSHED, ONCE);
    const many = (note?: string) =>
      Array.from({ length: 450 }, (_, n) => dossier({ code: codeOf(1_000 + n), ...(note && { note }) }));
    await before.push(many());
    const { database } = before.hub;
    const vault = createVault([OLD]);
    await asBefore(before);
    expect(await wholeBackup(database)).toContain('zorblax');
    expect(await levels(database)).toEqual(['warn', 'warn', 'warn', 'warn']);
    await expectUnchanged(before, receipt);
    expect(await before.hub.rebuild()).toMatchObject({ identical: true, found: 0 });

    const leaving = new AbortController();
    const first = keyOldRows(database, vault, leaving.signal);
    leaving.abort();
    expect(await first).toBeLessThan(450);
    const keying = keyOldRows(database, vault, new AbortController().signal);
    for (const note of ['một', 'hai']) await before.push(many(note).map((one) => ({ ...one, status: 'processing' })));
    await keying;
    await resealCheckpoints(database, vault);

    expect(await levels(database)).toEqual(['ok']);
    const backup = await wholeBackup(database);
    for (const word of [...wordsOf(NAME), PHONE]) expect(backup).not.toContain(word.toLowerCase());
    const { rows } = await database.pool.query<{ hash: Buffer }>(
      `SELECT content_hash AS hash FROM dossiers UNION ALL SELECT hash FROM events
       UNION ALL SELECT body_hash FROM messages WHERE body_hash IS NOT NULL`,
    );
    expect(new Set(rows.map(({ hash }) => vault.hashKeyId(hash)))).toEqual(new Set([vault.keyId]));
    await expectUnchanged(before, receipt);
    expect(await before.hub.rebuild()).toMatchObject({ identical: true, found: 0 });
  });

  test('are keyed by the scheduler after a start', async () => {
    const before = await start();
    await play(before);
    await asBefore(before);
    const hub = await testHub({ databaseUrl: before.databaseUrl, roles: ['scheduler'] });
    closing.push(() => hub.close());
    await expect.poll(() => levels(hub.hub.database)).toEqual(['ok']);
    const backup = await wholeBackup(hub.hub.database);
    for (const word of [...wordsOf(NAME), PHONE]) expect(backup).not.toContain(word.toLowerCase());
  });

  test('of an old process are reported by doctor, and keyed by keys reseal', async () => {
    const hub = await start();
    await play(hub);
    await asBefore(hub);
    const { database } = hub.hub;
    const vault = createVault([OLD]);
    await database.pool.query('UPDATE rekeying SET ended_at = now()');
    expect(await levels(database)).toEqual(['warn']);
    await rekeyAll(database, vault, hubKinds({ file: {} }).kinds, () => undefined);
    expect(await levels(database)).toEqual(['ok']);
  });

  async function levels(database: TestHub['hub']['database']): Promise<readonly string[]> {
    return (await checkKeyed(database, createVault([OLD]))).map(({ level }) => level);
  }

  /** The tables as a version before migration 019 left them. */
  async function asBefore({ hub }: TestHub): Promise<void> {
    const { pool, query } = hub.database;
    const vault = createVault([OLD]);
    const places = [
      ['dossiers', 'content_hash'],
      ['events', 'hash'],
      ['messages', 'body_hash'],
      ['idempotency_keys', 'body_hash'],
    ];
    for (const [table, column] of places) {
      const { rows } = await pool.query(`SELECT ${column} AS hash FROM ${table} WHERE ${column} IS NOT NULL`);
      for (const { hash } of rows)
        await pool.query(`UPDATE ${table} SET ${column} = $1 WHERE ${column} = $2`, [vault.openHash(hash), hash]);
    }
    await pool.query('UPDATE idempotency_keys SET key = $1', [ONCE.headers['Idempotency-Key']]);
    const { rows } = await pool.query('SELECT code, sealed AS bytes, sealed_key AS "keyId" FROM dossiers');
    for (const { code, ...sealed } of rows) {
      const { applicant, aliases = [] } = JSON.parse(vault.open(sealed).toString());
      const words = searchWords([code, ...aliases.map((alias: { code: string }) => alias.code)], [applicant?.name]);
      await pool.query(`UPDATE dossiers SET search = array_to_tsvector(string_to_array($2, ' ')) WHERE code = $1`, [
        code,
        words,
      ]);
    }
    await pool.query('UPDATE pulls SET checkpoint = $1', [
      JSON.stringify({ said: fingerprint([JSON.stringify(PULLED)]) }),
    ]);
    await pool.query(`INSERT INTO rewording VALUES ('')`);
    await pool.query('DROP TABLE rekeying');
    await keyedHashes(query as never);
  }
});
