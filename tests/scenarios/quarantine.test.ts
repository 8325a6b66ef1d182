import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { readItem } from '#core/dossier/item';
import { firstUuidOf } from '../../src/database/uuid.ts';
import type { Accepted, Submission } from '../../src/ledger/submission.ts';
import { dossier, progress, type TestHub, testHub } from '../support/hub.ts';
import { officerAt } from '../support/officer.ts';
import { OPERATOR_KEYS, type Operator, operatorOf, partnerWithTable } from '../support/operator.ts';

const CODE = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;

interface Told {
  readonly at: string;
}

/** A dossier from the one-stop system in the national portal's dialect. */
function national(code: string, given: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    MaHoSo: code,
    MaTTHC: '1.013225',
    TenTTHC: 'Thủ tục thử nghiệm',
    ChuHoSo: 'Nguyễn Văn An',
    KenhThucHien: '2',
    TrangThaiHoSo: '4',
    NgayTiepNhan: '20250812081500',
    ...given,
  };
}

describe('quarantine', () => {
  let hub: TestHub;
  let ops: Operator;
  let partner: ReturnType<typeof partnerWithTable>;
  beforeEach(async () => {
    partner = partnerWithTable();
    hub = await testHub({
      partners: { portal: partner },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      keys: [...OPERATOR_KEYS],
    });
    ops = operatorOf(hub);
  });
  afterEach(() => hub.close());

  const later = (ms: number): void => {
    hub.clock.nowMs += ms;
  };
  const causes = async () => (await ops.get('quarantine')).body.items;
  async function dialect(items: readonly unknown[]): Promise<{ result: readonly { outcome: string }[] }> {
    const call = async (path: string, body: object): Promise<never> =>
      (await (await hub.request('POST', path, undefined, body)).json()) as never;
    const { session } = (await call('/mapi/login', {
      username: 'one-stop',
      password: 'one-stop-secret-of-the-tests',
    })) as { session: string };
    return call('/mapi/g', { session, service: 'DongBoHoSoMC', madonvi: 'H60.01', isUpdating: 'False', data: items });
  }
  const resolve = (id: number, order: object) =>
    ops.post(`quarantine/${id}/resolve`, { why: 'by the table of the ministry', ...order });

  test('a code table line is tried on recent messages before it is entered, and changes nothing', async () => {
    await dialect([1, 2].map((n) => national(CODE(n), { TrangThaiHoSo: '77' })));
    await dialect([national(CODE(3), { TrangThaiHoSo: '78' }), national(CODE(4)), national(CODE(5), { MaHoSo: 'x' })]);
    await hub.push(dossier({ code: CODE(6) }));
    const preview = async (line: object, table = 'national-status') =>
      ops.post(`code-tables/one-stop/${table}/preview`, line);
    const looked = { messages: 3, items: 6, since: '2025-08-14T08:30:00+07:00', isAll: true };
    expect((await preview({ from: '77', to: 'resolved' })).body).toMatchObject({
      looked,
      freed: 2,
      changed: 0,
      told: ['portal'],
      waiting: { items: 2, deliveries: 0 },
      items: [1, 2].map((n) => ({ code: CODE(n), changes: [{ path: '/status', was: null, would: 'resolved' }] })),
    });
    // A mapped code: its effect on a stored dossier.
    const { body } = await preview({ from: '4', to: 'stopped', days: 1 });
    expect(body).toMatchObject({ freed: 0, changed: 1, waiting: { items: 0, deliveries: 0 } });
    expect(body.items[0].changes).toContainEqual({ path: '/status', was: 'processing', would: 'stopped' });
    expect(JSON.stringify(body)).not.toContain('Nguyễn');
    hub.clock.nowMs += 3 * 86_400_000;
    expect((await preview({ from: '77', to: 'resolved', days: 2 })).body).toMatchObject({
      looked: { messages: 0, isAll: true },
      freed: 0,
      waiting: { items: 2, deliveries: 0 },
    });
    expect((await causes()).map(({ items }: { items: number }) => items)).toEqual([2, 1]);
    expect((await preview({ from: '77', to: 'no-such-status' })).status).toBe(400);
    expect((await preview({ from: '77', to: 'resolved', days: 91 })).status).toBe(400);
    expect((await preview({ from: '77', to: 'resolved' }, 'no-such-table')).status).toBe(400);
    expect((await ops.post('code-tables/nobody/national-status/preview', { from: '77', to: 'resolved' })).status).toBe(
      404,
    );
    expect((await ops.post('code-tables/one-stop/national-status/preview', {}, 'ops-read')).status).toBe(403);
  });

  test('a trial takes at most ten seconds, even when no message matches', async () => {
    const { pool } = hub.hub.database;
    await pool.query(
      `INSERT INTO messages (id, receipt, received_at, party, door, body_bytes, body, outcome, results)
       SELECT id, id, $2, 'other', 'rest', 1, '\\x00', 'accepted', '[]'
       FROM generate_series(1, 12000) n, LATERAL (SELECT ($1 || lpad(to_hex(n), 12, '0'))::uuid AS id) given`,
      [firstUuidOf(hub.clock.nowMs - 3_600_000).slice(0, -12), '2025-08-21T07:30:00+07:00'],
    );
    const preview = async () =>
      (await ops.post('code-tables/one-stop/national-status/preview', { from: '77', to: 'resolved' })).body.looked;
    const nothing = { messages: 0, items: 0, since: '2025-08-14T08:30:00+07:00' };
    onTestFinished(() => void vi.restoreAllMocks());
    const asked = vi.spyOn(pool, 'query');
    const walked = () =>
      asked.mock.calls.filter(([query]) => (query as { name?: string }).name === 'message ids of').length;
    expect(await preview()).toEqual({ ...nothing, isAll: true });
    expect(walked()).toBe(3);
    // Ten seconds are over while it reads the first of them.
    asked.mockClear();
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + (walked() > 0 ? 10_000 : 0));
    expect(await preview()).toEqual({ ...nothing, isAll: false });
    expect(walked()).toBe(1);
  });

  test('the page of a cause offers only codes that the hub accepts, each with a name and a preview', async () => {
    await dialect([national(CODE(1), { TrangThaiHoSo: '77' })]);
    const [{ id }] = await causes();
    const officer = officerAt(hub);
    await officer.signIn('ops');
    const { text } = await officer.get(`/console/quarantine/${id}`);
    expect(text).toContain('<strong>Đang xử lý</strong> <code class="note">processing</code></span>');
    expect(text).toContain('table=national-status&amp;from=77&amp;to=processing');
    expect(text).not.toContain('name="other"');
    expect((await officer.get('/console/messages')).text).toContain(
      'giao diện <code class="note">national-portal</code>',
    );
    expect((await resolve(id, { action: 'map', to: 'a-word-of-nobody' })).status).toBe(400);
  });

  test('one resolution releases all that waited, in order: incoming items', async () => {
    await dialect([1, 2, 3].map((n) => national(CODE(n), { TrangThaiHoSo: '77' })));
    later(1_000);
    await dialect([national(CODE(1), { TrangThaiHoSo: '77', GhiChu: 'một lần nữa', NgayTiepNhan: '20250812090000' })]);
    await dialect([national(CODE(4), { TrangThaiHoSo: '78' })]);
    const [first, second] = await causes();
    expect(first).toMatchObject({
      kind: 'unmapped',
      key: 'unmapped:national-status:77',
      dossiers: 3,
      items: 4,
      deliveries: 0,
      parties: ['one-stop'],
    });
    expect(second).toMatchObject({ key: 'unmapped:national-status:78', items: 1 });
    expect((await hub.read(`/api/v1/dossiers/${CODE(1)}`)).status).toBe(404);

    const { status, body } = await resolve(first.id, {
      action: 'map',
      table: 'national-status',
      from: '77',
      to: 'processing',
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ freed: 4, stillWaiting: 0, entries: [{ party: 'one-stop', version: 1, who: 'ops' }] });
    // The releasing messages show the order of application.
    const events = await hub.hub.database.pool.query(
      "SELECT results -> 0 ->> 'code' AS code FROM messages WHERE door = 'release' ORDER BY id",
    );
    expect(events.rows.map((row) => row.code)).toEqual([CODE(1), CODE(2), CODE(3), CODE(1)]);
    expect((await hub.read(`/api/v1/dossiers/${CODE(1)}`)).body).toMatchObject({
      status: 'processing',
      note: 'một lần nữa',
    });
    expect(await causes()).toMatchObject([{ key: 'unmapped:national-status:78' }]);
  });

  test('waiting items of a dossier are found by any of its codes', async () => {
    const alias = { party: 'one-stop', code: 'H60.02-250812-0077' };
    await hub.push([
      dossier({ code: CODE(1), status: 'resolved', statusAt: '2025-08-14T08:00:00+07:00', aliases: [alias] }),
      dossier({ code: CODE(2), status: 'resolved', statusAt: '2025-08-14T08:00:00+07:00' }),
    ]);
    await hub.deliver();
    const doubtful = (code: string) => ({
      code,
      at: '2025-08-15T09:00:00+07:00',
      status: 'returned',
      actor: 'B',
      content: 'Nguyá»…n VÄ�n An',
    });
    await hub.push([doubtful('H60.02-250812-0077'), doubtful(CODE(3))], { what: 'progress' });
    // A foreign system's own number, unknown there.
    await hub.push(doubtful('H60.02-250812-0077'), { what: 'progress', party: 'other' });
    const found = async (code: string) =>
      (await ops.get(`quarantine?code=${encodeURIComponent(code)}`)).body.items.map(
        ({ kind, dossiers, items, deliveries, parties }: Record<string, unknown>) =>
          [kind, dossiers, items, deliveries, parties] as unknown,
      );
    const told = ['unmapped', 1, 0, 1, ['portal']];
    for (const code of [CODE(1), ` ${CODE(1).toLowerCase()} `])
      expect(await found(code)).toEqual([told, ['doubtful-text', 1, 1, 0, ['one-stop']]]);
    expect(await found('h60.02-250812-0077')).toEqual([told, ['doubtful-text', 1, 2, 0, ['one-stop', 'other']]]);
    expect(await found(CODE(2))).toEqual([told]);
    expect(await found(CODE(9))).toEqual([]);
    const one = (await ops.get(`quarantine?code=${CODE(1)}&kind=doubtful-text`)).body.items;
    expect((await ops.get(`quarantine/${one[0].id}`)).body).toMatchObject({ items: 3, kind: 'doubtful-text' });
  });

  test('one resolution releases all that waited, in order: deliveries', async () => {
    const steps = [
      ['resolved', '2025-08-14T08:00:00+07:00'],
      ['processing', '2025-08-15T08:00:00+07:00'],
    ] as const;
    for (const n of [1, 2])
      for (const [status, statusAt] of steps) {
        await hub.push(dossier({ code: CODE(n), status, statusAt }));
        await hub.deliver();
        later(1_000);
      }
    const [cause] = await causes();
    expect(cause).toMatchObject({
      key: 'unmapped:portal-status:resolved',
      deliveries: 2,
      dossiers: 2,
      parties: ['portal'],
    });
    expect((await ops.get('deliveries?state=held')).body.items).toHaveLength(2);
    expect(partner.codes).toEqual([]);

    expect((await resolve(cause.id, { action: 'map', to: '9' })).body).toMatchObject({ freed: 2, stillWaiting: 0 });
    await hub.deliver();
    expect(partner.codes).toEqual(['9', '9', '2', '2']);
    expect(await causes()).toEqual([]);
  });

  test('an entry counts at once for waiting items and deliveries, and for doors after its spread', async () => {
    await dialect([national(CODE(1), { TrangThaiHoSo: '77' })]);
    const [cause] = await causes();
    await resolve(cause.id, { action: 'map', to: 'processing' });
    await dialect([national(CODE(2), { TrangThaiHoSo: '77' })]);
    expect((await hub.read(`/api/v1/dossiers/${CODE(2)}`)).status).toBe(404);
    // The sweep releases what arrived in between, without an order.
    later(1_000);
    await hub.hub.pipeline.sweep();
    expect((await hub.read(`/api/v1/dossiers/${CODE(2)}`)).body.status).toBe('processing');
    later(2_000);
    const reply = await dialect([national(CODE(3), { TrangThaiHoSo: '77' })]);
    expect(reply.result[0]).toMatchObject({ outcome: 'accepted' });
  });

  test('an entry releases an item too that is stored after one of a younger message', async () => {
    await dialect([national(CODE(1), { TrangThaiHoSo: '77' })]);
    const [cause] = await causes();
    await resolve(cause.id, { action: 'map', to: 'processing' });
    await dialect([national(CODE(2), { TrangThaiHoSo: '77' })]);
    // Its batch got its ids first, and was the slower one.
    const id = firstUuidOf(hub.clock.nowMs - 1);
    const { pool } = hub.hub.database;
    const waiting = 'SELECT message_id FROM quarantine WHERE settled_at IS NULL';
    await pool.query(`UPDATE messages SET id = $1 WHERE id = (${waiting})`, [id]);
    await pool.query('UPDATE quarantine SET message_id = $1 WHERE settled_at IS NULL', [id]);
    later(1_000);
    await hub.hub.pipeline.sweep();
    expect((await hub.read(`/api/v1/dossiers/${CODE(2)}`)).body.status).toBe('processing');
  });

  test('another process uses a new entry within moments, and releases what it held back', async () => {
    const theirs = partnerWithTable();
    const other = await testHub({ partners: { portal: theirs }, databaseUrl: hub.databaseUrl });
    const { pool } = hub.hub.database;
    const tellBy = async (n: number, status: string): Promise<void> => {
      // Nothing for this process: the other one must send it.
      await pool.query("UPDATE party_states SET paused_at = now() WHERE party = 'portal'");
      await hub.push(dossier({ code: CODE(n), status, statusAt: '2025-08-14T08:00:00+07:00' }));
      await hub.deliver();
      await pool.query('UPDATE party_states SET paused_at = NULL');
      await other.deliver();
    };
    try {
      await tellBy(1, 'received');
      await ops.post('code-tables/portal/portal-status', { from: 'resolved', to: '9', why: 'in advance' });
      await tellBy(2, 'resolved');
      await expect
        .poll(
          async () => {
            other.clock.nowMs += 300;
            await other.deliver();
            return theirs.codes;
          },
          { interval: 300 },
        )
        .toEqual(['1', '9']);
      expect(await causes()).toEqual([]);
    } finally {
      await other.close();
    }
  });

  test('a second press of the button enters nothing twice', async () => {
    await dialect([national(CODE(1), { TrangThaiHoSo: '77' })]);
    const [cause] = await causes();
    const map = () => resolve(cause.id, { action: 'map', to: 'processing' });
    const [one, two] = await Promise.all([map(), map()]);
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(one.body.freed + two.body.freed).toBe(1);
    expect((await map()).body).toMatchObject({ freed: 0, stillWaiting: 0 });
    const { rows } = await hub.hub.database.pool.query('SELECT version FROM code_entries');
    expect(rows).toEqual([{ version: 1 }]);
    expect((await hub.read(`/api/v1/dossiers/${CODE(1)}/history`)).body.items).toHaveLength(1);
  });

  test.each<[string, object, object]>([
    ['map', { action: 'map', to: 'processing' }, { action: 'dismiss' }],
    ['two maps', { action: 'map', to: 'processing' }, { action: 'map', to: 'resolved' }],
    ['dismiss', { action: 'dismiss' }, { action: 'release' }],
  ])('of two simultaneous resolutions one counts, and the other learns it: %s', async (_, one, other) => {
    await dialect([1, 2, 3].map((n) => national(CODE(n), { TrangThaiHoSo: '77', NgayKetThucXuLy: '20250812081500' })));
    const [cause] = await causes();
    const orders = [one, other] as { action: string; to?: string }[];
    const answers = await Promise.all(orders.map((order) => resolve(cause.id, order)));
    if (answers.every(({ status }) => status === 200)) {
      // The release was over before the other order came, and freed nothing: what still waits may be decided again.
      expect(answers.map(({ body }) => [body.action, body.freed])).toEqual([
        ['dismiss', 3],
        ['release', 0],
      ]);
      return;
    }
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const first = answers.findIndex(({ status }) => status === 200);
    const { action, to } = orders[first] as { action: string; to?: string };
    const refused = answers[1 - first]?.body;
    // Nothing reads the status yet, so a release that comes first frees no item.
    const freed = action === 'release' ? 0 : 3;
    expect(answers[first]?.body).toMatchObject({ action, freed, stillWaiting: 3 - freed });
    expect(refused).toMatchObject({ type: '/docs#problem-decided', decided: { action, who: 'ops' } });
    expect(refused.detail).toContain(to === undefined ? action : `map to ${to}`);
    const { pool } = hub.hub.database;
    expect((await pool.query('SELECT DISTINCT action FROM resolutions')).rows).toEqual([{ action }]);
    expect((await pool.query('SELECT to_code AS "to" FROM code_entries')).rows).toEqual(to ? [{ to }] : []);
    // Later too: a settled cause is not settled differently, and one that still waits is.
    later(120_000);
    await hub.hub.pipeline.sweep();
    const second = (await resolve(cause.id, orders[1 - first] as object)).body;
    expect(second).toMatchObject(freed > 0 ? { decided: { action } } : { action: 'dismiss', freed: 3 });
    if (freed === 0) return;
    expect((await resolve(cause.id, orders[first] as object)).body).toMatchObject({ freed: 0 });
  });

  test('a later line replaces an earlier one, and both are stored with person and reason', async () => {
    const line = (to: string, why: string) => ops.post('code-tables/one-stop/national-status', { from: '77', to, why });
    expect((await line('processing', 'first thought')).body).toMatchObject({ version: 1 });
    expect((await line('resolved', 'second thought')).body).toMatchObject({ version: 2 });
    later(5_000);
    await dialect([national(CODE(1), { TrangThaiHoSo: '77', NgayKetThucXuLy: '20250812081500' })]);
    expect((await hub.read(`/api/v1/dossiers/${CODE(1)}`)).body.status).toBe('resolved');
    const tables = (await ops.get('code-tables?party=one-stop')).body.items;
    const { entered } = tables.find((one: { table: string }) => one.table === 'national-status');
    expect(entered).toMatchObject([
      { version: 1, why: 'first thought', supersededAt: expect.any(String) },
      { version: 2, why: 'second thought', supersededAt: null },
    ]);
  });

  test('after a restore, a message is read by the entry with the id of a lost one', async () => {
    const enter = async (to: string): Promise<void> => {
      const line = { from: '77', to, why: 'by the table of the ministry' };
      expect((await ops.post('code-tables/one-stop/national-status', line)).body).toMatchObject({ version: 1 });
      later(5_000);
    };
    const statusOf = async (code: string): Promise<string> => {
      await dialect([national(code, { TrangThaiHoSo: '77', NgayKetThucXuLy: '20250812081500' })]);
      return (await hub.read(`/api/v1/dossiers/${code}`)).body.status;
    };
    await enter('processing');
    expect(await statusOf(CODE(1))).toBe('processing');
    const { pool } = hub.hub.database;
    await pool.query('DELETE FROM code_entries');
    await pool.query('ALTER TABLE code_entries ALTER COLUMN id RESTART');
    await enter('resolved');
    expect(await statusOf(CODE(2))).toBe('resolved');
  });

  test('an impossible mapping is refused, with the expected values', async () => {
    await dialect([national(CODE(1), { TrangThaiHoSo: '77' })]);
    const [cause] = await causes();
    const { status, body } = await resolve(cause.id, { action: 'map', to: 'nearly-done', table: 'national-channel' });
    expect(status).toBe(400);
    expect(body.problems).toMatchObject([
      { path: '/table', message: 'got "national-channel", expected national-status' },
      { path: '/to', message: expect.stringContaining('submitted, received') },
    ]);
    const unread = await ops.post('code-tables/one-stop/no-such-table', { from: 'a', to: 'b', why: 'because' });
    expect(unread).toMatchObject({ status: 400, body: { problems: [{ path: '/table' }] } });
    expect(await causes()).toHaveLength(1);
  });

  test('candidates are ranked by the similarity of names', async () => {
    await dialect([national(CODE(1), { TrangThaiHoSo: 'Dang xu ly ho so' })]);
    const [cause] = await causes();
    const { candidates, waiting, items } = (await ops.get(`quarantine/${cause.id}`)).body;
    expect({ items, waiting }).toMatchObject({ items: 1, waiting: [{ code: CODE(1), item: 0, settledAt: null }] });
    expect(candidates[0]).toMatchObject({ to: 'processing', label: 'Đang xử lý' });
    expect(candidates[0].score).toBeGreaterThan(candidates[1].score);
    expect(candidates.length).toBeLessThanOrEqual(5);
  });

  test('a meaning for which the partner has no code is no candidate', async () => {
    await hub.push(dossier({ code: CODE(1), status: 'resolved' }));
    await hub.deliver();
    const [cause] = await causes();
    expect(cause).toMatchObject({ key: 'unmapped:portal-status:resolved' });
    const { candidates } = (await ops.get(`quarantine/${cause.id}`)).body;
    // The table has `stopped` without a code.
    expect(candidates.map(({ to }: { to: string }) => to).sort()).toEqual(['1', '2', '5', '9']);
  });

  test('an unknown service is sent under the one that an operator finds by its name', async () => {
    const read = (name: string, code: string) => readItem('service.upsert.v1', { code, name, inForce: true });
    const items = [
      read('Đăng ký khai sinh', '1.001193'),
      read('Đăng ký khai tử', '1.000656'),
      read('Cấp thẻ', '1.000001'),
    ];
    await hub.hub.pipeline.accept({
      party: 'other',
      door: 'pull:catalogue',
      operation: 'service.upsert.v1',
      keyName: undefined,
      items,
      mediaType: 'application/json',
      body: Buffer.from('[]'),
      bodyBytes: 2,
      receivedAt: '2025-08-21T08:30:00+07:00',
    });
    partner.needs.service = true;
    await hub.push(dossier({ serviceCode: '1.999999', serviceName: 'dang ky khai sinh' }));
    await hub.deliver();
    const [cause] = await causes();
    expect(cause).toMatchObject({ key: 'unmapped:service:1.999999', deliveries: 1 });
    const { candidates } = (await ops.get(`quarantine/${cause.id}`)).body;
    expect(candidates.map(({ to, score }: { to: string; score: number }) => [to, score])).toEqual([
      ['1.001193', 1],
      ['1.000656', expect.any(Number)],
    ]);
    expect((await resolve(cause.id, { action: 'map', to: '1.888888' })).status).toBe(400);
    later(1_000);
    await resolve(cause.id, { action: 'map', to: '1.001193' });
    await hub.deliver();
    expect(partner.sent.at(-1)).toMatchObject({ service: { code: '1.001193' }, record: { serviceCode: '1.999999' } });
    expect((await ops.get('deliveries')).body.items).toMatchObject([{ state: 'delivered' }]);
  });

  test('a dismissed item is never applied or sent, and those behind it continue', async () => {
    await dialect([national(CODE(1), { TrangThaiHoSo: '77' })]);
    await hub.push(dossier({ code: CODE(2), status: 'resolved', statusAt: '2025-08-14T08:00:00+07:00' }));
    await hub.push(dossier({ code: CODE(2), status: 'processing', statusAt: '2025-08-15T08:00:00+07:00' }));
    await hub.deliver();
    for (const cause of await causes())
      expect((await resolve(cause.id, { action: 'dismiss' })).body).toMatchObject({ freed: 1, stillWaiting: 0 });
    await hub.deliver();
    expect(partner.codes).toEqual(['2']);
    expect((await ops.get('deliveries?state=refused')).body.items).toMatchObject([{ reason: 'dismissed' }]);
    expect((await hub.read(`/api/v1/dossiers/${CODE(1)}`)).status).toBe(404);
    const again = await dialect([national(CODE(1), { TrangThaiHoSo: '77' })]);
    expect(again.result[0]).toMatchObject({ outcome: 'quarantined' });
  });

  test('doubtful text that a person releases is stored unchanged', async () => {
    const broken = 'Nguyá»…n VÄ�n An';
    const { results } = await hub.push(dossier({ code: CODE(1), note: broken }));
    expect(results[0]?.outcome).toBe('quarantined');
    const [cause] = await causes();
    expect((await resolve(cause.id, { action: 'release' })).body).toMatchObject({ freed: 1, stillWaiting: 0 });
    expect((await hub.read(`/api/v1/dossiers/${CODE(1)}`)).body.note).toBe(broken);
  });

  test('a released doubtful step before its dossier is applied when the dossier arrives', async () => {
    const content = 'Nguyá»…n VÄ\ufffdn An';
    await hub.push(progress({ code: CODE(1), content }), { what: 'progress' });
    const [doubt] = await causes();
    await resolve(doubt.id, { action: 'release' });
    expect(await causes()).toMatchObject([{ kind: 'dossier-unknown' }]);
    await hub.push(dossier({ code: CODE(1) }));
    await expect.poll(causes).toEqual([]);
    const { items } = (await hub.read(`/api/v1/dossiers/${CODE(1)}/history`)).body;
    expect(items).toMatchObject([{ status: 'received' }, { status: 'processing', content }]);
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true });
  });

  test('a step under a further code is applied when a record gives that code, before any sweep', async () => {
    const [code, further] = [CODE(1), 'G22.99-250812-0001'];
    await hub.push(dossier({ code }));
    await hub.push(progress({ code: further }), { what: 'progress' });
    await hub.push(dossier({ code, aliases: [{ party: 'one-stop', code: further }] }));
    await expect.poll(async () => (await hub.read(`/api/v1/dossiers/${code}`)).body.status).toBe('processing');
  });

  test('a release undoes no correction of its sender at the same moment', async () => {
    const broken = 'Nguyá»…n VÄ\ufffdn An';
    await hub.push(dossier({ code: CODE(1), note: broken, abstract: 'Khai sinh' }));
    await hub.push(dossier({ code: CODE(1), note: 'Đã nhận đủ' }));
    await dialect([national(CODE(2), { TrangThaiHoSo: '77' })]);
    await dialect([national(CODE(2), { TrangThaiHoSo: '4' })]);
    await hub.push([dossier({ code: CODE(3), note: broken }), dossier({ code: CODE(3), note: 'Đã nhận đủ' })]);
    for (const { id, kind } of await causes())
      await resolve(id, kind === 'unmapped' ? { action: 'map', to: 'received' } : { action: 'release' });
    expect(await causes()).toEqual([]);
    const read = async (n: number) => (await hub.read(`/api/v1/dossiers/${CODE(n)}`)).body;
    expect(await read(1)).toMatchObject({ note: 'Đã nhận đủ', abstract: 'Khai sinh' });
    expect(await read(2)).toMatchObject({ status: 'processing' });
    expect(await read(3)).toMatchObject({ note: 'Đã nhận đủ' });
    const history = (await hub.read(`/api/v1/dossiers/${CODE(1)}/history?limit=1`)).body;
    const rest = (await hub.read(`/api/v1/dossiers/${CODE(1)}/history?limit=1&cursor=${history.next}`)).body;
    expect([history.items.length, rest.items.length, rest.next]).toEqual([1, 1, null]);
    expect(rest.items[0].messageId > history.items[0].messageId).toBe(true);
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true });
  });

  test('text accepted by a person is a duplicate when repeated by any door; new text waits', async () => {
    const broken = 'Nguyá»…n VÄ\ufffdn An';
    const told = [
      () => hub.push(dossier({ code: CODE(1), note: broken })),
      () => hub.push(progress({ code: CODE(1), content: broken }), { what: 'progress' }),
      () => dialect([national(CODE(2), { ChuHoSo: broken, SoBienNhan: 'BN-7', TruongMoi: 'x' })]),
    ];
    const outcomes = async () => {
      const replies: { results?: readonly { outcome: string }[]; result?: readonly { outcome: string }[] }[] = [];
      for (const tell of told) replies.push(await tell());
      return replies.map(({ results, result }) => (results ?? result)?.[0]?.outcome);
    };
    expect(await outcomes()).toEqual(['quarantined', 'quarantined', 'quarantined']);
    for (const cause of await causes()) await resolve(cause.id, { action: 'release' });
    expect(await outcomes()).toEqual(['duplicate', 'duplicate', 'duplicate']);
    expect(await causes()).toEqual([]);
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true });

    // The same text with a newer state is another content, and nobody has judged it.
    const newer = dossier({ code: CODE(1), note: broken, statusAt: '2025-08-20T08:00:00+07:00' });
    expect((await hub.push(newer)).results[0]?.outcome).toBe('quarantined');
  });

  test('an unreadable item gets a cause of its own, and holds up no other', async () => {
    const { pool } = hub.hub.database;
    for (const n of [1, 2, 3, 4]) await dialect([national(CODE(n), { TrangThaiHoSo: '77' })]);
    const [cause] = await causes();
    const { rows } = await pool.query<{ id: string; body: Buffer }>(
      "SELECT id, body FROM messages WHERE door = 'national-portal' ORDER BY id",
    );
    const [changed, gone] = rows as [{ id: string; body: Buffer }, { id: string }];
    await pool.query("UPDATE messages SET body = body || 'x' WHERE id = $1", [changed.id]);
    await pool.query('DELETE FROM messages WHERE id = $1', [gone.id]);

    const { body } = await resolve(cause.id, { action: 'map', to: 'processing' });
    expect(body).toMatchObject({ freed: 2, stillWaiting: 0 });
    for (const n of [3, 4]) expect((await hub.read(`/api/v1/dossiers/${CODE(n)}`)).body.status).toBe('processing');
    const apart = (await ops.get('quarantine?kind=unreadable')).body.items;
    expect(apart).toMatchObject([
      { key: `unreadable:${changed.id}`, items: 1, detail: expect.stringMatching(/are not those that were sealed$/) },
      { key: `unreadable:${gone.id}`, items: 1, detail: expect.stringMatching(/it is no longer stored$/) },
    ]);
    expect((await ops.get(`quarantine/${apart[0].id}`)).body.waiting).toMatchObject([
      { party: 'one-stop', code: CODE(1), messageId: changed.id, item: 0 },
    ]);

    // A person may retry it: while unreadable it stays, and is not doubled.
    const again = () => resolve(apart[0].id, { action: 'release' });
    expect((await again()).body).toMatchObject({ freed: 0, stillWaiting: 1 });
    later(61_000);
    await pool.query('UPDATE messages SET body = $2 WHERE id = $1', [changed.id, changed.body]);
    expect((await again()).body).toMatchObject({ freed: 1, stillWaiting: 0 });
    expect((await hub.read(`/api/v1/dossiers/${CODE(1)}`)).body.status).toBe('processing');
    expect((await resolve(apart[1].id, { action: 'dismiss' })).body).toMatchObject({ freed: 1, stillWaiting: 0 });
    expect(await causes()).toEqual([]);
  });

  test('a message whose body was damaged is shown without it, and stops no trial', async () => {
    for (const n of [1, 2]) await dialect([national(CODE(n), { TrangThaiHoSo: '77' })]);
    const { rows } = await hub.hub.database.pool.query<{ id: string }>(
      `UPDATE messages SET body = body || 'x' WHERE id = (SELECT max(id::text)::uuid FROM messages) RETURNING id`,
    );
    const shown = await ops.get(`messages/${rows[0]?.id}`);
    expect(shown).toMatchObject({ status: 200, body: { body: { format: 'hidden' }, waiting: [{ code: CODE(2) }] } });
    expect(shown.body.body.words).toMatchObject({ code: 'content-unreadable' });
    const trial = await ops.post('code-tables/one-stop/national-status/preview', { from: '77', to: 'processing' });
    expect(trial).toMatchObject({ status: 200, body: { freed: 1, looked: { messages: 1, isAll: true } } });
  });

  test('an item that the hub cannot store gets a cause of its own, and holds up no other', async () => {
    const { pool } = hub.hub.database;
    for (const n of [1, 2, 3]) await dialect([national(CODE(n), { TrangThaiHoSo: '77' })]);
    const [cause] = await causes();
    await pool.query(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF NEW.code = '${CODE(2)}' THEN RAISE EXCEPTION 'as in the test' USING ERRCODE = '54000'; END IF; RETURN NEW; END $$`);
    await pool.query('CREATE TRIGGER fail BEFORE INSERT ON dossiers FOR EACH ROW EXECUTE FUNCTION fail()');

    const { body } = await resolve(cause.id, { action: 'map', to: 'processing' });
    expect(body).toMatchObject({ freed: 2, stillWaiting: 0 });
    for (const n of [1, 3]) expect((await hub.read(`/api/v1/dossiers/${CODE(n)}`)).body.status).toBe('processing');
    const [apart, ...others] = await causes();
    expect(others).toEqual([]);
    const detail = expect.stringMatching(/^item 1 of message .* cannot be applied: the error is in the log$/);
    expect(apart).toMatchObject({ kind: 'unreadable', items: 1, detail });
    expect((await ops.get(`quarantine/${apart.id}`)).body.waiting).toMatchObject([{ code: CODE(2) }]);

    // A person may retry it, once the reason is gone.
    expect((await resolve(apart.id, { action: 'release' })).body).toMatchObject({ freed: 0, stillWaiting: 1 });
    await pool.query('DROP FUNCTION fail CASCADE');
    later(61_000);
    expect((await resolve(apart.id, { action: 'release' })).body).toMatchObject({ freed: 1, stillWaiting: 0 });
    expect((await hub.read(`/api/v1/dossiers/${CODE(2)}`)).body.status).toBe('processing');
  });

  test('an unreadable step holds up no other when its dossier arrives', async () => {
    for (const at of ['2025-08-13T08:00:00+07:00', '2025-08-14T08:00:00+07:00'])
      await hub.push(progress({ code: CODE(1), at }), { what: 'progress' });
    const { pool } = hub.hub.database;
    await pool.query("UPDATE messages SET body = body || 'x' WHERE id = (SELECT id FROM messages ORDER BY id LIMIT 1)");
    await hub.push(dossier({ code: CODE(1) }));
    const told = async () =>
      (await hub.read(`/api/v1/dossiers/${CODE(1)}/history`)).body.items.map(({ at }: Told) => at);
    await expect.poll(told).toContain('2025-08-14T08:00:00+07:00');
    expect(await causes()).toMatchObject([{ kind: 'unreadable', items: 1, dossiers: 1 }]);
  });

  test('a sweep examines a thousand waiting items and the due ones, the next sweeps the others', async () => {
    const { pool } = hub.hub.database;
    const inThreeDays = '2025-08-24T08:30:00+07:00';
    await hub.push(dossier({ code: CODE(1) }));
    await hub.push(progress({ code: CODE(2) }), { what: 'progress' });
    await hub.push(dossier({ code: CODE(3), statusAt: inThreeDays }));
    // Items of dossiers that nobody sends, in the order of the sweep before those above.
    await pool.query(
      `INSERT INTO quarantine (cause_kind, cause_key, detail, party, operation, code, message_id, item, opened_at)
       SELECT 'dossier-unknown', 'dossier-unknown:A' || n, 'test', 'other', 'dossier.progress.v1', 'A' || n,
         gen_random_uuid(), 0, $1
       FROM generate_series(1, 2500) n`,
      ['2025-08-21T08:00:00+07:00'],
    );
    // The process that takes the dossier ends before it releases the step.
    onTestFinished(() => void vi.restoreAllMocks());
    const query = pool.query.bind(pool) as (...given: unknown[]) => unknown;
    vi.spyOn(pool, 'query').mockImplementation(((...given: unknown[]) =>
      (given[0] as { name?: string }).name === 'waiting for'
        ? Promise.resolve({ rows: [] })
        : query(...given)) as never);
    await hub.push(dossier({ code: CODE(2) }));
    const waits = async () =>
      (
        await pool.query<{ code: string }>(
          `SELECT code FROM quarantine WHERE settled_at IS NULL AND code LIKE 'H60%' ORDER BY code`,
        )
      ).rows.map(({ code }) => code);
    await hub.deliver();
    expect(await waits()).toEqual([CODE(2), CODE(3)]);
    later(3 * 86_400_000);
    await hub.deliver();
    expect(await waits()).toEqual([CODE(2)]);
    await hub.deliver();
    expect(await waits()).toEqual([]);
    // The next look begins again.
    await hub.push(progress({ code: CODE(4) }), { what: 'progress' });
    await hub.push(dossier({ code: CODE(4) }));
    for (let sweep = 0; sweep < 3; sweep++) await hub.deliver();
    expect(await waits()).toEqual([]);
  });

  test('an item that two sweeps release at once costs no sender an answer', async () => {
    await hub.push(progress({ code: CODE(1) }), { what: 'progress' });
    const { pool } = hub.hub.database;
    const message: Submission = {
      party: 'one-stop',
      door: 'rest',
      operation: 'dossier.upsert.v1',
      keyName: 'one-stop',
      mediaType: undefined,
      body: undefined,
      bodyBytes: 0,
      receivedAt: '2025-08-21T08:30:00+07:00',
      items: [readItem('dossier.upsert.v1', dossier({ code: CODE(2) }))],
    };
    const answers: Promise<Accepted>[] = [];
    // The item is released between the look-up of the other sweep and its release, which shares a commit with a push.
    onTestFinished(() => void vi.restoreAllMocks());
    const query = pool.query.bind(pool) as (...given: unknown[]) => unknown;
    vi.spyOn(pool, 'query').mockImplementation((async (...given: unknown[]) => {
      const found = await query(...given);
      if ((given[0] as { name?: string }).name !== 'waiting for' || answers.length > 0) return found;
      await hub.hub.pipeline.sweep();
      answers.push(hub.hub.pipeline.accept(message));
      return found;
    }) as never);
    await hub.push(dossier({ code: CODE(1) }));
    await expect.poll(() => answers.length).toBe(1);
    expect(await Promise.all(answers)).toMatchObject([{ results: [{ outcome: 'accepted' }] }]);
    expect((await hub.read(`/api/v1/dossiers/${CODE(1)}/history`)).body.items).toHaveLength(2);
  });

  test('a process that dies during a resolution leaves the rest to the next sweep', async () => {
    await dialect([1, 2].map((n) => national(CODE(n), { TrangThaiHoSo: '77' })));
    const [cause] = await causes();
    const { pool } = hub.hub.database;
    // The state after the process died right after storing the decision.
    await pool.query(
      `INSERT INTO code_entries (party, table_name, from_code, to_code, version, who, why, at, in_force_at)
       VALUES ('one-stop', 'national-status', '77', 'processing', 1, 'ops', 'because', now(), '2025-08-21T08:30:02+07:00')`,
    );
    await pool.query(
      `INSERT INTO resolutions (cause_key, parties, action, who, why, at, until)
       VALUES ($1, '{one-stop}', 'map', 'ops', 'because', '2025-08-21T08:30:00+07:00', '2025-08-21T08:30:05+07:00')`,
      [cause.key],
    );
    await hub.hub.pipeline.sweep();
    expect(await causes()).toEqual([]);
    expect((await hub.read(`/api/v1/dossiers/${CODE(2)}`)).body.status).toBe('processing');
  });
});
