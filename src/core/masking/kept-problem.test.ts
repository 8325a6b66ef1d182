import { describe, expect, test } from 'vitest';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { cpuMsOf } from '../../../tests/support/measures.ts';
import { readRecord } from '../dossier/record.ts';
import { quote } from '../explain.ts';
import { problem, unmappedCause } from '../problem.ts';
import { keptCause, keptCode, keptProblem, keptSentence, keptWords, looksPersonal } from './kept-problem.ts';

describe('a stored problem', () => {
  test.each([
    'Nguyễn Văn A',
    'nguyen van a',
    'NGUYEN_VAN_AN',
    'nguyenvanan',
    '0912345678',
    '0912-34-5678',
    '091.234.5678',
    '+84 912 345 678',
    '012345678901',
    '012.345.678.901',
    'B1234567',
    'an.nguyen@example.test',
    'Số 12, ngõ Hoa Ban',
    '"Nguyễn" Văn \\ A',
    `Nguyễn Văn ${'A'.repeat(200)}`,
  ])('has only the form of %s', (value) => {
    for (const path of ['/status', '/dueAt', '/code', '/serviceCode', '/applicant/kind', '/documents/0/digitised']) {
      const { message } = keptProblem(
        problem(path, 'unexpected', {
          got: received(value),
          expected: say('one-of', { list: ['submitted', 'received'] }),
        }),
      );
      expect(message).toMatch(/^got ".*", expected one of submitted, received$/);
      expect(message).not.toMatch(/nguy|văn|van|an\b|912|345|ngõ|hoa|@example/i);
    }
  });

  test.each([
    '2025-02-30T08:00:00+07:00',
    '2025-02-30',
    '12/08/2025 08:15',
    '20250812081500',
    'H60.01-250230-0035',
    'H60.01-25081-35',
    '000.00.53.H48-220921-0099',
    '03706/2026/07906',
    '1.001612',
    'G03-GD10',
    '17',
    'RECEIVED',
    'supplement_required',
    'true',
  ])('quotes impersonal values: %s', (value) => {
    const words = say('unexpected', { got: received(value), expected: say('a-known-value') });
    expect(keptWords(words)).toEqual(words);
  });

  test('names unknown members, and only the form of anything that is no name', () => {
    const kept = (value: object): readonly unknown[] => {
      const read = readRecord('dossier.upsert.v1', value);
      if (!('problems' in read)) return [];
      return read.problems.slice(0, 1).map((one) => keptProblem(one));
    };
    expect(kept({ ServiceCode: 1 })).toEqual([
      problem('/ServiceCode', 'unknown-member-near', { got: 'ServiceCode', near: 'serviceCode' }),
    ]);
    for (const [name, form] of [
      ['Nguyễn Văn A', 'Aaaaaa Aaa A'],
      ['an.nguyen@example.test', 'aa.aaaaaa@aaaaaaa.aaaa'],
      ['tel:0912-345-678', 'aaa:9999-999-999'],
      ['@type', '@type'],
    ] as const)
      expect(kept({ [name]: 1 })).toEqual([problem(`/${form}`, 'unknown-member', { got: form })]);
  });

  test('has only the form of a number that may be a phone number', () => {
    const words = (got: number) => say('unexpected', { got, expected: say('a-text') });
    expect(keptWords(words(912_345_678)).args.got).toBe('999999999');
    expect(keptWords(words(17)).args.got).toBe(17);
    expect(keptSentence('got 912345678, expected a text')).toBe('got 999999999, expected a text');
  });

  test('does not change if stored again, and takes linear time for hostile text', () => {
    const once = keptSentence(`got ${quote('Nguyễn "Văn" A')}, expected one of a, b`);
    expect(keptSentence(once)).toBe(once);
    const hostile = `got "${'\\"'.repeat(100_000)}`;
    const cpuMs = cpuMsOf(() => {
      keptSentence(hostile);
      keptSentence('"'.repeat(100_001));
    });
    expect(cpuMs).toBeLessThan(2_000);
  });
});

function unmapped(code: string) {
  return unmappedCause('national-status', code, say('unmapped-code', { got: received(code), list: ['1', '2'] }));
}

describe('an unmapped code', () => {
  test.each(['Đang xử lý', 'Hồ Sơ Đã Trả', 'DA_TRA_KET_QUA', '17', 'Lê thủ tục', 'H60.01', 'PHÂN CÔNG XỬ LÝ'])(
    'is shown, because operators must map it: %s',
    (code) => {
      const cause = unmapped(code);
      expect(keptCause(cause)).toEqual(cause);
    },
  );

  test.each(['Nguyễn Văn A', 'nguyen van a', 'TRẦN THỊ B', 'Hồ Thị Sơn', '0912 345 678', '012345678901', 'a@b.vn'])(
    'has only its form if it reads as a person’s: %s',
    (code) => {
      expect(looksPersonal(code)).toBe(true);
      const kept = keptCause(unmapped(code));
      expect(JSON.stringify(kept)).not.toContain(code.slice(0, 4));
      expect(keptCause(kept)).toEqual(kept);
    },
  );
});

test('an item keeps its code if it is one, and only the form otherwise', () => {
  expect(keptCode('H60.01-250812-0035')).toBe('H60.01-250812-0035');
  expect(keptCode('NGUYỄN VĂN A')).toBe('AAAAAA AAA A');
  expect(keptCode('0912345678')).toBe('9999999999');
});
