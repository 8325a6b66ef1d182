import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import adapter from '../../adapters/webhook-subscriber/adapter.ts';
import { SIMULATOR_SECRET } from '../../adapters/webhook-subscriber/simulator.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { dossier, progress, type TestHub, testHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';

const CODE = 'H60.01-250812-0035';
const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const TRACEPARENT = `00-${CALLER.traceId}-${CALLER.spanId}-01`;

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code: number; readonly message?: string };
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, Json> }[];
}

/** A server that records requests and answers with `status`. */
interface Recorder {
  readonly url: string;
  readonly came: { readonly path: string; readonly headers: http.IncomingHttpHeaders; readonly body: string }[];
  status: number;
  close(): Promise<void>;
}

async function startRecorder(): Promise<Recorder> {
  const server = http.createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    recorder.came.push({ path: String(request.url), headers: request.headers, body: Buffer.concat(parts).toString() });
    response.writeHead(recorder.status, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const recorder: Recorder = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    came: [],
    status: 200,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return recorder;
}

describe('traces', () => {
  let collector: Recorder;
  let partner: Recorder;
  let hub: TestHub;
  let isClosed = false;
  beforeEach(async () => {
    isClosed = false;
    [collector, partner] = await Promise.all([startRecorder(), startRecorder()]);
  });
  afterEach(async () => {
    if (!isClosed) await hub.close();
    await Promise.all([collector.close(), partner.close()]);
  });

  async function begin(share = 1): Promise<void> {
    hub = await testHub({
      partners: { portal: { sent: [], script: [], adapter: adapter as unknown as Adapter } },
      entries: { portal: { settings: { url: `${partner.url}/hook`, secrets: [SIMULATOR_SECRET] } } },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      traces: { url: `${collector.url}/v1/traces`, share },
    });
  }

  /** The exported spans when the hub has stopped. */
  async function exported(): Promise<readonly Span[]> {
    await hub.close();
    isClosed = true;
    return collector.came.flatMap(({ body }) =>
      JSON.parse(body).resourceSpans.flatMap((one: Json) => one.scopeSpans.flatMap((scope: Json) => scope.spans)),
    );
  }

  const traceOf = (receipt: string): string => receipt.replaceAll('-', '');
  const told = ({ attributes }: Span): Record<string, unknown> =>
    Object.fromEntries(
      attributes.map(({ key, value }) => [
        key,
        value.arrayValue?.values.map((one: Json) => one.stringValue) ?? value.stringValue ?? Number(value.intValue),
      ]),
    );

  test('a dossier is one trace, named by its receipt, from the door to the partner', async () => {
    await begin();
    partner.status = 503;
    const { receipt } = await hub.push(dossier(), { headers: { traceparent: TRACEPARENT } });
    await hub.deliver();
    hub.clock.nowMs += 60_000;
    partner.status = 200;
    await hub.deliver();

    const spans = await exported();
    expect(spans.map(({ name, status }) => [name, status.message])).toEqual([
      ['accept dossier.upsert.v1', undefined],
      ['send dossier.upsert.v1', 'status-503'],
      ['send dossier.upsert.v1', undefined],
    ]);
    const [accepted, ...attempts] = spans as [Span, Span, Span];
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([traceOf(receipt)]));
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(3);
    expect(accepted.links).toEqual([expect.objectContaining(CALLER)]);
    expect(told(accepted)).toMatchObject({
      'lienthong.party': 'one-stop',
      'lienthong.door': 'rest',
      'lienthong.receipt': receipt,
      'lienthong.codes': [CODE],
      'lienthong.items.accepted': 1,
    });
    for (const [at, attempt] of attempts.entries()) {
      expect(attempt.parentSpanId).toBe(accepted.spanId);
      expect(told(attempt)).toMatchObject({ 'lienthong.party': 'portal', 'lienthong.attempt': at + 1 });
      expect(BigInt(attempt.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(attempt.startTimeUnixNano));
    }
    // The partner can continue the trace.
    expect(partner.came.map(({ headers }) => headers.traceparent)).toEqual(
      attempts.map(({ spanId }) => `00-${traceOf(receipt)}-${spanId}-01`),
    );
    expect(BigInt(attempts[1]?.startTimeUnixNano ?? 0) - BigInt(accepted.endTimeUnixNano)).toBeGreaterThanOrEqual(
      60_000_000_000n,
    );
  });

  test('a released item continues the trace of its message', async () => {
    await begin();
    const step = await hub.push(progress(), { what: 'progress' });
    const { receipt } = await hub.push(dossier());
    await expect.poll(async () => (await hub.read(`/api/v1/dossiers/${CODE}`)).body.status).toBe('processing');
    await hub.deliver();

    const spans = await exported();
    const ofStep = spans.filter(({ traceId }) => traceId === traceOf(step.receipt));
    expect(ofStep.map(({ name }) => name)).toEqual([
      'accept dossier.progress.v1',
      'release dossier.progress.v1',
      'send dossier.upsert.v1',
    ]);
    expect(ofStep.slice(1).map(({ parentSpanId }) => parentSpanId)).toEqual([ofStep[0]?.spanId, ofStep[0]?.spanId]);
    expect(spans.some(({ traceId }) => traceId === traceOf(receipt))).toBe(true);
  });

  test('contain no personal data, and no text sent instead of a code', async () => {
    await begin();
    await hub.push(dossier());
    await hub.push(dossier({ code: 'Nguyễn Văn An 001000000001' }));
    await hub.push({ ...dossier(), status: 'Nguyễn Văn An' });
    await hub.push('{', { headers: { traceparent: TRACEPARENT } });
    await hub.deliver();
    const spans = await exported();
    expect(spans.find(({ status }) => status.message === 'refused with 400')?.links).toHaveLength(1);
    const all = collector.came.map(({ body }) => body).join('\n');
    for (const secret of ['An', '001000000001', '0900000001', 'an@example.test', 'secret'])
      expect(all).not.toContain(secret);
  });

  test('of a share of messages are whole or absent, and partners learn which', async () => {
    await begin(0.5);
    const receipts: string[] = [];
    for (let n = 0; n < 24; n++)
      receipts.push((await hub.push(dossier({ code: `H60.01-250812-${String(n).padStart(4, '0')}` }))).receipt);
    await hub.deliver();
    const spans = await exported();
    const traced = new Set(spans.map(({ traceId }) => traceId));
    expect(traced.size).toBeGreaterThan(0);
    expect(traced.size).toBeLessThan(24);
    for (const trace of traced) expect(spans.filter(({ traceId }) => traceId === trace)).toHaveLength(2);
    const flags = partner.came.map(({ headers }) => String(headers.traceparent).split('-'));
    expect(flags).toHaveLength(24);
    for (const [, trace = '', , flag] of flags) expect(flag).toBe(traced.has(trace) ? '01' : '00');
  });

  test('that the collector refuses are dropped, and nothing waits for it', async () => {
    await begin();
    collector.status = 400;
    await hub.push(dossier());
    await expect.poll(() => warnings()).toHaveLength(1);
    await hub.push(dossier({ code: 'H60.01-250812-0036' }));
    await expect.poll(() => collector.came.length).toBeGreaterThan(1);
    collector.status = 200;
    await hub.push(dossier({ code: 'H60.01-250812-0037' }));
    await expect
      .poll(() => hub.logLines.filter(({ msg }) => msg === 'the trace collector accepts spans again'), {
        timeout: 60_000,
      })
      .toHaveLength(1);
    expect(warnings()).toHaveLength(1);
  });

  const warnings = () =>
    hub.logLines.filter(({ msg }) => String(msg).startsWith('the trace collector accepts no spans'));
});
