import { describe, expect } from 'vitest';
import { OPERATIONS, type Operation } from '#schemas/operations';
import { roundsOf, sampled, test } from '../../../tests/support/depth.ts';
import { cpuMsOf } from '../../../tests/support/measures.ts';
import { createDice, type Dice } from '../../play/day/dice.ts';
import { readRecord } from './record.ts';

const dossier = {
  code: 'H60.01-250812-0035',
  serviceCode: '1.013225',
  agencyCode: 'H60.01',
  status: 'received',
  statusAt: '2025-08-12T08:15:00+07:00',
};
const problemsOf = (value: unknown, operation: Operation = 'dossier.upsert.v1') => {
  const read = readRecord(operation, value);
  return read.kind === 'record' ? [] : read.problems;
};
const messageAt = (value: unknown, path: string) => problemsOf(value).find((problem) => problem.path === path)?.message;

describe('a problem names the place, the value and what was expected', () => {
  test.each([
    [
      { status: 'done' },
      '/status',
      'got "done", expected one of submitted, received, refused, processing, supplement-required, payment-required, withdrawn, stopped, resolved, returned',
    ],
    [
      { dueAt: '2025-02-30T17:00:00+07:00' },
      '/dueAt',
      'got "2025-02-30T17:00:00+07:00", expected a real date and time with a zone, such as 2025-08-12T08:15:00+07:00',
    ],
    [
      { dueAt: '9999-08-12T08:15:00Z' },
      '/dueAt',
      'got "9999-08-12T08:15:00Z", expected a time in the years 1900 to 2200',
    ],
    [
      { dueAt: '0001-01-01T00:00:00+07:00' },
      '/dueAt',
      'got "0001-01-01T00:00:00+07:00", expected a time in the years 1900 to 2200',
    ],
    [{ agencyCode: undefined }, '/agencyCode', 'is missing, expected agency code such as H60.01 or 000.00.01.H22'],
    [
      { code: 'H60.01-250230-0035' },
      '/code',
      'got "H60.01-250230-0035", expected a dossier code whose date part is a real date',
    ],
    [{ service_code: 'x' }, '/service_code', '"service_code" is not a member here; did you mean "serviceCode"?'],
    [{ databases: '1' }, '/databases', 'got "1", expected a list of at most 100 items'],
    [{ documents: [{ digitised: 'true' }] }, '/documents/0/digitised', 'got "true", expected JSON true or false'],
    [
      { fees: [{ amountVnd: 1.5 }] },
      '/fees/0/amountVnd',
      'got 1.5, expected whole number of đồng from 0 to 1,000,000,000,000,000, or null when not known',
    ],
    [{ note: 'a\u0000b' }, '/note', 'the text cannot be stored: it has the control character U+0000'],
  ])('%j', (over, path, message) => {
    expect(problemsOf({ ...dossier, ...over })).toMatchObject([{ path, message }]);
  });

  test('all problems are reported at once, one per place', () => {
    const { status: _, ...rest } = dossier;
    const wrong = {
      ...rest,
      code: 7,
      dueAt: 'soon',
      note: 1,
      fees: Array.from({ length: 20 }, () => ({ amountVnd: '1' })),
    };
    const paths = problemsOf(wrong).map((problem) => problem.path);
    expect([...paths].sort()).toEqual(
      ['/code', '/status', '/dueAt', '/note', ...wrong.fees.map((_, at) => `/fees/${at}/amountVnd`)].sort(),
    );
  });

  test('a number out of range is reported with the range', () => {
    const service = { code: '1.013225', name: 'Cấp phép', inForce: true, historicLevel: 5 };
    expect(problemsOf(service, 'service.upsert.v1')).toMatchObject([
      { path: '/historicLevel', message: 'got 5, expected a whole number from 1 to 4' },
    ]);
  });

  test('long values and long names are cut', () => {
    const value = { ...dossier, agencyName: 'x'.repeat(10_000), ['y'.repeat(10_000)]: 1 };
    for (const { message } of problemsOf(value)) expect(message.length).toBeLessThan(200);
  });

  test('places are JSON Pointers', () => {
    expect(problemsOf({ ...dossier, 'a/b~c': 1 })[0]?.path).toBe('/a~1b~0c');
  });

  sampled('an item with very many wrong members gets a hundred problems', () => {
    const count = roundsOf(100_000, 5_000);
    const members = Object.fromEntries(Array.from({ length: count }, (_, at) => [`x${at}`, 1]));
    const documents = Array.from({ length: count }, () => ({ url: 7, digitised: 'yes' }));
    for (const value of [
      { ...dossier, ...members },
      { ...dossier, documents },
      { ...members, documents },
    ]) {
      const problems = problemsOf(value);
      expect(problems.length).toBeLessThanOrEqual(101);
      expect(problems.length).toBeGreaterThan(0);
    }
    const problems = problemsOf({ ...dossier, ...members });
    expect(problems.at(-1)).toMatchObject({ path: '', message: 'has more than these 100 problems' });
  });
});

