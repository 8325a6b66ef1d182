import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Outgoing, Page } from '#kit';
import { testConnection, type WireRecord } from '#kit/testing';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import adapter from './adapter.ts';
import type { Settings } from './settings.ts';
import { healthAt } from './simulator/connect.ts';

const RECORD: Dossier = {
  code: 'H60.01-250812-0035',
  serviceCode: '1.003618',
  agencyCode: 'H60.01',
  status: 'received',
  statusAt: '2025-08-12T08:15:00+07:00',
};
const OK = '{"error_code":"0","data":{"SoTiepNhan":"YT-1"}}';

interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
interface Said {
  readonly status?: number;
  readonly type?: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

const open: (Server | { close(): unknown })[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/** A ministry that answers so, and what it was asked. */
async function started(answer: (asked: Asked) => Said, change: (settings: Settings) => Settings = (same) => same) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const one = { path: request.url ?? '', headers: request.headers, body };
    asked.push(one);
    const { status = 200, type = 'application/json', body: said, headers } = answer(one);
    response.writeHead(status, { 'content-type': type, ...headers }).end(said);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const settings = change(healthAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`) as Settings);
  const wires: WireRecord[] = [];
  let nowMs = Date.parse('2025-08-12T09:00:00+07:00');
  const connection = testConnection(settings, { now: () => nowMs, record: (wire) => void wires.push(wire) });
  open.push(server, connection);
  const tell = async (doubt = false) => {
    const base = { id: 'lienthong-1', operation: 'dossier.upsert.v1', code: RECORD.code, doubt, known: false };
    const item = { ...base, record: RECORD, dossier: RECORD } as Outgoing<'dossier.upsert.v1'>;
    return (await adapter.send?.['dossier.upsert.v1']?.send(connection, [item]))?.[0];
  };
  return {
    asked,
    wires,
    tell,
    pull: (checkpoint?: object) => adapter.pull?.dossiers?.next(connection, checkpoint, {} as never),
    later: (ms: number) => {
      nowMs += ms;
    },
  };
}

const isToken = ({ path }: Asked): boolean => path.endsWith('/token');
let issued = 0;
const tokenFor = (seconds: unknown): Said => ({
  body: JSON.stringify({ access_token: `ma-truy-cap-${++issued}`, expires_in: seconds }),
});

test('a token is used for its lifetime, and fetched by form if the settings say so', async () => {
  const { asked, tell, later } = await started(
    (one) => (isToken(one) ? tokenFor('120') : { body: OK }),
    (settings) => ({ ...settings, security: { ...settings.security, form: 'body', scope: 'ho-so' } as never }),
  );
  await tell();
  later(80_000);
  await tell();
  expect(asked.filter(isToken)).toHaveLength(1);
  later(15_000);
  expect(await tell()).toMatchObject({ kind: 'delivered' });
  const [first, second] = asked.filter(isToken);
  expect(second).toBeDefined();
  expect(first?.headers.authorization).toBeUndefined();
  expect(Object.fromEntries(new URLSearchParams(first?.body))).toEqual({
    grant_type: 'client_credentials',
    scope: 'ho-so',
    client_id: 'h60',
    client_secret: 'mat-khau-thu-nghiem',
  });
});

test.each([
  ['no token', { body: '{"token_type":"Bearer"}' }, 'login-failed'],
  ['a token that no header can carry', { body: '{"access_token":"a b"}' }, 'login-failed'],
  ['a page', { body: '<html></html>', type: 'text/html' }, 'login-failed'],
  ['a failure', { status: 500, body: '' }, 'login-failed'],
  ['a refusal', { status: 400, body: '{"error":"invalid_scope"}' }, 'credentials'],
])('after %s instead of a token nothing is sent, and the next call fetches one again', async (_, said, reason) => {
  let isMended = false;
  const { tell } = await started((one) => (!isToken(one) ? { body: OK } : isMended ? tokenFor(60) : said));
  expect(await tell()).toMatchObject({ kind: 'unavailable', reason });
  isMended = true;
  expect(await tell()).toMatchObject({ kind: 'delivered' });
});

test('the stored call contains no token, no header and no secret of the address', async () => {
  const { wires, tell } = await started(
    (one) => (isToken(one) ? tokenFor(60) : { body: JSON.stringify({ ...JSON.parse(OK), echo: one.headers }) }),
    (settings) => {
      const dossiers = settings.push?.dossiers as NonNullable<NonNullable<Settings['push']>['dossiers']>;
      const request = { ...dossiers.request, '?matKhau': 'password' };
      return { ...settings, password: 'mật khẩu & khóa', push: { dossiers: { ...dossiers, request } } };
    },
  );
  expect(await tell()).toMatchObject({ kind: 'delivered' });
  const kept = JSON.stringify(wires);
  expect(wires.at(-1)?.url).toContain('?matKhau=***');
  for (const secret of [
    'ma-truy-cap',
    'mat-khau-thu-nghiem',
    'khoa-lgsp-thu-nghiem',
    'khóa',
    encodeURIComponent('mật'),
  ])
    expect(kept).not.toContain(secret);
});

test('an answer is read in its own character set, and refused in another', async () => {
  const utf16 = Buffer.from(OK, 'utf16le');
  for (const [type, body, kind] of [
    ['application/json; charset=UTF-16LE', utf16, 'delivered'],
    ['application/json; charset="utf-8"', Buffer.from(`\ufeff${OK}`), 'delivered'],
    ['application/json', Buffer.from(`\ufeff${OK}`, 'utf16le'), 'delivered'],
    ['application/json', Buffer.from('{"error_code":"0","m":"\xe0"}', 'latin1'), 'unknown'],
    ['application/json; charset=x-vni', Buffer.from('{"error_code":"0","m":"\xe0"}', 'latin1'), 'unknown'],
    ['application/json; charset=windows-1252', Buffer.from('{"error_code":"0","m":"\xe0"}', 'latin1'), 'delivered'],
    ['application/json; charset=x-vni', Buffer.from(OK), 'delivered'],
  ] as const) {
    const { tell } = await started((one) => (isToken(one) ? tokenFor(60) : { type, body }));
    expect([type, (await tell())?.kind]).toEqual([type, kind]);
  }
});

test.each([
  ['[', ']'],
  ['{"data":', '}'],
])('an answer of 1,000,000 times %s says nothing, and breaks no call', async (open, close) => {
  const body = `{"error_code":"0","data":{"HoSo":${open.repeat(1_000_000)}1${close.repeat(1_000_000)}}}`;
  const { tell, pull } = await started((one) => (isToken(one) ? tokenFor(60) : { body }));
  expect(await pull()).toMatchObject({ kind: 'unknown', reason: 'too-deep' });
  expect(await tell()).toMatchObject({ kind: 'unknown', reason: 'too-deep' });
});

test('a pull whose clock was hours ahead reads again what it may have missed', async () => {
  const HOURS = 3_600_000;
  const empty = { body: '{"error_code":"0","data":{"TongSo":"0","HoSo":[]}}' };
  const { asked, pull, later } = await started((one) => (isToken(one) ? tokenFor(60) : empty));
  const periods = () => asked.filter((one) => !isToken(one)).map(({ body }) => JSON.parse(body).tuNgay);
  let checkpoint: object | undefined;
  const pullAll = async () => {
    for (let more = true; more; ) {
      const page = (await pull(checkpoint)) as Page;
      ({ checkpoint, more } = page as { checkpoint: object; more: boolean });
    }
  };
  await pullAll();
  later(7 * HOURS);
  await pullAll();
  later(5 * 60_000 - 7 * HOURS);
  await pullAll();
  // Seven days before 09:05, without the overlap.
  expect(periods().at(-1)).toBe('20250805085500');
  later(5 * 60_000);
  await pullAll();
  expect(periods().at(-1)).toBe('20250812085500');
});

test('the settings give meanings to statuses of answers without a code', async () => {
  const answers = (answer: Settings['answer'], said: Said) =>
    started(
      (one) => (isToken(one) ? tokenFor(60) : said),
      (settings) => {
        const dossiers = { ...settings.push?.dossiers, reference: undefined };
        return { ...settings, answer, push: { dossiers } } as never;
      },
    );
  const done = await answers({ ok: ['http-204'] }, { status: 204, body: '' });
  expect(await done.tell()).toMatchObject({ kind: 'delivered' });
  const page = await answers({ ok: ['http-204'] }, { status: 200, body: '{}' });
  expect(await page.tell()).toMatchObject({ kind: 'unknown', reason: 'no-receipt' });
  const gone = await answers({ none: ['http-404'] }, { status: 404, body: '{"detail":"không có"}' });
  expect(await gone.tell()).toMatchObject({ kind: 'refused', reason: 'not-there' });
  const proxy = await answers({ none: ['http-404'] }, { status: 404, type: 'text/html', body: '<html>404</html>' });
  expect(await proxy.tell()).toMatchObject({ kind: 'unavailable', reason: 'status-404' });
});

test('a success code in an answer with an error status proves nothing', async () => {
  for (const status of [400, 500]) {
    const { tell } = await started((one) => (isToken(one) ? tokenFor(60) : { status, body: OK }));
    expect(await tell()).toMatchObject({ kind: 'unknown', reason: `status-${status}` });
  }
});

test('a status alone never makes a list or a look-up empty', async () => {
  const byStatus = (settings: Settings): Settings => ({ ...settings, answer: { ok: ['http-200', 'http-204'] } });
  for (const body of ['', '{"data":', '{"thongBao":"bảo trì"}']) {
    const { pull, tell } = await started((one) => (isToken(one) ? tokenFor(60) : { body }), byStatus);
    expect(await pull()).toMatchObject({ kind: 'unknown' });
    expect(await tell(true)).toMatchObject({ kind: 'unknown' });
  }
  const empty = await started((one) => (isToken(one) ? tokenFor(60) : { status: 204, body: '' }), byStatus);
  expect(await empty.pull()).toMatchObject({ bodies: [], more: false });
  const half = await started((one) => (isToken(one) ? tokenFor(60) : { body: '{"data":' }), byStatus);
  expect(await half.tell()).toMatchObject({ kind: 'delivered' });
});

test('an XML list is proved by its records, an empty one by the parent element', async () => {
  const bare = ({ answer: _, ...settings }: Settings): Settings => settings;
  const pulled = async (body: string) => {
    const { pull } = await started((one) => (isToken(one) ? tokenFor(60) : { type: 'text/xml', body }), bare);
    return pull();
  };
  const row = '<HoSo><MaHoSo>H60.01-250812-0035</MaHoSo></HoSo>';
  expect(await pulled(`<data>${row}</data>`)).toMatchObject({ bodies: [{}] });
  expect(await pulled('<data/>')).toMatchObject({ bodies: [] });
  expect(await pulled('<loi>x</loi>')).toMatchObject({ kind: 'unknown', reason: 'no-records' });
});

test('null, an empty text, an empty object or false count as an empty list', async () => {
  for (const none of ['null', '[]', '""', '{}', 'false']) {
    const body = `{"error_code":0,"data":{"TongSo":"0","HoSo":${none}}}`;
    const { pull } = await started((one) => (isToken(one) ? tokenFor(60) : { body }));
    expect(await pull()).toMatchObject({ bodies: [], more: false });
  }
});

test('a code that only failures have leaves the status in force otherwise', async () => {
  const { tell } = await started(
    (one) => (isToken(one) ? tokenFor(60) : { status: 201, body: '{"id":7}' }),
    (settings) => ({ ...settings, answer: { code: 'maLoi', ok: ['http-201'], taken: ['TRUNG'] } }),
  );
  expect(await tell()).toMatchObject({ kind: 'delivered' });
});

test('a busy ministry names the next time, with any status', async () => {
  for (const status of [200, 429]) {
    const { tell, pull } = await started((one) =>
      isToken(one) ? tokenFor(60) : { status, body: '{"error_code":"99"}', headers: { 'retry-after': '40' } },
    );
    expect(await tell()).toMatchObject({ kind: 'unavailable', reason: 'busy', retryAfterMs: 40_000 });
    expect(await pull()).toMatchObject({ kind: 'unavailable', retryAfterMs: 40_000 });
  }
});

test('a token is also renewed if a code says that it has expired', async () => {
  const { asked, tell } = await started(
    (one) =>
      isToken(one)
        ? tokenFor(3600)
        : {
            body:
              one.headers.authorization === `Bearer ma-truy-cap-${issued}` && asked.length > 3
                ? OK
                : '{"error_code":"401"}',
          },
    (settings) => ({ ...settings, answer: { ...settings.answer, expired: ['401'] } }),
  );
  expect(await tell()).toMatchObject({ kind: 'delivered' });
  expect(asked.map(isToken)).toEqual([true, false, true, false]);
});

test('no outcome contains a token, even if the ministry quotes it', async () => {
  for (const [status, code] of [
    [200, '400'],
    [200, '7'],
    [400, '400'],
    [401, '401'],
    [422, ''],
  ] as const) {
    const { tell } = await started((one) =>
      isToken(one)
        ? tokenFor(60)
        : { status, body: JSON.stringify({ error_code: code, message: `${one.headers.authorization} bị từ chối` }) },
    );
    const outcome = JSON.stringify(await tell());
    expect(outcome).toContain('bị từ chối');
    expect(outcome).not.toContain('ma-truy-cap');
  }
});

test('the session of a login is sent as Bearer token, and the stored call has neither', async () => {
  let ended = 0;
  const { asked, wires, tell } = await started(
    (one) => {
      if (one.path.endsWith('/DangNhap')) return { body: `{"error_code":0,"data":{"jwt":"phien/so-${++ended}"}}` };
      return one.headers.authorization === 'Bearer phien/so-2' ? { body: OK } : { status: 401, body: '{}' };
    },
    (settings) => ({
      ...settings,
      username: 'h60',
      password: 'mật "khẩu"',
      security: { kind: 'session' },
      session: { operation: 'POST DangNhap', request: { ten: 'username', matKhau: 'password' }, token: 'data.jwt' },
    }),
  );
  expect(await tell()).toMatchObject({ kind: 'delivered' });
  expect(asked.map(({ headers }) => headers.authorization)).toEqual([
    undefined,
    'Bearer phien/so-1',
    undefined,
    'Bearer phien/so-2',
  ]);
  expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ ten: 'h60', matKhau: 'mật "khẩu"' });
  expect(JSON.stringify(wires)).not.toMatch(/phien|khẩu/);
});

test('short fixed headers are names, and stay in stored calls', async () => {
  const { wires, tell } = await started(
    (one) => (isToken(one) ? tokenFor(60) : { body: OK }),
    (settings) => ({ ...settings, headers: { ...settings.headers, AppName: 'H60' } }),
  );
  await tell();
  expect(wires.at(-1)?.request).toContain(RECORD.code);
});

test('a list at another place is neither empty nor "not there"', async () => {
  const body = `{"error_code":0,"data":{"DanhSach":[{"MaHoSo":"${RECORD.code}"}]}}`;
  const { asked, pull, tell } = await started((one) => (isToken(one) ? tokenFor(60) : { body }));
  expect(await pull()).toMatchObject({ kind: 'unknown', message: 'it has no data.HoSo, and a list at data.DanhSach' });
  expect(await tell(true)).toMatchObject({ kind: 'unknown', reason: 'no-records' });
  expect(asked.some(({ path }) => path.endsWith('/TiepNhanHoSo'))).toBe(false);
});

test('a token that does not allow a call is dropped: the next attempt has another one', async () => {
  const { asked, tell } = await started((one) => {
    if (isToken(one)) return tokenFor(3600);
    return asked.filter(isToken).length === 1 ? { status: 403, body: '{"message":"wrong scope"}' } : { body: OK };
  });
  expect(await tell()).toMatchObject({ kind: 'unavailable', reason: 'credentials' });
  expect(await tell()).toMatchObject({ kind: 'delivered' });
});

test('a page counts from 0, by its number or by the number of earlier records', async () => {
  const { asked, pull } = await started(
    (one) => (isToken(one) ? tokenFor(60) : { body: '{"error_code":0,"data":{"HoSo":[]}}' }),
    (settings) => {
      const dossiers = { ...settings.pull?.dossiers, page: { size: 200, first: 0 } };
      const request = { trang: { from: 'page', as: 'number' }, boQua: { from: 'offset', as: 'number' } };
      return { ...settings, pull: { dossiers: { ...dossiers, request } } } as Settings;
    },
  );
  const run = { until: '2025-08-12T09:00:00+07:00', page: 3, part: 0, pass: 1, saying: [], before: 0, rows: 600 };
  await pull();
  await pull({ said: [], run });
  expect(asked.filter((one) => !isToken(one)).map(({ body }) => JSON.parse(body))).toEqual([
    { trang: 0, boQua: 0 },
    { trang: 3, boQua: 600 },
  ]);
});

test('a ministry that takes a bare list receives one, with one dossier', async () => {
  const { asked, tell } = await started(
    (one) => (isToken(one) ? tokenFor(60) : { body: OK }),
    (settings) => {
      const list = { each: '.', fields: { MaHoSo: 'code', 'TrangThai.Ma': 'record.status' } };
      const dossiers = { ...settings.push?.dossiers, body: 'list', request: { list, '?phienBan': { value: '2' } } };
      return { ...settings, push: { dossiers } } as Settings;
    },
  );
  expect(await tell()).toMatchObject({ kind: 'delivered' });
  expect(asked.at(-1)?.path).toContain('?phienBan=2');
  expect(JSON.parse(asked.at(-1)?.body ?? '')).toEqual([{ MaHoSo: RECORD.code, TrangThai: { Ma: 'received' } }]);
});

/** A ministry whose pages are linked, and what is pulled from it until there is no more. */
async function linkedPages(linkBehind: (page: number, asked: Asked) => string | null) {
  const { asked, pull } = await started(
    (one) => {
      if (isToken(one)) return tokenFor(60);
      const page = Number(new URL(one.path, 'http://x').searchParams.get('trang') ?? 1);
      const next = linkBehind(page, one);
      return { body: JSON.stringify({ error_code: 0, data: { HoSo: [{ MaHoSo: `HS-${page}` }] }, links: { next } }) };
    },
    (settings) => {
      const dossiers = { ...settings.pull?.dossiers, page: { size: 1, next: 'links.next' } };
      const request = { tuNgay: { from: 'since', date: 'yyyyMMdd' }, '/': 'cursor' };
      return { ...settings, pull: { dossiers: { ...dossiers, operation: 'GET DanhSach/HoSo', request } } } as Settings;
    },
  );
  let [checkpoint, answer, kept] = [undefined as object | undefined, await pull(), 0];
  for (; answer && !('kind' in answer); answer = await pull(checkpoint)) {
    kept += answer.bodies.length;
    checkpoint = JSON.parse(JSON.stringify(answer.checkpoint)) as object;
    if (!answer.more) break;
  }
  return { answer, kept, paths: asked.filter((one) => !isToken(one)).map(({ path }) => path) };
}

test('follows linked pages, by full addresses and by parts of one', async () => {
  const base = '/lgsp/DichVuHoSo/1.0/DanhSach';
  const { answer, kept, paths } = await linkedPages(
    (page, { headers }) =>
      [`http://${headers.host}${base}/HoSo?trang=2&ma=a%2Fb`, `${base}/HoSo?trang=3`, '?trang=4', 'Sau?trang=5'][
        page - 1
      ] ?? null,
  );
  expect(answer).toMatchObject({ more: false, lacks: false });
  expect(kept).toBe(5);
  expect(paths).toEqual([
    expect.stringMatching(/^\/lgsp\/DichVuHoSo\/1\.0\/DanhSach\/HoSo\?tuNgay=\d{8}$/),
    ...['HoSo?trang=2&ma=a%2Fb', 'HoSo?trang=3', 'HoSo?trang=4', 'Sau?trang=5'].map((path) => `${base}/${path}`),
  ]);
});

