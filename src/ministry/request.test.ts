import { describe, expect, test } from 'vitest';
import { NO_CODES } from '#core/identifiers/codes';
import { contextOf, type Item } from './push.ts';
import { prepare } from './request.ts';
import type { Fields, Push } from './settings.ts';

const request = (fields: Fields, context: object = {}) =>
  prepare(fields, { ...context }, { system: 'tested' }, NO_CODES);

describe('a request', () => {
  test('contains constants for places without a value', () => {
    const fields = {
      trang: { from: 'cursor', value: null },
      loai: { from: 'kind', value: 'A' },
      den: { from: 'until' },
    };
    expect(request(fields)).toEqual({ kind: 'ready', request: { trang: null, loai: 'A' } });
    expect(request(fields, { cursor: 'T-2', kind: 'B' })).toMatchObject({ request: { trang: 'T-2', loai: 'B' } });
  });

  test('gives an element both attributes and a text, in any order of the settings', () => {
    const [text, code] = [{ value: 'Đang xử lý' }, { value: '02' }];
    for (const fields of [
      { 'hs.TinhTrang': text, 'hs.TinhTrang.@Ma': code },
      { 'hs.TinhTrang.@Ma': code, 'hs.TinhTrang': text },
    ])
      expect(request(fields)).toEqual({
        kind: 'ready',
        request: { hs: { TinhTrang: { '@Ma': '02', '#text': 'Đang xử lý' } } },
      });
    const inText = { 'h.TinhTrang': text, 'h.TinhTrang.@Ma': code };
    expect(request({ duLieu: { text: 'xml', fields: inText } })).toEqual({
      kind: 'ready',
      request: { duLieu: '<h><TinhTrang Ma="02">Đang xử lý</TinhTrang></h>' },
    });
  });

  test('leaves out documents that their sender deleted, unless it says that they are', () => {
    const documents = [{ name: 'Đơn' }, { name: 'Bản nháp', deleted: true }];
    const names = (fields: Record<string, unknown>) => {
      const how = { request: { giayTo: { each: 'record.documents', fields } } } as unknown as Push;
      return request(how.request, contextOf(how, { record: { documents } } as unknown as Item));
    };
    expect(names({ ten: 'name' })).toMatchObject({ request: { giayTo: [{ ten: 'Đơn' }] } });
    expect(names({ ten: 'name', daXoa: { from: 'deleted', value: 'false' } })).toMatchObject({
      request: { giayTo: [{ ten: 'Đơn' }, { ten: 'Bản nháp', daXoa: 'true' }] },
    });
  });
});
