import { afterAll, beforeAll, describe, expect } from 'vitest';
import { apply, type IndexedDossier, type RecordedEvent } from '#core/dossier/apply';
import type { DossierEvent } from '#core/dossier/event';
import { fold } from '#core/dossier/fold';
import type { Outcome } from '#core/dossier/settle';
import type { Dossier, Status } from '#schemas/dossier.upsert.v1';
import type { Outgoing } from '../../src/kit/sender.ts';
import { createDice, type Dice } from '../../src/play/day/dice.ts';
import { roundsOf, sampled as test } from '../support/depth.ts';
import { dossier, type Partner, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';

/** The seed decides who sends what, and which statement and call fail; only the timing does not repeat. */
const SEED = Number(process.env.INTERLEAVINGS_SEED ?? 1);

const STATUSES: readonly Status[] = ['received', 'processing', 'supplement-required', 'resolved', 'returned'];

/** The messages of one dossier: records and steps at possibly equal moments, in their true order. */
function tellings(dice: Dice, code: string): readonly Telling[] {
  const count = dice.whole(3, 7);
  return Array.from({ length: count }, (_, n) => {
    // Moments collide now and then; the first record is the oldest, because a dossier begins with one.
    const hour = n === 0 ? 0 : dice.whole(1, 6);
    const at = `2025-08-12T${String(8 + hour).padStart(2, '0')}:00:00+07:00`;
    const status = n === 0 ? 'received' : dice.pick(STATUSES);
    const isRecord = n === 0 || dice.next() < 0.4;
    return isRecord
      ? { what: 'dossiers', item: dossier({ code, status, statusAt: at, receivedAt: undefined, note: `Lần ${n}` }) }
      : { what: 'progress', item: progress({ code, at, status, content: `Bước ${n}` }) };
  });
}

interface Telling {
  readonly what: 'dossiers' | 'progress';
  readonly item: Record<string, unknown>;
}

function shuffled<T>(dice: Dice, list: readonly T[]): readonly T[] {
  return list
    .map((one) => [dice.next(), one] as const)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one);
}

describe('the state does not depend on the order of arrival', () => {
  /** As the hub applies them, one by one, with repeats. */
  function applied(events: readonly Omit<RecordedEvent, 'seq'>[]): {
    held: IndexedDossier | undefined;
    recorded: RecordedEvent[];
  } {
    let held: IndexedDossier | undefined;
    const recorded: RecordedEvent[] = [];
    for (const event of events) {
      const result = apply(held, recorded, 'H60.01-250812-0035', event);
      held = result.held;
      if (result.event) recorded.push(result.event);
    }
    return { held, recorded };
  }

  function eventOf({ what, item }: Telling, authoritative: boolean): Omit<RecordedEvent, 'seq'> {
    const isRecord = what === 'dossiers';
    const at = String(isRecord ? item.statusAt : item.at);
    const common = { at, status: item.status as Status, party: 'one-stop', authoritative, inferred: false };
    const contentId = { record: JSON.stringify(item) };
    return isRecord
      ? { kind: 'dossier', ...common, contentId, record: item as Dossier }
      : { kind: 'progress', ...common, contentId };
  }

  const HISTORIES = roundsOf(2_000, 100);
  test(`for ${HISTORIES} histories in eight orders each, with repeats`, () => {
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const dice = createDice(seed);
      const events = tellings(dice, 'H60.01-250812-0035').map((one) => eventOf(one, seed % 2 === 0));
      const [first, ...others] = events as [Omit<RecordedEvent, 'seq'>, ...Omit<RecordedEvent, 'seq'>[]];
      const views = Array.from({ length: 8 }, () => {
        const told = shuffled(dice, [...others, dice.pick(events)]);
        // Steps before their dossier wait for it: see the runs below.
        return applied([first, ...told]);
      });
      const [one] = views;
      for (const { held, recorded } of views) {
        expect({ seed, view: contentOf(held) }).toEqual({ seed, view: contentOf(one?.held) });
        expect({ seed, view: fold(recorded as DossierEvent[]) }).toEqual({ seed, view: held?.view });
        const contents = (all: readonly Omit<RecordedEvent, 'seq'>[]) =>
          all.map(({ contentId }) => contentId.record).sort();
        expect(contents(recorded)).toEqual(contents(events));
      }
    }
  });

  /** Two records of one second with different free texts: the later one counts; the status does not differ. */
  function contentOf(held: IndexedDossier | undefined): unknown {
    if (!held) return undefined;
    const { note: _, ...record } = held.view.record;
    return { ...held.view, record };
  }
});

