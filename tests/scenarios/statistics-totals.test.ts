import type { Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY_MS } from '#core/dates/dates';
import { monthsBetween } from '#core/dates/reporting-period';
import { isAtOrBelow } from '#core/identifiers/identifiers';
import { COLUMNS, type Column, GROUPS, type Group } from '#core/statistics/columns';
import { FACT_TOTALS } from '#core/statistics/fact-totals';
import { DEFECTS, type Fact, factsIn } from '#core/statistics/facts';
import { RULES, type Rule } from '#core/statistics/rules';
import { fewAtOnce } from '../../src/concurrency/batch-calls.ts';
import { up as fillFactTotals } from '../../src/database/migrations/061-fact-totals.ts';
import { createCountedDossiersReader } from '../../src/statistics/dossiers-reader.ts';
import { createReportNumbers } from '../../src/statistics/report-numbers.ts';
import { type CountedDirectly, countDirectly, lineOf } from '../support/counted-directly.ts';
import { dossier, progress, type TestHub, testHub } from '../support/hub.ts';

const NOW = Date.parse('2026-03-20T10:17:00+07:00');
const AGENCIES = ['H60.01', 'H60.01.02', 'H60.02', '000.00.01.H60', '001.00.01.H60'];
const RESULTS = [{ name: 'K', url: 'https://tep.example.test/1', code: 'K1' }];
const SERVICES = ['1.013225', '1.013226', '2.000001'];

