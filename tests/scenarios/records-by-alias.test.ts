import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readItem } from '#core/dossier/item';
import type { Operation } from '#schemas/operations';
import { codeOf, dossier, type TestHub, testHub, testPartner } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { payment, postalOrder, rating } from '../support/kinds.ts';

const DONE = { status: 'resolved', statusAt: '2025-08-19T09:00:00+07:00' };
const aliasOf = (n: number): string => `G22.99-20250812-${String(n).padStart(4, '0')}`;
const named = (n: number, ...others: readonly string[]): object =>
  dossier({ code: codeOf(n), ...DONE, aliases: others.map((code) => ({ party: 'one-stop', code })) });
const ALREADY_RATED = { outcome: 'invalid', problems: [{ path: '/dossierCode', code: 'already-rated' }] };
const ORDER_EXISTS = { outcome: 'invalid', problems: [{ path: '/code', code: 'order-exists' }] };

type Said = readonly [operation: Operation, record: object];
const file = (n: number): Said => ['dossier.upsert.v1', named(n, aliasOf(n))];
const rate = (dossierCode: string, level = 'satisfied'): Said => ['rating.upsert.v1', rating({ dossierCode, level })];

/** One message. A pulled page may have records of several operations. */
async function accept({ hub }: TestHub, said: readonly Said[]) {
  const body = Buffer.from(JSON.stringify(said[0]?.[1]));
  const [operation] = said[0] as Said;
  const of = { party: 'one-stop', door: 'rest', keyName: 'one-stop', mediaType: 'application/json', operation };
  const items = said.map(([itsOperation, record]) => readItem(itsOperation, record));
  const receivedAt = '2025-08-21T08:30:00+07:00';
  return (await hub.pipeline.accept({ ...of, body, bodyBytes: body.length, receivedAt, items })).results;
}

const pushTo = async (hub: TestHub, what: string, given: object | readonly object[]) =>
  (await hub.push(given, { what })).results;

