import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refused } from '#kit';
import { EN } from '#messages/en';
import { say } from '#messages/message';
import { codeOf as CODE, dossier, type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { lowestCpuOfTen } from '../support/measures.ts';
import { officerAt } from '../support/officer.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';
import { dossierXml, envelope, pushXml, sendSoap } from '../support/soap.ts';

const VI = { 'Accept-Language': 'vi-VN,vi;q=0.9,en;q=0.8' };

/** What the hub says to partners and officers, as codes with arguments and in two languages. */
describe('languages', () => {
  let hub: TestHub;
  let portal: Partner;
  beforeAll(async () => {
    portal = testPartner();
    hub = await testHub({
      partners: { portal },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      keys: [...OPERATOR_KEYS],
    });
  });
  afterAll(() => hub.close());

  const WRONG = {
    ...dossier({ code: CODE(1) }),
    status: 'done',
    statusAt: '2025-02-30T08:00:00+07:00',
    note: 7,
    ServiceCode: 'x',
  };

  test('a push with wrong values has the same codes and arguments in both languages', async () => {
    const english = (await hub.push(WRONG)).body.results[0];
    const vietnamese = (await hub.push(WRONG, { headers: VI })).body.results[0];
    const withoutSentences = (problems: readonly { message: string }[]) =>
      problems.map(({ message: _, ...rest }) => rest);
    expect(withoutSentences(vietnamese.problems)).toEqual(withoutSentences(english.problems));
    const sentences = ({ problems }: { problems: readonly { path: string; message: string }[] }) =>
      Object.fromEntries(problems.map(({ path, message }) => [path, message]));
    expect(sentences(english)).toMatchObject({
      '/ServiceCode': '"ServiceCode" is not a member here; did you mean "serviceCode"?',
      '/statusAt':
        'got "2025-02-30T08:00:00+07:00", expected a real date and time with a zone, such as 2025-08-12T08:15:00+07:00',
      '/note': 'got 7, expected text, at most 20,000 characters',
    });
    expect(sentences(vietnamese)).toMatchObject({
      '/ServiceCode': 'không có trường "ServiceCode"; có phải trường "serviceCode" không?',
      '/statusAt':
        'nhận được "2025-02-30T08:00:00+07:00", cần ngày giờ có thật, có múi giờ, như 2025-08-12T08:15:00+07:00',
      '/note': 'nhận được 7, cần văn bản, nhiều nhất 20.000 ký tự',
      '/status': expect.stringMatching(/^nhận được "done", cần một trong: submitted, received/),
    });
    expect(english.problems).toContainEqual(
      expect.objectContaining({ path: '/ServiceCode', args: { got: 'ServiceCode', near: 'serviceCode' } }),
    );
  });

  test('an Accept-Language header of 15 KB of blanks costs a request no more than any other', async () => {
    const headers = { 'Accept-Language': `vi${' '.repeat(15_000)}x, en` };
    const { reply, cpuMs } = await lowestCpuOfTen(15, () =>
      hub.request('GET', '/api/v1/nothing', undefined, undefined, headers),
    );
    expect([reply.status, reply.headers.get('content-language')]).toEqual([404, 'en']);
    expect(cpuMs, 'ms of CPU').toBeLessThan(15);
  });

  test('a stream of lines answers in the language of its request', async () => {
    const headers = { ...VI, 'Content-Type': 'application/x-ndjson' };
    const { body } = await hub.push(`${JSON.stringify(WRONG)}\nnot JSON\n`, { headers });
    expect(body.results[1].problems).toMatchObject([
      { code: 'line-not-json', message: expect.stringMatching(/^dòng không phải JSON hợp lệ: /) },
    ]);
  });

  test('a problem document has a code and arguments, its title and detail in the requested language', async () => {
    const read = async (headers: Record<string, string>) => {
      const response = await hub.request('GET', '/api/v1/dossiers/H60.01-250812-9999', 'portal', undefined, headers);
      return { language: response.headers.get('content-language'), ...((await response.json()) as object) };
    };
    const value = { code: 'there-is-no', args: { thing: 'dossier', got: 'H60.01-250812-9999' } };
    expect(await read({})).toMatchObject({
      ...value,
      language: 'en',
      detail: 'there is no dossier "H60.01-250812-9999"',
    });
    expect(await read(VI)).toMatchObject({
      ...value,
      language: 'vi',
      title: 'Không tìm thấy',
      detail: 'không có hồ sơ "H60.01-250812-9999"',
    });
    for (const asked of ['en', 'fr', '*', 'en,vi;q=0.5', 'vi;q=0', 'en, vi']) {
      expect(await read({ 'Accept-Language': asked })).toMatchObject({ language: 'en' });
    }
    for (const asked of ['vi', 'VI-vn', 'vi, en', 'vi-VN, vi, en-US, en', 'fr, vi;q=0.1'])
      expect(await read({ 'Accept-Language': asked })).toMatchObject({ language: 'vi' });
  });

  test('the problems of parameters and orders are Vietnamese throughout', async () => {
    const problemOf = async (response: Response, place: string) => {
      const { problems } = (await response.json()) as { problems: readonly { path: string; message: string }[] };
      return problems.find(({ path }) => path === place)?.message;
    };
    const read = async (path: string, place: string) =>
      problemOf(await hub.request('GET', path, 'portal', undefined, VI), place);
    expect(await read('/api/v1/dossiers?limit=201', '?limit')).toBe('nhận được "201", cần số nguyên từ 1 đến 200');
    expect(await read('/api/v1/changes?wait=31', '?wait')).toBe('nhận được "31", cần số nguyên từ 0 đến 30');
    expect(await read(`/api/v1/dossiers?q=${'x'.repeat(201)}`, '?q')).toMatch(/, cần văn bản, nhiều nhất 200 ký tự$/);
    expect(await read(`/api/public/dossiers/${CODE(1)}?proof=12`, '?proof')).toBe(
      'cần bốn số cuối của số điện thoại hoặc số giấy tờ trong hồ sơ',
    );
    expect(await read('/api/public/questions/q-1', '?proof')).toBe(
      'thiếu, cần bốn số cuối của số điện thoại người hỏi; nếu không có, bốn ký tự đầu của địa chỉ thư điện tử',
    );

    const order = async (path: string, body: object, place: string) => {
      const headers = { ...VI, Authorization: 'Bearer ops-secret-of-the-tests' };
      return problemOf(await hub.request('POST', `/api/v1/ops/${path}`, undefined, body, headers), place);
    };
    const replay = { why: 'thử', party: '', preview: 'có', perSecond: 0 };
    expect(await order('deliveries/replay', replay, '/party')).toBe('nhận được "", cần văn bản từ 1 đến 200 ký tự');
    expect(await order('deliveries/replay', replay, '/preview')).toBe('nhận được "có", cần true hoặc false (JSON)');
    expect(await order('deliveries/replay', replay, '/perSecond')).toBe('nhận được 0, cần số nguyên từ 1 đến 1000');
    expect(await order('code-tables/one-stop/status/preview', { from: ' ', to: 'x' }, '/from')).toBe(
      'nhận được " ", cần văn bản từ 1 đến 60 ký tự, không để trống',
    );
  });

  test('what a pattern allows is described in Vietnamese too, for every parameter and every order', async () => {
    const { paths } = (await hub.read('/openapi.json')).body as { paths: Record<string, Record<string, Json>> };
    const asked = Object.entries(paths).flatMap(([path, methods]) =>
      Object.values(methods).flatMap(({ parameters = [], requestBody }) => [
        ...parameters,
        ...(path.startsWith('/api/v1/ops/') || path.startsWith('/api/public/') ? [requestBody] : []),
      ]),
    );
    const described = new Set<string>(Object.values(EN));
    const english = patternedIn(asked).filter(
      ({ pattern, description }) => pattern !== '\\S' && !described.has(description),
    );
    expect(english).toEqual([]);
  });

  test('a SOAP fault and the results of its items are in the requested language', async () => {
    const wrong = await sendSoap(hub, envelope('<h:GetDossier><h:code> </h:code></h:GetDossier>'), { headers: VI });
    expect(wrong.fault?.reason).toBe('code thiếu, cần mã hồ sơ');
    const push = envelope(pushXml(dossierXml(CODE(2)).replace('>received<', '>done<')));
    const reply = await sendSoap(hub, push, { headers: VI });
    const [result] = reply.body.PushDossiersResponse[0].result;
    expect(result.problems[0].message[0]).toMatch(/^nhận được "done", cần một trong: submitted, received/);
  });

  test('what a partner answered is quoted on the console, and the hub’s words around it are translated', async () => {
    portal.script.push(refused('rejected', say('ministry-refuses-content', { said: 'Invalid name' })));
    portal.script.push({ kind: 'refused', reason: 'rejected', message: 'words of an adapter of somebody else' });
    for (const n of [3, 4]) {
      await hub.push(dossier({ code: CODE(n) }));
      await hub.deliver();
    }
    const ops = operatorOf(hub);
    const { body } = await ops.get(`deliveries?code=${CODE(3)}`);
    const words = { code: 'ministry-refuses-content', args: { said: 'Invalid name' } };
    expect(body.items).toMatchObject([{ detail: 'the ministry refuses the content: Invalid name', words }]);
    const officer = officerAt(hub);
    await officer.signIn('ops');
    const page = (await officer.get(`/console/deliveries/${body.items[0].id}`)).text;
    expect(page).toContain('bộ từ chối nội dung: “Invalid name”');
    const other = (await ops.get(`deliveries?code=${CODE(4)}`)).body.items[0];
    expect(other).toMatchObject({ detail: 'words of an adapter of somebody else', words: null });
    expect((await officer.get(`/console/deliveries/${other.id}`)).text).toContain(
      '“words of an adapter of somebody else”',
    );
  });

  test('an item that an older version stored is shown in its English words, quoted in Vietnamese', async () => {
    const { receipt } = (await hub.push(WRONG)).body;
    const old = [
      { index: 0, outcome: 'invalid', problems: [{ path: '/status', message: 'got "x", expected one of a' }] },
    ];
    await hub.hub.database.pool.query('UPDATE messages SET results = $2::json WHERE receipt = $1', [
      receipt,
      JSON.stringify(old),
    ]);
    const { rows } = await hub.hub.database.pool.query('SELECT id FROM messages WHERE receipt = $1', [receipt]);
    const message = (headers?: Readonly<Record<string, string>>) =>
      operatorOf(hub)
        .get(`messages/${rows[0].id}`, 'ops', headers)
        .then(({ body }) => body.results[0].problems[0].message);
    expect(await message()).toBe('got "x", expected one of a');
    expect(await message(VI)).toBe('“got "x", expected one of a”');
  });
});

interface Patterned {
  readonly pattern: string;
  readonly description: string;
}

/** All schemas with a pattern within a document. */
function patternedIn(node: unknown): readonly Patterned[] {
  if (typeof node !== 'object' || node === null) return [];
  const below = Object.values(node).flatMap(patternedIn);
  return typeof (node as Partial<Patterned>).pattern === 'string' ? [node as Patterned, ...below] : below;
}
