import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, dossier, type TestHub, testHub } from '../support/hub.ts';
import { rating } from '../support/kinds.ts';

const DONE = { status: 'resolved', statusAt: '2025-08-19T09:00:00+07:00' };

describe('ratings', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub();
    await hub.push([1, 2, 3, 4, 5].map((n) => dossier({ code: codeOf(n), ...DONE })));
    await hub.push(dossier({ code: codeOf(10), status: 'processing' }));
  });
  afterAll(() => hub.close());

  const push = async (given: Record<string, unknown>) =>
    (await hub.push(rating(given), { what: 'ratings' })).results[0];

  test('a rating of a finished dossier is accepted, under the code of the dossier', async () => {
    const given = {
      dossierCode: codeOf(1),
      level: 'dissatisfied',
      reason: 'Phải đi lại',
      criteria: [{ no: 3, points: 1 }],
    };
    expect(await push(given)).toEqual({ index: 0, code: codeOf(1), outcome: 'accepted' });
    expect((await hub.read(`/api/v1/ratings/${codeOf(1)}`)).body).toMatchObject({ ...given, state: 'received' });
  });

  test('the same rating again is a duplicate, at whatever time', async () => {
    await push({ dossierCode: codeOf(2) });
    expect((await push({ dossierCode: codeOf(2) }))?.outcome).toBe('duplicate');
    expect((await push({ dossierCode: codeOf(2), ratedAt: '2025-08-21T08:00:00+07:00' }))?.outcome).toBe('duplicate');
  });

  test.each([
    ['of the same code', {}],
    ['of another code', { code: 'DG-2' }],
  ])('a second, different rating of one dossier is invalid: %s', async (_, given) => {
    expect(await push({ dossierCode: codeOf(2), level: 'dissatisfied', ...given })).toMatchObject({
      outcome: 'invalid',
      problems: [{ path: '/dossierCode', code: 'already-rated' }],
    });
  });

  test.each([
    ['in work', codeOf(10)],
    ['unknown', codeOf(11)],
  ])('a rating of a dossier without a result is invalid: %s', async (_, dossierCode) => {
    expect(await push({ dossierCode })).toMatchObject({
      outcome: 'invalid',
      problems: [{ path: '/dossierCode', code: 'no-result' }],
    });
  });

  test('two ratings of one dossier at the same moment leave one', async () => {
    const both = await Promise.all([
      push({ dossierCode: codeOf(5), code: 'DG-5A' }),
      push({ dossierCode: codeOf(5), code: 'DG-5B' }),
    ]);
    expect(both.map((one) => one?.outcome).sort()).toEqual(['accepted', 'invalid']);
    expect((await hub.read(`/api/v1/ratings?dossier=${codeOf(5)}`)).body.items).toHaveLength(1);
  });

  test('a citizen rates with the proof of the dossier, once', async () => {
    const rate = async (given: Record<string, unknown>, code = codeOf(3)) => {
      const body = { proof: '0001', level: 'satisfied', criteria: [{ no: 4, points: 2 }], ...given };
      const response = await hub.request('POST', `/api/public/dossiers/${code}/rating`, undefined, body);
      return { status: response.status, body: await response.json() };
    };
    expect((await rate({ proof: '9999' })).status).toBe(404);
    expect(await rate({})).toEqual({ status: 201, body: { code: codeOf(3), outcome: 'accepted' } });
    expect((await rate({})).status).toBe(200);
    expect(await rate({ level: 'very-satisfied' })).toMatchObject({ status: 422, body: { outcome: 'invalid' } });
    expect((await rate({}, codeOf(10))).status).toBe(422);
    expect((await rate({ level: 'so-so' })).status).toBe(400);
    const { body } = await hub.read(`/api/v1/ratings/${codeOf(3)}`);
    expect(body).toMatchObject({
      criteria: [{ no: 4, points: 2, source: 'citizen' }],
      freshness: { party: 'citizens' },
    });
  });

  test('a rating and the result that allows it come in one rebuild as they came', async () => {
    await hub.push(dossier({ code: codeOf(12), ...DONE }));
    await push({ dossierCode: codeOf(12) });
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });
});
