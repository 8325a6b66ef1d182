import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { msToInstant } from '#core/dates/dates';
import { readItem } from '#core/dossier/item';
import type { Outcome } from '#core/dossier/settle';
import { unmappedCause } from '#core/problem';
import { Claims, LEASE_MS } from '../../src/delivery/claim-calls.ts';
import type { PlannedCall } from '../../src/delivery/plan-calls.ts';
import { createOriginals } from '../../src/index/originals.ts';
import { sendInOrder } from '../../src/kit/in-order.ts';
import type { Outgoing } from '../../src/kit/sender.ts';
import { claim } from '../../src/ledger/claim.ts';
import { listOutstanding } from '../../src/ledger/deliveries.ts';
import { pauseParty, resumeParty } from '../../src/ledger/party-states.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { replayDeliveries } from '../../src/ledger/replays.ts';
import type { Party } from '../../src/parties/party.ts';
import type { HubContext } from '../../src/process/hub-context.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { dossier, HUB_SECRET, type Partner, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';

const UNAVAILABLE: Outcome = { kind: 'unavailable', reason: 'down', message: 'no connection' };
const UNKNOWN: Outcome = { kind: 'unknown', reason: 'timeout', message: 'no answer' };
const WITHOUT_FIELD: Outcome = {
  kind: 'refused',
  reason: 'unmapped',
  message: 'no field',
  cause: unmappedCause('field', 'G99-X1', 'no field'),
};
const NOTHING_SENT: Outcome = { kind: 'delivered', reason: 'nothing-told' };
const PARTNER_KEY = { id: 'partner', secret: 'partner-secret-of-the-tests' };

