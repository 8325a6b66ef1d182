import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkArchive } from '../../src/archive/check-archive.ts';
import { takeBack } from '../../src/archive/take-back.ts';
import { type ArchiveManifest, writeArchive } from '../../src/archive/write-archive.ts';
import { makeRecoveryKey } from '../../src/backup/seal.ts';
import { MONTHLY_TABLES } from '../../src/database/partitions.ts';
import { eraseStaged } from '../../src/erasure/erase-staged.ts';
import { verifyDocument } from '../../src/secrets/signed-documents.ts';
import { createVault, type Vault } from '../../src/secrets/vault.ts';
import { canariesIn, PERSON } from '../support/canaries.ts';
import { dumpOf } from '../support/dump.ts';
import { codeOf, dossier, HUB_SECRET, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { payment, question } from '../support/kinds.ts';

const MONTH = '2025-08';
const AT = Date.parse('2025-08-20T08:00:00+07:00');
const COUNT = 40;
const vault = createVault([HUB_SECRET]);
const folder = mkdtempSync(join(tmpdir(), 'lienthong-archive-'));
const archived = join(folder, MONTH);
const ALIAS = 'G22.99-20250812-0001';
/** A step of the dossier each. */
const PAID = [
  ['requested', '2025-08-13T09:00:00+07:00'],
  ['paid', '2025-08-14T09:00:00+07:00'],
] as const;
const RETURNED = { status: 'returned', statusAt: '2025-08-15T09:00:00+07:00', returnedAt: '2025-08-15T09:00:00+07:00' };

const manifestOf =
  (of: Vault) =>
  async (signed: string): Promise<ArchiveManifest> =>
    (await verifyDocument(signed, [...(await of.publicKeys())])).content;

const archive = async ({ hub: { database } }: TestHub, to: string, recipient: string): Promise<void> => {
  const client = await database.pool.connect();
  await writeArchive(client, {
    ...{ month: MONTH, folder: to, recipient, hub: 'test', takenAt: '2025-09-01T00:00:00Z' },
    sign: (content) => vault.signDocument('archive', content),
    tell: () => undefined,
  });
  client.release();
};

const drop = async ({ hub: { database } }: TestHub): Promise<void> => {
  for (const table of MONTHLY_TABLES) await database.pool.query(`DROP TABLE ${table}_2025_08`);
};

interface TakeOptions {
  readonly from?: string;
  readonly erased?: () => Promise<void>;
  readonly writeAudit?: () => Promise<void>;
}

const takenBack = async (
  { hub: { database } }: TestHub,
  secret: string,
  { from = archived, erased, writeAudit }: TakeOptions = {},
) => {
  const manifest = await checkArchive(from, secret, manifestOf(vault));
  return takeBack(database, manifest, {
    folder: from,
    secret,
    tell: () => undefined,
    writeAudit: writeAudit ?? (() => Promise.resolve()),
    async eraseStaged(tx) {
      const events = await eraseStaged({ vault }, tx);
      await erased?.();
      return events;
    },
  });
};

describe('an archive of a month', () => {
  let hub: TestHub;
  let key: { readonly secret: string; readonly recipient: string };
  let before: Readonly<Record<string, string>>;

  /** The rows of the index and of the months, as text. */
  const contentOf = async () => {
    const sums: Record<string, string> = {};
    for (const table of ['dossiers', 'aliases', 'records', 'record_events', ...MONTHLY_TABLES]) {
      const { rows } = await hub.hub.database.pool.query(
        `SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) AS sum FROM ${table} t`,
      );
      sums[table] = rows[0].sum;
    }
    return sums;
  };
  beforeAll(async () => {
    hub = await testHub({
      nowMs: AT,
      partners: { portal: testPartner() },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
    });
    const aliases = [{ party: 'one-stop', code: ALIAS }];
    await hub.push(dossier({ code: codeOf(1), applicant: PERSON, aliases }));
    for (const [state, stateAt] of PAID)
      await hub.push(payment({ code: 'TT-0002', dossierCode: ALIAS, state, stateAt }), { what: 'payments' });
    await hub.push(dossier({ code: codeOf(1), applicant: PERSON, ...RETURNED }));
    await hub.push(Array.from({ length: COUNT - 1 }, (_, n) => dossier({ code: codeOf(n + 2) })));
    await hub.push(progress({ code: codeOf(2) }), { what: 'progress' });
    await hub.push(payment({ dossierCode: codeOf(2) }), { what: 'payments' });
    await hub.push(question(), { what: 'questions' });
    await hub.deliver();
    await hub.hub.database.pool.query(
      'UPDATE attempts SET reason = $1 WHERE delivery_id IN (SELECT id FROM deliveries WHERE subject = $2)',
      [`Hồ sơ của ${PERSON.name}`, codeOf(1)],
    );
    key = await makeRecoveryKey();
    before = await contentOf();
    await archive(hub, archived, key.recipient);
  });
  afterAll(async () => {
    await hub.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('is sealed: no file of it holds a name or a code', () => {
    for (const name of ['manifest.jws', ...MONTHLY_TABLES.map((table) => `${table}.copy.age`)]) {
      const text = readFileSync(join(archived, name), 'latin1');
      expect([text.includes(codeOf(1)), canariesIn(text)]).toEqual([false, []]);
    }
  });

  test('with a flipped byte, a missing file, another key or another hub is refused, and each is named', async () => {
    const damaged = (name: string, damage: (path: string) => void): string => {
      const copy = join(folder, name);
      cpSync(archived, copy, { recursive: true });
      damage(copy);
      return copy;
    };
    const flip = (path: string): void => {
      const bytes = readFileSync(path);
      const at = Math.floor(bytes.length / 2);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      writeFileSync(path, bytes);
    };
    const flipped = damaged('flipped', (copy) => flip(join(copy, 'events.copy.age')));
    const cut = damaged('cut', (copy) => writeFileSync(join(copy, 'events.copy.age'), ''));
    const missing = damaged('missing', (copy) => rmSync(join(copy, 'changes.copy.age')));
    const forged = damaged('forged', (copy) => flip(join(copy, 'manifest.jws')));
    const unsigned = damaged('unsigned', (copy) => rmSync(join(copy, 'manifest.jws')));
    const other = await makeRecoveryKey();
    const otherHub = createVault(['a-secret-of-another-hub-that-is-long-enough']);
    for (const [from, words, secret = key.secret, of = vault] of [
      [flipped, /^events\.copy\.age: was changed after it was written/],
      [cut, /^events\.copy\.age: has 0 bytes, expected \d+/],
      [missing, /^changes\.copy\.age: is missing$/],
      [forged, /^manifest\.jws: /],
      [unsigned, /^manifest\.jws: is missing$/],
      [archived, /^messages\.copy\.age: this recovery key does not open the file/, other.secret],
      [archived, /^manifest\.jws: its key \S+ is none of the given keys/, key.secret, otherHub],
    ] as readonly (readonly [string, RegExp, string?, Vault?])[])
      await expect(checkArchive(from, secret, manifestOf(of))).rejects.toThrow(words);
  });

  test('comes back whole: the rows and the index are those from before', async () => {
    await drop(hub);
    expect(await hub.hub.rebuild()).toMatchObject({ messages: 0, notCovered: COUNT + 3 });
    const { pool } = hub.hub.database;
    await pool.query(
      `INSERT INTO body_removal (what, after) VALUES ('messages', 'ffffffff-0000-7000-8000-000000000000')`,
    );
    expect((await takenBack(hub, key.secret)).erasedAgain).toBe(0);
    expect(await contentOf()).toEqual(before);
    // Old bodies that came back are removed in their turn.
    const passed = await pool.query(`SELECT count(*)::int4 AS n FROM body_removal, messages WHERE id::text <= after`);
    expect(passed.rows).toEqual([{ n: 0 }]);
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true, found: 0, notCovered: 0 });
    expect((await takenBack(hub, key.secret)).rows).toEqual({ messages: 0, events: 0, attempts: 0, changes: 0 });
    expect(await contentOf()).toEqual(before);
  });

  test('comes back with its audit entry, or not at all', async () => {
    await drop(hub);
    const refused = () => Promise.reject(new Error('no audit'));
    await expect(takenBack(hub, key.secret, { writeAudit: refused })).rejects.toThrow('no audit');
    expect((await hub.hub.database.pool.query('SELECT FROM messages')).rowCount).toBe(0);
    await takenBack(hub, key.secret);
    expect(await contentOf()).toEqual(before);
  });

  test('makes the same index in an empty hub of the same settings', async () => {
    const empty = await testHub({ nowMs: AT });
    await takenBack(empty, key.secret);
    await empty.hub.rebuild({ swap: true });
    // Deliveries are no part of an archive, so it knows no delays by parties.
    const shown = async (of: TestHub, path: string) => {
      const { delays: _, ...body } = (await of.read(`/api/v1/${path}`, 'personal')).body;
      return body;
    };
    const paths = [`dossiers/${codeOf(1)}`, `dossiers/${codeOf(2)}/history`, 'dossiers?limit=50', 'payments/TT-0001'];
    for (const path of paths) expect(await shown(empty, path)).toEqual(await shown(hub, path));
    await empty.push(dossier({ code: codeOf(99) }));
    expect((await empty.read(`/api/v1/dossiers/${codeOf(99)}`)).status).toBe(200);
    await empty.close();
  });

  test('is taken back while the hub serves, and an erasure waits for its end', async () => {
    await drop(hub);
    const asked = { person: { identityNumber: '001000000009' } };
    const options = { openToo: false, namesToo: false, tell: () => undefined };
    const order = { who: 'test', why: 'Đơn số 2' };
    // Pushes during the import belong to another month.
    hub.clock.nowMs += 40 * 86_400_000;
    const erased = async () => {
      expect((await hub.push(dossier({ code: codeOf(98), status: 'received' }))).status).toBe(201);
      expect(await hub.hub.personErasure.erase(asked, options, order, undefined)).toEqual({ kind: 'rebuilding' });
    };
    await takenBack(hub, key.secret, { erased });
    expect(await hub.hub.personErasure.erase(asked, options, order, undefined)).toEqual({ kind: 'none' });
  });

  test('leaves the hub alone while a table is in use', async () => {
    await drop(hub);
    const reader = await hub.hub.database.pool.connect();
    await reader.query('BEGIN; SELECT FROM changes');
    const taken = takenBack(hub, key.secret);
    for (let n = 90; n < 94; n++) expect((await hub.push(dossier({ code: codeOf(n) }))).status).toBe(201);
    await reader.query('COMMIT');
    reader.release();
    expect((await taken).rows.changes).toBeGreaterThan(0);
  });

  test('brings nothing back that was erased meanwhile', async () => {
    const asked = { person: { identityNumber: PERSON.identityNumber } };
    const options = { openToo: false, namesToo: false, tell: () => undefined };
    const by = { who: 'test', why: 'Đơn số 1' };
    expect(await hub.hub.personErasure.erase(asked, options, by, undefined)).toMatchObject({ erased: 2 });
    await drop(hub);
    expect((await takenBack(hub, key.secret)).erasedAgain).toBe(2);
    const traces = (await dumpOf(hub.hub.database.pool, vault)).filter(({ text }) => canariesIn(text).length > 0);
    expect(traces).toEqual([]);
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true, found: 0, notCovered: 0 });
  });
});

