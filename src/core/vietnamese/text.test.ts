import { describe, expect, it } from 'vitest';
import { TCVN3, VNI, WINDOWS_1252 } from './legacy-encodings.ts';
import { fold, inspectText, nfc, similarity, unstorable } from './text.ts';

const VOWELS = 'aăâeêioôơuưy';
const TONES = ['', '\u0300', '\u0301', '\u0303', '\u0309', '\u0323'];
const SMALL_LETTERS = [
  ...'bcdđghklmnpqrstvx',
  ...[...VOWELS].flatMap((vowel) => TONES.map((tone) => (vowel + tone).normalize('NFC'))),
];
const MARKED_LETTERS = SMALL_LETTERS.filter((letter) => letter > '\u007f');

const CLEAN = `
  Nguyễn Văn An|Trần Thị Bích Ngọc|Lê Hoàng|Hoàng Anh|Lý A Sùng|Giàng Mí Lềnh|Vàng Thị Mỷ|Sùng Mí Phìn|Cô Hà|Bà Lê Minh
  Hà Nội|Hà Nam|Đắk Lắk|Bắc Kạn|Krông Búk|Êđê|Ea H'leo|Pờ Ly Ngài|Tả Sử Choóng|Chiêm Hóa|Chiêm Hoá|Na Hang|Thượng Lâm
  ông|êm|ân|ô|ý|à|sân|cô|nhân|Hà|là|tê|và|ừ|á|ã|khoẻ|khỏe|thuỷ|thủy|quý|quốc|giếng|gìn|nghiêng|xoong|uỷ ban|UỶ BAN
  ÔNG|CÔNG AN TỈNH HÀ GIANG|CÔNG AN|XÃ|XÃ HỘI|MÃ SỐ|“UBND XÃ”|UBND XÃ…|XÃ – PHƯỜNG|‘ĐÃ’|TÔ HIẾN THÀNH|CÂN|“HÀ”
  Thủ tục đăng ký thành lập hộ kinh doanh|Cấp giấy chứng nhận quyền sử dụng đất, quyền sở hữu nhà ở
  Tổ 5, phường Minh Xuân, thành phố Tuyên Quang, tỉnh Tuyên Quang|Số 12/3 ngõ 7, đường Trần Hưng Đạo (cũ)
  Quyết định số 15/2020/QĐ-UBND ngày 12/8/2025|Nghị định 61/2018/NĐ-CP|Theo NÐ 61|Ðặng Văn Ðông
  Café|Müller|Français|São Paulo|naïve|Công ty TNHH Häagen-Dazs|Nestlé Việt Nam|NESTLÉ®|L'Oréal|Crème brûlée|Besançon
  Société Générale|Übergrößenträger|Straße|Málaga|Señor Núñez|El Niño|España|Ñuñoa|Raúl|Loïc Martin|Noël|Citroën|Zoë|Saül
  Björk Guðmundsdóttir|Þór|Ångström|Smörgåsbord|Malmö|Håkan Sørensen|Île-de-France|Où|œuvre|Coração|João Leão|maïs|Thaï
  Łódź|Dvořák|Erdoğan|Şişli|Đurđević|Ōsaka|Ελλάδα|Привет|東京都|한국|สวัสดี|مرحبا|😀 xong|👩‍👩‍👧‍👦|é|ü|ö|ñ
  a.b+c@example.vn|https://example.vn/tìm?q=đất|C++|C#|R&D|50m²|120 m²|3m³|µm|5µm|µg/l|±|±5%|¼|1½ ngày|°C|25°C|«Hà Nội»
  «Tiếng Việt là ngôn ngữ»|©|© 2025 Sở Tư pháp|Windows®|Coca-Cola®|§ 5|§5a|(§a)|2×3|10m × 20m|N·m|Hà Nội · Tuyên Quang|·|¬
  €100|£5|¥|¢|1ª|nº 5|Mª Carmen|Nam¹|chú thích¹²³|“ngoặc”|‘đơn’|…|–|—|• Giấy tờ|100 ‰|tên_tệp (1).pdf|x÷y|¿Qué?|¡Hola!
`
  .split(/[|\n]/)
  .map((text) => text.trim())
  .filter((text) => text !== '');

