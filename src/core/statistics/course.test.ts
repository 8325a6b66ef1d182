import { expect, test } from 'vitest';
import type { Status } from '#schemas/dossier.upsert.v1';
import { type CountingEvent, courseOf } from './course.ts';

test('a step with a stand-in status ends no wait in the counts, as in the index', () => {
  const event = (status: Status, hour: number, more: Partial<CountingEvent> = {}): CountingEvent => {
    const said = { kind: 'dossier', party: 'opencps', authoritative: true, inferred: true, seq: hour } as const;
    return { ...said, status, at: `2025-08-12T0${hour}:00:00+07:00`, ...more };
  };
  const trace = { kind: 'progress', authoritative: false, inferred: false } as const;
  const moves = courseOf([
    event('received', 7),
    event('processing', 8, trace),
    event('supplement-required', 8),
    event('processing', 9, trace),
  ]);
  expect(moves.map(({ status }) => status)).toEqual(['received', 'processing', 'supplement-required']);
});