describe('delivery', () => {
  let partner: Partner;
  let hub: TestHub;
  beforeEach(async () => {
    partner = testPartner({ batch: 10 });
    hub = await testHub({
      partners: { portal: partner },
      routes: [
        { from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] },
        { from: 'one-stop', operation: 'dossier.progress.v1', to: ['portal'] },
      ],
      retryDelaysMs: [5_000, 30_000, 60_000],
      entries: { portal: { may: ['status'] } },
      keys: [{ ...PARTNER_KEY, scopes: ['dossier:write'], party: 'portal' }],
    });
  });
  afterEach(() => hub.close());

  const told = () =>
    partner.sent.map(
      (item) => `${item.operation.split('.')[1]} ${item.record && 'status' in item.record ? item.record.status : ''}`,
    );
  const deliveries = () => hub.hub.database.query.selectFrom('deliveries').selectAll().orderBy('id').execute();
  const later = (ms: number) => {
    hub.clock.nowMs += ms;
  };
  /** As a process leaves it that is killed between the commit of the entry and the release of what it holds. */
  const fieldComes = () =>
    hub.hub.database.pool.query(
      `INSERT INTO catalogue (kind, key, code, name, in_force, search, record, hash, party, message_id, changed_at)
       VALUES ('field', 'G99-X1', 'G99-X1', 'Lĩnh vực', true, '', '{}', '', 'one-stop', gen_random_uuid(), $1)`,
      [new Date(hub.clock.nowMs).toISOString()],
    );

  test('a delivery whose content is gone is refused, and holds up no other', async () => {
    partner.script.push(UNAVAILABLE, UNAVAILABLE);
    await hub.push([dossier(), dossier({ code: 'H60.01-250812-0036' })]);
    await hub.deliver();
    await hub.hub.database.pool.query('DELETE FROM events; DELETE FROM dossiers');
    later(5_000);
    await hub.deliver();
    expect(await deliveries()).toMatchObject([{ state: 'refused' }, { state: 'refused' }]);
    await hub.push(dossier({ code: 'H60.01-250812-0037' }));
    await hub.deliver();
    expect(partner.sent.slice(2).map(({ code }) => code)).toEqual(['H60.01-250812-0037']);
  });

  test('a step before its dossier is stored after it, sent, and recognised when repeated', async () => {
    await hub.push(dossier());
    // Its own request was slower, or the clock was set back meanwhile.
    later(-5_000);
    const first = await hub.push(progress(), { what: 'progress' });
    later(10_000);
    const again = await hub.push(progress(), { what: 'progress' });
    await hub.deliver();
    expect([first, again].map(({ results }) => results[0]?.outcome)).toEqual(['accepted', 'duplicate']);
    expect((await hub.read(`/api/v1/dossiers/${dossier().code}/history`)).body.items).toHaveLength(2);
    expect(told()).toEqual(['upsert received', 'upsert processing', 'progress processing']);
    expect((await deliveries()).map(({ state }) => state)).toEqual(['delivered', 'delivered', 'delivered']);
  });

  test('each version of a dossier is delivered once and in order, unchanged', async () => {
    await hub.push(dossier());
    await hub.push([
      dossier({ status: 'processing', statusAt: '2025-08-13T08:00:00+07:00' }),
      dossier({ status: 'resolved', statusAt: '2025-08-14T08:00:00+07:00', finishedAt: '2025-08-14T08:00:00+07:00' }),
    ]);
    await hub.deliver();
    expect(told()).toEqual(['upsert received', 'upsert processing', 'upsert resolved']);
    expect(partner.sent.map((item) => item.known)).toEqual([false, true, true]);
    await hub.push(dossier({ status: 'returned', statusAt: '2025-08-15T08:00:00+07:00' }));
    await hub.deliver();
    expect(partner.sent.at(-1)).toMatchObject({
      known: true,
      record: { status: 'returned', finishedAt: '2025-08-14T08:00:00+07:00' },
    });
    await hub.push(dossier());
    await hub.deliver();
    expect(partner.sent).toHaveLength(4);
  });

  test('a fresh version is sent without loading, and equals the loaded one', async () => {
    const query = vi.spyOn(hub.hub.database.pool, 'query');
    const loads = () =>
      query.mock.calls.flatMap(([asked]) => {
        const { name = '' } = asked as unknown as { name?: string };
        return ['load held', 'known to', 'load events', 'find originals'].includes(name) ? [name] : [];
      });
    const given = dossier({ aliases: [{ party: 'other', code: '12' }], note: 'Hồ sơ nộp trực tuyến' });
    const twoWays = async (push: () => Promise<unknown>): Promise<readonly string[]> => {
      partner.script.push(UNAVAILABLE);
      await push();
      query.mockClear();
      await hub.deliver();
      const loaded = loads();
      later(5_000);
      await hub.deliver();
      const [kept, again] = partner.sent.slice(-2);
      expect(again).toEqual(kept);
      return loaded;
    };
    expect(await twoWays(() => hub.push(given))).toEqual([]);
    const moved = { ...given, status: 'processing', statusAt: '2025-08-13T08:00:00+07:00' };
    expect(await twoWays(() => hub.push(moved))).toEqual(['known to']);
    expect(partner.sent.map((item) => item.known)).toEqual([false, false, true, true]);
    query.mockRestore();
  });

  test('a step that waited for its dossier is sent after it, and a repeat of it is not', async () => {
    await hub.push(progress(), { what: 'progress' });
    later(1_000);
    await hub.push(dossier());
    await expect.poll(async () => (await deliveries()).length).toBe(3);
    later(1_000);
    await hub.deliver();
    expect(told()).toEqual(['upsert received', 'upsert processing', 'progress processing']);
    expect((await hub.push(progress(), { what: 'progress' })).results[0]?.outcome).toBe('duplicate');
  });

  test('progress follows its dossier; a partner that takes several steps gets them in one call', async () => {
    await hub.push(dossier());
    const calls: number[] = [];
    partner.script.push(
      ...Array.from({ length: 5 }, () => async (items: readonly unknown[]) => {
        calls.push(items.length);
        return items.map((): Outcome => ({ kind: 'delivered' }));
      }),
    );
    await hub.push(
      ['09', '10', '11'].map((hour) => progress({ at: `2025-08-13T${hour}:00:00+07:00`, content: `Bước ${hour}` })),
      { what: 'progress' },
    );
    await hub.deliver();
    expect(told()).toEqual([
      'upsert received',
      'upsert processing',
      'progress processing',
      'progress processing',
      'progress processing',
    ]);
    expect(calls.reduce((sum, size) => sum + size, 0)).toBe(5);
    expect(calls.at(-1)).toBeGreaterThan(1);
  });

  test('an outage is retried after the configured delays, with nothing overtaking, and then parked', async () => {
    partner.script.push(UNAVAILABLE, UNAVAILABLE, UNAVAILABLE);
    await hub.push(dossier());
    await hub.push(dossier({ status: 'processing', statusAt: '2025-08-13T08:00:00+07:00' }));
    await hub.deliver();
    expect(told()).toEqual(['upsert received']);
    await hub.deliver();
    expect(partner.sent).toHaveLength(1);
    later(5_000);
    await hub.deliver();
    expect(told()).toEqual(['upsert received', 'upsert received']);
    later(30_000);
    await hub.deliver();
    later(60_000);
    await hub.deliver();
    expect(told()).toEqual([
      'upsert received',
      'upsert received',
      'upsert received',
      'upsert received',
      'upsert processing',
    ]);
    expect(partner.sent.every((item) => !item.doubt)).toBe(true);
  });

  test('after the last delay a delivery is parked with its reason, not lost', async () => {
    partner.script.push(UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE);
    await hub.push(dossier());
    for (const ms of [0, 5_000, 30_000, 60_000]) {
      later(ms);
      await hub.deliver();
    }
    expect(await deliveries()).toMatchObject([
      { state: 'parked', attempts: 4, reason: 'down', detail: 'no connection' },
    ]);
  });

  test('steps behind one that fails keep all their attempts, and go out once it is parked', async () => {
    await hub.push(dossier({ status: 'processing', statusAt: '2025-08-14T08:00:00+07:00' }));
    await hub.deliver();
    const firstFails = async (items: readonly Outgoing[]): Promise<readonly Outcome[]> =>
      sendInOrder(items, async (item) => (item === items[0] ? UNAVAILABLE : { kind: 'delivered' }));
    partner.script.push(...Array.from({ length: 4 }, () => firstFails));
    await hub.push(
      ['09', '10'].map((hour) => progress({ at: `2025-08-13T${hour}:00:00+07:00`, content: `Bước ${hour}` })),
      { what: 'progress' },
    );
    const steps = async () => (await deliveries()).filter(({ operation }) => operation === 'dossier.progress.v1');
    for (const ms of [0, 5_000, 30_000, 60_000]) {
      later(ms);
      await hub.deliver();
    }
    expect(await steps()).toMatchObject([
      { state: 'parked', attempts: 4 },
      { state: 'due', attempts: 0, reason: 'waits' },
    ]);
    later(10_000);
    await hub.deliver();
    expect(await steps()).toMatchObject([{ state: 'parked' }, { state: 'delivered', attempts: 1 }]);
  });

  test('after an unknown outcome or a crash in mid-call the adapter must look up first', async () => {
    partner.script.push(UNKNOWN);
    await hub.push(dossier());
    await hub.deliver();
    later(5_000);
    await hub.deliver();
    expect(partner.sent.map((item) => item.doubt)).toEqual([false, true]);
    let letGo = (): void => undefined;
    partner.script.push(
      () =>
        new Promise((resolve) => {
          letGo = () => resolve([{ kind: 'delivered' }]);
        }),
    );
    await hub.push(dossier({ code: 'H60.01-250812-0036' }));
    await expect.poll(() => partner.sent.length).toBe(3);
    // Another process had it and died, so its lease is not extended.
    await hub.hub.database.pool.query(
      "UPDATE deliveries SET leased_by = 'gone', token = token + 1 WHERE state = 'due'",
    );
    later(8_000);
    await hub.hub.pipeline.sweep();
    await expect.poll(() => partner.sent.length).toBe(4);
    expect(partner.sent.at(-1)).toMatchObject({ doubt: true, code: 'H60.01-250812-0036' });
    letGo();
  });

  test('a partner that asks for a pause while a doubt is looked up gets it, and the doubt stays', async () => {
    partner.script.push(UNKNOWN, { ...UNAVAILABLE, retryAfterMs: 40_000 } as Outcome);
    await hub.push(dossier());
    await hub.deliver();
    later(5_000);
    await hub.deliver();
    const nextAt = msToInstant(hub.clock.nowMs + 40_000);
    expect(await deliveries()).toMatchObject([{ state: 'due', outcome: 'unknown', doubt: true, next_at: nextAt }]);
    later(40_000);
    await hub.deliver();
    expect(partner.sent.map(({ doubt }) => doubt)).toEqual([false, true, true]);
  });

  test('leases that expire with their processes are no attempts', async () => {
    const { database } = hub.hub;
    await pauseParty(database.pool, 'portal', 'the test', hub.clock.nowMs);
    await hub.push(dossier());
    await hub.hub.pipeline.idle();
    await database.pool.query("UPDATE deliveries SET next_at = next_at + interval '1 hour'");
    await resumeParty(database, 'portal');
    const claimer = { party: 'portal', process: 'p', leaseMs: 1_000, limit: 1, carries: new Map(), atOnce: undefined };
    for (let n = 0; n < 20; n++) {
      const nowMs = hub.clock.nowMs + 3_600_000 + n * 2_000;
      expect(await claim(database, { ...claimer, nowMs })).toMatchObject([{ attempts: 1, token: n + 1, doubt: n > 0 }]);
    }
    partner.script.push(UNAVAILABLE);
    later(3_600_000 + 40_000);
    await hub.deliver();
    const nextAt = msToInstant(hub.clock.nowMs + 5_000);
    expect(await deliveries()).toMatchObject([{ state: 'due', attempts: 1, next_at: nextAt }]);
  });

  test.each([
    ['refusal', { kind: 'refused', reason: 'late', message: 'too late' }],
    ['unmapped code', WITHOUT_FIELD],
  ] as const)('a worker that lost the lease cannot settle: %s', async (_, outcome) => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    partner.script.push(async (items) => {
      await held;
      return items.map((): Outcome => outcome);
    });
    await hub.push(dossier());
    await hub.hub.pipeline.sweep();
    await expect.poll(() => partner.sent.length).toBe(1);
    await hub.hub.database.pool.query('UPDATE deliveries SET token = token + 1');
    release();
    await hub.hub.pipeline.idle();
    expect(await deliveries()).toMatchObject([{ state: 'due', outcome: null }]);
    expect(await hub.hub.database.query.selectFrom('quarantine').selectAll().execute()).toEqual([]);
  });

  test('after it stood still, a worker sends what it still has, and nothing that another one took over', async () => {
    await hub.hub.pipeline.drain(5_000);
    await hub.push(Array.from({ length: 12 }, (_, n) => dossier({ code: `H60.01-250812-${1_000 + n}` })));
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const { database, kinds, parties } = hub.hub;
    const context = { database, kinds, nowMs: () => hub.clock.nowMs, vault: createVault([HUB_SECRET]) } as HubContext;
    const deps = { codes: { fresh: async () => undefined }, isDoubtful: async () => false, recentCommits: undefined };
    const originals = createOriginals(database, context.vault, {});
    const claims = new Claims(context, { ...deps, originals }, parties.get('portal') as Party, 'p');
    try {
      const [taken, own] = (await claims.claim(2)) as [PlannedCall, PlannedCall];
      const ids = (call: PlannedCall) => call.items.map(({ claimed }) => claimed.id);
      await database.pool.query("UPDATE deliveries SET leased_by = 'other', token = token + 1 WHERE id = ANY($1)", [
        ids(taken),
      ]);
      vi.advanceTimersByTime(LEASE_MS + 1);
      await vi.waitUntil(() => !claims.hasRunOut(own));
      expect(claims.hasRunOut(taken)).toBe(true);
    } finally {
      claims.close();
      vi.useRealTimers();
    }
  });

  test('a refusal stops nothing; an unmapped code holds it and all behind it until released', async () => {
    const cause = unmappedCause('national-service', '1.013225', 'no service');
    partner.script.push({ kind: 'refused', reason: 'field-too-long', message: 'TenTTHC' });
    await hub.push(dossier());
    await hub.deliver();
    partner.script.push({ kind: 'refused', reason: 'unmapped', message: 'no service', cause });
    await hub.push(dossier({ status: 'processing', statusAt: '2025-08-13T08:00:00+07:00' }));
    await hub.deliver();
    await hub.push(dossier({ status: 'resolved', statusAt: '2025-08-14T08:00:00+07:00' }));
    later(3_600_000);
    await hub.deliver();
    expect(told()).toEqual(['upsert received', 'upsert processing']);
    expect((await deliveries()).map((row) => row.state)).toEqual(['refused', 'held', 'due']);
    const waiting = await hub.hub.database.query.selectFrom('quarantine').selectAll().execute();
    expect(waiting).toMatchObject([{ cause_key: cause.key, code: 'H60.01-250812-0035', settled_at: null }]);
    await hub.hub.orders.resolve(waiting[0]?.id ?? 0, { action: 'release' }, { who: 'ops', why: 'mapped' });
    await hub.deliver();
    expect(told()).toEqual(['upsert received', 'upsert processing', 'upsert processing', 'upsert resolved']);
  });

  test.each([
    ['in doubt before', UNKNOWN, WITHOUT_FIELD],
    ['whose answer nobody explained', undefined, { ...WITHOUT_FIELD, reason: 'answer-unknown' } as Outcome],
  ])('a held delivery %s is looked up after its release', async (_, before, holding) => {
    partner.script.push(...(before ? [before] : []), holding);
    await hub.push(dossier());
    await hub.deliver();
    later(5_000);
    await hub.deliver();
    expect(await deliveries()).toMatchObject([{ state: 'held' }]);
    const [waiting] = await hub.hub.database.query.selectFrom('quarantine').select('id').execute();
    await hub.hub.orders.resolve(waiting?.id ?? 0, { action: 'release' }, { who: 'ops', why: 'mapped' });
    await hub.deliver();
    expect(partner.sent.at(-1)).toMatchObject({ doubt: true });
    expect(await deliveries()).toMatchObject([{ state: 'delivered' }]);
  });

  test('a code that came into the catalogue frees its delivery once, even if its process ended before', async () => {
    partner.script.push(WITHOUT_FIELD);
    await hub.push(dossier());
    await hub.deliver();
    expect(await deliveries()).toMatchObject([{ state: 'held' }]);
    later(1_000);
    await fieldComes();
    later(1_000);
    partner.script.push(WITHOUT_FIELD);
    for (let sweeps = 0; sweeps < 3; sweeps++) await hub.deliver();
    expect(partner.sent).toHaveLength(2);
    expect(await deliveries()).toMatchObject([{ state: 'held', attempts: 1 }]);
  });

  test('a code that comes while an attempt without it is under way frees the delivery', async () => {
    partner.script.push(async () => {
      later(1_000);
      await fieldComes();
      later(1_000);
      return [WITHOUT_FIELD];
    });
    await hub.push(dossier());
    await hub.deliver();
    expect(await deliveries()).toMatchObject([{ state: 'held' }]);
    later(1_000);
    await hub.deliver();
    expect(await deliveries()).toMatchObject([{ state: 'delivered' }]);
  });

  test('an adapter that throws is a logged bug that loses nothing, and is retried with a doubt', async () => {
    partner.script.push(async () => {
      throw new Error('boom');
    });
    await hub.push(dossier());
    await hub.deliver();
    expect(hub.logLines.some((line) => line.msg === 'failed' && line.error === 'boom')).toBe(true);
    later(5_000);
    await hub.deliver();
    expect(partner.sent.map((item) => item.doubt)).toEqual([false, true]);
  });

  test('an answer that its adapter cannot read is no reason to ask again: it waits for an operator', async () => {
    const read = () => {
      throw new Error('a bug of the adapter');
    };
    Object.assign(partner.adapter, { answers: { sent: { read } } });
    partner.script.push({ kind: 'delivered', answer: { name: 'sent', body: '{"so": 1}' } });
    await hub.push(dossier());
    await hub.deliver();
    expect(await deliveries()).toMatchObject([{ state: 'delivered', attempts: 1 }]);
    const { rows } = await hub.hub.database.pool.query('SELECT party, code, cause_kind AS kind FROM quarantine');
    expect(rows).toEqual([{ party: 'portal', code: 'H60.01-250812-0035', kind: 'unreadable' }]);
  });

  test('content that cannot be opened keeps no other delivery from going out', async () => {
    const codes = [1, 2, 3].map((n) => `H60.01-250812-000${n}`);
    partner.script.push(UNAVAILABLE, UNAVAILABLE, UNAVAILABLE);
    await hub.push(codes.map((code) => dossier({ code })));
    await hub.deliver();
    const { pool } = hub.hub.database;
    const sealedUnder = (by: number) =>
      pool.query(`UPDATE dossiers SET sealed_key = sealed_key + ${by} WHERE code = $1`, [codes[1]]);
    await sealedUnder(1);
    later(5_000);
    await hub.deliver();
    expect(await deliveries()).toMatchObject([
      { state: 'delivered', attempts: 2 },
      {
        state: 'due',
        attempts: 2,
        reason: 'unreadable',
        doubt: false,
        detail: expect.stringContaining('HUB_SECRET_OLD'),
      },
      { state: 'delivered', attempts: 2 },
    ]);
    expect(hub.logLines.filter(({ where }) => where === 'worker of portal')).toHaveLength(1);
    await sealedUnder(-1);
    later(30_000);
    await hub.deliver();
    expect(await deliveries()).toMatchObject(Array(3).fill({ state: 'delivered' }));
  });

  test('a partner that was sent nothing of a dossier does not know it, and is not asked about it', async () => {
    const { database } = hub.hub;
    const outstanding = () => listOutstanding(database, 'portal', 10, undefined);
    const version = async (status: string, day: number): Promise<void> => {
      await hub.push(dossier({ status, statusAt: `2025-08-1${day}T08:00:00+07:00` }));
      await hub.deliver();
    };
    partner.script.push(NOTHING_SENT);
    await version('received', 2);
    expect(await outstanding()).toEqual([]);
    await version('processing', 3);
    expect(await outstanding()).toEqual(['H60.01-250812-0035']);
    partner.script.push(NOTHING_SENT);
    await version('supplement-required', 4);
    await version('processing', 5);
    expect(partner.sent.map(({ known }) => known)).toEqual([false, false, true, true]);
    // A replay that sends nothing does not take away what the partner has.
    await database.pool.query('DELETE FROM deliveries WHERE seq > 2');
    partner.script.push(NOTHING_SENT);
    later(60_000);
    await replayDeliveries(database.pool, [(await deliveries())[1]?.id as number], hub.clock.nowMs);
    await hub.deliver();
    expect(await deliveries()).toMatchObject([{ reason: 'nothing-told' }, { reason: 'nothing-told' }]);
    expect(await outstanding()).toEqual(['H60.01-250812-0035']);
  });

  test('a partner gets its own code for the dossier', async () => {
    await hub.push(dossier());
    const named = dossier({ aliases: [{ party: 'portal', code: '000.00.00.G22-250812-0009' }] });
    const headers = { Authorization: `Bearer ${PARTNER_KEY.secret}` };
    await hub.request('POST', '/api/v1/parties/portal/dossiers', undefined, named, headers);
    await hub.push(progress(), { what: 'progress' });
    await hub.deliver();
    expect(partner.sent.at(-1)).toMatchObject({
      operation: 'dossier.progress.v1',
      code: '000.00.00.G22-250812-0009',
    });
  });

  test('every attempt is stored with its outcome', async () => {
    partner.script.push(UNAVAILABLE);
    await hub.push(dossier());
    await hub.deliver();
    later(5_000);
    await hub.deliver();
    const attempts = await hub.hub.database.query.selectFrom('attempts').selectAll().orderBy('number').execute();
    expect(attempts).toMatchObject([
      { number: 1, outcome: 'unavailable', reason: 'down' },
      { number: 2, outcome: 'delivered' },
    ]);
  });
});

