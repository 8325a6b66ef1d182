import { describe, expect, it } from 'vitest';
import { AGENCY_CODE, FIELD_CODE, PHONE, SERVICE_CODE, TAX_CODE } from '#schemas/parts';
import { cpuMsOf } from '../../../tests/support/measures.ts';
import {
  agencyAbove,
  agencyOfDossierCode,
  cleanCode,
  dayOfDossierCode,
  identityKindOf,
  isDossierCode,
  lastFour,
  maskTail,
  serviceKey,
  typedCode,
} from './identifiers.ts';

describe('a clean code has no blanks around it, is NFC and upper-case', () => {
  it.each([
    ['H60.01-250812-0035', 'H60.01-250812-0035'],
    [' h60.01-250812-0035\t\n', 'H60.01-250812-0035'],
    ['\u00a0H60\u3000', 'H60'],
    ['\ufeff\u200bH60\u200b\u2060', 'H60'],
    ['đơ'.normalize('NFD'), 'ĐƠ'],
    ['a b', 'A B'],
    ['  \u200b ', ''],
    ['', ''],
  ])('%j becomes %j', (given, expected) => expect(cleanCode(given)).toBe(expected));

  it('takes linear time for a code of nearly only blanks', () => {
    expect(cpuMsOf(() => cleanCode(`a${' '.repeat(500_000)}é`))).toBeLessThan(500);
  });
});

describe('a code copied by hand', () => {
  it.each([
    [' h60.01 - 250812 - 0035 ', 'H60.01-250812-0035'],
    ['H60.01–250812—0035', 'H60.01-250812-0035'],
    ['H6O.Ol-25O8I2-OO35', 'H60.01-250812-0035'],
    ['OOO.00.53.H48-220921-0099', '000.00.53.H48-220921-0099'],
    // Where figures make no dossier code of it, its letters are what they are.
    ['SO-BIEN-LAI-01', 'SO-BIEN-LAI-01'],
  ])('%j is read as %j', (given, expected) => expect(typedCode(given)).toBe(expected));
});

it('the day of a dossier code; social insurance codes have none', () => {
  expect(dayOfDossierCode('H60.01-250812-0035')).toBe('2025-08-12');
  expect(dayOfDossierCode('G09.20-20260609-0092637')).toBe('2026-06-09');
  expect(dayOfDossierCode('03706/2026/07906')).toBeUndefined();
  expect(dayOfDossierCode('H60.01-250231-0035')).toBeUndefined();
});

describe('a dossier code has one of three shapes around a real date, perhaps after an agency', () => {
  it.each([
    ['000.00.53.H48-220921-0099', '000.00.53.H48'],
    ['000.00.01.H60-20200715-0001', false],
    ['H60.01-250812-0035', 'H60.01'],
    ['H21.129-240229-00351', 'H21.129'],
    ['G09.20-20260609-0092637', 'G09.20'],
    ['H60-250812-0035', 'H60'],
    ['03706/2026/07906', undefined],
    ['H60.01-250230-0035', false],
    ['H60.01-251301-0035', false],
    ['H60.01-250229-0035', false],
    ['H60.01-250000-0035', false],
    ['G09.20-20260631-0092637', false],
    ['G09.20-18991231-0092637', false],
    ['03706/0000/07906', false],
    ['H60.01-250812-003', false],
    ['H60.01-250812-00350000', false],
    ['h60.01-250812-0035', false],
    [' H60.01-250812-0035', false],
    ['H60.01-250812-0035\n', false],
    ['', false],
  ])('%j', (code, agency) => {
    expect(isDossierCode(code)).toBe(agency !== false);
    expect(agencyOfDossierCode(code)).toBe(agency || undefined);
  });
});

describe('each identifier is recognised by its shape', () => {
  it.each([
    [
      'service',
      SERVICE_CODE,
      ['1.001612', '1.012753.H19', '1.001612.000.00.00.H48'],
      ['4.001612', '1.00161', '1.001612.', '1.001612.000.00.H48'],
    ],
    [
      'agency',
      AGENCY_CODE,
      ['000.00.01.H22', 'G09.20', 'H21.129', 'H60', 'H60.1.2.3.4.5.6'],
      ['60.01', 'H6.01', 'H60.1.2.3.4.5.6.7', '000.00.H22'],
    ],
    ['field', FIELD_CODE, ['G03-GD10', 'G03-LN111'], ['G03-GD1', 'G3-GD10']],
    ['tax', TAX_CODE, ['0123456789', '0123456789-001'], ['012345678', '0123456789-1', '0123456789001']],
    [
      'phone',
      PHONE,
      ['0900000000', '+84900000000', '84900000000', '02073822999'],
      ['900000000', '+85900000000', '09000'],
    ],
  ] as const)('%s', (_, pattern, good, bad) => {
    for (const code of good) expect(code).toMatch(new RegExp(pattern));
    for (const code of bad) expect(code).not.toMatch(new RegExp(pattern));
  });

  it.each([
    ['000000000000', 'cccd'],
    ['000000000', 'cmnd'],
    ['0123456789', 'tax-code'],
    ['0123456789-001', 'tax-code'],
    ['B1234567', undefined],
    ['00000000000', undefined],
    ['', undefined],
  ])('the number %j is of kind %s', (number, kind) => expect(identityKindOf(number)).toBe(kind));
});

it('short and long procedure codes mean one service', () => {
  for (const code of ['1.001612', '1.001612.H48', '1.001612.000.00.00.H48']) expect(serviceKey(code)).toBe('1.001612');
});

it.each([
  ['0912 345.678', '5678'],
  ['000000001234', '1234'],
  ['B1234567', '4567'],
  ['0123456789-001', '9001'],
  ['1234', '1234'],
  ['123', undefined],
  ['', undefined],
])('the proof of %j is %s', (text, proof) => expect(lastFour(text)).toBe(proof));

it.each([
  ['0912345678', '********78'],
  ['123456', '****56'],
  ['12345', '*****'],
  ['A', '*'],
  ['', ''],
  ['Nguyễn Văn Ân', '***********Ân'],
  ['😀😀😀😀😀😀', '****😀😀'],
])('of the personal value %j at most two characters are visible', (text, masked) =>
  expect(maskTail(text)).toBe(masked),
);

it.each([
  ['H60.01.02', 'H60.01'],
  ['H60.01', 'H60'],
  ['H60', undefined],
  ['003.02.01.H60', '000.02.01.H60'],
  ['000.02.01.H60', '000.00.01.H60'],
  ['000.00.01.H60', '000.00.00.H60'],
  ['000.00.00.H60', undefined],
])('the agency above %s is %s', (agency, above) => expect(agencyAbove(agency)).toBe(above));
