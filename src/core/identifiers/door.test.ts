import { expect, test } from 'vitest';
import { doorKey, parseDoor } from './door.ts';

test.each([
  ['rest', { kind: 'rest' }],
  ['pull:dossiers', { kind: 'pull', name: 'dossiers' }],
  ['callback:a:b', { kind: 'callback', name: 'a:b' }],
])('the key %s is read back', (key, door) => {
  expect(doorKey(door)).toBe(key);
  expect(parseDoor(key)).toEqual(door);
});
