import { expect, test } from 'vitest';
import type { Question as MinistryQuestion } from '#ministry';
import type { Settings } from './settings.ts';
import { agricultureAt, healthAt } from './simulator/connect.ts';
import { operationProblems, wireOf } from './wire.ts';

const SETTINGS = { ...agricultureAt('http://127.0.0.1:9'), baseUrl: 'http://127.0.0.1:9/api/' } as Settings;
const question = (operation: string, more: object = {}): MinistryQuestion => ({ operation, request: {}, ...more });
const written = (operation: string, request: Parameters<typeof wireOf>[2], more: object = {}) =>
  wireOf(SETTINGS, question(operation, more), request);

test('each member of a request goes to its place', () => {
  expect(written('PATCH /HoSo/{ma}', { '{ma}': 'H60/ă 1', '?loai': ['1', '2'], '@X-Ma': 'a', A: { B: 1 } })).toEqual({
    method: 'PATCH',
    url: 'http://127.0.0.1:9/api/HoSo/H60%2F%C4%83%201?loai=1&loai=2',
    headers: { 'Content-Type': 'application/json; charset=utf-8', 'X-Ma': 'a' },
    json: { A: { B: 1 } },
  });
  expect(written('GET HoSo', { tu: '2025-08-12T08:00:00+07:00', trang: 1 })).toEqual({
    method: 'GET',
    headers: {},
    url: 'http://127.0.0.1:9/api/HoSo?tu=2025-08-12T08%3A00%3A00%2B07%3A00&trang=1',
  });
  expect(written('POST HoSo', { ten: 'Nguyễn & Trần' }, { body: 'form' })).toMatchObject({
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'ten=Nguy%E1%BB%85n+%26+Tr%E1%BA%A7n',
  });
});

test('a multipart body has a part for each value, in order', () => {
  expect(
    written('POST HoSo', { ma: '1', soTrang: 2, ten: ['a', 'b'], rong: null, '?v': '2' }, { body: 'multipart' }),
  ).toEqual({
    method: 'POST',
    url: 'http://127.0.0.1:9/api/HoSo?v=2',
    headers: {},
    parts: [
      ['ma', '1'],
      ['soTrang', 2],
      ['ten', 'a'],
      ['ten', 'b'],
    ],
  });
});

test('a file belongs into a multipart body, its base64 into a JSON body', () => {
  const problemsOf = (body: string, as: string) => {
    const dossiers = question('POST HoSo', { body, request: { tep: { each: 'record.documents', from: 'file', as } } });
    return operationProblems({ ...SETTINGS, pull: {}, push: { dossiers } } as unknown as Settings).length;
  };
  expect([problemsOf('multipart', 'file'), problemsOf('json', 'base64')]).toEqual([0, 0]);
  expect([problemsOf('multipart', 'base64'), problemsOf('json', 'file'), problemsOf('form', 'file')]).toEqual([
    1, 1, 1,
  ]);
});

test('a body of `list` is the bare list', () => {
  const body = (request: Parameters<typeof wireOf>[2]) => written('POST HoSo', request, { body: 'list' });
  expect(body({ list: [{ MaHoSo: '1' }], '?v': '2' })).toMatchObject({
    json: [{ MaHoSo: '1' }],
    url: expect.stringMatching(/\?v=2$/),
  });
  expect(body({})).toMatchObject({ json: [] });
});

test('a link replaces the whole address, and leads to no other server', () => {
  const linked = (link: string) => written('GET HoSo/{ma}', { '{ma}': '1', '/': link, trang: '9', '@X-Ma': 'a' });
  for (const [link, path] of [
    ['http://127.0.0.1:9/api/HoSo?c=a%2Fb#x', 'api/HoSo?c=a%2Fb'],
    ['http://user:pass@127.0.0.1:9/HoSo', 'HoSo'],
    ['/v2/HoSo?trang=2', 'v2/HoSo?trang=2'],
    ['?trang=2', 'api/HoSo/1?trang=2'],
    ['2?soDong=10', 'api/HoSo/2?soDong=10'],
  ] as const)
    expect(linked(link)).toEqual({ method: 'GET', url: `http://127.0.0.1:9/${path}`, headers: { 'X-Ma': 'a' } });
  for (const [link, message] of [
    ['https://127.0.0.1:9/api/HoSo', 'it links to https://127.0.0.1:9, which is another server than that of baseUrl'],
    ['//kho.gov.vn/HoSo', 'it links to http://kho.gov.vn, which is another server than that of baseUrl'],
    [
      'http://127.0.0.1:9@kho.gov.vn/HoSo',
      'it links to http://kho.gov.vn, which is another server than that of baseUrl',
    ],
    ['\\\\kho.gov.vn/HoSo', 'it links to http://kho.gov.vn, which is another server than that of baseUrl'],
    ['http://:9', 'its link is not an address'],
    ['javascript:void(0)', 'its link is not an address'],
    [
      `http://${'a'.repeat(1e6)}/`,
      `it links to http://${'a'.repeat(293)}, which is another server than that of baseUrl`,
    ],
  ] as const)
    expect(linked(link)).toMatchObject({ kind: 'refused', reason: 'configuration', message });
});

