import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readItem } from '#core/dossier/item';
import type { Outcome } from '#core/dossier/settle';
import type { Page } from '../../src/kit/puller.ts';
import { pauseParty, resumeParty } from '../../src/ledger/party-states.ts';
import { duePulls, makePullsDue, registerPulls } from '../../src/ledger/pulls.ts';
import { nextRunMs } from '../../src/parties/schedule.ts';
import { codeOf, dossier, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { OPERATOR_KEYS, operatorOf, partnerWithTable } from '../support/operator.ts';

type Row = Record<string, unknown>;

/** A partner whose rows are read two at a time by their last change, as a search by `updatedDate` pages. */
interface Source {
  readonly rows: { row: Row; changedAt: number }[];
  /** Before the nth page of all is answered: the rows change, or it fails. */
  readonly before: Map<number, () => Outcome | undefined | Promise<undefined>>;
  readonly asked: unknown[];
  /** Whether a page brings each row in a message of its own. */
  apart: boolean;
}

describe('pulling', () => {
  let source: Source;
  let hub: TestHub;

  async function pageOf(checkpoint: number): Promise<Page | Outcome> {
    source.asked.push(checkpoint);
    const failed = await source.before.get(source.asked.length)?.();
    if (failed) return failed;
    const left = source.rows.filter((one) => one.changedAt > checkpoint).sort((a, b) => a.changedAt - b.changedAt);
    const shown = left.slice(0, 2);
    const messages = source.apart ? shown.map((one) => [one]) : [shown];
    const more = left.length > shown.length;
    return {
      bodies: messages.map((rows) => ({
        body: Buffer.from(JSON.stringify(rows.map(({ row }) => row))),
        mediaType: 'application/json',
      })),
      checkpoint: shown.at(-1)?.changedAt ?? checkpoint,
      more,
      ...(!more && { complete: { kind: 'service' as const, codes: source.rows.map(({ row }) => String(row.code)) } }),
    };
  }

  beforeEach(async () => {
    source = { rows: [], before: new Map(), asked: [], apart: false };
    const read = (operation: 'dossier.upsert.v1' | 'service.upsert.v1') => (body: Uint8Array) =>
      (JSON.parse(Buffer.from(body).toString()) as unknown[]).map((row) => readItem(operation, row));
    const schedule = '0 0 2 * * *';
    const dossiers = {
      schedule,
      next: async (_: unknown, checkpoint: unknown) => {
        const page = await pageOf(Number(checkpoint ?? 0));
        if ('kind' in page) return page;
        const { complete: _complete, ...rest } = page;
        return rest;
      },
      read: read('dossier.upsert.v1'),
    };
    const services = {
      schedule,
      // A list that must be read whole each time: it begins again after a complete run.
      next: async (_: unknown, checkpoint: unknown) => {
        const page = await pageOf(Number(checkpoint ?? 0));
        return 'kind' in page || page.more ? page : { ...page, checkpoint: 0 };
      },
      read: read('service.upsert.v1'),
    };
    hub = await testHub({
      partners: { source: testPartner({ pull: { dossiers, services } }) },
      keys: [...OPERATOR_KEYS],
    });
  });
  afterEach(() => hub.close());

  async function pull(name: string): Promise<void> {
    await makePullsDue(hub.hub.database, 'source', [name], hub.clock.nowMs);
    await hub.hub.pipeline.pull('source', name);
  }
  const add = (n: number, changedAt: number, more: Row = {}): void => {
    source.rows.push({ row: dossier({ code: codeOf(n), ...more }), changedAt });
  };
  const change = (n: number, changedAt: number, more: Row): void => {
    const at = source.rows.findIndex(({ row }) => row.code === codeOf(n));
    source.rows[at] = { row: { ...source.rows[at]?.row, ...more }, changedAt };
  };
  const historyOf = async (n: number): Promise<readonly string[]> =>
    (await hub.read(`/api/v1/dossiers/${codeOf(n)}/history`)).body.items.map((item: { status: string }) => item.status);
  const services = async (): Promise<Row> => {
    const { items } = (await hub.read('/api/v1/services?limit=200')).body;
    return Object.fromEntries(items.map((item: Row) => [item.code, item.inForce]));
  };

  test('rows that change during paging are neither skipped nor doubled', async () => {
    for (let n = 1; n <= 6; n++) add(n, n);
    source.before.set(2, () => {
      // One already read, one still to come, and a new one, between two pages.
      change(1, 7, { status: 'processing', statusAt: '2025-08-12T10:00:00+07:00' });
      change(4, 8, { status: 'processing', statusAt: '2025-08-12T10:00:00+07:00' });
      add(9, 9);
      return undefined;
    });
    await pull('dossiers');
    expect(await historyOf(1)).toEqual(['received', 'processing']);
    expect(await historyOf(4)).toEqual(['processing']);
    for (const n of [2, 3, 5, 6, 9]) expect(await historyOf(n), codeOf(n)).toEqual(['received']);
    await pull('dossiers');
    expect((await hub.read('/api/v1/dossiers?limit=200')).body.items).toHaveLength(7);
    expect(await historyOf(1)).toEqual(['received', 'processing']);
  });

  test('a run that fails half way continues after the last stored page', async () => {
    for (let n = 1; n <= 6; n++) add(n, n);
    source.before.set(3, () => ({ kind: 'unavailable', reason: 'down', message: 'no connection' }));
    await pull('dossiers');
    expect((await hub.read('/api/v1/dossiers?limit=200')).body.items).toHaveLength(4);
    await pull('dossiers');
    expect(source.asked).toEqual([0, 2, 4, 4]);
    expect((await hub.read('/api/v1/dossiers?limit=200')).body.items).toHaveLength(6);
    const { rows } = await hub.hub.database.pool.query('SELECT count(*) AS n FROM messages');
    expect(rows[0].n).toBe(3);
  });

  test('a page that cannot be stored is pulled again: page and checkpoint are stored together', async () => {
    for (let n = 1; n <= 4; n++) add(n, n);
    const { pool } = hub.hub.database;
    await pool.query(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF OLD.checkpoint::text <> 'null' AND NEW.checkpoint::text <> OLD.checkpoint::text THEN RAISE EXCEPTION 'as in the test' USING ERRCODE = '53100'; END IF; RETURN NEW; END $$`);
    await pool.query('CREATE TRIGGER fail BEFORE UPDATE ON pulls FOR EACH ROW EXECUTE FUNCTION fail()');
    await pull('dossiers');
    expect((await hub.read('/api/v1/dossiers?limit=200')).body.items).toHaveLength(2);
    await pool.query('DROP FUNCTION fail CASCADE');
    await pull('dossiers');
    expect(source.asked).toEqual([0, 2, 2]);
    for (let n = 1; n <= 4; n++) expect(await historyOf(n)).toEqual(['received']);
  });

  test('a run that takes too long ends after its page and says so, and the next one continues there at once', async () => {
    for (let n = 1; n <= 6; n++) add(n, n);
    const incidents = async () => (await operatorOf(hub).get('incidents?state=open')).body.items;
    source.before.set(2, () => {
      hub.clock.nowMs += 2 * 3_600_000;
      return undefined;
    });
    await pull('dossiers');
    expect(source.asked).toEqual([0, 2]);
    expect(await incidents()).toMatchObject([
      { kind: 'pull-incomplete', cause: expect.stringMatching(/^dossiers: the run took over 2 hours/) },
    ]);
    expect(await duePulls(hub.hub.database, hub.clock.nowMs)).toContainEqual({ party: 'source', name: 'dossiers' });
    await hub.hub.pipeline.pull('source', 'dossiers');
    expect([source.asked, await incidents()]).toEqual([[0, 2, 4], []]);
    expect((await hub.read('/api/v1/dossiers?limit=200')).body.items).toHaveLength(6);
  });

  test.each([
    { askedS: undefined, waitsS: 60 },
    { askedS: 20, waitsS: 60 },
    { askedS: 1_800, waitsS: 1_800 },
    { askedS: 86_400, waitsS: 3_600 },
  ])('after a Retry-After of $askedS seconds the next run waits $waitsS seconds', async ({ askedS, waitsS }) => {
    const retryAfterMs = askedS === undefined ? undefined : askedS * 1_000;
    source.before.set(1, () => ({ kind: 'unavailable', reason: 'busy', message: 'busy', retryAfterMs }));
    await pull('dossiers');
    const isDue = async (ms: number): Promise<boolean> =>
      (await duePulls(hub.hub.database, hub.clock.nowMs + ms)).some(({ name }) => name === 'dossiers');
    expect([await isDue(waitsS * 1_000 - 1), await isDue(waitsS * 1_000)]).toEqual([false, true]);
  });

  test('an order during a run leads to one more run', async () => {
    add(1, 1);
    source.before.set(1, async () => {
      hub.clock.nowMs += 5;
      await makePullsDue(hub.hub.database, 'source', ['dossiers'], hub.clock.nowMs);
      return undefined;
    });
    await pull('dossiers');
    await hub.hub.pipeline.pull('source', 'dossiers');
    expect(source.asked).toEqual([0, 1]);
    await hub.hub.pipeline.pull('source', 'dossiers');
    expect(source.asked).toEqual([0, 1]);
  });

  test('only a complete run puts missing entries out of force; a partial one does not', async () => {
    const service = (n: number): Row => ({ code: `1.00000${n}`, name: `Thủ tục số ${n}`, inForce: true });
    for (let n = 1; n <= 5; n++) source.rows.push({ row: service(n), changedAt: n });
    await pull('services');
    expect(Object.values(await services())).toEqual([true, true, true, true, true]);
    source.rows.splice(1, 1);
    source.before.set(source.asked.length + 2, () => ({ kind: 'unknown', reason: 'timeout', message: 'no answer' }));
    await pull('services');
    expect(await services()).toMatchObject({ '1.000002': true, '1.000005': true });
    await pull('services');
    expect(await services()).toEqual({
      '1.000001': true,
      '1.000002': false,
      '1.000003': true,
      '1.000004': true,
      '1.000005': true,
    });
  });

  test('a list without a tenth of the entries in force ends none until an operator orders the pull', async () => {
    const code = (n: number): string => `1.${String(n).padStart(6, '0')}`;
    const list = (from: number, to: number): void => {
      source.rows.length = 0;
      for (let n = from; n <= to; n++)
        source.rows.push({ row: { code: code(n), name: `Thủ tục ${n}`, inForce: true }, changedAt: n });
    };
    const inForce = async (): Promise<number> => Object.values(await services()).filter(Boolean).length;
    const incidents = async () => (await operatorOf(hub).get('incidents?state=open')).body.items;
    list(1, 100);
    await pull('services');
    list(1, 98);
    await pull('services');
    expect(await inForce()).toBe(98);
    list(1, 5);
    for (let run = 0; run < 2; run++) await pull('services');
    expect(await inForce()).toBe(98);
    expect(await incidents()).toMatchObject([
      { kind: 'pull-incomplete', cause: expect.stringContaining('lacks 93 of 98 in force') },
    ]);
    list(1, 98);
    await pull('services');
    expect(await incidents()).toEqual([]);
    list(1, 5);
    await pull('services');
    hub.clock.nowMs += 60_000;
    expect((await operatorOf(hub).post('parties/source/pull', { why: 'danh sách đúng' })).status).toBe(202);
    await hub.hub.pipeline.pull('source', 'services');
    expect([await inForce(), await incidents()]).toEqual([5, []]);
  });

  test('a page with concurrent writers is stored, and so are all their pushes', async () => {
    for (let n = 1; n <= 20; n++) add(n, n);
    const later = { status: 'processing', statusAt: '2025-08-12T10:00:00+07:00' };
    const pushes: Promise<unknown>[] = [];
    for (let page = 1; page <= 10; page++)
      source.before.set(page, () => {
        for (let n = 1; n <= 20; n++) pushes.push(hub.push([dossier({ code: codeOf(n), ...later })]));
        return undefined;
      });
    await pull('dossiers');
    await Promise.all(pushes);
    expect(source.asked).toEqual(Array.from({ length: 10 }, (_, page) => page * 2));
    for (let n = 1; n <= 20; n++) expect(await historyOf(n), codeOf(n)).toEqual(['received', 'processing']);
  });

  test('a resolved deadlock does not end a run', async () => {
    add(1, 1);
    const { pool } = hub.hub.database;
    await pool.query('CREATE SEQUENCE tries');
    await pool.query(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF nextval('tries') < 4 THEN RAISE EXCEPTION 'as in the test' USING ERRCODE = '40P01'; END IF; RETURN NEW; END $$`);
    await pool.query('CREATE TRIGGER fail BEFORE INSERT ON dossiers FOR EACH ROW EXECUTE FUNCTION fail()');
    await pull('dossiers');
    expect(source.asked).toEqual([0]);
    expect(await historyOf(1)).toEqual(['received']);
  });

  test('a page with one unstorable message stores the others once, and is pulled again', async () => {
    for (let n = 1; n <= 2; n++) add(n, n);
    source.apart = true;
    const { pool } = hub.hub.database;
    await pool.query(`ALTER TABLE dossiers ADD CONSTRAINT refuse CHECK (code <> '${codeOf(1)}')`);
    await pull('dossiers');
    expect(await historyOf(2)).toEqual(['received']);
    expect((await hub.read(`/api/v1/dossiers/${codeOf(1)}`)).status).toBe(404);
    await pull('dossiers');
    await pull('dossiers');
    const stored = async () => (await pool.query('SELECT count(*)::int AS n FROM messages')).rows[0].n;
    expect(await stored()).toBe(1);
    change(2, 2, { status: 'processing', statusAt: '2025-08-12T10:00:00+07:00' });
    await pull('dossiers');
    expect(await stored()).toBe(2);
    await pool.query('ALTER TABLE dossiers DROP CONSTRAINT refuse');
    await pull('dossiers');
    expect(source.asked).toEqual([0, 0, 0, 0, 0]);
    expect(await stored()).toBe(3);
    expect(await historyOf(1)).toEqual(['received']);
    expect(await historyOf(2)).toEqual(['received', 'processing']);
  });

  test('a paused party is not pulled, even on order; a due pull runs when it resumes', async () => {
    for (let n = 1; n <= 6; n++) add(n, n);
    const { database } = hub.hub;
    source.before.set(2, async () => {
      await pauseParty(database.pool, 'source', 'officer', hub.clock.nowMs);
      return undefined;
    });
    await pull('dossiers');
    // The page under way is stored, and no further one is requested.
    expect(source.asked).toEqual([0, 2]);
    expect((await hub.read('/api/v1/dossiers?limit=200')).body.items).toHaveLength(4);
    await pull('dossiers');
    expect(source.asked).toEqual([0, 2]);
    await resumeParty(database, 'source');
    await hub.hub.pipeline.pull('source', 'dossiers');
    expect(source.asked).toEqual([0, 2, 4]);
    expect((await hub.read('/api/v1/dossiers?limit=200')).body.items).toHaveLength(6);
  });
});

test('the incident about missing records names nobody, whatever the partner says', async () => {
  const lacks = 'its detail: Hồ sơ của Nguyễn Văn An bị khóa';
  const next = async (): Promise<Page> => ({ bodies: [], checkpoint: null, more: false, lacks });
  const steps = { schedule: '0 0 2 * * *', next, read: () => [] };
  const hub = await testHub({ partners: { source: testPartner({ pull: { steps } }) }, keys: [...OPERATOR_KEYS] });
  try {
    await registerPulls(
      hub.hub.database,
      [{ party: 'source', name: 'steps', scheduledMs: undefined }],
      hub.clock.nowMs,
    );
    await hub.hub.pipeline.pull('source', 'steps');
    const { items } = (await operatorOf(hub).get('incidents?state=open')).body;
    expect(items).toMatchObject([
      { kind: 'pull-incomplete', cause: expect.stringMatching(/^steps: its detail: .*bị khóa$/) },
    ]);
    expect(JSON.stringify(items)).not.toContain('Văn An');
  } finally {
    await hub.close();
  }
});

describe('a partner that is asked about single records, three a page', () => {
  const failure = { kind: 'unavailable', reason: 'no-answer', message: 'status 500' } as const;
  let [broken, count, asked] = [new Set<number>(), 0, [] as number[]];
  const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);
  const next = async (_: unknown, checkpoint: unknown): Promise<Page> => {
    const from = Number(checkpoint ?? 0);
    const to = Math.min(from + 3, count);
    asked.push(...numbers(from, to));
    const failures = numbers(from, to).flatMap((one) => (broken.has(one) ? failure : []));
    const more = to < count;
    const isAnswered = failures.length < to - from;
    return { bodies: [], checkpoint: more ? to : 0, more, asked: { isAnswered, failures } };
  };
  let hub: TestHub;
  beforeAll(async () => {
    const results = { schedule: '0 */2 * * * *', next, read: () => [] };
    hub = await testHub({ partners: { source: testPartner({ pull: { results } }) }, keys: [...OPERATOR_KEYS] });
  });
  afterAll(() => hub.close());
  beforeEach(async () => {
    await hub.hub.database.pool.query('DELETE FROM pulls');
    await hub.hub.database.pool.query('DELETE FROM incidents');
    await registerPulls(
      hub.hub.database,
      [{ party: 'source', name: 'results', scheduledMs: undefined }],
      hub.clock.nowMs,
    );
  });

  /** One run: the records that it asked about, and the incidents that are open after it. */
  async function run() {
    asked = [];
    hub.clock.nowMs += 600_000;
    await hub.hub.pipeline.pull('source', 'results');
    const { items } = (await operatorOf(hub).get('incidents?state=open')).body;
    return [asked, items.map(({ kind }: { kind: string }) => kind)];
  }

  test('a page without an answer delays no record behind it', async () => {
    [broken, count] = [new Set([0, 1, 2]), 7];
    expect(await run()).toEqual([numbers(0, 7), ['pull-incomplete']]);
    broken.clear();
    expect(await run()).toEqual([numbers(0, 7), []]);
  });

  test('the second page without an answer ends the run, and the next run goes on behind it', async () => {
    [broken, count] = [new Set(numbers(0, 6)), 9];
    expect(await run()).toEqual([numbers(0, 6), ['pull-incomplete']]);
    expect(await run()).toEqual([numbers(6, 9), []]);
  });

  test.each([1, 3, 4, 7])(
    'a partner that is away fails each run over %i records, and is asked about few',
    async (many) => {
      [broken, count] = [new Set(numbers(0, many)), many];
      await run();
      for (let n = 0; n < 4; n++) {
        const [few, incidents] = await run();
        expect([few.length <= 6, incidents.includes('partner-away')]).toEqual([true, true]);
      }
      broken.clear();
      await run();
      expect(await run()).toEqual([numbers(0, many), []]);
    },
  );
});

