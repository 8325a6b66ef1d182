import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import every from '../../fixtures/service.upsert.v1/valid-every-member.json' with { type: 'json' };
import { pageProblemsOf, problemsOf } from '../support/hsds.ts';
import { type TestHub, testHub } from '../support/hub.ts';
import { catalogueSource, pullCatalogue, seedOf } from '../support/seed-catalogue.ts';

const EVERY = { ...every.record, code: '1.999001.000.00.00.H60' };
const NOBODY = 'nobody-secret-of-the-tests';
const UNKNOWN = '01a20ec3-f008-7405-9412-5646a9d483d9';

describe('the catalogue as HSDS', () => {
  let hub: TestHub;
  beforeAll(async () => {
    const records = {
      services: [...seedOf('services'), EVERY],
      fields: seedOf('fields'),
      agencies: seedOf('agencies'),
    };
    hub = await testHub({
      partners: { source: catalogueSource(records) },
      keys: [{ id: 'nobody', secret: NOBODY, scopes: ['index:read'] }],
    });
    await pullCatalogue(hub);
  });
  afterAll(() => hub.close());

  async function get(path: string): Promise<any> {
    const { status, body } = await hub.read(`/hsds${path}`);
    expect([path, status, body.detail]).toEqual([path, 200, undefined]);
    return body;
  }
  const every1 = async () => (await get('/services?search=1.999001')).contents[0];

  test.each([
    ['service', '/services', 99],
    ['service', '/services?full=true', 99],
    ['organization', '/organizations', 161],
    ['organization', '/organizations?full=true', 161],
    ['taxonomy_term', '/taxonomy_terms', seedOf('fields').length],
    ['taxonomy', '/taxonomies', 1],
  ] as const)('a list of each %s is as HSDS has it: %s', async (table, path, total) => {
    const page = await get(`${path}${path.includes('?') ? '&' : '?'}per_page=200`);
    expect(pageProblemsOf(table, page)).toEqual([]);
    expect([page.total_items, page.contents.length]).toEqual([total, total]);
    expect(new Set(page.contents.map(({ id }: { id: string }) => id)).size).toBe(total);
  });

  test.each([
    ['service', '/services'],
    ['organization', '/organizations'],
    ['taxonomy_term', '/taxonomy_terms'],
    ['taxonomy', '/taxonomies'],
  ] as const)('each %s is found by its identifier, in capitals too, and nothing else is', async (table, path) => {
    const { id } = (await get(path)).contents[0];
    for (const written of [id, id.toUpperCase()]) {
      const one = await get(`${path}/${written}`);
      expect(problemsOf(table, one)).toEqual([]);
      expect(one.id).toBe(id);
    }
    for (const other of [UNKNOWN, '1', '%00'])
      expect(await hub.read(`/hsds${path}/${other}`)).toMatchObject({
        status: 404,
        body: { type: '/docs#problem-not-found' },
      });
  });

  test('the schemas find what is wrong', async () => {
    const service = await get(`/services/${(await every1()).id}`);
    const spoilt = { ...service, id: '1', fee: 'x', cost_options: [{ ...service.cost_options[0], amount: '10' }] };
    expect(problemsOf('service', { ...spoilt, name: undefined }).length).toBeGreaterThanOrEqual(4);
    expect(pageProblemsOf('service', { contents: [service] })[0]).toContain('total_items');
  });

  test('who it is says so with and without the slash that its path ends in', async () => {
    for (const path of ['', '/'])
      expect(await get(path)).toMatchObject({ version: '3.1', openapi_url: 'http://localhost/openapi.json' });
  });

  test('pages by number meet every service once, and tell where they stand', async () => {
    const pages = await Promise.all([1, 2, 3, 4].map((n) => get(`/services?per_page=40&page=${n}`)));
    expect(pages.map(({ contents, ...head }) => head)).toEqual([
      { total_items: 99, total_pages: 3, page_number: 1, size: 40, first_page: true, last_page: false, empty: false },
      { total_items: 99, total_pages: 3, page_number: 2, size: 40, first_page: false, last_page: false, empty: false },
      { total_items: 99, total_pages: 3, page_number: 3, size: 19, first_page: false, last_page: true, empty: false },
      { total_items: 99, total_pages: 3, page_number: 4, size: 0, first_page: false, last_page: true, empty: true },
    ]);
    expect(new Set(pages.flatMap(({ contents }) => contents.map(({ id }: { id: string }) => id))).size).toBe(99);
  });

  test('what a service refers to is found by its identifier, and finds the service', async () => {
    const { id } = await every1();
    const service = await get(`/services/${id}`);
    expect(await get(`/organizations/${service.organization_id}`)).toMatchObject({ name: 'Sở Xây dựng' });
    const terms = service.attributes.filter((one: any) => one.taxonomy_term);
    expect(terms.map((one: any) => one.taxonomy_term.code)).toEqual(['G17-XD01', 'G17-DB01']);
    for (const condition of [
      `organization_id=${service.organization_id}`,
      ...terms.map((one: any) => `taxonomy_term_id=${one.taxonomy_term_id}`),
      `taxonomy_id=${terms[0].taxonomy_term.taxonomy_id}&search=xay+dung`,
    ]) {
      const { contents, total_items: total } = await get(`/services?${condition}&per_page=200`);
      expect([condition, contents.some((one: any) => one.id === id), total < 99]).toEqual([condition, true, true]);
    }
    for (const name of ['organization_id', 'taxonomy_term_id', 'taxonomy_id'])
      expect(await get(`/services?${name}=${UNKNOWN}`)).toMatchObject({ total_items: 0, empty: true, contents: [] });
  });

  test('a reader of changes is told of what was changed since, and of no more than that it was', async () => {
    const { last_modified: at } = await every1();
    const since = await get(`/services?minimal=true&modified_after=${encodeURIComponent(at)}&per_page=200`);
    expect(since.total_items).toBe(99);
    expect(Object.keys(since.contents[0])).toEqual(['id', 'last_modified']);
    expect(await get('/services?modified_after=2090-01-01')).toMatchObject({ total_items: 0 });
  });

  test('an amount that is not known is left out, and never 0; what is out of force is inactive', async () => {
    const { contents } = await get('/services?full=true&per_page=200');
    const costs = contents.flatMap((one: any) => one.cost_options ?? []);
    const unknown = costs.filter((one: any) => one.amount_description?.startsWith('Theo quy định của Hội đồng'));
    expect(unknown.length).toBeGreaterThan(20);
    for (const one of unknown) expect(Object.keys(one)).toEqual(['id', 'service_id', 'option', 'amount_description']);
    expect(costs.filter((one: any) => one.amount === 0)).toHaveLength(85);
    expect(contents.filter((one: any) => one.status === 'inactive')).toHaveLength(3);
  });

  test('what nobody told is not there: a service without an agency has no organization', async () => {
    const untold = seedOf('services').find(({ agencies }) => !(agencies as unknown[] | undefined)?.length);
    const [service] = (await get(`/services?search=${untold?.code}&full=true`)).contents;
    expect(service).not.toHaveProperty('organization');
    expect(service).not.toHaveProperty('organization_id');
  });

  test.each(['page=0', 'per_page=201', 'minimal=yes', 'modified_after=yesterday', 'format=csv', 'proximity=5'])(
    'a question that is not understood is refused with its name: %s',
    async (query) => {
      const { status, body } = await hub.read(`/hsds/services?${query}`);
      expect([status, body.problems[0].path]).toEqual([400, `?${query.split('=')[0]}`]);
    },
  );

  test('a key without the scope reads nothing', async () => {
    for (const path of ['/hsds', '/hsds/services', `/hsds/services/${UNKNOWN}`, '/hsds/taxonomies']) {
      expect((await hub.request('GET', path)).status).toBe(401);
      const headers = { Authorization: `Bearer ${NOBODY}` };
      expect((await hub.request('GET', path, undefined, undefined, headers)).status).toBe(403);
    }
  });

  test('what is known already is not sent again', async () => {
    for (const path of ['', '/services', `/services/${(await every1()).id}`, '/taxonomies']) {
      const { headers } = await hub.read(`/hsds${path}`);
      const again = { 'If-None-Match': headers.get('etag') as string };
      expect((await hub.request('GET', `/hsds${path}`, 'portal', undefined, again)).status).toBe(304);
    }
  });
});
