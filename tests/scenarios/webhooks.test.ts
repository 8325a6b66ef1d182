import { afterEach, describe, expect, test } from 'vitest';
import adapter from '../../adapters/webhook-subscriber/adapter.ts';
import { SIMULATOR_PATH, SIMULATOR_SECRET, webhookSubscriber } from '../../adapters/webhook-subscriber/simulator.ts';
import type { HubFile } from '../../src/config/config.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { type Simulator, type SimulatorRequest, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { dossier, progress, type TestHub, testHub } from '../support/hub.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';
import { MORNING } from '../support/template.ts';

const NEXT_SECRET = 'whsec_dGhlLW5leHQtc2VjcmV0LW9mLXRoZS10ZXN0cw==';
const BOTH = ['dossier.upsert.v1', 'dossier.progress.v1'];
const OTHER_CODE = 'H60.01-250812-0036';

interface Subscriber {
  readonly simulator: Simulator;
  /** All requests, also refused ones. */
  readonly requests: SimulatorRequest[];
}

describe('webhooks', () => {
  let hub: TestHub;
  let ops: Operator;
  let subscribers: Readonly<Record<string, Subscriber>> = {};
  afterEach(async () => {
    await hub.close();
    for (const { simulator } of Object.values(subscribers)) await simulator.close();
  });

  /** Subscribers, each with its own secret; the hub signs with both. */
  async function begin(
    secretOf: Readonly<Record<string, string>> = { portal: SIMULATOR_SECRET },
    options: Pick<Parameters<typeof testHub>[0] & object, 'retryDelaysMs'> & {
      readonly routes?: HubFile['routes'];
    } = {},
  ): Promise<void> {
    const clock = { now: () => hub?.clock.nowMs ?? MORNING };
    const started = await Promise.all(
      Object.entries(secretOf).map(async ([name, secret]) => [name, await subscriberWith(secret, clock)] as const),
    );
    subscribers = Object.fromEntries(started);
    const names = Object.keys(subscribers);
    hub = await testHub({
      partners: Object.fromEntries(
        names.map((name) => [name, { sent: [], script: [], adapter: adapter as unknown as Adapter }]),
      ),
      entries: {
        other: { may: ['status'] },
        ...Object.fromEntries(
          started.map(([name, { simulator }]) => [
            name,
            { settings: { url: `${simulator.url}${SIMULATOR_PATH}`, secrets: [NEXT_SECRET, SIMULATOR_SECRET] } },
          ]),
        ),
      },
      routes:
        options.routes ??
        ['one-stop', 'other'].flatMap((from) => BOTH.map((operation) => ({ from, operation, to: names }))),
      keys: [...OPERATOR_KEYS],
      ...(options.retryDelaysMs && { retryDelaysMs: options.retryDelaysMs }),
    });
    ops = operatorOf(hub);
  }

  const portal = (): Subscriber => subscribers.portal as Subscriber;
  const later = (ms: number): void => {
    hub.clock.nowMs += ms;
  };
  /** The accepted events of a subscriber, in order. */
  const taken = ({ simulator }: Subscriber = portal()): readonly Change[] =>
    simulator.ledger.entries().map(({ content }) => {
      const { timestamp, data } = content as { timestamp: string; data: Omit<Change, 'changedAt'> };
      return { ...data, changedAt: timestamp };
    });
  const feed = async (): Promise<readonly Change[]> =>
    (await hub.read('/api/v1/changes?limit=200')).body.items.map(
      ({ cursor: _, ...change }: Change & { cursor: string }) => change,
    );
  const statuses = (): readonly string[] => taken().map(({ status }) => status);
  const deliveries = async (query = '') => (await ops.get(`deliveries?${query}`)).body.items;
  const replay = async (id: number) => (await ops.post(`deliveries/${id}/replay`, { why: 'told again' })).body.outcome;

  /** A dossier and its steps, with repeats between them. */
  async function someChanges(): Promise<void> {
    await hub.push([dossier(), dossier({ code: OTHER_CODE })]);
    later(1_000);
    await hub.push(dossier());
    await hub.push(progress(), { what: 'progress' });
    later(1_000);
    // The same status once more: its time moves on.
    await hub.push(progress({ at: '2025-08-13T10:00:00+07:00', content: 'Đã thẩm định' }), { what: 'progress' });
    // Older than the stored one: history only.
    await hub.push(progress({ at: '2025-08-12T16:00:00+07:00', status: 'submitted', content: 'Bổ sung sổ' }), {
      what: 'progress',
    });
    later(1_000);
    await hub.push(dossier({ status: 'processing', statusAt: '2025-08-13T10:00:00+07:00', note: 'Đã gọi điện' }));
    // Not after the stored one, from a party without authority: stored, and not visible to readers.
    await hub.push(progress({ at: '2025-08-13T11:00:00+07:00', status: 'submitted', content: 'Nộp lại' }), {
      what: 'progress',
      party: 'other',
    });
    await hub.push(progress({ at: '2025-08-14T08:00:00+07:00', status: 'resolved', content: 'Đã ký' }), {
      what: 'progress',
    });
    await hub.push(dossier({ status: 'received', statusAt: '2025-08-12T08:00:00+07:00' }));
  }

  test('each line of the change feed is sent once, in order, and nothing else', async () => {
    await begin();
    await someChanges();
    await hub.deliver();
    expect(statuses()).toEqual(['received', 'received', 'processing', 'processing', 'processing', 'resolved']);
    for (const code of [dossier().code, OTHER_CODE])
      expect(taken().filter((change) => change.code === code)).toEqual(
        (await feed()).filter((change) => change.code === code),
      );
    expect(portal().requests).toHaveLength((await feed()).length);
    expect(new Set((await deliveries()).map(({ state }: { state: string }) => state))).toEqual(new Set(['delivered']));
  });

  test('an event has type, time, code and status; it names nobody, also in log and console', async () => {
    await begin();
    await someChanges();
    // The simulator takes no event that a fault answers.
    await hub.deliver();
    await portal().simulator.fault({ kind: 'status', status: 410, body: 'Nguyễn Văn An, 001000000001: không nhận' });
    await hub.push(dossier({ code: 'H60.01-250812-0037' }));
    await hub.deliver();
    // Events of two dossiers may come in any order.
    expect(portal().requests.map((request) => request.json())).toContainEqual({
      type: 'dossier.changed',
      timestamp: (await feed())[0]?.changedAt,
      data: { code: dossier().code, status: 'received', statusAt: '2025-08-12T08:15:00+07:00' },
    });
    const listed = await deliveries();
    const shown = await Promise.all(listed.map(({ id }: { id: number }) => ops.get(`deliveries/${id}`, 'ops-read')));
    const wires = await Promise.all(
      listed.map(({ id }: { id: number }) => ops.get(`deliveries/${id}`, 'ops-personal')),
    );
    const sent = portal().requests.map((request) => `${JSON.stringify(request.headers)} ${request.text()}`);
    expect([...sent, JSON.stringify([hub.logLines, listed, shown])].join()).not.toMatch(
      /Nguyễn|001000000001|0900000001|an@example|Trần Thị B|thẩm định/,
    );
    expect(JSON.stringify([wires, hub.logLines])).not.toMatch(/dGhlLW5leHQt|c2ltdWxhdGVk/);
  });

  test('during a rotation either secret verifies, and no other does', async () => {
    await begin({
      portal: SIMULATOR_SECRET,
      early: NEXT_SECRET,
      stranger: 'whsec_YW5vdGhlciBzZWNyZXQgb2YgdGhlIHRlc3Rz',
    });
    await hub.push(dossier());
    await hub.deliver();
    const { early, stranger } = subscribers as Record<string, Subscriber>;
    expect(portal().requests[0]?.headers['webhook-signature']).toMatch(/^v1,\S{44} v1,\S{44}$/);
    expect([taken(), taken(early), taken(stranger)].map((changes) => changes.length)).toEqual([1, 1, 0]);
    expect(await deliveries('party=stranger')).toMatchObject([{ state: 'due', reason: 'credentials' }]);
  });

  test('a subscriber that was down gets all events in order', async () => {
    await begin();
    await portal().simulator.fault({ kind: 'status', status: 503, forMs: 600_000 });
    await hub.push(dossier());
    await hub.deliver();
    await hub.push(progress(), { what: 'progress' });
    await hub.push(progress({ at: '2025-08-14T08:00:00+07:00', status: 'resolved' }), { what: 'progress' });
    await hub.deliver();
    expect(taken()).toEqual([]);
    await portal().simulator.clearFaults();
    later(400_000);
    for (let ring = 0; ring < 5; ring++) await hub.deliver();
    expect(taken()).toEqual(await feed());
    expect(statuses()).toEqual(['received', 'processing', 'resolved']);
  });

  test('after a lost answer an event is repeated under its id, signed again, and taken once', async () => {
    await begin();
    await portal().simulator.fault({ kind: 'drop-reply', times: 3 });
    await hub.push(dossier());
    await hub.deliver();
    expect(await deliveries()).toMatchObject([{ state: 'due', reason: 'broken' }]);
    later(5_000);
    await hub.deliver();
    expect(await deliveries()).toMatchObject([{ state: 'delivered' }]);
    const sent = (name: string) => new Set(portal().requests.map(({ headers }) => headers[name]));
    expect(sent('webhook-id').size).toBe(1);
    expect([...sent('webhook-timestamp')].map(Number)).toEqual([MORNING, MORNING + 5_000].map((ms) => ms / 1_000));
    expect(taken()).toHaveLength(1);
  });

  test('a replay sends no outdated status, and the current one once more', async () => {
    await begin();
    await someChanges();
    await hub.deliver();
    later(60_000);
    const before = portal().requests.length;
    const all = [...(await deliveries('limit=200'))].reverse();
    for (const { id } of all) {
      await replay(id);
      await hub.deliver();
      later(10_000);
    }
    const again = portal()
      .requests.slice(before)
      .map((request) => (request.json() as { data: Change }).data);
    const last = (await feed()).filter(({ code }) => code === dossier().code).at(-1);
    expect(again.filter(({ code }) => code === dossier().code)).toEqual([
      { code: last?.code, status: last?.status, statusAt: last?.statusAt },
    ]);
    expect(again.filter(({ code }) => code === OTHER_CODE)).toHaveLength(1);
  });

  test('a parked step replayed after a later one sends nothing', async () => {
    await begin(undefined, {
      retryDelaysMs: [],
      routes: [{ from: 'one-stop', operation: 'dossier.progress.v1', to: ['portal'] }],
    });
    await hub.push(dossier());
    await portal().simulator.fault({ kind: 'status', status: 500, times: 1 });
    await hub.push(progress(), { what: 'progress' });
    await hub.deliver();
    await hub.push(progress({ at: '2025-08-14T08:00:00+07:00', status: 'resolved' }), { what: 'progress' });
    await hub.deliver();
    const [parked] = await deliveries('state=parked');
    later(1_000);
    expect(await replay(parked.id)).toBe('replayed');
    await hub.deliver();
    expect(statuses()).toEqual(['resolved']);
    expect((await ops.get(`deliveries/${parked.id}`)).body).toMatchObject({
      state: 'delivered',
      reason: 'nothing-told',
      detail: 'nothing was sent: the subscriber has a later status already',
    });
  });

  describe('a replay of parked events', () => {
    const resolved = progress({ at: '2025-08-14T08:00:00+07:00', status: 'resolved' });
    /** `received` is delivered, `processing` and `resolved` are parked, and an old step without effect is settled. */
    async function givenUp(): Promise<readonly { readonly id: number; readonly operation: string }[]> {
      await begin(undefined, { retryDelaysMs: [] });
      await hub.push(dossier());
      await hub.deliver();
      await portal().simulator.fault({ kind: 'status', status: 500, times: 4 });
      await hub.push(progress(), { what: 'progress' });
      await hub.push(resolved, { what: 'progress' });
      // One that does not answer gets one delivery at a time.
      for (let ring = 0; ring < 5; ring++) {
        await hub.deliver();
        later(60_000);
      }
      await hub.push(progress({ at: '2025-08-12T16:00:00+07:00', status: 'submitted' }), { what: 'progress' });
      await hub.deliver();
      const [last] = await deliveries('limit=1');
      expect(last).toMatchObject({ state: 'delivered', reason: 'nothing-told' });
      later(1_000);
      const parked = [...(await deliveries('state=parked'))].reverse();
      expect(parked.map(({ operation }) => operation)).toEqual([...BOTH, ...BOTH]);
      return parked;
    }

    test('is sent in order, whatever was settled since without an event', async () => {
      const parked = await givenUp();
      // While the first of them is under way the others could not be replayed.
      await ops.post('parties/portal/pause', {});
      for (const { id } of parked) expect(await replay(id)).toBe('replayed');
      await ops.post('parties/portal/resume', {});
      for (let ring = 0; ring < 5; ring++) await hub.deliver();
      expect(statuses()).toEqual(['received', 'processing', 'resolved']);
      expect(taken()).toEqual((await feed()).filter(({ code }) => code === dossier().code));
    });

    test('is sent alone', async () => {
      const [processing] = await givenUp();
      await replay(processing?.id as number);
      await hub.deliver();
      expect(statuses()).toEqual(['received', 'processing']);
    });

    test('is not sent after a later delivered status, even one replayed and parked since', async () => {
      const [processing, , told] = await givenUp();
      await replay(told?.id as number);
      await hub.deliver();
      expect(statuses()).toEqual(['received', 'resolved']);
      later(10_000);
      await portal().simulator.fault({ kind: 'status', status: 500, times: 1 });
      await replay(told?.id as number);
      await hub.deliver();
      expect((await ops.get(`deliveries/${told?.id}`)).body.state).toBe('parked');
      await replay(processing?.id as number);
      await hub.deliver();
      expect(statuses()).toEqual(['received', 'resolved']);
    });
  });

  test('a subscriber gets what it asked for: some services, or steps only', async () => {
    await begin(undefined, {
      routes: [
        { from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'], services: ['1.000001'] },
        { from: 'other', operation: 'dossier.progress.v1', to: ['portal'] },
      ],
    });
    await hub.push([dossier(), dossier({ code: OTHER_CODE, serviceCode: '1.000001' })]);
    await hub.push(progress(), { what: 'progress' });
    await hub.push(progress({ at: '2025-08-14T08:00:00+07:00', status: 'resolved' }), {
      what: 'progress',
      party: 'other',
    });
    await hub.deliver();
    expect(
      taken()
        .map(({ code, status }) => `${code} ${status}`)
        .sort(),
    ).toEqual([`${dossier().code} resolved`, `${OTHER_CODE} received`]);
  });

  describe('a subscriber that answers 410', () => {
    const incidents = async (query = '') => (await ops.get(`incidents?party=portal${query}`)).body.items;
    const party = async () => (await ops.get('parties/portal')).body;
    const codes = Array.from({ length: 60 }, (_, n) => `H60.01-250812-${String(n).padStart(4, '0')}`);

    /** Many are due at that time. */
    async function gone(): Promise<void> {
      await begin(undefined, { retryDelaysMs: [] });
      await portal().simulator.fault({ kind: 'status', status: 410, forMs: 30 * 86_400_000 });
      await hub.push(codes.map((code) => dossier({ code })));
      await hub.deliver();
    }

    test('is paused with one incident and one entry in the audit, and not called any more', async () => {
      await gone();
      const called = portal().requests.length;
      expect(called).toBeLessThanOrEqual(32);
      const why = 'gone: status 410: the subscriber wants no more notifications';
      expect(await party()).toMatchObject({
        health: 'paused',
        paused: { by: 'lienthong worker' },
        breaker: 'closed',
        backlog: { due: codes.length, held: 0, onItsWay: 0 },
      });
      await expect
        .poll(() => incidents('&state=all'))
        .toMatchObject([{ kind: 'paused-by-partner', cause: expect.stringContaining(why), closedAt: null }]);
      expect((await ops.get('audit?subject=party portal')).body.items).toMatchObject([
        { actor: 'lienthong worker', action: 'party.pause', why: expect.stringContaining(why) },
      ]);
      for (let day = 0; day < 3; day++) {
        later(86_400_000);
        await hub.push(progress({ code: codes[0], at: `2025-08-1${day + 3}T09:00:00+07:00` }), { what: 'progress' });
        await hub.deliver();
      }
      expect(portal().requests).toHaveLength(called);
    });

    test('continues where it stopped when resumed: nothing is lost, doubled or reordered', async () => {
      await gone();
      await hub.push(progress({ code: codes[0] }), { what: 'progress' });
      await portal().simulator.clearFaults();
      later(10_000);
      expect((await ops.post('parties/portal/resume', { why: 'it is there again' })).status).toBe(200);
      for (let ring = 0; ring < 3; ring++) await hub.deliver();
      expect(taken()).toHaveLength(codes.length + 1);
      for (const code of codes)
        expect(taken().filter((change) => change.code === code)).toEqual(
          (await feed()).filter((change) => change.code === code),
        );
      expect(await incidents()).toEqual([]);
      expect((await deliveries('state=due')).length + (await deliveries('state=parked')).length).toBe(0);
    });

    test('that answers it again after it was resumed is paused again, with a new incident', async () => {
      await gone();
      await expect.poll(() => incidents()).toHaveLength(1);
      later(10_000);
      await ops.post('parties/portal/resume', {});
      await hub.deliver();
      expect(await party()).toMatchObject({ health: 'paused' });
      await expect
        .poll(() => incidents('&state=all'))
        .toMatchObject([{ closedAt: null }, { closedAt: expect.any(String) }]);
      expect(taken()).toEqual([]);
    });

    test('that an officer paused meanwhile stays paused by the officer', async () => {
      await gone();
      await ops.post('parties/portal/resume', {});
      await ops.post('parties/portal/pause', { why: 'by hand' });
      later(10_000);
      await hub.deliver();
      expect(await party()).toMatchObject({ paused: { by: 'ops' } });
    });
  });
});

interface Change {
  readonly code: string;
  readonly status: string;
  readonly statusAt: string;
  readonly changedAt: string;
}

/** A subscriber on the hub's clock, with a book of its requests. */
async function subscriberWith(secret: string, clock: { readonly now: () => number }): Promise<Subscriber> {
  const requests: SimulatorRequest[] = [];
  const definition = webhookSubscriber(secret);
  const routes = definition.routes.map((route) => ({
    ...route,
    handle(...given: Parameters<typeof route.handle>) {
      requests.push(given[0]);
      return route.handle(...given);
    },
  }));
  return { simulator: await startSimulator({ ...definition, routes }, clock), requests };
}
