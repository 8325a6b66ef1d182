import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAlerts } from '../../src/observe/alerts.ts';
import type { PayloadShapes } from '../../src/observe/payload-shapes.ts';
import { createPayloadShapes } from '../../src/observe/payload-shapes.ts';
import { createTelemetry } from '../../src/observe/telemetry.ts';
import { codeOf, dossier, type TestHub, testHub } from '../support/hub.ts';

describe('schema drift', () => {
  let hub: TestHub;
  const lines: Record<string, unknown>[] = [];
  beforeEach(async () => {
    lines.length = 0;
    hub = await testHub();
  });
  afterEach(() => hub.close());

  const incidents = async () =>
    (
      await hub.hub.database.pool.query<{ party: string; cause: string; open: boolean }>(
        "SELECT party, cause, closed_at IS NULL AS open FROM incidents WHERE kind = 'schema-drift' ORDER BY id",
      )
    ).rows;

  /** The watch of one process. */
  function watch(): PayloadShapes {
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const telemetry = createTelemetry(log);
    const { database } = hub.hub;
    const nowMs = () => hub.clock.nowMs;
    return createPayloadShapes({
      database,
      telemetry,
      nowMs,
      alerts: createAlerts({ database, telemetry, nowMs, webhook: undefined }),
    });
  }

  const wire = (reply: string, request = '{"session":"s","service":"x","mahoso":"1"}', status = 200) => ({
    method: 'POST',
    url: 'http://portal.test/mapi/g',
    request,
    status,
    reply,
  });

  async function answers(one: PayloadShapes, reply: unknown, count: number, request?: string): Promise<void> {
    for (let n = 0; n < count; n++)
      one.sampleAnswer('portal', 'dossier.upsert.v1', wire(JSON.stringify(reply), request));
    await one.flush();
  }

  test('the beginning of a large payload is watched: a new field is noticed, a cut one not missed', async () => {
    const one = watch();
    const rows = (more: object) =>
      Array.from({ length: 4_000 }, (_, n) => ({ MaHoSo: codeOf(n), TrichYeu: 'x, "y" [z]'.repeat(8), ...more }));
    await answers(one, { result: rows({}).slice(0, 2), total: 1 }, 21);
    await answers(one, { result: rows({}), total: 1 }, 20);
    expect(await incidents()).toEqual([]);
    await answers(one, { result: rows({ GhiChu: 'Nguyễn Văn Bí Mật' }), total: 1 }, 60);
    const [incident, ...more] = await incidents();
    expect(more).toEqual([]);
    expect(incident?.cause).toMatch(/result\[\]\.GhiChu is new: text, such as "Aaaaaa Aaa Aa Aaa"/);
    expect(incident?.cause).not.toContain('total');
  });

  test('a new field in a partner’s push is noticed once, and shows no value', async () => {
    for (let n = 0; n < 21; n++) await hub.push(dossier({ code: codeOf(n) }));
    await expect.poll(() => shapes()).toHaveLength(1);
    // The 50th message is checked again, and the 100th.
    for (let n = 21; n < 101; n++)
      await hub.push(dossier({ code: codeOf(n), ...(n >= 40 && { note: 'Nguyễn Văn Bí Mật' }) }));
    await expect.poll(incidents).toHaveLength(1);
    const [incident] = await incidents();
    expect(incident).toMatchObject({ party: 'one-stop', open: true });
    expect(incident?.cause).toBe('dossier.upsert.v1 (rest): note is new: text, such as "Aaaaaa Aaa Aa Aaa"');
    expect(hub.logLines.filter((line) => line.msg === 'incident')).toHaveLength(1);
    const year = String(new Date(hub.clock.nowMs).getFullYear());
    const made = await hub.hub.reports.make('incidents', year, { by: 'agency', rule: '766' });
    expect(made.kind === 'made' && made.report.rows[0]?.cells[8]).toBe(
      'hồ sơ: note là trường mới: văn bản, như "Aaaaaa Aaa Aa Aaa" (chưa xác minh)',
    );
    const kept = JSON.stringify(await shapes());
    expect(kept).toContain('applicant.identityNumber');
    expect(kept).not.toMatch(/Nguyễn|001000000001|0900000001|example\.test/);
  });

  const shapes = async () => (await hub.hub.database.pool.query('SELECT * FROM payload_shapes')).rows;

  test('a partner with few messages is checked each time', async () => {
    const one = watch();
    await answers(one, { a: 1 }, 20);
    await answers(one, { a: 1, b: 1 }, 1);
    expect(await incidents()).toEqual([]);
    hub.clock.nowMs += 10_000;
    await answers(one, { a: 1, b: 1 }, 1);
    expect(await incidents()).toMatchObject([{ party: 'portal', open: true }]);
  });

  test('a retyped field in a partner’s answer is noticed once among all processes', async () => {
    const [first, second] = [watch(), watch()];
    await answers(first, { error_code: 0, result: [{ MaHoSo: 'H60.01-250812-0001', SoLuong: 3 }] }, 20);
    await answers(first, { error_code: '0', result: [] }, 50);
    await answers(second, { error_code: '0', result: [] }, 20);
    expect(await incidents()).toEqual([
      {
        party: 'portal',
        open: true,
        cause:
          'answer to dossier.upsert.v1 /mapi/g (mahoso, service, session): error_code is now text (such as "9"), was number',
      },
    ]);
  });

  test('a missing field is noticed; a second change is a notice of its own', async () => {
    const one = watch();
    await answers(one, { error_code: 0, session: 's', user: 'u' }, 20);
    await answers(watch(), { error_code: 0, session: 's' }, 10);
    await answers(watch(), { error_code: 0, session: 's', expires: 600 }, 20);
    expect(await incidents()).toMatchObject([
      { open: false, cause: expect.stringContaining('user is absent from the last 10 payloads') },
      { open: true, cause: expect.stringContaining('expires is new: number, such as 999') },
    ]);
  });

  test('answers to other requests, error pages and failures have shapes of their own, or none', async () => {
    const one = watch();
    await answers(one, { error_code: 0, result: [] }, 20);
    await answers(one, { error_code: 0, result: [{ MaHoSo: 'x' }] }, 60, '{"session":"s","service":"y","data":[]}');
    for (let n = 0; n < 120; n++) {
      one.sampleAnswer('portal', 'dossier.upsert.v1', wire('<html><body>Bảo trì', undefined));
      one.sampleAnswer('portal', 'dossier.upsert.v1', wire('{"title":"Bad Gateway"}', undefined, 502));
      one.sampleAnswer('portal', 'dossier.upsert.v1', wire('', undefined));
    }
    await one.flush();
    expect(await incidents()).toEqual([]);
    expect(lines.filter((line) => line.msg === 'failed')).toEqual([]);
  });

  test('XML is watched by its elements, one or several', async () => {
    const told = (xml: string) => ({
      party: 'other',
      door: 'soap',
      operation: 'dossier.upsert.v1',
      body: Buffer.from(xml),
    });
    const envelope = (inner: string): string =>
      `<s:E xmlns:s="urn:s"><s:Body><d><code>1</code>${inner}</d></s:Body></s:E>`;
    const one = watch();
    one.sampleMessages(Array(20).fill(told(envelope('<fee>1</fee>'))));
    await one.flush();
    const another = watch();
    another.sampleMessages(Array(5).fill(told(envelope('<fee>1</fee><fee>2</fee>'))));
    another.sampleMessages(Array(5).fill(told(envelope('<fee>1</fee><ward>Phường</ward>'))));
    await another.flush();
    expect((await incidents()).map(({ cause }) => cause)).toEqual([
      'dossier.upsert.v1 (soap): E.Body.d.ward is new: text, such as "Aaaaaa"',
    ]);
  });

  test('a notice ends after a day', async () => {
    const one = watch();
    await answers(one, { a: 1 }, 20);
    await answers(watch(), { a: 1, b: 1 }, 1);
    hub.clock.nowMs += 23 * 3_600_000;
    await one.closeOld();
    expect(await incidents()).toMatchObject([{ open: true }]);
    hub.clock.nowMs += 2 * 3_600_000;
    await one.closeOld();
    expect(await incidents()).toMatchObject([{ open: false }]);
  });
});
