import { afterEach, describe, expect, test } from 'vitest';
import { codeOf, dossier, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { payment, question, rating } from '../support/kinds.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';

const DONE = { status: 'resolved', statusAt: '2025-08-19T09:00:00+07:00' };
const FOREIGN = { outcome: 'quarantined', problems: [{ path: '/dossierCode', code: 'not-owner' }] };

describe('a record that a party may not begin', () => {
  let hub: TestHub;
  const start = async (options: Parameters<typeof testHub>[0] = {}): Promise<void> => {
    hub = await testHub({ keys: [...OPERATOR_KEYS], ...options });
    await hub.push([1, 2].map((n) => dossier({ code: codeOf(n), ...DONE })));
  };
  afterEach(() => hub.close());
  const rate = async (dossierCode: string, party: string) =>
    (await hub.push(rating({ dossierCode }), { what: 'ratings', party })).results[0];
  const status = async (path: string) => (await hub.read(`/api/v1/${path}`)).status;

  test('a party cannot rate a dossier with which it has nothing to do', async () => {
    await start();
    expect(await rate(codeOf(1), 'other')).toMatchObject(FOREIGN);
    expect(await status(`ratings/${codeOf(1)}`)).toBe(404);
    expect(await rate(codeOf(1), 'one-stop')).toMatchObject({ outcome: 'accepted' });
    const { body } = await operatorOf(hub).get('quarantine?kind=not-owner');
    expect(body.items).toMatchObject([{ key: 'not-owner:rating of other', items: 1, parties: ['other'] }]);
  });

  test('an operator lets such a record in, and a rebuild agrees', async () => {
    await start();
    await rate(codeOf(1), 'other');
    const ops = operatorOf(hub);
    const [cause] = (await ops.get('quarantine?kind=not-owner')).body.items;
    await ops.post(`quarantine/${cause.id}/resolve`, { action: 'release', why: 'cổng tỉnh khảo sát' });
    expect((await hub.read(`/api/v1/ratings/${codeOf(1)}`)).body.freshness.party).toBe('other');
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });

  test.each([
    ['a route gives it the dossier', { routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['other'] }] }],
    ['`may` names the operation', { entries: { other: { may: ['rating.upsert.v1'] } } }],
    ['`may` names a member of dossiers', { entries: { other: { may: ['results'] } } }],
  ])('a party may rate a dossier where %s', async (_, options) => {
    await start({ partners: { portal: testPartner({ any: true }) }, ...options });
    expect(await rate(codeOf(1), 'other')).toMatchObject({ outcome: 'accepted' });
  });

  test('its owner cannot move a record to a dossier of another party', async () => {
    await start();
    await hub.push(dossier({ code: codeOf(30) }), { party: 'other' });
    const push = (given: object) =>
      hub.push(payment({ code: 'TT-9', dossierCode: codeOf(30), ...given }), { what: 'payments', party: 'other' });
    expect((await push({})).results[0]).toMatchObject({ outcome: 'accepted' });
    const moved = { dossierCode: codeOf(1), stateAt: '2025-08-20T10:00:00+07:00' };
    expect((await push(moved)).results[0]).toMatchObject(FOREIGN);
    expect((await hub.read('/api/v1/payments/TT-9')).body.dossierCode).toBe(codeOf(30));
  });

  test('a dossier that the settings give to a party protects it before it arrives', async () => {
    await start({ entries: { 'one-stop': { owns: { codes: ['H60.'] } } } });
    const pay = payment({ code: 'TT-1', dossierCode: codeOf(7) });
    expect((await hub.push(pay, { what: 'payments', party: 'other' })).results[0]).toMatchObject(FOREIGN);
    expect((await hub.push(pay, { what: 'payments' })).results[0]).toMatchObject({ outcome: 'accepted' });
  });

  test('a record under a code of another party waits for that party, and then is a claim', async () => {
    await start({ entries: { 'one-stop': { owns: { codes: ['H60'] } } } });
    const code = 'H60-HD-0009';
    const push = (content: string, party: string, stateAt = '2025-08-20T09:00:00+07:00') =>
      hub.push(question({ code, content, stateAt }), { what: 'questions', party });
    expect((await push('Của người khác', 'other')).results[0]).toMatchObject({
      outcome: 'quarantined',
      problems: [{ path: '/code', code: 'not-owner' }],
    });
    await push('Của chủ mã', 'one-stop');
    await hub.hub.pipeline.sweep();
    expect((await hub.read(`/api/v1/questions/${code}`, 'personal')).body.content).toBe('Của chủ mã');
    const { items } = (await hub.read(`/api/v1/questions/${code}/history`)).body;
    expect(items.map(({ party }: { party: string }) => party).sort()).toEqual(['one-stop', 'other']);
    expect((await operatorOf(hub).get('quarantine?kind=not-owner')).body.items).toEqual([]);
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });
});

describe('a record of a moment far ahead', () => {
  test('waits for its moment, and then is applied and delivered', async () => {
    const portal = testPartner({ any: true });
    const hub = await testHub({
      keys: [...OPERATOR_KEYS],
      partners: { portal },
      routes: [{ from: 'one-stop', operation: 'payment.upsert.v1', to: ['portal'] }],
    });
    try {
      await hub.push(payment(), { what: 'payments' });
      await hub.deliver();
      const later = '2026-08-20T09:00:00+07:00';
      const ahead = await hub.push(payment({ state: 'paid', stateAt: later }), { what: 'payments' });
      expect(ahead.results[0]).toMatchObject({ outcome: 'quarantined', problems: [{ code: 'applied-at-its-time' }] });
      // A real event in between is not older than one with a wrong year.
      await hub.push(payment({ state: 'pending', stateAt: '2025-08-20T10:00:00+07:00' }), { what: 'payments' });
      expect((await hub.read('/api/v1/payments/TT-0001')).body.state).toBe('pending');
      const ops = operatorOf(hub);
      const [cause] = (await ops.get('quarantine?kind=ahead-of-time')).body.items;
      await ops.post(`quarantine/${cause.id}/resolve`, { action: 'release', why: 'thử' });
      expect((await hub.read('/api/v1/payments/TT-0001')).body.state).toBe('pending');
      // A lease of what is still under way would end by the jump of the clock, and be sent twice.
      await hub.deliver();
      hub.clock.nowMs = Date.parse(later) + 1_000;
      await hub.hub.pipeline.sweep();
      expect((await hub.read('/api/v1/payments/TT-0001')).body.state).toBe('paid');
      await hub.deliver();
      expect(portal.sent.map(({ record }) => (record as { state?: string }).state)).toEqual([
        'requested',
        'pending',
        'paid',
      ]);
      expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
    } finally {
      await hub.close();
    }
  });
});
