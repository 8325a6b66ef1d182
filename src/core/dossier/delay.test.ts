import { describe, expect, test } from 'vitest';
import { createWorkingTime } from '../dates/working-time.ts';
import { type AttemptFact, type DelayFacts, type DeliveryFact, delaysOf } from './delay.ts';

const S = 1_000;
/** Every second is working time, unless a test says otherwise. */
const always = (fromMs: number, toMs: number): number => Math.max(0, toMs - fromMs);
const NOTHING = { queue: 0, partnerDown: 0, partnerSlow: 0, quarantine: 0, wrongData: 0 };

/** A dossier that began at 0 and has been with us for 1,000 s. */
const facts = (given: Partial<DelayFacts> = {}): DelayFacts => ({
  startMs: 0,
  nowMs: 1_000 * S,
  deliveries: [],
  waits: [],
  refusals: [],
  outages: [],
  ...given,
});

const delivery = (createdS: number, settledS: number | undefined, given: Partial<DeliveryFact> = {}): DeliveryFact => ({
  party: 'portal',
  operation: 'dossier.upsert.v1',
  createdMs: createdS * S,
  state: settledS === undefined ? 'due' : 'delivered',
  ...(settledS !== undefined && { settledMs: settledS * S }),
  attempts: [],
  held: [],
  ...given,
});

const attempt = (atS: number, tookS: number, outcome: AttemptFact['outcome'], reason?: string): AttemptFact => ({
  atMs: atS * S,
  tookMs: tookS * S,
  outcome,
  ...(reason && { reason }),
});

const whole = (given: Partial<DelayFacts>) => {
  const { parties, ...sums } = delaysOf(facts(given), always);
  // Nothing is lost and nothing counts twice.
  if (given.finishMs === undefined) expect(Object.values(sums).reduce((a, b) => a + b)).toBe(1_000);
  return sums;
};

