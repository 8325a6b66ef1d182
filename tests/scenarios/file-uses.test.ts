import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import opencps from '../../adapters/opencps-bus/adapter.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { forgetUnused } from '../../src/ledger/files.ts';
import { findCurrentStates } from '../../src/ledger/find-current-states.ts';
import { codeOf, dossier, type TestHub, testHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { envelope, HUB, sendSoap } from '../support/soap.ts';

const SECRET = 'mat-ma-cua-opencps-1';
const DAY = 86_400_000;
const MOST = 400_000;
const POLL = { timeout: 60_000 };

const pdf = (text: string): Buffer => Buffer.from(`%PDF-1.4\n${text}\n%%EOF\n`);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('the files of a party', () => {
  let hub: TestHub;
  const dataDir = mkdtempSync(join(tmpdir(), 'lienthong-files-'));
  beforeAll(async () => {
    hub = await testHub({
      dataDir,
      files: { scan: false, partyBytes: MOST },
      partners: { opencps: { sent: [], script: [], adapter: opencps as Adapter } },
      entries: { opencps: { authoritative: true, settings: { pushKey: 'opencps', pushSecret: SECRET } } },
    });
  });
  afterAll(async () => {
    await hub.close();
    rmSync(dataDir, { recursive: true });
  });

  const pushFile = async (bytes: Buffer | ReadableStream, party = 'one-stop') => {
    const reply = await hub.hub.app.request(`/api/v1/parties/${party}/files`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${party}-secret-of-the-tests` },
      body: bytes as never,
      ...{ duplex: 'half' },
    });
    return { status: reply.status, headers: reply.headers, body: (await reply.json()) as Json };
  };
  const statusOf = async (file: Buffer, keyId = 'personal') =>
    (await hub.request('GET', `/api/v1/files/${sha256(file)}`, keyId)).status;
  const naming = (code: string, file: Buffer, given: object = {}) =>
    dossier({ code, documents: [{ name: 'Đơn', file: `sha256:${sha256(file)}` }], ...given });
  const rows = async (text: string, values: readonly unknown[] = []): Promise<readonly Json[]> =>
    (await hub.hub.database.pool.query(text, [...values])).rows;
  const usesOf = (file: Buffer) => rows('SELECT party, code FROM file_uses WHERE sha256 = $1', [sha256(file)]);
  const bytesOf = async (party: string) =>
    Number((await rows('SELECT bytes FROM party_file_bytes WHERE party = $1', [party]))[0]?.bytes ?? 0);
  /** The files that operators see at a dossier. */
  const filesAt = async (code: string): Promise<readonly string[]> => {
    const [found] = await findCurrentStates(hub.hub.database, code);
    return (found?.files ?? []).map((one) => one.file);
  };
  const aDayLater = async () => {
    hub.clock.nowMs += DAY + 60_000;
    await hub.hub.files?.sweep();
  };
  const erase = (code: string) =>
    hub.hub.personErasure.erase(
      { code, kind: undefined },
      { openToo: true, namesToo: false, tell: () => undefined },
      { who: 'ops', why: 'theo yêu cầu' },
      undefined,
    );
  /** How many statements wait for a lock. */
  const waiting = async () =>
    (await rows(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).length;

  test('a dossier with files reads by SOAP in the elements of the WSDL, and can be pushed again', async () => {
    const code = codeOf(80);
    const file = pdf('by SOAP');
    await pushFile(file);
    const results = [{ name: 'Giấy phép', file: `sha256:${sha256(file)}` }];
    expect(await hub.push(naming(code, file, { results }))).toMatchObject({ status: 201 });
    const read = await sendSoap(hub, envelope(`<h:GetDossier><h:code>${code}</h:code></h:GetDossier>`));
    const [, found = ''] = /<GetDossierResponse[^>]*>(.*)<\/GetDossierResponse>/s.exec(read.text) ?? [];
    expect(found).toContain('<documents><name>Đơn</name></documents><results><name>Giấy phép</name></results>');
    const again = await sendSoap(hub, envelope(`<PushDossiers xmlns="${HUB}">${found}</PushDossiers>`));
    expect(again.fault).toBeUndefined();
  });

  test('a refused item leaves no use: its file goes after a day', async () => {
    const [ofInvalid, ofErased] = [pdf('của hồ sơ sai'), pdf('của hồ sơ đã xóa')];
    for (const file of [ofInvalid, ofErased]) expect((await pushFile(file)).status).toBe(201);
    const strange = { documents: [{ file: `sha256:${sha256(ofInvalid)}` }, { file: `sha256:${sha256(pdf('lạ'))}` }] };
    expect((await hub.push(dossier({ code: codeOf(1), ...strange }))).results).toMatchObject([{ outcome: 'invalid' }]);
    await hub.push(dossier({ code: codeOf(2) }));
    await erase(codeOf(2));
    const again = naming(codeOf(2), ofErased, { status: 'processing', statusAt: '2025-08-12T09:00:00+07:00' });
    expect((await hub.push(again)).results).toMatchObject([{ outcome: 'invalid' }]);
    expect([...(await usesOf(ofInvalid)), ...(await usesOf(ofErased))]).toEqual([]);
    await aDayLater();
    expect([await statusOf(ofInvalid), await statusOf(ofErased)]).toEqual([404, 404]);
  });

  test('the file of an item that waits for an operator stays until it is released', async () => {
    const file = pdf('của hồ sơ chờ');
    const form = { grant_type: 'client_credentials', client_id: 'opencps', client_secret: SECRET };
    const token = await hub.request('POST', '/callbacks/opencps/token', undefined, `${new URLSearchParams(form)}`);
    const { access_token: bearer } = (await token.json()) as { access_token: string };
    const document = {
      ...{ DocTypeCode: '1.004837', DocTypeName: 'Cấp giấy phép', DocCode: codeOf(3), CitizenName: 'Nguyễn Văn An' },
      ...{ ApplicantsId: '001000000001', ApplicantsType: 1, DateReceived: '2025-08-12T08:15:00.000+0700', Status: 77 },
      ...{ OrganInchargeIdLevel1: 'H60.01', OrganInchargeName: 'UBND phường Minh Xuân' },
      Attachments: [{ AttachmentId: 1, Base64: file.toString('base64') }],
    };
    const path = '/callbacks/opencps/Document/SyncDocument';
    await hub.request('POST', path, undefined, document, { Authorization: `Bearer ${bearer}` });
    await aDayLater();
    expect(await statusOf(file)).toBe(200);
    expect(await usesOf(file)).toEqual([{ party: 'opencps', code: codeOf(3) }]);
  });

  test('a file whose use is committed at this moment is not removed', async () => {
    const file = pdf('đúng lúc');
    await pushFile(file);
    hub.clock.nowMs += DAY + 60_000;
    const other = await hub.hub.database.pool.connect();
    try {
      // The commit has locked the file, and waits for the other transaction with the same use.
      await other.query('BEGIN');
      const use = [sha256(file), 'one-stop', codeOf(4)];
      await other.query('INSERT INTO file_uses (sha256, party, code, at) VALUES ($1, $2, $3, now())', use);
      const pushed = hub.push(naming(codeOf(4), file));
      await expect.poll(waiting, POLL).toBe(1);
      await hub.hub.files?.sweep();
      await other.query('ROLLBACK');
      expect((await pushed).status).toBe(201);
    } finally {
      await other.query('ROLLBACK');
      other.release();
    }
    await hub.hub.files?.sweep();
    expect(await statusOf(file)).toBe(200);
    expect(await usesOf(file)).toEqual([{ party: 'one-stop', code: codeOf(4) }]);
  });

  test('a dossier that names a file which is removed at this moment is invalid', async () => {
    const file = pdf('chậm một bước');
    await pushFile(file);
    hub.clock.nowMs += DAY + 60_000;
    const other = await hub.hub.database.pool.connect();
    try {
      // The removal has locked the file, and waits for the sum of its party.
      await other.query('BEGIN');
      await other.query(`SELECT FROM party_file_bytes WHERE party = 'one-stop' FOR UPDATE`);
      const [now, later] = [0, DAY].map((ms) => new Date(hub.clock.nowMs + ms).toISOString()) as [string, string];
      const swept = forgetUnused(hub.hub.database, now, later, 100);
      await expect.poll(waiting, POLL).toBe(1);
      const pushed = hub.push(naming(codeOf(5), file));
      await expect.poll(waiting, POLL).toBe(2);
      await other.query('ROLLBACK');
      expect(await swept).toContainEqual(expect.objectContaining({ sha256: sha256(file) }));
      expect((await pushed).results).toMatchObject([{ outcome: 'invalid', problems: [{ code: 'file-not-pushed' }] }]);
    } finally {
      await other.query('ROLLBACK');
      other.release();
    }
    expect((await hub.read(`/api/v1/dossiers/${codeOf(5)}`)).status).toBe(404);
    expect(await usesOf(file)).toEqual([]);
  });

  test('the erasure of one of two dossiers with a file keeps the file', async () => {
    const file = pdf('hai hồ sơ');
    await pushFile(file);
    for (const n of [6, 7]) {
      const applicant = { name: `Nguyễn Văn ${n}`, identityNumber: `00100000000${n}` };
      expect((await hub.push(naming(codeOf(n), file, { applicant }))).status).toBe(201);
    }
    expect(await erase(codeOf(6))).toMatchObject({ erased: 1 });
    await hub.hub.files?.sweep();
    expect(await statusOf(file, 'one-stop')).toBe(200);
    await erase(codeOf(7));
    await aDayLater();
    expect(await statusOf(file)).toBe(404);
  });

  test('the erasure of a dossier keeps the files of another party’s dossier with the same number', async () => {
    const file = pdf('cùng một số');
    const [own, others, number] = [codeOf(8), codeOf(9), codeOf(10)];
    const of = (n: number) => ({ applicant: { name: `Nguyễn Văn ${n}`, identityNumber: `00100000000${n}` } });
    await hub.push(dossier({ code: own, aliases: [{ party: 'one-stop', code: number }], ...of(8) }));
    const theirs = { aliases: [{ party: 'other', code: number }], ...of(9) };
    await hub.push(dossier({ code: others, ...theirs }), { party: 'other' });
    await pushFile(file, 'other');
    const later = { status: 'processing', statusAt: '2025-08-12T09:00:00+07:00', ...of(9) };
    expect(await hub.push(naming(number, file, later), { party: 'other' })).toMatchObject({ status: 201 });
    expect(await filesAt(own)).toEqual([]);
    expect(await filesAt(others)).toEqual([`sha256:${sha256(file)}`]);
    expect(await erase(own)).toMatchObject({ erased: 1 });
    await aDayLater();
    expect(await usesOf(file)).toEqual([{ party: 'other', code: number }]);
    expect(await statusOf(file)).toBe(200);
    await erase(others);
    await aDayLater();
    expect(await statusOf(file)).toBe(404);
  });

  test('any number of pushes at once stays within the bytes of a party, and its sum is exact', async () => {
    const files = [1, 2, 3, 4, 5, 6].map((n) => pdf(`${n}`.repeat(100_000)));
    const replies = await Promise.all(files.map((file) => pushFile(file, 'other')));
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 201, 201, 413, 413, 413]);
    expect(replies.find(({ status }) => status === 413)?.body.detail).toMatch(/file|bytes/);
    const stored = files.filter((_, at) => replies[at]?.status === 201);
    expect(await bytesOf('other')).toBe(stored.reduce((sum, { length }) => sum + length, 0));
    // A repeat adds nothing, and a file of another party counts for both.
    expect((await pushFile(stored[0] as Buffer, 'other')).status).toBe(200);
    const before = await bytesOf('one-stop');
    await pushFile(stored[0] as Buffer);
    expect((await bytesOf('one-stop')) - before).toBe(stored[0]?.length);
    const objects = readdirSync(join(dataDir, 'files'), { recursive: true, withFileTypes: true });
    const names = objects.filter((one) => one.isFile()).map(({ name }) => name.slice(0, 64));
    expect(files.filter((file) => names.includes(sha256(file)))).toEqual(stored);
    await aDayLater();
    expect(await bytesOf('other')).toBe(0);
    expect((await pushFile(files[5] as Buffer, 'other')).status).toBe(201);
  });

  test('a party whose files take all of its bytes may repeat each of them, and push no other', async () => {
    const last = pdf('z'.repeat(MOST - (await bytesOf('other')) - pdf('').length));
    expect((await pushFile(last, 'other')).status).toBe(201);
    expect(await bytesOf('other')).toBe(MOST);
    const another = pdf('một tệp khác');
    await pushFile(another);
    expect((await pushFile(last, 'other')).status).toBe(200);
    expect((await pushFile(another, 'other')).body).toMatchObject({ status: 413, code: 'file-quota' });
    expect(await bytesOf('other')).toBe(MOST);
    await aDayLater();
  });

  test('one upload more than a key may send at once is refused, and succeeds after another has ended', async () => {
    const ends: (() => void)[] = [];
    const slow = (n: number) =>
      new ReadableStream({
        start(controller) {
          controller.enqueue(pdf(`chậm ${n}`));
          ends.push(() => controller.close());
        },
      });
    const uploads = Array.from({ length: 8 }, (_, n) => pushFile(slow(n)));
    const refused = await pushFile(pdf('thứ chín'));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '30']);
    expect((await pushFile(pdf('của bên khác'), 'other')).status).toBe(201);
    for (const end of ends) end();
    expect((await Promise.all(uploads)).map(({ status }) => status)).toEqual(Array(8).fill(201));
    expect((await pushFile(pdf('thứ chín'))).status).toBe(201);
  });
});
