import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import pg from 'pg';
import { Compile } from 'typebox/schema';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { readItem } from '#core/dossier/item';
import { closed } from '#schemas/parts';
import fileDrop from '../../adapters/file-drop/adapter.ts';
import waterPermits from '../../adapters/file-drop/parties/water-permits.json' with { type: 'json' };
import { sampleFile } from '../../adapters/file-drop/simulator/samples.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import type { Asker } from '../../src/kit/asker.ts';
import type { Callback } from '../../src/kit/callback.ts';
import { openIncident } from '../../src/ledger/incidents.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { WRONG_PROOFS, WRONG_SECRETS } from '../../src/ledger/request-limits.ts';
import { inDepth } from '../support/depth.ts';
import { dossier, progress, SECRETS, type TestHub, testHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { SAMPLES } from '../support/kinds.ts';
import { OPERATOR_KEYS, partnerWithTable } from '../support/operator.ts';
import { envelope } from '../support/soap.ts';

interface Documented {
  readonly description: string;
  readonly headers?: Record<string, unknown>;
  readonly content?: Record<string, { schema: object }>;
}
interface Operation {
  readonly security: readonly Record<string, unknown>[];
  readonly 'x-scopes'?: readonly string[];
  readonly parameters: readonly { name: string; in: string; required?: boolean; schema: object }[];
  readonly requestBody?: { required: boolean; content: Record<string, unknown> };
  readonly responses: Record<string, Documented>;
}

const CODE = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;
const ENTRIES = {
  services: { code: '1.000001', name: 'Khai sinh', inForce: true },
  agencies: { code: 'H60.01', name: 'Sở Tư pháp', inForce: true },
  fields: { code: 'G15-HT01', name: 'Hộ tịch', inForce: true },
};
const MAX_BODY = 100_000;
const NOBODY = 'nobody-secret-of-the-tests';

/** Compares the OpenAPI document with the served routes: each route, each status. */
describe('the OpenAPI document', () => {
  let hub: TestHub;
  let operations: Map<string, Operation>;
  let components: object;
  const met = new Set<string>();
  const dataDir = mkdtempSync(join(tmpdir(), 'lienthong-openapi-'));

  beforeAll(async () => {
    const partner = partnerWithTable();
    const pull = {
      catalogue: {
        schedule: '0 0 2 * * *',
        next: async () => ({
          bodies: [{ body: Buffer.from('{}'), mediaType: 'application/json' }],
          checkpoint: null,
          more: false,
        }),
        read: () => [
          readItem('service.upsert.v1', ENTRIES.services),
          readItem('agency.upsert.v1', ENTRIES.agencies),
          readItem('field.upsert.v1', ENTRIES.fields),
        ],
      },
    };
    hub = await testHub({
      partners: {
        portal: {
          ...partner,
          adapter: { ...partner.adapter, pull, callbacks: { status: STEP_PUSH }, documentIn, asks: REGISTER },
        },
        water: { sent: [], script: [], adapter: fileDrop as Adapter },
      },
      entries: { water: { settings: { ...waterPermits, place: undefined } } },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      keys: [...OPERATOR_KEYS, { id: 'nobody', secret: NOBODY, scopes: [] }, CLERK, WATER],
      maxBodyBytes: MAX_BODY,
      files: { scan: false, maxBytes: MAX_BODY },
      dataDir,
      portalDialect: { account: { number: '3511000000001', name: 'Kho bạc thử nghiệm', bank: 'VTB' } },
      // It is never checked, so the primary answers. The headers are those of a hub with replicas.
      replicas: { urls: ['postgres://127.0.0.1:1/none'], everyMs: false },
    });
    const document = (await hub.read('/openapi.json')).body;
    components = document.components;
    operations = new Map(
      Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => [`${method} ${path}`, operation] as const),
      ),
    );
    await makePullsDue(hub.hub.database, 'portal', ['catalogue'], hub.clock.nowMs);
    await hub.hub.pipeline.pull('portal', 'catalogue');
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(async () => {
    await hub.close();
    rmSync(dataDir, { recursive: true });
  });

  /** Sends a request, and compares the reply with the document's schema of its status. */
  async function ask(
    name: string,
    status: number,
    {
      path = {},
      query = QUERIES[name] ?? '',
      secret = name === PUSH_DROP ? `Bearer ${WATER.secret}` : secretFor(operations.get(name) as Operation),
      body,
      headers = {},
      from,
    }: Asked = {},
  ): Promise<{ body: Json; headers: Headers }> {
    const [method = '', template = ''] = name.split(' ');
    const operation = operations.get(name) as Operation;
    const given = {
      party: name.includes('/drops') ? 'water' : 'one-stop',
      table: 'portal-status',
      id: '1',
      code: CODE(1),
      receipt: UUID,
      hash: '0'.repeat(64),
      name: 'dossier.upsert.v1.json',
      kind: 'question',
      question: 'person',
      ...path,
    };
    const url = template.replaceAll(/\{(\w+)\}/g, (_, part: string) => encodeURIComponent((given as Json)[part]));
    const credentials: Record<string, string> = secret === undefined ? {} : { Authorization: secret };
    const sent = { ...credentials, ...(DROPS.includes(name) && NAMED), ...headers };
    const response = await (from === undefined
      ? hub.request(method.toUpperCase(), url + query, undefined, body, sent)
      : requestFrom(hub, from, method.toUpperCase(), url + query, body, sent));
    const text = isEndless(response) ? await beginningOf(response) : await response.text();
    expect([name, response.status, response.status === status ? '' : text]).toEqual([name, status, '']);
    met.add(`${name} ${status}`);
    const documented = operation.responses[status];
    expect(documented, `${name} ${status} is in the document`).toBeDefined();
    for (const header of Object.keys(documented?.headers ?? {}))
      if (status !== 401 || header !== 'WWW-Authenticate' || response.headers.has(header))
        expect([name, status, header, response.headers.has(header)]).toEqual([name, status, header, true]);
    if (response.headers.has('retry-after')) expect(documented?.headers).toHaveProperty('Retry-After');
    if (response.headers.has('etag')) expect(documented?.headers).toHaveProperty('ETag');
    if (status === 304) return { body: undefined, headers: response.headers };
    const mediaType = response.headers.get('content-type')?.split(';')[0] ?? '';
    const { schema } = documented?.content?.[mediaType] ?? {};
    expect(schema, `${name} ${status} gives ${mediaType}`).toBeDefined();
    const parsed = /[/+]json$/.test(mediaType) ? JSON.parse(text) : text;
    const [, errors] = Compile({ components, ...(schema as object) }).Errors(parsed);
    expect([name, status, errors]).toEqual([name, status, []]);
    return { body: parsed, headers: response.headers };
  }

  test('documents the success of every route', async () => {
    const dossiers = 'post /api/v1/parties/{party}/dossiers';
    const steps = 'post /api/v1/parties/{party}/progress';
    const { receipt } = (await ask(dossiers, 201, { body: dossier({ code: CODE(1) }) })).body;
    for (const Accept of ['application/json', 'application/jose'])
      await ask('get /api/v1/parties/{party}/receipts/{receipt}', 200, { path: { receipt }, headers: { Accept } });
    await ask(dossiers, 200, { body: dossier({ code: CODE(1) }) });
    await ask(dossiers, 202, { body: dossier({ code: CODE(2), note: 'Nguyá»…n VÄ�n An' }) });
    await ask(dossiers, 422, { body: { code: CODE(3) } });
    await ask(dossiers, 200, { body: `${JSON.stringify(dossier({ code: CODE(4) }))}\n`, headers: NDJSON });
    // A stream of invalid lines, which the hub stops reading, gets a problem document.
    const invalid = await ask(dossiers, 422, { body: '{}\n'.repeat(5_001), headers: NDJSON });
    expect(invalid.body).toMatchObject({ status: 422, held: 5_000 });
    await ask(steps, 201, { body: progress({ code: CODE(1) }) });
    await ask(steps, 200, { body: progress({ code: CODE(1) }) });
    await ask(steps, 202, { body: progress({ code: CODE(9) }) });
    await ask(steps, 422, { body: { code: CODE(1) } });
    await hub.push(dossier({ code: CODE(5), status: 'resolved' }));
    for (const [path, sample] of Object.entries(SAMPLES)) {
      const name = `post /api/v1/parties/{party}/${path}`;
      const body = sample({ code: CODE(1), dossierCode: CODE(5) });
      const text = { ratings: 'comment', 'postal-orders': 'steps', payments: 'payer' }[path] ?? 'content';
      await ask(name, 201, { body });
      await ask(name, 200, { body });
      await ask(name, 202, { body: { ...body, ...doubtfulText(text), code: CODE(6) } });
      await ask(name, 422, { body: { code: CODE(7) } });
    }
    for (const name of ['records', 'records/{kind}/{code}']) await ask(`get /api/v1/ops/${name}`, 200);
    const toRegister = { path: { party: 'portal' }, body: BODIES[REGISTER_ASK] };
    await ask(REGISTER_ASK, 200, toRegister);
    await ask(REGISTER_ASK, 502, { ...toRegister, path: { party: 'portal', question: 'refused' } });
    for (const name of ['get /api/v1/asks', 'get /api/v1/ops/asks']) await ask(name, 200);
    await ask(PUSH_FILE, 201, { body: 'Đơn' });
    const { file } = (await ask(PUSH_FILE, 200, { body: 'Đơn' })).body;
    const { bytes } = await sampleFile('csv');
    for (const name of DROPS) await ask(name, 422, { body: 'x' });
    await ask(PUSH_DROP, 201, { body: bytes });
    await ask(PUSH_DROP, 200, { body: bytes, headers: { Accept: 'text/csv' } });
    await ask(TAKE_DROP, 200, { body: bytes });
    await ask(TAKE_DROP, 201, { body: Buffer.concat([bytes, Buffer.from('\n')]) });
    const [{ id: drop }] = (await ask(`get ${TAKE_DROP.slice(5)}`, 200)).body.items;
    await ask(`get ${TAKE_DROP.slice(5)}/{id}`, 200, { path: { id: drop } });
    const link = await ask('post /api/v1/files/{hash}/links', 201, { path: { hash: file } });
    await ask(READ_FILE, 200, { path: { hash: file } });
    hub.clock.nowMs += HOUR_MS;
    await ask(READ_FILE, 410, { path: { hash: file }, query: String(link.body.url).replace(/^[^?]*/, '') });
    hub.clock.nowMs -= HOUR_MS;
    await ask(ORDERS, 200, { body: ORDER });
    await ask(ORDERS, 409, { body: ORDER });
    const login = { username: 'one-stop', password: SECRETS['one-stop'] };
    const { session } = (await ask('post /mapi/login', 200, { body: login })).body;
    await ask('post /mapi/login', 200, { body: { ...login, password: 'x' } });
    await ask('post /mapi/g', 200, { body: { session, service: 'LayDanhMucCoQuan' } });
    await ask('post /mapi/g', 200, { body: { session: 'x', service: 'LayDanhMucCoQuan' } });
    await ask('post /kpdvcqg/dptracuuthanhtoanhs', 200, { body: { MaHoSo: 'H60.01-250812-0035' } });
    await ask(CALLBACK, 200, { ...TO_CALLBACK, body: progress({ code: CODE(1) }) });
    await ask(CALLBACK, 422, { ...TO_CALLBACK, body: { code: CODE(1) } });
    await ask('get /soap/v1/{party}', 200, { query: '?wsdl' });
    for (const version of ['1.1', '1.2'] as const)
      await ask('post /soap/v1/{party}', 200, { body: envelope('<h:Ping/>', { version }), headers: SOAP[version] });

    await hub.deliver();
    for (const name of operations.keys())
      if (operations.get(name)?.parameters.some((parameter) => parameter.name === 'If-None-Match')) {
        const path = pathOf(name);
        await ask(name, 200, { path });
        await ask(name, 304, { path, headers: { 'If-None-Match': '*' } });
      }
    for (const name of ['get /api/v1/dossiers/{code}', 'get /api/v1/dossiers/{code}/history', 'get /api/v1/dossiers'])
      await ask(name, 200, { secret: `Bearer ${SECRETS.personal}` });
    for (const [name, { responses }] of operations)
      if (responses[200]?.content?.[JSON_LD]) {
        const { headers } = await ask(name, 200, { path: pathOf(name), headers: { Accept: JSON_LD } });
        expect(headers.get('content-type')).toBe(JSON_LD);
      }

    await ask(CALLBACK, 200, { ...TO_CALLBACK, body: SAMPLES.payments?.({ code: CODE(1), state: 'paid' }) });
    await ask('get /api/v1/payments/{code}/receipt', 200);
    const paid = { code: CODE(1), dossierCode: CODE(5), state: 'paid', receiptUrl: '/the-receipt' };
    await hub.push(SAMPLES.payments?.(paid), { what: 'payments' });
    const [{ receiptUrl }] = (await ask(LOOK_UP, 200, { path: { code: CODE(5) } })).body.payments;
    const address = receiptUrl.split('/').at(-1);
    await ask(RECEIPT, 200, { path: { address } });
    hub.clock.nowMs += 15 * 60_000;
    await ask(RECEIPT, 410, { path: { address } });
    hub.clock.nowMs -= 15 * 60_000;

    const ops = (path: string): string => `/api/v1/ops/${path}`;
    const first = async (list: string) => (await ask(`get ${ops(list)}`, 200)).body.items[0];
    const why = 'because the test asks';
    const message = await first('messages');
    await ask(`get ${ops('key')}`, 200);
    for (const path of ['flow', 'routes', 'agencies', 'statistics/dossiers', 'due-dossiers'])
      await ask(`get ${ops(path)}`, 200);
    await ask(EVIDENCE, 200);
    for (const path of Object.keys(SAMPLES)) await ask(`get ${ops(`${path}/{code}/evidence`)}`, 200);
    await ask(STATE, 200);
    await ask(`get ${ops('dossiers/{code}/journey')}`, 200);
    await ask(`get ${ops('messages/{id}')}`, 200, { path: { id: message.id } });
    await ask(`get ${ops('messages/{id}')}`, 200, { path: { id: message.id }, secret: PERSONAL });
    const { id } = await first('deliveries');
    await ask(`get ${ops('deliveries/{id}')}`, 200, { path: { id } });
    await ask(`post ${ops('deliveries/{id}/replay')}`, 200, { path: { id }, body: { why } });
    await ask(`post ${ops('deliveries/replay')}`, 200, { body: { party: 'portal', preview: true } });
    const run = await ask(`post ${ops('deliveries/replay')}`, 202, { body: { party: 'portal', preview: false, why } });
    await ask(`post ${ops('replays/{id}/stop')}`, 200, { path: { id: run.body.id }, body: { why } });
    await ask(`post ${ops('parties/{party}/backfill')}`, 200, { path: { party: 'portal' }, body: { preview: true } });
    await ask(`post ${ops('parties/{party}/backfill')}`, 202, {
      path: { party: 'portal' },
      body: { preview: false, why },
    });
    await ask(`post ${ops('parties/{party}/look-ups')}`, 200, { path: { party: 'portal' }, body: LOOKED_UP });
    for (const [what, status] of [
      ['saved-filters', 201],
      ['saved-filters/remove', 200],
    ] as const) {
      const name = `post ${ops(what)}`;
      await ask(name, status, { body: BODIES[name] });
      await first('saved-filters');
    }
    await ask(`get ${ops('parties/{party}/compared')}`, 200, { path: { party: 'portal' }, query: '?with=one-stop' });
    await ask(`get ${ops('replays/{id}')}`, 200, { path: { id: (await first('replays')).id } });
    await hub.hub.database.pool.query(
      "INSERT INTO doubtful_dossiers (code, kind, party) SELECT code, 'far-ahead', owner FROM dossiers LIMIT 1",
    );
    const doubtful = await first('doubtful-dossiers');
    await ask(`post ${ops('doubtful-dossiers/{id}/settle')}`, 200, { path: { id: doubtful.id }, body: { why } });
    const cause = await first('quarantine');
    await ask(`get ${ops('quarantine/{id}')}`, 200, { path: { id: cause.id } });
    await ask(`post ${ops('quarantine/{id}/resolve')}`, 200, {
      path: { id: cause.id },
      body: { action: 'dismiss', why },
    });
    await ask(`post ${ops('quarantine/{id}/resolve')}`, 409, {
      path: { id: cause.id },
      body: { action: 'release', why },
    });
    await ask(`get ${ops('parties/{party}')}`, 200, { path: { party: (await first('parties')).party } });
    for (const what of ['pause', 'resume'])
      await ask(`post ${ops(`parties/{party}/${what}`)}`, 200, { path: { party: 'portal' }, body: { why } });
    await ask(`post ${ops('parties/{party}/pull')}`, 202, { path: { party: 'portal' }, body: { why } });
    const line = { from: '99', to: 'processing', why };
    await ask(`post ${ops('code-tables/{party}/{table}')}`, 201, { path: { party: 'portal' }, body: line });
    const { why: _, ...proposed } = line;
    await ask(`post ${ops('code-tables/{party}/{table}/preview')}`, 200, { path: { party: 'portal' }, body: proposed });
    const draftIt = () => ask(MAPPINGS, 201, { body: BODIES[MAPPINGS] });
    const mapping = (what: string) => ops(`mappings/{id}${what}`);
    const { id: approved } = (await draftIt()).body;
    await first('mappings');
    await ask(`get ${mapping('')}`, 200, { path: { id: approved } });
    await ask(`get ${mapping('/effect')}`, 200, { path: { id: approved } });
    for (const status of [200, 409])
      await ask(`post ${mapping('/ask')}`, status, { path: { id: approved }, body: WHY });
    for (const status of [200, 409])
      await ask(`post ${mapping('/approve')}`, status, { path: { id: approved }, body: WHY, secret: PERSONAL });
    // The second one while the first runs.
    for (const status of [200, 409])
      await ask(`post ${mapping('/correct')}`, status, { path: { id: approved }, body: WHY });
    await ask(`get ${ops('code-tables/{party}/{table}/versions')}`, 200, { path: { party: 'portal' } });
    for (const decision of ['refuse', 'withdraw']) {
      const body = { ...BODIES[MAPPINGS], lines: [{ from: '96', to: 'received' }] };
      const drafted = (await ask(MAPPINGS, 201, { body })).body.id;
      if (decision === 'refuse') await ask(`post ${mapping('/ask')}`, 200, { path: { id: drafted }, body: WHY });
      const secret = decision === 'refuse' ? PERSONAL : undefined;
      for (const status of [200, 409])
        await ask(`post ${mapping(`/${decision}`)}`, status, {
          path: { id: drafted },
          body: WHY,
          ...(secret && { secret }),
        });
    }
    for (const list of ['anomalies', 'code-tables', 'unknown-codes', 'ended-services', 'incidents', 'audit'])
      await first(list);
    const opened = await openIncident(
      hub.hub.database,
      { party: 'hub', kind: 'audit-broken', cause: 'for the test' },
      hub.clock.nowMs,
    );
    await ask(`get ${ops('incidents/{id}')}`, 200, { path: { id: String(opened?.id) } });
    const note = { action: 'Restored.', cause: 'A disk.' };
    await ask(`post ${ops('incidents/{id}/notes')}`, 201, { path: { id: String(opened?.id) }, body: note });
    await ask(`get ${ops('troubled-records')}`, 200);
    await ask(`get ${ops('retention')}`, 200);
    for (const path of ['get /api/v1/reports/{report}', `get ${ops('reports/{report}')}`])
      await ask(path, 200, { path: { report: 'ii06a' } });
    for (const path of ['get /api/v1/reports/{report}/records', `get ${ops('reports/{report}/records')}`])
      await ask(path, 200, { path: { report: 'connections' } });
    const hold = await ask(`post ${ops('legal-holds')}`, 201, { body: { code: CODE(1), why } });
    await first('legal-holds');
    await ask(`post ${ops('legal-holds/{id}/lift')}`, 200, { path: { id: hold.body.id }, body: { why } });
    await hub.hub.database.pool.query(
      "INSERT INTO erasures (at, cause, who, why, subjects) VALUES (now(), 'retention', 'test', 'test', 1)",
    );
    await first('erasures');
    const applicant = { kind: 'citizen', name: 'Lê Thị Hoa', identityNumber: '001000000009' };
    await hub.push(dossier({ code: CODE(60), status: 'returned', applicant }));
    const asked = { code: CODE(60), why };
    const held = await ask(`post ${ops('legal-holds')}`, 201, {
      body: { person: { identityNumber: applicant.identityNumber }, why },
    });
    await ask(`post ${ops('erasures/preview')}`, 409, { body: asked });
    await ask(`post ${ops('legal-holds/{id}/lift')}`, 200, { path: { id: held.body.id }, body: { why } });
    const preview = await ask(`post ${ops('erasures/preview')}`, 200, { body: asked });
    await ask(`post ${ops('erasures')}`, 409, { body: { ...asked, token: 'another' } });
    await ask(`post ${ops('erasures')}`, 200, { body: { ...asked, token: preview.body.token } });
    await ask('get /api/v1/events', 200);
    await ask('get /api/v1/snapshot', 200);
    await ask(LOOK_UP, 200);
    await ask(FOLLOW, 200);
    await ask('get /api/public/questions', 200);
    await ask(ASK, 201, { body: NEW_QUESTION });
    await ask(ASK, 202, { body: { ...NEW_QUESTION, content: 'Tôi tố cáo' } });
    await ask(ASK, 422, { body: { content: 'Ở đâu?' } });
    const once = { headers: { 'Idempotency-Key': 'phieu-hoi-1' } };
    await ask(ASK, 201, { body: NEW_QUESTION, ...once });
    await ask(ASK, 409, { body: { ...NEW_QUESTION, content: 'Câu hỏi khác' }, ...once });
    await hub.push(dossier({ code: CODE(50), status: 'resolved' }));
    const rated = { headers: { 'Idempotency-Key': 'phieu-danh-gia-1' } };
    await ask(RATE, 201, { path: { code: CODE(50) }, body: RATING, ...rated });
    await ask(RATE, 409, { path: { code: CODE(50) }, body: { ...RATING, comment: 'Nhanh' }, ...rated });
    await ask('get /api/v1/ratings/{code}/criteria', 200, { path: { code: CODE(50) } });
    await ask(RATE, 200, { path: { code: CODE(50) }, body: RATING });
    await ask(RATE, 422, { path: { code: CODE(50) }, body: { ...RATING, level: 'dissatisfied' } });
    await hub.push(dossier({ code: CODE(51), status: 'resolved' }));
    await ask(RATE, 202, { path: { code: CODE(51) }, body: { ...RATING, comment: 'Nguyá»…n VÄ�n An' } });
    for (const path of ['/health/live', '/health/ready', '/metrics', '/openapi.json', '/schemas/{name}'])
      await ask(`get ${path}`, 200);
  });

  inDepth('documents the refusals of every route: keys, parameters, bodies, missing resources', async () => {
    for (const [name, operation] of operations) {
      const { responses } = operation;
      const isPost = name.startsWith('post ');
      const body = isPost ? {} : undefined;
      const isSoap = name === 'post /soap/v1/{party}';
      if (operation['x-scopes']) {
        await ask(name, 401, { secret: 'Bearer of-nobody', body });
        // A client without a key learns nothing of the parameters.
        await ask(name, 401, { secret: 'Bearer of-nobody', body, query: '?zz=1' });
        await ask(name, 403, { secret: `Bearer ${NOBODY}`, body });
      }
      const isMapi = /^post \/(?:mapi|kpdvcqg)\//.test(name);
      if (name === PUSH_FILE) {
        await ask(name, 400, { body: 'x', headers: { 'Content-Encoding': 'gzip' } });
        await ask(name, 404, { path: { party: 'nowhere' }, body: 'x' });
        await ask(name, 413, { body: 'x'.repeat(MAX_BODY + 1) });
        await ask(name, 415, { body: '\u0000\u0001' });
        await ask(name, 422, { body: 'x', headers: { 'Content-Digest': `sha-256=:${'A'.repeat(43)}=:` } });
        continue;
      }
      if (DROPS.includes(name)) {
        await ask(name, 400, { body: 'x', headers: { 'Content-Disposition': 'attachment' } });
        await ask(name, 404, { path: { party: 'nowhere' }, body: 'x' });
        await ask(name, 413, { body: 'x'.repeat(MAX_BODY + 1) });
        await ask(name, 415, { body: 'x', headers: { 'Content-Encoding': 'lzma' } });
        continue;
      }
      if (name === CALLBACK) {
        await ask(name, 400, { ...TO_CALLBACK, body: '{}', headers: { 'Content-Encoding': 'gzip' } });
        await ask(name, 401, { ...TO_CALLBACK, secret: 'Bearer of-nobody', body: '{}' });
        await ask(name, 404, { path: { name: 'no' }, body: '{}' });
        await ask(name, 413, { ...TO_CALLBACK, body: `"${'x'.repeat(MAX_BODY)}"` });
        await ask(name, 415, { ...TO_CALLBACK, body: '{}', headers: { 'Content-Encoding': 'lzma' } });
        continue;
      }
      if (responses[400] && isPost && !isSoap) await ask(name, 400, { body: '[{', path: { party: partyFor(name) } });
      if (responses[400] && !isPost)
        await ask(
          name,
          400,
          operation.parameters.some((one) => one.in === 'query') || !name.includes('{') ? { query: '?no=1' } : NUL,
        );
      if (responses[413] && !isSoap)
        await ask(name, 413, { body: `"${'x'.repeat(MAX_BODY)}"`, path: { party: partyFor(name) } });
      if (responses[415] && !isSoap)
        await ask(name, 415, { body: '{}', headers: { 'Content-Encoding': 'lzma' }, path: { party: partyFor(name) } });
      if (responses[415] && !isSoap && !isMapi)
        await ask(name, 415, {
          body: '{}',
          headers: { 'Content-Type': 'text/plain' },
          path: { party: partyFor(name) },
        });
      if (responses[404] && !isMapi)
        await ask(name, 404, {
          path: { id: '999999', party: 'nowhere', code: CODE(8888), name: 'no' },
          body: isPost ? (BODIES[name] ?? WHY) : undefined,
        });
    }
    await Promise.all(
      Array.from({ length: WRONG_PROOFS.client }, () => ask(LOOK_UP, 404, { path: { code: CODE(7777) } })),
    );
    await ask(LOOK_UP, 429, { path: { code: CODE(7777) } });
    const busy = '203.0.113.8';
    for (let n = 0; n < 61; n++) await requestFrom(hub, busy, 'GET', '/api/public/questions', undefined, {});
    for (const name of [FOLLOW, RATE, ASK, RECEIPT, 'get /api/public/questions'])
      await ask(name, 429, { body: BODIES[name], from: busy });
    const wrong = { secret: 'Bearer wrong', from: '203.0.113.7' };
    for (let n = 0; n < WRONG_SECRETS; n++) await ask('get /api/v1/ops/key', 401, wrong);
    for (const [name, { responses, 'x-scopes': scopes }] of operations)
      if (responses[429] && (scopes || name === CALLBACK || name === 'post /mapi/login'))
        await ask(name, 429, {
          ...wrong,
          ...(name === CALLBACK && { path: TO_CALLBACK.path }),
          body: name.startsWith('post ') ? { ...LOGIN, password: 'x' } : undefined,
        });
    const streams = await Promise.all(
      Array.from({ length: 100 }, () => hub.request('GET', '/api/v1/events', 'portal')),
    );
    await ask('get /api/v1/events', 429);
    await Promise.all(streams.map((stream) => stream.body?.cancel()));
    // More than all buffers hold: a smaller snapshot would end before the next request.
    for (let n = 0; n < 40; n += 5)
      await hub.push(
        Array.from({ length: 5 }, (_, i) => dossier({ code: CODE(6000 + n + i), note: 'x'.repeat(13_000) })),
      );
    const snapshots = [1, 2].map(() => hub.request('GET', '/api/v1/snapshot', 'portal'));
    await Promise.all(snapshots);
    await ask('get /api/v1/snapshot', 429);
    for (const snapshot of snapshots) await (await snapshot).body?.cancel();
    await ask('post /soap/v1/{party}', 400, { body: envelope('<h:No/>', { version: '1.2' }), headers: SOAP['1.2'] });
    await ask('post /soap/v1/{party}', 500, { body: envelope('<h:No/>'), headers: SOAP['1.1'] });
    await ask('post /soap/v1/{party}', 401, {
      body: envelope('<h:Ping/>'),
      headers: SOAP['1.1'],
      secret: 'Basic eDp5',
    });
    await ask('post /soap/v1/{party}', 415, { body: '{}', headers: { 'Content-Type': 'application/json' } });
    for (const what of ['dossiers', 'progress', ...Object.keys(SAMPLES)]) {
      const name = `post /api/v1/parties/{party}/${what}`;
      const sample = { dossiers: dossier, progress, ...SAMPLES }[what] as typeof dossier;
      const ofKind = what in SAMPLES && { dossierCode: CODE(20) };
      if (what === 'ratings') await hub.push(dossier({ code: CODE(20), status: 'resolved', statusAt: LATER }));
      const item = (n: number) => sample({ code: CODE(n), ...ofKind });
      await ask(name, 413, { body: Array.from({ length: 1_001 }, () => 1) });
      const headers = { 'Idempotency-Key': what };
      await ask(name, 201, { body: item(20), headers });
      await ask(name, 409, { body: item(21), headers });
    }
    const once = { 'Idempotency-Key': 'drop' };
    await ask(PUSH_DROP, 422, { body: 'y', headers: once });
    await ask(PUSH_DROP, 409, { body: 'z', headers: once });
    for (const n of [30, 31]) {
      await hub.push(dossier({ code: CODE(n) }));
      await hub.hub.database.pool.query("INSERT INTO aliases (party, code, dossier) VALUES ($1, 'A-1', $2)", [
        `system-${n}`,
        CODE(n),
      ]);
    }
    for (const name of ['get /api/v1/dossiers/{code}', 'get /api/v1/dossiers/{code}/history', EVIDENCE])
      await ask(name, 409, { path: { code: 'A-1' } });
    await ask('get /api/v1/ops/dossiers/{code}/journey', 409, { path: { code: 'A-1' } });
    await ask('post /api/v1/ops/legal-holds', 409, { body: { code: 'A-1', why: 'x' } });
  });

  inDepth('documents every route’s answer without the database, with Retry-After', async () => {
    const { session } = (await ask('post /mapi/login', 200, { body: LOGIN })).body;
    const away = Object.assign(new Error('terminating connection'), { code: '57P01' });
    vi.spyOn(pg.Client.prototype, 'query').mockImplementation(((...given: unknown[]) => {
      const done = given.at(-1);
      return typeof done === 'function' ? process.nextTick(done, away) : Promise.reject(away);
    }) as never);
    for (const [name, { responses }] of operations) {
      if (!responses[503]) continue;
      const body = name.startsWith('post ')
        ? { ...BODIES[name], ...(name === 'post /mapi/g' && { session }) }
        : undefined;
      const order =
        name.includes('/parties/{party}/p') && name.startsWith('post /api/v1/ops') ? 'portal' : partyFor(name);
      const { headers } = await ask(name, 503, {
        ...(name === CALLBACK && TO_CALLBACK),
        path: {
          party: order,
          id: name.includes('messages') ? UUID : '1',
          report: name.endsWith('/records') ? 'connections' : 'ii06a',
          ...(name === CALLBACK && TO_CALLBACK.path),
        },
        body,
      });
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
  });

  inDepth('documents no status that is not served', () => {
    const documented = [...operations].flatMap(([name, { responses }]) =>
      Object.keys(responses)
        .filter((status) => status !== 'default')
        .map((status) => `${name} ${status}`),
    );
    // 408 takes five minutes: see body.test.ts.
    expect(documented.filter((one) => !met.has(one) && !one.endsWith(' 408'))).toEqual([]);
  });

  test('allows no shared cache for answers that need a key', async () => {
    for (const [name, { 'x-scopes': scopes }] of operations) {
      if (!scopes || !name.startsWith('get ')) continue;
      const path = name.slice(4).replaceAll(/\{\w+\}/g, '1');
      for (const secret of [undefined, secretFor(operations.get(name) as Operation)]) {
        const headers: Record<string, string> = secret === undefined ? {} : { Authorization: secret };
        const response = await hub.request('GET', path, undefined, undefined, headers);
        await response.body?.cancel();
        expect([name, response.headers.get('cache-control')]).toEqual([name, expect.stringMatching(/private|no-/)]);
      }
    }
  });

  test('every tag that groups routes is declared', async () => {
    const { tags, paths } = (await (await hub.request('GET', '/openapi.json')).json()) as {
      tags: readonly { name: string }[];
      paths: Record<string, Record<string, { tags: readonly string[] }>>;
    };
    const used = Object.values(paths).flatMap((path) => Object.values(path).flatMap((one) => one.tags));
    expect(tags.map(({ name }) => name).sort()).toEqual([...new Set(used)].sort());
  });

  test('has no identifier twice: validators refuse such a document', async () => {
    const document = await (await hub.request('GET', '/openapi.json')).text();
    const ids = [...document.matchAll(/"(?:\$id|\$anchor|operationId)":"([^"]*)"/g)].map(([, id]) => id);
    expect(ids).toHaveLength(operations.size);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('types query numbers as numbers, for generated clients', () => {
    const numbers = new Map(
      [...operations.values()].flatMap(({ parameters }) =>
        parameters.flatMap(({ name, schema }) => ('minimum' in schema ? [[name, schema] as const] : [])),
      ),
    );
    expect(Object.fromEntries(numbers)).toEqual({
      days: { type: 'integer', minimum: 1, maximum: 90, description: expect.any(String) },
      limit: { type: 'integer', minimum: 1, maximum: 200, description: expect.any(String) },
      lines: { type: 'integer', minimum: 1, maximum: 100_000, description: expect.any(String) },
      mostMs: { type: 'integer', minimum: 1, maximum: 10_000, description: expect.any(String) },
      wait: { type: 'integer', minimum: 0, maximum: 30, description: expect.any(String) },
    });
  });

  test('marks no door as public: each names its security', () => {
    const open = [...operations].filter(([, { security }]) => security.length === 0).map(([name]) => name);
    expect(open.sort()).toEqual([
      'get /.well-known/jwks.json',
      LOOK_UP,
      'get /api/public/questions',
      FOLLOW,
      RECEIPT,
      'get /health/live',
      'get /health/ready',
      'get /metrics',
      'get /openapi.json',
      'get /schemas/{name}',
      'get /soap/v1/{party}',
      RATE,
      ASK,
      'post /mapi/login',
    ]);
    const idempotent = [...operations].filter(([, { parameters }]) =>
      parameters.some((one) => one.name === 'Idempotency-Key' && one.in === 'header'),
    );
    expect(idempotent.map(([name]) => name)).toEqual([
      'post /api/v1/parties/{party}/dossiers',
      'post /api/v1/parties/{party}/progress',
      ...Object.keys(SAMPLES).map((path) => `post /api/v1/parties/{party}/${path}`),
      PUSH_DROP,
      ASK,
      RATE,
    ]);
  });

  test('the type of every problem leads to its explanation', async () => {
    const page = await (await hub.request('GET', '/docs')).text();
    const types: string[] = (components as Json).schemas.Problem.properties.type.enum;
    expect(types.length).toBeGreaterThan(10);
    for (const type of types) {
      const [path, anchor] = type.split('#');
      expect([path, page.includes(`id="${anchor}"`)]).toEqual(['/docs', true]);
    }
  });
});

interface Asked {
  readonly path?: Record<string, string | number>;
  readonly query?: string;
  readonly secret?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** The requesting address. */
  readonly from?: string;
}

const LATER = '2025-08-20T08:15:00+07:00';

/** A text in a wrong character set, in a member of a record. */
function doubtfulText(member: string): Record<string, unknown> {
  const text = 'Nguyá»…n VÄ�n An';
  if (member === 'steps') return { steps: [{ at: LATER, status: text }] };
  return { [member]: member === 'payer' ? { name: text } : text };
}

const JSON_LD = 'application/ld+json';
const NDJSON = { 'Content-Type': 'application/x-ndjson' };
const UUID = '01a20ec3-f008-7405-9412-5646a9d483d9';
const NUL = { path: { id: '1', code: '\u0000' } };
const ORDERS = 'post /api/v1/ops/records/{kind}/{code}/orders';
const ORDER = { order: 'answer', version: 1, text: 'Trong 5 ngày.', why: 'because the test asks' };
const WHY = { why: 'because the test asks' };
/** The same request, from an address. */
async function requestFrom(
  { hub }: TestHub,
  remoteAddress: string,
  method: string,
  url: string,
  body: unknown,
  given: Readonly<Record<string, string>>,
): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...given };
  const bytes = body === undefined ? [] : [Buffer.from(JSON.stringify(body))];
  const incoming = Object.assign(Readable.from(bytes), { socket: { remoteAddress }, headers });
  return hub.app.request(url, { method, headers }, { incoming });
}

const LOGIN = { username: 'one-stop', password: SECRETS['one-stop'] };
const PERSONAL = 'Bearer ops-personal-secret-of-the-tests';
const SOAP = {
  '1.1': { 'Content-Type': 'text/xml; charset=utf-8' },
  '1.2': { 'Content-Type': 'application/soap+xml; charset=utf-8' },
};
const CALLBACK = 'post /callbacks/{party}/{name}';
const TO_CALLBACK = { path: { party: 'portal', name: 'status' }, secret: 'Bearer of-the-partner' };
const documentIn = () => ({ mediaType: 'application/pdf', bytes: Buffer.from('%PDF-1.4') });
/** A partner that pushes steps and payments in the hub's own format, and gets answers in it. */
const STEP_PUSH: Callback<unknown> = {
  check: ({ headers }) => (headers.get('authorization') === TO_CALLBACK.secret ? undefined : 'who is it?'),
  read(body) {
    const sent = JSON.parse(Buffer.from(body).toString());
    return [readItem('amountVnd' in sent ? 'payment.upsert.v1' : 'dossier.progress.v1', sent)];
  },
  reply: ({ kind, status }) => ({ status, body: { kind } }),
};
const PUSH_FILE = 'post /api/v1/parties/{party}/files';
const PUSH_DROP = 'post /api/v1/parties/{party}/drops';
const TAKE_DROP = 'post /api/v1/ops/parties/{party}/drops';
const DROPS: readonly string[] = [PUSH_DROP, TAKE_DROP];
const NAMED = { 'Content-Disposition': 'attachment; filename="ho-so.csv"' };
const WATER = {
  ...{ id: 'water', secret: 'water-secret-of-the-tests', party: 'water' },
  scopes: ['dossier:write' as const],
};
const READ_FILE = 'get /api/v1/files/{hash}';
const HOUR_MS = 3_600_000;
const REGISTER_ASK = 'post /api/v1/parties/{party}/ask/{question}';
const CLERK = { id: 'clerk', secret: 'clerk-secret-of-the-tests', scopes: ['register:ask' as const] };
const QUESTION = { title: 'Thông tin công dân', values: closed({}), members: ['name'], fromDossier: {} };
const REGISTER: Asker<unknown> = {
  questions: () => ({ person: QUESTION, refused: QUESTION }),
  ask: async (_, { question }) =>
    question === 'refused'
      ? { kind: 'refused', reason: 'rejected', message: 'no right' }
      : { kind: 'found', answer: { name: 'Nguyễn Văn An' }, unread: [] },
};
const MAPPINGS = 'post /api/v1/ops/mappings';
const EVIDENCE = 'get /api/v1/ops/dossiers/{code}/evidence';
const STATE = 'get /api/v1/ops/dossiers/{code}';
const LOOK_UP = 'get /api/public/dossiers/{code}';
const ASK = 'post /api/public/questions';
const FOLLOW = 'get /api/public/questions/{code}';
const RECEIPT = 'get /api/public/receipts/{address}';
const RATE = 'post /api/public/dossiers/{code}/rating';
const RATING = { proof: '0001', level: 'satisfied' };
const NEW_QUESTION = { content: 'Ở đâu?', asker: { name: 'Nguyễn Văn An', phone: '0900000001' } };
const QUERIES: Readonly<Record<string, string>> = {
  [LOOK_UP]: '?proof=0001',
  [FOLLOW]: '?proof=0001',
  'get /api/v1/statistics/dossiers': '?column=received',
  'get /api/v1/reports/{report}': '?period=2025',
  'get /api/v1/reports/{report}/records': '?period=2025&column=deliveries',
  'get /api/v1/ops/reports/{report}/records': '?period=2025&column=deliveries',
  'get /api/v1/ops/reports/{report}': '?period=2025',
  'get /api/v1/ops/statistics/dossiers': '?column=received',
};
const LOOKED_UP = { codes: ['H60.01-250812-0001'] };
const FILTER = { list: 'deliveries', name: 'failed' };
const BODIES: Readonly<Record<string, object>> = {
  'post /api/v1/ops/parties/{party}/look-ups': LOOKED_UP,
  'post /api/v1/ops/saved-filters': { ...FILTER, query: 'state=failed' },
  'post /api/v1/ops/saved-filters/remove': FILTER,
  'post /api/v1/ops/incidents/{id}/notes': { action: 'Restored.' },
  [ORDERS]: ORDER,
  [REGISTER_ASK]: {
    ...{ officer: 'CB-0007', agencyCode: 'H60.01', serviceCode: '1.013225' },
    ...{ purpose: 'Kiểm tra người nộp hồ sơ', legalBasis: 'NĐ 61/2018/NĐ-CP' },
  },
  'post /mapi/g': { service: 'LayDanhMucCoQuan' },
  'post /kpdvcqg/dptracuuthanhtoanhs': { MaHoSo: 'H60.01-250812-0035' },
  [ASK]: NEW_QUESTION,
  [RATE]: RATING,
  'post /api/v1/ops/deliveries/replay': { party: 'portal', preview: true },
  'post /api/v1/ops/parties/{party}/backfill': { preview: true },
  'post /api/v1/ops/doubtful-dossiers/{id}/settle': { why: 'because the test asks' },
  'post /api/v1/ops/legal-holds': { code: 'X-1', why: 'because the test asks' },
  'post /api/v1/ops/legal-holds/{id}/lift': { why: 'because the test asks' },
  'post /api/v1/ops/erasures/preview': { code: 'X-1', why: 'because the test asks' },
  'post /api/v1/ops/erasures': { code: 'X-1', why: 'because the test asks', token: 'x' },
  'post /api/v1/ops/quarantine/{id}/resolve': { action: 'dismiss', why: 'because the test asks' },
  [MAPPINGS]: {
    ...{ party: 'portal', table: 'portal-status' },
    ...{ lines: [{ from: '97', to: 'processing' }], why: 'because the test asks' },
  },
  'post /api/v1/ops/mappings/{id}/ask': { why: 'because the test asks' },
  'post /api/v1/ops/mappings/{id}/approve': { why: 'because the test asks' },
  'post /api/v1/ops/mappings/{id}/correct': { why: 'because the test asks' },
  'post /api/v1/ops/mappings/{id}/refuse': { why: 'because the test asks' },
  'post /api/v1/ops/mappings/{id}/withdraw': { why: 'because the test asks' },
  'post /api/v1/ops/code-tables/{party}/{table}/preview': { from: '98', to: 'processing' },
  'post /api/v1/ops/code-tables/{party}/{table}': { why: 'because the test asks', from: '98', to: 'processing' },
};

function isEndless(response: Response): boolean {
  return response.headers.get('content-type') === 'text/event-stream';
}

async function beginningOf(response: Response): Promise<string> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return Buffer.from(value as Uint8Array).toString();
}

/** The address of a catalogue entry: the existing one. */
function pathOf(name: string): Record<string, string> {
  const [, list = ''] = /(services|agencies|fields)\/\{code\}/.exec(name) ?? [];
  return list in ENTRIES ? { code: ENTRIES[list as keyof typeof ENTRIES].code } : {};
}

/** Sufficient credentials for an operation. */
function secretFor(operation: Operation): string | undefined {
  const scopes = operation['x-scopes'];
  if (!scopes)
    return operation.security.some((one) => 'basic' in one)
      ? `Basic ${Buffer.from(`one-stop:${SECRETS['one-stop']}`).toString('base64')}`
      : undefined;
  if (scopes.includes('register:ask')) return `Bearer ${CLERK.secret}`;
  if (scopes.some((scope) => scope.endsWith(':write'))) return `Bearer ${SECRETS['one-stop']}`;
  if (scopes.includes('index:personal')) return `Bearer ${SECRETS.personal}`;
  return scopes.some((scope) => scope.startsWith('ops:'))
    ? 'Bearer ops-secret-of-the-tests'
    : `Bearer ${SECRETS.portal}`;
}

function partyFor(name: string): string {
  if (name.includes('/drops')) return 'water';
  return name.includes('/ops/') || name === REGISTER_ASK ? 'portal' : 'one-stop';
}
