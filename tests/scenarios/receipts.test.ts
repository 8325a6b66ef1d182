import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import ministryAdapter from '../../adapters/soap-ministry/adapter.ts';
import { eReceiptAt } from '../../adapters/soap-ministry/simulator/connect.ts';
import ministries from '../../adapters/soap-ministry/simulator.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { codeOf, dossier, type TestHub, testHub } from '../support/hub.ts';
import { payment } from '../support/kinds.ts';

const OPERATION = 'payment.upsert.v1';
const PAYMENTS = 12;
const at = (time: string): string => `2025-08-12T${time}:00+07:00`;
const reference = (n: number): string => `DVCH6001250812${String(n).padStart(4, '0')}R`;

let hub: TestHub;
let service: Simulator;
beforeAll(async () => {
  service = await startSimulator(ministries, { now: () => hub.clock.nowMs });
  hub = await testHub({
    partners: { 'e-receipt': { sent: [], script: [], adapter: ministryAdapter as Adapter } },
    entries: { 'e-receipt': { settings: { ...eReceiptAt(service.url), timeoutS: 1 } } },
    routes: [{ from: 'one-stop', operation: OPERATION, to: ['e-receipt'] }],
    retryDelaysMs: Array.from({ length: 20 }, () => 1_000),
  });
});
afterAll(async () => {
  await hub.close();
  await service.close();
});

const push = (n: number, given: Record<string, unknown>) =>
  hub.push(payment({ code: reference(n), dossierCode: codeOf(n), ...given }), { what: 'payments' });
const issued = () => service.ledger.entries().filter(({ kind }) => kind === 'receipt');

test('each paid payment gets one receipt, whatever breaks and however often it is pushed', async () => {
  for (let n = 1; n <= PAYMENTS; n++) {
    await hub.push(dossier({ code: codeOf(n) }));
    await push(n, { state: 'requested', stateAt: at('09:00') });
  }
  await hub.deliver();
  expect(issued()).toEqual([]);

  for (const kind of ['drop-reply', 'half', 'reset', 'html', 'empty', 'drop-reply'] as const)
    for (let n = 0; n < 4; n++) {
      await service.fault({ kind: 'pass', times: 1 });
      await service.fault({ kind });
    }
  const paid = { state: 'paid', stateAt: at('09:10'), paidAt: at('09:09'), payer: { name: 'Công ty An & Bình' } };
  for (let n = 1; n <= PAYMENTS; n++) await push(n, paid);
  for (let round = 0; round < 30; round++) {
    await hub.deliver();
    hub.clock.nowMs += 2_000;
  }
  for (let n = 1; n <= PAYMENTS; n++) await push(n, { ...paid, stateAt: at('09:20'), transaction: `GD${n}` });
  await hub.deliver();

  const keys = Array.from({ length: PAYMENTS }, (_, n) => reference(n + 1));
  expect(issued().map(({ key, count }) => [key, count])).toEqual(expect.arrayContaining(keys.map((key) => [key, 1])));
  expect(service.ledger.count('receipt')).toBe(PAYMENTS);
  // The hub looks up a receipt that may exist, and does not issue it again.
  expect(service.requests().filter((one) => one.includes('PortalService'))).not.toEqual([]);
  expect(JSON.stringify(issued()[0]?.content)).toContain('Công ty An & Bình');
});

test('a receipt that was issued before a server fault is looked up, and not issued again', async () => {
  const system = await startSimulator(ministries, { now: () => hub.clock.nowMs });
  const calls: string[] = [];
  const faulty = createServer(async (request, response) => {
    const chunks = await request.toArray();
    calls.push(request.url as string);
    const reply = await fetch(`${system.url}${request.url}`, {
      method: 'POST',
      headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: String(request.headers.soapaction) },
      body: Buffer.concat(chunks),
    });
    const isFault = calls.length === 1;
    response.writeHead(isFault ? 500 : reply.status, { 'content-type': 'text/xml; charset=utf-8' });
    response.end(isFault ? FAULT : Buffer.from(await reply.arrayBuffer()));
  });
  await new Promise<void>((resolve) => faulty.listen(0, '127.0.0.1', resolve));
  const { port } = faulty.address() as AddressInfo;
  const own = await testHub({
    partners: { 'e-receipt': { sent: [], script: [], adapter: ministryAdapter as Adapter } },
    entries: { 'e-receipt': { settings: eReceiptAt(`http://127.0.0.1:${port}`) } },
    routes: [{ from: 'one-stop', operation: OPERATION, to: ['e-receipt'] }],
    retryDelaysMs: [1_000, 1_000],
  });
  try {
    await own.push(dossier({ code: codeOf(1) }));
    const paid = { state: 'paid', stateAt: at('09:10'), paidAt: at('09:09'), payer: { name: 'Công ty An & Bình' } };
    await own.push(payment({ code: reference(1), dossierCode: codeOf(1), ...paid }), { what: 'payments' });
    await own.deliver();
    own.clock.nowMs += 2_000;
    await own.deliver();
    const { rows } = await own.hub.database.pool.query('SELECT state, attempts FROM deliveries');
    expect(rows).toEqual([{ state: 'delivered', attempts: 2 }]);
    expect(calls).toEqual(['/PublishService.asmx', '/PortalService.asmx']);
    expect([system.ledger.count('receipt'), system.ledger.repeats()]).toEqual([1, 0]);
  } finally {
    await own.close();
    faulty.close();
    await system.close();
  }
});

const FAULT =
  '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode>' +
  '<faultstring>Timeout expired</faultstring></s:Fault></s:Body></s:Envelope>';
