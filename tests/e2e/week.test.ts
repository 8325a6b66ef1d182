import { setMaxListeners } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { DAY_MS } from '#core/dates/dates';
import igate from '../../adapters/igate/adapter.ts';
import { igateSimulator, SIMULATOR_CLIENT } from '../../adapters/igate/simulator.ts';
import nationalPortal from '../../adapters/national-portal/adapter.ts';
import portalSimulator from '../../adapters/national-portal/simulator.ts';
import restMinistry from '../../adapters/rest-ministry/adapter.ts';
import { agricultureAt } from '../../adapters/rest-ministry/simulator/connect.ts';
import { ministriesSimulator as restSimulator } from '../../adapters/rest-ministry/simulator.ts';
import soapMinistry from '../../adapters/soap-ministry/adapter.ts';
import { constructionAt } from '../../adapters/soap-ministry/simulator/connect.ts';
import { ministriesSimulator as soapSimulator } from '../../adapters/soap-ministry/simulator.ts';
import webhooks from '../../adapters/webhook-subscriber/adapter.ts';
import subscriberSimulator, { SIMULATOR_PATH, SIMULATOR_SECRET } from '../../adapters/webhook-subscriber/simulator.ts';
import { isUnavailable } from '../../src/database/failures.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import type { SimulatorDefinition } from '../../src/kit/testing/simulator/simulator.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { createDice } from '../../src/play/day/dice.ts';
import { invented } from '../../src/play/day/people.ts';
import { openDesk } from '../../src/play/participants/ministry-desks.ts';
import type { Participant } from '../../src/play/participants/participants.ts';
import { migratedDatabase } from '../support/database.ts';
import { codeOf, dossier, type PushReply, progress, type TestHub, testHub } from '../support/hub.ts';
import { seedOf } from '../support/seed-catalogue.ts';
import { MORNING } from '../support/template.ts';

const TICK_MS = 30 * 60_000;
const TICKS_A_DAY = 16;
const DAYS = 5;
/** Dossiers that each of six senders gets in each half hour: 1 makes about 2,500 records in the week, 20 about 50,000. */
const EACH = Number(process.env.WEEK_EACH ?? 1);
const WITHIN_MS = Math.max(300_000, EACH * 120_000);
const SERVICE = seedOf('services')[0] as { readonly code: string; readonly name: string };
/** The reports of officers of a one-stop system, by half hours after the reception. */
const COURSE = [
  [4, 'processing'],
  [8, 'resolved'],
  [12, 'returned'],
] as const;

const PULLED = ['agriculture', 'construction', 'igate-old', 'igate-new'] as const;
const TOLD = ['national-portal', 'subscriber'] as const;
type Partner = (typeof PULLED)[number] | (typeof TOLD)[number];
const PUSHERS = ['one-stop', 'other'] as const;
const HANDED_OVER = 'H60.101';
const AGENCIES: Readonly<Record<string, string>> = {
  'one-stop': 'H60.01',
  other: 'H60.03',
  'igate-old': HANDED_OVER,
  'igate-new': 'H60.102',
  agriculture: 'H60.04',
  construction: 'H60.07',
};

/**
 * A week of a province by the clock of the test: two systems that push, two hosts of iGate of which one hands its agency over to
 * the other, two ministries, the national portal and a subscriber. Each is away once and has one bad deployment. Once PostgreSQL
 * ends all sessions.
 */