test('a pull whose schedule has ended waits for an order or a new schedule', async () => {
  const next = async (): Promise<Page> => ({ bodies: [], checkpoint: null, more: false });
  const once = { schedule: '0 0 2 25 12 * 2025', next, read: () => [] };
  const hub = await testHub({ partners: { source: testPartner({ pull: { once } }) }, keys: [...OPERATOR_KEYS] });
  const { database, pipeline } = hub.hub;
  const due = () => duePulls(database, hub.clock.nowMs);
  const register = (scheduledMs?: number) =>
    registerPulls(database, [{ party: 'source', name: 'once', scheduledMs }], hub.clock.nowMs);
  const pull = async (): Promise<void> => {
    expect(await due()).toEqual([{ party: 'source', name: 'once' }]);
    await pipeline.pull('source', 'once');
  };
  try {
    await register();
    await pull();
    hub.clock.nowMs = Date.parse('2025-12-25T02:00:01+07:00');
    await pull();
    hub.clock.nowMs += 400 * 86_400_000;
    expect(await due()).toEqual([]);
    expect((await operatorOf(hub).get('parties/source')).body.pulls).toMatchObject([{ name: 'once', nextAt: null }]);
    await makePullsDue(database, 'source', ['once'], hub.clock.nowMs);
    await pull();
    await register();
    expect(await due()).toEqual([]);
    await register(hub.clock.nowMs + 3_600_000);
    await pull();
  } finally {
    await hub.close();
  }
});