describe('correct text stays unchanged', () => {
  it.each(CLEAN)('%s', (text) => {
    expect(inspectText(text.normalize('NFC'))).toEqual({ text: text.normalize('NFC'), verdict: 'clean' });
    expect(inspectText(text.normalize('NFD'))).toEqual({ text: text.normalize('NFC'), verdict: 'clean' });
  });

  it('all 134 marked letters of Vietnamese stay unchanged, alone and together', () => {
    const letters = MARKED_LETTERS.flatMap((letter) => [letter, letter.toUpperCase()]);
    expect(new Set(letters).size).toBe(134);
    for (const text of [...letters, letters.join(' ')])
      for (const form of ['NFC', 'NFD'] as const)
        expect(inspectText(text.normalize(form))).toEqual({ text, verdict: 'clean' });
  });
});

const NAMES = `
  Nguyễn Văn An|Trần Thị Bích Ngọc|Lê Thị Hoa|Phạm Đức Lộc|Vũ Văn Dũng|Đặng Thị Thuý|Hoàng Ngọc Ánh|Bùi Quốc Khánh
  Đỗ Xuân Trường|Hồ Quỳnh Hương|Ngô Tiến Đạt|Dương Thuỳ Linh|Lý Thị Mỷ|Giàng A Chu|Phường Minh Xuân, thành phố Tuyên Quang
  Xã Thượng Lâm, huyện Lâm Bình|Tổ 5, thôn Đồng Tâm, xã Hợp Thành|Ủy ban nhân dân xã Sơn Dương|Sở Kế hoạch và Đầu tư
  Cộng hòa xã hội chủ nghĩa Việt Nam|Độc lập - Tự do - Hạnh phúc|Đăng ký khai sinh có yếu tố nước ngoài
  Thủ tục cấp giấy chứng nhận quyền sử dụng đất|Quyết định số 15/2020|Số hồ sơ: 12, ngày tiếp nhận|Trường|Nguyễn|Được
  Không thu phí|Đơn đề nghị (bản chính).pdf|ô tô, xe máy|Ông Hạng A Kẻ|Đắk Lắk|Bắc Kạn
`
  .split(/[|\n]/)
  .map((text) => text.trim())
  .filter((text) => text !== '');

const latin1 = (text: string) => [...new TextEncoder().encode(text)].map((byte) => String.fromCharCode(byte)).join('');
const CHARACTERS_1252 = new Map([...WINDOWS_1252].map(([character, byte]) => [String.fromCharCode(byte), character]));
const windows1252 = (text: string) =>
  latin1(text).replace(/[\u0080-\u009f]/g, (byte) => CHARACTERS_1252.get(byte) as string);

describe('UTF-8 read in a wrong character set is repaired', () => {
  const WAYS = {
    'as Windows-1252': windows1252,
    'as Latin-1': latin1,
    'twice as Windows-1252': (text: string) => windows1252(windows1252(text)),
    'as Latin-1, then as Windows-1252': (text: string) => windows1252(latin1(text)),
    'with its marks apart': (text: string) => windows1252(text.normalize('NFD')),
  };
  it.each(Object.entries(WAYS))('%s', (_, broken) => {
    for (const text of [...NAMES, 'Café', '“Hà Nội” – 2025', ...NAMES.map((name) => name.toUpperCase())])
      expect(inspectText(broken(text)), text).toEqual({ text, verdict: 'repaired', kind: 'mojibake' });
  });

  it.each([
    ['a replacement character', 'Nguy\ufffdn Văn An'],
    ['a question mark for a byte', 'Nguyá»?n'],
    ['a question mark for two bytes', 'L? Thá»? Hoa'],
    ['a byte that was trimmed', 'LÃª Thá»‹ Hà'],
    ['a no-break space that became a blank', 'lÃ  ngÆ°á»i'],
    ['a raw byte of Windows-1252', 'năm 2020\u00962025'],
    ['a correct word beside it', 'Họ tên: Nguyá»…n VÄƒn An'],
    ['a capital that can be a quotation mark', 'UBND XÃ”'],
    ['letters that are not Vietnamese', 'MÃ¼ller'],
  ])('with %s it is doubtful and unchanged', (_, text) =>
    expect(inspectText(text)).toEqual({ text, verdict: 'doubtful', kind: 'mojibake' }),
  );
});

