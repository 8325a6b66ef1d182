import { describe, expect, test } from 'vitest';
import type { Service } from '#schemas/service.upsert.v1';
import every from '../../../fixtures/service.upsert.v1/valid-every-member.json' with { type: 'json' };
import { CONTEXT, fieldConcept, publicOrganisation, publicService } from './cpsv-ap.ts';

const HOST = 'https://hub.example.test';
const HOLDER = { origin: HOST, province: { code: 'H60', name: 'Tỉnh Tuyên Quang' } };
const ID = `${HOST}/services/1.013225.000.00.00.H60`;
const vi = (text: string) => ({ '@value': text, '@language': 'vi' });
const AUTHORITY = 'http://publications.europa.eu/resource/authority';
const VND = { '@id': `${AUTHORITY}/currency/VND`, '@type': 'skos:Concept' };
const VIETNAMESE = { '@id': `${AUTHORITY}/language/VIE`, '@type': 'dct:LinguisticSystem' };
const AREA = ['dct:Location', 'atu:atu-type'];
const PROVINCE = {
  '@id': `${HOST}/api/v1/agencies#area-H60`,
  '@type': AREA,
  'dct:identifier': 'H60',
  'skos:prefLabel': vi('Tỉnh Tuyên Quang'),
};
const concept = (notation: string, label: string) => ({
  '@type': 'skos:Concept',
  'skos:notation': notation,
  'skos:prefLabel': vi(label),
});