describe('a week of a province', { timeout: WITHIN_MS }, () => {
  let nowMs = MORNING;
  let hub: TestHub;
  let database: Awaited<ReturnType<typeof migratedDatabase>>;
  let partners: Readonly<Record<Partner, Deployed>>;
  const dice = createDice(20_260_1);
  /** The status in which each dossier must end, by its code. */
  const truth = new Map<string, string>();
  const sent = { items: 0, invalid: 0 };
  /** The settings of operators, which they change after a deployment. */
  const entries = { owner: 'igate-old', hasNewField: false, newFieldSince: '' };

  beforeAll(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: nowMs });
    const stepMs = 4 * TICK_MS;
    const simulators: Readonly<Record<Partner, SimulatorDefinition>> = {
      agriculture: restSimulator({ stepMs }),
      construction: soapSimulator({ stepMs }),
      'igate-old': igateSimulator({ stepMs }),
      'igate-new': igateSimulator({ stepMs }),
      'national-portal': portalSimulator,
      subscriber: subscriberSimulator,
    };
    const started = Object.entries(simulators).map(async ([name, one]) => [name, await deploy(one, () => nowMs)]);
    partners = Object.fromEntries(await Promise.all(started));
    database = await migratedDatabase();
    hub = await start();
    await makePullsDue(hub.hub.database, 'national-portal', ['catalogue'], nowMs);
    await hub.hub.pipeline.pull('national-portal', 'catalogue');
  });
  afterAll(async () => {
    await hub?.close();
    await database?.drop();
    for (const one of Object.values(partners ?? {})) await one.close();
    vi.useRealTimers();
  });

  function start(): Promise<TestHub> {
    const adapters: Readonly<Record<Partner, unknown>> = {
      agriculture: restMinistry,
      construction: soapMinistry,
      'igate-old': igate,
      'igate-new': igate,
      'national-portal': nationalPortal,
      subscriber: webhooks,
    };
    return testHub({
      databaseUrl: database.url,
      nowMs,
      partners: Object.fromEntries(
        Object.entries(adapters).map(([name, adapter]) => [
          name,
          { sent: [], script: [], adapter: adapter as Adapter },
        ]),
      ),
      entries: entriesOf(partners, entries),
      routes: [...PUSHERS, ...PULLED].flatMap((from) =>
        ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({ from, operation, to: [...TOLD] })),
      ),
    });
  }
  async function restart(): Promise<void> {
    await hub.close();
    hub = await start();
  }
  function pass(ms: number): void {
    nowMs += ms;
    hub.clock.nowMs = nowMs;
    vi.setSystemTime(nowMs);
  }
  async function pullAndDeliver(): Promise<void> {
    for (const name of PULLED) {
      const pulls = name.startsWith('igate') ? ['dossiers'] : ['dossiers', 'progress'];
      await again(() => makePullsDue(hub.hub.database, name, pulls, nowMs));
      for (const pulled of pulls) await again(() => hub.hub.pipeline.pull(name, pulled));
    }
    await again(() => hub.deliver());
  }
  const rows = async <T extends object>(sql: string): Promise<readonly T[]> =>
    (await again(() => hub.hub.database.pool.query<T>(sql))).rows;
  /** PostgreSQL ends all sessions of the hub. */
  const endSessions = (): Promise<unknown> =>
    rows(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );

  /** Maps a code of a party for all items that wait for it. */
  async function decide(cause: string, to: string): Promise<number> {
    const waiting = await rows<{ id: number }>(
      `SELECT id FROM quarantine WHERE cause_key = '${cause}' AND settled_at IS NULL`,
    );
    const [first] = waiting;
    if (first) await hub.hub.orders.resolve(first.id, { action: 'map', to }, { who: 'ops', why: 'mới triển khai' });
    return waiting.length;
  }

  let serial = 0;
  const codeAt = (agency: string): string => `${agency}-250812-${String(serial++).padStart(6, '0')}`;
  /** Pushes that wait for their time, or for a system that is away. */
  const due: { readonly at: number; readonly party: string; readonly what: string; readonly item: object }[] = [];
  function receive(tick: number): void {
    for (const party of PUSHERS)
      for (let count = 0; count < EACH; count++) {
        const agencyCode = AGENCIES[party] as string;
        const code = codeAt(agencyCode);
        const at = (half: number): string => new Date(nowMs + half * TICK_MS).toISOString();
        const applicant = invented(dice);
        const received = {
          code,
          agencyCode,
          serviceCode: SERVICE.code,
          statusAt: at(0),
          receivedAt: at(0),
          dueAt: undefined,
          applicant,
        };
        due.push({ at: tick, party, what: 'dossiers', item: dossier(received) });
        for (const [half, status] of COURSE)
          due.push({ at: tick + half, party, what: 'progress', item: progress({ code, status, at: at(half) }) });
        truth.set(code, 'returned');
      }
  }
  async function push(tick: number, isAway: (party: string) => boolean, damage = (item: object) => item) {
    const isNow = (one: (typeof due)[number]): boolean => one.at <= tick && !isAway(one.party);
    const now = due.filter(isNow);
    due.splice(0, due.length, ...due.filter((one) => !isNow(one)));
    for (const party of PUSHERS)
      for (const what of ['dossiers', 'progress']) {
        const items = now.filter((one) => one.party === party && one.what === what).map(({ item }) => item);
        if (items.length === 0) continue;
        const results = await pushed(items.map(damage), party, what);
        const invalid = items.filter((_, at) => results[at]?.outcome === 'invalid');
        sent.items += items.length;
        sent.invalid += invalid.length;
        // After the deployment is taken back, the system sends again what was refused.
        due.push(...invalid.map((item) => ({ at: tick + 4, party, what, item })));
      }
  }
  /** Sends until the hub has stored it, as a system does that gets 503. */
  async function pushed(items: readonly object[], party: string, what: string): Promise<PushReply['results']> {
    const headers = { 'Idempotency-Key': `week-${serial++}` };
    for (let tried = 1; ; tried++) {
      const { status, results } = await hub.push(items, { party, what, headers });
      if (status < 500) return results;
      if (tried === TRIES) throw new Error(`the hub answers ${status} to ${party}`);
      await sleep(tried * PAUSE_MS);
    }
  }
  const deskOf = (name: (typeof PULLED)[number]) => {
    const at = { name: name.startsWith('igate') ? 'igate' : name, url: partners[name].own.url };
    const { signal } = new AbortController();
    // A listener for each of its requests.
    setMaxListeners(0, signal);
    return openDesk(at as Participant<'igate'>, signal);
  };
  async function file(): Promise<void> {
    for (const name of PULLED) {
      if (partners[name].isAway) continue;
      const desk = await deskOf(name === 'igate-old' ? (entries.owner as 'igate-old') : name);
      for (let count = 0; count < EACH; count++) {
        const agency = AGENCIES[name] as string;
        const application = { code: codeAt(agency), service: SERVICE, agency, applicant: invented(dice) };
        await desk.file(application);
        truth.set(application.code, 'resolved');
      }
    }
  }

  test('is read, stored and delivered, also while a partner is away or has deployed a defect', async () => {
    for (let day = 0; day < DAYS; day++) {
      for (let tick = day * TICKS_A_DAY; tick < (day + 1) * TICKS_A_DAY; tick++) {
        await bringTrouble(day, tick % TICKS_A_DAY);
        receive(tick);
        await file();
        const isBadDeploy = day === 1 && tick % TICKS_A_DAY >= 10 && tick % TICKS_A_DAY < 13;
        const ended = day === 4 && tick % TICKS_A_DAY === 10 ? endSessions() : undefined;
        await push(
          tick,
          (party) => AWAY[day]?.includes(party) === true && isAwayAt(tick % TICKS_A_DAY),
          isBadDeploy ? inAnotherLanguage : undefined,
        );
        await ended;
        await pullAndDeliver();
        pass(TICK_MS);
      }
      pass(DAY_MS - TICKS_A_DAY * TICK_MS);
    }
    await finish();
    const held = await rows<{ code: string; status: string }>('SELECT code, status FROM dossiers');
    const index = new Map(held.map(({ code, status }) => [code, status]));
    const wrong = [...truth].filter(([code, status]) => index.get(code) !== status);
    expect(wrong.map(([code, status]) => `${code}: ${index.get(code)} instead of ${status}`)).toEqual([]);
    expect(index.size).toBe(truth.size);
  });

  async function bringTrouble(day: number, half: number): Promise<void> {
    for (const name of [...PULLED, ...TOLD]) {
      if (!AWAY[day]?.includes(name)) continue;
      if (half === 5) await partners[name].leave();
      if (half === 8) await partners[name].comeBack();
    }
    if (day === 1 && half === 3) partners.agriculture.deploy('"status":"DONE"', '"status":"FINISHED"');
    if (day === 2 && half === 3) await decide('unmapped:agriculture-status:FINISHED', 'resolved');
    if (day === 1 && half === 4) await decide('unmapped:igate-status:4', 'resolved');
    if (day === 2 && half === 2) {
      entries.newFieldSince = new Date(nowMs - DAY_MS).toISOString();
      partners.construction.deploy('NgayCapNhat', 'NgayThayDoi');
    }
    if (day === 2 && half === 9) {
      entries.hasNewField = true;
      await restart();
    }
    if (day === 3 && half === 2) partners['national-portal'].deploy('"error_code"', '"errorCode"');
    if (day === 3 && half === 4) partners['national-portal'].deploy();
    if (day === 3 && half === 9) {
      entries.owner = 'igate-new';
      await handOver();
      await restart();
    }
  }

  /** The old host's dossiers that are under way are copied to the new one, which works on them from then on. */
  async function handOver(): Promise<void> {
    const held = await rows<{ code: string }>(
      `SELECT code FROM dossiers WHERE owner = 'igate-old' AND status <> 'resolved' AND code LIKE '${HANDED_OVER}%-0%'`,
    );
    const desk = await deskOf('igate-new');
    for (const { code } of held)
      await desk.file({ code, service: SERVICE, agency: HANDED_OVER, applicant: invented(dice) });
  }

  /** Half hours of the next week, until nothing is open. */
  async function finish(): Promise<void> {
    for (let tick = DAYS * TICKS_A_DAY; tick < (DAYS + 4) * TICKS_A_DAY; tick++) {
      await push(tick, () => false);
      await pullAndDeliver();
      pass(TICK_MS);
      const [open] = await rows<{ count: number }>(
        `SELECT count(*)::int AS count FROM deliveries WHERE state <> 'delivered'`,
      );
      if (due.length === 0 && open?.count === 0 && tick > (DAYS + 1) * TICKS_A_DAY) return;
    }
  }

  test('every count is explained', async () => {
    const open = await rows(
      `SELECT party, state, reason, min(detail) AS detail, count(*)::int FROM deliveries WHERE state <> 'delivered' GROUP BY 1, 2, 3`,
    );
    expect(open).toEqual([]);
    // Both hosts of iGate begin with dossiers of an agency that another system owns.
    const waiting = await rows<{ cause: string }>(
      'SELECT DISTINCT cause_key AS cause FROM quarantine WHERE settled_at IS NULL ORDER BY 1',
    );
    expect(waiting.map(({ cause }) => cause)).toEqual([1, 2, 3].map((n) => `dossier-unknown:${codeOf(n)}`));
    const outcomes = await rows<{ party: string; outcome: string; count: number }>(
      `SELECT party, r ->> 'outcome' AS outcome, count(*)::int FROM messages, jsonb_array_elements(results::jsonb) r
       WHERE door LIKE 'rest%' GROUP BY 1, 2`,
    );
    const count = (outcome: string): number =>
      outcomes.filter((one) => one.outcome === outcome).reduce((sum, one) => sum + one.count, 0);
    expect(outcomes.reduce((sum, one) => sum + one.count, 0)).toBe(sent.items);
    expect(count('invalid')).toBe(sent.invalid);
    expect(sent.invalid).toBeGreaterThan(0);
  });

  test('each delivery took effect once, by the partners’ own books', async () => {
    for (const party of TOLD) {
      const told = await rows<{ code: string; count: number }>(
        `SELECT subject AS code, count(*)::int FROM deliveries WHERE party = '${party}' AND reason IS NULL GROUP BY 1`,
      );
      const taken = new Map<string, number>();
      for (const { key, count } of partners[party].own.ledger.entries()) taken.set(key, (taken.get(key) ?? 0) + count);
      expect(taken, party).toEqual(new Map(told.map(({ code, count }) => [code, count])));
      expect([...truth.keys()].filter((code) => !taken.has(code))).toEqual([]);
    }
  });

  test('the index equals its rebuild', async () => {
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });
});

