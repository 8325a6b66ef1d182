import { expect, test } from 'vitest';
import { NO_CODES } from '#core/identifiers/codes';
import { readXml } from '../kit/xml/read-xml.ts';
import type { Fields } from './settings.ts';
import { type FillOptions, fill } from './source.ts';

const options: FillOptions = { settings: { system: 'tested' }, codes: NO_CODES, way: 'read' };

test('a nil entry of a list is absent, and an unknown one is seen', () => {
  const { hoSo } = readXml(
    '<hoSo xmlns:i="urn:i"><lePhi i:nil="true"/><lePhi><ten>Lệ phí</ten></lePhi><lePhi><moi>1</moi></lePhi></hoSo>',
  );
  const { record } = fill({ fees: { each: 'lePhi', fields: { name: 'ten' } } }, hoSo, options);
  expect(record).toEqual({ fees: [{ name: 'Lệ phí' }, {}] });
});

test('a value beside a path is its default; null leaves it out', () => {
  const fields = { agencyCode: { from: 'maCoQuan', value: 'H60.02' }, note: { from: 'ghiChu', value: null } };
  const filled = (text: string) => fill(fields, readXml(text).hoSo, options).record;
  expect(filled('<hoSo><maCoQuan/></hoSo>')).toEqual({ agencyCode: 'H60.02' });
  expect(filled('<hoSo><maCoQuan>H60.05</maCoQuan><ghiChu>x</ghiChu></hoSo>')).toEqual({
    agencyCode: 'H60.05',
    note: 'x',
  });
});

test('numbers and booleans are written as JSON; a number that JSON changes is a problem', () => {
  const write: FillOptions = { ...options, way: 'write' };
  const fields = { trang: { from: 'page', as: 'number' }, gap: { from: 'urgent', as: 'boolean' } } as const;
  expect(fill(fields, { page: 2, urgent: true }, write).record).toEqual({ trang: 2, gap: true });
  for (const text of ['007', '12345678901234567890', '1e3', 'hai']) {
    const { record, problems } = fill({ ma: { from: 'ma', as: 'number' } }, { ma: text }, write);
    expect([record, problems.map(({ path }) => path)]).toEqual([{}, ['/ma']]);
  }
});

test('a dot makes a list of one from the table’s own source', () => {
  const fields = { data: { each: '.', fields: { MaHoSo: 'code', Ten: 'record.name' } } };
  expect(fill(fields, { code: 'A', record: { name: 'B' } }, { ...options, way: 'write' }).record).toEqual({
    data: [{ MaHoSo: 'A', Ten: 'B' }],
  });
});

test('a date may be milliseconds since 1970, and is written as a number if wanted', () => {
  const fields = { at: { from: 'at', date: 'epoch-ms', as: 'number' } } as unknown as Fields;
  const read = (at: unknown) => fill(fields, { at }, options);
  for (const at of [1754961300000, '1754961300000', '/Date(1754961300000+0700)/'])
    expect(read(at).record).toEqual({ at: '2025-08-12T08:15:00+07:00' });
  for (const at of [0, '', null, '/Date(-62135596800000)/'])
    expect(read(at)).toMatchObject({ record: {}, problems: [] });
  for (const at of ['2025-08-12', 99999999999999, 1.5]) expect(read(at).problems).toHaveLength(1);
  const written = fill(fields, { at: '2025-08-12T08:15:00+07:00' }, { ...options, way: 'write' });
  expect(written.record).toEqual({ at: 1754961300000 });
});