describe('records that name their dossier by another of its codes', () => {
  const portal = testPartner({ any: true });
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub({
      partners: { portal },
      routes: [{ from: 'one-stop', operation: 'payment.upsert.v1', to: ['portal'] }],
    });
    await hub.push([1, 2, 3, 4, 5, 6].map((n) => named(n, aliasOf(n))));
  });
  afterAll(() => hub.close());

  const push = async (what: string, given: object) => (await pushTo(hub, what, given))[0];
  const listed = async (what: string, code: string): Promise<readonly string[]> =>
    (await hub.read(`/api/v1/${what}?dossier=${code}`)).body.items.map((one: Json) => one.code).sort();
  const lookUp = async (n: number): Promise<Json> =>
    (await (await hub.request('GET', `/api/public/dossiers/${codeOf(n)}?proof=0001`)).json()) as Json;

  test('are found by each code, and keep the one that their sender gave', async () => {
    await push('payments', payment({ code: 'TT-1', dossierCode: aliasOf(1) }));
    await push('payments', payment({ code: 'TT-2', dossierCode: codeOf(1) }));
    for (const code of [codeOf(1), aliasOf(1)]) expect(await listed('payments', code)).toEqual(['TT-1', 'TT-2']);
    const { payments } = await lookUp(1);
    expect(payments.map((one: Json) => one.code).sort()).toEqual(['TT-1', 'TT-2']);
    expect((await hub.read('/api/v1/payments/TT-1')).body.dossierCode).toBe(aliasOf(1));
  });

  test('leave their place to another one of the same batch when they move to another dossier', async () => {
    await hub.push([named(71), named(72)]);
    await push('postal-orders', postalOrder({ code: 'BC-71', dossierCode: codeOf(71) }));
    const later = { stateAt: '2025-08-21T09:00:00+07:00' };
    const moved = postalOrder({ code: 'BC-71', dossierCode: codeOf(72), ...later });
    const next = postalOrder({ code: 'BC-72', dossierCode: codeOf(71) });
    const results = await pushTo(hub, 'postal-orders', [moved, next]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted']);
    expect(await push('postal-orders', postalOrder({ code: 'BC-73', dossierCode: codeOf(71) }))).toMatchObject(
      ORDER_EXISTS,
    );
  });

  test('reach a partner as given, with the dossier that they name', async () => {
    await hub.deliver();
    portal.sent.length = 0;
    await push('payments', payment({ code: 'TT-3', dossierCode: aliasOf(6) }));
    await hub.deliver();
    expect(portal.sent).toMatchObject([{ record: { dossierCode: aliasOf(6) }, dossier: { code: codeOf(6) } }]);
  });

  test('of several dossiers are shown to no citizen', async () => {
    const shared = aliasOf(20);
    await hub.push(named(20, shared));
    const others = dossier({ code: codeOf(21), ...DONE, aliases: [{ party: 'other', code: shared }] });
    await hub.push(others, { party: 'other' });
    await hub.deliver();
    portal.sent.length = 0;
    await push('payments', payment({ code: 'TT-20', dossierCode: shared }));
    await hub.deliver();
    expect(portal.sent.map(({ code, dossier: named }) => [code, named])).toEqual([['TT-20', undefined]]);
    expect([await lookUp(20), await lookUp(21)].map(({ payments }) => payments)).toEqual([undefined, undefined]);
    expect(await listed('payments', shared)).toEqual(['TT-20']);
  });

  test.each([
    ['its own code', 2, codeOf(2), aliasOf(2)],
    ['another code', 3, aliasOf(3), codeOf(3)],
  ])('a second rating is invalid after one under %s', async (_, n, first, second) => {
    expect((await push('ratings', rating({ dossierCode: first })))?.outcome).toBe('accepted');
    expect((await push('ratings', rating({ dossierCode: first })))?.outcome).toBe('duplicate');
    expect(await push('ratings', rating({ dossierCode: second, level: 'dissatisfied' }))).toMatchObject(ALREADY_RATED);
    expect(await lookUp(n)).toMatchObject({ rated: true });
  });

  test('there is one postal order for each direction, also in one batch', async () => {
    const order = (code: string, dossierCode: string, direction = 'return') =>
      postalOrder({ code, dossierCode, direction });
    expect((await push('postal-orders', order('BC-1', aliasOf(4))))?.outcome).toBe('accepted');
    expect(await push('postal-orders', order('BC-2', codeOf(4)))).toMatchObject(ORDER_EXISTS);
    expect((await push('postal-orders', order('BC-3', codeOf(4), 'pick-up')))?.outcome).toBe('accepted');
    const both = [order('BC-4', codeOf(5)), order('BC-5', aliasOf(5))];
    expect(await pushTo(hub, 'postal-orders', both)).toMatchObject([{ outcome: 'accepted' }, ORDER_EXISTS]);
  });

  test('stay in use where both were accepted before the hub knew the other code', async () => {
    const order = (code: string, dossierCode: string, given: object = {}) =>
      postalOrder({ code, dossierCode, ...given });
    await push('postal-orders', order('BC-6', codeOf(7)));
    expect((await push('postal-orders', order('BC-7', aliasOf(7))))?.outcome).toBe('accepted');
    await hub.push(named(7, aliasOf(7)));
    const delivered = { state: 'delivered', stateAt: '2025-08-21T09:00:00+07:00' };
    expect((await push('postal-orders', order('BC-7', aliasOf(7), delivered)))?.outcome).toBe('accepted');
    expect(await push('postal-orders', order('BC-8', codeOf(7)))).toMatchObject(ORDER_EXISTS);
    expect(await listed('postal-orders', codeOf(7))).toEqual(['BC-6', 'BC-7']);
  });

  describe('are records of one dossier from the batch on that brings the other code', () => {
    /** Of messages that arrive at one instant, the hub makes one batch. */
    const atOnce = async (...messages: readonly Said[]) =>
      (await Promise.all(messages.map((one) => accept(hub, [one])))).flat();
    const order = (code: string, dossierCode: string) =>
      ['postal-order.upsert.v1', postalOrder({ code, dossierCode })] as const;

    test.each([
      [30, 'both ratings with it', []],
      [31, 'one of them earlier', [rate(codeOf(31))]],
    ])('%i: %s', async (n, _, earlier) => {
      await pushTo(hub, 'dossiers', named(n));
      for (const [, record] of earlier) await pushTo(hub, 'ratings', record);
      const first = earlier.length > 0 ? [] : [rate(codeOf(n))];
      const results = await atOnce(file(n), ...first, rate(aliasOf(n), 'dissatisfied'));
      expect(results.at(-1)).toMatchObject(ALREADY_RATED);
      expect(await listed('ratings', codeOf(n))).toEqual([codeOf(n)]);
    });

    test('two postal orders with it', async () => {
      const results = await atOnce(file(32), order('BC-32A', aliasOf(32)), order('BC-32B', codeOf(32)));
      expect(results).toMatchObject([{ outcome: 'accepted' }, { outcome: 'accepted' }, ORDER_EXISTS]);
    });

    test('a late payment by the new code takes nothing from the dossier', async () => {
      const at = (hour: number) => `2025-08-19T${hour}:00:00+07:00`;
      const inWork = (hour: number) => ({ status: 'processing', statusAt: at(hour) });
      for (const n of [33, 34]) await hub.push({ ...named(n), ...inWork(10), note: 'Nộp lần đầu' });
      await atOnce(
        ...[33, 34].map((n) => ['dossier.upsert.v1', { ...named(n, aliasOf(n)), ...inWork(14) }] as const),
        ...[codeOf(33), aliasOf(34)].map(
          (dossierCode, n) =>
            ['payment.upsert.v1', payment({ code: `TT-3${n}`, dossierCode, stateAt: at(12) })] as const,
        ),
      );
      for (const n of [33, 34]) {
        const { status, note } = (await hub.read(`/api/v1/dossiers/${codeOf(n)}`)).body;
        expect([status, note]).toEqual(['processing', 'Nộp lần đầu']);
      }
    });

    test('without a commit for each of them', async () => {
      const some = [35, 36, 37];
      await atOnce(...some.flatMap((n) => [file(n), rate(aliasOf(n))]));
      const { rows } = await hub.hub.database.pool.query(
        `SELECT count(*)::int AS messages, count(DISTINCT m.xmin::text)::int AS commits FROM messages m
         WHERE m.received_at = '2025-08-21T08:30:00+07:00' AND m.results::text ~ $1`,
        [some.flatMap((n) => [codeOf(n), aliasOf(n)]).join('|')],
      );
      expect(rows).toEqual([{ messages: 6, commits: 1 }]);
    });

    test('a postal order under an older alias, beside one under the new alias', async () => {
      await hub.push(named(35, aliasOf(35)));
      await push('postal-orders', postalOrder({ code: 'BC-35A', dossierCode: aliasOf(45) }));
      const results = await atOnce(['dossier.upsert.v1', named(35, aliasOf(45))], order('BC-35B', aliasOf(35)));
      expect(results).toMatchObject([{ outcome: 'accepted' }, ORDER_EXISTS]);
    });
  });

  test('come out of a rebuild identical, in one lane and in several', async () => {
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
    expect(await hub.hub.rebuild({ lanes: 3 })).toMatchObject({ differences: [], identical: true });
  });
});