test('a pull runs by its schedule after the clock was set back, or the schedule was changed', async () => {
  const next = async (): Promise<Page> => ({ bodies: [], checkpoint: null, more: false });
  const often = { schedule: '0 */5 * * * *', next, read: () => [] };
  const hub = await testHub({ partners: { source: testPartner({ pull: { often } }) } });
  const { database, pipeline } = hub.hub;
  const register = (schedule: string) => {
    const scheduledMs = nextRunMs(schedule, hub.clock.nowMs);
    return registerPulls(database, [{ party: 'source', name: 'often', scheduledMs }], hub.clock.nowMs);
  };
  const dueAfter = async (minutes: number) =>
    (await duePulls(database, hub.clock.nowMs + minutes * 60_000)).map(({ name }) => name);
  const HOURS = 3_600_000;
  try {
    await register(often.schedule);
    hub.clock.nowMs += 7 * HOURS;
    await pipeline.pull('source', 'often');
    hub.clock.nowMs -= 7 * HOURS;
    expect(await dueAfter(60)).toEqual([]);
    await register(often.schedule);
    expect([await dueAfter(0), await dueAfter(5)]).toEqual([[], ['often']]);
    await register('0 * * * * *');
    expect(await dueAfter(1)).toEqual(['often']);
  } finally {
    await hub.close();
  }
});