test('a link to another server is not followed, because the call carries credentials', async () => {
  const { answer, kept, paths } = await linkedPages(() => 'http://kho.bo.gov.vn/HoSo?trang=2');
  const message = 'it links to http://kho.bo.gov.vn, which is another server than that of baseUrl';
  expect(answer).toMatchObject({ kind: 'refused', reason: 'configuration', message });
  expect([kept, paths.length]).toEqual([1, 1]);
});

test('links in a circle end, and the pull reports it', async () => {
  const { answer, kept, paths } = await linkedPages((page) => `?trang=${(page % 3) + 1}`);
  expect(answer).toMatchObject({ more: false, lacks: { code: 'pages-repeat' } });
  expect(kept).toBe(3);
  expect(paths.length).toBeLessThan(30);
});

test('a run whose cursor the ministry has forgotten begins again, and stores nothing twice', async () => {
  const pages = ['A', 'B', 'C'];
  let lifetime = 1;
  const { asked, pull, later } = await started(
    (one) => {
      if (isToken(one)) return tokenFor(60);
      const [of, page] = (JSON.parse(one.body).tiep ?? `${lifetime} 0`).split(' ').map(Number);
      if (of !== lifetime) return { status: 400, body: '{"error_code":"77","message":"con trỏ hết hạn"}' };
      const tiep = page < pages.length - 1 ? `${of} ${page + 1}` : null;
      return { body: JSON.stringify({ error_code: 0, data: { HoSo: [{ MaHoSo: pages[page] }] }, tiep }) };
    },
    (settings) => {
      const dossiers = { ...settings.pull?.dossiers, page: { size: 1, next: 'tiep' }, request: { tiep: 'cursor' } };
      return { ...settings, pull: { dossiers } } as Settings;
    },
  );
  let checkpoint: object | undefined;
  const next = async () => {
    const page = await pull(checkpoint);
    if (!page || 'kind' in page) return JSON.stringify(page);
    checkpoint = JSON.parse(JSON.stringify(page.checkpoint));
    return [...page.bodies.map(({ body }) => /"MaHoSo":"(.)"/.exec(Buffer.from(body).toString())?.[1]), page.more];
  };
  expect([await next(), await next()]).toEqual([
    ['A', true],
    ['B', true],
  ]);
  lifetime = 2;
  expect(await next()).toContain('con trỏ hết hạn');
  later(600_000);
  expect([await next(), await next(), await next()]).toEqual([[true], [true], ['C', false]]);
  expect(asked.filter((one) => !isToken(one))).toHaveLength(7);
});

