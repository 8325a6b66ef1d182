import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import opencps from '../../adapters/opencps-bus/adapter.ts';
import simulator, { SIMULATOR_CLIENT } from '../../adapters/opencps-bus/simulator.ts';
import restMinistry from '../../adapters/rest-ministry/adapter.ts';
import { checkFiles } from '../../src/cli/doctor/check-files.ts';
import type { Config } from '../../src/config/config.ts';
import { openDatabase } from '../../src/database/pool.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import type { Vault } from '../../src/secrets/vault.ts';
import { EICAR, startClamd } from '../support/clamd.ts';
import { dossier, type TestHub, testHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { officerAt } from '../support/officer.ts';

const SECRET = 'mat-ma-cua-opencps-1';
const CODE = 'H60.01-250812-0035';
const DAY = 86_400_000;
const OPTIONS = { openToo: true, namesToo: false, tell: () => undefined };
const MAX_BYTES = 3_000_000;

const pdf = (text: string): Buffer => Buffer.from(`%PDF-1.4\n${text}\n%%EOF\n`);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A ministry that answers each push with its code. */
async function startMinistry() {
  const bodies: string[] = [];
  const server = createServer(async (request, reply) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    bodies.push(body);
    reply.setHeader('Content-Type', 'application/json').end(JSON.stringify({ ma: '0' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  return { url: `http://127.0.0.1:${port}`, bodies, close };
}

/** A ministry that takes a form with files, read by the platform's own parser. */
async function startFormMinistry() {
  const forms: FormData[] = [];
  const server = createServer(async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const headers = { 'Content-Type': request.headers['content-type'] ?? '' };
    if (Number(request.headers['content-length']) === body.length)
      forms.push(await new Response(body, { headers }).formData());
    reply.setHeader('Content-Type', 'application/json').end(JSON.stringify({ ma: '0' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  return { url: `http://127.0.0.1:${port}`, forms, close };
}

const formSettings = (baseUrl: string) => ({
  system: 'forms',
  baseUrl,
  answer: { code: 'ma', ok: ['0'] },
  push: {
    dossiers: {
      operation: 'POST HoSo',
      body: 'multipart',
      request: {
        MaHoSo: 'code',
        'tệp "gốc"': { each: 'record.documents', from: 'file', as: 'file' },
      },
    },
  },
});

const ministrySettings = (baseUrl: string) => ({
  system: 'health',
  baseUrl,
  answer: { code: 'ma', ok: ['0'] },
  push: {
    dossiers: {
      operation: 'POST HoSo',
      request: {
        MaHoSo: 'code',
        TaiLieu: { each: 'record.documents', fields: { Ten: 'name', NoiDung: { from: 'file', as: 'base64' } } },
      },
    },
  },
});

const OPS = 'ops-secret-of-the-files-tests';

/** How an open file takes bytes. */
interface Disk {
  write(bytes: Uint8Array): Promise<unknown>;
  writev(buffers: readonly Uint8Array[]): Promise<unknown>;
}

describe('files', () => {
  let hub: TestHub;
  let bus: Simulator;
  let ministry: Awaited<ReturnType<typeof startMinistry>>;
  let formMinistry: Awaited<ReturnType<typeof startFormMinistry>>;
  let clamd: Awaited<ReturnType<typeof startClamd>>;
  const dataDir = mkdtempSync(join(tmpdir(), 'lienthong-files-'));
  beforeAll(async () => {
    clamd = await startClamd();
    bus = await startSimulator(simulator);
    ministry = await startMinistry();
    formMinistry = await startFormMinistry();
    const partner = { sent: [], script: [], adapter: opencps as Adapter };
    hub = await testHub({
      dataDir,
      files: { scan: clamd.url, maxBytes: MAX_BYTES },
      keys: [{ id: 'ops', secret: OPS, scopes: ['ops:read'] }],
      partners: {
        opencps: partner,
        lgsp: partner,
        health: { ...partner, adapter: restMinistry as Adapter },
        forms: { ...partner, adapter: restMinistry as Adapter },
      },
      entries: {
        opencps: { authoritative: true, settings: { pushKey: 'opencps', pushSecret: SECRET } },
        lgsp: { settings: { baseUrl: bus.url, tokenUrl: `${bus.url}/token`, ...SIMULATOR_CLIENT, timeoutS: 5 } },
        health: { settings: ministrySettings(ministry.url) },
        forms: { settings: formSettings(formMinistry.url) },
      },
      routes: ['opencps', 'one-stop'].map((from) => ({
        from,
        operation: 'dossier.upsert.v1',
        to: ['lgsp', 'health', 'forms'],
      })),
    });
  });
  afterAll(async () => {
    await hub.close();
    await Promise.all([bus.close(), clamd.close(), ministry.close(), formMinistry.close()]);
    rmSync(dataDir, { recursive: true });
  });

  const pushFile = async (bytes: Buffer, headers: Record<string, string> = {}, party = 'one-stop') => {
    const reply = await hub.request('POST', `/api/v1/parties/${party}/files`, party, bytes, headers);
    return { status: reply.status, body: (await reply.json()) as Json };
  };
  const readFile = (path: string, keyId?: string) => hub.request('GET', `/api/v1/files/${path}`, keyId);
  const objects = (): readonly string[] =>
    readdirSync(join(dataDir, 'files'), { recursive: true, withFileTypes: true }).flatMap((one) =>
      one.isFile() ? [join(one.parentPath, one.name)] : [],
    );
  const sweep = () => hub.hub.files?.sweep();

  test('a pushed file is stored once, sealed, and comes back as it was', async () => {
    const file = pdf('Đơn đề nghị '.repeat(20_000));
    const first = await pushFile(file);
    expect(first).toEqual({
      status: 201,
      body: { file: `sha256:${sha256(file)}`, bytes: file.length, mediaType: 'application/pdf', scan: 'clean' },
    });
    expect((await pushFile(file)).status).toBe(200);
    const stored = objects();
    expect(stored).toHaveLength(1);
    const [path = ''] = stored;
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path).includes('%PDF-1.4')).toBe(false);
    const reply = await readFile(sha256(file), 'one-stop');
    expect(Buffer.from(await reply.arrayBuffer()).equals(file)).toBe(true);
    expect(reply.headers.get('content-disposition')).toMatch(/^attachment/);
  });

  test('a file whose bytes a restore has left out is a warning of doctor, and whole after another push', async () => {
    const file = pdf('Tệp mất nội dung '.repeat(100));
    await pushFile(file);
    const [path = '', ...others] = objects().filter((one) => one.includes(sha256(file)));
    expect(others).toEqual([]);
    const database = openDatabase(hub.databaseUrl);
    const doctor = async () =>
      (await checkFiles({ file: { files: { scan: clamd.url } }, dataDir } as unknown as Config, database, {} as Vault))
        .filter(({ level }) => level === 'warn')
        .map(({ found }) => found);
    try {
      expect(await doctor()).toEqual([]);
      rmSync(path);
      expect(await doctor()).toEqual([expect.stringMatching(/^the bytes of 1 of \d+ files are missing/)]);
      expect((await pushFile(file)).status).toBe(200);
      expect(await doctor()).toEqual([]);
    } finally {
      await database.close();
    }
    expect(objects().filter((one) => one.includes(sha256(file)))).toHaveLength(1);
    const reply = await readFile(sha256(file), 'one-stop');
    expect(Buffer.from(await reply.arrayBuffer()).equals(file)).toBe(true);
  });

  test('a disk that takes half of a write cuts off no acknowledged file', async () => {
    const handle = await open('/dev/null');
    const disk = Object.getPrototypeOf(handle) as Disk;
    await handle.close();
    const { write } = disk;
    // As a full disk does: the call succeeds, and says how few bytes it took.
    const half = function (this: Disk, bytes: Uint8Array) {
      return write.call(this, bytes.subarray(0, Math.ceil(bytes.length / 2)));
    };
    const halves = [
      vi.spyOn(disk, 'write').mockImplementation(half),
      vi.spyOn(disk, 'writev').mockImplementation(function (this: Disk, [bytes]) {
        return half.call(this, bytes as Uint8Array);
      }),
    ];
    const file = pdf('Giấy xác nhận');
    const pushed = await pushFile(file).finally(() => halves.forEach((one) => void one.mockRestore()));
    expect(pushed.status).toBe(201);
    const reply = await readFile(sha256(file), 'one-stop');
    expect(Buffer.from(await reply.arrayBuffer()).equals(file)).toBe(true);
  });

  test('while its disk is full a file is refused with the reason and a time to retry, and stored after that', async () => {
    const handle = await open('/dev/null');
    const disk = Object.getPrototypeOf(handle) as Pick<typeof handle, 'appendFile'>;
    await handle.close();
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const filled = vi.spyOn(disk, 'appendFile').mockRejectedValue(full);
    const file = pdf('Giấy phép xây dựng');
    expect(await pushFile(file).finally(() => filled.mockRestore())).toMatchObject({
      status: 503,
      body: {
        code: 'file-store-away',
        detail: 'the store of the files does not answer: ENOSPC: no space left on device; try again later',
      },
    });
    expect((await pushFile(file)).status).toBe(201);
  });

  test("another party's file does not exist for a party, and its dossiers cannot name it", async () => {
    const file = pdf('của một cửa');
    const { file: reference } = (await pushFile(file)).body;
    expect((await readFile(sha256(file), 'other')).status).toBe(404);
    expect((await readFile(sha256(file))).status).toBe(401);
    // The same answer as for a file that nobody has pushed: nothing says that the hub has it.
    expect((await pushFile(file, {}, 'other')).status).toBe(201);
    const strange = pdf('không ai gửi');
    const named = dossier({ documents: [{ name: 'Đơn', file: `sha256:${sha256(strange)}` }] });
    const refused = await hub.push(named);
    expect(refused.results).toMatchObject([{ outcome: 'invalid', problems: [{ path: '/documents/0/file' }] }]);
    expect((await hub.push(dossier({ documents: [{ file: '../../etc/passwd' }] }))).status).toBe(422);
    expect(reference).toBe(`sha256:${sha256(file)}`);
  });

  test.each([
    ['of no known type', Buffer.from([0, 1, 2, 3, 4, 5]), {}, 415],
    ['of a type that is not allowed', Buffer.from('\x7fELF\x02\x01\x01\0'.padEnd(200, '\0')), {}, 415],
    ['with a virus', pdf(EICAR), {}, 422],
    ['without bytes', Buffer.alloc(0), {}, 422],
    ['that is too large', pdf('x'.repeat(MAX_BYTES)), {}, 413],
    // It would hold the boundaries and headers of the form.
    [
      'inside a form',
      Buffer.from('--b\r\n\r\nĐơn\r\n--b--'),
      { 'Content-Type': 'multipart/form-data; boundary=b' },
      415,
    ],
    ['whose digest is in hexadecimal', pdf('x'), { 'Content-Digest': `sha-256=${sha256(pdf('x'))}` }, 400],
    ['other than its digest', pdf('x'), { 'Content-Digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` }, 422],
  ])('a file %s is refused, and nothing of it stays', async (_, bytes, headers, status) => {
    const before = objects();
    expect((await pushFile(bytes, headers)).status).toBe(status);
    expect(objects()).toEqual(before);
  });

  test('a link opens its file for its time, and no other', async () => {
    const [file, other] = [pdf('có địa chỉ'), pdf('không địa chỉ')];
    await pushFile(file);
    await pushFile(other);
    const reply = await hub.request('POST', `/api/v1/files/${sha256(file)}/links`, 'one-stop');
    const { url } = (await reply.json()) as { url: string };
    const open = async (path: string) => (await hub.request('GET', path)).status;
    expect(await open(url)).toBe(200);
    expect(await open(url.replace(sha256(file), sha256(other)))).toBe(404);
    expect(await open(url.replace(/expires=(\d)/, 'expires=9$1'))).toBe(404);
    expect(await open(`${url}x`)).toBe(404);
    expect(await open(url.replace(/signature=[^&]+/, 'signature='))).toBe(404);
    hub.clock.nowMs += 16 * 60_000;
    expect(await open(url)).toBe(410);
    const { rows } = await hub.hub.database.pool.query(
      `SELECT actor, action FROM audit WHERE subject = 'file ${sha256(file)}' ORDER BY position`,
    );
    expect(rows).toEqual(['file.link', 'file.read'].map((action) => ({ actor: 'one-stop', action })));
  });

  test('HEAD, and a read that cannot be audited, leave no file open', async () => {
    const file = pdf('x'.repeat(1_000_000));
    await pushFile(file);
    const ofFiles = () =>
      readdirSync('/proc/self/fd').filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith(join(dataDir, 'files'));
        } catch {
          return false;
        }
      });
    for (let n = 0; n < 50; n++) {
      const head = await hub.request('HEAD', `/api/v1/files/${sha256(file)}`, 'one-stop');
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(file.length)]);
    }
    expect(ofFiles()).toEqual([]);
    const { pool } = hub.hub.database;
    const audited = await pool.query(`SELECT FROM audit WHERE subject = 'file ${sha256(file)}'`);
    expect(audited.rows).toEqual([]);
    await pool.query('ALTER TABLE audit RENAME TO audit_away');
    expect((await readFile(sha256(file), 'one-stop')).status).toBe(500);
    await pool.query('ALTER TABLE audit_away RENAME TO audit');
    await expect.poll(ofFiles).toEqual([]);
    const reply = await readFile(sha256(file), 'one-stop');
    await reply.body?.cancel();
    await expect.poll(ofFiles).toEqual([]);
  });

  test('a file above the limit of the scanner keeps no other from a scan, and says what is missing', async () => {
    const [large, small] = [pdf('x'.repeat(60_000)), pdf('nhỏ hơn')];
    clamd.limits.most = 10;
    for (const file of [large, small]) expect((await pushFile(file)).body.scan).toBe('unscanned');
    clamd.limits.most = 50_000;
    await expect(sweep()).rejects.toThrow(`sha256:${sha256(large)} of ${large.length} bytes: expected a limit above`);
    const scanOf = async (file: Buffer) => (await pushFile(file)).body.scan;
    expect(await scanOf(small)).toBe('clean');
    // It waits an hour for the next try.
    await sweep();
    clamd.limits.most = Number.POSITIVE_INFINITY;
    hub.clock.nowMs += 3_600_000;
    await sweep();
    expect(await scanOf(large)).toBe('clean');
  });

  test('a file that no dossier names goes after a day, and one of a dossier stays until the erasure', async () => {
    const [named, unnamed] = [pdf('có hồ sơ'), pdf('không hồ sơ')];
    const { file } = (await pushFile(named)).body;
    await pushFile(unnamed);
    const code = 'H60.01-250812-0077';
    expect((await hub.push(dossier({ code, documents: [{ name: 'Đơn', file }] }))).status).toBe(201);
    hub.clock.nowMs += DAY + 60_000;
    await sweep();
    expect((await readFile(sha256(unnamed), 'one-stop')).status).toBe(404);
    expect((await readFile(sha256(named), 'one-stop')).status).toBe(200);
    expect((await hub.read(`/api/v1/dossiers/${code}`)).body.documents).toEqual([{ name: 'Đơn' }]);
    expect((await hub.read(`/api/v1/dossiers/${code}`, 'personal')).body.documents).toEqual([{ name: 'Đơn', file }]);
    const by = { who: 'ops', why: 'theo yêu cầu' };
    const erased = await hub.hub.personErasure.erase({ code, kind: undefined }, OPTIONS, by, undefined);
    expect(erased).toMatchObject({ kind: 'erased', erased: 1 });
    await sweep();
    expect((await readFile(sha256(named), 'personal')).status).toBe(404);
    expect(objects().filter((path) => path.includes(sha256(named)))).toEqual([]);
  });

  describe('of OpenCPS', () => {
    const document = (attachments: readonly object[], given: object = {}) => ({
      ...{ DocTypeCode: '1.004837', DocTypeName: 'Cấp giấy phép', DocCode: CODE, CitizenName: 'Nguyễn Văn An' },
      ...{ ApplicantsId: '001000000001', ApplicantsType: 1, DateReceived: '2025-08-12T08:15:00.000+0700', Status: 1 },
      ...{ OrganInchargeIdLevel1: 'H60.01', OrganInchargeName: 'UBND phường Minh Xuân', Attachments: attachments },
      ...given,
    });
    const post = async (body: object | string) => {
      const form = { grant_type: 'client_credentials', client_id: 'opencps', client_secret: SECRET };
      const token = await hub.request('POST', '/callbacks/opencps/token', undefined, `${new URLSearchParams(form)}`);
      const { access_token: bearer } = (await token.json()) as { access_token: string };
      const path = '/callbacks/opencps/Document/SyncDocument';
      const reply = await hub.request('POST', path, undefined, body, { Authorization: `Bearer ${bearer}` });
      return { status: reply.status, body: (await reply.json()) as Json };
    };

    test('a file of an attachment goes to the store, and to the next bus byte for byte', async () => {
      const [large, small] = [pdf('Tệp lớn '.repeat(150_000)), pdf('Tệp nhỏ')];
      const attachments = [
        { AttachmentId: 1, AttachmentName: 'lon.pdf', IsDeleted: false, Base64: large.toString('base64') },
        { AttachmentId: 2, AttachmentName: 'trong.pdf', IsDeleted: false, Base64: '' },
        { AttachmentId: 3, AttachmentName: 'nho.pdf', IsDeleted: false, Base64: small.toString('base64') },
      ];
      // As PHP writes it: the slashes of base64 are escaped.
      const text = JSON.stringify(document(attachments)).replaceAll('/', '\\/');
      expect(await post(text)).toEqual({ status: 200, body: { Status: 200, Message: 'OK' } });
      const { rows } = await hub.hub.database.pool.query(
        `SELECT max(body_bytes) AS bytes FROM messages WHERE party = 'opencps'`,
      );
      expect(rows[0].bytes).toBeLessThan(2_000);
      await hub.deliver();
      const sent = bus.ledger.entries().find(({ key }) => key === CODE) as Json;
      const received = sent.content.Attachments as readonly { Base64?: string }[];
      expect(received.map(({ Base64 }) => Base64 && sha256(Buffer.from(Base64, 'base64')))).toEqual([
        sha256(large),
        undefined,
        sha256(small),
      ]);
    });

    test('a refused file is named by its place, and nothing of its dossier is stored', async () => {
      const code = 'H60.01-250812-0036';
      const at = (Base64: string) => [
        { AttachmentId: 1, Base64: pdf('tốt').toString('base64') },
        { AttachmentId: 2, Base64 },
      ];
      for (const [base64, status] of [
        [pdf(EICAR).toString('base64'), 422],
        ['không phải base64', 422],
        [Buffer.from([0, 1, 2]).toString('base64'), 415],
      ] as const) {
        const reply = await post(document(at(base64), { DocCode: code }));
        expect([reply.status, reply.body.Message]).toEqual([status, expect.stringContaining('/Attachments/1/Base64')]);
      }
      expect((await hub.read(`/api/v1/dossiers/${code}`)).status).toBe(404);
    });

    test('a body that is cut off within a file is refused', async () => {
      const text = JSON.stringify(document([{ AttachmentId: 1, Base64: pdf('cắt').toString('base64') }]));
      expect((await post(text.slice(0, text.indexOf('Base64') + 14))).status).toBe(422);
    });

    test('without a token nothing is stored', async () => {
      const before = objects();
      const body = document([{ AttachmentId: 1, Base64: pdf('lạ').toString('base64') }]);
      const reply = await hub.request('POST', '/callbacks/opencps/Document/SyncDocument', undefined, body);
      expect(reply.status).toBe(401);
      expect(objects()).toEqual(before);
    });
  });

  test('a ministry by settings gets the base64 of each document', async () => {
    const [first, second] = [pdf('thứ nhất'), Buffer.from('Thứ hai')];
    const references = [first, second].map((file) => `sha256:${sha256(file)}`);
    for (const file of [first, second]) await pushFile(file);
    const code = 'H60.01-250812-0088';
    const documents = references.map((file, at) => ({ name: `Giấy tờ ${at}`, file }));
    await hub.push(dossier({ code, documents: [...documents, { name: 'Không có tệp' }] }));
    await hub.deliver();
    expect(JSON.parse(ministry.bodies.find((body) => body.includes(code)) ?? '{}')).toEqual({
      MaHoSo: code,
      TaiLieu: [
        { Ten: 'Giấy tờ 0', NoiDung: first.toString('base64') },
        { Ten: 'Giấy tờ 1', NoiDung: second.toString('base64') },
        { Ten: 'Không có tệp' },
      ],
    });
  });

  test('a ministry by settings gets a form with the bytes of each document', async () => {
    const [first, second] = [pdf('của biểu mẫu '.repeat(20_000)), Buffer.from('Thứ hai của biểu mẫu')];
    for (const file of [first, second]) await pushFile(file);
    const code = 'H60.01-250812-0089';
    const documents = [first, second].map((file, at) => ({ name: `Giấy tờ ${at}`, file: `sha256:${sha256(file)}` }));
    await hub.push(dossier({ code, documents: [...documents, { name: 'Không có tệp' }] }));
    await hub.deliver();
    const form = formMinistry.forms.find((one) => one.get('MaHoSo') === code);
    const files = (form?.getAll('tệp "gốc"') ?? []) as unknown as File[];
    const received = await Promise.all(
      files.map(async (file) => [file.type, file.name, sha256(Buffer.from(await file.arrayBuffer()))]),
    );
    expect(received).toEqual([
      ['application/pdf', `${sha256(first).slice(-16)}.pdf`, sha256(first)],
      ['text/plain', `${sha256(second).slice(-16)}.txt`, sha256(second)],
    ]);
  });

  test('the operators see the files of a dossier, without their names', async () => {
    const reply = await hub.request('GET', '/api/v1/ops/dossiers/H60.01-250812-0088', undefined, undefined, {
      Authorization: `Bearer ${OPS}`,
    });
    const [state] = ((await reply.json()) as Json).items;
    expect(state.files).toHaveLength(2);
    expect(state.files).toContainEqual({
      file: `sha256:${sha256(Buffer.from('Thứ hai'))}`,
      ...{ bytes: 9, mediaType: 'text/plain', scan: 'clean', party: 'one-stop' },
    });
    const officer = officerAt(hub);
    await officer.signIn('ops', OPS);
    const { text } = await officer.get('/console/dossiers?code=H60.01-250812-0088');
    const list = /<h2>Tệp đính kèm<\/h2>([\s\S]*?)<\/table>/.exec(text)?.[1] ?? '';
    for (const shown of ['>văn bản thuần<', '>PDF<', 'đã quét, an toàn']) expect(list).toContain(shown);
    expect(list).not.toContain('Giấy tờ 0');
  });

  test('a stored file whose virus the scanner knows at a later push is given out no more', async () => {
    clamd.limits.knows = false;
    const file = pdf(`mới ${EICAR}`);
    expect((await pushFile(file)).body.scan).toBe('clean');
    expect((await readFile(sha256(file), 'one-stop')).status).toBe(200);
    clamd.limits.knows = true;
    expect((await pushFile(file)).status).toBe(422);
    expect((await readFile(sha256(file), 'one-stop')).status).not.toBe(200);
  });

  test('a file that no scanner has seen waits, and its dossier with it', async () => {
    const code = 'H60.01-250812-0099';
    await clamd.close();
    const file = pdf('chưa quét');
    const pushed = await pushFile(file);
    expect(pushed.body.scan).toBe('unscanned');
    await hub.push(dossier({ code, documents: [{ name: 'Đơn', file: pushed.body.file }] }));
    await hub.deliver();
    const sent = () => bus.ledger.entries().filter(({ key }) => key === code);
    expect(sent()).toEqual([]);
    expect((await readFile(sha256(file), 'one-stop')).status).toBe(503);
  });
});