describe('any mix of requests, repeats, crashes and failures of partner and database', () => {
  let hub: TestHub;
  let other: TestHub;
  let partner: Partner;
  const taken = new Map<string, Outgoing[]>();
  let dice = createDice(0);

  /** A partner with all kinds of failures and with look-ups: it takes nothing twice. */
  async function answer(items: readonly Outgoing[]): Promise<readonly Outcome[]> {
    const fate = dice.weighted([
      ['delivered', 6],
      ['away', 2],
      ['answer lost', 2],
    ] as const);
    return items.map((item): Outcome => {
      const book = taken.get(item.code) ?? [];
      const isThere = item.doubt && book.some((one) => one.id === item.id);
      if (fate === 'away') return item.doubt ? UNKNOWN : AWAY;
      if (!isThere) taken.set(item.code, [...book, item]);
      return fate === 'delivered' ? { kind: 'delivered' } : UNKNOWN;
    });
  }

  beforeAll(async () => {
    partner = testPartner({ batch: 4 });
    const routes = ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({
      from: 'one-stop',
      operation,
      to: ['portal'],
    }));
    const given = { partners: { portal: partner }, routes, retryDelaysMs: Array(60).fill(1_000) };
    hub = await testHub(given);
    other = await testHub({ ...given, databaseUrl: hub.databaseUrl });
    partner.script.push = () => 0;
    partner.script.shift = () => answer;
    // One statement in twelve meets a deadlock, one in twelve a full disk; the seed decides which.
    await hub.hub.database.pool.query(`
      CREATE SEQUENCE statements;
      CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE luck int8 := (hashint8extended(nextval('statements'), ${SEED}) & 1048575) % 100;
      BEGIN
        IF luck < 8 THEN RAISE EXCEPTION 'as in the test' USING ERRCODE = '40P01'; END IF;
        IF luck < 16 THEN RAISE EXCEPTION 'as in the test' USING ERRCODE = '53100'; END IF;
        RETURN NULL; END $$`);
    for (const table of ['messages', 'attempts'])
      await hub.hub.database.pool.query(
        `CREATE TRIGGER trouble AFTER INSERT ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION trouble()`,
      );
  });
  afterAll(async () => {
    await other.close();
    await hub.close();
  });

  const UNKNOWN: Outcome = { kind: 'unknown', reason: 'timeout', message: 'no answer' };
  const AWAY: Outcome = { kind: 'unavailable', reason: 'down', message: 'no connection' };

  /** Repeats until it is acknowledged. Now and then the answer is lost, and it is sent again. */
  async function tell(telling: Telling): Promise<void> {
    for (let acknowledged = false; !acknowledged; ) {
      const reply = await dice.pick([hub, other]).push(telling.item, { what: telling.what });
      expect([200, 201, 202, 503]).toContain(reply.status);
      acknowledged = reply.status !== 503 && dice.next() < 0.85;
    }
  }

  async function deliverAll(): Promise<void> {
    for (let rounds = 0; rounds < 200; rounds++) {
      await Promise.all([hub, other].map((one) => one.deliver().catch(metTrouble)));
      const { rows } = await hub.hub.database.pool.query(
        `SELECT (SELECT count(*) FROM deliveries WHERE state = 'due') + (SELECT count(*) FROM quarantine WHERE settled_at IS NULL) AS left`,
      );
      if (rows[0].left === 0) return;
      for (const one of [hub, other]) one.clock.nowMs += 9_000;
    }
    const { rows } = await hub.hub.database.pool.query(
      `SELECT state, next_at, leased_by IS NOT NULL AS leased, doubt, attempts, outcome, count(*) FROM deliveries
       WHERE state = 'due' GROUP BY 1, 2, 3, 4, 5, 6`,
    );
    throw new Error(`seed ${SEED}: deliveries do not come to an end: ${JSON.stringify(rows)}`);
  }

  /** A sweep that the database refuses ends there, and the next one continues. */
  function metTrouble(error: Error): void {
    if (error.message !== 'as in the test') throw error;
  }

  test('histories reach their time-ordered state, and the partner has each version once, in order', async () => {
    const stories = Array.from({ length: roundsOf(30, 2) }, (_, n) => {
      dice = createDice(SEED * 7_000 + n);
      const code = `H60.01-250812-${7_000 + n}`;
      return { code, told: tellings(dice, code) };
    });
    dice = createDice(SEED);
    await Promise.all(
      stories.map(async ({ told }) => {
        for (const telling of shuffled(dice, told)) await tell(telling);
      }),
    );
    await deliverAll();
    for (const { code, told } of stories) {
      const history = (await hub.read(`/api/v1/dossiers/${code}/history`)).body.items;
      expect(history.map(nameOf).sort(), nameIn(code)).toEqual(told.map(({ item }) => nameOf(item)).sort());
      const held = (await hub.read(`/api/v1/dossiers/${code}`)).body;
      const inTime = await inOrderOfTime(code, told);
      expect({ code, status: held.status, statusAt: held.statusAt }, nameIn(code)).toEqual({ code, ...inTime });
      const book = taken.get(code) ?? [];
      expect(new Set(book.map(({ id }) => id)).size, `${nameIn(code)} told twice`).toBe(book.length);
      const { rows } = await hub.hub.database.pool.query('SELECT id FROM deliveries WHERE subject = $1 ORDER BY id', [
        code,
      ]);
      expect(
        book.map(({ id }) => id),
        `${nameIn(code)} overtaken`,
      ).toEqual(rows.map((row) => `lienthong-${row.id}`));
      const last = book.findLast((one) => one.operation === 'dossier.upsert.v1')?.record as Dossier;
      // A step that repeats the status is sent as a step only.
      expect({ code, status: last.status }, nameIn(code)).toEqual({ code, status: inTime.status });
    }
  });

  /** The same messages in order, without failures, under another code. */
  async function inOrderOfTime(code: string, told: readonly Telling[]): Promise<{ status: string; statusAt: string }> {
    const plain = code.replace('-250812-', '-250811-');
    const order = [...told].sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : timeOf(a) > timeOf(b) ? 1 : 0));
    await hub.hub.database.pool.query('ALTER TABLE messages DISABLE TRIGGER trouble');
    for (const { what, item } of order) await hub.push({ ...item, code: plain }, { what });
    const { status, statusAt } = (await hub.read(`/api/v1/dossiers/${plain}`)).body;
    return { status, statusAt };
  }

  function nameIn(code: string): string {
    return `seed ${SEED}: ${code}`;
  }

  function timeOf({ item }: Telling): string {
    return String(item.at ?? item.statusAt);
  }

  function nameOf(item: Record<string, unknown>): string {
    return `${item.at ?? item.statusAt} ${item.status} ${item.content ?? item.note}`;
  }
});
