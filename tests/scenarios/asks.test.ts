import { setTimeout as sleep } from 'node:timers/promises';
import Type from 'typebox';
import { afterEach, describe, expect, test } from 'vitest';
import { closed } from '../../schemas/parts.ts';
import { defineAdapter } from '../../src/kit/adapter.ts';
import type { Answered, Asked } from '../../src/kit/asker.ts';
import { expectRecordsBehind } from '../support/behind.ts';
import { codeOf, dossier, type Partner, type TestHub, testHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { officerAt } from '../support/officer.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';

const NUMBER = '001099123456';
const NAME = 'Nguyễn Thị Hoàng Yến Canary';
const FOUND: Answered = { kind: 'found', answer: { name: NAME, birthDate: '1960' }, unread: [] };
const AWAY: Answered = { kind: 'unavailable', reason: 'down', message: 'no connection' };
const SECRET = 'clerk-secret-of-the-tests';

/** A register inside the test. Its answers are scripted; found when there are no more. */
function register() {
  const asked: Asked[] = [];
  const script: (Answered | Error | Promise<Answered>)[] = [];
  const adapter = defineAdapter({
    settings: Type.Object({}),
    asks: {
      questions: () => ({
        person: {
          title: 'Thông tin công dân',
          values: closed({
            identityNumber: Type.String({ pattern: '^[0-9]{12}$', description: 'số định danh, 12 chữ số' }),
          }),
          members: ['name', 'birthDate'],
          fromDossier: { identityNumber: 'applicant.identityNumber' },
          withinMs: 1_000,
        },
      }),
      async ask(_, one) {
        asked.push(one);
        const next = (await script.shift()) ?? FOUND;
        if (next instanceof Error) throw next;
        return next;
      },
    },
  });
  return { asked, script, partner: { sent: [], script: [], adapter } satisfies Partner };
}

let close: (() => Promise<void>) | undefined;
afterEach(async () => close?.());

async function start(more: Parameters<typeof testHub>[0] = {}) {
  const population = register();
  const hub = await testHub({
    partners: { population: population.partner },
    ...more,
    keys: [
      ...OPERATOR_KEYS,
      { id: 'clerk', secret: SECRET, scopes: ['register:ask'] },
      { id: 'narrow', secret: `narrow-${SECRET}`, scopes: ['register:ask'], asks: ['population/household'] },
    ],
  });
  close = () => hub.close();
  const ask = async (given: object = {}, to = 'population/ask/person', secret = SECRET) => {
    const headers = { Authorization: `Bearer ${secret}` };
    const body = { ...ORDER, ...given };
    const response = await hub.request('POST', `/api/v1/parties/${to}`, undefined, body, headers);
    return { status: response.status, headers: response.headers, body: (await response.json()) as Json };
  };
  const asks = async (query = ''): Promise<readonly Json[]> =>
    (await operatorOf(hub).get(`asks${query}`)).body.items as readonly Json[];
  return { hub, ask, asks, ...population };
}

const ORDER = {
  officer: 'CB-0007',
  agencyCode: 'h60.01',
  purpose: 'Kiểm tra người nộp hồ sơ đăng ký khai sinh',
  legalBasis: 'NĐ 61/2018/NĐ-CP',
  dossierCode: codeOf(35),
  values: { identityNumber: NUMBER },
};

describe('a question to a register', () => {
  test('is asked once and answered at once, and its record has neither values nor answer', async () => {
    const { hub, ask, asks, asked } = await start();
    const { status, body } = await ask();
    expect([status, body]).toMatchObject([200, { outcome: 'found', answer: { name: NAME, birthDate: '1960' } }]);
    expect(asked).toMatchObject([{ id: body.id, question: 'person', officer: 'CB-0007', agencyCode: 'H60.01' }]);
    expect(await asks()).toEqual([
      {
        ...{ id: body.id, at: body.at, party: 'population', question: 'person', keyName: 'clerk', officer: 'CB-0007' },
        ...{ agencyCode: 'H60.01', purpose: ORDER.purpose, legalBasis: ORDER.legalBasis, dossierCode: codeOf(35) },
        ...{ serviceCode: null, outcome: 'found', reason: null, tookMs: expect.any(Number) },
      },
    ]);
    const audit = (await operatorOf(hub).get(`audit?subject=ask%20${body.id}`)).body.items;
    expect(audit).toMatchObject([
      { actor: 'clerk', action: 'register.ask', why: expect.stringContaining(ORDER.purpose) },
    ]);
    expect(await placesOf(hub, [NUMBER, NAME])).toEqual([]);
  });

  test('is found by its agency, officer and purpose in any case and spelling', async () => {
    const { hub, ask, asks } = await start();
    const { id } = (await ask({ officer: 'Trần Thị Bình' })).body;
    const decomposed = (text: string) => encodeURIComponent(` ${text.normalize('NFD')} `);
    for (const filter of [
      'agency=h60.01',
      'agency=%20h60',
      `officer=${decomposed('Trần Thị Bình')}`,
      `purpose=${decomposed(ORDER.purpose)}`,
    ]) {
      expect(await asks(`?${filter}`), filter).toMatchObject([{ id }]);
      expect((await operatorOf(hub).get(`asks?${filter}`)).body.total, filter).toBe(1);
    }
    expect(await asks('?agency=h60.02')).toEqual([]);
    const officer = officerAt(hub);
    await officer.signIn('ops');
    expect((await officer.get('/console/asks?agency=h60.01')).text).toContain('Trần Thị Bình');
  });

  test('is found by an agency above its own, also by codes of the 2016 era', async () => {
    const { ask, asks } = await start();
    await ask({ agencyCode: '003.02.01.H60' });
    expect(await asks('?agency=000.02.01.H60')).toMatchObject([{ agencyCode: '003.02.01.H60' }]);
    expect(await asks('?agency=000.02.01.H60&below=false')).toEqual([]);
    expect(await asks('?agency=000.03.01.H60')).toEqual([]);
  });

  test('takes a value that the caller leaves out from the dossier', async () => {
    const { hub, ask, asked } = await start();
    await hub.push(dossier({ code: codeOf(35) }));
    expect((await ask({ values: {} })).status).toBe(200);
    expect(asked).toMatchObject([{ values: { identityNumber: '001000000001' } }]);
    const unknown = await ask({ values: {}, dossierCode: codeOf(36) });
    expect([unknown.status, unknown.body.problems]).toMatchObject([400, [{ path: '/values/identityNumber' }]]);
  });

  test('takes it from the one dossier that its code names, however many parties have the code', async () => {
    const { hub, ask, asked } = await start();
    const shared = 'G22.99-20250812-0035';
    const alias = (party: string, code: string, n: number) =>
      hub.hub.database.pool.query('INSERT INTO aliases VALUES ($1, $2, $3)', [party, code, codeOf(n)]);
    await hub.push([35, 36].map((n) => dossier({ code: codeOf(n) })));
    await alias('other', codeOf(35), 36);
    await alias('one-stop', shared, 35);
    await alias('other', shared, 35);
    for (const dossierCode of [codeOf(35), shared]) expect((await ask({ values: {}, dossierCode })).status).toBe(200);
    await alias('third', shared, 36);
    expect((await ask({ values: {}, dossierCode: shared })).status).toBe(400);
    expect(asked).toHaveLength(2);
  });

  test('whose value in the dossier does not fit shows nothing of it, is audited and counts', async () => {
    const { hub, ask, asks, asked } = await start({ askLimitPerHour: 2 });
    const [short, name] = ['012345678', 'Nguyễn Văn An'];
    await hub.push(dossier({ code: codeOf(35), applicant: { name, identityNumber: short } }));
    const { status, body } = await ask({ values: {} });
    expect([status, body.problems]).toMatchObject([
      400,
      [{ path: '/values/identityNumber', code: 'expected', message: 'expected số định danh, 12 chữ số' }],
    ]);
    // A guess in the purpose would learn the number by its refusal.
    const guess = await ask({ values: {}, purpose: `Xác minh ${short}` });
    expect(JSON.stringify([body, guess.body])).not.toContain(short);
    expect((await ask({ values: {} })).status).toBe(429);
    expect([asked, await asks()]).toEqual([[], []]);
    const subject = expect.stringMatching(`^ask .{36}: population person ${codeOf(35)} invalid$`);
    const audit = (await operatorOf(hub).get('audit?action=register.ask')).body.items;
    expect(audit).toMatchObject([
      { actor: 'clerk', subject, why: null },
      { actor: 'clerk', subject, why: `${ORDER.purpose} (${ORDER.legalBasis})` },
    ]);
    expect(await placesOf(hub, [short])).toEqual([]);
  });

  test('that is wrong is neither asked nor recorded, and each problem has its place', async () => {
    const { ask, asks, asked } = await start();
    for (const [given, path] of [
      [{ values: { identityNumber: '123' } }, '/values/identityNumber'],
      [{ values: { identityNumber: NUMBER, name: 'A' } }, '/values/name'],
      [{ purpose: `Xác minh ${NUMBER}` }, '/purpose'],
      [{ legalBasis: ' ' }, '/legalBasis'],
      [{ agencyCode: 'nowhere' }, '/agencyCode'],
      [{ dossierCode: undefined }, '/dossierCode'],
      [{ officer: undefined }, '/officer'],
    ] as const) {
      const { status, body } = await ask(given);
      expect([status, body.problems], path).toMatchObject([400, [{ path }]]);
    }
    expect([asked, await asks()]).toEqual([[], []]);
  });

  test('may name dates in its purpose, beside each other and with dots, but no number of a person', async () => {
    const { ask } = await start();
    const statusOf = async (purpose: string) => (await ask({ purpose })).status;
    for (const purpose of ['Đối soát 01.08.2025 15.08.2025', 'Đợt 1.8.2025 10.30'])
      expect([purpose, await statusOf(purpose)]).toEqual([purpose, 200]);
    for (const number of [
      '001 099 123 457',
      '0912.345.678',
      '09.12.2025.789',
      '01.08.2025 0912 345 678',
      '09.12.3456 789',
    ])
      expect([number, await statusOf(`Gọi ${number}`)]).toEqual([number, 400]);
  });

  test('needs its own scope, and a key may be limited to some questions', async () => {
    const { hub, ask } = await start();
    expect((await ask({}, 'population/ask/person', 'portal-secret-of-the-tests')).status).toBe(403);
    expect((await ask({}, 'population/ask/person', `narrow-${SECRET}`)).body.code).toBe('ask-not-allowed');
    expect((await ask({}, 'nobody/ask/person')).status).toBe(404);
    expect((await ask({}, 'population/ask/toString')).status).toBe(404);
    const list = (query: string) =>
      hub.request('GET', `/api/v1/asks${query}`, undefined, undefined, { Authorization: `Bearer ${SECRET}` });
    expect((await list('?nothing=1')).status).toBe(400);
    const listed = await list('');
    expect((await listed.json()) as Json).toMatchObject({
      items: [
        { party: 'population', question: 'person', fromDossier: ['identityNumber'], members: ['name', 'birthDate'] },
      ],
    });
  });

  test('of one officer above the hourly limit is refused with the time to wait', async () => {
    const { ask, asked } = await start({ askLimitPerHour: 2 });
    // A wrong question does not count.
    await ask({ values: {} });
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 200]);
    const refused = await ask();
    expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
    expect((await ask({ officer: 'CB-0008' })).status).toBe(200);
    expect(asked).toHaveLength(3);
  });
});

