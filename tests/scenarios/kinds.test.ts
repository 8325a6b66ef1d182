import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { question } from '../support/kinds.ts';

describe('a question', () => {
  let hub: TestHub;
  let partner: Partner;
  beforeAll(async () => {
    partner = testPartner({ any: true });
    hub = await testHub({
      partners: { portal: partner },
      routes: [{ from: 'one-stop', operation: 'question.upsert.v1', to: ['portal'] }],
    });
  });
  afterAll(() => hub.close());

  test('is accepted, shown masked, delivered and in the feed', async () => {
    const pushed = await hub.push(question(), { what: 'questions' });
    expect(pushed.results).toEqual([{ index: 0, code: 'H60-HD-0001', outcome: 'accepted' }]);
    expect(pushed.status).toBe(201);
    expect((await hub.push(question(), { what: 'questions' })).results[0]?.outcome).toBe('duplicate');
    const { body } = await hub.read('/api/v1/questions/H60-HD-0001');
    expect(body).toMatchObject({
      state: 'received',
      asker: { name: 'N***** V** A*' },
      dueAt: '2025-08-27T09:00:00+07:00',
    });
    await hub.deliver();
    expect(partner.sent.map(({ operation, code, known }) => ({ operation, code, known }))).toEqual([
      { operation: 'question.upsert.v1', code: 'H60-HD-0001', known: false },
    ]);
    expect((await hub.read('/api/v1/questions?q=khai sinh')).body.items).toHaveLength(1);
    expect((await hub.read('/api/v1/questions?q=nguyen van')).body.items).toHaveLength(1);
    expect((await hub.read('/api/v1/questions/H60-HD-0001/history')).body.items).toHaveLength(1);
  });

  test('that reads as a denunciation is held until an operator decides', async () => {
    const pushed = await hub.push(question({ code: 'H60-HD-0002', content: 'Tôi muốn tố cáo ông B.' }), {
      what: 'questions',
    });
    expect(pushed.status).toBe(202);
    expect(pushed.results[0]).toMatchObject({
      outcome: 'quarantined',
      problems: [{ code: 'complaint-or-denunciation' }],
    });
    expect((await hub.read('/api/v1/questions/H60-HD-0002')).body.state).toBe('held');
    await hub.deliver();
    expect(partner.sent).toHaveLength(1);
    const [cause] = await hub.hub.ledger.causes({}, 10, undefined);
    expect(cause).toMatchObject({ kind: 'held' });
    await hub.hub.orders.resolve(
      (cause as { id: number }).id,
      { action: 'release' },
      { who: 'ops', why: 'không phải tố cáo' },
    );
    expect((await hub.read('/api/v1/questions/H60-HD-0002')).body.state).toBe('received');
    await hub.deliver();
    expect(partner.sent).toHaveLength(2);
    const report = await hub.hub.rebuild();
    expect(report.differences).toEqual([]);
    expect(report.identical).toBe(true);
  });
});
