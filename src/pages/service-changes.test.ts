import { expect, test } from 'vitest';
import type { StoredVersion } from '../catalogue/read-versions.ts';
import { sayIn } from './language.ts';
import { lastChanged, serviceChanges } from './service-changes.ts';

const withPapers = (copies: number) => ({
  cases: [{ components: Array.from({ length: 10 }, (_, n) => ({ name: `Giấy tờ ${n}`, copies })) }],
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
  const changed = await lastChanged(versions);
  expect(compared).toEqual([9, 8, 7, 6, 5, 4]);
  expect(changed.map(({ changedAt }) => changedAt.slice(8, 10))).toEqual(['19', '17', '16', '15', '14']);
  expect(changed.map(({ changes, more }) => [changes.length, more])).toEqual(Array(5).fill([8, 2]));

  const page = String(serviceChanges(sayIn('vi'), changed.slice(0, 1)));
  expect(page.match(/<li>/g)).toHaveLength(10);
  expect(page).toContain('<li>Giấy tờ “Giấy tờ 0”, số bản sao: 9 → 10</li>');
  expect(page).toContain('<li>và 2 thay đổi khác</li>');
  expect(String(serviceChanges(sayIn('en'), changed.slice(0, 1)))).toContain(
    '<li>Paper “Giấy tờ 0”, copies: 9 → 10</li>',
  );
  expect(serviceChanges(sayIn('vi'), await lastChanged([]))).toBe('');
});
