import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Outgoing } from '#kit';
import { type Simulator, startSimulator, type TestConnection, testConnection } from '#kit/testing';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import adapter from './adapter.ts';
import { reconcile } from './reconcile.ts';
import type { Settings } from './settings.ts';
import { civilStatusSimulator } from './simulator.ts';

const DOSSIER: Dossier = {
  code: 'H60.01.02-250812-0002',
  serviceCode: '1.001193',
  agencyCode: 'H60.01.02',
  status: 'received',
  statusAt: '2025-08-12T08:15:00+07:00',
  receivedAt: '2025-08-12T08:15:00+07:00',
  applicant: { kind: 'citizen', name: 'Nguyễn Văn A' },
};
const STEP_MS = 1_000;

let simulator: Simulator;
let connection: TestConnection<Settings>;
let nowMs = Date.parse('2025-08-12T09:00:00+07:00');
beforeAll(async () => {
  simulator = await startSimulator(civilStatusSimulator({ stepMs: STEP_MS }), { now: () => nowMs });
  connection = testConnection(
    {
      tokenUrl: `${simulator.url}/token`,
      baseUrl: simulator.url,
      consumerKey: 'khoa',
      consumerSecret: 'mat-ma',
      lgspAccessToken: 'ma-lgsp',
      maTinh: '08',
      maDonVi: '02269',
    },
    { now: () => nowMs },
  );
});
afterAll(async () => {
  connection.close();
  await simulator.close();
});

const told = (change: Partial<Dossier> = {}): Outgoing<'dossier.upsert.v1'> => {
  const record = { ...DOSSIER, ...change };
  return {
    id: 'x',
    operation: 'dossier.upsert.v1',
    code: record.code,
    record,
    dossier: record,
    doubt: false,
    known: false,
  };
};

test('a dossier missing at the ministry is absent, and an unregistrable one agrees', async () => {
  expect(await reconcile.compare(connection, told())).toEqual({ kind: 'absent' });
  const { receivedAt: _, ...unreceived } = DOSSIER;
  const never = { ...told(), record: unreceived } as Outgoing<'dossier.upsert.v1'>;
  expect(await reconcile.compare(connection, never)).toEqual({ kind: 'found', differences: [] });
});

test('an open dossier agrees; an end unknown to the hub is a difference to import', async () => {
  expect(await adapter.send?.['dossier.upsert.v1']?.send(connection, [told()])).toMatchObject([{ kind: 'delivered' }]);
  expect(await reconcile.compare(connection, told())).toMatchObject({ kind: 'found', differences: [] });
  nowMs += 5 * STEP_MS;
  const comparison = await reconcile.compare(connection, told());
  expect(comparison).toMatchObject({ differences: [{ path: '/trangThai', ours: 'received' }] });
  const { answer } = comparison as { answer: { body: Uint8Array } };
  const [item] = reconcile.read(answer.body, connection.settings, connection.codes);
  expect(item).toMatchObject({ kind: 'record', operation: 'dossier.progress.v1', record: { code: DOSSIER.code } });
  expect(await reconcile.compare(connection, told({ status: 'resolved' }))).toMatchObject({ differences: [] });
});

test('rejected credentials give no comparison', async () => {
  await simulator.fault({ kind: 'status', status: 503, times: 5 });
  expect(await reconcile.compare(connection, told())).toMatchObject({
    kind: 'failed',
    outcome: { kind: 'unavailable' },
  });
});