test('a partner’s first catalogue is read by as many queries as claims, and sent whole', async () => {
  const services = Array.from({ length: 40 }, (_, n) => ({
    code: `1.0${10_000 + n}`,
    name: `Thủ tục ${n}`,
    inForce: true,
  }));
  const catalogue = {
    schedule: '0 0 2 * * *',
    next: async () => ({
      bodies: [{ body: Buffer.from(JSON.stringify(services)), mediaType: 'application/json' }],
      checkpoint: null,
      more: false,
    }),
    read: (body: Uint8Array) =>
      (JSON.parse(Buffer.from(body).toString()) as unknown[]).map((row) => readItem('service.upsert.v1', row)),
  };
  const portal = testPartner();
  const hub = await testHub({
    partners: { portal, ministry: testPartner({ pull: { catalogue } }) },
    routes: [{ from: 'ministry', operation: 'service.upsert.v1', to: ['portal'] }],
  });
  const { database, pipeline } = hub.hub;
  try {
    await makePullsDue(database, 'ministry', ['catalogue'], hub.clock.nowMs);
    await pipeline.pull('ministry', 'catalogue');
    const query = vi.spyOn(database.pool, 'query');
    await hub.deliver();
    await expect.poll(() => portal.sent.length).toBe(40);
    expect(portal.sent.map(({ code }) => code)).toEqual(expect.arrayContaining(services.map(({ code }) => code)));
    const names = query.mock.calls.map(([asked]) => (asked as { name?: string }).name ?? '');
    const [claims, loads] = ['claim', 'load entries'].map((name) => names.filter((one) => one === name).length);
    expect(loads).toBeLessThanOrEqual(claims as number);
  } finally {
    vi.restoreAllMocks();
    await hub.close();
  }
});

test('a catalogue entry that stands twice in one message is sent once, as its last item says', async () => {
  const portal = testPartner();
  const hub = await testHub({
    partners: { portal },
    routes: [{ from: 'one-stop', operation: 'service.upsert.v1', to: ['portal'] }],
  });
  try {
    const named = (name: string) => readItem('service.upsert.v1', { code: '1.010000', name, inForce: true });
    const of = { party: 'one-stop', door: 'test', keyName: undefined, mediaType: 'application/json' };
    await hub.hub.pipeline.accept({
      ...of,
      operation: 'service.upsert.v1',
      body: Buffer.from('[]'),
      bodyBytes: 2,
      receivedAt: '2025-08-21T08:30:00+07:00',
      items: ['Khai sinh', 'Đăng ký khai sinh'].map(named),
    });
    await hub.deliver();
    expect(portal.sent).toMatchObject([{ record: { name: 'Đăng ký khai sinh' } }]);
  } finally {
    await hub.close();
  }
});
