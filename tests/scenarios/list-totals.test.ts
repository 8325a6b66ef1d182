import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOf, dossier, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { type Officer, officerAt } from '../support/officer.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

let hub: TestHub;
let operator: Operator;
let officer: Officer;
beforeAll(async () => {
  hub = await testHub({
    keys: [...OPERATOR_KEYS],
    partners: { portal: testPartner() },
    routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
  });
  operator = operatorOf(hub);
  for (const n of [1, 2, 3]) await hub.push(dossier({ code: codeOf(n) }));
  await hub.deliver();
  for (const n of [1, 2, 3]) await operator.post('saved-filters', { list: 'messages', name: `${n}`, query: '' });
  officer = officerAt(hub);
  await officer.signIn('ops');
});
afterAll(() => hub.close());

/** Stores questions to a register, as many as given. */
async function addAsks(many: number, party: string): Promise<void> {
  await hub.hub.database.pool.query(
    `INSERT INTO asks (id, at, party, question, key_name, officer, agency_code, purpose, legal_basis)
     SELECT gen_random_uuid(), now(), $2, 'person', 'clerk', 'CB-01', 'H60.01', 'x', 'y' FROM generate_series(1, $1::int4)`,
    [many, party],
  );
}

test.each(['messages', 'deliveries', 'audit'])('each page of %s says how many match its filter', async (list) => {
  const { body: all } = await operator.get(`${list}?limit=200`);
  expect(all.total).toBe(all.items.length);
  expect(all.total).toBeGreaterThan(2);
  const { body: first } = await operator.get(`${list}?limit=1`);
  const { body: second } = await operator.get(`${list}?limit=1&cursor=${encodeURIComponent(first.next)}`);
  expect([first.total, second.total]).toEqual([all.total, all.total]);
  const none = await operator.get(`${list}?from=2030-01-01`);
  expect(none.body).toEqual({ items: [], next: null, total: 0 });
});

test('a total is counted to 10,000 and null for more, and each page of the console says it', async () => {
  await addAsks(10_000, 'population');
  await addAsks(70, 'insurance');
  expect((await operator.get('asks?limit=1&party=population')).body.total).toBe(10_000);
  expect((await operator.get('asks?limit=1')).body.total).toBeNull();
  const { text } = await officer.get('/console/asks?lang=en');
  expect(text).toContain('<caption>The first 50 of more than 10,000 questions, the newest first</caption>');
  const some = await officer.get('/console/asks?party=insurance&lang=vi');
  expect(some.text).toContain('<caption>50 lượt tra cứu đầu tiên trong 70, mới nhất trước</caption>');
  const [, next = ''] = /href="([^"]*cursor=[^"]*)"/.exec(some.text) ?? [];
  const last = await officer.get(next.replaceAll('&amp;', '&'));
  expect(last.text).toContain('<caption>20 lượt tra cứu cuối cùng trong 70, mới nhất trước</caption>');
  await addAsks(1, 'alone');
  const alone = await officer.get('/console/asks?party=alone&lang=en');
  expect(alone.text).toContain('<caption>1 question</caption>');
});

