import { expect, test } from 'vitest';
import { argumentsOf } from './arguments.ts';

test('null becomes a nil element', () => {
  expect(argumentsOf({ trang: null, loai: 'A', so: 2 })).toEqual({
    trang: { attributes: { 'xsi:nil': 'true' } },
    loai: 'A',
    so: '2',
  });
});

test('an element, and each entry of a list, has its attributes and its text', () => {
  const entry = { '@Ma': 'LP', '#text': 'Lệ phí' };
  const written = { attributes: { Ma: 'LP' }, $value: 'Lệ phí' };
  expect(argumentsOf({ hs: { KhoanThu: [entry], TinhTrang: entry } })).toEqual({
    hs: { KhoanThu: [written], TinhTrang: written },
  });
  expect(argumentsOf({ hs: { '@Ma': 'LP', '#text': null } })).toEqual({
    hs: { attributes: { Ma: 'LP', 'xsi:nil': 'true' } },
  });
});
