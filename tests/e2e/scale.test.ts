import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Hub } from '../../src/hub.ts';
import { createReportNumbers } from '../../src/statistics/report-numbers.ts';
import { prepareHub } from '../bench/catalogue.ts';
import { pathsOf } from '../bench/scale/ask.ts';
import { fill, fillServices } from '../bench/scale/fill.ts';
import { planRowsOf } from '../bench/scale/plan-rows.ts';
import { createProvince } from '../bench/scale/province.ts';
import { questionsAbout } from '../bench/scale/questions.ts';
import { createStage, getInside, openHub, type Stage, untilCounted } from '../bench/scale/stage.ts';
import { createStories } from '../bench/scale/stories.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

const DOSSIERS = 20_000;
/** A page of 50: a walk of 200 rows, its end, perhaps 2,500 rows more, and what the search index finds behind it. */
const MOST_ROWS = 4_500;
/** A page of 200 has a longer walk. A period has a row for each of its days. A report has few totals of each line. */
const MOST_OF_LARGE = 8_000;
/** A row in the order of lists may lie in a page of its own, and a dossier behind a number has an index probe or two. */
const MOST_PAGES = 4_500;
/** The exact total of a part of the field report reads its dossiers, 10,000 at most. */
const MOST_WITH_TOTAL = 15_000;
/** A page of dossiers with some facts, and the totals of their agencies. */
const MOST_OF_FACTS = 2_000;
const LOADED_WITHIN_MS = 600_000;
function boundsOf(name: string): { readonly mostRows: number; readonly mostPages: number } {
  if (/missing fields/.test(name)) return { mostRows: MOST_WITH_TOTAL, mostPages: MOST_WITH_TOTAL / 2 };
  const isLarge = /200|half a year|period only|statistics|report:/.test(name);
  return { mostRows: isLarge ? MOST_OF_LARGE : MOST_ROWS, mostPages: MOST_PAGES };
}

const NOW = Date.now();
const province = createProvince();
const stories = createStories(DOSSIERS, province, NOW);
const QUESTIONS = questionsAbout(stories, province, NOW);

/** Filters that the questions of bench:scale do not combine, common ones and rare ones. */
const COMBINATIONS: readonly Readonly<Record<string, string>>[] = [
  { party: 'one-stop' },
  { party: 'nobody' },
  { channel: 'counter' },
  { channel: 'post' },
  { channel: 'post', party: 'one-stop', status: 'returned' },
  { status: 'refused,withdrawn,stopped' },
  { status: 'received,resolved' },
  { status: 'submitted' },
  { status: 'processing', channel: 'post' },
  { due: 'overdue', channel: 'post' },
  { due: 'overdue', status: 'supplement-required,payment-required' },
  { due: 'overdue', receivedFrom: dayBefore(3) },
  { due: 'overdue', receivedTo: dayBefore(700) },
  { due: 'overdue', q: 'nguyen thi' },
  { channel: 'post', receivedFrom: dayBefore(90) },
  { channel: 'post', receivedTo: dayBefore(700) },
  { channel: 'post', receivedFrom: dayBefore(-1) },
  { q: 'nguyen', channel: 'post', status: 'withdrawn' },
  { q: 'nguyen van', receivedTo: dayBefore(650) },
  { q: 'nguyen van', receivedFrom: dayBefore(400), receivedTo: dayBefore(370) },
  { q: 'zzz', party: 'one-stop' },
];

function dayBefore(days: number): string {
  return new Date(NOW - days * 86_400_000).toISOString().slice(0, 10);
}

describe('a page or a report costs what it shows, however many dossiers there are', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-scale-'));
  let database: TestDatabase;
  let stage: Stage;
  let hub: Hub;

  beforeAll(async () => {
    database = await testDatabase();
    stage = createStage(folder, database.url);
    await prepareHub({ ...stage.settings, HUB_ROLES: 'api' });
    hub = await openHub(stage);
    await fillServices(hub, province);
    await fill(hub, stories, () => undefined);
    await untilCounted(getInside(hub, stage), () => undefined);
    await hub.database.pool.query('VACUUM ANALYZE');
  }, LOADED_WITHIN_MS);
  afterAll(async () => {
    await hub.stop();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(QUESTIONS)('$name', async (question) => {
    const get = getInside(hub, stage);
    const { mostRows, mostPages } = boundsOf(question.name);
    let all = 0;
    for (const path of (await pathsOf(get, question)).slice(0, 4)) {
      const { rows, pages, worst } = await planRowsOf(() => get(path));
      expect(rows, `${path} read ${rows} rows, most of them by ${worst}`).toBeLessThanOrEqual(mostRows);
      expect(pages, `${path} read ${pages} pages of 8 KB, most rows by ${worst}`).toBeLessThanOrEqual(mostPages);
      all += rows;
    }
    expect(all).toBeGreaterThan(0);
  });

  test.each(COMBINATIONS)('a list of %o', async (filter) => {
    const path = `/api/v1/dossiers?${new URLSearchParams(filter)}`;
    const { rows, pages, worst } = await planRowsOf(() => getInside(hub, stage)(path));
    expect(rows, `${path} read ${rows} rows, most of them by ${worst}`).toBeLessThanOrEqual(MOST_ROWS);
    expect(pages, `${path} read ${pages} pages of 8 KB, most rows by ${worst}`).toBeLessThanOrEqual(MOST_PAGES);
  });

  test('a page of the field report of a year, and of the dossiers behind a number', async () => {
    const numbers = createReportNumbers(hub.database);
    const year = Number(new Date(NOW).toISOString().slice(0, 4)) - 1;
    const now = new Date(NOW).toISOString();
    const period = { from: `${year}-01-01T00:00:00+07:00`, to: `${year}-12-31T23:59:59.999+07:00`, now };
    const behind = {
      report: 'online-services',
      column: 'digitised',
      key: undefined,
      after: undefined,
      limit: 51,
    } as const;
    const reads = [
      () => numbers.fields(period, { agency: undefined, limit: 51 }),
      () => numbers.readRecordsOf(period, behind),
      () => numbers.countRecordsOf(period, behind),
    ];
    for (const read of reads) {
      const { rows, pages, worst } = await planRowsOf(read);
      expect(rows, worst).toBeLessThanOrEqual(MOST_OF_FACTS);
      expect(pages, worst).toBeLessThanOrEqual(MOST_OF_FACTS);
    }
  });

  test('officers find the deliveries of a rare reason', async () => {
    await hub.database.pool.query(
      `INSERT INTO deliveries (party, operation, subject, seq, message_id, state, created_at, next_at)
       SELECT 'portal', 'dossier.upsert.v1', 'H60-' || n, 1, gen_random_uuid(), 'delivered', now(), now()
       FROM generate_series(1, 20000) n`,
    );
    await hub.database.pool.query('VACUUM ANALYZE deliveries');
    const { rows, worst } = await planRowsOf(() => hub.ledger.deliveries({ reason: 'rare' }, 51, undefined));
    expect(rows, worst).toBeLessThanOrEqual(MOST_ROWS);
  });

  test('four dossiers fit into a page of the table, each with its content', async () => {
    const { rows } = await hub.database.pool.query<{ bytes: number; moved: number }>(
      `SELECT avg(pg_column_size(d.*))::float8 AS bytes, pg_relation_size(reltoastrelid)::int4 AS moved
       FROM dossiers d, pg_class WHERE pg_class.oid = 'dossiers'::regclass GROUP BY reltoastrelid`,
    );
    expect(rows[0]?.moved).toBe(0);
    expect(rows[0]?.bytes).toBeLessThan(8_160 / 4);
  });
});
