import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, dossier, type TestHub, testHub } from '../support/hub.ts';
import { petition, question, rating } from '../support/kinds.ts';

const MOST = 3;
const WRITES = ['question:write', 'petition:write', 'rating:write'] as const;
const KEYS = [
  { id: 'app', secret: 'app-secret-of-the-tests', scopes: WRITES, party: 'other' },
  { id: 'kiosk', secret: 'kiosk-secret-of-the-tests', scopes: WRITES, party: 'other' },
  { id: 'bulk', secret: 'bulk-secret-of-the-tests', scopes: WRITES, party: 'other', limitsPersons: false },
  {
    id: 'strict',
    secret: 'strict-secret-of-the-tests',
    scopes: ['dossier:write', ...WRITES],
    party: 'other',
    limitsPersons: true,
  },
] as const;
type KeyId = (typeof KEYS)[number]['id'];

const outcomesIn = ({ results }: Record<string, unknown>) =>
  (results as { outcome: string }[]).map(({ outcome }) => outcome);

describe('the limit of what one person sends in an hour', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub({
      personLimitPerHour: MOST,
      entries: { other: { may: ['rating.upsert.v1'] } },
      keys: KEYS.map((key) => ({ ...key, scopes: [...key.scopes] })),
    });
  });
  afterAll(() => hub.close());

  let last = 0;
  const askedBy = (asker: object, given: object = {}) =>
    question({ code: `CH-${++last}`, asker: { name: 'Nguyễn Văn An', ...asker }, ...given });
  const push = async (key: KeyId, body: unknown, what = 'questions', given: Record<string, string> = {}) => {
    const { secret } = KEYS.find(({ id }) => id === key) as (typeof KEYS)[number];
    const headers = { Authorization: `Bearer ${secret}`, ...given };
    const answer = await hub.request('POST', `/api/v1/parties/other/${what}`, undefined, body, headers);
    const { status } = answer;
    return { status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
  };
  const statusesOf = async (key: KeyId, bodies: readonly unknown[]) => {
    const statuses: number[] = [];
    for (const body of bodies) statuses.push((await push(key, body)).status);
    return statuses;
  };

  test('the next one is refused with Retry-After and the name of the limit, by any key and the public page', async () => {
    const phone = '0911 000 001';
    expect(
      await statusesOf(
        'app',
        [1, 2, 3].map(() => askedBy({ phone })),
      ),
    ).toEqual([201, 201, 201]);
    // The same number in another form, under another name, by another key.
    for (const key of ['app', 'kiosk', 'strict'] as const) {
      const refused = await push(key, askedBy({ phone: '+84 911000001', name: 'Trần Thị B' }));
      expect([refused.status, refused.body.detail]).toEqual([429, expect.stringContaining('personLimitPerHour')]);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    const asked = { content: 'Bao giờ có kết quả?', asker: { name: 'Nguyễn Văn An', phone } };
    expect((await hub.request('POST', '/api/public/questions', undefined, asked)).status).toBe(429);
    const sender = { name: 'Nguyễn Văn An', phone };
    expect((await push('kiosk', petition({ code: 'PA-1', sender }), 'petitions')).status).toBe(429);
    expect((await push('app', askedBy({ phone: '0911000002' }))).status).toBe(201);
    expect((await hub.read(`/api/v1/questions/CH-${last - 1}`)).status).toBe(404);
  });

  test('a person with another phone number and the same e-mail address is one person', async () => {
    const email = 'mot.nguoi@example.test';
    const bodies = [3, 4, 5, 6].map((n) =>
      askedBy({ phone: `091200000${n}`, email: n === 6 ? email.toUpperCase() : email }),
    );
    expect(await statusesOf('app', bodies)).toEqual([201, 201, 201, 429]);
  });

  test('repeats do not count, neither of the same content nor of one Idempotency-Key', async () => {
    const same = askedBy({ phone: '0913000001' });
    expect(await statusesOf('app', [same, same, same, same, same])).toEqual([201, 200, 200, 200, 200]);
    expect(
      await statusesOf(
        'app',
        [1, 2, 3].map(() => askedBy({ phone: '0913000001' })),
      ),
    ).toEqual([201, 201, 429]);
  });

  test('a list with one person above the limit is refused with its place, and nothing of it counts', async () => {
    const phone = '0914000001';
    await statusesOf(
      'app',
      [1, 2, 3].map(() => askedBy({ phone })),
    );
    const list = [askedBy({ phone: '0914000002' }), askedBy({ phone })];
    for (let time = 0; time <= MOST; time++)
      expect(await push('app', list)).toMatchObject({ status: 429, body: { detail: expect.stringContaining('/1') } });
    expect((await push('app', list[0])).status).toBe(201);
    const counts = await hub.hub.database.pool.query(`SELECT max(points) FROM look_up_tries WHERE key LIKE 'person:%'`);
    expect(counts.rows).toEqual([{ max: MOST }]);
  });

  test('a list of known questions of one person is taken again, however many, and none counts', async () => {
    const phone = '0916000001';
    const known = [1, 2, 3, 4, 5].map(() => askedBy({ phone }));
    await push('bulk', known);
    const { status, body } = await push('app', known);
    expect([status, outcomesIn(body)]).toEqual([200, Array(5).fill('duplicate')]);
    const grown = [...known, ...[1, 2, 3].map(() => askedBy({ phone }))];
    expect(outcomesIn((await push('app', grown)).body).slice(5)).toEqual(Array(3).fill('accepted'));
    expect((await push('app', [...grown, askedBy({ phone })])).body.detail).toContain('/8');
  });

  test('a repeat under its Idempotency-Key gets the receipt of the last request within the limit', async () => {
    await hub.push(dossier({ code: codeOf(2), status: 'resolved', statusAt: '2025-08-19T09:00:00+07:00' }));
    const given = (n: number) => rating({ dossierCode: codeOf(2), code: `DG-K${n}`, reason: `Lý do ${n}` });
    await push('app', given(1), 'ratings');
    await push('app', given(2), 'ratings');
    const repeat = () => push('app', given(3), 'ratings', { 'Idempotency-Key': 'the-last-one' });
    const first = await repeat();
    expect(first.status).toBe(422);
    expect(await repeat()).toMatchObject({ status: 422, body: { receipt: first.body.receipt } });
    expect((await push('app', given(4), 'ratings')).status).toBe(429);
  });

  test('a rating counts for its dossier, whoever sends it', async () => {
    await hub.push(dossier({ code: codeOf(1), status: 'resolved', statusAt: '2025-08-19T09:00:00+07:00' }));
    const levels = ['satisfied', 'dissatisfied', 'dissatisfied', 'dissatisfied'];
    const statuses: number[] = [];
    for (const [n, level] of levels.entries()) {
      const given = { dossierCode: codeOf(1), code: `DG-${n}`, level, reason: `Lý do ${n}` };
      statuses.push((await push(n % 2 === 0 ? 'app' : 'kiosk', rating(given), 'ratings')).status);
    }
    expect(statuses).toEqual([201, 422, 422, 429]);
  });

  test('a system that synchronises is not limited, by its scopes or by its settings', async () => {
    const many = () => [1, 2, 3, 4, 5, 6].map(() => askedBy({ phone: '0915000001' }));
    const pushed = await hub.push(many(), { what: 'questions' });
    expect(pushed.results.map(({ outcome }) => outcome)).toEqual(Array(6).fill('accepted'));
    expect((await push('bulk', many())).status).toBe(200);
  });

  test('no log line, metric or row of the limits names a person', async () => {
    const metrics = await (await hub.request('GET', '/metrics')).text();
    const { rows } = await hub.hub.database.pool.query(`SELECT key FROM look_up_tries WHERE key LIKE 'person:%'`);
    expect(rows.length).toBeGreaterThan(5);
    const all = `${metrics}${JSON.stringify(hub.logLines)}${JSON.stringify(rows)}`;
    for (const personal of ['911000001', 'mot.nguoi', 'Nguyễn Văn An', 'Trần Thị B', '914000001'])
      expect(all.toLowerCase()).not.toContain(personal.toLowerCase());
  });
});