// Written by hand from https://semiceu.github.io/CPSV-AP/releases/3.2.0/ and its SHACL shapes.
const EVERY = {
  '@id': ID,
  '@type': 'cpsv:PublicService',
  'dct:identifier': '1.013225.000.00.00.H60',
  'dct:title': vi('Cấp giấy phép xây dựng mới'),
  'dct:description': vi('Cấp giấy phép xây dựng mới'),
  'dct:language': VIETNAMESE,
  'dct:spatial': PROVINCE,
  'adms:status': { '@id': 'http://purl.org/adms/status/Withdrawn', '@type': 'skos:Concept' },
  'cv:hasCompetentAuthority': [
    {
      '@id': `${HOST}/api/v1/agencies#H60.07`,
      '@type': 'cv:PublicOrganisation',
      'dct:identifier': 'H60.07',
      'dct:spatial': PROVINCE,
      'skos:prefLabel': vi('Sở Xây dựng'),
    },
    { '@type': 'cv:PublicOrganisation', 'dct:spatial': PROVINCE, 'skos:prefLabel': vi('Ủy ban nhân dân cấp xã') },
  ],
  'cv:thematicArea': [
    { '@id': `${HOST}/api/v1/fields#G17-XD01`, ...concept('G17-XD01', 'Hoạt động xây dựng') },
    { '@id': `${HOST}/api/v1/fields#G17-DB01`, ...concept('G17-DB01', 'Đường bộ') },
  ],
  'dct:audience': [
    { '@type': 'skos:Concept', 'skos:prefLabel': vi('Công dân Việt Nam') },
    { '@type': 'skos:Concept', 'skos:prefLabel': vi('Doanh nghiệp') },
  ],
  'cv:isClassifiedBy': [
    concept('full', 'Dịch vụ công trực tuyến toàn trình'),
    concept('ministry', 'Cấp bộ'),
    concept('province', 'Cấp tỉnh'),
    concept('district', 'Cấp huyện'),
    concept('commune', 'Cấp xã'),
  ],
  'cv:hasChannel': [
    {
      '@id': `${ID}#counter`,
      '@type': 'cv:Channel',
      'dct:identifier': 'counter',
      'dct:type': concept('counter', 'Trực tiếp'),
      'dct:description': [vi('15 Ngày – Nhà ở riêng lẻ')],
      'cv:processingTime': 'P15D',
    },
    {
      '@id': `${ID}#online`,
      '@type': 'cv:Channel',
      'dct:identifier': 'online',
      'dct:type': concept('online', 'Trực tuyến'),
      'dct:description': [vi('0,5 Ngày làm việc'), vi('Ngay khi nhận đủ hồ sơ')],
    },
    {
      '@id': `${ID}#post`,
      '@type': 'cv:Channel',
      'dct:identifier': 'post',
      'dct:type': concept('post', 'Dịch vụ bưu chính'),
    },
  ],
  'cv:hasCost': [
    {
      '@id': `${ID}#cost-1-1`,
      '@type': 'cv:Cost',
      'dct:identifier': '1-1',
      'cv:hasValue': 75000,
      'cv:currency': VND,
      'dct:description': vi('75.000 đồng – Nhà ở riêng lẻ'),
      'cv:ifAccessedThrough': { '@id': `${ID}#counter` },
    },
    {
      '@id': `${ID}#cost-1-2`,
      '@type': 'cv:Cost',
      'dct:identifier': '1-2',
      'cv:hasValue': 0,
      'cv:currency': VND,
      'cv:ifAccessedThrough': { '@id': `${ID}#counter` },
    },
    {
      '@id': `${ID}#cost-1-3`,
      '@type': 'cv:Cost',
      'dct:identifier': '1-3',
      'dct:description': vi('Theo quy định'),
      'cv:ifAccessedThrough': { '@id': `${ID}#counter` },
    },
  ],
  'cpsv:hasInput': [
    {
      '@id': `${ID}#input-1-1`,
      '@type': 'cv:Evidence',
      'dct:identifier': '000.00.00.G17-KQ000001',
      'dct:title': vi('Đơn đề nghị cấp giấy phép xây dựng'),
      'dct:description': [vi('Trường hợp: Nhà ở riêng lẻ'), vi('Bản chính: 1'), vi('Bản sao: 0')],
      'foaf:page': [
        {
          '@id': 'https://files.example.test/mau-01.docx',
          '@type': 'foaf:Document',
          'dct:title': vi('Mẫu số 01'),
        },
        { '@type': 'foaf:Document', 'dct:title': vi('Mẫu số 02') },
      ],
    },
    {
      '@id': `${ID}#input-1-2`,
      '@type': 'cv:Evidence',
      'dct:identifier': '1-2',
      'dct:title': vi('Bản vẽ thiết kế'),
      'dct:description': [vi('Trường hợp: Nhà ở riêng lẻ'), vi('Bản sao: 2')],
    },
  ],
  'cpsv:follows': [
    {
      '@id': `${ID}#rule-1`,
      '@type': 'cpsv:Rule',
      'dct:identifier': '1',
      'dct:title': vi('Nhà ở riêng lẻ'),
      'dct:description': vi('Nộp hồ sơ\nNhận kết quả'),
    },
  ],
  'cpsv:produces': [
    {
      '@id': `${ID}#output-1`,
      '@type': 'cv:Output',
      'dct:identifier': 'KQ.G17.000122',
      'dct:title': vi('Giấy phép xây dựng'),
    },
    {
      '@id': `${ID}#output-2`,
      '@type': 'cv:Output',
      'dct:identifier': '2',
      'dct:title': vi('Bản vẽ có đóng dấu'),
    },
  ],
  'cv:hasLegalResource': [
    { '@type': 'eli:LegalResource', 'dct:identifier': '50/2014/QH13', 'dct:title': vi('Luật Xây dựng') },
    { '@type': 'eli:LegalResource', 'dct:identifier': '175/2024/NĐ-CP' },
  ],
  'cv:holdsRequirement': {
    '@id': `${ID}#requirement`,
    '@type': 'cv:Requirement',
    'dct:identifier': 'requirement',
    'dct:title': vi('Yêu cầu, điều kiện thực hiện'),
    'dct:description': vi('Phù hợp quy hoạch'),
  },
};

