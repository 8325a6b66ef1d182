import { describe, expect, test } from 'vitest';
import type { Item, RecordItem } from '#core/dossier/item';
import type { Service } from '#schemas/service.upsert.v1';
import { readProcedure } from './procedure.ts';
import { writeProcedure } from './procedure-writing.ts';

const PROCEDURE = {
  ID: '13225',
  MATTHC: '1.013225',
  TENTTHC: 'Thủ tục thử nghiệm',
  LOAITTHC: 'TTHC được luật giao quy định chi tiết',
  TRANGTHAI: '1',
  MACOQUANCONGBO: 'G03',
  IDQUYETDINHCONGBO: '555',
  YEUCAU: 'Không có',
  MOTADOITUONGTHUCHIEN: 'Người từ đủ 18 tuổi',
  LINHVUCTHUCHIEN: [
    { MALINHVUC: 'G03-GD10', TENLINHVUC: 'Lĩnh vực thử nghiệm' },
    { MALINHVUC: 'G03-GD11', TENLINHVUC: 'Lĩnh vực khác' },
  ],
  CAPTHUCHIEN: [
    { CAPTHUCHIEN: '1', MOTACOQUANTHUCHIEN: 'Sở thử nghiệm', DIACHITIEPNHAN: 'Trung tâm Phục vụ hành chính công' },
    { CAPTHUCHIEN: 3, MOTACOQUANTHUCHIEN: '', DIACHITIEPNHAN: '' },
  ],
  COQUANTHUCHIEN: [{ TENDONVI: 'Sở thử nghiệm', MADONVI: 'H60.01' }],
  DOITUONGTHUCHIEN: [{ TENDOITUONG: 'Công dân Việt Nam' }, { TENDOITUONG: 'Doanh nghiệp' }],
  TRINHTUTHUCHIEN: [
    { TRUONGHOP: 'Cấp mới', TRINHTU: [{ TENTRINHTU: 'Bước 1: Nộp hồ sơ' }, { TENTRINHTU: 'Bước 2: Nhận kết quả' }] },
    { TRUONGHOP: 'Cấp lại', TRINHTU: [{ TENTRINHTU: 'Bước 1: Nộp đơn' }] },
  ],
  CACHTHUCTHUCHIEN: [
    {
      KENH: '1',
      THOIGIAN: [
        {
          THOIGIANGIAIQUYET: '10',
          DONVITINH: 'Ngày làm việc',
          MOTA: 'Kể từ ngày nhận đủ hồ sơ',
          PHILEPHI: [
            {
              MAPHILEPHI: '1',
              SOTIEN: '1.000.000',
              DONVI: 'Đồng',
              MOTA: 'Cấp mới',
              URL: 'https://fees.example.test/1',
            },
            { MAPHILEPHI: '2', SOTIEN: 'không', DONVI: '', MOTA: '', URL: '' },
            { MAPHILEPHI: '2', SOTIEN: 'Theo quy định', DONVI: '', MOTA: '', URL: '' },
          ],
        },
      ],
    },
    { KENH: '2', THOIGIAN: [{ THOIGIANGIAIQUYET: '', DONVITINH: 'Không quá 10 ngày', MOTA: '', PHILEPHI: [] }] },
  ],
  THANHPHANHOSO: [
    {
      TRUONGHOP: 'Cấp lại',
      GIAYTO: [
        {
          MAGIAYTO: '000.00.00.G09-KQ002269',
          TENGIAYTO: 'Đơn đề nghị',
          SOBANCHINH: '01',
          SOBANSAO: '0',
          TENMAUDON: 'Mẫu 1',
          URL: 'https://forms.example.test/1',
        },
        {
          MAGIAYTO: '000.00.00.G09-KQ002269',
          TENGIAYTO: 'Đơn đề nghị',
          SOBANCHINH: '01',
          SOBANSAO: '0',
          TENMAUDON: 'Mẫu 2',
          URL: 'https://forms.example.test/2',
        },
        { MAGIAYTO: '', TENGIAYTO: 'Ảnh 4x6', SOBANCHINH: '2 bản', SOBANSAO: '', TENMAUDON: '', URL: '' },
      ],
    },
    { TRUONGHOP: '', GIAYTO: [{ MAGIAYTO: 'TP1', TENGIAYTO: 'Bản sao', SOBANCHINH: '', SOBANSAO: 1 }] },
  ],
  KETQUATHUCHIEN: [{ MAKETQUA: 'KQ.G07.000122', TENKETQUA: 'Giấy chứng nhận' }],
  CANCUPHAPLY: [{ SOVANBAN: '61/2018/NĐ-CP', TENVANBAN: 'Nghị định 61' }],
};

