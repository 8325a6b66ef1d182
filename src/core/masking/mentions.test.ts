import { describe, expect, test } from 'vitest';
import { cpuMsOf } from '../../../tests/support/measures.ts';
import { createMentions, type Person } from './mentions.ts';

const person = {
  kind: 'citizen',
  name: 'Nguyễn Văn An',
  identityKind: 'cccd',
  identityNumber: '012345678901',
  phone: '0912 345 678',
  email: 'an.nguyen@example.test',
  address: 'Số 12, ngõ Hoa Ban, phường Minh Xuân, tỉnh Tuyên Quang',
  techId: 'tech-0000-4242',
} as const;
const percent = (text: string): string =>
  [...new TextEncoder().encode(text)].map((byte) => `%${byte.toString(16)}`).join('');
const { mask, mayBeIn } = createMentions([person]);

describe('every spelling of a name is masked', () => {
  test.each([
    ['Cấp cho ông NGUYỄN VĂN AN (nguyễn văn an)', 'Cấp cho ông N***** V** A* (n***** v** a*)'],
    ['Nguyen Van An', 'N***** V** A*'],
    ['Nguyễn Văn An'.normalize('NFD'), 'N***** V** A*'],
    ['NGUYỄN\u00a0VĂN  AN'.normalize('NFD'), 'N*****\u00a0V**  A*'],
    ['don_cua_nguyen_van_an.pdf', 'don_cua_n*****_v**_a*.pdf'],
    ['Nguyen.Van-An', 'N*****.V**-A*'],
    ['CCCD_NguyenVanAn2025.pdf', 'CCCD_N**********2025.pdf'],
    ['CCCDNguyenVanAn', 'CCCDN**********'],
    ['nguyenvanan', 'n**********'],
    ['N G U Y Ễ N  V Ă N  A N', '*'.repeat(23)],
    ['Nguyễn\u200bVăn\u00adAn', 'N*****\u200bV**\u00adA*'],
    ['Ｎｇｕｙｅｎ Ｖａｎ Ａｎ', 'Ｎ***** Ｖ** Ａ*'],
    ['?ten=Nguy%E1%BB%85n%20V%C4%83n%20An&loai=1', '?ten=N***** V** A*&loai=1'],
    ['?ten=nguy%e1%bb%85n+v%c4%83n+an', '?ten=n*****+v**+a*'],
    ['?ten=Nguyen%20Van%20An', '?ten=N***** V** A*'],
    ['?ten=Nguyen+Van+An', '?ten=N*****+V**+A*'],
    [encodeURIComponent(encodeURIComponent('Nguyễn Văn An')), 'N***** V** A*'],
    [encodeURIComponent('Nguyễn Văn An'.normalize('NFD')), 'N***** V** A*'],
    [percent('Nguyễn Văn An'), 'N***** V** A*'],
    ['Nguy\\u1ec5n V\\u0103n An', 'N***** V** A*'],
    ['Nguy%u1EC5n V%u0103n An', 'N***** V** A*'],
    ['Nguy&#7877;n V&#x103;n An', 'N***** V** A*'],
    ['Nguy&ecirc;n Van An', 'N***** V** A*'],
  ])('%s', (text, masked) => {
    expect(mask(text)).toBe(masked);
    expect(mayBeIn(['khác', text])).toBe(true);
  });
});

describe('every spelling of a number, an address and an e-mail address is masked', () => {
  test.each([
    ['gọi 0912 345 678 hoặc AN.NGUYEN@example.test', 'gọi **********78 hoặc ********************st'],
    ['gọi +84 912.345.678', 'gọi *************78'],
    ['gọi (84) 912-345-678 nhé', 'gọi (*************78 nhé'],
    ['gọi 0084912345678, 912345678', 'gọi ***********78, *******78'],
    ['tel:%2B84%20912%20345%20678', 'tel:*************78'],
    ['CCCD 012 345 678 901; 0123.4567.8901', 'CCCD *************01; ************01'],
    ['0_1_2_3_4_5_6_7_8_9_0_1', '*********************_1'],
    ['an.nguyen%40example.test', '********************st'],
    ['mã tech 0000 4242', 'mã ************42'],
    ['nhà số 12 ngõ Hoa Ban, P. Minh Xuân', `nhà ${'*'.repeat(15)}an, P. Minh Xuân`],
    ['SO 12 - NGO HOA BAN - PHUONG MINH XUAN', `${'*'.repeat(36)}AN`],
  ])('%s', (text, masked) => {
    expect(mask(text)).toBe(masked);
    expect(mayBeIn([text])).toBe(true);
  });
});

test('a text about others is unchanged', () => {
  for (const text of [
    'Nguyễn Văn Ánh nộp hồ sơ cho Công ty An Bình; công an phường Minh Xuân',
    'Nguyễn Văn Anh, NGUYỄN VĂN ANH, Nguyen_Van_Anh',
    'QĐ 12/2025, tài khoản 0123 4567 8900, hồ sơ H60.01-250812-0035, ĐT 0912 345 679',
    '100% hồ sơ & 50 %20',
  ])
    expect(mask(text)).toBe(text);
  expect(mayBeIn(['Nguyễn Văn Bình', 'ĐT 0912 345 679'])).toBe(false);
});

