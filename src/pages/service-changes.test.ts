import { expect, test } from 'vitest';
import type { StoredVersion } from '../catalogue/read-versions.ts';
import { sayIn } from './language.ts';
import { changedFrom, lastChanged, placeIn, serviceChanges } from './service-changes.ts';

const withPapers = (copies: number, many = 10) => ({
  cases: [{ components: Array.from({ length: many }, (_, n) => ({ name: `Giấy tờ ${n}`, copies })) }],
});
const version = (number: number, was: number, now: number): StoredVersion => ({
  kind: 'service',
  key: '1.000001',
  version: number,
  party: 'source',
  messageId: null,
  cause: 'told',
  before: withPapers(was),
  record: withPapers(now),
  changedAt: `2025-08-${10 + number}T08:00:00+07:00`,
});

test('shown and compared versions agree; versions without a change do not count', async () => {
  const compared: number[] = [];
  const versions = [9, 8, 7, 6, 5, 4, 3, 2, 1].map((number) =>
    Object.defineProperty(version(number, number, number === 8 ? 8 : number + 1), 'before', {
      get() {
        compared.push(number);
        return withPapers(number);
      },
    }),
  );
  const { versions: changed, isWhole } = await lastChanged(versions);
  expect(compared).toEqual([9, 8, 7, 6, 5, 4]);
  expect(changed.map(({ changedAt }) => changedAt.slice(8, 10))).toEqual(['19', '17', '16', '15', '14']);
  expect(changed.map(({ changes, more }) => [changes.length, more])).toEqual(Array(5).fill([8, 2]));
  expect(isWhole).toBe(false);

  const newest = { versions: changed.slice(0, 1), isWhole };
  const page = String(serviceChanges(sayIn('vi'), '1.000001', newest));
  expect(page.match(/<li>/g)).toHaveLength(10);
  expect(page).toContain('<li>Thành phần hồ sơ “Giấy tờ 0”, số bản sao: 9 → 10</li>');
  expect(page).toContain('<a href="/services/1.000001/changes?from=9-8">và 2 thay đổi khác</a>');
  expect(page).toContain('<a href="/services/1.000001/changes">');
  expect(String(serviceChanges(sayIn('en'), '1.000001', newest))).toContain(
    '<li>Paper “Giấy tờ 0”, copies: 9 → 10</li>',
  );
  expect(serviceChanges(sayIn('vi'), '1.000001', await lastChanged([]))).toBe('');
});

test('a service whose page has all its changes links to no further page', async () => {
  const few = [{ ...version(2, 1, 2), before: withPapers(1, 3), record: withPapers(2, 3) }];
  const last = await lastChanged(few);
  expect(last.isWhole).toBe(true);
  expect(String(serviceChanges(sayIn('vi'), '1.000001', last))).not.toContain('<a ');
});

test('the pages of all changes have each change once, however many a version has', async () => {
  const sizes = [7, 230, 0, 95, 12];
  const stored = sizes.map((size, at): StoredVersion => {
    const number = sizes.length + 1 - at;
    return { ...version(number, 1, 1), before: withPapers(number, size), record: withPapers(number + 1, size) };
  });
  const first: StoredVersion = { ...version(1, 1, 1), before: null };
  const all = [...stored, first];
  const seen: string[] = [];
  const perPage: number[] = [];
  let place: { version: number; line: number } | undefined;
  do {
    const from: typeof place = place;
    const { changed, next } = await changedFrom(
      all.filter((one) => from === undefined || one.version <= from.version).slice(0, 3),
      from,
    );
    const lines = changed.flatMap(({ version: number, changes }) => changes.map(({ path }) => `${number} ${path}`));
    perPage.push(lines.length);
    seen.push(...lines);
    place = next;
  } while (place);
  expect(perPage).toEqual([100, 100, 100, 44]);
  expect(new Set(seen).size).toBe(7 + 230 + 95 + 12);
});

test.each([
  ['12-0', { version: 12, line: 0 }],
  ['3-200', { version: 3, line: 200 }],
  ['3', undefined],
  ['-1-2', undefined],
  ['1-2x', undefined],
])('the place %s in an address', (text, place) => {
  expect(placeIn(text)).toEqual(place);
});
