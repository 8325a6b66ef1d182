import { describe, expect, test } from 'vitest';
import type { LedgerEntry } from '../../kit/testing/simulator/simulator.ts';
import type { Errand } from '../day/errand.ts';
import { checkPlatform, checkPost, checkStates } from './errands.ts';
import type { Evidence } from './evidence.ts';
import { stepsOfPayments } from './payment-steps.ts';
import type { ShownRecord } from './records.ts';

const AT = '2026-11-02T08:00:00+07:00';
const errand = (dossierCode: string, reference: string, isCancelled = false): Errand => ({
  dossierCode,
  reference,
  amountVnd: 50_000,
  requestedAt: AT,
  isCancelled,
});
const ERRANDS = [errand('A', 'PA1'), errand('B', 'PB9', true)];

const entry = (kind: string, key: string, content: object = {}, count = 1): LedgerEntry => ({
  kind,
  key,
  content,
  count,
});
const shown = (name: string, state: string): ShownRecord => ({ name, state, stateAt: AT });

type Books = Record<'vnpost' | 'payment-platform' | 'one-stop', LedgerEntry[]>;

/** What the checks find when the books and the hub say this after two errands, of which one order was cancelled. */
function found(change: (books: Books, listed: ShownRecord[]) => void): readonly string[] {
  const books: Books = {
    vnpost: [entry('order', 'A'), entry('order', 'B'), entry('cancel', 'B')],
    'payment-platform': [
      entry('payment', 'PA1', { SoTien: '50000' }),
      entry('payment', 'PB9', { SoTien: '50000' }),
      entry('paid', 'PA1', { amount: 50_000, at: '20261102080500' }),
    ],
    'one-stop': ['registered', 'handed-over', 'delivered'].map((state) => entry('postal-order', 'A', { state })),
  };
  const listed = [
    shown('postal-order A', 'delivered'),
    shown('postal-order B', 'cancelled'),
    shown('payment PA1', 'paid'),
    shown('payment PB9', 'failed'),
  ];
  change(books, listed);
  const evidence = {
    specials: { repairs: [], ofUnknownService: [], atMinistry: [], errands: ERRANDS },
    books: new Map(Object.entries(books).map(([name, entries]) => [name, { entries, count: 0, repeats: 0 }])),
    records: { listed, changes: listed, steps: [] },
  } as unknown as Evidence;
  const findings = [checkPost, checkPlatform, checkStates].flatMap((check) => check(evidence));
  return findings.map(({ kind, where, text }) => `${kind} at ${where}: ${text.split(':')[0]}`);
}

describe('the check of postal orders and payments', () => {
  test('finds nothing where all sides say the same', () => {
    expect(found(() => undefined)).toEqual([]);
  });

  test.each<[string, (books: Books, listed: ShownRecord[]) => void, readonly string[]]>([
    ['a lost order', ({ vnpost }) => void vnpost.shift(), ['lost at vnpost: A']],
    ['an invented order', ({ vnpost }) => void vnpost.push(entry('order', 'C')), ['invented at vnpost: C']],
    [
      'a doubled order',
      ({ vnpost }) => void vnpost.splice(0, 1, entry('order', 'A', {}, 2)),
      ['duplicated at vnpost: A'],
    ],
    ['a cancellation before its order', ({ vnpost }) => void vnpost.reverse(), ['overtaken at vnpost: B']],
    ['a lost payment', (books) => void books['payment-platform'].splice(1, 1), ['lost at payment-platform: PB9']],
    [
      'a payment of another amount',
      (books) => void books['payment-platform'].splice(1, 1, entry('payment', 'PB9', { SoTien: '1' })),
      ['lost at payment-platform: PB9', 'invented at payment-platform: PB9'],
    ],
    [
      'a payment that was opened twice',
      (books) => void books['payment-platform'].push(entry('payment', 'PA1', { SoTien: '50000' })),
      ['duplicated at payment-platform: PA1'],
    ],
    ['a state that came after a later one', (books) => void books['one-stop'].reverse(), ['overtaken at one-stop: A']],
    [
      'an older state at the hub',
      (_, listed) => void listed.splice(2, 1, shown('payment PA1', 'initiated')),
      ['wrong at records: payment PA1', 'wrong at records: payment PA1'],
    ],
  ])('finds %s', (_, change, expected) => {
    expect(found(change)).toEqual(expected);
  });

  test('a payment makes two steps of its dossier, and a failed one leaves the demand', () => {
    const entries = [entry('paid', 'PA1', { amount: 50_000, at: '20261102080000' })];
    const steps = stepsOfPayments(ERRANDS, { entries, count: 1, repeats: 0 });
    expect(steps.get('A')?.map(({ status, at }) => [status, at])).toEqual([
      ['payment-required', AT],
      ['processing', '2026-11-02T08:00:01+07:00'],
    ]);
    expect(steps.get('B')?.map(({ status }) => status)).toEqual(['payment-required']);
  });
});
