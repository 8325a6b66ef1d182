import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { msToInstant } from '#core/dates/dates';
import type { KeyEntry } from '../../src/config/config.ts';
import { hubWithMinistry, MINISTRY, pulled, rowOf, TABLE } from '../support/bad-deploy.ts';
import type { Partner, TestHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

const SECOND = 'second';
const TWIN = 'twin';
const officer = (id: string, person: string): KeyEntry => ({
  id,
  secret: `${id}-secret-of-the-tests`,
  scopes: ['ops:read', 'ops:configure'],
  person,
});

describe('a change of a code table by two officers', () => {
  let hub: TestHub;
  let portal: Partner;
  let ops: Operator;
  beforeEach(async () => {
    const keys = [
      ...OPERATOR_KEYS,
      officer('first', 'Đỗ Thị Hạnh'),
      officer(TWIN, 'Đỗ Thị  hạnh'),
      officer(SECOND, 'CB-002'),
    ];
    ({ hub, portal } = await hubWithMinistry({ keys }));
    ops = operatorOf(hub);
  });
  afterEach(() => hub.close());

  const receive = (...rows: readonly object[]) => {
    hub.clock.nowMs += 60_000;
    return pulled(hub, rows, msToInstant(hub.clock.nowMs));
  };
  const drafted = async (lines: readonly object[], keyId = 'first') => {
    const order = { party: MINISTRY, table: TABLE, lines, why: 'the ministry renamed its codes' };
    return ops.post('mappings', order, keyId);
  };
  const decide = (id: number, decision: string, keyId: string) =>
    ops.post(`mappings/${id}/${decision}`, { why: 'checked against the letter of the ministry' }, keyId);
  const approved = async (lines: readonly object[]): Promise<number> => {
    const { id } = (await drafted(lines)).body;
    expect((await decide(id, 'ask', 'first')).status).toBe(200);
    expect(await decide(id, 'approve', SECOND)).toMatchObject({ status: 200, body: { state: 'applied' } });
    hub.clock.nowMs += 5_000;
    await hub.deliver();
    return id;
  };
  const statusOf = async (n: number) => (await hub.read(`/api/v1/dossiers/${rowOf(n).code}`)).body.status;
  const countOf = async (what: string): Promise<number> =>
    (await hub.hub.database.pool.query(`SELECT count(*)::int4 AS n FROM ${what}`)).rows[0].n;
  const rebuilt = async () => (await hub.hub.rebuild()).identical;

  test('a renamed code is tried, approved by a second officer, and read again; a rebuild finds no difference', async () => {
    expect(await receive(rowOf(1), rowOf(2))).toEqual(['accepted', 'accepted']);
    expect(await receive(rowOf(1, { status: 'FINISHED', updatedAt: '2025-08-13T09:00:00+07:00' }), rowOf(3))).toEqual([
      'quarantined',
      'accepted',
    ]);
    const draft = await drafted([{ from: 'FINISHED', to: 'resolved' }]);
    expect(draft).toMatchObject({ status: 201, body: { state: 'draft', baseVersion: 0, version: null } });
    const { id } = draft.body;
    const effect = await ops.get(`mappings/${id}/effect`, 'first');
    expect(effect.body).toMatchObject({
      counts: { changed: 0, readable: 1, unreadable: 0, otherwise: 0 },
      recipients: [{ party: 'portal', deliveries: 1 }],
      waiting: { items: 1, deliveries: 0 },
    });
    const asked = await decide(id, 'ask', 'first');
    expect(asked.body).toMatchObject({ state: 'asked', askedBy: 'first', effect: { days: 7, dossiers: 1 } });
    expect(JSON.stringify(asked.body)).not.toContain('Nguyễn');
    // Neither the author, nor another key of the same person.
    for (const key of ['first', TWIN]) expect(await decide(id, 'approve', key)).toMatchObject({ status: 403 });
    expect(await statusOf(1)).toBe('processing');
    const done = await decide(id, 'approve', SECOND);
    expect(done.body).toMatchObject({ state: 'applied', decidedBy: SECOND, version: 1 });
    await hub.deliver();
    expect(await statusOf(1)).toBe('resolved');
    expect(portal.sent.filter(({ record }) => record.code === rowOf(1).code)).toHaveLength(2);
    expect(await rebuilt()).toBe(true);
    expect((await decide(id, 'approve', SECOND)).status).toBe(409);
    const { items } = (await ops.get('audit?subject=mapping%201')).body;
    expect(items.map(({ action, actor }: { action: string; actor: string }) => `${action} ${actor}`)).toEqual([
      `mapping.approve ${SECOND}`,
      'mapping.ask first',
      'mapping.draft first',
    ]);
  });

  test('going back to a version is itself a change; later messages are read as before, earlier ones stay', async () => {
    await receive(rowOf(1));
    await approved([
      { from: 'FINISHED', to: 'resolved' },
      { from: 'PAUSED', to: 'supplement-required' },
    ]);
    expect(await receive(rowOf(2, { status: 'FINISHED' }))).toEqual(['accepted']);
    await approved([{ from: 'FINISHED', to: 'returned' }]);
    expect(await receive(rowOf(3, { status: 'FINISHED' }))).toEqual(['accepted']);
    const order = { party: MINISTRY, table: TABLE, backTo: 1, why: 'FINISHED is not the return of the result' };
    const back = await ops.post('mappings', order, SECOND);
    expect(back.body).toMatchObject({ backTo: 1, lines: [{ from: 'FINISHED', to: 'resolved', was: 'returned' }] });
    await decide(back.body.id, 'ask', SECOND);
    expect((await decide(back.body.id, 'approve', 'first')).body).toMatchObject({ state: 'applied', version: 3 });
    hub.clock.nowMs += 5_000;
    expect(await receive(rowOf(4, { status: 'FINISHED' }))).toEqual(['accepted']);
    expect(await Promise.all([2, 3, 4].map(statusOf))).toEqual(['resolved', 'returned', 'resolved']);
    // Back to the table before any entry: the codes wait again.
    const none = await ops.post('mappings', { ...order, backTo: 0 }, SECOND);
    expect(none.body.lines).toEqual([
      { from: 'FINISHED', to: null, was: 'resolved' },
      { from: 'PAUSED', to: null, was: 'supplement-required' },
    ]);
    await decide(none.body.id, 'ask', SECOND);
    await decide(none.body.id, 'approve', 'first');
    hub.clock.nowMs += 5_000;
    expect(await receive(rowOf(5, { status: 'FINISHED' }))).toEqual(['quarantined']);
    expect(await rebuilt()).toBe(true);
    const { items } = (await ops.get(`code-tables/${MINISTRY}/${TABLE}/versions`)).body;
    expect(items.map(({ version, lines }: { version: number; lines: object[] }) => [version, lines.length])).toEqual([
      [4, 2],
      [3, 1],
      [2, 1],
      [1, 2],
    ]);
  });

  describe('a wrong meaning that was applied', () => {
    const at = (hour: number) => `2025-08-13T${String(hour).padStart(2, '0')}:00:00+07:00`;
    const sentOf = (n: number) =>
      portal.sent.filter(({ record }) => record.code === rowOf(n).code).map(({ record }) => (record as Json).status);
    const correct = (id: number, keyId = 'first', days = 7) =>
      ops.post(`mappings/${id}/correct`, { days, why: 'FINISHED never meant a refusal' }, keyId);
    const later = async () => {
      hub.clock.nowMs += 30_000;
      await hub.deliver();
      await hub.deliver();
    };
    let id: number;
    beforeEach(async () => {
      await approved([
        { from: 'FINISHED', to: 'returned' },
        { from: 'HANDED', to: 'returned' },
      ]);
      await receive(rowOf(1), rowOf(2), rowOf(3));
      // One that ended by it, and one that went on.
      await receive(
        rowOf(1, { status: 'FINISHED', updatedAt: at(9) }),
        rowOf(2, { status: 'FINISHED', updatedAt: at(9) }),
      );
      await receive(rowOf(2, { updatedAt: at(10) }));
      await hub.deliver();
      id = await approved([{ from: 'FINISHED', to: 'resolved' }]);
    });

    test('is shown with its recipients, corrected in its place, delivered, and the same after a rebuild', async () => {
      expect(await statusOf(1)).toBe('returned');
      const effect = (await ops.get(`mappings/${id}/effect`, 'first')).body;
      expect(effect).toMatchObject({
        counts: { changed: 2, readable: 0, unreadable: 0, otherwise: 0 },
        statuses: [{ was: 'returned', would: 'resolved', items: 2 }],
        recipients: [{ party: 'portal', deliveries: 2 }],
      });
      expect(await statusOf(1)).toBe('returned');
      expect((await correct(id)).status).toBe(200);
      await later();
      expect((await ops.get(`mappings/${id}`)).body.correction).toMatchObject({ days: 7, who: 'first', items: 2 });
      expect((await ops.get(`mappings/${id}`)).body.correction.endedAt).not.toBeNull();
      expect(await Promise.all([1, 2, 3].map(statusOf))).toEqual(['resolved', 'processing', 'processing']);
      expect([...new Set(sentOf(1))]).toEqual(['processing', 'returned', 'resolved']);
      const { items } = (await hub.read(`/api/v1/dossiers/${rowOf(2).code}/history`)).body;
      expect(items.map(({ status }: Json) => status)).toEqual(['processing', 'resolved', 'processing']);
      expect(await rebuilt()).toBe(true);
      const audit = (await ops.get(`audit?action=mapping.correct`)).body.items;
      expect(audit).toMatchObject([{ actor: 'first', why: 'FINISHED never meant a refusal' }]);
    });

    test('that was itself a correction is undone by the way back and its correction', async () => {
      await correct(id);
      await later();
      const back = await ops.post('mappings', { party: MINISTRY, table: TABLE, backTo: 1, why: 'it did' }, 'first');
      await decide(back.body.id, 'ask', 'first');
      await decide(back.body.id, 'approve', SECOND);
      await later();
      expect((await ops.get(`mappings/${back.body.id}/effect`, 'first')).body.counts.changed).toBe(2);
      await correct(back.body.id);
      await later();
      expect((await ops.get(`mappings/${back.body.id}`)).body.correction).toMatchObject({ items: 2 });
      expect(await statusOf(1)).toBe('returned');
      expect(await rebuilt()).toBe(true);
    });

    test('reaches a message that was read before the change and got its id after it', async () => {
      const { decidedAt } = (await ops.get(`mappings/${id}`)).body;
      const readAt = msToInstant(Date.parse(decidedAt) + 1_900);
      await pulled(hub, [rowOf(3, { status: 'FINISHED', updatedAt: at(9) })], readAt);
      expect(await statusOf(3)).toBe('returned');
      await correct(id);
      await later();
      expect(await statusOf(3)).toBe('resolved');
    });

    test('is corrected once, and a repeat of the order or of the message changes nothing', async () => {
      await correct(id);
      await later();
      const [sent, messages] = [portal.sent.length, await countOf('messages')];
      await correct(id);
      await later();
      expect((await ops.get(`mappings/${id}`)).body.correction).toMatchObject({ items: 0 });
      expect((await ops.get(`mappings/${id}/effect`, 'first')).body.counts.changed).toBe(0);
      expect(await countOf('messages')).toBe(messages);
      expect(await receive(rowOf(1, { status: 'FINISHED', updatedAt: at(9) }))).toEqual(['duplicate']);
      await hub.deliver();
      expect(portal.sent).toHaveLength(sent);
      // The wrong meaning may be said again, rightly.
      expect(await receive(rowOf(1, { status: 'HANDED', updatedAt: at(9) }))).toEqual(['accepted']);
      expect(await statusOf(1)).toBe('returned');
      expect(await rebuilt()).toBe(true);
    });

    test('stays beyond the days of the order, before approval, and while another order runs', async () => {
      hub.clock.nowMs += 3 * 86_400_000;
      expect((await ops.get(`mappings/${id}/effect?days=1`, 'first')).body.counts.changed).toBe(0);
      await correct(id, 'first', 1);
      await later();
      expect(await statusOf(1)).toBe('returned');
      const draft = (await drafted([{ from: 'PAUSED', to: 'processing' }])).body.id;
      expect(await correct(draft)).toMatchObject({ status: 409, body: { code: 'mapping-state' } });
      expect((await ops.post(`mappings/${id}/correct`, { why: 'x' }, 'ops-read')).status).toBe(403);
      await hub.hub.database.pool.query('UPDATE corrections SET ended_at = NULL');
      await hub.hub.database.pool.query(`UPDATE corrections SET before_id = 'ffffffff-0000-7000-8000-000000000000'`);
      expect(await correct(id)).toMatchObject({ status: 409, body: { code: 'mapping-correcting' } });
    });

    test('is corrected in full after a process that ended half-way', async () => {
      const { pool } = hub.hub.database;
      await pool.query(`CREATE FUNCTION stop_second() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT FROM messages WHERE door = 'release') THEN RAISE EXCEPTION 'as in the test' USING ERRCODE = '53100'; END IF;
        RETURN NEW; END $$`);
      await pool.query(`CREATE TRIGGER stop_second BEFORE INSERT ON messages FOR EACH ROW WHEN (NEW.door = 'release')
        EXECUTE FUNCTION stop_second()`);
      await later();
      await correct(id);
      expect(await countOf('events WHERE corrected_by IS NOT NULL')).toBe(1);
      // The order goes on failing, and the next one, which finds nothing to correct, is carried out.
      await pool.query(`INSERT INTO corrections (change_id, days, who, why, at, after_id, before_id)
        SELECT change_id, days, who, why, at, after_id, after_id FROM corrections`);
      await later();
      expect(await countOf('corrections WHERE ended_at IS NOT NULL')).toBe(1);
      await pool.query('DROP TRIGGER stop_second ON messages');
      await later();
      expect(await countOf('events WHERE corrected_by IS NOT NULL')).toBe(2);
      expect(await countOf(`messages WHERE door = 'release'`)).toBe(2);
      expect(await rebuilt()).toBe(true);
    });

    test('waits in quarantine where the hub cannot correct it, and holds up no other', async () => {
      const { pool } = hub.hub.database;
      const fails = rowOf(1).code;
      await pool.query(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'as in the test' USING ERRCODE = '54000'; END $$`);
      await pool.query(`CREATE TRIGGER fail BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.code = '${fails}')
        EXECUTE FUNCTION fail()`);
      await correct(id);
      await later();
      expect((await ops.get(`mappings/${id}`)).body.correction).toMatchObject({
        items: 1,
        endedAt: expect.any(String),
      });
      expect(await countOf('events WHERE corrected_by IS NOT NULL')).toBe(1);
      const [cause, ...others] = (await ops.get('quarantine')).body.items;
      expect(others).toEqual([]);
      const detail = expect.stringMatching(/^item 1 of message .* cannot be applied: the error is in the log$/);
      expect(cause).toMatchObject({ kind: 'unreadable', items: 1, detail });
      expect((await ops.get(`quarantine/${cause.id}`)).body.waiting).toMatchObject([{ code: fails }]);

      // The same order again finds the item again. It waits once.
      await correct(id);
      await later();
      const release = () => ops.post(`quarantine/${cause.id}/resolve`, { action: 'release', why: 'try it again' });
      expect((await release()).body).toMatchObject({ freed: 0, stillWaiting: 1 });
      await pool.query('DROP FUNCTION fail CASCADE');
      hub.clock.nowMs += 61_000;
      expect((await release()).body).toMatchObject({ freed: 1, stillWaiting: 0 });
      await later();
      expect(await Promise.all([1, 2, 3].map(statusOf))).toEqual(['resolved', 'processing', 'processing']);
      expect(await countOf('events WHERE corrected_by IS NOT NULL')).toBe(2);
      expect(await rebuilt()).toBe(true);
    });
  });

  test('a draft on an older version is refused with the version that came between', async () => {
    const { id } = (await drafted([{ from: 'FINISHED', to: 'resolved' }])).body;
    await decide(id, 'ask', 'first');
    const line = { from: 'FINISHED', to: 'returned', why: 'by the letter' };
    expect((await ops.post(`code-tables/${MINISTRY}/${TABLE}`, line)).status).toBe(201);
    expect(await decide(id, 'approve', SECOND)).toMatchObject({
      status: 409,
      body: { code: 'mapping-outdated', detail: expect.stringContaining('has the version 1') },
    });
    expect((await ops.get(`mappings/${id}`)).body.state).toBe('asked');
    expect((await decide(id, 'withdraw', SECOND)).status).toBe(403);
    expect((await decide(id, 'withdraw', 'first')).body.state).toBe('withdrawn');
  });

  test('a process that ends while items are released leaves the rest to the next sweep, each applied once', async () => {
    const { pool } = hub.hub.database;
    await receive(...[1, 2, 3].map((n) => rowOf(n, { status: 'FINISHED' })));
    await pool.query(`CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'as in the test' USING ERRCODE = '53100'; END $$`);
    await pool.query(`CREATE TRIGGER stop BEFORE INSERT ON messages FOR EACH ROW WHEN (NEW.door = 'release')
      EXECUTE FUNCTION stop()`);
    const { id } = (await drafted([{ from: 'FINISHED', to: 'resolved' }])).body;
    await decide(id, 'ask', 'first');
    expect((await decide(id, 'approve', SECOND)).body.state).toBe('applied');
    expect((await hub.read(`/api/v1/dossiers/${rowOf(1).code}`)).status).toBe(404);
    await pool.query('DROP TRIGGER stop ON messages');
    await hub.deliver();
    expect(await Promise.all([1, 2, 3].map(statusOf))).toEqual(Array(3).fill('resolved'));
    await hub.deliver();
    const { rows } = await pool.query('SELECT count(*)::int AS n FROM events');
    expect(rows).toEqual([{ n: 3 }]);
    expect(await rebuilt()).toBe(true);
  });

  test('a wrong draft is refused with the place of each fault', async () => {
    const faults = async (lines: readonly object[]) => {
      const { status, body } = await drafted(lines);
      return [
        status,
        ...(body.problems ?? []).map(({ path, code }: { path: string; code: string }) => `${path} ${code}`),
      ];
    };
    expect(await faults([{ from: 'FINISHED', to: 'done' }])).toEqual([400, '/lines/0/to unexpected']);
    expect(await faults([{ from: 'X', to: null }])).toEqual([400, '/lines/0/from no-entered-line']);
    const twice = { from: 'FINISHED', to: 'resolved' };
    expect(await faults([twice, twice])).toEqual([400, '/lines/1/from code-twice']);
    const none = { party: MINISTRY, table: TABLE, why: 'nothing' };
    expect((await ops.post('mappings', none, 'first')).body.problems[0]).toMatchObject({ code: 'changes-nothing' });
    expect((await ops.post('mappings', { ...none, backTo: 0 }, 'first')).body.problems[0].path).toBe('/backTo');
    expect((await drafted([twice], 'ops-read')).status).toBe(403);
    expect(
      (await ops.post('mappings', { ...none, party: 'nobody', lines: [twice] }, 'first')).body.problems[0].path,
    ).toBe('/party');
    expect((await decide(99, 'approve', SECOND)).status).toBe(404);
  });
});
