import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type Outgoing, testConnection, type WireRecord } from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import adapter from './adapter.ts';
import { healthAt } from './parties/connect.ts';
import type { Settings } from './settings.ts';

const RECORD: Dossier = {
  ...{ code: 'H60.01-250812-0035', serviceCode: '1.003618', agencyCode: 'H60.01' },
  ...{ status: 'received', statusAt: '2025-08-12T08:15:00+07:00' },
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
    const { status = 200, type = 'application/json', body: said } = answer(one);
    response.writeHead(status, { 'content-type': type }).end(said);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const settings = change(healthAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`) as Settings);
  const wires: WireRecord[] = [];
  let nowMs = Date.parse('2025-08-12T09:00:00+07:00');
  const connection = testConnection(settings, { now: () => nowMs, record: (wire) => void wires.push(wire) });
  open.push(server, connection);
  const tell = async () => {
    const base = { id: 'lienthong-1', operation: 'dossier.upsert.v1', code: RECORD.code, doubt: false, known: false };
    const item = { ...base, record: RECORD, dossier: RECORD } as Outgoing<'dossier.upsert.v1'>;
    return (await adapter.send?.['dossier.upsert.v1']?.send(connection, [item]))?.[0];
  };
  return {
    asked,
    wires,
    tell,
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

test('a token is kept as long as it says, and asked for in the form where the settings say so', async () => {
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
    ...{ grant_type: 'client_credentials', scope: 'ho-so' },
    ...{ client_id: 'h60', client_secret: 'mat-khau-thu-nghiem' },
  });
});

test.each([
  ['no token', { body: '{"token_type":"Bearer"}' }, 'login-failed'],
  ['a token that no header can carry', { body: '{"access_token":"a b"}' }, 'login-failed'],
  ['a page', { body: '<html></html>', type: 'text/html' }, 'login-failed'],
  ['a failure', { status: 500, body: '' }, 'login-failed'],
  ['a refusal', { status: 400, body: '{"error":"invalid_scope"}' }, 'credentials'],
])('%s instead of a token leaves it untold, and is asked for anew', async (_, said, reason) => {
  let isMended = false;
  const { tell } = await started((one) => (!isToken(one) ? { body: OK } : isMended ? tokenFor(60) : said));
  expect(await tell()).toMatchObject({ kind: 'unavailable', reason });
  isMended = true;
  expect(await tell()).toMatchObject({ kind: 'delivered' });
});

test('nothing secret is kept of a call: not its token, its headers, nor what is written in its address', async () => {
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

test('an answer is read in the character set that it says, and is none in another', async () => {
  const utf16 = Buffer.from(OK, 'utf16le');
  for (const [type, body, kind] of [
    ['application/json; charset=UTF-16LE', utf16, 'delivered'],
    ['application/json; charset="utf-8"', Buffer.from(`\ufeff${OK}`), 'delivered'],
    ['application/json', Buffer.from('{"error_code":"0","m":"\xe0"}', 'latin1'), 'unknown'],
    ['application/json; charset=x-vni', Buffer.from(OK), 'unknown'],
  ] as const) {
    const { tell } = await started((one) => (isToken(one) ? tokenFor(60) : { type, body }));
    expect([type, (await tell())?.kind]).toEqual([type, kind]);
  }
});

test('a status says what the settings say of it where no answer has a code of its own', async () => {
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
