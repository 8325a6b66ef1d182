import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Dossiers whose codes differ in day and serial number: of one series no two are the same, nor of two series. */
export interface Series {
  /** `yyyy-MM-dd`; the next day begins when this one's serial numbers are used up. */
  readonly firstDay: string;
  readonly perDay: number;
}

/** One series a run of a measurement: its day is nobody else's, and serial numbers do not run out. */
export function seriesOf(run: number): Series {
  return { firstDay: dayAfter('2020-01-01', run), perDay: 10_000_000 };
}

export interface DossierBytes {
  /** The code of the nth dossier. */
  readonly codeOf: (n: number) => string;
  /** The nth dossier as JSON. The buffer is the caller's own. */
  readonly bytesOf: (n: number) => Buffer;
}

/**
 * A maker of realistic dossiers of about 1.2 kB, cheap enough not to slow down what is measured: texts are made
 * beforehand, of each dossier only day and serial number are written in.
 */
export function dossierBytes(series: Series): DossierBytes {
  const ready = templates(series);
  const place = (n: number): string => {
    const day = dayAfter(series.firstDay, Math.floor(n / series.perDay));
    return `${day.slice(2).replaceAll('-', '')}-${String(n % series.perDay).padStart(digitsOf(series), '0')}`;
  };
  const of = (n: number): Template => ready[n % ready.length] as Template;
  return {
    codeOf: (n) => `${of(n).agency}-${place(n)}`,
    bytesOf(n) {
      const { bytes, at } = of(n);
      const copy = Buffer.from(bytes);
      copy.latin1Write(place(n), at);
      return copy;
    },
  };
}

interface Template {
  readonly agency: string;
  readonly bytes: Buffer;
  /** Where day and serial number stand. */
  readonly at: number;
}

const TEMPLATES = 4_096;

function templates(series: Series): readonly Template[] {
  const agencies = catalogue('agencies').filter(({ code }) => /^H60\.\d/.test(code));
  const services = catalogue('services').filter(({ inForce }) => inForce);
  const random = dice(series.perDay);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  return Array.from({ length: TEMPLATES }, () => {
    const agency = pick(agencies);
    const dossier = dossierOf(agency, pick(services), pick, '0'.repeat(7 + digitsOf(series)));
    return { agency: agency.code, bytes: Buffer.from(JSON.stringify(dossier)), at: `{"code":"${agency.code}-`.length };
  });
}

type Pick = <T>(list: readonly T[]) => T;

function dossierOf(agency: Entry, service: Entry, pick: Pick, place: string): object {
  const minute = (): string => `0${pick([7, 8, 9])}:${pick(DIGITS)}${pick(DIGITS)}:00+07:00`.replace(/:[6-9]/, ':1');
  const day = `2025-0${pick([5, 6, 7, 8])}-${pick([1, 2])}${pick(DIGITS)}`;
  const number = (length: number): string => Array.from({ length }, () => pick(DIGITS)).join('');
  return {
    code: `${agency.code}-${place}`,
    serviceCode: service.code,
    serviceName: service.name,
    fieldCode: service.fieldCode,
    fieldName: service.fieldName,
    agencyCode: agency.code,
    agencyName: agency.name,
    channel: pick(['online', 'counter', 'post']),
    status: 'received',
    statusAt: `${day}T${minute()}`,
    submittedAt: `${day}T07:00:00+07:00`,
    dueAt: '2025-09-19T17:00:00+07:00',
    applicant: {
      kind: 'citizen',
      name: [pick(FAMILY), pick(MIDDLE), pick(GIVEN)].join(' '),
      identityKind: 'cccd',
      identityNumber: `000${number(9)}`,
      phone: `0900${number(6)}`,
      email: `nguoi.dan.${number(4)}@example.test`,
      address: `Số ${number(2)}, tổ dân phố ${pick(DIGITS)}, phường Minh Xuân, tỉnh Tuyên Quang`,
    },
    abstract: 'Đề nghị giải quyết thủ tục cho hộ gia đình',
    processingUnit: 'Bộ phận tiếp nhận và trả kết quả',
    resultDelivery: 'counter',
    filedAt: 'province',
    documents: [{ id: number(8), name: 'Đơn đề nghị.pdf', url: 'https://tep.example.test/don.pdf', digitised: true }],
    fees: [{ name: 'Lệ phí', kind: 'ordinary', amountVnd: 20_000, collected: 'reception' }],
    onlinePayment: 'none',
  };
}

/** As in Việt Nam: two in five are Nguyễn, and some names are rare. */
const FAMILY = [...'Nguyễn,Nguyễn,Nguyễn,Nguyễn,Nguyễn,Nguyễn,Trần,Trần,Lê,Phạm,Hoàng,Vũ,Đặng,Ma'.split(',')] as const;
const MIDDLE = ['Văn', 'Văn', 'Văn', 'Thị', 'Thị', 'Thị', 'Đức', 'Minh', 'Thị Ngọc', 'Thị Thu', 'Hữu'] as const;
const GIVEN = 'An,Anh,Ánh,Bình,Cường,Dũng,Đức,Giang,Hà,Hải,Hạnh,Hòa,Hùng,Hương,Lan,Linh,Mai,Nam,Nga,Sơn,Tâm,Thủy'.split(
  ',',
);
const DIGITS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;

interface Entry {
  readonly code: string;
  readonly name: string;
  readonly inForce: boolean;
  readonly fieldCode?: string;
  readonly fieldName?: string;
}

/** What the catalogue has of one kind; see fixtures/catalogue. */
export function catalogue(kind: 'agencies' | 'services' | 'fields'): readonly Entry[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/catalogue', `${kind}.json`), 'utf8'));
}

function digitsOf({ perDay }: Series): number {
  return perDay <= 10_000 ? 4 : 7;
}

const DAY_MS = 86_400_000;

function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The same numbers for the same seed (mulberry32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
