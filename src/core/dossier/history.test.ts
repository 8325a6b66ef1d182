import { describe, expect } from 'vitest';
import { type Dossier, STATUSES } from '#schemas/dossier.upsert.v1';
import { roundsOf, sampled, test } from '../../../tests/support/depth.ts';
import { cpuMsOf } from '../../../tests/support/measures.ts';
import { createDice, type Dice } from '../../play/day/dice.ts';
import { type Applied, apply, type Incoming, type IndexedDossier, type RecordedEvent } from './apply.ts';
import { placeOf } from './cached-folding.ts';
import { foldWith } from './fold.ts';
import { createHistory } from './history.ts';
import { isSameJson } from './same-json.ts';

const CODE = 'H60.01-250812-0035';

/** One of the first statuses as a rule, so that statuses return and moves are refused as well as allowed. */
function someEvent(next: Dice['below'], number: number, minutes: number): Incoming {
  const status = STATUSES[next(next(2) === 0 ? 4 : STATUSES.length)] as (typeof STATUSES)[number];
  const at = new Date(Date.UTC(2025, 7, 12, 1, next(minutes))).toISOString();
  const isRecord = number === 0 || next(4) === 0;
  const common = {
    at,
    status,
    party: next(3) === 0 ? 'other' : 'one-stop',
    authoritative: next(2) === 0,
    // An event that waited arrived earlier than the events before it.
    messageId: String(1_000_000 + (next(5) === 0 ? next(number + 1) : number)),
    item: next(3),
    contentId: { record: `${number}` },
    ...(next(4) === 0 && { shared: [[], ['status'], ['status', 'note']][next(3)] as string[] }),
    // Some name a moment that was far ahead when they were recorded.
    recordedAt: next(6) === 0 ? '2025-08-10T00:00:00.000Z' : '2025-08-13T00:00:00.000Z',
  };
  if (!isRecord) return { kind: 'progress', inferred: next(6) === 0, ...common };
  const record = {
    code: CODE,
    serviceCode: '1.013225',
    agencyCode: 'H60.01',
    status,
    statusAt: at,
    ...(next(2) === 0 && { note: next(3) === 0 ? 'Nguyễn Văn An' : `Lần ${number}` }),
    ...(next(3) === 0 && { applicant: { name: next(2) === 0 ? 'Nguyễn Văn An' : 'N***** V** A*' } }),
    ...(next(3) === 0 && { aliases: [{ party: 'igate', code: `A${next(4)}` }] }),
    ...(next(3) === 0 && { documents: [{ id: `${number}` }] }),
  } as Dossier;
  return { kind: 'dossier', inferred: next(3) === 0, record, ...common, isEntitled: next(9) === 0 };
}

/** Each event in its turn: judged by a plain fold of the whole history, and by a history that keeps its views. */
function judged(events: readonly Incoming[]): void {
  const history = createHistory<RecordedEvent>();
  const known: RecordedEvent[] = [];
  let held: IndexedDossier | undefined;
  for (const [at, event] of events.entries()) {
    const plain: Applied = apply(held, known, CODE, event);
    const quick = apply(held, history.events, CODE, event, history.foldWith);
    expect(quick, `event ${at}`).toEqual(plain);
    expect(JSON.stringify(quick.held.view), `event ${at}`).toBe(JSON.stringify(plain.held.view));
    held = quick.held;
    if (!quick.event) continue;
    known.splice(placeOf(known, quick.event), 0, quick.event);
    history.add(quick.event);
  }
}

describe('a history', () => {
  sampled('judges orders of up to sixty events as a fold of all events does', () => {
    for (let seed = 1; seed <= roundsOf(1_500, 150); seed++) {
      const next = createDice(seed).below;
      const count = 2 + next(seed % 10 === 0 ? 60 : 14);
      judged(Array.from({ length: count }, (_, number) => someEvent(next, number, 2 + next(40))));
    }
  });

  test('agrees with foldWith also if it begins with steps or gets events without a question', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const next = createDice(seed).below;
      const known = Array.from({ length: next(12) }, (_, n) => ({ ...someEvent(next, n + next(2), 9), seq: n + 1 }));
      const history = createHistory(known);
      for (let more = 0; more < 5; more++) {
        const owner = next(3) === 0 ? 'other' : 'one-stop';
        const event = { ...someEvent(next, 1 + next(9), 9), seq: known.length + 1 };
        const other = { ...someEvent(next, 1 + next(9), 9), seq: known.length + 1 };
        if (next(3) > 0) expect(history.foldWith(event, owner)).toEqual(foldWith(known, event, owner));
        if (next(4) === 0) history.foldWith(other, owner);
        history.add(event);
        known.push(event);
      }
    }
  });

  test('of ten thousand events judges a thousand late ones quickly', () => {
    const step = (number: number, minute: number): RecordedEvent => ({
      kind: 'progress',
      status: number % 2 === 0 ? 'processing' : 'supplement-required',
      party: 'one-stop',
      at: new Date(Date.UTC(2025, 7, 13) + minute * 60_000).toISOString(),
      authoritative: true,
      inferred: false,
      contentId: { record: `${number}` },
      seq: number,
    });
    const record = { ...someEvent(createDice(1).below, 0, 1), seq: 1, inferred: false };
    const history = createHistory([record, ...Array.from({ length: 10_000 }, (_, n) => step(n + 2, 3 * n))]);
    const cpuMs = cpuMsOf(() => {
      for (let n = 0; n < 1_000; n++) {
        const late = step(20_000 + n, 3 * ((n * 7_919) % 10_000) + 1);
        history.foldWith(late, 'one-stop');
        history.add(late);
      }
    });
    expect(history.events).toHaveLength(11_001);
    // Folding all of it each time takes 10 s.
    expect(cpuMs).toBeLessThan(2_000);
  });
});

test.each([
  [
    { a: 1, b: [1, { c: 'd' }] },
    { a: 1, b: [1, { c: 'd' }] },
  ],
  [{ a: 1, b: undefined }, { a: 1 }],
  [
    { a: 1, b: 2 },
    { b: 2, a: 1 },
  ],
  [[1, 2], [1]],
  [{ 0: 1 }, [1]],
  [null, {}],
  ['1', 1],
])('two values are the same JSON if they are written the same: %j, %j', (one, other) => {
  expect(isSameJson(one, other)).toBe(JSON.stringify(one) === JSON.stringify(other));
});
