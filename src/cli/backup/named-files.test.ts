import { expect, test } from 'vitest';
import { placedFiles } from './named-files.ts';

test('each file has a name of its own, whatever the names in other folders are', () => {
  const paths = ['/a/ca.pem', '/b/2-ca.pem', '/c/ca.pem', '/c/3-ca.pem'];
  const files = paths.map((path) => ({ written: path, path, text: `content of ${path}` }));
  const placed = placedFiles({ config: JSON.stringify(paths), environment: {}, files }, '/etc/lienthong');
  const named = JSON.parse(placed['hub.config.json'] ?? '') as readonly string[];
  const texts = named.map((path) => placed[path.replace('/etc/lienthong/', '')]);
  expect(texts).toEqual(paths.map((path) => `content of ${path}`));
});
