import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dossier, holdAnswers, type Partner, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { DOWN, NO, OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

const CODE = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;

describe('replay', () => {
  let hub: TestHub;
  let ops: Operator;
  let partner: Partner;
  beforeEach(async () => {
    partner = testPartner();
    hub = await testHub({
      partners: { portal: partner },
      routes: [
        { from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] },
        { from: 'one-stop', operation: 'dossier.progress.v1', to: ['portal'] },
      ],
      keys: [...OPERATOR_KEYS],
    });
    ops = operatorOf(hub);
  });
  afterEach(() => hub.close());

  const later = (ms: number): void => {
    hub.clock.nowMs += ms;
  };
  const first = async (query = '') => (await ops.get(`deliveries?${query}`)).body.items.at(-1);
  const outcomeOf = async (id: number) => (await ops.post(`deliveries/${id}/replay`, { why: 'mended' })).body.outcome;
  async function refusedOnes(count: number): Promise<void> {
    partner.script.push(...Array(count).fill(NO));
    await hub.push(Array.from({ length: count }, (_, n) => dossier({ code: CODE(n) })));
    await hub.deliver();
    later(10_000);
  }
  const start = (order: object) =>
    ops.post('deliveries/replay', { state: 'refused', preview: false, why: 'the portal is mended', ...order });

  test('a replayed delivery goes out under its own id, after a look-up', async () => {
    await refusedOnes(1);
    const { id } = await first();
    expect(await outcomeOf(id)).toBe('replayed');
    await hub.deliver();
    expect(partner.sent.map((item) => [item.id, item.doubt])).toEqual([
      [`lienthong-${id}`, false],
      [`lienthong-${id}`, true],
    ]);
    expect((await ops.get(`deliveries/${id}`)).body).toMatchObject({
      state: 'delivered',
      attempts: [
        { number: 1, outcome: 'refused', reason: 'field-too-long' },
        { number: 2, outcome: 'delivered' },
      ],
    });
  });

  test('a delivery that is due again has no reason of an earlier attempt', async () => {
    await refusedOnes(1);
    const { id } = await first();
    const answer = holdAnswers(partner);
    expect(await outcomeOf(id)).toBe('replayed');
    expect((await ops.get(`deliveries/${id}`)).body).toMatchObject({
      state: 'due',
      outcome: null,
      reason: null,
      detail: null,
      attempts: [{ reason: 'field-too-long' }],
    });
    answer();
    await hub.deliver();
  });

  test('a double click on replay has one effect', async () => {
    await refusedOnes(1);
    const { id } = await first();
    // The partner answers after all clicks; a click after the delivery is tested below.
    const answer = holdAnswers(partner);
    const clicks = await Promise.all([outcomeOf(id), outcomeOf(id), outcomeOf(id)]);
    expect(clicks.sort()).toEqual(['already-due', 'already-due', 'replayed']);
    answer();
    await hub.deliver();
    // It is delivered by the time of the next click.
    later(1_000);
    expect(await outcomeOf(id)).toBe('just-replayed');
    await hub.deliver();
    expect(partner.sent).toHaveLength(2);
  });

  test('a replay during a scheduled retry has one effect', async () => {
    partner.script.push(DOWN);
    await hub.push(dossier());
    await hub.deliver();
    const { id, state, nextAt } = await first();
    expect({ state, nextAt }).toEqual({ state: 'due', nextAt: '2025-08-21T08:30:05+07:00' });
    expect(await outcomeOf(id)).toBe('already-due');
    later(5_000);
    await hub.deliver();
    // The hub sends a replay at once, so this call lasts until the second replay was asked for.
    const answer = holdAnswers(partner);
    expect(await outcomeOf(id)).toBe('replayed');
    expect(await outcomeOf(id)).toBe('already-due');
    answer();
    await hub.deliver();
    later(60_000);
    await hub.deliver();
    expect(partner.sent).toHaveLength(3);
  });

  test('an older version is not sent again after a newer one, and steps are', async () => {
    partner.script.push(NO);
    await hub.push(dossier());
    await hub.deliver();
    partner.script.push({ kind: 'delivered' }, NO);
    await hub.push(progress(), { what: 'progress' });
    await hub.deliver();
    later(10_000);
    const preview = await ops.post('deliveries/replay', { party: 'portal', state: 'refused', preview: true });
    expect(preview.body).toMatchObject({
      outcomes: { superseded: 1, replayed: 1 },
      parties: [{ party: 'portal', deliveries: 1, dossiers: 1 }],
      sample: [
        { code: 'H60.01-250812-0035', operation: 'dossier.progress.v1', partner: expect.stringContaining('a step') },
      ],
    });
    const sent = partner.sent.length;
    const { body } = await start({ party: 'portal' });
    expect(body).toMatchObject({ state: 'done', total: 2, outcomes: { superseded: 1, replayed: 1 } });
    await hub.deliver();
    expect(partner.sent.slice(sent).map((item) => item.operation)).toEqual(['dossier.progress.v1']);
  });

  test('an older version does not undo a newer one that the partner took before its replay failed', async () => {
    partner.script.push(NO);
    await hub.push(dossier());
    await hub.deliver();
    const older = await first();
    await hub.push(dossier({ status: 'processing', statusAt: '2025-08-13T09:00:00+07:00' }));
    await hub.deliver();
    const [newer] = (await ops.get('deliveries')).body.items;
    partner.script.push(NO);
    later(10_000);
    expect(await outcomeOf(newer.id)).toBe('replayed');
    await hub.deliver();
    later(10_000);
    expect(await outcomeOf(older.id)).toBe('replayed');
    await hub.deliver();
    expect(partner.sent.map(({ record }) => (record as { status?: string }).status)).toEqual([
      'received',
      'processing',
      'processing',
      'processing',
    ]);
  });

  test('a preview changes nothing and shows the count, the parties and the versions', async () => {
    await refusedOnes(12);
    const before = await ops.get('deliveries?limit=200');
    const { status, body } = await ops.post('deliveries/replay', { state: 'refused', preview: true });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      outcomes: { replayed: 12 },
      parties: [{ party: 'portal', deliveries: 12, dossiers: 12 }],
      index: expect.stringContaining('nothing changes'),
    });
    expect(body.sample).toHaveLength(10);
    expect(body.sample[0]).toMatchObject({ code: CODE(0), version: 1, newestVersion: 1, state: 'refused' });
    await hub.deliver();
    expect(await ops.get('deliveries?limit=200')).toEqual(before);
  });

  test('an order with an empty text is refused, and sends nothing again', async () => {
    await refusedOnes(1);
    for (const member of ['party', 'code', 'operation', 'reason', 'from', 'to']) {
      for (const more of [{}, { state: 'refused' }]) {
        const order = { ...more, [member]: '', preview: false, why: 'gửi lại' };
        const { status, body } = await ops.post('deliveries/replay', order);
        expect([status, body.problems[0].path]).toEqual([400, `/${member}`]);
      }
      // A list ignores an empty parameter; an order refuses it.
      expect((await ops.get(`deliveries?${member}=`)).body.items).toHaveLength(1);
    }
    expect((await ops.post('deliveries/replay', { preview: false, why: 'gửi lại' })).status).toBe(400);
    expect((await ops.get('replays')).body.items).toEqual([]);
  });

  test('a run respects its rate and the order of a dossier, and ends by itself', async () => {
    partner.script.push(...Array(9).fill(NO));
    for (const [at, status] of ['received', 'processing', 'resolved'].entries()) {
      await hub.push(
        [0, 1, 2].map((n) => dossier({ code: CODE(n), status, statusAt: `2025-08-1${3 + at}T08:00:00+07:00` })),
      );
      await hub.deliver();
    }
    later(10_000);
    const { body: run } = await start({ perSecond: 4 });
    expect(run).toMatchObject({ state: 'running', total: 9, outcomes: { replayed: 4 } });
    partner.sent.length = 0;
    for (let s = 0; s < 4; s++) {
      later(1_000);
      await hub.deliver();
    }
    expect((await ops.get('replays')).body.items).toMatchObject([
      { id: run.id, state: 'done', outcomes: { replayed: 9 } },
    ]);
    for (const n of [0, 1, 2])
      expect(
        partner.sent.flatMap(({ code, record }) => (code === CODE(n) && 'status' in record ? [record.status] : [])),
      ).toEqual(['received', 'processing', 'resolved']);
  });

  test('a run keeps its rate where the sweeps come a moment early, and never makes up for lost seconds', async () => {
    await refusedOnes(30);
    const { body: run } = await start({ perSecond: 2 });
    const replayed = async () => (await ops.get('replays')).body.items[0].outcomes.replayed;
    for (let s = 0; s < 10; s++) {
      later(995);
      await hub.deliver();
    }
    expect(await replayed()).toBe(20);
    later(60_000);
    for (const ms of [0, 400, 100, 400]) {
      later(ms);
      await hub.deliver();
    }
    expect(await replayed()).toBe(24);
    await ops.post(`replays/${run.id}/stop`, {});
  });

  test('the stop button stops within a second, and the rest stays unchanged', async () => {
    await refusedOnes(30);
    const { body: run } = await start({ perSecond: 5 });
    await hub.deliver();
    const stopped = await ops.post(`replays/${run.id}/stop`, {});
    expect(stopped.body).toMatchObject({ state: 'stopped', stoppedBy: 'ops', outcomes: { replayed: 5 } });
    for (let s = 0; s < 3; s++) {
      later(1_000);
      await hub.deliver();
    }
    expect(partner.sent).toHaveLength(35);
    expect((await ops.get('deliveries?state=refused&limit=200')).body.items).toHaveLength(25);
  });

  test('a run stores only its open items and its counts', async () => {
    const left = async () => {
      const { rows } = await hub.hub.database.pool.query(
        'SELECT replay_id AS run, count(*) AS items FROM replay_items GROUP BY replay_id ORDER BY replay_id',
      );
      return rows;
    };
    await refusedOnes(7);
    const { body: run } = await start({ perSecond: 5 });
    expect(await left()).toEqual([{ run: run.id, items: 2 }]);
    later(1_000);
    await hub.deliver();
    const done = { id: run.id, state: 'done', total: 7, outcomes: { replayed: 7 } };
    expect(await left()).toEqual([]);
    expect((await ops.get('replays')).body.items).toMatchObject([done]);
    // The same button again, and the stop of a finished run.
    const again = await ops.post('deliveries/replay', { party: 'portal', preview: false, why: 'a second press' });
    expect(again.body).toMatchObject({ state: 'done', total: 7, outcomes: { 'just-replayed': 7 } });
    expect((await ops.post(`replays/${run.id}/stop`, {})).body).toMatchObject({ ...done, stoppedBy: null });
    expect(partner.sent).toHaveLength(14);

    later(10_000);
    const { body: cut } = await ops.post('deliveries/replay', {
      party: 'portal',
      preview: false,
      why: 'too many',
      perSecond: 2,
    });
    expect(await left()).toEqual([{ run: cut.id, items: 5 }]);
    await ops.post(`replays/${cut.id}/stop`, {});
    expect(await left()).toEqual([]);
    expect((await ops.get('replays')).body.items).toMatchObject([
      { id: cut.id, state: 'stopped', total: 7, outcomes: { replayed: 2 } },
      { id: again.body.id, total: 7, outcomes: { 'just-replayed': 7 } },
      done,
    ]);
  });

  test('a run survives the process that began it, and two processes do not repeat it', async () => {
    await refusedOnes(20);
    await start({ perSecond: 5 });
    await hub.deliver();
    const others = await Promise.all(
      [1, 2].map(() =>
        testHub({ partners: { portal: partner }, databaseUrl: hub.databaseUrl, nowMs: hub.clock.nowMs }),
      ),
    );
    for (let s = 0; s < 4; s++) {
      for (const { clock } of others) clock.nowMs += 1_000;
      await Promise.all(others.map((other) => other.deliver()));
    }
    for (const other of others) await other.close();
    expect(partner.sent).toHaveLength(40);
    expect((await ops.get('replays')).body.items).toMatchObject([{ state: 'done', outcomes: { replayed: 20 } }]);
  });

  test('a waiting item that cannot be released blocks no replay', async () => {
    await refusedOnes(3);
    const { pool } = hub.hub.database;
    await hub.push(progress({ code: CODE(7) }), { what: 'progress' });
    await pool.query(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'as in the test' USING ERRCODE = '53100'; END $$`);
    await pool.query(`CREATE TRIGGER fail BEFORE INSERT ON messages FOR EACH ROW WHEN (NEW.door = 'release')
      EXECUTE FUNCTION fail()`);
    await hub.push(dossier({ code: CODE(7) }));
    await hub.deliver();
    const before = partner.sent.length;
    await start({ perSecond: 1 });
    for (let s = 0; s < 4; s++) {
      later(1_000);
      await hub.deliver();
    }
    await hub.hub.pipeline.idle();
    expect(partner.sent.length).toBe(before + 3);
    expect(hub.logLines).toContainEqual(expect.objectContaining({ where: 'waiting items', error: 'as in the test' }));
  });

  test('a failed resolution is stored, and blocks neither another one nor a replay', async () => {
    await refusedOnes(3);
    const { pool } = hub.hub.database;
    await hub.push(dossier({ code: CODE(8), note: 'Nguyá»…n VÄ�n An' }));
    await hub.push(progress({ code: CODE(9) }), { what: 'progress' });
    await pool.query(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'as in the test' USING ERRCODE = '53100'; END $$`);
    await pool.query(`CREATE TRIGGER fail BEFORE INSERT ON messages FOR EACH ROW
      WHEN (NEW.door = 'release') EXECUTE FUNCTION fail()`);
    const [first, second] = (await ops.get('quarantine')).body.items;
    const release = await ops.post(`quarantine/${first.id}/resolve`, { action: 'release', why: 'it is right' });
    expect(release).toMatchObject({ status: 200, body: { freed: 0, stillWaiting: 1 } });
    const dismiss = await ops.post(`quarantine/${second.id}/resolve`, { action: 'dismiss', why: 'it is wrong' });
    expect(dismiss).toMatchObject({ status: 200, body: { freed: 1, stillWaiting: 0 } });
    const before = partner.sent.length;
    await start({ perSecond: 3 });
    await hub.deliver().catch(() => undefined);
    expect(partner.sent.length).toBe(before + 3);
    // It does not wait for ever: after a minute a person may decide again.
    later(61_000);
    const anew = await ops.post(`quarantine/${first.id}/resolve`, { action: 'dismiss', why: 'it cannot be released' });
    expect(anew).toMatchObject({ status: 200, body: { freed: 1, stillWaiting: 0 } });
  });

  test('nothing overtakes a delivery under way: a replay of the same dossier waits for it', async () => {
    partner.script.push(NO);
    await hub.push(progress({ code: CODE(1) }), { what: 'progress' });
    await hub.push(dossier({ code: CODE(1) }));
    await expect.poll(async () => (await ops.get('deliveries')).body.items.length).toBeGreaterThan(1);
    await hub.deliver();
    later(10_000);
    partner.script.length = 0;
    const step = (await ops.get('deliveries?operation=dossier.progress.v1')).body.items[0];
    await hub.hub.database.pool.query("UPDATE deliveries SET state = 'refused' WHERE id = $1", [step.id]);
    const letGo = holdAnswers(partner);
    await hub.push(dossier({ code: CODE(1), status: 'resolved', statusAt: '2025-08-15T08:00:00+07:00' }));
    const sent = partner.sent.length;
    await hub.hub.pipeline.sweep();
    await expect.poll(() => partner.sent.length).toBe(sent + 1);
    expect(await outcomeOf(step.id)).toBe('waits');
    letGo();
    await hub.hub.pipeline.idle();
    expect(await outcomeOf(step.id)).toBe('replayed');
  });
});