test('without its link a page is not requested, apart from the first page', () => {
  const without = (field: unknown) => written('GET HoSo', {}, { request: { '/': field } });
  for (const field of ['row.href', { from: ['row.href', 'row.url'] }])
    expect(without(field)).toMatchObject([{ path: '/~1', message: '"" does not fit an address, expected a text' }]);
  for (const field of ['cursor', { from: 'cursor' }])
    expect(without(field)).toMatchObject({ url: 'http://127.0.0.1:9/api/HoSo' });
});

test('a value that fits no address or header is a problem, and nothing is sent', () => {
  for (const text of ['', '.', '..'])
    expect(written('GET HoSo/{ma}', { '{ma}': text })).toMatchObject([
      { path: '/{ma}', message: `"${text}" does not fit an address, expected a text` },
    ]);
  expect(written('GET HoSo/{ma}', {})).toHaveLength(1);
  for (const text of ['Nguyễn', 'a\r\nHost: b'])
    expect(written('GET HoSo', { '@X-Ten': text })).toMatchObject([
      { path: '/@X-Ten', message: 'does not fit a header, expected letters without accents' },
    ]);
});

test('settings whose requests do not fit their addresses are refused at the start', () => {
  expect(operationProblems(SETTINGS)).toEqual([]);
  const health = healthAt('http://127.0.0.1:9') as Settings;
  expect(operationProblems(health)).toEqual([]);
  const wrong = (operation: string, request: object, more: object = {}): readonly string[] =>
    operationProblems({ ...health, pull: undefined, push: { dossiers: { operation, request, ...more } } } as never).map(
      ({ path, message }) => `${path} ${message}`,
    );
  expect(wrong('POST HoSo', { list: { each: '.', fields: { Ma: 'code' } }, '/': 'cursor' }, { body: 'list' })).toEqual(
    [],
  );
  expect(wrong('POST HoSo', { list: 'code', Ma: 'code', '/': { each: 'a' } }, { body: 'list' })).toEqual([
    '/push/dossiers/request/list is beside the body, expected only list, with each',
    '/push/dossiers/request/Ma is beside the body, expected only list, with each',
    '/push/dossiers/request/~1 is a list, expected one value',
  ]);
  expect(wrong('POST HoSo', { '?a': 'code' }, { body: 'list' })).toEqual([
    '/push/dossiers/request lacks list, expected the source of the body',
  ]);
  expect(wrong('GET HoSo/{ma}', { '{so}': 'code' })).toEqual([
    '/push/dossiers/request lacks {ma}, which the path of the operation needs',
    '/push/dossiers/request/{so} names no place in the path "HoSo/{ma}"',
  ]);
  expect(wrong('POST HoSo', { '?a.b': 'code', '@X': { fields: {} }, 'a.b': 'code' })).toEqual([
    '/push/dossiers/request/?a.b is outside a JSON body, expected one value and a name without a dot',
    '/push/dossiers/request/@X is outside a JSON body, expected one value and a name without a dot',
  ]);
  expect(wrong('GET HoSo', { 'ChuHoSo.Ten': 'code' })).toHaveLength(1);
  expect(wrong('POST HoSo/{ma}', { '@X:Y': 'code', '@X-Ma': { each: 'codes' }, '{ma}': { each: 'codes' } })).toEqual([
    '/push/dossiers/request/@X:Y is not the name of a header',
    '/push/dossiers/request/@X-Ma is a list, expected one value',
    '/push/dossiers/request/{ma} is a list, expected one value',
  ]);
});