const SERVICE: Service = {
  code: '1.013225',
  name: 'Thủ tục thử nghiệm',
  inForce: true,
  category: 'TTHC được luật giao quy định chi tiết',
  publishedBy: 'G03',
  decision: '555',
  fieldCode: 'G03-GD10',
  fieldName: 'Lĩnh vực thử nghiệm',
  fields: [
    { code: 'G03-GD10', name: 'Lĩnh vực thử nghiệm' },
    { code: 'G03-GD11', name: 'Lĩnh vực khác' },
  ],
  levels: ['province', 'commune'],
  agencies: [{ code: 'H60.01', name: 'Sở thử nghiệm' }],
  receivedAt: ['Trung tâm Phục vụ hành chính công'],
  audience: ['Công dân Việt Nam', 'Doanh nghiệp'],
  audienceNote: 'Người từ đủ 18 tuổi',
  channels: [
    {
      channel: 'counter',
      terms: [
        {
          amount: 10,
          unit: 'working-day',
          text: '10 Ngày làm việc',
          description: 'Kể từ ngày nhận đủ hồ sơ',
          fees: [
            {
              code: '1',
              amountVnd: 1_000_000,
              unit: 'Đồng',
              description: 'Cấp mới',
              url: 'https://fees.example.test/1',
            },
            { code: '2', amountVnd: 0 },
            { code: '2', amountVnd: null, text: 'Theo quy định' },
          ],
        },
      ],
    },
    { channel: 'online', terms: [{ text: 'Không quá 10 ngày' }] },
  ],
  cases: [
    { name: 'Cấp mới', steps: ['Bước 1: Nộp hồ sơ', 'Bước 2: Nhận kết quả'] },
    {
      name: 'Cấp lại',
      steps: ['Bước 1: Nộp đơn'],
      components: [
        {
          code: '000.00.00.G09-KQ002269',
          name: 'Đơn đề nghị',
          originals: 1,
          copies: 0,
          forms: [
            { name: 'Mẫu 1', url: 'https://forms.example.test/1' },
            { name: 'Mẫu 2', url: 'https://forms.example.test/2' },
          ],
        },
        { name: 'Ảnh 4x6', originals: 2 },
      ],
    },
    { components: [{ code: 'TP1', name: 'Bản sao', copies: 1 }] },
  ],
  results: [{ code: 'KQ.G07.000122', name: 'Giấy chứng nhận' }],
  legalBases: [{ number: '61/2018/NĐ-CP', name: 'Nghị định 61' }],
  conditions: 'Không có',
};

const read = (change: object = {}): Item => readProcedure({ ...PROCEDURE, ...change });
const recordOf = (item: Item) => (item as RecordItem<'service.upsert.v1'>).record;
const problemsOf = (item: Item) => (item.kind === 'record' ? [] : item.problems.map(({ path }) => path));

