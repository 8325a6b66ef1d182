import { describe, expect, test } from 'vitest';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { cpuMsOf } from '../../../tests/support/measures.ts';
import { maskApplicant, maskedMembers, maskName, maskNamesIn, maskNumbersIn } from './masking.ts';

const applicant = {
  kind: 'citizen',
  name: 'Nguyễn Văn An',
  identityKind: 'cccd',
  identityNumber: '012345678901',
  phone: '0912 345 678',
  email: 'an.nguyen@example.test',
  address: 'Số 1, phường Minh Xuân',
  techId: 'tech-0000-4242',
} as const satisfies Dossier['applicant'];
describe('a masked applicant', () => {
  test('shows only lengths and last characters of a citizen’s data', () => {
    expect(maskApplicant(applicant)).toEqual({
      kind: 'citizen',
      name: 'N***** V** A*',
      identityKind: 'cccd',
      identityNumber: '**********01',
      phone: '**********78',
      email: '********************st',
      address: '********************ân',
      techId: '************42',
    });
  });

  test('holds no personal value anywhere', () => {
    const text = JSON.stringify(maskApplicant(applicant));
    for (const value of ['Nguyễn', 'Văn', '0123456', '0912', 'an.nguyen', 'Minh Xuân', 'tech-'])
      expect(text).not.toContain(value);
  });

  test('leaves its input unchanged', () => {
    const before = structuredClone(applicant);
    maskApplicant(applicant);
    expect(applicant).toEqual(before);
  });

  test('has only members of its input', () => {
    expect(maskApplicant({ name: 'An' })).toEqual({ name: 'A*' });
  });

  test.each([
    ['enterprise', 'Công ty TNHH Thử Nghiệm'],
    ['state-body', 'Công ty TNHH Thử Nghiệm'],
    ['organisation', 'Công ty TNHH Thử Nghiệm'],
    ['citizen', 'C*** t* T*** T** N*****'],
    [undefined, 'C*** t* T*** T** N*****'],
  ] as const)('of the kind %s shows the name as %s', (kind, name) => {
    const given = { name: 'Công ty TNHH Thử Nghiệm', identityNumber: '0123456789', ...(kind && { kind }) };
    expect(maskApplicant(given)).toEqual({
      ...given,
      name,
      identityNumber: '********89',
    });
  });

  test('is recognised member by member', () => {
    const members = ['name', 'identityNumber', 'phone', 'email', 'address', 'techId'];
    expect(maskedMembers(maskApplicant(applicant))).toEqual(members);
    expect(maskedMembers(maskApplicant({ ...applicant, kind: 'enterprise' }))).toEqual(members.slice(1));
    expect(maskedMembers(applicant)).toEqual([]);
    expect(maskedMembers({ name: 'Nguyễn V** A*', address: '* 12 Lê Lợi', phone: 5 })).toEqual([]);
  });

  test('shows nothing of short values', () => {
    expect(maskApplicant({ name: 'A', phone: '12345' })).toEqual({
      name: 'A',
      phone: '*****',
    });
  });
});

test.each([
  ['Đặng Thị Ngọc Ánh', 'Đ*** T** N*** Á**'],
  ['  Lý   A  ', ' L* A '],
  ['Hà', 'H*'],
  ['𐐷an', '𐐷**'],
  ['', ''],
])('of the name %j first letters and lengths stay: %j', (name, masked) => expect(maskName(name)).toBe(masked));

test.each([
  ['status 422: Công dân Nguyễn Thị Ánh đã có hồ sơ', 'status 422: Công dân N***** T** Á** đã có hồ sơ'],
  ['trùng với ông TRẦN VĂN A1, xã Bạch', 'trùng với ông T*** V** A*, xã Bạch'],
  ['connect ECONNREFUSED, after 3 tries', 'connect ECONNREFUSED, after 3 tries'],
])('of %j a log shows %j', (words, shown) => expect(maskNamesIn(words)).toBe(shown));

test.each([
  '0912345678',
  '0912.345.678',
  '0912 345 678',
  '0912-345-678',
  '091 234 5678',
  '0912 34 56 78',
  '03 9123 4567',
  '0912\u00a0345\u00a0678',
  '+84912345678',
  '+84 912 345 678',
  '0084 912 345 678',
  '84912345678',
  '024 3826 1234',
  '02438261234',
  '0207.3822.123',
  '001099012345',
  '001 099 012 345',
  '001.099.012.345',
  '0010 9901 2345',
  '001099 012345',
  '001 099 012345',
  '070912345',
  '070 912 345',
  '0912345678/0987654321',
  '0912.345.678/0987.654.321',
  '0912345678-0987654321',
])('the number %s is masked in a sentence', (number) => {
  const sentences = (one: string) => [
    `gọi ${one}, hoặc`,
    one,
    `(${one})`,
    `số ${one}.`,
    `${one} - anh An`,
    `ĐT: ${one} 2 lần`,
  ];
  for (const sentence of sentences(number)) {
    const masked = maskNumbersIn(sentence);
    expect(masked).toHaveLength(sentence.length);
    expect(masked).not.toMatch(/\d.*\d.*\d.*\d/);
    expect(maskNumbersIn(masked)).toBe(masked);
  }
});

