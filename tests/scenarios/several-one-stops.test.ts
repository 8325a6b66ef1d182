import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import igate from '../../adapters/igate/adapter.ts';
import { igateSimulator, SIMULATOR_CLIENT } from '../../adapters/igate/simulator.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { migratedDatabase } from '../support/database.ts';
import { type TestHub, testHub, testPartner } from '../support/hub.ts';
import { MORNING } from '../support/template.ts';

const STEP_MS = 60_000;
const AGENCY = 'H60.40';
const CODES = [1, 2, 3].map((number) => `${AGENCY}-250812-90000${number}`);
const HOSTS = ['igate-old', 'igate-new'] as const;
type Host = (typeof HOSTS)[number];

/** Two iGate hosts on one hub. The settings hand an agency over from the old one to the new one. */
describe('several one-stop systems on one hub', () => {
  const portal = testPartner();
  const clock = { nowMs: MORNING };
  let hosts: Readonly<Record<Host, Simulator>>;
  let database: Awaited<ReturnType<typeof migratedDatabase>>;
  let hub: TestHub;

  const start = (owner: Host): Promise<TestHub> =>
    testHub({
      databaseUrl: database.url,
      nowMs: clock.nowMs,
      partners: {
        ...Object.fromEntries(HOSTS.map((name) => [name, { sent: [], script: [], adapter: igate as Adapter }])),
        portal,
      },
      entries: Object.fromEntries(HOSTS.map((name) => [name, entryOf(name, owner)])),
      routes: HOSTS.flatMap((from) =>
        ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({ from, operation, to: ['portal'] })),
      ),
    });
  const entryOf = (name: Host, owner: Host): object => ({
    authoritative: true,
    owns: { agencies: name === owner ? [AGENCY] : ['H60.99'] },
    settings: {
      baseUrl: hosts[name].url,
      tokenUrl: `${hosts[name].url}/auth/realms/digo/protocol/openid-connect/token`,
      ...SIMULATOR_CLIENT,
      startAt: '2025-08-13T00:00:00+07:00',
      statuses: { '4': 'resolved' },
      timeoutS: 2,
    },
  });
  beforeAll(async () => {
    const started = HOSTS.map((name) =>
      startSimulator(igateSimulator({ stepMs: STEP_MS }), { now: () => nowAt[name] }),
    );
    const [old, next] = (await Promise.all(started)) as [Simulator, Simulator];
    hosts = { 'igate-old': old, 'igate-new': next };
    database = await migratedDatabase();
    hub = await start('igate-old');
  });
  afterAll(async () => {
    await hub.close();
    await database.drop();
    await Promise.all(Object.values(hosts).map((host) => host.close()));
  });

  /** The old host stops working on dossiers when it hands them over. */
  const nowAt: Record<Host, number> = { 'igate-old': clock.nowMs, 'igate-new': clock.nowMs };
  const file = (host: Host, code: string): Promise<Response> =>
    fetch(`${hosts[host].url}/pa/dossier/--apply-online/`, {
      method: 'POST',
      body: JSON.stringify({ code, name: 'Nguyễn Văn An', agency: AGENCY }),
    });
  const pull = async (): Promise<void> => {
    hub.clock.nowMs = clock.nowMs;
    for (const name of HOSTS) {
      await makePullsDue(hub.hub.database, name, ['dossiers'], hub.clock.nowMs);
      await hub.hub.pipeline.pull(name, 'dossiers');
    }
    await hub.deliver();
  };
  const sent = () =>
    portal.sent.map(({ code, operation, record }) => {
      const { status, statusAt, at } = record as Readonly<Record<string, string>>;
      return [code, operation, status, statusAt ?? at].join(' ');
    });
  const statuses = () =>
    Promise.all(CODES.map(async (code) => (await hub.read(`/api/v1/dossiers/${code}`)).body.status));

  test('the owner’s dossiers reach the portal, each state once', async () => {
    for (const code of CODES) await file('igate-old', code);
    clock.nowMs += 2 * STEP_MS;
    nowAt['igate-old'] = clock.nowMs;
    await pull();
    expect(await statuses()).toEqual(['processing', 'processing', 'processing']);
    expect(new Set(sent()).size).toBe(sent().length);
    expect(new Set(portal.sent.map(({ code }) => code))).toEqual(new Set(CODES));
  });

  test('a change of owner by settings moves nothing twice', async () => {
    for (const code of CODES) await file('igate-new', code);
    nowAt['igate-new'] = clock.nowMs;
    const before = sent();
    await hub.close();
    clock.nowMs += 1_000;
    hub = await start('igate-new');
    await pull();
    expect(sent()).toEqual(before);
    expect(await statuses()).toEqual(['processing', 'processing', 'processing']);
  });

  test('from then on the new host decides, and the old one’s copy changes nothing', async () => {
    const before = sent().length;
    nowAt['igate-old'] = clock.nowMs + STEP_MS;
    clock.nowMs += STEP_MS;
    await pull();
    expect(await statuses()).toEqual(['processing', 'processing', 'processing']);
    nowAt['igate-new'] = clock.nowMs + STEP_MS;
    clock.nowMs += STEP_MS;
    await pull();
    expect(await statuses()).toEqual(['resolved', 'resolved', 'resolved']);
    expect(new Set(sent()).size).toBe(sent().length);
    const told = portal.sent.slice(before).filter(({ operation }) => operation === 'dossier.upsert.v1');
    expect(told.map(({ code, record }) => `${code} ${(record as { status: string }).status}`).toSorted()).toEqual(
      CODES.map((code) => `${code} resolved`),
    );
  });

  test('comes out of a rebuild identical', async () => {
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });
});
