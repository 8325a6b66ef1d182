import { afterAll, beforeAll, expect, test } from 'vitest';
import ministryAdapter from '../../adapters/soap-ministry/adapter.ts';
import { smsAt } from '../../adapters/soap-ministry/simulator/connect.ts';
import ministries from '../../adapters/soap-ministry/simulator.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { codeOf, dossier, type TestHub, testHub } from '../support/hub.ts';

const at = (time: string): string => `2025-08-12T${time}:00+07:00`;

let hub: TestHub;
let gateway: Simulator;
beforeAll(async () => {
  gateway = await startSimulator(ministries, { now: () => hub.clock.nowMs });
  hub = await testHub({
    nowMs: Date.parse(at('09:00')),
    partners: { sms: { sent: [], script: [], adapter: ministryAdapter as Adapter } },
    entries: { sms: { settings: { ...smsAt(gateway.url), timeoutS: 1 } } },
    routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['sms'], services: ['1.013225'] }],
    retryDelaysMs: Array.from({ length: 20 }, () => 1_000),
  });
});
afterAll(async () => {
  await hub.close();
  await gateway.close();
});

const sent = () => gateway.ledger.entries().map(({ key, content, count }) => [key, content, count]);
const text = (code: string, state: string): string =>
  `Ho so ${code} ${state}. Tra cuu tren Cong dich vu cong cua tinh.`;

test('a citizen gets one text message per chosen status, and no log line shows the number', async () => {
  const [one, two, three] = [codeOf(1), codeOf(2), codeOf(3)];
  await gateway.fault({ kind: 'drop-reply' });
  await hub.push(dossier({ code: one }));
  await hub.push(dossier({ code: one, abstract: 'Sửa trích yếu' }));
  await hub.push(dossier({ code: one, status: 'processing', statusAt: at('08:30') }));
  await hub.push(dossier({ code: one, status: 'resolved', statusAt: at('08:45') }));
  await hub.push(dossier({ code: two, serviceCode: '1.000001' }));
  await hub.push(dossier({ code: three, status: 'resolved', statusAt: '2025-08-11T08:15:00+07:00' }));
  for (let round = 0; round < 10; round++) {
    await hub.deliver();
    hub.clock.nowMs += 2_000;
  }
  expect(sent()).toEqual([
    ['84900000001', text(one, 'da duoc tiep nhan'), 1],
    ['84900000001', text(one, 'da co ket qua'), 1],
  ]);
  expect(hub.logLines.length).toBeGreaterThan(0);
  expect(JSON.stringify(hub.logLines)).not.toMatch(/900000001/);
});
