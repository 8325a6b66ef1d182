import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestHub, testHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { catalogueSource, pullCatalogue, seedOf } from '../support/seed-catalogue.ts';

const LD = 'application/ld+json';
const ONE = '/api/v1/services/1.001193';
const ID = 'http://localhost/services/1.001193.000.00.00.H60';

interface Cost {
  readonly 'dct:description'?: { readonly '@value': string };
  readonly 'cv:hasValue'?: number;
}
interface Linked {
  readonly '@id'?: string;
  readonly 'cv:thematicArea'?: readonly Linked[];
  readonly 'cv:hasCompetentAuthority'?: readonly Linked[];
}

describe('the catalogue as linked data', () => {
  let hub: TestHub;
  beforeAll(async () => {
    const records = { services: seedOf('services'), fields: seedOf('fields'), agencies: seedOf('agencies') };
    hub = await testHub({ partners: { source: catalogueSource(records) } });
    await pullCatalogue(hub);
  });
  afterAll(() => hub.close());

  async function get(path: string, headers: Record<string, string> = {}) {
    const response = await hub.request('GET', path, 'portal', undefined, headers);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }

  test.each([
    [LD, LD],
    [`${LD};profile="http://www.w3.org/ns/json-ld#compacted"`, LD],
    [`application/json;q=0.5, ${LD}`, LD],
    [`${LD}, application/json`, LD],
    [`${LD}, */*;q=0.1`, LD],
    [`${LD};q=0.5, application/json`, 'application/json'],
    [`${LD};q=0.5, */*`, 'application/json'],
    [`${LD};q=0`, 'application/json'],
    ['application/*', 'application/json'],
    ['*/*', 'application/json'],
    ['text/html', 'application/json'],
    ['', 'application/json'],
    ['a;;,/;q="', 'application/json'],
  ])('answers Accept: %s with %s', async (accept, expected) => {
    for (const path of [ONE, '/api/v1/services?limit=1', '/api/v1/fields', '/api/v1/agencies']) {
      const { status, headers, body } = await get(path, { Accept: accept });
      expect([status, headers.get('content-type'), headers.get('vary')]).toEqual([200, expected, 'Accept']);
      expect('@context' in body).toBe(expected === LD);
    }
  });

  test('one service is found by the short and the long form of its code, under one identifier', async () => {
    for (const code of ['1.001193', '1.001193.000.00.00.h60']) {
      const { body } = await get(`/api/v1/services/${code}`, { Accept: LD });
      expect(body).toMatchObject({
        '@context': { cpsv: 'http://purl.org/vocab/cpsv#', cv: 'http://data.europa.eu/m8g/' },
        '@id': ID,
        '@type': 'cpsv:PublicService',
        'dct:title': { '@value': 'Thủ tục đăng ký khai sinh', '@language': 'vi' },
      });
    }
    expect((await get('/api/v1/services/1.999999', { Accept: LD })).status).toBe(404);
  });

  test('each form has its own ETag, valid for no other', async () => {
    const [json, linked] = [await get(ONE), await get(ONE, { Accept: LD })];
    const [plainTag, linkedTag] = [json, linked].map(({ headers }) => headers.get('etag') as string);
    expect(plainTag).not.toBe(linkedTag);
    const again = async (accept: string, tag = '') => (await get(ONE, { Accept: accept, 'If-None-Match': tag })).status;
    expect([await again(LD, linkedTag), await again('*/*', plainTag)]).toEqual([304, 304]);
    expect([await again(LD, plainTag), await again('*/*', linkedTag)]).toEqual([200, 200]);
    const unchanged = await get(ONE, { Accept: LD, 'If-None-Match': linkedTag as string });
    expect(unchanged.headers.get('vary')).toBe('Accept');
  });

  test('pages link to one another by Link, and show every service once', async () => {
    const ids: string[] = [];
    let path: string | undefined = '/api/v1/services?limit=30&inForce=true';
    while (path) {
      const { body, headers } = await get(path, { Accept: LD });
      ids.push(...body['@graph'].map((node: { '@id': string }) => node['@id']));
      path = /^<(\/api\/v1\/services\?limit=30&inForce=true&cursor=[^>]+)>; rel="next"$/.exec(
        headers.get('link') ?? '',
      )?.[1];
    }
    expect(ids).toHaveLength(96);
    expect(new Set(ids).size).toBe(96);
  });

  test('an unknown amount has no value, and never 0', async () => {
    const { body } = await get('/api/v1/services?limit=200', { Accept: LD });
    const nodes = body['@graph'] as { 'cv:hasCost'?: Cost[] }[];
    const costs = nodes.flatMap((node) => node['cv:hasCost'] ?? []);
    const unknown = costs.filter((cost) =>
      cost['dct:description']?.['@value'].startsWith('Theo quy định của Hội đồng'),
    );
    expect(unknown.length).toBeGreaterThan(20);
    for (const cost of unknown) expect(Object.keys(cost)).not.toContain('cv:hasValue');
    expect(costs.filter((cost) => cost['cv:hasValue'] === 0)).toHaveLength(84);
  });

  test('agencies and fields are filtered like services: by an agency with those below it, by a field', async () => {
    const codes = async (path: string) => (await get(`/api/v1/${path}`)).body.items.map((one: Json) => one.code);
    expect(await codes('agencies?agency=h60.02')).toEqual(['H60.02', 'H60.02.01']);
    expect(await codes('fields?field=g15-ht01')).toEqual(['G15-HT01']);
  });

  test('the references of a service are among the agencies and fields', async () => {
    const read = async (path: string) => (await get(path, { Accept: LD })).body['@graph'] as Linked[];
    const services = await read('/api/v1/services?limit=200');
    const [fields, agencies] = [await read('/api/v1/fields?limit=200'), await read('/api/v1/agencies?limit=200')];
    const known = new Set([...fields, ...agencies].map((node) => node['@id']));
    const named = services.flatMap((service) => [
      ...(service['cv:thematicArea'] ?? []),
      ...(service['cv:hasCompetentAuthority'] ?? []),
    ]);
    const ids = named.flatMap((node) => node['@id'] ?? []);
    expect(ids.length).toBeGreaterThan(100);
    expect(ids.filter((id) => !known.has(id))).toEqual([]);
  });
});
