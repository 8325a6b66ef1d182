import { describe, expect, test } from 'vitest';
import { DEFECTS, type Fact, type FactualDossier, factsIn, factsOf } from './facts.ts';

const WHOLE: FactualDossier = {
  status: 'returned',
  channel: 'online',
  receivedAt: '2025-08-12T08:15:00+07:00',
  dueAt: '2025-08-19T17:00:00+07:00',
  finishedAt: '2025-08-18T09:00:00+07:00',
  documents: [{ digitised: true, fromNationalStore: false }],
  fees: [{ amountVnd: 50_000 }],
  onlinePayment: 'province',
  results: [{ code: 'KQ.G07.000122', url: 'https://files.example.test/1' }],
  databases: [],
};

type Changed = { readonly [Member in keyof FactualDossier]?: FactualDossier[Member] | undefined };

const facts = (
  changed: Changed,
  { yieldsPaper = false, lateEndAt = undefined as string | undefined } = {},
): readonly Fact[] => {
  const given = Object.entries({ ...WHOLE, ...changed }).filter(([, value]) => value !== undefined);
  return factsIn(factsOf(Object.fromEntries(given) as FactualDossier, { yieldsPaper, lateEndAt }));
};

describe('the facts of a dossier', () => {
  test('a dossier with every field has no defect', () => {
    expect(facts({})).toEqual(['done', 'payable', 'paidOnline', 'digitised', 'paper', 'digitalResult']);
  });

  test.each<[string, Changed, readonly Fact[]]>([
    ['a missing channel', { channel: undefined }, ['noChannel']],
    ['a missing reception', { receivedAt: undefined }, ['noReceivedAt']],
    ['no reception before it was received', { status: 'submitted', receivedAt: undefined }, []],
    ['a missing due date', { dueAt: undefined }, ['noDueAt']],
    ['a missing end', { finishedAt: undefined }, ['noFinishedAt']],
    ['no end while it is in process', { status: 'processing', finishedAt: undefined }, []],
    ['fees without a payment state', { onlinePayment: undefined }, ['noPayment']],
    ['fees, and no payment due', { onlinePayment: 'none' }, ['paymentOfNone']],
    ['fees paid at the counter', { onlinePayment: 'offline' }, []],
    ['fees of 0', { fees: [{ amountVnd: 0 }], onlinePayment: undefined }, []],
    ['an unknown amount beside 0', { fees: [{ amountVnd: 0 }, {}] }, ['noFeeAmount']],
    ['an unknown amount beside a known one', { fees: [{ amountVnd: 5 }, {}] }, []],
    ['a result without its address', { results: [{ code: 'KQ.G07.000122' }] }, ['noResultLink']],
    ['a result without its code', { results: [{ url: 'https://files.example.test/1' }] }, ['noResultCode']],
    ['such a result of a dossier at the counter', { channel: 'counter', results: [{}] }, []],
    [
      'a document that does not say whether it is digitised',
      { documents: [{ fromNationalStore: true }] },
      ['noDigitised'],
    ],
    ['a deleted document', { documents: [{ deleted: true }] }, []],
    ['a document that does not say where it is from', { documents: [{ digitised: true }] }, ['noFromStore']],
    ['databases that are not stated', { databases: undefined }, ['noDatabase']],
  ])('%s', (_, changed, defects) => {
    expect(facts(changed).filter((fact) => DEFECTS.includes(fact))).toEqual(defects);
  });

  test('a result is missing only where the service gives a paper', () => {
    expect(facts({ results: undefined })).not.toContain('noResult');
    expect(facts({ results: undefined }, { yieldsPaper: true })).toContain('noResult');
    expect(facts({ results: undefined, status: 'processing' }, { yieldsPaper: true })).not.toContain('noResult');
  });

  test('a due date at midnight counts only if the dossier ended late on that day', () => {
    const dueAt = '2025-08-18T00:00:00+07:00';
    expect(facts({ dueAt }, { lateEndAt: '2025-08-18T09:00:00+07:00' })).toContain('dueAtMidnight');
    expect(facts({ dueAt }, { lateEndAt: '2025-08-19T09:00:00+07:00' })).not.toContain('dueAtMidnight');
    expect(facts({ dueAt })).not.toContain('dueAtMidnight');
  });
});
