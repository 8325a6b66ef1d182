import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dossier, type TestHub, testHub } from '../support/hub.ts';
import { envelope } from '../support/soap.ts';

const NOTHING = 'secret-of-a-key-without-scopes';
const CATALOGUE = 'secret-of-a-key-for-the-catalogue';
/** Routes that need no key: pages, probes, public data, and doors whose rights are tested below. */
const PUBLIC = new Set([
  'GET /api/public/dossiers/{code}',
  'GET /api/public/questions',
  'POST /api/public/questions',
  'GET /api/public/questions/{code}',
  'GET /api/public/receipts/{address}',
  'POST /api/public/dossiers/{code}/rating',
  'GET /openapi.json',
  'GET /docs',
  'GET /schemas/{name}',
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
  'GET /.well-known/jwks.json',
  'GET /soap/v1/{party}',
]);
const DIALECT = ['POST /mapi/login', 'POST /mapi/g', 'POST /soap/v1/{party}', 'POST /callbacks/{party}/{name}'];
const SERVICES = [
  'DongBoHoSoMC',
  'CapNhatTienDoHoSoMC',
  'TraCuuHoSo',
  'LayDanhSachTTHC',
  'LayThuTuc',
  'LayDanhMucCoQuan',
  'LayDanhMucLinhVuc',
];
const OPERATIONS = ['PushDossiers', 'PushProgress', 'GetDossier', 'Ping'];

describe('a key without scopes', () => {
  let hub: TestHub;
  let routes: readonly string[];
  beforeAll(async () => {
    hub = await testHub({
      keys: [
        { id: 'nothing', secret: NOTHING, scopes: [], party: 'one-stop' },
        { id: 'catalogue', secret: CATALOGUE, scopes: ['catalogue:read'] },
      ],
    });
    await hub.push(dossier());
    const { paths } = (await hub.read('/openapi.json')).body;
    routes = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
  });
  afterAll(() => hub.close());

  const call = async (id: string, secret: string, service: string, more: object = {}) => {
    const login = await hub.request('POST', '/mapi/login', undefined, { username: id, password: secret });
    const { session } = (await login.json()) as { session: string };
    const reply = await hub.request('POST', '/mapi/g', undefined, { session, service, ...more });
    return (await reply.json()) as { error_code: number; message: string; result: readonly unknown[] };
  };

  test('is refused by every route of the table, with any method', async () => {
    const asked = routes.filter((route) => !PUBLIC.has(route) && !DIALECT.includes(route));
    expect(asked.length).toBeGreaterThan(50);
    for (const route of asked) {
      const [method = '', path = ''] = route.split(' ');
      const url = path.replaceAll('{party}', 'one-stop').replaceAll(/\{\w+\}/g, '1');
      const headers = { Authorization: `Bearer ${NOTHING}` };
      const body = method === 'POST' ? dossier() : undefined;
      const { status } = await hub.request(method, url, undefined, body, headers);
      expect([route, status]).toEqual([route, 403]);
    }
  });

  test.each(SERVICES)('is refused by the service %s of /mapi', async (service) => {
    const reply = await call('nothing', NOTHING, service, {
      data: [],
      mahoso: 'H60.01-250812-0035',
      maTTHC: '1.013225',
    });
    expect(reply).toMatchObject({ error_code: -1, result: [] });
    expect(reply.message).toMatch(/lacks the scope|none of the scopes/);
  });

  test.each(OPERATIONS)('is refused by the operation %s of the SOAP door', async (operation) => {
    const content = operation === 'GetDossier' ? '<h:code>H60.01-250812-0035</h:code>' : '';
    const reply = await hub.request(
      'POST',
      '/soap/v1/one-stop',
      undefined,
      envelope(`<h:${operation}>${content}</h:${operation}>`),
      {
        'Content-Type': 'text/xml',
        Authorization: `Basic ${btoa(`nothing:${NOTHING}`)}`,
      },
    );
    expect([reply.status, await reply.text()]).toEqual([500, expect.stringMatching(/lacks the scope dossier:write/)]);
  });

  test('with the catalogue scope only is accepted by the catalogue services of /mapi alone', async () => {
    const catalogue = ['LayDanhSachTTHC', 'LayDanhMucCoQuan', 'LayDanhMucLinhVuc'];
    for (const service of catalogue)
      expect([service, (await call('catalogue', CATALOGUE, service)).error_code]).toEqual([service, 0]);
    for (const service of ['DongBoHoSoMC', 'CapNhatTienDoHoSoMC', 'TraCuuHoSo'])
      expect((await call('catalogue', CATALOGUE, service, { data: [], mahoso: 'X' })).error_code).toBe(-1);
    for (const service of catalogue)
      expect((await call('one-stop', 'one-stop-secret-of-the-tests', service)).error_code).toBe(0);
  });
});