describe('the catalogue as CPSV-AP', () => {
  test('has everything of a service that the profile has a term for', () => {
    expect(publicService(every.record as Service, HOLDER)).toEqual(EVERY);
  });

  test('adds nothing to a service with few data', () => {
    const service = { code: '1.000001', name: 'Khai sinh', inForce: true };
    expect(publicService(service, { origin: HOST, province: undefined })).toEqual({
      '@id': `${HOST}/services/1.000001`,
      '@type': 'cpsv:PublicService',
      'dct:identifier': '1.000001',
      'dct:title': vi('Khai sinh'),
      'dct:description': vi('Khai sinh'),
      'dct:language': VIETNAMESE,
      'adms:status': { '@id': 'http://purl.org/adms/status/Completed', '@type': 'skos:Concept' },
    });
  });

  test.each([
    ['one term in days', [[{ amount: 5, unit: 'day' }]], 'P5D'],
    ['the same term through each channel', [[{ amount: 1, unit: 'month' }], [{ amount: 1, unit: 'month' }]], 'P1M'],
    ['half a day', [[{ amount: 0.5, unit: 'day' }]], 'PT12H'],
    ['half an hour', [[{ amount: 0.5, unit: 'hour' }]], 'PT30M'],
    ['half a month, which is no certain time', [[{ amount: 0.5, unit: 'month' }]], undefined],
    ['working days, which no duration can say', [[{ amount: 5, unit: 'working-day' }]], undefined],
    ['words', [[{ text: 'Trong ngày' }]], undefined],
    ['terms that differ', [[{ amount: 5, unit: 'day' }], [{ amount: 3, unit: 'day' }]], undefined],
    ['a term beside one in words', [[{ amount: 5, unit: 'day' }, { text: 'Trong ngày' }]], undefined],
    ['no term', [[]], undefined],
  ])('of %s has the certain duration', (_, terms, duration) => {
    const channels = terms.map((of, at) => ({ channel: at === 0 ? 'counter' : 'online', terms: of }));
    const service = { code: '1.000001', name: 'Khai sinh', inForce: true, channels } as Service;
    expect(publicService(service, HOLDER)['cv:processingTime']).toBe(duration);
  });

  test('names agencies and fields as services refer to them', () => {
    const agency = {
      code: 'H60.07',
      name: 'Sở Xây dựng',
      level: 'province',
      parentCode: 'H60',
      inForce: true,
    } as const;
    expect(publicOrganisation(agency, HOLDER)).toEqual({
      ...EVERY['cv:hasCompetentAuthority'][0],
      'dct:isPartOf': { '@id': `${HOST}/api/v1/agencies#H60` },
      'cv:isClassifiedBy': concept('province', 'Cấp tỉnh'),
    });
    const field = { code: 'G17-XD01', name: 'Hoạt động xây dựng', inForce: true };
    expect(fieldConcept(field, HOLDER)).toEqual(EVERY['cv:thematicArea'][0]);
  });

  test.each([
    ['by its code', { code: 'H22.01' }, { '@id': `${HOST}/api/v1/agencies#area-H22`, 'dct:identifier': 'H22' }],
    ['by a code of the 2016 era', { code: '000.00.53.H60' }, PROVINCE],
    ['of a ministry', { code: 'G01', level: 'ministry' }, { '@id': `${AUTHORITY}/country/VNM` }],
    ['of a ministry, in the province', { code: 'G01.860', level: 'province' }, PROVINCE],
  ] as const)('an agency has a certain place: %s', (_, agency, expected) => {
    const known = publicOrganisation({ name: 'Cơ quan', inForce: true, ...agency }, HOLDER);
    expect(known['dct:spatial']).toEqual({ '@type': AREA, ...expected });
  });

  test('without a configured province, only an agency’s code gives its place', () => {
    const at = (code: string) =>
      publicOrganisation({ code, name: 'Cơ quan', inForce: true }, { origin: HOST, province: undefined })[
        'dct:spatial'
      ];
    expect([at('H60.07'), at('G01.860')]).toEqual([
      { '@id': PROVINCE['@id'], '@type': AREA, 'dct:identifier': 'H60' },
      undefined,
    ]);
  });

  test('the context has every prefix, and fetches nothing', () => {
    const prefixes = JSON.stringify(EVERY).match(/"([a-z]+)(?=:[A-Za-z]+")/g) ?? [];
    for (const prefix of new Set(prefixes)) expect(CONTEXT).toHaveProperty(prefix.slice(1));
    expect(typeof CONTEXT).toBe('object');
  });
});
