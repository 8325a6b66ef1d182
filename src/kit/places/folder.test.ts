import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPlaces, type OpenPlace } from './places.ts';

/** Beside the place: what only the hub's user may read and write. */
let outside: string;
let path: string;
beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'folder-'));
  path = join(outside, 'place');
  await mkdir(path);
  await writeFile(join(outside, 'secret'), 'of the hub');
});
afterEach(() => rm(outside, { recursive: true }));

const within = <T>(work: (place: OpenPlace) => Promise<T>) => createPlaces().within({ kind: 'folder', path }, work);
const FAILED = expect.objectContaining({ kind: 'unavailable', reason: 'place' });

test('a file that became a link after it was listed is not read', async () => {
  await symlink(join(outside, 'secret'), join(path, 'a.csv'));
  expect(await within((place) => place.list(''))).toEqual([]);
  expect(await within((place) => place.read('a.csv'))).toEqual(FAILED);
});

test('a link under the temporary name of a report is replaced, and its target stays', async () => {
  await symlink(join(outside, 'secret'), join(path, 'a.report.csv.tmp'));
  await within((place) => place.write('a.report.csv', Buffer.from('report')));
  expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('of the hub');
  expect((await lstat(join(path, 'a.report.csv'))).isFile()).toBe(true);
});

test('a folder of the place that is a link is not used', async () => {
  await mkdir(join(outside, 'other'));
  await symlink(join(outside, 'other'), join(path, 'done'));
  await writeFile(join(path, 'a.csv'), 'Mã hồ sơ');
  expect(await within((place) => place.move('a.csv', 'done/a.csv'))).toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining(`${join(path, 'done')} is a link, expected a folder`),
  });
  expect(await within((place) => place.write('done/a.report.csv', Buffer.from('report')))).toEqual(FAILED);
  expect(await within((place) => place.list('done'))).toEqual(FAILED);
  expect([await readdir(join(outside, 'other')), await readdir(path)]).toEqual([[], ['a.csv', 'done']]);
});

test('a place that is a link itself is used', async () => {
  const link = join(outside, 'link');
  await symlink(path, link);
  await createPlaces().within({ kind: 'folder', path: link }, (place) => place.write('done/a', Buffer.from('x')));
  expect(await readdir(join(path, 'done'))).toEqual(['a']);
});
