import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import igate from '../../adapters/igate/adapter.ts';
import { igateSimulator, SIMULATOR_CLIENT } from '../../adapters/igate/simulator.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { defineSimulator, type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { type TestHub, testHub } from '../support/hub.ts';

const STEP_MS = 60_000;
const [FIRST, SECOND] = ['H60.01-250812-0935', 'H60.01-250812-0936'] as const;

/** The real adapter, with a host on which citizens file. */
describe('a one-stop system that runs iGate', () => {
  let hub: TestHub;
  let host: Simulator;
  beforeAll(async () => {
    host = await startSimulator(igateSimulator({ stepMs: STEP_MS }), { now: () => hub.clock.nowMs });
    hub = await testHub({
      partners: { igate: { sent: [], script: [], adapter: igate as Adapter } },
      entries: {
        igate: {
          settings: {
            baseUrl: host.url,
            tokenUrl: `${host.url}/auth/realms/digo/protocol/openid-connect/token`,
            ...SIMULATOR_CLIENT,
            startAt: '2025-08-01T00:00:00+07:00',
            pageSize: 2,
            timeoutS: 2,
          },
        },
      },
    });
  });
  afterAll(async () => {
    await hub.close();
    await host.close();
  });

  const file = (code: string): Promise<Response> =>
    fetch(`${host.url}/pa/dossier/--apply-online/`, {
      method: 'POST',
      body: JSON.stringify({ code, name: 'Nguyễn Văn An' }),
    });
  const pull = async (): Promise<void> => {
    await makePullsDue(hub.hub.database, 'igate', ['dossiers'], hub.clock.nowMs);
    await hub.hub.pipeline.pull('igate', 'dossiers');
  };
  const read = async (path: string) => (await hub.read(`/api/v1/dossiers/${path}`)).body;
  const messages = async (): Promise<number> =>
    (await hub.hub.database.query.selectFrom('messages').selectAll().execute()).length;

  test('what a citizen filed is in the index after the next pull, also under its national code', async () => {
    await file(FIRST);
    await file(SECOND);
    await pull();
    expect(await read(FIRST)).toMatchObject({ code: FIRST, status: 'submitted' });
    hub.clock.nowMs += 2 * STEP_MS;
    await pull();
    expect(await read(SECOND)).toMatchObject({ code: SECOND, status: 'processing' });
    expect(await read(SECOND.replace('H60', 'G22'))).toMatchObject({ code: SECOND });
    const { items } = await read(`${SECOND}/history`);
    expect(items.map(({ content }: { content?: string }) => content)).toEqual(
      expect.arrayContaining(['Tiếp nhận hồ sơ', 'Thụ lý hồ sơ']),
    );
  });

  test('a pull without changes stores nothing', async () => {
    const before = await messages();
    await pull();
    await pull();
    expect(await messages()).toBe(before);
  });

  test('an unknown status waits, and one decision releases every dossier with it', async () => {
    hub.clock.nowMs += 2 * STEP_MS;
    await pull();
    expect(await read(FIRST)).toMatchObject({ status: 'processing' });
    const waiting = await hub.hub.database.query.selectFrom('quarantine').selectAll().execute();
    expect(waiting.map(({ cause_key }) => cause_key)).toEqual(
      expect.arrayContaining(['unmapped:igate-status:4', 'unmapped:igate-status:4']),
    );
    const by = { who: 'ops', why: 'the province says so' };
    await hub.hub.orders.resolve(waiting[0]?.id ?? 0, { action: 'map', to: 'resolved' }, by);
    expect(await read(FIRST)).toMatchObject({ status: 'resolved' });
    expect(await read(SECOND)).toMatchObject({ status: 'resolved' });
  });

  test('comes out of a rebuild identical', async () => {
    await pull();
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });
});

test('a task that begins after the last change of a dossier does not undo its end', async () => {
  const row = {
    id: '6853b890edeb9d6b96aa0001',
    code: FIRST,
    dossierStatus: { id: 4 },
    procedure: { code: '1.001193' },
    agency: { code: 'H60.01' },
    acceptedDate: '2025-08-12T08:15:00.000+0700',
    updatedDate: '2025-08-12T15:00:00.000+0700',
    task: [{ id: 't1', createdDate: '2025-08-12T15:00:00.300+0700', assignee: { fullname: 'Trần Văn B' } }],
  };
  const token = { access_token: 't', expires_in: 300 };
  const host = await startSimulator(
    defineSimulator({
      routes: [
        { method: 'POST', path: '/token', handle: () => ({ body: token }) },
        { method: 'GET', path: '/pa/dossier/search', handle: () => ({ body: { content: [row], last: true } }) },
      ],
    }),
  );
  const addresses = { baseUrl: host.url, tokenUrl: `${host.url}/token` };
  const startAt = '2025-08-01T00:00:00+07:00';
  const settings = { ...addresses, ...SIMULATOR_CLIENT, startAt, statuses: { '4': 'resolved' } };
  const hub = await testHub({
    partners: { igate: { sent: [], script: [], adapter: igate as Adapter } },
    entries: { igate: { authoritative: true, settings } },
  });
  onTestFinished(async () => {
    await hub.close();
    await host.close();
  });
  await makePullsDue(hub.hub.database, 'igate', ['dossiers'], hub.clock.nowMs);
  await hub.hub.pipeline.pull('igate', 'dossiers');
  const { body } = await hub.read(`/api/v1/dossiers/${FIRST}`);
  expect(body).toMatchObject({ status: 'resolved', statusAt: '2025-08-12T15:00:00+07:00' });
});