test.each([
  ['CCCD001099012345', 'CCCD**********45'],
  ['cmnd:070912345', 'cmnd:*******45'],
  ['SĐT0912345678', 'SĐT********78'],
  ['ĐT.0912.345.678', 'ĐT.**********78'],
  ['(+84) 912 345 678', '(**************78'],
  ['(024) 3826 1234', '(************34'],
  ['0912345678/0987654321', '*******************21'],
  ['CMND 123 456 789 đã đổi', 'CMND *********89 đã đổi'],
  ['từ 0912 345 678 và 0987 654 321', 'từ **********78 và **********21'],
  ['gọi ０９１２３４５６７８ – nhé', 'gọi ********７８ – nhé'],
  ['CCCD：００１０９９０１２３４５', 'CCCD：**********４５'],
  ['gọi 0912\u2009345\u2009678', 'gọi **********78'],
  ['gọi 0912–345–678', 'gọi **********78'],
  ['CCCD_001099012345_mat_truoc.jpg', 'CCCD_**********45_mat_truoc.jpg'],
  ['sdt_0912_345_678.pdf', 'sdt_**********78.pdf'],
  ['van_an@example.test', '*****************st'],
  ['số–0912345678', 'số–********78'],
  ['-0912345678', '-********78'],
  ['liên hệ em.0912345678', 'liên hệ em.********78'],
  ['Anh An-0912.345.678', 'Anh An-**********78'],
  ['sđt/0912345678', 'sđt/********78'],
  ['gặp...+84912345678', 'gặp...**********78'],
  ['cccd-001099012345.jpg', 'cccd-**********45.jpg'],
  ['ảnh-001099012345.jpg', 'ảnh-**********45.jpg'],
  ['thư an＠example．test', 'thư *************st'],
  ['từ ?mail=an.nguyen%40example.test', 'từ ?mail=**********************st'],
])('%s is shown as %s', (text, shown) => expect(maskNumbersIn(text)).toBe(shown));

test.each([
  // Codes of dossiers, services and agencies.
  'H60.01-250812-0035',
  'h60.01.02-250812-0035',
  '000.00.15.H60-250812-0035',
  '01-250812-0035',
  '000.00.00.G22',
  '1.001193',
  '2.000815.000.00.00.H60',
  'VN:GOV:000.00.00.G22:vpcpdvcprovider',
  'TT-0912345678-1',
  'TT-0912345678',
  'h60.0912345678',
  'H60-GD10-0912345678',
  // Dates and times.
  '12/2025',
  '08.07.2025 10',
  '08-07-2025 10:30',
  '08 07 2025 1030',
  'số 034 2025-08-12',
  '2025-08-12T08:15:00+07:00',
  '2025-08-12 08:15:00.123',
  '20250812081500',
  // Amounts.
  '1.500.000',
  '1.000.000.000',
  '123.456.789 đồng',
  '150 000 000',
  '123 456 789 đồng',
  '123 456 789đ',
  '1 234 567 890',
  '84.912.345.678',
  // Legal references and other documents.
  '61/2018/NĐ-CP',
  '0123456789/QĐ-UBND',
  '123456789/2025/TTHC',
  'QCVN 01-1:2018/BYT',
  // Addresses, lists and measures.
  '10.0.12.1',
  'https://a.example/0912345678',
  '/ho-so/0912345678',
  '3fa85f64-5717-4562-b3fc-012345678901',
  'các tuần 05 06 07 08 09',
  '0.912345678',
  '-123456789',
  'thửa 012, tờ 345, 678 m2',
])('%s is no number of a person, and stays', (text) => expect(maskNumbersIn(text)).toBe(text));

test('a text of many digits is masked in linear time', () => {
  for (const text of [
    '0'.repeat(200_000),
    '0912 345 '.repeat(20_000),
    '+84'.repeat(60_000),
    '123 456 '.repeat(25_000),
    `${'a'.repeat(199_997)}.0x`,
  ])
    expect(cpuMsOf(() => maskNumbersIn(text))).toBeLessThan(1_000);
});

test.each(['/', '-'])('many numbers that are joined by %s are read in one way', (joint) => {
  const text = `0912345678${joint}`.repeat(2_000);
  expect(maskNumbersIn(`${text}x`)).toBe(`${text}x`);
});
