import { expect, test } from 'vitest';
import { createByteLru } from './byte-lru.ts';

test('recently used values stay, and a value stored twice counts once', () => {
  const cache = createByteLru<string>(100);
  const held = () => ['a', 'b', 'c'].filter((key) => cache.get(key) !== undefined);
  for (let n = 0; n < 10; n++) cache.put('a', 'first', 40);
  cache.put('b', 'second', 40);
  expect(held()).toEqual(['a', 'b']);
  cache.get('a');
  cache.put('c', 'third', 40);
  expect(held()).toEqual(['a', 'c']);
  expect(cache.take('a')).toBe('first');
  cache.put('b', 'more than fits', 101);
  expect(held()).toEqual(['c']);
});
