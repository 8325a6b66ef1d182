/** A person whose data tests search for in every spelling. */
export const PERSON = {
  name: 'Quách Thị Trúc Mai',
  identityNumber: '038195027364',
  phone: '0938 271 645',
  email: 'truc.mai.quach@canary.example.test',
  address: 'Số 47, ngõ Hoa Ban, phường Minh Xuân, tỉnh Tuyên Quang',
  techId: 'VNEID-5520-8817-31',
} as const;

const CANARIES: Readonly<Record<string, string>> = {
  name: 'quachthitrucmai',
  identityNumber: '038195027364',
  phone: '938271645',
  email: 'trucmaiquachcanaryexampletest',
  address: 'so47ngohoaban',
  techId: 'vneid5520881731',
};

const unmarked = (text: string): string =>
  text.normalize('NFD').replace(/\p{M}/gu, '').replaceAll('đ', 'd').replaceAll('Đ', 'D');
const bytes = (text: string): string =>
  Buffer.from(text)
    .toString('hex')
    .replace(/../g, (hex) => `%${hex}`);
const units = (text: string, write: (code: string) => string): string =>
  text.replace(/[^ -~]/g, (character) => write(character.charCodeAt(0).toString(16).padStart(4, '0')));

/** The spellings in which people and systems write a text. */
export const SPELLINGS: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'in capitals': (text) => text.toUpperCase(),
  'in small letters': (text) => text.toLowerCase(),
  'in NFD': (text) => text.normalize('NFD'),
  'without marks': unmarked,
  'without marks, in capitals': (text) => unmarked(text).toUpperCase(),
  'with other blanks': (text) => text.replaceAll(' ', '\u00a0\u2009'),
  'with a line break': (text) => text.replaceAll(' ', '\n'),
  'with dots': (text) => unmarked(text).replaceAll(' ', '.'),
  'with hyphens': (text) => unmarked(text).replaceAll(' ', '-'),
  'with underscores': (text) => text.replaceAll(' ', '_'),
  'as a file': (text) => `${unmarked(text).toLowerCase().replaceAll(' ', '_')}_2025.pdf`,
  'joined, each word with a capital': (text) => unmarked(text).replace(/ (.)/g, (_, letter) => letter.toUpperCase()),
  'joined, in small letters': (text) => unmarked(text).toLowerCase().replaceAll(' ', ''),
  'percent-encoded': (text) => encodeURIComponent(text),
  'percent-encoded with +': (text) => encodeURIComponent(text).replaceAll('%20', '+'),
  'percent-encoded in small letters': (text) => encodeURIComponent(text).replace(/%../g, (hex) => hex.toLowerCase()),
  'percent-encoded, every byte': bytes,
  'percent-encoded twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'percent-encoded in NFD': (text) => encodeURIComponent(text.normalize('NFD')),
  'percent-encoded without marks': (text) => encodeURIComponent(unmarked(text)),
  'as JSON escapes': (text) => units(text, (code) => `\\u${code}`),
  'as escape() writes it': (text) => units(text, (code) => `%u${code.toUpperCase()}`),
  'as HTML entities': (text) => units(text, (code) => `&#x${code};`),
};

/** The person's data found in a text, in any spelling; also inside base64, escapes and entities. */
export function canariesIn(text: string): readonly string[] {
  const found = new Set<string>();
  for (const reading of readingsOf(text)) {
    const folded = unmarked(reading.normalize('NFKC'))
      .toLowerCase()
      .replace(/[^a-z0-9]/g, '');
    for (const [member, canary] of Object.entries(CANARIES)) if (folded.includes(canary)) found.add(member);
  }
  return [...found];
}

function readingsOf(text: string): readonly string[] {
  const readings = [text];
  for (let times = 0; times < 3; times++) readings.push(readOnce(readings.at(-1) as string));
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{24,}={0,2}/g))
    readings.push(readOnce(Buffer.from(run, 'base64').toString()));
  return readings;
}

function readOnce(text: string): string {
  return text
    .replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString())
    .replace(/(?:\\+|%)u([0-9a-f]{4})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/&#x([0-9a-f]+);/gi, (_, hex) => String.fromCodePoint(Number.parseInt(hex, 16)))
    .replace(/&#([0-9]+);/g, (_, code) => String.fromCodePoint(Number(code)));
}
