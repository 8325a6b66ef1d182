import { describe, expect, test } from 'vitest';
import { createAcknowledgements } from '../clients/acknowledgements.ts';
import type { RecordEvent } from '../day/events.ts';
import type { Evidence } from './evidence.ts';
import { checkRecords, type RecordEvidence, type ShownRecord } from './records.ts';

const AT = ['2026-11-02T08:00:00+07:00', '2026-11-03T08:00:00+07:00'] as const;
const event = (code: string, state: string, at: string, fate: RecordEvent['fate'] = 'applied'): RecordEvent => ({
  kind: 'question',
  path: 'questions',
  code,
  at,
  state,
  fate,
  item: {},
});
const shown = (code: string, state: string, stateAt: string): ShownRecord => ({
  name: `question ${code}`,
  state,
  stateAt,
});

/** What the checks find when the hub shows this after three acknowledged states of two questions. */
function found(change: (shown: Record<keyof RecordEvidence, ShownRecord[]>) => void): readonly string[] {
  const acknowledgements = createAcknowledgements();
  acknowledgements.addRecord(event('A', 'received', AT[0]), 'accepted');
  acknowledgements.addRecord(event('A', 'answered', AT[1]), 'accepted');
  acknowledgements.addRecord(event('B', 'received', AT[0], 'waits'), 'quarantined');
  const current = [shown('A', 'answered', AT[1]), shown('B', 'held', AT[0])];
  const records = {
    listed: [...current],
    changes: [shown('A', 'received', AT[0]), ...current],
    steps: [shown('A', 'received', AT[0]), shown('A', 'answered', AT[1]), shown('B', 'received', AT[0])],
  };
  change(records);
  const specials = { repairs: [], ofUnknownService: [], atMinistry: [], errands: [] };
  const evidence = { acknowledgements, records, specials } as unknown as Evidence;
  return checkRecords(evidence).map(({ kind, text }) => `${kind} ${text.split(':')[0]}`);
}

describe('the check of records', () => {
  test('finds nothing where the hub shows what it acknowledged', () => {
    expect(found(() => undefined)).toEqual([]);
  });

  test.each<[string, (records: Record<keyof RecordEvidence, ShownRecord[]>) => void, string]>([
    ['a lost record', ({ listed }) => void listed.pop(), 'lost question B'],
    ['an invented record', ({ listed }) => void listed.push(shown('C', 'received', AT[0])), 'invented question C'],
    ['a lost state', ({ steps }) => void steps.shift(), 'lost question A'],
    ['a doubled state', ({ steps }) => void steps.push(shown('A', 'received', AT[0])), 'duplicated question A'],
    ['an older state', ({ listed }) => void listed.splice(0, 1, shown('A', 'received', AT[0])), 'wrong question A'],
    [
      'a held record that is shown',
      ({ listed }) => void listed.splice(1, 1, shown('B', 'received', AT[0])),
      'wrong question B',
    ],
    ['a change that the feed lacks', ({ changes }) => void changes.splice(1, 1), 'wrong question A'],
  ])('finds %s', (_, change, expected) => {
    expect(found(change)).toEqual([expected]);
  });
});
