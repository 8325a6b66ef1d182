import { describe, expect, test } from 'vitest';
import type { Service } from '#schemas/service.upsert.v1';
import every from '../../../fixtures/service.upsert.v1/valid-every-member.json' with { type: 'json' };
import { entryId, idOf } from './ids.ts';
import { fullService, listedService } from './service.ts';
import { organization } from './views.ts';

const HOLDER = { origin: 'https://hub.example.test', province: { code: 'H60', name: 'Tỉnh Tuyên Quang' } };
const CHANGED = '2025-08-12T08:15:00.500+07:00';
const ID = entryId('service', '1.013225', HOLDER.province);
const OWNER = organization({ code: 'H60.07', name: 'Sở Xây dựng' });
const view = (record: object, holder: Parameters<typeof fullService>[1] = HOLDER) =>
  fullService({ record: record as Service, changedAt: CHANGED }, holder);
const little = { code: '1.013225', name: 'Khai sinh', inForce: true };

describe('a service as HSDS', () => {
  test('has all that the specification has a member for', () => {
    const { attributes: _, ...service } = view(every.record);
    const paper = (n: string, members: object) => ({ id: idOf(ID, 'paper', '1', n), service_id: ID, ...members });
    expect(service).toEqual({
      id: ID,
      organization_id: OWNER.id,
      name: 'Cấp giấy phép xây dựng mới',
      url: 'https://hub.example.test/services/1.013225.000.00.00.H60',
      status: 'inactive',
      application_process: 'Nhà ở riêng lẻ:\nNộp hồ sơ\nNhận kết quả',
      fees_description: 'Trực tiếp: 75.000 đồng – Nhà ở riêng lẻ\nTrực tiếp: Theo quy định',
      eligibility_description: 'Công dân Việt Nam; Doanh nghiệp\nChủ đầu tư\nPhù hợp quy hoạch',
      last_modified: CHANGED,
      organization: OWNER,
      languages: [{ id: idOf(ID, 'language', 'vi'), service_id: ID, name: 'Tiếng Việt', code: 'vi' }],
      service_areas: [{ id: idOf(ID, 'area', 'H60'), service_id: ID, name: 'Tỉnh Tuyên Quang' }],
      cost_options: [
        { option: 'Trực tiếp – Nhà ở riêng lẻ', currency: 'VND', amount: 75000, amount_description: '75.000 đồng' },
        { option: 'Trực tiếp – Nhà ở riêng lẻ', currency: 'VND', amount: 0 },
        { option: 'Trực tiếp – Nhà ở riêng lẻ', amount_description: 'Theo quy định' },
      ].map((cost, at) => ({ id: idOf(ID, 'cost', '1', String(at + 1)), service_id: ID, ...cost })),
      required_documents: [
        paper('1', {
          document: 'Đơn đề nghị cấp giấy phép xây dựng',
          uri: 'https://files.example.test/mau-01.docx',
          attributes: expect.any(Array),
        }),
        paper('2', { document: 'Bản vẽ thiết kế', attributes: expect.any(Array) }),
      ],
    });
    expect(service.required_documents?.[0]?.attributes?.map(({ link_type, value }) => [link_type, value])).toEqual([
      ['case', 'Nhà ở riêng lẻ'],
      ['code', '000.00.00.G17-KQ000001'],
      ['originals', '1'],
      ['copies', '0'],
      ['form', 'https://files.example.test/mau-01.docx'],
      ['form', 'Mẫu số 02'],
    ]);
  });

  test('tells as attributes what the specification has no member for', () => {
    const { attributes = [] } = view(every.record);
    const told = attributes.map((one) => [one.link_type, one.taxonomy_term?.code ?? one.value]);
    expect(told).toEqual([
      ['field', 'G17-XD01'],
      ['field', 'G17-DB01'],
      ['code', '1.013225.000.00.00.H60'],
      ['category', 'TTHC được luật giao quy định chi tiết'],
      ['published_by', '000.00.00.G17'],
      ['decision', '684/QĐ-BXD'],
      ['online_level', 'full'],
      ['historic_level', '4'],
      ['online_payment', 'true'],
      ['by_post', String((every.record as Service).byPost)],
      ...['ministry', 'province', 'district', 'commune'].map((level) => ['level', level]),
      ['agency', 'Sở Xây dựng'],
      ['agency', 'Ủy ban nhân dân cấp xã'],
      ['received_at', 'Trung tâm Phục vụ hành chính công tỉnh'],
      ['channel', 'counter'],
      ['processing_time', '15 Ngày – Nhà ở riêng lẻ'],
      ['channel', 'online'],
      ['processing_time', '0,5 Ngày làm việc'],
      ['processing_time', '4 giờ'],
      ['processing_time', '1 tháng'],
      ['processing_time', 'Ngay khi nhận đủ hồ sơ'],
      ['channel', 'post'],
      ['result', 'Giấy phép xây dựng'],
      ['result', 'Bản vẽ có đóng dấu'],
      ['legal_basis', '50/2014/QH13 – Luật Xây dựng'],
      ['legal_basis', '175/2024/NĐ-CP'],
    ]);
    expect(new Set(attributes.map(({ id }) => id)).size).toBe(attributes.length);
  });

  test('says of a service of which little is known no more than that', () => {
    const [id, holder] = [entryId('service', '1.013225', undefined), { ...HOLDER, province: undefined }];
    const { languages: _, attributes = [], ...service } = view(little, holder);
    expect(service).toEqual({
      ...{ id, name: 'Khai sinh', status: 'active', last_modified: CHANGED },
      url: 'https://hub.example.test/services/1.013225',
    });
    expect(attributes.map(({ link_type }) => link_type)).toEqual(['code']);
  });

  test('is the same one by the short and the long form of its code', () => {
    const long = { ...little, code: '1.013225.000.00.00.H60' };
    expect(view(long).id).toBe(view(little).id);
  });

  test('of several agencies the first one with a code provides it, and one without a code rather than none', () => {
    const by = (...agencies: object[]) =>
      listedService({ record: { ...little, agencies } as Service, changedAt: CHANGED }, HOLDER).organization;
    const [named, coded] = [{ name: 'Ủy ban nhân dân cấp xã' }, { code: 'H60.07', name: 'Sở Xây dựng' }];
    expect(by(named, coded)).toEqual(OWNER);
    expect(by(named)).toEqual({ id: idOf('agency-name', named.name), name: named.name, description: named.name });
  });

  test('a field of which nobody told the name is called by its code, one without a code is no term', () => {
    const fields = (record: object) =>
      (view({ ...little, ...record }).attributes ?? []).flatMap(({ link_type, taxonomy_term, value }) =>
        link_type.startsWith('field') ? [[taxonomy_term?.name, value]] : [],
      );
    expect(fields({ fieldCode: 'G17-XD01' })).toEqual([['G17-XD01', undefined]]);
    expect(fields({ fieldName: 'Hộ tịch' })).toEqual([[undefined, 'Hộ tịch']]);
  });
});