/** The same numbers in each run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('running totals equal a direct count', () => {
  let hub: TestHub;
  const random = seeded(766);
  const upTo = (n: number): number => Math.floor(random() * n);
  const oneOf = <T>(list: readonly T[]): T => list[upTo(list.length)] as T;
  /** A moment of the last two years, or of the next months. */
  const moment = (fromDays: number, toDays: number): string =>
    instant(NOW + (fromDays + random() * (toDays - fromDays)) * DAY_MS);
  const codes: string[] = [];
  const records = new Map<string, Record<string, unknown>>();

  beforeAll(async () => {
    hub = await testHub({ nowMs: NOW });
    for (let n = 1; n <= 220; n++) codes.push(`H60.01-240301-${String(n).padStart(4, '0')}`);
    await hub.push(codes.map(newDossier));
    for (let round = 0; round < 4; round++) await change();
  });
  afterAll(() => hub.close());

  function newDossier(code: string): Record<string, unknown> {
    const receivedAt = moment(-740, 0);
    const supplements = [{ id: '1', requestedAt: later(receivedAt, 2), receivedAt: later(receivedAt, 4) }];
    const record = dossier({
      ...{ code, receivedAt, status: oneOf(['received', 'processing', 'submitted']), statusAt: receivedAt },
      ...{
        agencyCode: oneOf(AGENCIES),
        serviceCode: oneOf(SERVICES),
        channel: oneOf(['online', 'counter', 'post', undefined]),
      },
      ...{ fieldCode: oneOf([undefined, 'G03-GD10']), dueAt: oneOf([undefined, later(receivedAt, 10)]) },
      ...{ databases: oneOf([undefined, ['1']]), fees: oneOf([[], [{ amountVnd: 20_000 }]]) },
      ...{ onlinePayment: oneOf(['province', 'none']), results: oneOf([[], RESULTS]) },
      documents: oneOf([[], [{ name: 'A', digitised: true, fromNationalStore: false }]]),
      ...(random() < 0.3 && { supplements }),
    });
    records.set(code, record);
    return record;
  }

  /** Late and early steps, corrections and moves to other agencies. */
  async function change(): Promise<void> {
    const some = codes.filter(() => random() < 0.5);
    const steps = some.map((code) => {
      const { receivedAt } = records.get(code) as { receivedAt: string };
      const status = oneOf([
        'processing',
        'supplement-required',
        'resolved',
        'returned',
        'stopped',
        'refused',
        'withdrawn',
      ]);
      return progress({ code, status, at: later(receivedAt, 30) });
    });
    await hub.push(
      steps.filter(({ at }) => (at as string) <= instant(NOW + DAY_MS / 2)),
      { what: 'progress' },
    );
    await hub.read('/api/v1/statistics');
    const corrected = codes
      .filter(() => random() < 0.2)
      .map((code) => {
        const record = {
          ...records.get(code),
          agencyCode: oneOf(AGENCIES),
          dueAt: moment(-700, 60),
          statusAt: moment(-100, 0),
        };
        // Some sources report ends that have not come.
        const ahead = random() < 0.5 ? { dueAt: moment(0, 20), finishedAt: moment(20, 50) } : {};
        const finished = random() < 0.3 ? { status: 'resolved', finishedAt: moment(-300, 30), ...ahead } : {};
        records.set(code, { ...record, ...finished });
        return { ...record, ...finished };
      });
    await hub.push(corrected);
  }

  const later = (at: string, days: number): string => instant(Date.parse(at) + random() * days * DAY_MS);

  async function countedDossiers(): Promise<readonly CountedDirectly[]> {
    const { rows } = await hub.hub.database.pool.query(
      'SELECT c.*, k.agency_code, k.field_code, k.service_key, k.channel FROM counted c JOIN total_cells k ON k.id = c.cell',
    );
    const ms = (at: string | null) => (at === null ? null : Date.parse(at));
    return rows.map((row) => ({
      ...{
        code: row.code,
        agency: row.agency_code,
        field: row.field_code || null,
        service: row.service_key,
        channel: row.channel,
      },
      by: Object.fromEntries(
        RULES.map((rule) => [
          rule,
          {
            ...{ began: ms(row[`began_${rule}`]), ended: ms(row[`ended_${rule}`]) },
            ...{ late: ms(row[`late_${rule}`]), grade: row[`grade_${rule}`] },
          },
        ]),
      ) as CountedDirectly['by'],
    }));
  }

  interface Question {
    readonly rule: Rule;
    readonly by: Group;
    readonly from: string;
    readonly to: string;
    readonly agency?: string;
    readonly field?: string;
    readonly service?: string;
  }

  function question(): Question {
    const [one, other] = [moment(-760, 60), moment(-760, 60)].sort() as [string, string];
    const startOf = (at: string) => (random() < 0.7 ? `${at.slice(0, 10)}T00:00:00+07:00` : at);
    const endOf = (at: string) => (random() < 0.7 ? `${at.slice(0, 10)}T23:59:59.999+07:00` : at);
    return {
      ...{ rule: oneOf(RULES), by: oneOf(GROUPS), from: startOf(one), to: endOf(other) },
      ...(random() < 0.4 && { agency: oneOf([...AGENCIES, 'H60']) }),
      ...(random() < 0.2 && { field: 'G03-GD10' }),
      ...(random() < 0.3 && { service: oneOf(SERVICES) }),
    };
  }

  async function read(path: string, asked: Question, more: Record<string, string> = {}) {
    const { status, body } = await hub.read(`${path}?${new URLSearchParams({ ...asked, ...more, limit: '200' })}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return body;
  }

  function matching(dossiers: readonly CountedDirectly[], { agency, field, service }: Question) {
    return dossiers.filter(
      (one) =>
        (agency === undefined || isAtOrBelow(one.agency, agency)) &&
        (field === undefined || one.field === field) &&
        (service === undefined || one.service === service),
    );
  }

  /** Each line with its numbers, in the order of the answer. */
  function expectedLines(dossiers: readonly CountedDirectly[], { rule, by, from, to }: Question) {
    const numbers = (of: readonly CountedDirectly[], first: string, last: string) =>
      countsOf(countDirectly(of, { rule, fromMs: Date.parse(first), toMs: Date.parse(last), nowMs: NOW }));
    if (by === 'month')
      return monthsBetween(from, to)
        .filter((month) => Date.parse(month.from) <= NOW)
        .map((month) => [month.key, numbers(dossiers, month.from, month.to)]);
    const keys = [...new Set(dossiers.map((one) => lineOf(one, by)))].sort(
      (a, b) => Number(a === null) - Number(b === null) || ((a as string) < (b as string) ? -1 : 1),
    );
    return keys
      .map(
        (key) =>
          [
            key,
            numbers(
              dossiers.filter((one) => lineOf(one, by) === key),
              from,
              to,
            ),
          ] as const,
      )
      .filter(([, [all]]) => (all as number) > 0);
  }

  async function compare(count: number): Promise<void> {
    const dossiers = await countedDossiers();
    for (let n = 0; n < count; n++) {
      const asked = question();
      const found = matching(dossiers, asked);
      const { total, items } = await read('/api/v1/statistics', asked);
      const period = { rule: asked.rule, fromMs: Date.parse(asked.from), toMs: Date.parse(asked.to), nowMs: NOW };
      const directly = countDirectly(found, period);
      expect([asked, numbersIn(total)]).toEqual([asked, countsOf(directly)]);
      expect([asked, items.map((line: Line & { key: string }) => [line.key, numbersIn(line)])]).toEqual([
        asked,
        expectedLines(found, asked),
      ]);
      const column = oneOf(COLUMNS);
      const listed = await read('/api/v1/statistics/dossiers', asked, { column });
      expect([asked, column, listed.items.map(({ code }: { code: string }) => code)]).toEqual([
        ...[asked, column],
        [...directly[column]].sort().slice(0, 200),
      ]);
    }
  }

  /** All pages of the dossiers behind one number, as where there are too many dossiers to gather all of them. */
  async function walked(asked: Question, column: Column, key: string | null | undefined): Promise<readonly string[]> {
    const { agency, field, service, ...period } = asked;
    const readDossiers = createCountedDossiersReader(hub.hub.database, fewAtOnce(1), oneOf([0, 10]));
    const codes: string[] = [];
    for (;;) {
      const of = { ...period, filter: { agency, field, service }, now: instant(NOW), column, key };
      const page = await readDossiers({ ...of, after: codes.at(-1) ?? '', limit: 7 });
      codes.push(...page);
      if (page.length < 7) return codes;
    }
  }

  async function compareWalks(count: number): Promise<void> {
    const dossiers = await countedDossiers();
    for (let n = 0; n < count; n++) {
      const asked = question();
      const found = matching(dossiers, asked);
      const { by, rule } = asked;
      const key = by === 'month' || random() < 0.3 ? undefined : oneOf(dossiers.map((one) => lineOf(one, by)));
      const ofLine = key === undefined ? found : found.filter((one) => by !== 'month' && lineOf(one, by) === key);
      const period = { rule, fromMs: Date.parse(asked.from), toMs: Date.parse(asked.to), nowMs: NOW };
      const column = oneOf(COLUMNS);
      const expected = [...countDirectly(ofLine, period)[column]].sort();
      expect([asked, column, key, await walked(asked, column, key)]).toEqual([asked, column, key, expected]);
    }
  }

  interface Facts {
    readonly code: string;
    readonly agency: string;
    readonly isOnline: boolean;
    readonly facts: ReadonlySet<Fact>;
    readonly began: string | null;
    readonly ended: string | null;
  }

  async function factsOfDossiers(): Promise<readonly Facts[]> {
    const { rows } = await hub.hub.database.pool.query(
      `SELECT c.code, k.agency_code AS agency, k.channel = 'online' AS "isOnline", c.facts, c.began_766 AS began,
         c.ended_766 AS ended FROM counted c JOIN total_cells k ON k.id = c.cell ORDER BY 2, 1`,
    );
    return rows.map((row) => ({ ...row, facts: new Set(factsIn(row.facts)) }));
  }

  /** The numbers of reports on facts, and the dossiers behind them, as a reader of every dossier finds them. */
  async function compareFacts(count: number): Promise<void> {
    const dossiers = await factsOfDossiers();
    const numbers = createReportNumbers(hub.hub.database);
    for (let n = 0; n < count; n++) {
      const [first, last] = [moment(-760, 60), moment(-760, 60)].sort() as [string, string];
      const [from, to] = [`${first.slice(0, 10)}T00:00:00+07:00`, `${last.slice(0, 10)}T23:59:59.999+07:00`];
      const period = { from, to, now: instant(NOW) };
      const isIn = (at: string | null) =>
        at !== null && Date.parse(at) >= Date.parse(from) && Date.parse(at) <= Date.parse(to);
      const began = dossiers.filter((one) => isIn(one.began));
      const ended = dossiers.filter((one) => isIn(one.ended));
      const withAll = (of: readonly Facts[], ...all: Fact[]) =>
        of.filter((one) => all.every((fact) => one.facts.has(fact)));
      const expected: Readonly<Record<string, readonly Facts[]>> = {
        received: began,
        online: began.filter((one) => one.isOnline),
        payable: withAll(began, 'payable'),
        paidOnline: withAll(began, 'payable', 'paidOnline'),
        done: withAll(ended, 'done'),
        digitised: withAll(ended, 'done', 'digitised'),
        reused: withAll(ended, 'done').filter(({ facts }) =>
          (['reused', 'fromStore', 'database'] as const).some((fact) => facts.has(fact)),
        ),
        paper: withAll(ended, 'paper'),
        digitalResult: withAll(ended, 'paper', 'digitalResult'),
      };
      const agencies = [...new Set([...began, ...ended].map(({ agency }) => agency))].sort();
      const lines = agencies.map((key) => ({
        ...{ key, name: null },
        ...Object.fromEntries(
          Object.entries(expected).map(([name, of]) => [name, of.filter(({ agency }) => agency === key).length]),
        ),
      }));
      expect([from, to, (await numbers.online(period)).lines]).toEqual([from, to, lines]);
      const key = random() < 0.5 ? undefined : oneOf(AGENCIES);
      const ofKey = (of: readonly Facts[]) => of.filter(({ agency }) => key === undefined || agency === key);
      const column = oneOf(Object.keys(expected));
      const wanted = { report: 'online-services', column, key } as const;
      const behind = ofKey(expected[column] ?? []).map(({ agency, code }) => [agency, code]);
      const listed: string[][] = [];
      for (let after: [string, string, string] | undefined, size = 7; size === 7; ) {
        const page = await numbers.readRecordsOf(period, { ...wanted, after, limit: 7 });
        listed.push(...page.map((one) => [one.key, one.code]));
        const end = page.at(-1);
        [after, size] = [end && [end.key, end.what, end.code], page.length];
      }
      expect([period, wanted, listed]).toEqual([period, wanted, behind]);
      expect(await numbers.countRecordsOf(period, wanted)).toBe(behind.length);
      const lacking = ofKey(dossiers.filter((one) => isIn(one.began) || isIn(one.ended))).filter(({ facts }) =>
        DEFECTS.some((fact) => facts.has(fact)),
      );
      const fields = await numbers.fields(period, { agency: key, limit: 1_000 });
      expect([period, key, fields.map(({ code }) => code)]).toEqual([period, key, lacking.map(({ code }) => code)]);
      expect([period, key, await numbers.countFields(period, key)]).toEqual([period, key, lacking.length]);
    }
  }

  const totals = async () => {
    const tables = ['agency_totals', 'service_totals', 'field_totals', 'cell_totals'];
    const pool = hub.hub.database.pool;
    const rows = await Promise.all(tables.map((table) => pool.query(`SELECT to_json(t) AS row FROM ${table} t`)));
    return rows.map((found) =>
      found.rows
        .map(({ row }) => JSON.stringify(row))
        .filter((row) => /_(?:766|opencps|td)":-?\d/.test(row))
        .sort(),
    );
  };

  test('for any question, after late steps, corrections and moves', async () => {
    await hub.read('/api/v1/statistics');
    await compare(120);
  });

  test('and so do the totals of facts, and the dossiers that reports list', async () => {
    await hub.read('/api/v1/statistics');
    await compareFacts(60);
  });

  test('and so do the dossiers behind a number, found in the order of their codes', async () => {
    await hub.read('/api/v1/statistics');
    await compareWalks(120);
  });

  test('and are the same when all dossiers are counted again, and when they are filled from nothing', async () => {
    await hub.read('/api/v1/statistics');
    const before = await totals();
    const pool = hub.hub.database.pool;
    await pool.query("UPDATE counted_state SET filled_to = ''");
    await hub.read('/api/v1/statistics');
    expect(await totals()).toEqual(before);
    await pool.query(`UPDATE counted SET cell = NULL, changes = '{}'; UPDATE counted_state SET filled_to = '';
      TRUNCATE agency_totals, service_totals, field_totals, cell_totals, code_ranges`);
    await hub.read('/api/v1/statistics');
    expect(await totals()).toEqual(before);
    await compareWalks(20);
    await compareFacts(10);
  });

  test('and after a rebuild that restores removed and invented dossiers', async () => {
    await hub.read('/api/v1/statistics');
    const before = await totals();
    const pool = hub.hub.database.pool;
    await pool.query('DELETE FROM dossiers WHERE code = ANY($1::text[])', [codes.slice(0, 20)]);
    await pool.query(`UPDATE dossiers SET code = code || '9' WHERE code = ANY($1::text[])`, [codes.slice(20, 30)]);
    await pool.query("UPDATE counted_state SET filled_to = ''");
    await hub.read('/api/v1/statistics');
    expect(await totals()).not.toEqual(before);
    await hub.hub.rebuild({ swap: true });
    await hub.read('/api/v1/statistics');
    expect(await totals()).toEqual(before);
    await compare(20);
  });

  test('and those of facts are the same when the migration fills them from the counted dossiers', async () => {
    await hub.read('/api/v1/statistics');
    const before = await totals();
    const pool = hub.hub.database.pool;
    const facts = FACT_TOTALS.map((total) => `DROP COLUMN ${total}`).join(', ');
    await pool.query(`ALTER TABLE agency_totals ${facts}; DROP INDEX counted_lacking;
      CREATE INDEX counted_began ON counted (began_766); CREATE INDEX counted_ended ON counted (ended_766)`);
    await hub.hub.database.query.transaction().execute((tx) => fillFactTotals(tx as unknown as Kysely<unknown>));
    expect(await totals()).toEqual(before);
  });
});

interface Line {
  readonly received: { total: number; online: number; direct: number; carriedOver: number };
  readonly resolved: { total: number; early: number; onTime: number; late: number };
  readonly pending: { total: number; withinTerm: number; late: number };
}

function numbersIn({ received, resolved, pending }: Line): readonly number[] {
  return [
    ...[received.total, received.online, received.direct, received.carriedOver],
    ...[resolved.total, resolved.early, resolved.onTime, resolved.late],
    ...[pending.total, pending.withinTerm, pending.late],
  ];
}

function countsOf(found: Readonly<Record<Column, readonly string[]>>): readonly number[] {
  return COLUMNS.map((column) => found[column].length);
}

function instant(ms: number): string {
  return `${new Date(Math.round(ms / 1_000) * 1_000 + 7 * 3_600_000).toISOString().slice(0, 19)}+07:00`;
}