const LOGIN: NonNullable<Settings['session']> = {
  operation: 'POST dang-nhap',
  body: 'form',
  request: { client_secret: { value: 'bi-mat' } },
  token: 'access_token',
  expiresIn: 'expires_in',
};
const isLogin = ({ path }: Asked): boolean => path.endsWith('/dang-nhap');
const withLogin = (settings: Settings): Settings => ({ ...settings, security: { kind: 'session' }, session: LOGIN });

test('a login whose answer has no code is proved by its token; a push without a code is not', async () => {
  const { asked, tell } = await started((one) => (isLogin(one) ? tokenFor(600) : { body: '{}' }), withLogin);
  expect(await tell()).toMatchObject({ kind: 'unknown', reason: 'no-code' });
  expect(asked.filter(isLogin)).toHaveLength(1);
  expect(asked.at(-1)?.headers.authorization).toMatch(/^Bearer ma-truy-cap-/);
});

test('a session ends 30 seconds before the lifetime that the login says', async () => {
  const { asked, tell, later } = await started((one) => (isLogin(one) ? tokenFor(120) : { body: OK }), withLogin);
  await tell();
  later(85_000);
  await tell();
  expect(asked.filter(isLogin)).toHaveLength(1);
  later(10_000);
  expect(await tell()).toMatchObject({ kind: 'delivered' });
  expect(asked.filter(isLogin)).toHaveLength(2);
});

test.each([
  { said: '{"error_code":"99","access_token":"cu"}', why: 'a code that the settings know' },
  { said: '{"error_code":"SAI"}', why: 'no token beside an unknown code' },
  { said: '{}', why: 'neither a code nor a token' },
])('a login with $why is no login', async ({ said }) => {
  const { asked, tell } = await started((one) => ({ body: isLogin(one) ? said : OK }), withLogin);
  expect(await tell()).toMatchObject({ kind: 'unavailable' });
  expect(asked.every(isLogin)).toBe(true);
});
