import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY_MS, endOfTerm, startOfDay } from '#core/dates/dates';
import { isAtOrBelow, serviceKey } from '#core/identifiers/identifiers';
import { fold } from '#core/vietnamese/text';
import { filterOf } from '../../src/http/dossier-filter.ts';
import { type SoughtFilter, type WordQuery, wordQueryOf } from '../../src/index/dossier-filter.ts';
import { routedInCodeOrder } from '../../src/index/list.ts';
import { newestByWords } from '../../src/index/newest-by-words.ts';
import { newestOfDays } from '../../src/index/newest-of-days.ts';
import { newestOverdue } from '../../src/index/newest-overdue.ts';
import type { Place } from '../../src/index/newest-page.ts';
import { addFilterWords } from '../../src/index/reword.ts';
import { createDice } from '../../src/play/day/dice.ts';
import { planRowsOf } from '../bench/scale/plan-rows.ts';
import { dossier, type TestHub, testHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';

const NOW = Date.parse('2026-03-20T10:17:00+07:00');
const AGENCIES = ['H60.01', 'H60.01.02', 'H60.02', 'H60.108', '000.00.01.H60', '001.00.01.H60', '001.02.01.H60'];
const ASKED_AGENCIES = [...AGENCIES, 'H60', '000.02.01.H60', 'H61'];
const SERVICES = ['1.013225', '1.013226.000.00.00.H60', '2.000001'];
const FIELDS = ['G03-GD10', 'G15-HT01', undefined];
const STATUSES = ['received', 'processing', 'supplement-required', 'resolved', 'returned'];
const OPEN = ['submitted', 'received', 'processing', 'supplement-required', 'payment-required'];
const CHANNELS = ['online', 'counter', 'post', undefined];
const NAMES = ['Nguyễn Thị Hương', 'Nguyễn Văn An', 'Trần Thị Ánh', 'Lê Ngọc Ánh', 'Phạm Đức Bình'];
const COUNT = 2_600;

/** More dossiers than a walk over the newest ones sees, most of them of the last days. */
describe('any filter finds what a scan of all dossiers finds', () => {
  let hub: TestHub;
  const dice = createDice(16);
  const records: Record<string, Json>[] = [];

  beforeAll(async () => {
    hub = await testHub({ nowMs: NOW });
    for (let n = 0; n < COUNT; n++) records.push(invented(n));
    for (let from = 0; from < COUNT; from += 200) await hub.push(records.slice(from, from + 200));
    await hub.hub.database.pool.query('ANALYZE dossiers');
  });
  afterAll(() => hub.close());

  function invented(n: number): Record<string, unknown> {
    const isOld = dice.next() < 0.3;
    const atMs = NOW - Math.floor(dice.next() * (isOld ? 700 : 4) * DAY_MS);
    return dossier({
      ...{ code: `H60.01-250812-${String(n).padStart(4, '0')}`, status: dice.pick(STATUSES) },
      ...{ statusAt: instant(atMs), receivedAt: instant(atMs - dice.whole(0, 40) * DAY_MS) },
      ...{ dueAt: dueAt(n, atMs + dice.whole(-20, 10) * DAY_MS), agencyCode: dice.pick(AGENCIES) },
      ...{ serviceCode: dice.pick(SERVICES), fieldCode: dice.pick(FIELDS), channel: dice.pick(CHANNELS) },
      applicant: { kind: 'citizen', name: dice.next() < 0.002 ? 'Quách Tú Uyên' : dice.pick(NAMES) },
    });
  }

  /** Some due days are without a time. */
  function dueAt(n: number, ms: number): string {
    return n % 3 === 0 ? startOfDay(instant(ms).slice(0, 10)) : instant(ms);
  }

  /** Each member with a chance of a third, or the period alone. */
  function randomQuery(): Record<string, string> {
    const may = (query: Record<string, string>): Record<string, string> => (dice.next() < 0.33 ? query : {});
    const days = dice.whole(0, 600);
    const received = {
      ...may({ receivedFrom: instant(NOW - (days + dice.whole(0, 90)) * DAY_MS).slice(0, 10) }),
      ...may({ receivedTo: instant(NOW - days * DAY_MS).slice(0, 10) }),
    };
    if (dice.next() < 0.2) return received;
    return {
      ...received,
      ...may({ status: dice.next() < 0.5 ? dice.pick(STATUSES) : 'processing,returned' }),
      ...may({ agency: dice.pick(ASKED_AGENCIES) }),
      ...may({ service: dice.pick(SERVICES) }),
      ...may({ field: dice.pick(['G03-GD10', 'G15-HT01', 'G99-XX01']) }),
      ...may({ channel: dice.pick(['online', 'counter', 'post']) }),
      ...may({ due: 'overdue' }),
      ...may({ party: dice.pick(['one-stop', 'other']) }),
      ...may({
        q: dice.pick([
          'nguyen',
          'Thị Ánh',
          'ngoc anh',
          'nguyen t',
          'Thị A',
          'Quách Tú Uy',
          '00',
          'H60.01-250812-0100',
          '–',
        ]),
      }),
    };
  }

  function passes(record: Record<string, Json>, query: Record<string, string>): boolean {
    const { status, agency, service, field, channel, receivedFrom, receivedTo, due, party, q } = query;
    return (
      (status === undefined || status.split(',').includes(record.status)) &&
      (agency === undefined || isAtOrBelow(record.agencyCode, agency)) &&
      (service === undefined || serviceKey(record.serviceCode) === serviceKey(service)) &&
      (field === undefined || record.fieldCode === field) &&
      (channel === undefined || record.channel === channel) &&
      (receivedFrom === undefined || record.receivedAt >= `${receivedFrom}T00:00:00+07:00`) &&
      (receivedTo === undefined || record.receivedAt < `${receivedTo}T24`) &&
      (due === undefined || (endOfTerm(record.dueAt) < instant(NOW) && OPEN.includes(record.status))) &&
      (party === undefined || party === 'one-stop') &&
      (q === undefined || matches(record, q))
    );
  }

  /** All words, the last one and numbers as beginnings, in the name or at a part of the code. */
  function matches(record: Record<string, Json>, q: string): boolean {
    const words = fold(record.applicant.name).split(' ');
    const code = record.code.toLowerCase();
    const tails = [code, ...[...code.matchAll(/[.-]/g)].map(({ index }) => code.slice(index + 1))];
    const asked = fold(q)
      .split(' ')
      .filter((word) => /[a-z0-9]/.test(word));
    return (
      asked.length > 0 &&
      asked.every((word, at) => {
        const isCut = at === asked.length - 1 || /\d/.test(word);
        return [...words, ...tails].some((one) => one === word || (isCut && one.startsWith(word)));
      })
    );
  }

  function expected(query: Record<string, string>): readonly string[] {
    return records
      .filter((record) => passes(record, query))
      .sort((a, b) => (a.statusAt === b.statusAt ? (a.code < b.code ? -1 : 1) : a.statusAt < b.statusAt ? 1 : -1))
      .map(({ code }) => code);
  }

  async function listed(query: Record<string, string>, limit: number, pages: number): Promise<readonly string[]> {
    const codes: string[] = [];
    let cursor = '';
    for (let page = 0; page < pages; page++) {
      const all = new URLSearchParams({ ...query, limit: String(limit), ...(cursor && { cursor }) });
      const { status, body } = await hub.read(`/api/v1/dossiers?${all}`);
      expect(status, JSON.stringify(body)).toBe(200);
      codes.push(...body.items.map(({ code }: { code: string }) => code));
      if (!body.next) break;
      cursor = body.next;
    }
    return codes;
  }

  async function compareSome(count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      const query = randomQuery();
      const limit = dice.pick([7, 50, 200]);
      const pages = 4;
      const all = expected(query);
      expect(await listed(query, limit, pages), JSON.stringify({ query, limit })).toEqual(all.slice(0, pages * limit));
    }
  }

  test('page by page, newest first', () => compareSome(150));

  test('through the days of a period, page by page', async () => {
    for (let n = 0; n < 60; n++) {
      const receivedTo = instant(NOW - dice.whole(0, 60) * DAY_MS).slice(0, 10);
      const asked: Record<string, string> = { receivedTo, ...randomQuery() };
      const { q: _, ...query } = asked;
      const limit = dice.pick([7, 50, 200]);
      const found: { code: string; statusAt: string }[] = [];
      for (let page = 0; page < 4; page++) found.push(...(await ofDays(query, limit, found.at(-1))));
      expect(
        found.map(({ code }) => code),
        JSON.stringify({ query, limit }),
      ).toEqual(expected(query).slice(0, 4 * limit));
    }
  });

  /** The list takes this way only where many thousands match. */
  function ofDays(query: Record<string, string>, limit: number, after: Place | undefined) {
    const { q: _, ...filter } = filterOf(query, NOW);
    const columns = sql<{ code: string; statusAt: string }>`code, status_at AS "statusAt"`;
    return newestOfDays(hub.hub.database, filter, { limit, after, columns });
  }

  test('through periods with many matches, page by page', async () => {
    for (let n = 0; n < 60; n++) {
      const {
        q: _,
        due: __,
        ...query
      } = { agency: dice.pick(ASKED_AGENCIES), ...randomQuery() } as Record<string, string>;
      const limit = dice.pick([7, 50, 200]);
      const found: { code: string; statusAt: string }[] = [];
      for (let page = 0; page < 4; page++) found.push(...(await byWords(query, limit, found.at(-1))));
      expect(
        found.map(({ code }) => code),
        JSON.stringify({ query, limit }),
      ).toEqual(expected(query).slice(0, 4 * limit));
    }
  });

  /** With a walk or a larger gathering in each period of more than twenty matches. */
  async function byWords(query: Record<string, string>, limit: number, after: Place | undefined) {
    const filter = filterOf(query, NOW) as SoughtFilter;
    const columns = sql<{ code: string; statusAt: string }>`code, status_at, status_at AS "statusAt"`;
    const { words } = (await wordQueryOf(hub.hub.database, filter)) as WordQuery;
    const sought = { words, days: dice.pick([1, 5, 80]), mostDays: dice.pick([16, undefined]) };
    return newestByWords(hub.hub.database, filter, sought, { limit, after, columns }, 20);
  }

  test('overdue dossiers, by a walk through days and then by their words', async () => {
    for (let n = 0; n < 60; n++) {
      const { q: _, ...query } = { ...randomQuery(), due: 'overdue' } as Record<string, string>;
      const [limit, most] = [dice.pick([7, 50, 200]), dice.pick([1, 20, 100_000])];
      const found: { code: string; statusAt: string }[] = [];
      for (let page = 0; page < 4; page++) found.push(...(await overdue(query, limit, found.at(-1), most)));
      expect(
        found.map(({ code }) => code),
        JSON.stringify({ query, limit, most }),
      ).toEqual(expected(query).slice(0, 4 * limit));
    }
  });

  /** With a walk that the words follow after this number of overdue dossiers. */
  function overdue(query: Record<string, string>, limit: number, after: Place | undefined, most: number) {
    const filter = filterOf(query, NOW) as SoughtFilter;
    const columns = sql<{ code: string; statusAt: string }>`code, status_at, status_at AS "statusAt"`;
    return newestOverdue(hub.hub.database, filter, { limit, after, columns }, most);
  }

  test('to the last page', async () => {
    for (const query of [{ agency: 'H60.01' }, { q: 'nguyen' }, { status: 'resolved', field: 'G03-GD10' }, {}])
      expect(await listed(query, 200, 20), JSON.stringify(query)).toEqual(expected(query));
  });

  test('a period with an open end reads hardly more than one with both ends', async () => {
    const day = (days: number): string => instant(NOW - days * DAY_MS).slice(0, 10);
    const rowsOf = async (query: Record<string, string>): Promise<number> =>
      (await planRowsOf(() => hub.read(`/api/v1/dossiers?${new URLSearchParams(query)}`))).rows;
    for (const [open, end] of [
      [{ channel: 'post', receivedTo: day(690) }, { receivedFrom: day(760) }],
      [{ due: 'overdue', receivedFrom: day(1) }, { receivedTo: day(0) }],
      [{ due: 'overdue', receivedFrom: day(-30) }, { receivedTo: day(-30) }],
      [{ agency: 'H60.01', receivedFrom: day(-30) }, { receivedTo: day(-30) }],
    ] as const)
      expect(await rowsOf(open), JSON.stringify(open)).toBeLessThanOrEqual((await rowsOf({ ...open, ...end })) + 10);
    const inCodeOrder = async (query: Record<string, string>): Promise<number> => {
      const filter = filterOf(query, NOW) as SoughtFilter;
      return (await planRowsOf(() => routedInCodeOrder(hub.hub.database, filter, 50, ''))).rows;
    };
    const both = await inCodeOrder({ receivedFrom: day(760), receivedTo: day(690) });
    expect(await inCodeOrder({ receivedTo: day(690) })).toBeLessThanOrEqual(both + 10);
  });

  test('while rows of an older version have no words of filters, and after they got them', async () => {
    const { pool } = hub.hub.database;
    const words = async (): Promise<unknown> =>
      (await pool.query('SELECT code, search::text FROM dossiers ORDER BY code')).rows;
    const before = await words();
    await pool.query(`UPDATE dossiers SET search = array_to_tsvector(
      ARRAY(SELECT word FROM unnest(tsvector_to_array(search)) AS word WHERE NOT starts_with(word, '=')))`);
    await pool.query(`INSERT INTO rewording VALUES ('')`);
    expect(await words()).not.toEqual(before);
    await compareSome(40);
    expect(await addFilterWords(hub.hub.database)).toBe(COUNT);
    expect(await words()).toEqual(before);
    await compareSome(20);
  });
});

function instant(ms: number): string {
  return `${new Date(ms + 7 * 3_600_000).toISOString().slice(0, 19)}+07:00`;
}