describe('a procedure from LayThuTuc', () => {
  test('merges cases by name and papers by form, and keeps the words of fees and terms', () => {
    expect(read()).toEqual({ kind: 'record', operation: 'service.upsert.v1', warnings: [], record: SERVICE });
  });

  test('reading a written service gives the same service', () => {
    expect(recordOf(readProcedure(JSON.parse(JSON.stringify(writeProcedure(SERVICE)))))).toEqual(SERVICE);
    const minimal: Service = { code: '1.013225', name: 'Thủ tục', inForce: false };
    expect(recordOf(readProcedure(writeProcedure(minimal)))).toEqual(minimal);
  });

  test.each([
    [
      { amount: 3, unit: 'hour' },
      { amount: 3, unit: 'hour', text: '3 Giờ' },
    ],
    [
      { amount: 1.5, unit: 'day', text: '1,5 ngày' },
      { amount: 1.5, unit: 'day', text: '1,5 ngày' },
    ],
    [{ text: 'Không quy định' }, { text: 'Không quy định' }],
    [{ text: '5 tuần' }, { text: '5 tuần' }],
  ] as const)('a term %j is written so that it reads as %j', (term, expected) => {
    const service: Service = { ...SERVICE, channels: [{ channel: 'counter', terms: [term] }] };
    expect(recordOf(readProcedure(writeProcedure(service))).channels?.[0]?.terms?.[0]).toEqual(expected);
  });

  test('20,000 steps and papers are read within seconds', () => {
    const many = <T>(one: (n: number) => T): readonly T[] => Array.from({ length: 20_000 }, (_, n) => one(n));
    const long = {
      ...PROCEDURE,
      TRINHTUTHUCHIEN: many((n) => ({ TRINHTU: [{ TENTRINHTU: `Bước ${n}` }] })),
      THANHPHANHOSO: many((n) => ({ GIAYTO: [{ MAGIAYTO: `G${n}`, TENGIAYTO: 'Tờ khai' }] })),
    };
    const before = process.cpuUsage();
    expect(readProcedure(long).kind).toBe('invalid');
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(2);
  });

  test('lists may be absent, null or a single object', () => {
    const record = recordOf(
      readProcedure({
        MATTHC: '2.002492',
        TENTTHC: 'Thủ tục',
        TRANGTHAI: 1,
        LINHVUCTHUCHIEN: { MALINHVUC: 'G03-GD10', TENLINHVUC: 'Lĩnh vực' },
        CAPTHUCHIEN: null,
        COQUANTHUCHIEN: [],
        TRINHTUTHUCHIEN: { TRINHTU: { TENTRINHTU: 'Bước 1' } },
        CACHTHUCTHUCHIEN: { KENH: 3, THOIGIAN: { THOIGIANGIAIQUYET: 5, DONVITINH: 'Ngày', PHILEPHI: { SOTIEN: 0 } } },
      }),
    );
    expect(record).toEqual({
      code: '2.002492',
      name: 'Thủ tục',
      inForce: true,
      fieldCode: 'G03-GD10',
      fieldName: 'Lĩnh vực',
      fields: [{ code: 'G03-GD10', name: 'Lĩnh vực' }],
      channels: [{ channel: 'post', terms: [{ amount: 5, unit: 'day', text: '5 Ngày', fees: [{ amountVnd: 0 }] }] }],
      cases: [{ steps: ['Bước 1'] }],
    });
  });

  test.each([
    ['1', true],
    [1, true],
    ['0', false],
    ['2', false],
    [undefined, true],
  ])('TRANGTHAI %s: in force %s', (value, inForce) => {
    expect(recordOf(read({ TRANGTHAI: value })).inForce).toBe(inForce);
  });

  test.each([
    [{ CACHTHUCTHUCHIEN: [{ KENH: '4' }] }, 'unmapped:national-channel:4', '/CACHTHUCTHUCHIEN/0/KENH'],
    [
      { CAPTHUCHIEN: [{ CAPTHUCHIEN: '0' }, { CAPTHUCHIEN: '9' }] },
      'unmapped:national-level:9',
      '/CAPTHUCHIEN/1/CAPTHUCHIEN',
    ],
  ])('an unmapped code waits: %j', (change, key, path) => {
    const item = read(change);
    expect(item).toMatchObject({ kind: 'waiting', code: '1.013225', cause: { key } });
    expect(problemsOf(item)).toEqual([path]);
  });

  test.each([
    [{ MATTHC: 'x' }, ['/MATTHC']],
    [{ TENTTHC: '' }, ['/TENTTHC']],
    [{ LINHVUCTHUCHIEN: [{ MALINHVUC: 'x', TENLINHVUC: 'y' }] }, ['/LINHVUCTHUCHIEN/0/MALINHVUC']],
    [{ COQUANTHUCHIEN: [null, { MADONVI: 'H60' }] }, ['/COQUANTHUCHIEN/1/TENDONVI']],
    [
      { CACHTHUCTHUCHIEN: [{ KENH: '1', THOIGIAN: [{ PHILEPHI: [{ SOTIEN: '-1' }] }] }] },
      ['/CACHTHUCTHUCHIEN/0/THOIGIAN/0/PHILEPHI/0/SOTIEN'],
    ],
    [{ CACHTHUCTHUCHIEN: [{ THOIGIAN: [] }] }, ['/CACHTHUCTHUCHIEN/0/KENH']],
    [{ THANHPHANHOSO: [{ GIAYTO: [{ MAGIAYTO: 'A' }] }] }, ['/THANHPHANHOSO/0/GIAYTO/0/TENGIAYTO']],
    [
      { THANHPHANHOSO: [{ GIAYTO: [{ TENGIAYTO: 'Đơn', SOBANCHINH: 'vài bản' }] }] },
      ['/THANHPHANHOSO/0/GIAYTO/0/SOBANCHINH'],
    ],
    [
      {
        THANHPHANHOSO: [
          {
            GIAYTO: [
              { MAGIAYTO: 'A', TENGIAYTO: 'Đơn', URL: 'u' },
              { MAGIAYTO: 'A', TENGIAYTO: 'Đơn', URL: 'u'.repeat(3_000) },
            ],
          },
        ],
      },
      ['/THANHPHANHOSO/0/GIAYTO/1/URL'],
    ],
  ])('problems name places of the dialect: %#', (change, paths) => {
    const item = read(change);
    expect(item.kind).toBe('invalid');
    expect([...new Set(problemsOf(item))]).toEqual(paths);
  });

  test('anything but an object is invalid', () => {
    expect(readProcedure(undefined).kind).toBe('invalid');
  });
});
