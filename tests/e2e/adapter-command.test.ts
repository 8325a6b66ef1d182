import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { agricultureAt } from '../../adapters/rest-ministry/simulator/connect.ts';
import { transportAt } from '../../adapters/soap-ministry/simulator/connect.ts';
import { ministriesSimulator } from '../../adapters/soap-ministry/simulator.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { call, soapClient } from '../../src/play/clients/soap-client.ts';
import { type TestCertificate, testCertificate } from '../support/certificate.ts';
import { lienthongHere, type Ran } from '../support/lienthong.ts';

const CODE = 'G09.20-250812-0001';

let folder: string;
let ministry: Simulator;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lienthong-adapter-'));
  ministry = await startSimulator(ministriesSimulator({ stepMs: 1_000_000 }));
  const { signal } = new AbortController();
  const client = await soapClient(`${ministry.url}/HoSoWS?wsdl`, { signal, version: '1.2' });
  const nguoiNop = { hoTen: 'Nguyễn Văn An', cccd: '001099000001' };
  const hoSo = {
    maHoSo: CODE,
    maThuTuc: '1.001994',
    maCoQuan: 'G09.20',
    thoiDiemCapNhat: '2025-08-12T08:00:00Z',
    nguoiNop,
  };
  await call(client, 'nopHoSo', { hoSo }, signal);
});
afterEach(async () => {
  await ministry.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('lienthong adapter', () => {
  test('check certifies every guarantee of an adapter, with its version', async () => {
    expect(await run('check', 'nobody')).toMatchObject({ code: 2, errors: expect.stringContaining('expected one of') });
    const { code, out } = await run('check', 'payment-platform', '--json');
    const { counts, guarantees, ...head } = JSON.parse(out);
    expect(head).toMatchObject({ adapter: 'payment-platform', kit: '1', version: expect.stringMatching(/^\d/) });
    expect([code, counts.failed, counts.passed > 10]).toEqual([0, 0, true]);
    expect(guarantees).toContainEqual({
      of: 'the folder',
      guarantee: 'its simulator starts, and ends',
      state: 'passed',
    });
  }, 240_000);

  test('inspect prints ports, operations and shapes of a WSDL at an address', async () => {
    const { code, out } = await run('inspect', `${ministry.url}/HoSoWS?wsdl`);
    expect(code).toBe(0);
    expect(out).toContain(`port HoSoWSPort (SOAP 1.2) at ${ministry.url}/HoSoWS`);
    expect(out).toMatch(/xemHoSo\n {4}asks\n {6}maHoSo {2}xs:string\n {4}answers\n {6}return\n/);
  });

  test('try shows what the hub would store, applicants masked, and writes nothing', async () => {
    configure({});
    const { code, out } = await run('try', 'transport', 'dossiers');
    expect(out).toContain(`"code":"${CODE}"`);
    expect([out.includes('Nguyễn Văn An'), out.includes('001099000001')]).toEqual([false, false]);
    expect(out).toContain('1 records, 0 invalid, 0 would wait');
    expect([code, ministry.ledger.count()]).toEqual([0, 0]);
  });

  test('try reports codes that no table maps, and ends with 1', async () => {
    configure({ codes: { status: { HOAN_THANH: 'resolved' }, 'status-sent': {} } });
    const { code, out } = await run('try', 'transport', 'progress');
    expect(out).toContain('waits (1): no transport-status is known for "TIEP_NHAN"');
    expect(code).toBe(1);
  });

  test('try connects by the tls settings of the party, as the hub does', async () => {
    const own = testCertificate('localhost');
    const proxy = await withTls(own);
    const url = `https://localhost:${(proxy.address() as AddressInfo).port}`;
    configure({}, { tls: { ca: own.certificate } }, url);
    const ran = await run('try', 'transport', 'dossiers');
    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining(CODE) });
    configure({}, {}, url);
    expect((await run('try', 'transport', 'dossiers')).out).toContain('certificate');
    proxy.close();
  });

  test('try names configured members that no record has', async () => {
    configure({});
    const { code, out } = await run('try', 'transport', 'dossiers');
    expect(out).toMatch(/^no record has: .*dueAt \(ngayHenTra\)/m);
    expect(code).toBe(0);
  });

  test('try push shows the request for a dossier, without secrets, and sends nothing', async () => {
    configure({});
    const dossier = { code: 'G09.20-250812-0002', serviceCode: '1.001994', agencyCode: 'G09.20', status: 'received' };
    writeFileSync(join(folder, 'ho-so.json'), JSON.stringify({ ...dossier, statusAt: '2025-08-12T08:00:00+07:00' }));
    const { code, out } = await run('try', 'transport', 'push', join(folder, 'ho-so.json'));
    expect(out).toContain('G09.20-250812-0002');
    expect(out).toMatch(/^POST http.*\/HoSoWS\n[\s\S]*TIEP_NHAN[\s\S]*\nnothing was sent$/m);
    expect(out).not.toContain(transportAt(ministry.url).security.password);
    expect(code).toBe(0);
    expect(await ledgerOf(ministry)).not.toContain('G09.20-250812-0002');
    writeFileSync(join(folder, 'ho-so.json'), JSON.stringify(dossier));
    expect(await run('try', 'transport', 'push', join(folder, 'ho-so.json'))).toMatchObject({
      code: 2,
      errors: expect.stringContaining('/statusAt'),
    });
  });

  test('try reads replies in files instead of calling the partner, logs in nowhere, and masks', async () => {
    const settings = { ...agricultureAt('http://127.0.0.1:9'), session: undefined };
    writeFileSync(
      join(folder, 'hub.json'),
      JSON.stringify({ parties: { nn: { adapter: 'rest-ministry', settings } } }),
    );
    const file = (name: string, text: string | Buffer): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const row = (code: string) => ({ code, status: 'DONE', statusAt: '2025-08-12T08:00:00+07:00' });
    const items = [row('H60.08-250812-0001'), row('H60.08-250812-0002')];
    const list = file('list.json', JSON.stringify({ items, next: null }));
    const dossier = { procedure: { code: '1.003618' }, agency: 'H60.08', status: 'DONE', statusAt: items[0]?.statusAt };
    const detail = JSON.stringify({ dossier: { ...dossier, applicant: { name: 'Nguyễn Văn An' } } });
    const head = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/2 200\r\ncontent-type: application/json; charset=utf-16le\r\n\r\n';
    const whole = file('detail.http', Buffer.concat([Buffer.from(head), Buffer.from(detail, 'utf16le')]));
    const { code, out } = await run('try', 'nn', 'dossiers', list, whole);
    expect(out).toContain('2 records, 0 invalid, 0 would wait');
    expect([code, out.includes('H60.08-250812-0002'), out.includes('Nguyễn Văn An')]).toEqual([0, true, false]);
    const lacking = await run('try', 'nn', 'dossiers', list);
    expect(lacking).toMatchObject({
      code: 2,
      errors: expect.stringContaining('to GET http://127.0.0.1:9/api/v2/dossiers/'),
    });
    const refused = await run(
      'try',
      'nn',
      'dossiers',
      file('refused.http', 'HTTP/1.1 403 Forbidden\n\n{"detail":"sai khóa"}'),
    );
    expect(refused).toMatchObject({ code: 1, out: expect.stringContaining('sai khóa') });
    const pages = { ...settings, pull: { dossiers: { ...settings.pull.dossiers, detail: undefined } } };
    const fields = {
      ...settings.pull.dossiers.fields,
      serviceCode: { value: '1.003618' },
      agencyCode: { value: 'H60.08' },
    };
    Object.assign(pages.pull.dossiers, { fields });
    writeFileSync(
      join(folder, 'hub.json'),
      JSON.stringify({ parties: { nn: { adapter: 'rest-ministry', settings: pages } } }),
    );
    const many = Array.from({ length: 70 }, (_, at) => row(`H60.08-250812-${1000 + at}`));
    const first = await run('try', 'nn', 'dossiers', file('page.json', JSON.stringify({ items: many, next: 'b' })));
    expect(first).toMatchObject({
      code: 0,
      out: expect.stringContaining('70 records, 0 invalid, 0 would wait; there is more'),
    });
  });

  test('try masks askers too, and people of items that would wait', async () => {
    const at = { adapterUrl: 'http://127.0.0.1:9', sharePath: '/mapi/share' };
    const settings = { ...at, username: 'sim', password: 'mat-khau', dstcode: 'VN:GOV:x', madonvi: 'H60' };
    writeFileSync(
      join(folder, 'hub.json'),
      JSON.stringify({ parties: { portal: { adapter: 'national-portal', settings } } }),
    );
    const asker = { HOVATEN: 'Nguyễn Văn An', SODIENTHOAI: '0900000001', DIACHI: 'Tổ 1', THUDIENTU: 'an@example.test' };
    const place = { TENDONVI: 'Sở thử nghiệm', MADONVI: 'H60.01', MALINHVUC: 'G03-GD10' };
    const asked = { ...place, HOIDAPID: 4711, NOIDUNG: 'Bao giờ có kết quả?', NOIDUNGTRALOI: '', TRALOIID: 0 };
    const doubtful = { ...asked, ...asker, HOIDAPID: 4712, NOIDUNG: 'Tráº£ káº?t quáº£' };
    const list = join(folder, 'list.json');
    writeFileSync(list, JSON.stringify({ error_code: 0, result: [{ ...asked, ...asker }, doubtful] }));
    for (const more of [[], ['--json']]) {
      const { out } = await run('try', 'portal', 'questions', list, ...more);
      expect([out.includes('4711'), out.includes('4712')]).toEqual([true, more.length > 0]);
      expect(Object.values(asker).filter((value) => out.includes(value))).toEqual([]);
    }
    expect((await run('try', 'portal', 'questions', list, '--personal')).out).toContain(asker.HOVATEN);
  });

  test('try masks other texts that name the applicant, and values that problems quote', async () => {
    const fields = {
      code: 'id',
      serviceCode: { value: '1.003618' },
      agencyCode: { value: 'H60.08' },
      status: { value: 'received' },
      statusAt: 'changed',
      abstract: 'about',
      'applicant.name': 'who',
    };
    const page = { size: 100, total: 'count' };
    const dossiers = { operation: 'GET dossiers', request: {}, records: 'items', page, fields };
    const settings = { system: 'culture', baseUrl: 'http://127.0.0.1:9', pull: { dossiers } };
    const parties = { culture: { adapter: 'rest-ministry', settings } };
    writeFileSync(join(folder, 'hub.json'), JSON.stringify({ parties }));
    const row = { id: 'H60.08-250812-0001', changed: '2025-08-12T08:00:00+07:00', who: 'Nguyễn Văn An' };
    const about = 'Hồ sơ của ông Nguyễn Văn An';
    const wrong = { ...row, id: 'H60.08-250812-0002', changed: 'Trần Thị Bình' };
    const list = join(folder, 'list.json');
    writeFileSync(list, JSON.stringify({ items: [{ ...row, about }, wrong], count: 2 }));
    const { out } = await run('try', 'culture', 'dossiers', list, '--json');
    expect(JSON.parse(out)).toMatchObject({ items: [{ record: { code: row.id } }, { kind: 'invalid' }] });
    expect([row.who, wrong.changed].filter((name) => out.includes(name))).toEqual([]);
    expect((await run('try', 'culture', 'dossiers', list, '--json', '--personal')).out).toContain(about);
  });

  test('try says in words why a list may be incomplete', async () => {
    const dossiers = {
      operation: 'GET dossiers',
      request: { page: 'page' },
      records: 'items',
      period: { startAt: '2025-01-01T00:00:00+07:00' },
      page: { size: 100, total: 'count' },
      fields: {
        code: 'id',
        serviceCode: 'procedure',
        agencyCode: { value: 'G16' },
        status: { from: 'state', codes: 'status' },
        statusAt: { from: 'changed', date: 'instant' },
      },
    };
    const settings = {
      system: 'culture',
      baseUrl: 'http://127.0.0.1:9',
      codes: { status: { NEW: 'received' } },
      pull: { dossiers },
    };
    const parties = { culture: { adapter: 'rest-ministry', settings } };
    writeFileSync(join(folder, 'hub.json'), JSON.stringify({ parties }));
    const list = join(folder, 'list.json');
    const row = { id: 'G16-250812-0001', procedure: '1.003618', state: 'NEW', changed: '2025-08-12T08:00:00+07:00' };
    writeFileSync(list, JSON.stringify({ items: [row], count: 5 }));
    const lacking = 'it announces 5 records, and its pages had 1';
    const twice = ['try', 'culture', 'dossiers', list, list, '--all'];
    const { code, out, errors } = await run(...twice);
    expect([code, out, errors]).toEqual([1, expect.stringContaining(`perhaps incomplete: ${lacking}`), '']);
    expect(JSON.parse((await run(...twice, '--json')).out)).toMatchObject({ lacks: lacking });
  });

  test('wrong usage is explained, with 2', async () => {
    configure({});
    expect(await run('try', 'nobody', 'dossiers')).toMatchObject({ code: 2 });
    expect(await run('try', 'transport', 'catalogue')).toMatchObject({ code: 2 });
    expect(await run('try', 'transport', 'push')).toMatchObject({ code: 2 });
    const noReply = await run('try', 'transport', 'dossiers', join(folder, 'nothing.http'));
    expect(noReply).toMatchObject({ code: 2, errors: expect.stringContaining('expected the path of a reply') });
    expect(await run('inspect', 'ftp://127.0.0.1/x.wsdl')).toMatchObject({ code: 2 });
  });
});

/** A proxy that ends TLS in front of the ministry. */
async function withTls({ key, certificate }: TestCertificate): Promise<Server> {
  const proxy = createServer({ key, cert: certificate }, (incoming, response) => {
    const { url, method, headers } = incoming;
    const forwarded = request(`${ministry.url}${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(forwarded);
  });
  await once(proxy.listen(0, 'localhost'), 'listening');
  return proxy;
}

async function ledgerOf({ url }: Simulator): Promise<string> {
  return (await fetch(`${url}/__simulator/ledger`)).text();
}

function configure(over: object, more: object = {}, url = ministry.url): void {
  const settings = { ...transportAt(url), ...over };
  writeFileSync(
    join(folder, 'hub.json'),
    JSON.stringify({ parties: { transport: { adapter: 'soap-ministry', settings, ...more } } }),
  );
}

function run(...args: readonly string[]): Promise<Ran> {
  const secret = { HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough' };
  const env = { ...secret, HUB_CONFIG: join(folder, 'hub.json'), HUB_DATA_DIR: folder };
  return lienthongHere(['adapter', ...args], env, process.cwd());
}
