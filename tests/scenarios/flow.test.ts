import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dossier, type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { type Officer, officerAt } from '../support/officer.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

const CODE = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;
const AWAY = { kind: 'unavailable', reason: 'econnrefused', message: 'refused' } as const;

describe('the flow of messages and deliveries', () => {
  let hub: TestHub;
  let ops: Operator;
  let officer: Officer;
  let ministry: Partner;
  beforeEach(async () => {
    ministry = testPartner();
    hub = await testHub({
      partners: { ministry },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['ministry'] }],
      keys: [...OPERATOR_KEYS],
      entries: { ministry: { title: 'Hệ thống của Bộ' } },
    });
    ops = operatorOf(hub);
    officer = officerAt(hub);
  });
  afterEach(() => hub.close());

  test('is counted by minute, by party and by reason, over all processes', async () => {
    ministry.script.push(AWAY);
    await hub.push([dossier({ code: CODE(1) }), dossier({ code: CODE(2), status: 'nonsense' })]);
    await hub.deliver();
    hub.clock.nowMs += 120_000;
    await hub.deliver();
    const other = await testHub({ databaseUrl: hub.databaseUrl, nowMs: hub.clock.nowMs });
    await other.push(dossier({ code: CODE(3) }));
    await other.close();
    const { body } = await ops.get('flow');
    expect(body.steps).toHaveLength(60);
    expect(body.steps.filter((step: Record<string, number>) => step.received || step.delivered || step.failed)).toEqual(
      [
        { at: '2025-08-21T08:30:00+07:00', received: 1, delivered: 0, failed: 1 },
        { at: '2025-08-21T08:32:00+07:00', received: 1, delivered: 1, failed: 0 },
      ],
    );
    expect(body.failures).toEqual([
      { party: 'ministry', reason: 'econnrefused', many: 1, lastAt: '2025-08-21T08:30:00+07:00' },
    ]);
    const month = (await ops.get('flow?period=month&party=ministry')).body;
    expect(month.steps.at(-1)).toEqual({ at: '2025-08-21T00:00:00+07:00', received: 0, delivered: 1, failed: 1 });
    expect(month.parties).toMatchObject([{ party: 'ministry', delivered: 1, failed: 1, medianMs: 10 }]);
  });

  test('is forgotten by minute after two hours, and by hour after 35 days', async () => {
    const stored = async () => {
      await ops.get('flow');
      const { rows } = await hub.hub.database.pool.query('SELECT DISTINCT span FROM flow_totals ORDER BY span');
      return rows.map(({ span }) => span);
    };
    await hub.push(dossier({ code: CODE(1) }));
    expect(await stored()).toEqual(['hour', 'minute']);
    hub.clock.nowMs += 3 * 3_600_000;
    expect(await stored()).toEqual(['hour']);
    hub.clock.nowMs += 36 * 86_400_000;
    expect(await stored()).toEqual([]);
  });

  test('the overview says which partner is down and since when, and draws the connections', async () => {
    await officer.signIn('ops');
    expect((await officer.get('/console')).text).toContain('Cả 3 bên kết nối đang hoạt động tốt.');
    await hub.hub.database.pool.query(
      "INSERT INTO incidents (party, kind, cause, opened_at) VALUES ('ministry', 'partner-away', 'no answer', $1)",
      ['2025-08-21T08:05:00+07:00'],
    );
    const { text } = await officer.get('/console');
    expect(text).toContain('2 trong 3 bên kết nối đang hoạt động tốt.');
    expect(text).toMatch(
      /<ul class="tasks">[\s\S]*<strong>Hệ thống của Bộ<\/strong>: không liên lạc được<\/a>[^(]*21\/08\/2025 08:05:00[\s\S]*\(25 phút trước\)/,
    );
    expect(text).toMatch(
      /<a class="node away" href="\/console\/parties\/ministry"><title>Hệ thống của Bộ: không liên lạc được/,
    );
  });

  test('keeps the overview up to date over a stream, until the officer signs out', async () => {
    await officer.signIn('ops');
    const page = await officer.get('/console');
    expect(page.text).toContain('data-stream="/console/live"');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'; connect-src 'self'");
    const cookie = [...officer.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const stream = await hub.hub.app.request('/console/live', { headers: { Cookie: cookie } });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
    const next = async (): Promise<string> => Buffer.from((await reader.read()).value ?? []).toString();
    const first = await next();
    expect(first).toMatch(/^data: /);
    expect(first).toContain('Bên kết nối');
    await officer.post('/console/sign-out');
    expect(await next()).toContain('event: signed-out');
    expect((await reader.read()).done).toBe(true);
    expect((await hub.hub.app.request('/console/live')).status).toBe(401);
  });

  test('a key opens at most 50 streams; the next gets 429 with Retry-After, and a closed one makes room', async () => {
    await officer.signIn('ops');
    const cookie = [...officer.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const open = () => hub.hub.app.request('/console/live', { headers: { Cookie: cookie } });
    const streams = await Promise.all(Array.from({ length: 50 }, open));
    expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]));
    const refused = await open();
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('30');
    expect(await refused.text()).toContain('tài khoản ops đang mở 50 luồng ở đây; hãy đóng bớt');
    await streams[0]?.body?.cancel();
    streams[0] = await open();
    expect(streams[0].status).toBe(200);
    await Promise.all(streams.map(({ body }) => body?.cancel()));
  });

  test('HEAD of the stream takes no place of a key', async () => {
    await officer.signIn('ops');
    const cookie = [...officer.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const ask = (method: string) => hub.hub.app.request('/console/live', { method, headers: { Cookie: cookie } });
    const heads = await Promise.all(Array.from({ length: 51 }, () => ask('HEAD')));
    expect(new Set(heads.map(({ status }) => status))).toEqual(new Set([200]));
    expect(heads[0]?.headers.get('content-type')).toContain('text/event-stream');
    const stream = await ask('GET');
    expect(stream.status).toBe(200);
    await stream.body?.cancel();
  });
});