describe('a register that does not answer', () => {
  test('is asked once, and the caller learns whether to come back', async () => {
    const { ask, asks, asked, script } = await start();
    script.push({ ...AWAY, retryAfterMs: 7_000 } as Answered);
    const away = await ask();
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, '7']);
    // The register asked for the pause, so nobody calls it meanwhile.
    expect((await ask()).body.reason).toBe('away');
    expect(asked).toHaveLength(1);
    expect(await asks()).toMatchObject([
      { outcome: 'unavailable', reason: 'away' },
      { outcome: 'unavailable', reason: 'down' },
    ]);
  });

  test('opens the breaker after five failures, and is not called while it is open', async () => {
    const { hub, ask, asked, script } = await start();
    script.push(AWAY, AWAY, AWAY, AWAY, AWAY);
    for (let n = 0; n < 6; n++) expect((await ask()).status).toBe(503);
    expect(asked).toHaveLength(5);
    await expect
      .poll(async () => (await operatorOf(hub).get('incidents')).body.items)
      .toMatchObject([{ party: 'population', kind: 'partner-away' }]);
    hub.clock.nowMs += 60_000;
    expect((await ask()).status).toBe(200);
  });

  test('is not called while it is paused', async () => {
    const { hub, ask, asked } = await start();
    await operatorOf(hub).post('parties/population/pause', { why: 'because the test asks' });
    expect([(await ask()).body.reason, asked]).toEqual(['paused', []]);
  });

  test('in time, refuses or fails is named as such, without an answer', async () => {
    const { hub, ask, asks, script } = await start();
    script.push(
      sleep(5_000).then(() => FOUND),
      { kind: 'refused', reason: 'rejected', message: 'no right' },
      new Error('a bug'),
    );
    const [late, refused, bug] = [await ask(), await ask(), await ask()];
    expect([late, refused, bug].map(({ status, body }) => [status, body.reason])).toEqual([
      [502, 'timeout'],
      [502, 'rejected'],
      [502, 'error'],
    ]);
    expect(refused.body).toMatchObject({ detail: 'no right', ask: expect.any(String) });
    expect((await asks()).map(({ outcome }) => outcome)).toEqual(['unknown', 'refused', 'unknown']);
    expect(JSON.stringify(hub.logLines)).not.toContain('CB-0007');
  });

  test('is in no message log, whatever is refused', async () => {
    const { hub, ask, script } = await start({ askLimitPerHour: 1 });
    script.push({ kind: 'refused', reason: 'rejected', message: `no right to ask for ${NAME}` });
    const refused = [
      await ask({}, 'population/ask/person', 'a-wrong-secret'),
      await ask({}, 'population/ask/person', 'portal-secret-of-the-tests'),
      await ask({}, 'nobody/ask/person'),
      await ask({ purpose: `Xác minh ${NUMBER}` }),
      await ask(),
      await ask(),
    ];
    expect(refused.map(({ status }) => status)).toEqual([401, 403, 404, 400, 502, 429]);
    expect((await operatorOf(hub).get('messages?outcome=refused')).body.items).toEqual([]);
    expect(await placesOf(hub, [NUMBER, NAME])).toEqual([]);
    expect(await (await hub.request('GET', '/metrics')).text()).not.toContain('hub_refusals_total{door="rest"');
    // The next push of the same client has the whole room of the log.
    await hub.request('POST', '/api/v1/parties/population/dossiers', undefined, {});
    expect((await operatorOf(hub).get('messages?outcome=refused')).body.items).toMatchObject([{ door: 'rest' }]);
  });

  test('with several records gets none of them chosen', async () => {
    const { ask, script } = await start();
    script.push({ kind: 'several', count: 2 }, { kind: 'not-found' });
    expect((await ask()).body).toMatchObject({ outcome: 'several', count: 2 });
    const none = await ask();
    expect([none.status, none.body.outcome, 'answer' in none.body]).toEqual([200, 'not-found', false]);
  });
});

