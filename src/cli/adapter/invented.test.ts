import { describe, expect, test } from 'vitest';
import { inventedBody, leavesIn } from './case-texts.ts';
import { createInventor } from './invented.ts';

/** Learns an applicant as a case does from its record. */
function ofApplicant() {
  const inventor = createInventor();
  const applicant = {
    name: 'Nguyễn Thị Hoàng Yến',
    identityNumber: '001099123456',
    phone: '+84987654321',
    email: 'hoang.yen@so.gov.vn',
    address: 'Số 12, tổ 3, phường Minh Xuân',
  };
  for (const [name, text] of Object.entries(applicant)) inventor.learn({ name: `applicant/${name}`, text });
  return inventor;
}

describe('values that are invented', () => {
  test.each([
    ['Nguyễn Thị Hoàng Yến', 'Nguyễn Mẫu Thử Minh'],
    ['NGUYỄN THỊ HOÀNG YẾN', 'NGUYỄN MẪU THỬ MINH'],
    ['ông/bà Nguyen Thi Hoang Yen.', 'ông/bà Nguyen Mau Thu Minh.'],
    ['nguyễn thị  hoàng yến', 'Nguyễn Mẫu Thử Minh'],
    ['Nguyễn Thị Hoàng Yến'.normalize('NFD'), 'Nguyễn Mẫu Thử Minh'],
    [
      '/ho-so?ten=Nguy%E1%BB%85n%20Th%E1%BB%8B%20Ho%C3%A0ng%20Y%E1%BA%BFn',
      '/ho-so?ten=Nguy%E1%BB%85n%20M%E1%BA%ABu%20Th%E1%BB%AD%20Minh',
    ],
    [
      '50%Nguy%E1%BB%85n%20Th%E1%BB%8B%20Ho%C3%A0ng%20Y%E1%BA%BFn',
      '50%Nguy%E1%BB%85n%20M%E1%BA%ABu%20Th%E1%BB%AD%20Minh',
    ],
    [
      'ten=Nguy%E1%BB%85n+Th%E1%BB%8B+Ho%C3%A0ng+Y%E1%BA%BFn&x=1',
      'ten=Nguy%E1%BB%85n+M%E1%BA%ABu+Th%E1%BB%AD+Minh&x=1',
    ],
    ['ten=NGUYEN+THI+HOANG+YEN', 'ten=NGUYEN+MAU+THU+MINH'],
    ['CCCD 001099123456', 'CCCD 001099000001'],
    ['CCCD 001 099 123 456', 'CCCD 001 099 000 001'],
    ['/giay-to/001099123456.pdf', '/giay-to/001099000001.pdf'],
    ['+84987654321', '+84900000001'],
    ['SĐT 0987.654.321', 'SĐT 0900.000.001'],
    ['HOANG.YEN@so.gov.vn', 'nguoi-1@example.test'],
    ['trú tại số 12, tổ 3, Phường Minh Xuân', 'trú tại Số 1, đường Thử Nghiệm, phường Mẫu'],
  ])('replace the value in every spelling of it: %s', (text, shown) => {
    expect(ofApplicant().invent(text)).toBe(shown);
  });

  test.each([
    'H60.01-250812-0035',
    '2025-08-12T08:15:00+07:00',
    '20250812081500',
    '202508120815',
    '1.001193.000.00.00.H48',
    'phường minh xuân',
    'BN-000001',
    'Internal Server Error',
    'HO SO DA TON TAI',
  ])('leave everything else unchanged: %s', (text) => {
    const inventor = ofApplicant();
    inventor.learn({ name: 'detail', text });
    expect(inventor.invent(text)).toBe(text);
  });

  test.each([
    ['actor', 'Trần Văn B', 'name'],
    ['hoTenNguoiNop', 'Ma Thị Lý', 'name'],
    ['abstract', 'Cấp bản sao cho con là Ma Seo Phừ', 'name'],
    ['message', 'HO SO CUA LO VAN MAY', 'name'],
    ['content', '1\ufe0f\u20e3Lò Văn Mây', 'name'],
    ['content', '\u0301Lò Văn Mây', 'name'],
    ['note', 'gọi 0912 345 678', 'phone'],
    ['SoDinhDanh', '001 099 777 888', 'identity number'],
    ['content', 'chứng minh nhân dân 071234567', 'identity number'],
    ['ngaySinh', '12/03/1985', 'birthday'],
    ['session', 'c2Vzc2lvbi0x', 'secret'],
    ['url', 'https://tep.example.gov.vn/x?access_token=abc123def', 'secret'],
    ['detail', 'khóa eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', 'secret'],
    ['giayKhaiSinh', Buffer.from('Ma Seo Phừ '.repeat(20)).toString('base64'), 'file'],
    ['url', 'https://tep.example.gov.vn/x', 'host'],
    ['detail', 'hỏi phong@example.gov.vn', 'e-mail'],
  ] as const)('are replaced when known by name or shape: %s', (name, text, kind) => {
    const inventor = createInventor();
    inventor.learn({ name, text });
    expect(inventor.counts()[kind]).toBe(1);
    const shown = inventor.invent(text);
    expect(shown).not.toBe(text);
    expect(inventor.invent(`x ${text} y`)).toBe(`x ${shown} y`);
  });

  test('two people stay two, and one stays one', () => {
    const inventor = createInventor();
    const names = Array.from({ length: 60 }, (_, at) => `Người Thứ ${String.fromCodePoint(0x41 + (at % 26))}${at}`);
    for (const name of names) inventor.learnAs('name', name);
    for (const name of names) inventor.learnAs('name', name.toUpperCase());
    expect(inventor.counts()).toEqual({ name: 60 });
    expect(new Set(names.map((name) => inventor.invent(name))).size).toBe(60);
  });

  test('files and secrets of any length, and hundreds of people in one text, are replaced', () => {
    const inventor = createInventor();
    const file = Buffer.from('Ma Seo Phừ '.repeat(4_000)).toString('base64');
    inventor.learn({ name: 'giayKhaiSinh', text: file });
    expect(inventor.invent(`<a>${file}</a>`)).toBe(`<a>${Buffer.from('tài liệu mẫu 1').toString('base64')}</a>`);
    const numbers = Array.from({ length: 500 }, (_, at) => `01410${String(at).padStart(7, '0')}`);
    const phones = numbers.map((number) => `091${number.slice(-7)}`);
    const text = [...numbers, ...phones].join(' ');
    inventor.learn({ name: 'note', text });
    const shown = inventor.invent(text).split(' ');
    expect(new Set(shown).size).toBe(1_000);
    expect(shown.filter((one) => text.includes(one))).toEqual([]);
  });

  // With quadratic work these would take many minutes.
  test.each([
    ['one word', 'a-'.repeat(250_000)],
    ['one word before the escaped ones', `${'a-'.repeat(250_000)} %C3%A0`],
    ['the name of a parameter that has no value', `?${'key-'.repeat(400_000)}`],
    ['the name of a parameter whose value is empty', `?${'key-'.repeat(400_000)}=&`],
    ['capitals with marks', 'A\u20dd'.repeat(200_000)],
    ['words with plus signs', '+a-'.repeat(200_000)],
  ])('long texts take linear time: %s', (_, text) => {
    const inventor = ofApplicant();
    inventor.learn({ name: 'detail', text });
    expect(inventor.invent(text) === text).toBe(true);
  });

  test('an invented value is not replaced again', () => {
    const inventor = createInventor();
    for (const name of ['Ma Thị Lý', 'Nguyễn Mẫu Thử', 'Trần Mẫu Thử']) inventor.learnAs('name', name);
    expect(inventor.invent('Ma Thị Lý, Nguyễn Mẫu Thử, Trần Mẫu Thử')).toBe('Nguyễn Mẫu Thử, Trần Mẫu Thử, Lê Mẫu Thử');
  });

  test('the word that names the kind of a secret is not a secret', () => {
    const inventor = createInventor();
    inventor.learn({ name: 'token_type', text: 'Bearer' });
    inventor.learn({ name: 'sessionMinutes', text: '30' });
    expect(inventor.counts()).toEqual({});
  });
});

describe('a body', () => {
  const invented = (body: string): string => {
    const inventor = createInventor();
    for (const leaf of leavesIn(body)) inventor.learn(leaf);
    return inventedBody(body, inventor, 0);
  };

  test.each([
    ['hoTenNguoiNop=V%C3%A0ng+A+T%E1%BB%A7a&so=1', 'hoTenNguoiNop=Nguy%E1%BB%85n+M%E1%BA%ABu+Th%E1%BB%AD&so=1'],
    [
      `data=${encodeURIComponent('{"hoTen":"Vàng A Tủa"}')}`,
      `data=${encodeURIComponent('{"hoTen":"Nguyễn Mẫu Thử"}')}`,
    ],
  ])('of a form loses its people, however they are escaped: %s', (body, shown) => {
    expect(invented(body)).toBe(shown);
  });

  test('keeps numbers as they are written, except those of people', () => {
    const kept = '{"id":12345678901234567890,"fee":1.50,"rate":1e2,"in":"{\\"id\\":98765432109876543210}"}';
    expect(invented(kept)).toBe(kept);
    expect(invented('{"soDinhDanh":101099123456}')).toBe('{"soDinhDanh":101099000001}');
  });
});
