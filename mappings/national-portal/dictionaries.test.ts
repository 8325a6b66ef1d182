import { describe, expect, test } from 'vitest';
import type { RecordItem } from '#core/dossier/item';
import { readAgency, readField, readListedCode, writeAgency, writeField, writeListed } from './dictionaries.ts';
import { codeOfNumber, numberOfCode, reversibleNumber } from './question-numbers.ts';

describe('the dictionaries of the national portal', () => {
  test('an agency', () => {
    const raw = { MADONVI: ' h60.01 ', TENDONVI: 'Sở thử nghiệm', CAPDONVI: 1 };
    const { record } = readAgency(raw) as RecordItem<'agency.upsert.v1'>;
    expect(record).toEqual({ code: 'H60.01', name: 'Sở thử nghiệm', level: 'province', inForce: true });
    expect(writeAgency(record)).toEqual({ MADONVI: 'H60.01', TENDONVI: 'Sở thử nghiệm', CAPDONVI: '1' });
    expect(readAgency({ ...raw, CAPDONVI: '9' })).toMatchObject({
      kind: 'waiting',
      cause: { key: 'unmapped:national-agency-level:9' },
    });
    expect(readAgency({ TENDONVI: 'Sở' })).toMatchObject({ kind: 'invalid', problems: [{ path: '/MADONVI' }] });
    expect(readAgency(null).kind).toBe('invalid');
  });

  test('a field', () => {
    const raw = { MALINHVUC: 'G03-GD10', TENLINHVUC: 'Lĩnh vực thử nghiệm', MANGANH: 'G03' };
    const { record } = readField(raw) as RecordItem<'field.upsert.v1'>;
    expect(record).toEqual({ code: 'G03-GD10', name: 'Lĩnh vực thử nghiệm', branch: 'G03', inForce: true });
    expect(writeField(record)).toEqual(raw);
    expect(readField([]).kind).toBe('invalid');
  });

  test('the list of procedures, in any spelling of its fields', () => {
    expect(readListedCode({ MATTHC: '1.013225 ', TENTTHC: 'x' })).toBe('1.013225');
    expect(readListedCode({ MaTTHC: '1.013225' })).toBe('1.013225');
    for (const raw of [{}, { MATTHC: '' }, null, { MATTHC: 3 }]) expect(readListedCode(raw)).toBeUndefined();
    expect(writeListed({ code: '1.013225', name: 'Thủ tục' })).toEqual({ MATTHC: '1.013225', TENTTHC: 'Thủ tục' });
  });
});

describe('the number of a question', () => {
  test.each(['DVCQG-HD-12', 'H60-HD-250812-23456789', 'H60-HD-520516-ZZZZZZZZ'])(
    'of %s turns back into its code',
    (code) => {
      expect(codeOfNumber(String(reversibleNumber(code)), 'H60')).toBe(code);
    },
  );

  test.each(['H60-HD-250231-23456789', 'H60-HD-251301-23456789', 'H60-HD-520601-23456789', 'HUE-HD-7', 'DVCQG-HD-x'])(
    'of %s, which is no code of the portal or the hub, is a hash',
    (code) => {
      expect(reversibleNumber(code)).toBeUndefined();
      expect(codeOfNumber(String(numberOfCode(code)), 'H60')).toBeUndefined();
      expect(numberOfCode(code)).toBe(numberOfCode(code));
    },
  );
});
