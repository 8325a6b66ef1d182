import { expect, test } from 'vitest';
import { STATUSES } from '#schemas/dossier.upsert.v1';
import adapter from './adapter.ts';
import type { Settings } from './settings.ts';
import { transportAt } from './simulator/connect.ts';

const settings = (change: Partial<Settings> = {}): Settings =>
  ({ ...transportAt('http://127.0.0.1:9'), ...change }) as Settings;

test('a new code may mean any status, not only those with a code in the settings', () => {
  const meanings = (name: string): readonly string[] =>
    (adapter.tables?.(settings()) ?? []).find((table) => table.name === name)?.entries.map(({ is }) => is) ?? [];
  expect([...meanings('transport-status')].sort()).toEqual([...STATUSES].sort());
  // What the ministry understands is known to the settings alone.
  expect(meanings('transport-status-sent')).not.toContain('stopped');
});

test('a table value that no record allows stops the start, with its place', () => {
  const codes = { ...settings().codes, status: { TIEP_NHAN: 'recieved', HOAN_THANH: 'resolved', KHAC: null } };
  expect(adapter.settingsProblems?.(settings({ codes }))).toMatchObject([
    {
      path: '/codes/status/TIEP_NHAN',
      message: `got "recieved", expected one of ${STATUSES.join(', ')}, or null`,
    },
  ]);
});