test('a month that lacks records of an erased dossier comes back without the texts of its steps', async () => {
  const from = join(folder, 'steps');
  const { secret, recipient } = await makeRecoveryKey();
  const hub = await testHub({ nowMs: Date.parse('2025-07-20T08:00:00+07:00') });
  const code = codeOf(1);
  const times = { statusAt: '2025-07-14T09:00:00+07:00', receivedAt: '2025-07-14T09:00:00+07:00' };
  await hub.push(dossier({ code, applicant: PERSON, ...times }));
  hub.clock.nowMs = AT;
  const named = { title: `Mời ${PERSON.name}`, actor: PERSON.name, unit: `Nhà bà ${PERSON.name}` };
  await hub.push(progress({ code, status: 'returned', at: RETURNED.statusAt, ...named }), { what: 'progress' });
  // The next applicant is named in August, the first one is not.
  await hub.push(dossier({ code, ...RETURNED }));
  await archive(hub, from, recipient);
  const options = { openToo: false, namesToo: false, tell: () => undefined };
  await hub.hub.personErasure.erase({ code, kind: undefined }, options, { who: 'test', why: 'Đơn số 1' }, undefined);
  await drop(hub);
  expect((await takenBack(hub, secret, { from })).erasedAgain).toBe(2);
  const { items } = (await hub.read(`/api/v1/dossiers/${code}/history`)).body;
  expect(items).toMatchObject([{}, { status: 'returned', actor: '(đã xóa)' }, {}]);
  expect((await dumpOf(hub.hub.database.pool, vault)).filter(({ text }) => canariesIn(text).length > 0)).toEqual([]);
  await hub.close();
});