/** Into an old encoding, by its table in reverse. */
function encode(text: string, table: ReadonlyMap<string, string>): string {
  const reverse = new Map([...table].map(([old, letter]) => [letter, old]));
  return [...text].map((letter) => reverse.get(letter) ?? reverse.get(letter.toLowerCase()) ?? letter).join('');
}

describe('TCVN3 is repaired if it is certain', () => {
  /** Capitals with tones are small letters there, until the font shows them as capitals. */
  const shown = (text: string) =>
    text.replace(/[À-ỹ]/g, (letter) => ('ĂÂÊÔƠƯĐ'.includes(letter) ? letter : letter.toLowerCase()));

  it.each(NAMES)('%s', (name) => {
    for (const text of [name, name.toLowerCase(), name.toUpperCase()])
      expect(inspectText(encode(text, TCVN3)), text).toEqual({ text: shown(text), verdict: 'repaired', kind: 'tcvn3' });
  });

  it.each([
    ['NguyÔn V¨n An', 'Nguyễn Văn An'],
    ['NGUYÔN V¡N AN', 'NGUYễN VĂN AN'],
    ['Tr\u00ad\u00eang', 'Trường'],
    ['Sè hå s¬ cã mét b¶n', 'Số hồ sơ có một bản'],
    ['C«ng ty Samsung Vina', 'Công ty Samsung Vina'],
    ['Bïi Hång', 'Bùi Hồng'],
    ['¤ t«', 'Ô tô'],
    ['§·', 'Đã'],
    ['QuyÕt ®Þnh sè 15/2020/Q§-UBND', 'Quyết định số 15/2020/QĐ-UBND'],
    ['Q§-UBND', 'QĐ-UBND'],
    ['TrÇn Chí §¹t', 'Trần Chớ Đạt'],
    ['Ngäc', 'Ngọc'],
  ])('%s', (text, repaired) =>
    expect(inspectText(text)).toEqual({ text: repaired, verdict: 'repaired', kind: 'tcvn3' }),
  );

  it.each([
    ['a word that does not come out', 'NguyÔnn V¨n An'],
    ['a sign that is no letter there', 'C«ng ty § 5'],
    ['a correct word that is invalid in the encoding', 'Hà Nội, ngµy'],
    ['a correct word of other letters', 'Ông NguyÔn V¨n An'],
    ['a word that may be correct unchanged', 'Tên: NguyÔn V¨n An'],
    ['quotation marks that could be letters', '«NguyÔn V¨n An»'],
    ['a foreign word', 'NguyÔn Müller'],
    ['its soft hyphen lost', 'Trêng'],
    ['one word that could be a foreign name', 'Mü Linh'],
    ['most of its words correct unchanged', 'Bé Néi vô'],
  ])('with %s it is doubtful and unchanged', (_, text) =>
    expect(inspectText(text)).toEqual({ text, verdict: 'doubtful', kind: 'tcvn3' }),
  );
});

describe('VNI is repaired if it is certain', () => {
  it.each(NAMES)('%s', (name) => {
    for (const text of [name, name.toLowerCase(), name.toUpperCase()])
      expect(inspectText(encode(text, VNI)), text).toEqual({ text, verdict: 'repaired', kind: 'vni' });
  });

  it.each([
    ['Nguyeãn Vaên An', 'Nguyễn Văn An'],
    ['Ñaëng Thò Thuùy', 'Đặng Thị Thúy'],
    ['NGUYEÃN VAÊN AN', 'NGUYỄN VĂN AN'],
    ['phöôøng Traàn Höng Ñaïo', 'phường Trần Hưng Đạo'],
    ['Coâng ty Samsung Vina', 'Công ty Samsung Vina'],
    ['Quyeát ñònh soá 15/2020/QÑ-UBND', 'Quyết định số 15/2020/QĐ-UBND'],
    ['Ngoïc Lan', 'Ngọc Lan'],
  ])('%s', (text, repaired) => expect(inspectText(text)).toEqual({ text: repaired, verdict: 'repaired', kind: 'vni' }));

  it.each([
    ['a word that does not come out', 'Nguyeãng Vaên An'],
    ['a correct word that is invalid in the encoding', 'Họ tên: Nguyeãn Vaên An'],
    ['a word that may be correct unchanged', 'Cô Nguyeãn Vaên An'],
    ['a foreign word', 'Nguyeãn Müller'],
    ['one word that could be a foreign name', 'Loïc Lan'],
  ])('with %s it is doubtful and unchanged', (_, text) =>
    expect(inspectText(text)).toEqual({ text, verdict: 'doubtful', kind: 'vni' }),
  );
});