/** Statements that store $1 entries of a list, the filter that finds only these, and the page with its caption. */
const LISTS: Readonly<Record<string, { readonly text: string; readonly page: string; readonly caption: string }>> = {
  'quarantine?kind=doubtful-text': {
    text: `INSERT INTO quarantine (cause_kind, cause_key, detail, party, operation, code, message_id, item, opened_at)
           SELECT 'doubtful-text', 'doubtful-text:' || n, 'x', 'one-stop', 'dossier.upsert.v1', 'A-' || n, gen_random_uuid(), 0, now()
           FROM generate_series(1, $1::int4) n`,
    page: '/console/quarantine?kind=doubtful-text',
    caption: 'The first 50 of 60 causes, the oldest first',
  },
  'incidents?state=all': {
    text: `INSERT INTO incidents (party, kind, cause, opened_at, closed_at)
           SELECT 'portal', 'partner-away', 'x', now(), now() FROM generate_series(1, $1::int4)`,
    page: '/console/incidents?state=all',
    caption: 'The first 50 of 60 incidents, the newest first',
  },
  'unknown-codes': {
    text: `INSERT INTO unknown_codes (kind, code, party, first_at, last_at)
           SELECT 'agency', 'X' || n, 'one-stop', now(), now()
           FROM generate_series((SELECT count(*) + 1 FROM unknown_codes)::int4, $1::int4) n`,
    page: '/console/unknown-codes',
    caption: 'The first 50 of 60 codes, by kind and code',
  },
  'erasures?cause=order': {
    text: `INSERT INTO erasures (at, cause, who, why, subjects) SELECT now(), 'order', 'ops', 'x', 1 FROM generate_series(1, $1::int4)`,
    page: '/console/retention',
    caption: 'The first 50 of 60 erasures, the newest first',
  },
  'legal-holds': {
    text: `INSERT INTO legal_holds (subject, who, why, at) SELECT 'A-' || n, 'ops', 'x', now() FROM generate_series(1, $1::int4) n`,
    page: '/console/legal-holds',
    caption: 'The first 50 of 60 holds in force, the newest first',
  },
  mappings: {
    text: `INSERT INTO mapping_changes (party, table_name, base_version, lines, state, who, why, at)
           SELECT 'portal', 'portal-status', 0, '[]', 'draft', 'ops', 'x', now() FROM generate_series(1, $1::int4)`,
    page: '/console/mappings',
    caption: 'The first 50 of 60 changes, the newest first',
  },
  replays: {
    text: `INSERT INTO replays (who, why, at, filter, per_second, state, next_at)
           SELECT 'ops', 'x', now(), '{"party": "portal"}', 20, 'done', now() FROM generate_series(1, $1::int4)`,
    page: '/console/replays',
    caption: 'The first 50 of 60 replays, the newest first',
  },
};

test.each(Object.entries(LISTS))('each page of %s says how many there are', async (list, { text, page, caption }) => {
  await hub.hub.database.pool.query(text, [60]);
  const { body } = await operator.get(`${list}${list.includes('?') ? '&' : '?'}limit=7`);
  expect([body.items.length, body.total]).toEqual([7, 60]);
  const shown = await officer.get(`${page}${page.includes('?') ? '&' : '?'}lang=en`);
  expect(shown.text).toContain(`<caption>${caption}</caption>`);
});

test('a cause says how much waits for it, and a page of it how much of that it shows', async () => {
  await hub.hub.database.pool.query(
    `INSERT INTO quarantine (cause_kind, cause_key, detail, party, operation, code, message_id, item, opened_at)
     SELECT 'unmapped', 'unmapped:service:9', 'x', 'one-stop', 'dossier.upsert.v1', 'B-' || n, gen_random_uuid(), 0, now()
     FROM generate_series(1, 70) n`,
  );
  const [{ id }] = (await operator.get('quarantine?kind=unmapped')).body.items;
  const { body } = await operator.get(`quarantine/${id}?limit=5`);
  expect([body.waiting.length, body.total]).toEqual([5, 70]);
  const { text } = await officer.get(`/console/quarantine/${id}?lang=en`);
  expect(text).toContain('<caption>The first 50 of 70 waiting items, the oldest first</caption>');
});

test('the records behind a number say how many they are', async () => {
  const period = '2025-Q3';
  const { body } = await operator.get(`reports/connections/records?period=${period}&column=deliveries&limit=1`);
  expect([body.items.length, body.total]).toEqual([1, 3]);
});

test('in the interface of operators, each list with pages says how many match', async () => {
  const body = (await (await hub.hub.app.request('/openapi.json')).json()) as { readonly paths: object };
  const schemas = Object.entries(body.paths as Record<string, { readonly get?: Operation }>)
    .filter(([path]) => path.startsWith('/api/v1/ops/'))
    .map(([path, { get }]) => [path, get?.responses['200']?.content?.['application/json']?.schema.properties] as const);
  const paged = schemas.filter(([, properties]) => properties?.next !== undefined);
  expect(paged.length).toBeGreaterThan(15);
  expect(paged.filter(([, properties]) => properties?.total === undefined).map(([path]) => path)).toEqual([
    // The number itself stands in the statistics.
    '/api/v1/ops/statistics/dossiers',
  ]);
});

interface Operation {
  readonly responses: Readonly<
    Record<
      string,
      { readonly content?: Record<string, { readonly schema: { readonly properties?: Record<string, object> } }> }
    >
  >;
}