test('a text far over its limit is not searched for an old encoding', () => {
  const note = ` ${'Nguyeãn Vaên An '.repeat(250_000)}`;
  const cpuMs = cpuMsOf(() =>
    expect(messageAt({ ...dossier, note }, '/note')).toBe(
      'got a text of 3999999 characters, expected text, at most 20,000 characters',
    ),
  );
  expect(cpuMs).toBeLessThan(1_000);
});

describe('personal values are hidden in problems', () => {
  const canary = '9876543210';
  test.each([
    ['identityNumber', `${canary} 01`],
    ['identityNumber', Number(canary)],
    ['phone', `gọi ${canary}`],
    ['phone', Number(canary)],
    ['email', `${canary}(at)example.test`],
    ['name', Number(canary)],
    ['name', canary.repeat(60)],
    ['address', { street: canary }],
    ['techId', canary.repeat(30)],
    ['name', [canary]],
  ])('%s given as %j', (member, value) => {
    const message = messageAt({ ...dossier, applicant: { name: 'An', [member]: value } }, `/applicant/${member}`);
    expect(message).toMatch(/^got /);
    expect(message).not.toContain(canary.slice(0, 4));
  });

  const petition = {
    code: 'PA-1',
    state: 'received',
    stateAt: dossier.statusAt,
    sentAt: dossier.statusAt,
    content: 'x',
  };
  const question = { ...petition, askedAt: dossier.statusAt };
  const rating = { dossierCode: dossier.code, ratedAt: dossier.statusAt, level: 'satisfied' };
  test.each<[Operation, object, string]>([
    ['petition.upsert.v1', { ...petition, sender: { name: canary.repeat(60) } }, '/sender/name'],
    ['petition.upsert.v1', { ...petition, sender: `Nguyễn Văn An ${canary}` }, '/sender'],
    ['question.upsert.v1', { ...question, asker: { phone: `gọi ${canary}` } }, '/asker/phone'],
    ['postal-order.upsert.v1', { receiver: { phone: Number(canary) } }, '/receiver/phone'],
    ['payment.upsert.v1', { payer: { name: Number(canary) } }, '/payer/name'],
    ['rating.upsert.v1', { ...rating, comment: canary.repeat(2_001) }, '/comment'],
    ['rating.upsert.v1', { ...rating, reason: canary.repeat(2_001) }, '/reason'],
  ])('of the people and the texts of other kinds: %s', (operation, value, path) => {
    const message = problemsOf(value, operation).find((problem) => problem.path === path)?.message;
    expect(message).toMatch(/^got /);
    expect(message).not.toContain(canary.slice(0, 4));
  });

  test('also if the applicant is a plain text', () => {
    expect(messageAt({ ...dossier, applicant: `Nguyễn Văn An ${canary}` }, '/applicant')).toBe(
      `got "${'*'.repeat(22)}10", expected an object`,
    );
  });

  test('also in warnings and doubts', () => {
    const repaired = readRecord('dossier.upsert.v1', { ...dossier, applicant: { name: 'Nguyá»…n VÄƒn An' } });
    expect(repaired).toMatchObject({
      kind: 'record',
      record: { applicant: { name: 'Nguyễn Văn An' } },
      warnings: [{ path: '/applicant/name', message: expect.stringMatching(/^"\*+An" was UTF-8 read in a wrong/) }],
    });
    const doubtful = readRecord('dossier.upsert.v1', { ...dossier, applicant: { name: 'Nguyá»?n Văn An' } });
    expect(doubtful).toMatchObject({ kind: 'doubtful', problems: [{ path: '/applicant/name' }] });
    const { record: _, ...said } = doubtful as typeof doubtful & { record: unknown };
    expect(JSON.stringify(said)).not.toContain('Nguy');
  });
});

describe('an invalid record still names its dossier if the code can be read', () => {
  test.each([
    [{ ...dossier, code: ' h60.01-250812-0035', status: 'done' }, 'H60.01-250812-0035'],
    [{ ...dossier, note: 'Tráº£ káº?t quáº£' }, 'H60.01-250812-0035'],
    [{ ...dossier, code: 'no code at all' }, 'NO CODE AT ALL'],
    [{ ...dossier, code: 7 }, undefined],
    [{ ...dossier, code: 'x'.repeat(101) }, undefined],
    [undefined, undefined],
    [[dossier], undefined],
  ])('%j', (value, code) => {
    const read = readRecord('dossier.upsert.v1', value);
    expect(read.kind).not.toBe('record');
    expect('code' in read ? read.code : undefined).toBe(code);
  });
});