it('a word that is certain in neither encoding is doubtful', () => {
  // THUẾ in TCVN3, THŨ in VNI
  expect(inspectText('THUÕ AN').verdict).toBe('doubtful');
});

describe('fold ignores marks, case and blanks', () => {
  it.each([
    ['Nguyễn Văn Đạt', 'nguyen van dat'],
    ['  HỘ\u00a0kinh \t\n doanh ', 'ho kinh doanh'],
    ['Ðặng', 'dang'],
    ['QĐ-UBND 15/2020', 'qd-ubnd 15/2020'],
    ['Müller & Çelik İ', 'muller & celik i'],
    ['Straße 東京 😀', 'straße 東京 😀'],
    ['a\u00adb\u200bc\ufeff', 'abc'],
    ['ΆΛΦΑ', 'αλφα'],
    ['', ''],
    [' \u3000', ''],
  ])('%j becomes %j', (text, folded) => {
    expect(fold(text)).toBe(folded);
    expect(fold(text.normalize('NFC'))).toBe(folded);
    expect(fold(text.normalize('NFD'))).toBe(folded);
    expect(fold(folded)).toBe(folded);
  });

  it('leaves only plain letters of every Vietnamese letter', () => {
    for (const letter of MARKED_LETTERS) expect(fold(letter.toUpperCase())).toMatch(/^[adeiouy]$/);
  });

  it('gives the same for long and short text', () => {
    const letters = Array.from({ length: 0x1f00 }, (_, code) => String.fromCharCode(code)).filter(
      (letter) => letter !== '\u0000',
    );
    for (const letter of letters) expect(fold(`a${letter}b`).repeat(200)).toBe(fold(`a${letter}b`.repeat(200)));
  });
});

it.each([
  ['thuần tuý\t\r\n😀', undefined],
  ['', undefined],
  ['a\u0000b', 'U+0000'],
  ['a\u0007', 'U+0007'],
  ['a\u001f', 'U+001F'],
  ['a\ud83d', 'U+D83D'],
  ['\ude00a', 'U+DE00'],
  ['\ude00\ud83d', 'U+DE00'],
])('the unstorable character in %j is named', (text, name) => {
  if (name === undefined) expect(unstorable(text)).toBeUndefined();
  else expect(unstorable(text)?.args.name).toBe(name);
});

it('text is stored in NFC', () => {
  for (const text of ['abc', 'Nguyễn', '\u212b', '한국', '“ố”', 'a\u0323\u0302'])
    for (const form of ['NFC', 'NFD'] as const) expect(nfc(text.normalize(form))).toBe(text.normalize('NFC'));
});

describe('similarity measures how alike two names are', () => {
  const name = 'Cấp giấy phép xây dựng';
  it('is 1 for the same words and 0 for nothing in common', () => {
    expect(similarity(name, ' CAP giay  phep xay dung')).toBe(1);
    expect(similarity(name, 'mno')).toBe(0);
    expect(similarity(name, '')).toBe(0);
    expect(similarity('', '')).toBe(0);
  });

  it('does not depend on which name comes first', () => {
    expect(similarity(name, 'Cấp lại giấy phép')).toBe(similarity('Cấp lại giấy phép', name));
  });

  it('ranks the nearer name first', () => {
    const near = ['Cấp giấy phép xây dựng mới', 'Gia hạn giấy phép xây dựng', 'Cấp giấy khai sinh', 'Đăng ký kết hôn'];
    const values = near.map((other) => similarity(name, other));
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(values.every((value) => value > 0 && value < 1)).toBe(true);
  });

  it('counts a word as often as it occurs', () => {
    expect(similarity('ba ba ba', 'ba')).toBeLessThan(similarity('ba ba ba', 'ba ba'));
  });
});