describe('a name that may be any word spoils no text', () => {
  test.each<[string, string, string]>([
    ['An', 'công an xã An Bình', 'công an xã An Bình'],
    ['An', ' AN ', ' A* '],
    ['Nguyễn', 'ông Nguyễn Văn Bình', 'ông Nguyễn Văn Bình'],
    ['Brokenborough', 'to Brokenborough', 'to B************'],
    ['Hà An', 'quốc lộ hạ an toàn, han, Hạ An', 'quốc lộ hạ an toàn, han, Hạ An'],
    ['Hà An', 'HÀ AN, ha-an, HaAn, Hà An', 'H* A*, h*-a*, H***, H* A*'],
    ['Hoà An', 'Hòa An', 'H** A*'],
    ['HA AN', 'Hà An', 'H* A*'],
  ])('%s in "%s"', (name, text, masked) => expect(createMentions([{ name }]).mask(text)).toBe(masked));
});

test.each<[string, string, string]>([
  ['Ông Nguyễn Văn An', 'trả cho Nguyễn Văn An', 'trả cho N***** V** A*'],
  ['Nguyễn Văn An và Trần Thị Bình', 'bà Trần Thị Bình', 'bà T*** T** B***'],
  ['NGUYỄN VĂN AN (đại diện hộ)', 'ông Nguyễn Văn An', 'ông N***** V** A*'],
])('each of several people in one name is masked: %s', (name, text, masked) =>
  expect(createMentions([{ name }]).mask(text)).toBe(masked),
);

test.each<[Person, string, string]>([
  [{ name: 'K’Brơi' }, 'con của K’Brơi', 'con của K’B***'],
  [{ name: "H'Bia" }, "H'BIA nộp", "H'B** nộp"],
  [{ name: 'Y.Bih' }, 'Y Bih nộp', 'Y B** nộp'],
  [{ address: `${'.'.repeat(30)} Số 12 Lê Lợi` }, 'ở Số 12 Lê Lợi', `ở ${'*'.repeat(10)}ợi`],
])('the quick test misses no mention: %j in "%s"', (someone, text, masked) => {
  const { mask, mayBeIn } = createMentions([someone]);
  expect(mask(text)).toBe(masked);
  expect(mayBeIn([text])).toBe(true);
});

test('a bare commune is masked in a text, and kept in the name of an office', () => {
  const { mask } = createMentions([{ address: 'Xã Bạch Xa, huyện Hàm Yên' }]);
  expect(mask('ở xã Bạch Xa, huyện Hàm Yên')).toBe(`ở ${'*'.repeat(23)}ên`);
  expect(mask('UBND xã Bạch Xa, huyện Hàm Yên', true)).toBe('UBND xã Bạch Xa, huyện Hàm Yên');
});

test('the name of a company is public, its numbers are not', () => {
  const company: Person = { kind: 'enterprise', name: 'Công ty An Bình', phone: '02073 822 123' };
  expect(createMentions([company]).mask('Công ty An Bình, 0207.3822.123')).toBe('Công ty An Bình, ***********23');
});

test('two phone numbers in one member are searched separately', () => {
  const { mask, mayBeIn } = createMentions([{ phone: '0912345678/0207 3822 123' }]);
  expect(mayBeIn(['0912.345.678'])).toBe(true);
  expect(mask('02073822123, 0912.345.678')).toBe('*********23, **********78');
});

test('overlaps are masked as a whole, and a mask stays unchanged', () => {
  const { mask } = createMentions([person, { name: 'An Thị Bình' }]);
  const masked = mask('Nguyễn Văn An Thị Bình');
  expect(masked).not.toMatch(/nguy|bình|thị/i);
  expect(createMentions([{ name: 'N***** V** A*', phone: '********78' }]).mask(masked)).toBe(masked);
});

test('a mask of a thousand people takes linear time, also for hostile text', () => {
  const people = Array.from({ length: 1_000 }, (_, n) => ({
    name: `Nguyễn Văn Nguyễn Văn ${'abcdefghij'[n % 10]}${n}x`,
  }));
  const mentions = createMentions(people);
  expect(mentions.mask('Nguyễn Văn Nguyễn Văn a0x')).toBe('N***** V** N***** V** a**');
  const hostile = 'Nguyễn Văn '.repeat(1_800);
  const cpuMs = cpuMsOf(() => {
    for (let n = 0; n < 20; n++) expect(mentions.mask(hostile)).toBe(hostile);
  });
  // 20 texts of 20,000 characters: 0.2 s; person by person it was over a minute.
  expect(cpuMs).toBeLessThan(10_000);
});

test('an address of five hundred parts takes no more time than others', () => {
  const address = 'a,'.repeat(500).slice(0, -1);
  const written = 'a,'.repeat(10_000);
  const cpuMs = cpuMsOf(() => expect(createMentions([{ address }]).mask(written)).not.toBe(written));
  // 0.1 s; with a text for each of its beginnings it was over 4 s.
  expect(cpuMs).toBeLessThan(2_000);
});

test('a mask that is prepared step by step masks as one that is not', () => {
  const people = [person, { name: 'Trần Thị Bình' }, { address: 'Số 12, ngõ Hoa Ban' }];
  const text = 'Nguyễn Văn An và Trần Thị Bình, số 12 ngõ Hoa Ban, P. Minh Xuân, 0912 345 678';
  const prepared = createMentions(people);
  expect([...prepared.prepare()].length).toBeGreaterThan(0);
  expect(prepared.mask(text)).toBe(createMentions(people).mask(text));
  expect([...prepared.prepare()]).toEqual([]);
});

test('the beginnings of an address add nothing to the work for it', () => {
  const stepsFor = (separator: string): number => {
    const parts = Array.from({ length: 12 }, (_, part) => `khu tập thể nhà máy giấy An Hoà cũ số ${part}`);
    const people = Array.from({ length: 100 }, (_, n) => ({ address: `Số ${n} ${parts.join(separator)}` }));
    return [...createMentions(people).prepare()].length;
  };
  expect(stepsFor(' ')).toBeGreaterThan(100);
  expect(stepsFor(', ')).toBe(stepsFor(' '));
});