test('a record is stored under a code that its own message gives to a second dossier', async () => {
  const hub = await testHub();
  try {
    await hub.push(named(1, aliasOf(1)));
    const shared = dossier({ code: codeOf(2), ...DONE, aliases: [{ party: 'other', code: aliasOf(1) }] });
    const paid = payment({ dossierCode: aliasOf(1) });
    const results = await accept(hub, [
      ['dossier.upsert.v1', shared],
      ['payment.upsert.v1', paid],
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted']);
  } finally {
    await hub.close();
  }
});

test('a second rating in the message that brings the other code is invalid', async () => {
  const hub = await testHub();
  try {
    await hub.push(named(1));
    const results = await accept(hub, [file(1), rate(codeOf(1)), rate(aliasOf(1), 'dissatisfied')]);
    expect(results).toMatchObject([{ outcome: 'accepted' }, { outcome: 'accepted' }, ALREADY_RATED]);
  } finally {
    await hub.close();
  }
});

describe('records of one dossier under two codes that two processes receive at one instant', () => {
  let first: TestHub;
  let second: TestHub;
  let gate: pg.Client;
  beforeAll(async () => {
    first = await testHub();
    second = await testHub({ databaseUrl: first.databaseUrl });
    gate = new pg.Client({ connectionString: first.databaseUrl });
    await gate.connect();
    await first.push([1, 2].map((n) => named(n, aliasOf(n), aliasOf(n + 10))));
  });
  afterAll(async () => {
    await gate.end();
    await second.close();
    await first.close();
  });

  test.each([
    ['ratings', 1, aliasOf(1), (dossierCode: string) => rating({ dossierCode }), ALREADY_RATED],
    [
      'postal-orders',
      2,
      aliasOf(2),
      (dossierCode: string) => postalOrder({ code: dossierCode, dossierCode }),
      ORDER_EXISTS,
    ],
  ])('leave one: %s', async (what, n, other, given, refused) => {
    // Lets both read the index before one of them can write to it.
    await gate.query('BEGIN');
    await gate.query('LOCK TABLE records IN SHARE ROW EXCLUSIVE MODE');
    const done = Promise.all([pushTo(first, what, given(aliasOf(n + 10))), pushTo(second, what, given(other))]);
    await expect.poll(async () => (await gate.query(WAITING)).rows[0].n).toBe(2);
    await gate.query('COMMIT');
    const results = (await done).flat().sort((a, b) => (a.outcome < b.outcome ? -1 : 1));
    expect(results).toMatchObject([{ outcome: 'accepted' }, refused]);
  });

  /** The second process has read the index, and waits for another dossier until the first one has done its work. */
  async function overtaken(
    n: number,
    meanwhile: () => Promise<unknown>,
    { dossierCode = codeOf(n), what = 'ratings' },
  ) {
    const early = `G11.99-20250812-${n}`;
    await first.push(named(n - 1, early));
    await gate.query('BEGIN');
    await gate.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 7160011))', [`${what.slice(0, -1)} ${early}`]);
    await gate.query('SELECT FROM dossiers WHERE code = $1 FOR UPDATE', [codeOf(n - 1)]);
    const given = [early, dossierCode].map((code) =>
      what === 'ratings' ? rating({ dossierCode: code }) : payment({ code: `TT-${code}`, dossierCode: code }),
    );
    const done = pushTo(second, what, given);
    await expect.poll(async () => (await gate.query(WAITING)).rows[0].n).toBe(1);
    await meanwhile();
    await gate.query('COMMIT');
    return done;
  }

  test('leave one if the other process adds the code meanwhile', async () => {
    await first.push(named(1051));
    const addAndRate = async () => {
      await first.push(named(1051, aliasOf(1051)));
      await pushTo(first, 'ratings', rating({ dossierCode: aliasOf(1051), level: 'dissatisfied' }));
    };
    const results = await overtaken(1051, addAndRate, {});
    expect(results).toMatchObject([{ outcome: 'accepted' }, ALREADY_RATED]);
  });

  test('leave one if the dossier has many codes', async () => {
    const [one = '', other = '', ...others] = [9, 8, 7, 6, 5, 4, 3].map((n) => aliasOf(1060 + n));
    await first.push(named(1061, one, other, ...others));
    const rateToo = () => pushTo(first, 'ratings', rating({ dossierCode: other, level: 'dissatisfied' }));
    const results = await overtaken(1061, rateToo, { dossierCode: one });
    expect(results).toMatchObject([{ outcome: 'accepted' }, ALREADY_RATED]);
  });

  test('move the dossier as it is then, and a rebuild finds the same', async () => {
    const since = (status: string, hour: number) => ({ status, statusAt: `2025-08-19T0${hour}:00:00+07:00` });
    await first.push({ ...named(1071), ...since('submitted', 7) });
    // The id of a message has the clock of its process.
    second.clock.nowMs += 1_000;
    const receive = () => first.push({ ...named(1071), ...since('received', 8) });
    const results = await overtaken(1071, receive, { what: 'payments' });
    expect(results.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted']);
    expect((await first.read(`/api/v1/dossiers/${codeOf(1071)}`)).body.status).toBe('payment-required');
    expect(await first.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });
});

/** Sessions of this database that wait for a lock. That of a row belongs to no database. */
const WAITING = `SELECT count(DISTINCT pid)::int AS n FROM pg_locks WHERE NOT granted AND pid IN (
  SELECT pid FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()))`;
