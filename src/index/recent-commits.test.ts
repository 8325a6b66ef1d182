import { afterEach, expect, test, vi } from 'vitest';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { createRecentCommits, type RecentCommit } from './recent-commits.ts';

afterEach(() => vi.useRealTimers());

const AT = '2025-08-12T08:16:00+07:00';
const delivery = (party: string, subject: string, seq = 1, createdAt = AT) => ({ party, subject, seq, createdAt });

function kept(code: string, version = 1, note = ''): RecentCommit {
  const record = { code, status: 'received', statusAt: '2025-08-12T08:15:00+07:00', note } as unknown as Dossier;
  const view = { record, status: record.status, statusAt: record.statusAt, inferred: false };
  const held = { code, owner: 'one-stop', version, lastAt: record.statusAt, contentId: { record: '' }, view };
  return { held, createdAt: record.statusAt, door: 'rest', receivedAt: AT };
}

test('returns a dossier once per party, for its own delivery, for a few seconds', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const recent = createRecentCommits();
  for (const code of ['A', 'B', 'C']) for (const party of ['portal', 'ministry']) recent.put(party, kept(code));
  expect(recent.take(delivery('portal', 'A'))).toMatchObject({ held: { code: 'A' }, door: 'rest' });
  expect(recent.take(delivery('portal', 'A'))).toBeUndefined();
  expect(recent.take(delivery('ministry', 'A'))).toBeDefined();
  expect(recent.take(delivery('portal', 'B', 2))).toBeUndefined();
  recent.put('portal', kept('B'));
  expect(recent.take(delivery('portal', 'B', 1, '2025-08-12T08:17:00+07:00'))).toBeUndefined();
  vi.advanceTimersByTime(6_000);
  expect(recent.take(delivery('portal', 'C'))).toBeUndefined();
});

test('keeps the newest ones, in a few megabytes', () => {
  const recent = createRecentCommits();
  for (let n = 0; n < 10; n++) recent.put('portal', kept(`C${n}`, 1, 'x'.repeat(500_000)));
  const held = Array.from({ length: 10 }, (_, n) => `C${n}`).filter((code) => recent.take(delivery('portal', code)));
  expect(held).toEqual(['C6', 'C7', 'C8', 'C9']);
  recent.put('portal', kept('large', 1, 'x'.repeat(3_000_000)));
  expect(recent.take(delivery('portal', 'large'))).toBeUndefined();
});
