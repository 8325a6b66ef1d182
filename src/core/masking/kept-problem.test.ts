import { describe, expect, test } from 'vitest';
import { readRecord } from '../dossier/record.ts';
import { quote } from '../explain.ts';
import { unmappedCause } from '../problem.ts';
import { keptCause, keptCode, keptProblem, keptSentence, looksPersonal } from './kept-problem.ts';

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
      const { message } = keptProblem({ path, message: `got ${quote(value)}, expected one of submitted, received` });
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
    const message = `got ${quote(value)}, expected another`;
    expect(keptSentence(message)).toBe(message);
  });

  test('names unknown members, and only the form of anything that is no name', () => {
    const kept = (value: object): readonly unknown[] => {
      const read = readRecord('dossier.upsert.v1', value);
      return 'problems' in read ? read.problems.map(keptProblem).slice(0, 1) : [];
    };
    expect(kept({ ServiceCode: 1 })).toEqual([
      { path: '/ServiceCode', message: '"ServiceCode" is not a member here; did you mean "serviceCode"?' },
    ]);
    expect(kept({ 'Nguyễn Văn A': 1 })).toEqual([
      { path: '/Aaaaaa Aaa A', message: '"Aaaaaa Aaa A" is not a member here' },
    ]);
  });

  test('has only the form of a number that may be a phone number', () => {
    const message = keptSentence('got 912345678, expected a text; got 17, expected a list');
    expect(message).toBe('got 999999999, expected a text; got 17, expected a list');
  });

  test('does not change if stored again, and takes linear time for hostile text', () => {
    const once = keptSentence(`got ${quote('Nguyễn "Văn" A')}, expected one of a, b`);
    expect(keptSentence(once)).toBe(once);
    const hostile = `got "${'\\"'.repeat(100_000)}`;
    const startedAt = performance.now();
    keptSentence(hostile);
    keptSentence('"'.repeat(100_001));
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

describe('an unmapped code', () => {
  test.each(['Đang xử lý', 'Hồ Sơ Đã Trả', 'DA_TRA_KET_QUA', '17', 'Lê thủ tục', 'H60.01', 'PHÂN CÔNG XỬ LÝ'])(
    'is shown, because operators must map it: %s',
    (code) => {
      const message = `got ${quote(code)}, which no table maps; known are 1, 2`;
      const cause = unmappedCause('national-status', code, message);
      expect(keptCause(cause)).toEqual(cause);
    },
  );

  test.each(['Nguyễn Văn A', 'nguyen van a', 'TRẦN THỊ B', 'Hồ Thị Sơn', '0912 345 678', '012345678901', 'a@b.vn'])(
    'has only its form if it reads as a person’s: %s',
    (code) => {
      expect(looksPersonal(code)).toBe(true);
      const message = `got ${quote(code)}, which no table maps; known are 1, 2`;
      const kept = keptCause(unmappedCause('national-status', code, message));
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
