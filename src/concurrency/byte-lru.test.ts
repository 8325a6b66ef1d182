import { expect, test } from 'vitest';
import { createByteLru } from './byte-lru.ts';

test('recently used values stay, and a value stored twice counts once', () => {
  const lately = createByteLru<string>(100);
  const held = () => ['a', 'b', 'c'].filter((key) => lately.get(key) !== undefined);
  for (let n = 0; n < 10; n++) lately.put('a', 'first', 40);
  lately.put('b', 'second', 40);
  expect(held()).toEqual(['a', 'b']);
  lately.get('a');
  lately.put('c', 'third', 40);
  expect(held()).toEqual(['a', 'c']);
  expect(lately.take('a')).toBe('first');
  lately.put('b', 'more than fits', 101);
  expect(held()).toEqual(['c']);
});