describe('the time of a dossier', () => {
  test('belongs to the office while nothing else delays it', () => {
    expect(whole({})).toEqual({ ...NOTHING, office: 1_000 });
  });

  test('belongs to the queue until sending, then to the partner, then to the office', () => {
    const deliveries = [delivery(100, 160, { attempts: [attempt(160, 20, 'delivered')] })];
    expect(whole({ deliveries })).toEqual({ ...NOTHING, office: 940, queue: 40, partnerSlow: 20 });
  });

  test('belongs to an unreachable partner from the first failure to the next attempt', () => {
    const attempts = [attempt(110, 5, 'unavailable', 'econnrefused'), attempt(210, 0, 'delivered')];
    expect(whole({ deliveries: [delivery(100, 210, { attempts })] })).toEqual({
      ...NOTHING,
      office: 890,
      queue: 5,
      partnerDown: 105,
    });
  });

  test('belongs to the hub if the partner is back before the next attempt', () => {
    const attempts = [attempt(110, 0, 'unavailable', 'econnrefused'), attempt(300, 0, 'delivered')];
    const outages = [{ party: 'portal', fromMs: 120 * S, toMs: 200 * S }];
    expect(whole({ outages, deliveries: [delivery(100, 300, { attempts })] })).toEqual({
      ...NOTHING,
      office: 800,
      queue: 110,
      partnerDown: 90,
    });
  });

  test('belongs to a partner that fails at this record, also after it is back for others', () => {
    const attempts = [attempt(110, 0, 'unknown', 'status-500'), attempt(300, 0, 'delivered')];
    const outages = [{ party: 'portal', fromMs: 120 * S, toMs: 200 * S }];
    expect(whole({ outages, deliveries: [delivery(100, 300, { attempts })] })).toEqual({
      ...NOTHING,
      office: 800,
      queue: 10,
      partnerDown: 190,
    });
  });

  test('belongs to a partner that is known to be unreachable, also without an attempt', () => {
    const outages = [{ party: 'portal', fromMs: 50 * S }];
    expect(whole({ outages, deliveries: [delivery(100, undefined)] })).toEqual({
      ...NOTHING,
      office: 100,
      partnerDown: 900,
    });
  });

  test('is not affected by the outage of a party without deliveries', () => {
    expect(whole({ outages: [{ party: 'portal', fromMs: 0 }] })).toEqual({ ...NOTHING, office: 1_000 });
  });

  test.each([
    ['timeout', 'partnerSlow'],
    ['busy', 'partnerSlow'],
    ['status-429', 'partnerSlow'],
    ['status-502', 'partnerDown'],
    ['login-refused', 'partnerDown'],
    ['adapter-bug', 'queue'],
  ])('after an attempt that ended in %s belongs to %s', (reason, cause) => {
    const attempts = [attempt(160, 60, 'unknown', reason), attempt(200, 0, 'delivered')];
    expect(whole({ deliveries: [delivery(100, 200, { attempts })] })).toEqual({
      ...NOTHING,
      office: 900,
      [cause]: 100,
    });
  });

  test('belongs to the quarantine until an operator settles the cause, then to the hub', () => {
    const attempts = [attempt(100, 0, 'refused', 'unmapped'), attempt(450, 0, 'delivered')];
    const held = [{ fromMs: 100 * S, toMs: 400 * S }];
    expect(whole({ deliveries: [delivery(100, 450, { attempts, held })] })).toEqual({
      ...NOTHING,
      office: 650,
      quarantine: 300,
      queue: 50,
    });
    const open = [delivery(100, undefined, { attempts: attempts.slice(0, 1), held: [{ fromMs: 100 * S }] })];
    expect(whole({ deliveries: open })).toEqual({ ...NOTHING, office: 100, quarantine: 900 });
  });

  test('belongs to the quarantine while a received message waits to be applied', () => {
    expect(whole({ waits: [{ fromMs: 100 * S, toMs: 300 * S }, { fromMs: 900 * S }] })).toEqual({
      ...NOTHING,
      office: 700,
      quarantine: 300,
    });
  });

  test('belongs to wrong data after a refusal by the hub, also in an outage', () => {
    const outages = [{ party: 'portal', fromMs: 50 * S, toMs: 500 * S }];
    const refusals = [{ fromMs: -100 * S, toMs: 300 * S }];
    expect(whole({ refusals, outages, deliveries: [delivery(200, 600)] })).toEqual({
      ...NOTHING,
      office: 400,
      wrongData: 300,
      partnerDown: 200,
      queue: 100,
    });
  });

  test('belongs to wrong data from the refusal until a corrected version is taken', () => {
    const refused = delivery(100, 110, { state: 'refused', attempts: [attempt(110, 10, 'refused', 'field-too-long')] });
    expect(whole({ deliveries: [refused] })).toEqual({ ...NOTHING, office: 100, partnerSlow: 10, wrongData: 890 });
    const step = delivery(120, 130, { operation: 'dossier.progress.v1' });
    const corrected = delivery(500, 520, { attempts: [attempt(520, 10, 'delivered')] });
    expect(whole({ deliveries: [refused, step, corrected] })).toEqual({
      ...NOTHING,
      office: 580,
      partnerSlow: 10,
      wrongData: 410,
    });
  });

  test('belongs to the partner if a long outage parked the delivery', () => {
    const parked = delivery(100, 200, { state: 'parked', attempts: [attempt(200, 0, 'unavailable', 'down')] });
    expect(whole({ deliveries: [parked] })).toEqual({ ...NOTHING, office: 100, queue: 100, partnerDown: 800 });
  });

  test('of a later delivery counts from the end of the earlier one', () => {
    const attempts = [attempt(120, 0, 'unavailable', 'down'), attempt(300, 0, 'delivered')];
    const deliveries = [delivery(100, 300, { attempts }), delivery(150, 330)];
    expect(whole({ deliveries })).toEqual({ ...NOTHING, office: 770, queue: 50, partnerDown: 180 });
  });

  test('counts once if two parties wait, and each party has its own', () => {
    const deliveries = [
      delivery(100, 300, { attempts: [attempt(100, 0, 'unavailable', 'down'), attempt(300, 0, 'delivered')] }),
      delivery(100, 400, { party: 'ministry' }),
    ];
    expect(whole({ deliveries })).toEqual({ ...NOTHING, office: 700, partnerDown: 200, queue: 100 });
    expect(delaysOf(facts({ deliveries }), always).parties).toEqual({
      ministry: { ...NOTHING, queue: 300 },
      portal: { ...NOTHING, partnerDown: 200 },
    });
  });

  test('after the end belongs to nobody, apart from open deliveries', () => {
    const attempts = [attempt(600, 0, 'unavailable', 'down')];
    const deliveries = [delivery(100, 150), delivery(600, undefined, { attempts })];
    expect(whole({ finishMs: 600 * S, deliveries })).toEqual({ ...NOTHING, office: 550, queue: 50, partnerDown: 400 });
  });

  test('before the beginning and in the future does not count', () => {
    const deliveries = [delivery(-100, 50)];
    expect(whole({ deliveries })).toEqual({ ...NOTHING, office: 950, queue: 50 });
    expect(whole({ outages: [{ party: 'portal', fromMs: -50 * S, toMs: 5_000 * S }], deliveries })).toEqual({
      ...NOTHING,
      office: 950,
      partnerDown: 50,
    });
  });
});

test('counts working time only, no nights and Sundays', () => {
  const hours = [
    { from: '07:00', to: '11:30' },
    { from: '13:30', to: '17:00' },
  ];
  const { between } = createWorkingTime({ hours, everyYear: [], daysOff: [], workdays: [] });
  const at = (local: string): number => Date.parse(`${local}:00+07:00`);
  // Told on Friday at 16:00; the portal was away from then until Monday at 09:00.
  const createdMs = at('2025-08-15T16:00');
  const settledMs = at('2025-08-18T09:00');
  const attempts = [attempt(createdMs / S, 0, 'unavailable', 'down'), attempt(settledMs / S, 0, 'delivered')];
  const given = {
    startMs: at('2025-08-15T08:00'),
    nowMs: at('2025-08-18T10:00'),
    deliveries: [{ ...delivery(0, 0), createdMs, settledMs, attempts }],
    waits: [],
    refusals: [],
    outages: [],
  };
  expect(delaysOf(given, between)).toMatchObject({ office: (6 + 1) * 3_600, partnerDown: 3 * 3_600, queue: 0 });
});
