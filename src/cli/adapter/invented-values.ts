/** Kinds of replaced values, in the words of the printed summary. */
export type Kind =
  | 'name'
  | 'identity number'
  | 'phone'
  | 'e-mail'
  | 'address'
  | 'birthday'
  | 'secret'
  | 'file'
  | 'host'
  | 'dossier code';

/** Invents the value of this number for each kind, in the shape of the written value. */
export const INVENT: Readonly<Record<Kind, (written: string, number: number) => string>> = {
  name: inventName,
  'identity number': (written, number) =>
    ontoDigits(written, (count) =>
      count === 12
        ? `001099${String(number).padStart(6, '0')}`
        : `9${String(number).padStart(Math.max(count - 1, 1), '0')}`,
    ),
  phone: (written, number) => {
    const prefix = /^\+?(84|0)/.exec(written)?.[1] ?? '';
    return ontoDigits(written, (count) => `${prefix}9${String(number).padStart(count - prefix.length - 1, '0')}`);
  },
  'e-mail': (_, number) => `nguoi-${number}@example.test`,
  address: (_, number) => `Số ${number}, đường Thử Nghiệm, phường Mẫu`,
  birthday: (written) => ontoDigits(written, () => (/^\d{4}/.test(written) ? '19900101' : '01011990')),
  secret: inventSecret,
  file: (_, number) => Buffer.from(`tài liệu mẫu ${number}`).toString('base64'),
  host: (_, number) => `may-chu-${number}.example.test`,
  'dossier code': (written, number) =>
    written.replace(/\d+$/, (digits) => String(number).padStart(digits.length, '0').slice(-digits.length)),
};

const FAMILY = ['Nguyễn', 'Trần', 'Lê', 'Phạm', 'Hoàng', 'Vũ', 'Đặng', 'Bùi'];
const GIVEN = ['Văn', 'Mẫu', 'Thử', 'Minh', 'Bình', 'Chi', 'Dung', 'Giang', 'Hạnh', 'Khánh', 'Lan', 'Sơn'];

/** The same number of words, in capitals or without diacritics like the original. */
function inventName(written: string, number: number): string {
  const place = number - 1;
  const given = written
    .split(/\s+/)
    .slice(1)
    .map((_, at) => GIVEN[(Math.floor(place / FAMILY.length) + at + 1) % GIVEN.length]);
  const name = [FAMILY[place % FAMILY.length], ...given].join(' ');
  const cased = written === written.toUpperCase() ? name.toUpperCase() : name;
  return /[^ -~]/.test(written) ? cased : withoutMarks(cased);
}

/** Keeps the prefix that tells the kind (`whsec_`). */
function inventSecret(written: string, number: number): string {
  return written.replace(/^whsec_|[A-Za-z]|\d/g, (found) => {
    if (found.length > 1) return found;
    return /\d/.test(found) ? String(number % 10) : String.fromCharCode(97 + (number % 26));
  });
}

/** Puts invented digits in the places of the digits, and keeps what separates them. */
function ontoDigits(written: string, invent: (count: number) => string): string {
  const figures = [...invent(written.replace(/\D/g, '').length)];
  return written.replace(/\d/g, () => figures.shift() ?? '0');
}

function withoutMarks(text: string): string {
  return text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replaceAll('đ', 'd')
    .replaceAll('Đ', 'D');
}