test('the report counts by agency, officer, register and purpose, and each count leads to its asks', async () => {
  const { hub, ask, script } = await start();
  script.push(FOUND, { kind: 'not-found' }, AWAY);
  for (let n = 0; n < 3; n++) await ask();
  await ask({ officer: 'CB-0008', purpose: 'Kiểm tra chủ hộ' });
  const report = (await operatorOf(hub).get('reports/asks?period=2025-Q3')).body as Json;
  expect(report.rows.map(({ cells }: { cells: Json[] }) => cells.slice(2))).toEqual([
    ['CB-0007', 'population', 'Thông tin công dân', ORDER.purpose, 3, 1, 1, 1],
    ['CB-0008', 'population', 'Thông tin công dân', 'Kiểm tra chủ hộ', 1, 1, 0, 0],
    ['', '', '', '', 4, 2, 1, 1],
  ]);
  const path = report.rows[0].links[6].replace('/api/v1/ops/', '');
  expect((await operatorOf(hub).get(path)).body.items).toHaveLength(3);
  // A unit below has a line of its own. So have those whose officers the retention forgot.
  await ask({ agencyCode: 'H60.01.02' });
  await hub.hub.database.pool.query(`UPDATE asks SET officer = '' WHERE officer = 'CB-0008'`);
  const again = (await operatorOf(hub).get('reports/asks?period=2025-Q3')).body as Json;
  await expectRecordsBehind(hub, again);
  // The console shows as many.
  const clerk = officerAt(hub);
  await clerk.signIn('ops');
  const line = again.rows.find(({ cells }: { cells: Json[] }) => cells[2] === 'CB-0007' && cells[6] === 3);
  const { text } = await clerk.get(line.links[6].replace('/api/v1/ops/', '/console/'));
  expect(text).toContain('3 lượt tra cứu');
});