test('a pull that a killed process left runs again, also if the clock was set back since', async () => {
  let end: (page: Page) => void = () => undefined;
  const pages: Promise<Page>[] = [new Promise<Page>((resolve) => (end = resolve))];
  const last: Page = { bodies: [], checkpoint: 'read', more: false };
  const list = { schedule: '0 0 2 * * *', next: () => pages.pop() ?? Promise.resolve(last), read: () => [] };
  const hub = await testHub({ partners: { source: testPartner({ pull: { list } }) } });
  const { database, pipeline } = hub.hub;
  try {
    await makePullsDue(database, 'source', ['list'], hub.clock.nowMs);
    hub.clock.nowMs += 7 * 3_600_000;
    const left = pipeline.pull('source', 'list');
    await expect.poll(() => pages.length).toBe(0);
    hub.clock.nowMs -= 7 * 3_600_000;
    await pipeline.pull('source', 'list');
    const { rows } = await database.pool.query('SELECT last_at FROM pulls');
    expect(rows).toEqual([{ last_at: expect.any(String) }]);
    end(last);
    await left;
  } finally {
    await hub.close();
  }
});

describe('the content of a pull', () => {
  let hub: TestHub;
  let partner: ReturnType<typeof partnerWithTable>;
  let entries: Row[];
  beforeEach(async () => {
    entries = [];
    partner = partnerWithTable();
    partner.needs.service = true;
    const catalogue = {
      schedule: '0 0 2 * * *',
      next: async () => ({
        bodies: [{ body: Buffer.from(JSON.stringify(entries)), mediaType: 'application/json' }],
        checkpoint: null,
        more: false,
      }),
      read: (body: Uint8Array) =>
        (JSON.parse(Buffer.from(body).toString()) as Row[]).map(({ kind, ...row }) =>
          readItem(kind as 'service.upsert.v1' | 'dossier.upsert.v1', row),
        ),
    };
    hub = await testHub({
      partners: { portal: partner, ministry: testPartner({ pull: { catalogue } }) },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
    });
  });
  afterEach(() => hub.close());
  const pull = async (): Promise<void> => {
    await makePullsDue(hub.hub.database, 'ministry', ['catalogue'], hub.clock.nowMs);
    await hub.hub.pipeline.pull('ministry', 'catalogue');
  };

  test('a mapping from a dictionary sync releases the deliveries that waited for it', async () => {
    await hub.push(dossier({ serviceCode: '1.999999' }));
    await hub.deliver();
    const held = async () =>
      (await hub.hub.database.pool.query("SELECT count(*) AS n FROM deliveries WHERE state = 'held'")).rows[0].n;
    expect(await held()).toBe(1);
    hub.clock.nowMs += 1_000;
    entries = [{ kind: 'service.upsert.v1', code: '1.999999', name: 'Thủ tục mới', inForce: true }];
    await pull();
    await expect.poll(held).toBe(0);
    await hub.deliver();
    const states = async () => (await hub.hub.database.pool.query('SELECT state FROM deliveries')).rows;
    await expect.poll(states).toEqual([{ state: 'delivered' }]);
    expect(partner.codes).toEqual(['1']);
  });

  test('a pulled dossier gets the steps that waited for it', async () => {
    const code = 'H60.01-250812-0035';
    await hub.push(progress({ code }), { what: 'progress' });
    entries = [{ kind: 'dossier.upsert.v1', ...dossier({ code }) }];
    await pull();
    await expect.poll(async () => (await hub.read(`/api/v1/dossiers/${code}`)).body.status).toBe('processing');
  });
});
