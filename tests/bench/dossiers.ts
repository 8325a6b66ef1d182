import { msToInstant } from '#core/dates/dates';
import { type Writable, writeElement } from '../../src/http/doors/soap/xml.ts';
import { createDice, type Dice } from '../../src/play/day/dice.ts';
import { type CatalogueEntry, readCatalogue } from './catalogue.ts';

/** Dossiers with codes that differ in day and serial number: within a series, and from series to series. */
export interface Series {
  /** `yyyy-MM-dd`; the next day begins when the serial numbers of this one are used up. */
  readonly firstDay: string;
  readonly perDay: number;
}

/** The series of one run: its day is no other run's, and the serial numbers do not run out. */
export function seriesOf(run: number): Series {
  return { firstDay: dayAfter('2020-01-01', run), perDay: 10_000_000 };
}

export interface Dossiers {
  /** The code of the nth dossier. */
  readonly codeOf: (n: number) => string;
  readonly nameOf: (n: number) => string;
  /** The nth dossier as JSON, in a buffer of the caller. */
  readonly jsonOf: (n: number) => Buffer;
  /** The same as an element of the hub's SOAP messages, in the default namespace. */
  readonly xmlOf: (n: number) => Buffer;
}

/**
 * Makes realistic dossiers of about 1.2 kB. It shares the cores with the measured hub, so it must be cheap: texts are made
 * beforehand, and each dossier gets only a day and a serial number.
 */
export function createDossiers(series: Series): Dossiers {
  const texts = createTexts(digitsOf(series));
  const of = (n: number): Text => texts[n % texts.length] as Text;
  const place = (n: number): string => {
    const day = dayAfter(series.firstDay, Math.floor(n / series.perDay));
    return `${day.slice(2).replaceAll('-', '')}-${String(n % series.perDay).padStart(digitsOf(series), '0')}`;
  };
  const written = (n: number, { bytes, placeAt }: Written): Buffer => {
    const copy = Buffer.from(bytes);
    copy.write(place(n), placeAt, 'latin1');
    return copy;
  };
  return {
    codeOf: (n) => `${of(n).agencyCode}-${place(n)}`,
    nameOf: (n) => of(n).name,
    jsonOf: (n) => written(n, of(n).json),
    xmlOf: (n) => written(n, of(n).xml),
  };
}

interface Written {
  readonly bytes: Buffer;
  /** Where day and serial number stand. */
  readonly placeAt: number;
}

interface Text {
  readonly agencyCode: string;
  readonly name: string;
  readonly json: Written;
  readonly xml: Written;
}

const TEXTS = 4_096;

function createTexts(digits: number): readonly Text[] {
  const dice = createDice(1);
  const agencies = readCatalogue('agencies').filter(({ code }) => /^H60\.\d/.test(code));
  // The national portal gets no procedure without a field.
  const services = readCatalogue('services').filter(({ inForce, fieldCode }) => inForce && fieldCode !== undefined);
  return Array.from({ length: TEXTS }, () => {
    const [agency, service] = [dice.pick(agencies), dice.pick(services)];
    const name = `${dice.weighted(FAMILIES)} ${dice.weighted(MIDDLES)} ${dice.pick(GIVEN)}`;
    const record = dossier(dice, agency, service, name, '0'.repeat('250812-'.length + digits));
    const at = (bytes: string, before: string): Written => ({
      bytes: Buffer.from(bytes),
      placeAt: `${before}${agency.code}-`.length,
    });
    return {
      agencyCode: agency.code,
      name,
      json: at(JSON.stringify(record), '{"code":"'),
      xml: at(writeElement('dossier', record as Writable), '<dossier><code>'),
    };
  });
}

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const SPRING_MS = Date.parse('2025-05-05T08:00:00+07:00');

function dossier(dice: Dice, agency: CatalogueEntry, service: CatalogueEntry, name: string, place: string): object {
  const receivedMs = SPRING_MS + dice.whole(0, 99) * DAY_MS + dice.whole(0, 500) * MINUTE_MS;
  const digits = (length: number): string => String(dice.whole(0, 10 ** length - 1)).padStart(length, '0');
  return {
    code: `${agency.code}-${place}`,
    serviceCode: service.code,
    serviceName: service.name,
    fieldCode: service.fieldCode,
    fieldName: service.fieldName,
    agencyCode: agency.code,
    agencyName: agency.name,
    channel: dice.pick(['online', 'counter', 'post']),
    status: 'received',
    statusAt: msToInstant(receivedMs),
    submittedAt: msToInstant(receivedMs - 15 * MINUTE_MS),
    receivedAt: msToInstant(receivedMs),
    dueAt: msToInstant(receivedMs + 14 * DAY_MS),
    applicant: {
      kind: 'citizen',
      name,
      identityKind: 'cccd',
      identityNumber: `000${digits(9)}`,
      phone: `0900${digits(6)}`,
      email: `nguoi.dan.${digits(4)}@example.test`,
      address: `Số ${digits(2)}, đường Thử Nghiệm, phường Minh Xuân, tỉnh Tuyên Quang`,
    },
    abstract: 'Đề nghị giải quyết thủ tục cho hộ gia đình',
    processingUnit: 'Bộ phận tiếp nhận và trả kết quả',
    resultDelivery: 'counter',
    filedAt: 'province',
    documents: [{ id: digits(8), name: 'Đơn đề nghị.pdf', url: 'https://tep.example.test/don.pdf', digitised: true }],
    fees: [{ name: 'Lệ phí', kind: 'ordinary', amountVnd: 20_000, collected: 'reception' }],
    onlinePayment: 'none',
  };
}

/** Common names are very common, as in Việt Nam, and some are rare. */
const FAMILIES = [
  ['Nguyễn', 38],
  ['Trần', 11],
  ['Lê', 9],
  ['Phạm', 7],
  ['Hoàng', 5],
  ['Vũ', 4],
  ['Đặng', 4],
  ['Nông', 1],
] as const;
const MIDDLES = [
  ['Văn', 20],
  ['Thị', 25],
  ['Đức', 5],
  ['Minh', 5],
  ['Thị Ngọc', 6],
  ['Hữu', 2],
] as const;
const GIVEN = ['An', 'Anh', 'Ánh', 'Bình', 'Cường', 'Dũng', 'Giang', 'Hà', 'Hạnh', 'Hương', 'Lan', 'Sơn', 'Thủy'];

/** Of four digits where they are enough: `H60.01-250812-0035`. */
function digitsOf({ perDay }: Series): number {
  return perDay <= 10_000 ? 4 : 7;
}

function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}