test('after the retention nobody sees who asked about a dossier without a hold; counts stay', async () => {
  const { hub, ask, asks } = await start({ retention: { asksMonths: 1 } });
  const [held, alias] = [codeOf(37), 'G22.99-20250812-0037'];
  await hub.push(dossier({ code: held, aliases: [{ party: 'one-stop', code: alias }] }));
  for (const dossierCode of [codeOf(35), held, alias]) await ask({ dossierCode });
  await operatorOf(hub).post('legal-holds', { code: held, why: 'because the test asks' });
  hub.clock.nowMs += 40 * 86_400_000;
  await ask({ officer: 'CB-0008' });
  await hub.hub.retention.round();
  expect(await asks()).toMatchObject([
    { officer: 'CB-0008', dossierCode: codeOf(35) },
    { officer: 'CB-0007', dossierCode: alias },
    { officer: 'CB-0007', dossierCode: held },
    { officer: '', dossierCode: null, agencyCode: 'H60.01', outcome: 'found' },
  ]);
});

/** Where the values stand in clear: tables and log. */
async function placesOf({ hub, logLines }: TestHub, values: readonly string[]): Promise<readonly string[]> {
  const { pool } = hub.database;
  const { rows } = await pool.query<{ table: string }>(
    `SELECT table_name AS "table" FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  const places: string[] = [];
  for (const { table } of rows) {
    const { rows: found } = await pool.query(`SELECT 1 FROM "${table}" AS t WHERE t::text LIKE ANY($1) LIMIT 1`, [
      values.map((value) => `%${value}%`),
    ]);
    if (found.length > 0) places.push(table);
  }
  const isLogged = values.some((value) => JSON.stringify(logLines).includes(value));
  return isLogged ? [...places, 'log'] : places;
}
