import type { Outcome } from '#core/dossier/settle';
import type { Fault } from '../simulator/simulator.ts';
import type { Bench } from './bench.ts';
import type { Guarantee, Trial } from './guarantee.ts';

const BREAKS: readonly Fault[] = [
  { kind: 'reset' },
  { kind: 'drop-reply' },
  { kind: 'half' },
  { kind: 'html' },
  { kind: 'empty' },
  { kind: 'status', status: 502, body: 'Bad Gateway' },
  { kind: 'status', status: 503, body: '' },
];

/** A retry may reach the partner twice, but must take effect once. */
export const doubtGuarantees: readonly Guarantee[] = [
  {
    id: 'doubt-known',
    title: 'a doubtful item that the partner has is not taken twice',
    async run({ bench, expect }) {
      await bench(async ({ partner, send, sample }) => {
        await send(sample());
        expect(await send({ ...sample(), doubt: true })).toMatchObject([{ kind: 'delivered' }]);
        expect(partner.ledger.repeats()).toBe(0);
      });
    },
  },
  {
    id: 'doubt-new',
    title: 'a doubtful item that the partner lacks is sent',
    async run({ bench, plain, expect }) {
      const { taken: once } = await plain();
      await bench(async ({ send, sample, taken }) => {
        expect(await send({ ...sample(), doubt: true })).toMatchObject([{ kind: 'delivered' }]);
        expect(taken()).toBe(once);
      });
    },
  },
  {
    id: 'doubt-stays',
    title: 'a doubtful item stays in doubt while the partner does not answer',
    async run({ bench, subject, expect }) {
      await bench(async ({ partner, send, sample }) => {
        await partner.fault({ kind: 'down', forMs: 60_000 });
        const [outcome] = await send({ ...sample(), doubt: true });
        expect(subject.repeatsHarmless ? ['unknown', 'unavailable'] : ['unknown']).toContain(outcome?.kind);
      });
    },
  },
  {
    id: 'exactly-once',
    title: 'after any break at any request, retries deliver once',
    async run(trial) {
      const { requests } = await trial.plain();
      for (const fault of breaksAt(trial))
        for (let n = 1; n <= requests; n++) await trial.bench((bench) => deliversOnce(trial, bench, fault, n));
    },
  },
  {
    id: 'session-expiry',
    title: 'a session that ends in the middle is renewed by one login',
    async run({ subject, plain, bench, expect }) {
      if (!subject.simulator.expireSessions)
        throw new Error('the simulator cannot expire sessions: skip with a reason');
      const { requests, taken: once } = await plain();
      for (let n = 2; n <= requests; n++)
        await bench(async ({ partner, send, sample, taken }) => {
          await partner.fault({ kind: 'pass', times: n - 1 });
          await partner.fault({ kind: 'session-expired' });
          expect(await send(sample())).toMatchObject([{ kind: 'delivered' }]);
          expect(taken()).toBe(once);
        });
    },
  },
];

/** The faults to test, without answers that this adapter counts as a delivery. */
function breaksAt({ subject: { skip } }: Trial): readonly Fault[] {
  const taken = { html: skip?.['maintenance-page'], empty: skip?.['empty-object'] };
  return BREAKS.filter(({ kind }) => !(kind === 'html' || kind === 'empty') || taken[kind] === undefined);
}

/** Retries as the hub does: an unknown outcome as an item in doubt, an unavailable one unchanged. */
async function deliversOnce({ plain, expect }: Trial, bench: Bench, fault: Fault, n: number): Promise<void> {
  if (n > 1) await bench.partner.fault({ kind: 'pass', times: n - 1 });
  // A repeatable call is tried three times at once.
  await bench.partner.fault({ ...fault, times: 3 } as Fault);
  let outcome: Outcome | undefined;
  for (let attempt = 1; attempt <= 3 && outcome?.kind !== 'delivered'; attempt++) {
    [outcome] = await bench.send({ ...bench.sample(), doubt: outcome?.kind === 'unknown' });
    await bench.partner.clearFaults();
  }
  const { taken: once } = await plain();
  expect({ fault, n, outcome: outcome?.kind, taken: bench.taken(), repeats: bench.partner.ledger.repeats() }).toEqual({
    fault,
    n,
    outcome: 'delivered',
    taken: once,
    repeats: 0,
  });
}
