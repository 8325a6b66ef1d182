import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import igate from '../../adapters/igate/adapter.ts';
import { igateSimulator, SIMULATOR_CLIENT } from '../../adapters/igate/simulator.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
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
