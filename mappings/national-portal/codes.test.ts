import { describe, expect, test } from 'vitest';
import { STATUSES } from '#schemas/dossier.upsert.v1';
import { CODES, codeOf, createCodes, datesOf, isYesNo, meaningOf, shownCodes } from './codes.ts';

describe('the code tables of the national portal', () => {
  test('every status has one code, in the order of the national table, and a Vietnamese label', () => {
    expect(STATUSES.map((status) => codeOf(CODES, 'status', status))).toEqual(
      Array.from({ length: 10 }, (_, at) => String(at + 1)),
    );
    expect(CODES.status.labels.get(codeOf(CODES, 'status', 'supplement-required') ?? '')).toBe(
      'Yêu cầu bổ sung giấy tờ',
    );
    expect(CODES.status.labels.size).toBe(10);
  });

  test.each([
    ['channel', '1', 'counter'],
    ['channel', '2', 'online'],
    ['channel', '3', 'post'],
    ['applicant-kind', '4', 'organisation'],
    ['delivery', '0', 'counter'],
    ['delivery', '1', 'post'],
    ['filed-at', '1', 'national-portal'],
    ['online-payment', '0', 'none'],
    ['online-payment', '3', 'offline'],
    ['collected', '4', 'return'],
    ['collected', '3', undefined],
    ['fee-kind', '2', 'assessment'],
    ['identity-kind', '2', 'cmnd'],
    ['level', '0', 'ministry'],
    ['level', '3', 'commune'],
    ['status', '11', undefined],
    ['status', '04', undefined],
  ] as const)('%s %s means %s', (table, code, meaning) => {
    expect(meaningOf(CODES, table, code)).toBe(meaning);
  });

  test('a party may add and change codes; writing uses the first code of a meaning', () => {
    const codes = createCodes({ status: { '11': 'processing', '8': 'withdrawn' } });
    expect(meaningOf(codes, 'status', '11')).toBe('processing');
    expect(codeOf(codes, 'status', 'processing')).toBe('4');
    expect(codeOf(codes, 'status', 'withdrawn')).toBe('7');
    expect(codeOf(codes, 'status', 'stopped')).toBeUndefined();
    expect(meaningOf(CODES, 'status', '11')).toBeUndefined();
  });

  test('tables are shown with their labels, and yes-or-no tables are recognised', () => {
    expect(shownCodes(CODES, 'channel')).toEqual(['1 (Trực tiếp)', '2 (Trực tuyến)', '3 (Bưu chính công ích)']);
    expect(isYesNo(CODES, 'digitised')).toBe(true);
    expect(isYesNo(CODES, 'status')).toBe(false);
  });

  test('every status has dates that can belong to it', () => {
    for (const status of STATUSES) expect(datesOf(status).fields[0]).toBe('NgayNopHoSo');
    expect(datesOf('submitted')).toEqual({ fields: ['NgayNopHoSo'], otherwise: ['NgayTiepNhan'] });
  });
});
