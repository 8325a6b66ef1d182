import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readItem } from '#core/dossier/item';
import type { Outcome } from '#core/dossier/settle';
import { AUDITED_AN_HOUR } from '../../src/http/audit-limit.ts';
import { viewBody } from '../../src/http/operators/body-view/view.ts';
import { dossier, type Partner, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { DOWN, NO, OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';
import { dossierXml, envelope, pushXml, sendSoap } from '../support/soap.ts';

const CODE = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;
const ROUTES = [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }];
const PERSONAL = ['Nguyễn Văn An', '001000000001', '0900000001', 'an@example.test'];

describe('operators', () => {
  let hub: TestHub;
  let ops: Operator;
  let partner: Partner;
  beforeEach(async () => {
    partner = testPartner({
      pull: {
        catalogue: {
          schedule: '0 0 2 * * *',
          next: async () => ({ bodies: [], checkpoint: null, more: false }),
          read: () => [],
        },
      },
    });
    hub = await testHub({ partners: { portal: partner }, routes: ROUTES, keys: [...OPERATOR_KEYS] });
    ops = operatorOf(hub);
  });
  afterEach(() => hub.close());

  const later = (ms: number): void => {
    hub.clock.nowMs += ms;
  };
  const items = async (path: string) => (await ops.get(path)).body.items;
  const nothingOf = (value: unknown, personal: readonly string[]): void => {
    const text = JSON.stringify(value);
    expect(personal.filter((one) => text.includes(one))).toEqual([]);
  };

  test('parties are listed all at once, or by pages', async () => {
    const named = (list: readonly { party: string }[]) => list.map(({ party }) => party);
    const whole = (await ops.get('parties')).body;
    expect(named(whole.items).length).toBeGreaterThan(1);
    expect(whole.next).toBeNull();
    const seen: string[] = [];
    for (let cursor = ''; cursor !== null; ) {
      const page = (await ops.get(`parties?limit=1&cursor=${encodeURIComponent(cursor)}`)).body;
      expect(page.items).toHaveLength(1);
      seen.push(...named(page.items));
      cursor = page.next;
    }
    expect(seen).toEqual(named(whole.items));
    for (const query of ['limit=0', 'limit=201', 'cursor=x', 'size=1'])
      expect([query, (await ops.get(`parties?${query}`)).status]).toEqual([query, 400]);
  });

  test('every route refuses a key without its scope', async () => {
    const { paths } = (await hub.read('/openapi.json')).body;
    const routes = Object.entries(paths as Record<string, Record<string, { 'x-scopes'?: string[] }>>)
      .filter(([path]) => path.startsWith('/api/v1/ops/'))
      .flatMap(([path, methods]) => Object.entries(methods).map(([method, doc]) => ({ path, method, doc })));
    expect(routes.length).toBeGreaterThan(18);
    for (const { path, method, doc } of routes) {
      const [scope] = doc['x-scopes'] as [string];
      const url = path.replace('{party}', 'portal').replace('{table}', 'portal-status').replace('{id}', '1');
      const body = method === 'post' ? {} : undefined;
      const bare = await hub.request(method.toUpperCase(), url, undefined, body);
      expect([path, bare.status]).toEqual([path, 401]);
      for (const { id, scopes } of OPERATOR_KEYS) {
        const given = url.slice('/api/v1/ops/'.length);
        const { status } = method === 'post' ? await ops.post(given, {}, id) : await ops.get(given, id);
        expect([path, id, status === 403]).toEqual([path, id, !scopes.includes(scope as never)]);
      }
    }
  });

  test('every list refuses an unknown parameter', async () => {
    const { paths } = (await hub.read('/openapi.json')).body;
    const lists = Object.entries(paths as Record<string, { get?: object }>)
      .filter(([path, { get }]) => get && path.startsWith('/api/v1/ops/') && !path.includes('{'))
      .map(([path]) => path.slice('/api/v1/ops/'.length));
    expect(lists.length).toBeGreaterThan(20);
    for (const list of lists) {
      const { status, body } = await ops.get(`${list}?nothing=1`);
      expect([list, status, body.problems?.at(-1)?.path]).toEqual([list, 400, '?nothing']);
    }
  });

  test('a key sees its id and its scopes, and no secret', async () => {
    expect(await ops.get('key', 'ops-read')).toEqual({ status: 200, body: { id: 'ops-read', scopes: ['ops:read'] } });
  });

  test('unexpected events are listed by kind, newest first, and counted', async () => {
    const told = (n: number, status: string, at: string) => progress({ code: CODE(n), status, at });
    later(4 * 86_400_000);
    await hub.push([1, 2, 3].map((n) => dossier({ code: CODE(n), status: 'received' })));
    // (c) two statuses at one time; (d) a transition that the table does not allow; and a step after an end.
    await hub.push(told(1, 'processing', '2025-08-13T09:00:00+07:00'), { what: 'progress' });
    later(1_000);
    await hub.push(told(1, 'resolved', '2025-08-13T09:00:00+07:00'), { what: 'progress' });
    await hub.push(told(2, 'returned', '2025-08-13T10:00:00+07:00'), { what: 'progress' });
    later(1_000);
    await hub.push(told(2, 'processing', '2025-08-14T10:00:00+07:00'), { what: 'progress' });
    later(1_000);
    await hub.push(told(3, 'submitted', '2025-08-13T11:00:00+07:00'), { what: 'progress' });
    const { body } = await ops.get('anomalies');
    const summary = body.items.map(({ code, kind, status }: Record<string, string>) => [code, kind, status]);
    expect(summary).toEqual([
      [CODE(3), 'transition', 'submitted'],
      [CODE(2), 'reopened', 'processing'],
      [CODE(1), 'same-time', 'resolved'],
    ]);
    expect(body.items[0]).toEqual({
      at: '2025-08-13T11:00:00+07:00',
      code: CODE(3),
      kind: 'transition',
      status: 'submitted',
      party: 'one-stop',
      messageId: expect.any(String),
      recordedAt: expect.stringMatching(/^2025-08-25T/),
    });
    expect(body.next).toBeNull();
    const seen: string[] = [];
    for (let next = ''; next !== 'null'; ) {
      const page = (await ops.get(`anomalies?limit=1${next && `&cursor=${encodeURIComponent(next)}`}`)).body;
      seen.push(...page.items.map(({ code }: { code: string }) => code));
      next = String(page.next);
    }
    expect(seen).toEqual([CODE(3), CODE(2), CODE(1)]);
    expect(await items(`anomalies?kind=reopened`)).toMatchObject([{ code: CODE(2) }]);
    expect(await items(`anomalies?code=${CODE(1).toLowerCase()}`)).toMatchObject([{ code: CODE(1) }]);
    later(1_000);
    const record = dossier({ code: CODE(2), status: 'returned', statusAt: '2025-08-15T10:00:00+07:00' });
    await hub.push(record);
    await hub.push({ ...record, status: 'processing', statusAt: '2025-08-16T10:00:00+07:00' });
    expect(await items('anomalies?kind=reopened-without-reason')).toMatchObject([{ code: CODE(2) }]);
    expect((await hub.read(`/api/v1/dossiers/${CODE(2)}`)).body.status).toBe('processing');
    expect(await items('anomalies?party=other')).toEqual([]);
    expect((await ops.get('anomalies?kind=odd')).status).toBe(400);
    const metrics = async () => (await (await hub.request('GET', '/metrics')).text()).split('\n');
    expect(await metrics()).toContain('hub_anomalies_total{party="one-stop",kind="same-time"} 1');
    expect(await metrics()).toContain('hub_anomalies_total{party="one-stop",kind="reopened"} 1');
    expect(await metrics()).toContain('hub_anomalies_total{party="one-stop",kind="transition"} 1');
  });

  test('a future moment is reported to its sender and officers, and decides nothing before', async () => {
    const push = (status: string, statusAt: string) => hub.push(dossier({ code: CODE(1), status, statusAt }));
    const early = (await push('received', '2025-08-13T08:00:00+07:00')).body.results[0];
    expect(JSON.stringify(early)).not.toContain('/statusAt');
    expect((await push('processing', '2052-08-12T09:00:00+07:00')).body.results[0]).toMatchObject({
      outcome: 'accepted',
      warnings: expect.arrayContaining([
        {
          path: '/statusAt',
          code: 'ahead-of-time',
          args: { moment: '2052-08-12T09:00:00+07:00' },
          message: '2052-08-12T09:00:00+07:00 is in the future; it is stored, and changes the dossier at that moment',
        },
      ]),
    });
    expect((await hub.read(`/api/v1/dossiers/${CODE(1)}`)).body.status).toBe('received');
    const present = (await push('resolved', '2025-08-13T08:30:00+07:00')).body.results[0];
    expect(present).toMatchObject({ outcome: 'accepted' });
    const step = progress({ code: CODE(1), status: 'returned', at: '2052-08-13T09:00:00+07:00' });
    const { body } = await hub.push(step, { what: 'progress' });
    expect(body.results[0].warnings).toMatchObject([{ path: '/at' }]);
    expect(await items('anomalies?kind=ahead-of-time')).toMatchObject([
      { code: CODE(1), status: 'returned' },
      { code: CODE(1), status: 'processing' },
    ]);
    expect((await hub.read(`/api/v1/dossiers/${CODE(1)}`)).body.status).toBe('resolved');
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true, differences: [] });
  });

  test('unknown ids are not found, and another body is refused with its paths', async () => {
    for (const path of [
      'messages/1',
      'messages/0198a000-0000-7000-8000-000000000000',
      'deliveries/1',
      'deliveries/x',
      'quarantine/1',
      'parties/nobody',
      'replays/1',
      'replays/x',
    ])
      expect([path, (await ops.get(path)).status]).toEqual([path, 404]);
    for (const path of ['deliveries/1/replay', 'replays/1/stop', 'parties/nobody/pause', 'parties/nobody/pull'])
      expect([path, (await ops.post(path, {})).status]).toEqual([path, 404]);
    const order = { action: 'release', why: 'because' };
    expect((await ops.post('quarantine/1/resolve', order)).status).toBe(404);
    expect((await ops.post('quarantine/1/resolve', { action: 'guess' })).body).toMatchObject({
      status: 400,
      problems: [{ path: '/why' }, { path: '/action', message: expect.stringContaining('map, release, dismiss') }],
    });
    expect((await ops.post('deliveries/replay', { preview: true })).body).toMatchObject({ status: 400 });
    expect((await ops.post('deliveries/replay', { preview: false, state: 'refused' })).body.problems).toMatchObject([
      { path: '/why' },
    ]);
    for (const [given, path] of [
      [{ from: '2025-09-01', to: '2025-08-01' }, '/to'],
      [{ from: 'yesterday' }, '/from'],
    ] as const)
      expect((await ops.post('deliveries/replay', { preview: true, ...given })).body.problems).toMatchObject([
        { path },
      ]);
    expect((await ops.get('deliveries?from=yesterday')).body.problems).toMatchObject([{ path: '?from' }]);
    // A blank reason in the audit would explain nothing.
    for (const [order, given] of [
      ['deliveries/replay', { preview: false, state: 'refused' }],
      ['quarantine/1/resolve', { action: 'release' }],
      ['code-tables/one-stop/national-status', { from: '77', to: 'processing' }],
      ['parties/portal/pause', {}],
      ['parties/portal/resume', {}],
      ['parties/portal/pull', { name: 'catalogue' }],
      ['deliveries/1/replay', {}],
      ['replays/1/stop', {}],
    ] as const)
      expect([order, (await ops.post(order, { ...given, why: ' \n\u00a0' })).body]).toMatchObject([
        order,
        { status: 400, problems: [{ path: '/why', message: expect.stringMatching(/that is not blank$/) }] },
      ]);
    expect((await ops.post('parties/portal/pull', { name: 'nothing' })).body.problems).toMatchObject([
      { path: '/name', message: 'got "nothing", expected one of catalogue' },
    ]);
    for (const order of [{ why: 'x' }, { why: 'x', name: 'catalogue' }])
      expect((await ops.post('parties/one-stop/pull', order)).body).toMatchObject({
        status: 400,
        detail: 'the party "one-stop" has no pulls',
      });
    expect((await ops.get('deliveries?state=lost')).body.problems).toMatchObject([{ path: '?state' }]);
    for (const wrong of ['messages?cursor=made-up', 'messages?outcome=odd', 'quarantine?kind=odd'])
      expect((await ops.get(wrong)).status).toBe(400);
  });

  test('one party and one run look as in their lists', async () => {
    // Paused, so that nothing changes between two looks.
    await ops.post('parties/portal/pause', { why: 'to look at it' });
    await hub.push(dossier());
    await ops.post('deliveries/replay', { party: 'portal', preview: false, why: 'it was lost there' });
    await hub.deliver();
    for (const [list, id] of [
      ['parties', 'party'],
      ['replays', 'id'],
    ] as const) {
      const all = await items(list);
      expect(all.length).toBeGreaterThan(0);
      for (const one of all)
        expect(await ops.get(`${list}/${encodeURIComponent(one[id])}`)).toEqual({ status: 200, body: one });
    }
    expect((await ops.get('parties/nobody')).body).toMatchObject({ detail: 'there is no party "nobody"' });
    expect((await ops.get('replays/9')).body).toMatchObject({ detail: 'there is no run 9' });
  });

  test('an order is JSON, says so and repeats no member; an empty one needs no media type', async () => {
    const order = (body: string | undefined, type: string) =>
      hub.request('POST', '/api/v1/ops/parties/portal/pause', undefined, body, {
        Authorization: 'Bearer ops-secret-of-the-tests',
        ...(type && { 'Content-Type': type }),
      });
    // A blank one counts as missing.
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json-seq', ' ']) {
      const refused = await order('{"why":"x"}', type);
      expect([type, refused.status]).toEqual([type, 415]);
      expect(await refused.json()).toMatchObject({ type: '/docs#problem-unsupported-media' });
    }
    expect((await order('{"why":"x"}', 'Application/JSON; charset=utf-8')).status).toBe(200);
    expect((await order(undefined, '')).status).toBe(200);
    const twice = await order('{"why":"x","why":"y"}', 'application/json');
    expect(twice.status).toBe(400);
    expect(await twice.json()).toMatchObject({ problems: [{ path: '/why' }] });
    await ops.post('parties/portal/resume');
  });

  test.each([
    ['a whole body', '{"n":12345678901234567890}'],
    ['lines', '{"n":12345678901234567890}\n{"n":1}\n'],
    ['a text in a body', JSON.stringify({ ThongTinKhac: '{"n":12345678901234567890}' })],
  ])('a number in %s is shown with the digits that were sent', async (_, body) => {
    expect((await viewBody(Buffer.from(body), true)).text).toContain('12345678901234567890');
  });

  test('a message nested 3,000 deep is reported as such, and breaks no reader', async () => {
    const deep = '['.repeat(3_000) + ']'.repeat(3_000);
    const inText = JSON.stringify({ ThongTinKhac: `${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}` });
    const xml = `<a>${'<b>'.repeat(3_000)}${'</b>'.repeat(3_000)}</a>`;
    for (const body of [deep, `${deep}\n${deep}\n`, xml]) {
      const view = await viewBody(Buffer.from(body), true);
      expect(view).toMatchObject({ format: 'hidden', text: '', note: 'it is nested more than 100 deep' });
    }
    expect(await viewBody(Buffer.from(inText), true)).toMatchObject({
      format: 'json',
      text: expect.stringMatching(/characters that cannot be read/),
    });
    await hub.push(deep);
    const [{ id }] = await items('messages');
    expect((await ops.get(`messages/${id}`, 'ops-personal')).body).toMatchObject({ body: { format: 'hidden' } });
  });

  test('of a body with very many values a bounded part is shown, and files count as one', async () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`member${n}`, `${n}`]));
    const look = (value: unknown) => viewBody(Buffer.from(JSON.stringify(value)), false);
    const list = Array.from({ length: 60 }, () => many(2_000));
    for (const given of [list, { service: 'DongBoHoSoMC', data: list }]) {
      const view = await look(given);
      expect(view).toMatchObject({ format: 'json', note: 'the first 2 of 60 items are shown' });
      expect(view.text.match(/"member1999"/g)).toHaveLength(2);
    }
    // The placeholder of a larger one is one value.
    for (const given of [
      [many(6_000), 1, 'hai'],
      [1, many(6_000), many(6_000), 'hai'],
    ]) {
      const seen = given.map((item) => (typeof item === 'object' ? '(larger than is shown)' : item));
      expect(await look(given)).toEqual({ format: 'json', text: JSON.stringify(seen, null, 2) });
    }
    const one = { format: 'hidden', text: '', note: 'it is one object with more content than is shown' };
    expect(await look(many(6_000))).toMatchObject(one);
    expect(await look(many(60_000))).toMatchObject(one);
    const file = { name: 'don.pdf', content: 'JVBERi0x'.repeat(100_000) };
    expect((await look(file)).text).toContain('(800000 characters)');
  });

  test('values inside texts, lines and parts of XML count too', async () => {
    const view = (text: string) => viewBody(Buffer.from(text), false);
    const people = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ hoTen: `Nguyễn Văn ${n}`, ghiChu: `gọi Nguyễn Văn ${n}` }));
    const [few, some, most] = [people(10), people(1_000), people(12_000)].map((one) => JSON.stringify(one)) as [
      ...[string, string, string],
    ];
    const hidden = (text: string) => `(${text.length} characters that are not shown)`;
    for (const text of [most, JSON.stringify(people(2_500)), `<a>${'<b>1</b>'.repeat(6_000)}</a>`])
      expect(JSON.parse((await view(JSON.stringify({ data: [text], ma: 'H60' }))).text)).toEqual({
        data: [hidden(text)],
        ma: 'H60',
      });
    // 3,001 values each: there is room for one, and for small ones beside it.
    const opened = JSON.parse((await view(JSON.stringify([some, some, few, 'xin chào']))).text);
    expect(opened.map((one: unknown) => (Array.isArray(one) ? one.length : one))).toEqual([
      1_000,
      hidden(some),
      10,
      'xin chào',
    ]);
    expect(opened[0][1]).toEqual({ hoTen: 'N***** V** 1', ghiChu: 'gọi N***** V** 1' });
    expect((await view(`<a><b><![CDATA[${JSON.stringify(people(2_500))}]]></b><c>1</c></a>`)).text).toMatch(
      /<b>\(\d+ characters that are not shown\)<\/b>\s*<c>1<\/c>/,
    );
    // Also without a repeat: each level of texts in texts is parsed again.
    const nested = Array.from({ length: 4 }).reduce(
      (inner: string) => JSON.stringify([inner]),
      'xin chào '.repeat(16_000),
    );
    expect((await view(nested)).text).toMatch(/\(\d+ characters that are not shown\)/);

    const lines = Array.from({ length: 10 }, () => JSON.stringify(people(500))).join('\n');
    expect(await view(lines)).toMatchObject({ format: 'ndjson', note: 'the first 3 lines are shown' });
    for (const end of ['', '\n'])
      expect(await view(`{"a":1}\n{"a":2}${end}`)).toEqual({ format: 'ndjson', text: '{"a":1}\n{"a":2}' });
    const sixty = Array.from({ length: 60 }, (_, n) => `{"a":${n}}`).join('\n');
    expect(await view(sixty)).toMatchObject({ format: 'ndjson', note: 'the first 50 lines are shown' });

    const elements = await view(`<a><q>0</q>${'<b>1</b>'.repeat(30_000)}</a>`);
    expect(elements).toMatchObject({ format: 'xml', note: 'the first 39995 of 240015 bytes are shown' });
    expect(elements.text.match(/<b>/g)).toHaveLength(4_998);
    expect(elements.text).toMatch(/<\/b>\s*<\/a>$/);
    for (const inside of ['<!---->', '<![CDATA[x]]>', '<?p?>'])
      expect((await view(`<a><q>0</q>${inside.repeat(9_000)}</a>`)).text).toBe('<a>\n  <q>0</q>\n</a>');
    const attributes = Array.from({ length: 9_000 }, (_, n) => `a${n}="1"`).join(' ');
    expect((await view(`<a><q>0</q><b ${attributes}/></a>`)).text).toBe('<a>\n  <q>0</q>\n</a>');
    expect(await view(`<a><b ${attributes}/></a>`)).toMatchObject({ format: 'hidden', text: '' });
    // Attributes in a comment do not count: it is shown whole.
    expect(await view(`<a><q>0</q><!-- ${attributes} --></a>`)).toEqual({
      format: 'xml',
      text: '<a>\n  <q>0</q>\n</a>',
    });
  });

  test('a form with a word as long as a file is searched once', async () => {
    // Searched from each of its letters it would take minutes.
    const word = 'a'.repeat(250_000);
    expect(await viewBody(Buffer.from(`${word} token=abc&ma=1`), true)).toEqual({
      format: 'text',
      text: `${word} token=***&ma=1`,
    });
  });

  test('a large envelope is shown by its first items, masked; other documents by their beginning', async () => {
    const more = `<h:applicant><h:name>Nguyễn Văn An</h:name><h:phone>0900000001</h:phone></h:applicant><h:note>${'Ghi chú. '.repeat(80)}</h:note>`;
    const items = Array.from({ length: 600 }, (_, n) => dossierXml(CODE(n), more));
    const soap = await sendSoap(hub, envelope(pushXml(...items)));
    expect(soap.status).toBe(200);
    const [{ id }] = (await ops.get('messages?door=soap')).body.items;
    const masked = (await ops.get(`messages/${id}`)).body.body;
    expect(masked).toMatchObject({ format: 'xml', note: 'the first 50 of 600 items are shown' });
    expect(masked.text.match(/<h:code>/g)).toHaveLength(50);
    expect(masked.text).toContain('N***** V** A*');
    nothingOf(masked, PERSONAL);
    const whole = (await ops.get(`messages/${id}`, 'ops-personal')).body.body;
    expect(whole.text).toContain('Nguyễn Văn An');

    const records = Array.from(
      { length: 3_000 },
      (_, n) => `<HoSo><Ma>${CODE(n)}</Ma><ChuHoSo>Nguyễn Văn An</ChuHoSo><GhiChu>${'x y '.repeat(20)}</GhiChu></HoSo>`,
    );
    const list = `<?xml version="1.0"?><DanhSach><Trang>1</Trang>${records.join('')}</DanhSach>`;
    const view = await viewBody(Buffer.from(list), false);
    expect(view).toMatchObject({
      format: 'xml',
      note: expect.stringMatching(new RegExp(`^the first \\d+ of ${Buffer.byteLength(list)} bytes are shown$`)),
    });
    expect(view.text).toMatch(/^<\?xml[\s\S]*<Ma>H60\.01-250812-0000<\/Ma>[\s\S]*<\/DanhSach>$/);
    expect(view.text).toContain(CODE(1_000));
    nothingOf(view, PERSONAL);
  });

  test('a body needs ops:body, is masked, and each look is in the audit', async () => {
    await hub.push(dossier({ note: 'gọi cho Nguyễn Văn An, 0900000001' }));
    const [message] = await items('messages');
    expect((await ops.get(`messages/${message.id}`, 'ops-read')).body).not.toHaveProperty('body');
    expect((await ops.get(`messages/${message.id}?body=no`)).body).not.toHaveProperty('body');
    expect(await items('audit')).toEqual([]);
    const masked = (await ops.get(`messages/${message.id}`)).body;
    expect(masked.body).toMatchObject({ format: 'json', text: expect.stringContaining('1.013225') });
    nothingOf(masked, PERSONAL);
    const whole = (await ops.get(`messages/${message.id}?why=khi%E1%BA%BFu%20n%E1%BA%A1i`, 'ops-personal')).body.body
      .text;
    for (const personal of PERSONAL) expect(whole).toContain(personal);
    expect(await items('audit')).toMatchObject([
      { actor: 'ops-personal', action: 'body.read-personal', subject: `message ${message.id}`, why: 'khiếu nại' },
      { actor: 'ops', action: 'body.read', subject: `message ${message.id}` },
    ]);
  });

  test('nobody sees secrets, and XML is as readable as JSON', async () => {
    const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
      hub.request('POST', path, undefined, body, headers);
    const login = { username: 'one-stop', password: 'one-stop-secret-of-the-tests' };
    const { session } = (await (await post('/mapi/login', login)).json()) as { session: string };
    await post('/mapi/g', { session, service: 'DongBoHoSoMC', data: [{ MaHoSo: CODE(1), ChuHoSo: 'Trần Thị B' }] });
    const xml = `<e:Envelope xmlns:e="urn:e"><e:Header><Password>hunter-2</Password></e:Header><e:Body><dossier>
      <code>${CODE(2)}</code><applicant><name>Nguyễn Văn An</name><phone>0900000001</phone></applicant></dossier></e:Body></e:Envelope>`;
    await hub.hub.pipeline.accept({
      party: 'one-stop',
      door: 'rest',
      operation: 'dossier.upsert.v1',
      keyName: 'one-stop',
      mediaType: 'text/xml',
      body: Buffer.from(xml),
      bodyBytes: xml.length,
      items: [],
      receivedAt: '2025-08-21T08:30:00+07:00',
    });
    const views = await Promise.all(
      (await items('messages')).map(
        async ({ id }: { id: string }) => (await ops.get(`messages/${id}`, 'ops-personal')).body.body,
      ),
    );
    nothingOf(views, [session, 'hunter-2', 'one-stop-secret-of-the-tests']);
    const xmlView = views.find((view) => view?.format === 'xml');
    expect(xmlView.text).toContain(`  <code>${CODE(2)}</code>`);
    for (const { id } of await items('messages'))
      nothingOf((await ops.get(`messages/${id}`)).body, ['Nguyễn Văn An', '0900000001', 'Trần Thị B']);
  });

  test('members inside a text are masked too, and a file is not shown', async () => {
    const form = '<hotich><hoso><nycHoTen>Lê Văn Cường</nycHoTen><noiCuTru>12 Phố Huế</noiCuTru></hoso></hotich>';
    const body = JSON.stringify({
      data: form,
      json: JSON.stringify({ hoTen: 'Phạm Thị Dung' }),
      file: 'QUJD'.repeat(900),
      cut: '{"hoTen":"Võ V',
    });
    const soap = `<e><xml>${form.replaceAll('<', '&lt;')}</xml><json><![CDATA[{"hoTen":"Phạm Thị Dung"}]]></json></e>`;
    for (const one of [body, soap])
      await hub.hub.pipeline.accept({
        party: 'one-stop',
        door: 'rest',
        operation: 'dossier.upsert.v1',
        keyName: 'one-stop',
        mediaType: 'text/xml',
        body: Buffer.from(one),
        bodyBytes: one.length,
        items: [],
        receivedAt: '2025-08-21T08:30:00+07:00',
      });
    for (const { id } of await items('messages')) {
      const { text } = (await ops.get(`messages/${id}`)).body.body;
      nothingOf(text, ['Cường', 'Phố Huế', 'Dung', 'Võ V', 'QUJD']);
      expect(text).toContain('nycHoTen');
    }
  });

  test('wire calls are stored with their attempt, masked like bodies', async () => {
    await hub.push(dossier());
    await hub.deliver();
    const [delivery] = await items('deliveries');
    const wire = [
      {
        method: 'POST',
        url: 'http://portal.test/g?token=abc-def',
        request: JSON.stringify({ session: 'xyz-1', data: [{ ChuHoSo: 'Nguyễn Văn An' }] }),
        status: 200,
        reply: '<html>0900000001</html>',
      },
    ];
    const { createVault } = await import('../../src/secrets/vault.ts');
    const sealed = createVault(['a-secret-of-the-tests-that-is-long-enough']).seal(JSON.stringify(wire));
    await hub.hub.database.pool.query('UPDATE attempts SET wire = $1, wire_key = $2', [sealed.bytes, sealed.keyId]);
    const read = async (keyId: string) => (await ops.get(`deliveries/${delivery.id}`, keyId)).body.attempts[0];
    expect((await ops.get(`deliveries/${delivery.id}?body=no`)).body.attempts[0]).not.toHaveProperty('wire');
    expect(await items('audit')).toMatchObject([]);
    expect(await read('ops-read')).toMatchObject({
      number: 1,
      at: expect.any(String),
      tookMs: 0,
      outcome: 'delivered',
      reason: null,
      detail: null,
      hasWire: true,
    });
    const [call] = (await read('ops')).wire;
    expect(call).toMatchObject({ url: 'http://portal.test/g?token=***', status: 200, reply: { format: 'xml' } });
    nothingOf(call, ['Nguyễn Văn An', '0900000001', 'xyz-1', 'abc-def']);
    expect(JSON.stringify((await read('ops-personal')).wire)).toContain('Nguyễn Văn An');
  });

  test('what a partner could not receive in full is shown with the delivery, until it is sent again', async () => {
    const note = 'cut to what the portal takes: /TrichYeuHoSo from 1200 to 999 characters';
    partner.script.push({ kind: 'delivered', reference: 'r-1', note }, { kind: 'delivered', reference: 'r-2' });
    await hub.push(dossier());
    await hub.deliver();
    const [{ id, ...shown }] = await items('deliveries');
    expect(shown).toMatchObject({ state: 'delivered', reason: null, detail: note, reference: 'r-1' });
    later(10_000);
    expect((await ops.post(`deliveries/${id}/replay`, { why: 'told in part' })).body).toMatchObject({
      outcome: 'replayed',
    });
    await hub.deliver();
    const { body } = await ops.get(`deliveries/${id}`);
    expect(body).toMatchObject({ detail: null, reference: 'r-2' });
    expect(body.attempts.map(({ detail }: { detail: string | null }) => detail)).toEqual([note, null]);
  });

  test('messages are found by the codes in them, even unapplied ones, page by page', async () => {
    for (let n = 0; n < 5; n++) {
      await hub.push(dossier({ code: CODE(n) }));
      later(60_000);
    }
    await hub.push(dossier({ code: CODE(9), status: 'nonsense' }));
    await hub.push(progress({ code: CODE(8) }), { what: 'progress' });
    const all = await items('messages');
    expect(all.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'quarantined',
      'invalid',
      ...Array(5).fill('accepted'),
    ]);
    const pages: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await ops.get(`messages?limit=3${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      pages.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.next;
    }
    expect(pages).toEqual(all.map(({ id }: { id: string }) => id));
    for (const [n, outcome] of [
      [3, 'accepted'],
      [8, 'quarantined'],
      [9, 'invalid'],
    ])
      expect(await items(`messages?code=${CODE(n as number)}`)).toMatchObject([{ outcome }]);
    expect(await items('messages?outcome=invalid')).toHaveLength(1);
    expect(await items('messages?from=2025-08-21T08:31:00%2B07:00&to=2025-08-21T08:32:30%2B07:00')).toHaveLength(2);
    const { body } = await ops.get(`messages/${all[2].id}`, 'ops-read');
    expect(body).toMatchObject({
      results: [{ code: CODE(4), outcome: 'accepted' }],
      deliveries: [{ code: CODE(4), party: 'portal' }],
      waiting: [],
    });
  });

  test('auto-retry paused during a storm stops at once; resumed it does not resurrect what was settled', async () => {
    partner.script.push(...Array(6).fill(DOWN), NO, NO);
    await hub.push([0, 1, 2, 3].map((n) => dossier({ code: CODE(n) })));
    await hub.deliver();
    later(5_000);
    expect((await ops.post('parties/portal/pause', { why: 'a storm' })).body).toEqual({
      party: 'portal',
      paused: true,
    });
    const before = partner.sent.length;
    for (let s = 0; s < 3; s++) {
      later(30_000);
      await hub.deliver();
    }
    expect(partner.sent).toHaveLength(before);
    expect(await items('parties')).toContainEqual(
      expect.objectContaining({
        party: 'portal',
        health: 'paused',
        paused: { at: '2025-08-21T08:30:05+07:00', by: 'ops' },
        backlog: { due: 4, held: 0, onItsWay: 0 },
      }),
    );
    partner.script.length = 0;
    partner.script.push(NO, NO);
    await ops.post('parties/portal/resume', {});
    await hub.deliver();
    expect((await items('deliveries')).map(({ state }: { state: string }) => state).sort()).toEqual([
      'delivered',
      'delivered',
      'refused',
      'refused',
    ]);
    await ops.post('parties/portal/pause', {});
    later(365 * 86_400_000);
    await ops.post('parties/portal/resume', {});
    const settled = partner.sent.length;
    await hub.deliver();
    expect(partner.sent).toHaveLength(settled);
  });

  test('open failures are found, counted and replayed, except those delivered in a newer version', async () => {
    partner.script.push(NO, NO);
    await hub.push([0, 1].map((n) => dossier({ code: CODE(n) })));
    await hub.deliver();
    const failed = async () => [
      (await items('deliveries?state=failed')).map(({ code }: { code: string }) => code),
      (await items('parties')).find((one: { party: string }) => one.party === 'portal').failed,
    ];
    expect(await failed()).toEqual([[CODE(1), CODE(0)], 2]);
    await hub.push(dossier({ code: CODE(0), status: 'processing', statusAt: '2025-08-13T08:00:00+07:00' }));
    await hub.deliver();
    expect(await failed()).toEqual([[CODE(1)], 1]);
    expect(await items('deliveries?state=refused')).toHaveLength(2);
    const preview = await ops.post('deliveries/replay', { state: 'failed', preview: true });
    expect(preview.body.outcomes).toEqual({ replayed: 1 });
    await ops.post('deliveries/replay', { state: 'failed', preview: false, why: 'the field is longer now' });
    await expect.poll(() => failed()).toEqual([[], 0]);
  });

  test('deliveries to an unconfigured party wait, are listed, and continue when it is back', async () => {
    await ops.post('parties/portal/pause', {});
    await hub.push([0, 1].map((n) => dossier({ code: CODE(n) })));
    await hub.deliver();
    const { databaseUrl, clock } = hub;
    const beside = { databaseUrl, nowMs: clock.nowMs, keys: [...OPERATOR_KEYS] };
    const without = await testHub(beside);
    const there = operatorOf(without);
    await without.deliver();
    expect((await there.get('deliveries?party=portal&state=due')).body.items).toHaveLength(2);
    expect((await there.get('parties')).body.items).toContainEqual(
      expect.objectContaining({
        party: 'portal',
        configured: false,
        health: 'not-configured',
        backlog: { due: 2, held: 0, onItsWay: 0 },
      }),
    );
    expect((await there.post('parties/portal/resume', {})).status).toBe(200);
    await without.close();
    const changed = testPartner();
    const back = await testHub({ ...beside, partners: { portal: changed } });
    await back.deliver();
    await back.close();
    expect(changed.sent.map((item) => item.code)).toEqual([CODE(0), CODE(1)]);
    expect(partner.sent).toEqual([]);
    expect((await items('deliveries')).every(({ state }: { state: string }) => state === 'delivered')).toBe(true);
  });

  test('a party shows its last success and error, its incidents, and its limits', async () => {
    partner.script.push({ kind: 'delivered' }, NO);
    await hub.push([0, 1].map((n) => dossier({ code: CODE(n) })));
    await hub.deliver();
    await expect
      .poll(async () => (await items('parties')).find((one: { party: string }) => one.party === 'portal').lastSuccessAt)
      .toBeTruthy();
    expect(await items('parties')).toContainEqual(
      expect.objectContaining({
        party: 'portal',
        health: 'ok',
        breaker: 'closed',
        lastError: { at: expect.any(String), reason: 'field-too-long', detail: 'TenTTHC is too long', words: null },
        oldestDueAt: null,
        incidents: [],
      }),
    );
  });

  test('an ordered pull is due at once, and every order is in the audit', async () => {
    expect(await ops.post('parties/portal/pull', { name: 'catalogue', why: 'a new service' })).toMatchObject({
      status: 202,
      body: { pulls: ['catalogue'], waitsFor: null },
    });
    const { rows } = await hub.hub.database.pool.query('SELECT name FROM pulls WHERE next_at <= $1', [
      new Date(hub.clock.nowMs),
    ]);
    expect(rows).toEqual([{ name: 'catalogue' }]);
    await ops.post('parties/portal/pause', {});
    await ops.post('deliveries/replay', { state: 'refused', preview: false, why: 'mended' });
    const audit = await items('audit');
    expect(audit.map(({ action }: { action: string }) => action)).toEqual([
      'replay.start',
      'party.pause',
      'party.pull',
    ]);
    expect(audit[2]).toMatchObject({ actor: 'ops', subject: 'party portal: catalogue', why: 'a new service' });
    expect(await items('audit?action=party.pause&actor=ops')).toHaveLength(1);
    expect(await items('audit?actor=nobody')).toEqual([]);
  });

  test('a refused order is in the audit with its key and status, within a limit', async () => {
    expect((await ops.post('parties/portal/pause', { why: 'x' }, 'ops-read')).status).toBe(403);
    expect((await ops.post('parties/portal/pause', { wy: 'x' })).status).toBe(400);
    await hub.request('POST', '/api/v1/ops/parties/portal/pause', undefined, { why: 'x' });
    const entries = async () =>
      (await ops.get('audit?action=order.refused&limit=200')).body.items.map(
        ({ actor, subject, why }: Record<string, string>) => [actor, subject, why],
      );
    expect((await entries()).reverse()).toEqual([
      ['ops-read', 'order parties/portal/pause', '403 forbidden'],
      ['ops', 'order parties/portal/pause', '400 bad-request'],
    ]);
    await Promise.all(Array.from({ length: 80 }, () => ops.post('parties/nobody/pause', { why: 'x' }, 'ops-read')));
    const ofKey = (await entries()).filter(([actor]: readonly string[]) => actor === 'ops-read');
    expect(ofKey).toHaveLength(AUDITED_AN_HOUR);
    expect(ofKey.filter(([, , why]: readonly string[]) => why?.includes('not listed'))).toHaveLength(1);
  });

  test('actions on one subject are found in every written form of it', async () => {
    await hub.push([1, 2].map((n) => dossier({ code: CODE(n) })));
    await hub.deliver();
    later(10_000);
    const [{ id }] = await items('deliveries');
    await ops.post(`deliveries/${id}/replay`, { why: 'lost there' });
    await hub.deliver();
    await ops.post('parties/portal/pause', { why: 'a storm' });
    await ops.post('parties/portal/pull', { name: 'catalogue' });
    const run = (await ops.post('deliveries/replay', { state: 'refused', preview: false, why: 'mended' })).body;
    await ops.post(`replays/${run.id}/stop`, {});
    const line = { from: '77', to: 'processing', why: 'by the table' };
    expect((await ops.post('code-tables/one-stop/national-status', line)).status).toBe(201);
    for (const path of [`/api/v1/dossiers/${CODE(1)}`, `/api/v1/dossiers/${CODE(1)}/history`, '/api/v1/dossiers?q=An'])
      expect((await hub.read(path, 'personal')).status).toBe(200);
    // As earlier versions wrote them.
    await hub.hub.database.pool.query(
      `INSERT INTO audit (at, actor, action, subject) SELECT now(), 'before', action, subject FROM (VALUES
         ('delivery.replay', '${id} replayed'), ('delivery.replay', '${id}9 replayed'), ('party.pause', 'portal'),
         ('party.pause', 'portal-2'), ('party.pull', 'portal catalogue'), ('replay.stop', '${run.id}'),
         ('code-table.enter', 'one-stop national-status 77'), ('quarantine.map', 'unmapped:portal-status:77'),
         ('dossier.read-personal', '${CODE(1)}'), ('dossier.list-personal', '?q=…: ${CODE(2)} ${CODE(1)}'),
         ('index.rebuilt', '2 dossiers: ${CODE(1)}, ${CODE(3)}'), ('database.put-back', 'database'),
         ('import', 'portal dossier.upsert.v1 sha256:00')) given (action, subject)`,
    );
    const about = async (subject: string) =>
      (await items(`audit?subject=${encodeURIComponent(subject)}`)).map((one: Record<string, string>) => [
        one.actor,
        one.action,
        one.subject,
      ]);
    expect(await about(`delivery ${id}`)).toEqual([
      ['before', 'delivery.replay', `${id} replayed`],
      ['ops', 'delivery.replay', `delivery ${id}: replayed`],
    ]);
    expect(await about('database hub')).toEqual([['before', 'database.put-back', 'database']]);
    expect(await about('database other')).toEqual([]);
    expect(await about('party portal')).toEqual([
      ['before', 'import', 'portal dossier.upsert.v1 sha256:00'],
      ['before', 'party.pull', 'portal catalogue'],
      ['before', 'party.pause', 'portal'],
      ['ops', 'party.pull', 'party portal: catalogue'],
      ['ops', 'party.pause', 'party portal'],
    ]);
    expect(await about(`run ${run.id}`)).toEqual([
      ['before', 'replay.stop', `${run.id}`],
      ['ops', 'replay.stop', `run ${run.id}`],
      ['ops', 'replay.start', `run ${run.id}: {"state":"refused"}`],
    ]);
    const code = 'one-stop national-status 77';
    expect(await about(`code ${code}`)).toEqual([
      ['before', 'code-table.enter', code],
      ['ops', 'code-table.enter', `code ${code}`],
    ]);
    expect(await about('cause unmapped:portal-status:77')).toHaveLength(1);
    expect(
      (await about(` dossier ${CODE(1).toLowerCase()}`)).map(([actor, action]: string[]) => [actor, action]),
    ).toEqual([
      ['before', 'index.rebuilt'],
      ['before', 'dossier.list-personal'],
      ['before', 'dossier.read-personal'],
      ['personal', 'dossier.list-personal'],
      ['personal', 'dossier.history-personal'],
      ['personal', 'dossier.read-personal'],
    ]);
    expect(await about('party nobody')).toEqual([]);
    expect((await ops.get('audit?subject=portal')).body).toMatchObject({
      status: 400,
      problems: [
        {
          path: '?subject',
          message: expect.stringMatching(/^got "portal", expected one of message, messages, delivery,/),
        },
      ],
    });
  });

  test('codes missing from the catalogue are listed, page by page, until it has them', async () => {
    await hub.push([dossier({ code: CODE(1) }), dossier({ code: CODE(2), serviceCode: '1.999999.000.00.00.H60' })]);
    const first = (await ops.get('unknown-codes?limit=2')).body;
    expect(first.items).toMatchObject([
      { kind: 'agency', code: 'H60.01', party: 'one-stop' },
      { kind: 'service', code: '1.013225' },
    ]);
    expect(await items(`unknown-codes?cursor=${encodeURIComponent(first.next)}`)).toMatchObject([
      { code: '1.999999.000.00.00.H60' },
    ]);
    const known = readItem('service.upsert.v1', { code: '1.999999', name: 'Thủ tục mới', inForce: true });
    await hub.hub.pipeline.accept({
      party: 'other',
      door: 'pull:catalogue',
      operation: 'service.upsert.v1',
      keyName: undefined,
      items: [known],
      mediaType: 'application/json',
      body: Buffer.from('[]'),
      bodyBytes: 2,
      receivedAt: '2025-08-21T08:30:00+07:00',
    });
    expect((await items('unknown-codes')).map(({ code }: { code: string }) => code)).toEqual(['H60.01', '1.013225']);
  });

  test('code tables are listed page by page, each once', async () => {
    const names = (found: readonly { party: string; table: string }[]) =>
      found.map((one) => `${one.party} ${one.table}`);
    const all = (await ops.get('code-tables')).body;
    expect(all.next).toBeNull();
    expect(all.items.length).toBeGreaterThan(3);
    const pages: string[] = [];
    let cursor = '';
    do {
      const { body } = await ops.get(`code-tables?limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      expect(body.items.length).toBeLessThanOrEqual(2);
      pages.push(...names(body.items));
      cursor = body.next ?? '';
    } while (cursor !== '');
    expect(pages).toEqual(names(all.items));
    const own = (await ops.get('code-tables?party=one-stop&limit=1')).body;
    expect(own.items).toMatchObject([{ party: 'one-stop' }]);
    const lost = await ops.get(`code-tables?party=other&cursor=${encodeURIComponent(own.next)}`);
    expect(lost.body).toMatchObject({
      status: 400,
      detail: expect.stringMatching(/^\?cursor continues after one-stop [\w-]+, which is not in this list/),
    });
    for (const wrong of ['limit=0', 'limit=201', 'limit=x', 'cursor=x'])
      expect([wrong, (await ops.get(`code-tables?${wrong}`)).status]).toEqual([wrong, 400]);
  });

  test('tables of a door belong to the parties that may push', async () => {
    const tablesOf = async (party: string) =>
      (await items(`code-tables?party=${party}`)).map(({ table }: { table: string }) => table);
    expect(await tablesOf('one-stop')).toContain('national-status');
    expect(await tablesOf('portal')).toEqual([]);
    await ops.post('code-tables/portal/national-status', { from: '77', to: 'processing', why: 'as agreed' });
    expect(await tablesOf('portal')).toEqual(['national-status']);
  });

  test('incidents are listed while they are open, and stored when they are over', async () => {
    const slow: Outcome = { kind: 'unavailable', reason: 'econnrefused', message: 'ECONNREFUSED' };
    partner.script.push(...Array(20).fill(slow));
    await hub.push(Array.from({ length: 8 }, (_, n) => dossier({ code: CODE(n) })));
    await hub.deliver();
    await expect
      .poll(() => items('incidents'))
      .toMatchObject([{ party: 'portal', kind: 'partner-away', closedAt: null }]);
    expect(await items('incidents?party=portal')).toHaveLength(1);
    expect(await items('incidents?party=one-stop')).toEqual([]);
    expect(await items('parties')).toContainEqual(
      expect.objectContaining({ party: 'portal', health: 'away', breaker: 'open' }),
    );
    await hub.hub.database.pool.query('UPDATE incidents SET closed_at = now()');
    expect(await items('incidents')).toEqual([]);
    expect(await items('incidents?state=all')).toHaveLength(1);
    expect(await items('incidents?state=all&party=portal')).toHaveLength(1);
    expect(await items('incidents?state=all&party=one-stop')).toEqual([]);
  });
});