describe('reading', () => {
  test('doubtful text does not hide a plain error', () => {
    const read = readRecord('dossier.upsert.v1', { ...dossier, status: 'done', note: 'Tráº£ káº?t quáº£' });
    expect(read).toMatchObject({ kind: 'invalid', problems: [{ path: '/status' }] });
  });

  test('does not change its input', () => {
    const given = deepFreeze({ ...dossier, code: ' h60.01-250812-0035 ', note: null, fees: [{ name: ' Lệ phí ' }] });
    const before = JSON.stringify(given);
    expect(readRecord('dossier.upsert.v1', given)).toMatchObject({
      kind: 'record',
      record: { fees: [{ name: 'Lệ phí' }] },
    });
    expect(JSON.stringify(given)).toBe(before);
  });

  test('reads own members only, and adds none to all objects', () => {
    expect(readRecord('dossier.upsert.v1', Object.create(dossier)).kind).toBe('invalid');
    readRecord('dossier.upsert.v1', JSON.parse(`{"__proto__":{"polluted":true},${JSON.stringify(dossier).slice(1)}`));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('the same content in two notations gives the same JSON', () => {
    const first = readRecord('dossier.upsert.v1', {
      ...dossier,
      channel: 'online',
      applicant: { name: 'Đặng Thị Ánh', phone: '0900000000' },
      fees: [{ amountVnd: 8000, name: 'Lệ phí' }],
    });
    const second = readRecord('dossier.upsert.v1', {
      fees: [{ name: ' Lệ phí', kind: null, amountVnd: 8e3 }],
      note: '',
      applicant: { phone: ' 0900000000', name: 'Đặng Thị Ánh'.normalize('NFD'), email: null },
      statusAt: '2025-08-12T01:15:00.000Z',
      status: ' received ',
      channel: 'online',
      agencyCode: 'h60.01',
      serviceCode: '1.013225 ',
      code: '\th60.01-250812-0035',
    });
    expect(JSON.stringify(second)).toBe(JSON.stringify(first));
  });

  test('at most a hundred warnings are reported', () => {
    const documents = Array.from({ length: 500 }, () => ({ name: 'Nguyá»…n VÄƒn An' }));
    const read = readRecord('dossier.upsert.v1', { ...dossier, documents });
    expect(read.kind === 'record' && read.record.documents?.[499]).toEqual({ name: 'Nguyễn Văn An' });
    expect(read.kind === 'record' && read.warnings.length).toBe(101);
  });

  sampled('never throws, and a record reads again as itself', () => {
    const next = createDice(20_250_812).below;
    for (const operation of Object.keys(OPERATIONS) as Operation[]) {
      const members = Object.keys(OPERATIONS[operation].properties);
      for (let round = 0; round < roundsOf(1_000, 200); round++) {
        const value = anything(next, members, 3);
        const read = readRecord(operation, value);
        if (read.kind === 'record') expect(readRecord(operation, read.record)).toEqual({ ...read, warnings: [] });
        else {
          expect(read.problems.length).toBeGreaterThan(0);
          for (const { path, message } of read.problems) {
            expect(path).toMatch(/^(?:\/(?:[^~/]|~[01])*)*$/);
            expect(message).not.toMatch(/undefined|\[object/);
          }
        }
      }
    }
  });
});

const SCALARS: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  Number.NaN,
  1e300,
  '',
  ' ',
  'x',
  'H60.01-250812-0035',
  '1.013225',
  'H60.01',
  'G15-HT01',
  'received',
  '2025-08-12T08:15:00Z',
  '2025-02-30T08:15:00Z',
  'Nguyá»…n',
  'Nguyá»?n',
  '\u0000',
  '\ud800',
  '__proto__',
  undefined,
];

/** A value of some depth: members mostly those of the schema, scalars mostly wrong for their place. */
function anything(next: Dice['below'], members: readonly string[], depth: number): unknown {
  const kind = depth === 0 ? 2 : next(4);
  if (kind === 0) return Array.from({ length: next(4) }, () => anything(next, members, depth - 1));
  if (kind === 1 || depth === 3) {
    const names = [...members, 'name', 'code', 'party', 'amountVnd', 'extra', '__proto__', 'a/b~c'];
    const entries = Array.from({ length: next(12) }, () => [
      names[next(names.length)] as string,
      anything(next, members, depth - 1),
    ]);
    return Object.fromEntries(entries);
  }
  return SCALARS[next(SCALARS.length)];
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) deepFreeze(item);
  return Object.freeze(value);
}
