import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import every from '../../fixtures/service.upsert.v1/valid-every-member.json' with { type: 'json' };
import { type TestHub, testHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { catalogueSource, pullCatalogue, seedOf } from '../support/seed-catalogue.ts';
import { findings } from '../support/shapes.ts';

const CODE = '1.999001.000.00.00.H60';
/** A service with all possible members, and a form at an address with blanks in it. */
const EVERY = {
  ...every.record,
  code: CODE,
  cases: [
    ...every.record.cases,
    { components: [{ name: 'Tờ khai', forms: [{ url: 'https://files.example.test/mẫu số 3.docx' }] }] },
  ],
};

/** The doors' catalogue, read as RDF and validated by the shapes of the profile. */
describe('the catalogue as linked data, by the shapes of CPSV-AP', () => {
  let hub: TestHub;
  beforeAll(async () => {
    const records = {
      services: [...seedOf('services'), EVERY],
      fields: seedOf('fields'),
      agencies: seedOf('agencies'),
    };
    hub = await testHub({ partners: { source: catalogueSource(records) } });
    await pullCatalogue(hub);
  });
  afterAll(() => hub.close());

  async function read(path: string): Promise<Json> {
    return (await hub.request('GET', path, 'portal', undefined, { Accept: 'application/ld+json' })).json();
  }

  test('every service has all required members, except an unknown implementing agency', async () => {
    const document = await read('/api/v1/services?limit=200');
    expect(document['@graph']).toHaveLength(99);
    const untold = seedOf('services').filter(({ agencies }) => !(agencies as unknown[] | undefined)?.length);
    expect(untold.length).toBeGreaterThan(0);
    expect(await findings(document)).toEqual(untold.map(({ code }) => `${code} hasCompetentAuthority: MinCount`));
  });

  test.each([`/api/v1/services/${CODE}`, '/api/v1/agencies?limit=200', '/api/v1/fields?limit=200'])(
    'nothing is found in %s',
    async (path) => expect(await findings(await read(path))).toEqual([]),
  );

  test.each<[string, (service: Json) => void, string]>([
    ['no identifier', (service) => delete service['dct:identifier'], 'identifier: MinCount'],
    ['two identifiers', (service) => (service['dct:identifier'] = ['1', '2']), 'identifier: MaxCount'],
    ['a name in no language', (service) => (service['dct:title'] = 'Khai sinh'), 'title: Datatype'],
    ['a language without its class', (service) => delete service['dct:language']['@type'], 'language: Class'],
    ['a language of no table', (service) => (service['dct:language']['@id'] = 'urn:vi'), 'language: Pattern'],
    ['a status of no table', (service) => (service['adms:status']['@id'] = 'urn:active'), 'status: In'],
    ['no area', (service) => delete service['cv:hasCompetentAuthority'][0]['dct:spatial'], 'spatial: MinCount'],
    ['an amount of no number', (service) => (service['cv:hasCost'][0]['cv:hasValue'] = vi('10')), 'hasValue: Datatype'],
    [
      'a currency by name',
      (service) => (service['cv:hasCost'][0]['cv:currency']['@id'] = 'urn:VND'),
      'currency: Pattern',
    ],
    ['no duration', (service) => (service['cv:hasChannel'][0]['cv:processingTime'] = '5'), 'processingTime: Datatype'],
    ['a cost through no channel', (service) => (service['cv:hasChannel'] = []), 'ifAccessedThrough: Class'],
    ['a misspelt property', (service) => (service['cv:hasCosts'] = vi('x')), 'hasCosts: Closed'],
    ['a paper without a name', (service) => delete service['cpsv:hasInput'][0]['dct:title'], 'title: MinCount'],
    [
      'a rule without its text',
      (service) => delete service['cpsv:follows'][0]['dct:description'],
      'description: MinCount',
    ],
  ])('the shapes find %s', async (_, spoil, expected) => {
    const document = await read(`/api/v1/services/${CODE}`);
    spoil(document);
    expect((await findings(document)).join('\n')).toContain(expected);
  });

  test('content that RDF would lose or would have to fetch is an error', async () => {
    const { '@context': context, ...service } = await read(`/api/v1/services/${CODE}`);
    const lost = { ...service, 'nobody knows': 'x' };
    await expect(findings({ '@context': context, ...lost })).rejects.toThrow();
    const form = { '@type': 'foaf:Document', '@id': 'https://files.example.test/mẫu số 3.docx' };
    await expect(findings({ '@context': context, ...service, 'foaf:page': form })).rejects.toThrow();
    await expect(findings({ '@context': 'https://context.example.test/', ...service })).rejects.toThrow();
  });
});

const vi = (text: string) => ({ '@value': text, '@language': 'vi' });