const TRIES = 20;
const PAUSE_MS = 50;

/** Repeats what the loss of a connection ended. */
async function again<Out>(work: () => Promise<Out>): Promise<Out> {
  for (let tried = 1; ; tried++)
    try {
      return await work();
    } catch (error) {
      if (!isUnavailable(error) || tried === TRIES) throw error;
      await sleep(tried * PAUSE_MS);
    }
}
/** The partner that is away on each day, from the sixth to the eighth half hour. */
const AWAY: readonly (readonly string[])[] = [
  ['agriculture', 'one-stop'],
  ['construction'],
  ['igate-old', 'other'],
  ['subscriber'],
  ['national-portal', 'igate-new'],
];
const isAwayAt = (half: number): boolean => half >= 5 && half < 8;

/** A deployment whose words for the status are those of its screen. */
function inAnotherLanguage(item: object): object {
  return { ...item, status: 'Đang xử lý' };
}

/** A simulated partner behind its deployments: from one on, every answer has another text in place of a text. */
interface Deployed {
  readonly url: string;
  readonly own: Simulator;
  readonly isAway: boolean;
  deploy(text?: string, by?: string): void;
  leave(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

async function deploy(definition: SimulatorDefinition, now: () => number): Promise<Deployed> {
  const own = await startSimulator(definition, { now });
  let change: readonly [string, string] | undefined;
  let isAway = false;
  const server = http.createServer((incoming, outgoing) => {
    if (isAway) return void incoming.socket.destroy();
    const { method, headers, url } = incoming;
    const forwarded = http.request(`${own.url}${url}`, { method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const body = Buffer.from(change ? text.replaceAll(...change) : text);
        const { 'transfer-encoding': _, ...rest } = answer.headers;
        outgoing.writeHead(answer.statusCode ?? 500, { ...rest, 'content-length': body.length }).end(body);
      });
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    own,
    get isAway() {
      return isAway;
    },
    deploy(text, by) {
      change = text === undefined || by === undefined ? undefined : [text, by];
    },
    async leave() {
      isAway = true;
    },
    async comeBack() {
      isAway = false;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await own.close();
    },
  };
}

interface Settings {
  readonly owner: string;
  readonly hasNewField: boolean;
  readonly newFieldSince: string;
}

function entriesOf(
  partners: Readonly<Record<Partner, Deployed>>,
  { owner, hasNewField, newFieldSince }: Settings,
): Readonly<Record<string, object>> {
  const startAt = '2025-08-12T00:00:00+07:00';
  const host = (name: 'igate-old' | 'igate-new'): object => ({
    authoritative: true,
    owns: {
      agencies: [...(name === 'igate-new' ? ['H60.102'] : ['H60.103']), ...(owner === name ? [HANDED_OVER] : [])],
    },
    settings: {
      baseUrl: partners[name].url,
      tokenUrl: `${partners[name].url}/auth/realms/digo/protocol/openid-connect/token`,
      ...SIMULATOR_CLIENT,
      startAt,
      timeoutS: 5,
    },
  });
  const construction = constructionAt(partners.construction.url);
  const { dossiers } = construction.pull;
  // The earlier name stays, so that the messages from before can be read again.
  const statusAt = { ...dossiers.fields.statusAt, from: ['NgayThayDoi', 'NgayCapNhat'] };
  const changed = { ...dossiers, period: { startAt: newFieldSince }, fields: { ...dossiers.fields, statusAt } };
  return {
    'one-stop': { authoritative: true, owns: { agencies: ['H60.01'] } },
    other: { authoritative: true, owns: { agencies: ['H60.03'] } },
    'igate-old': host('igate-old'),
    'igate-new': host('igate-new'),
    agriculture: {
      authoritative: true,
      owns: { agencies: ['H60.04'] },
      settings: agricultureAt(partners.agriculture.url),
    },
    construction: {
      authoritative: true,
      owns: { agencies: ['H60.07'] },
      settings: hasNewField ? { ...construction, pull: { ...construction.pull, dossiers: changed } } : construction,
    },
    'national-portal': {
      settings: {
        adapterUrl: partners['national-portal'].url,
        username: 'sim',
        password: 'sim',
        dstcode: 'VN:TEST',
        madonvi: 'H60',
      },
    },
    subscriber: { settings: { url: `${partners.subscriber.url}${SIMULATOR_PATH}`, secrets: [SIMULATOR_SECRET] } },
  };
}
