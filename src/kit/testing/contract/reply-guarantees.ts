import type { Found, Guarantee, Trial } from './guarantee.ts';
import { JSON_HEADERS, REPLY_FAULTS } from './reply-faults.ts';

/** Guarantees about answers and missing answers. */
export const replyGuarantees: readonly Guarantee[] = [
  {
    id: 'refused-connection',
    title: 'a refused connection leaves every item unavailable',
    async run({ bench, expect }) {
      await bench(async ({ partner, send, sample, batch }) => {
        await partner.fault({ kind: 'down', forMs: 60_000 });
        const items = Array.from({ length: Math.min(batch, 3) }, (_, at) => sample(at + 1));
        expect((await send(...items)).map(({ kind }) => kind)).toEqual(items.map(() => 'unavailable'));
      });
    },
  },
  {
    id: 'broken-connection',
    title: 'a connection that breaks after the request was read leaves it unknown',
    async run(trial) {
      await trial.fromEachRequest({ kind: 'reset' }, (found) => perhapsTaken(trial, found));
      await trial.fromEachRequest({ kind: 'drop-reply' }, (found) => perhapsTaken(trial, found));
    },
  },
  {
    id: 'no-answer',
    title: 'no answer in time leaves it unknown',
    run: (trial) => trial.fromEachRequest({ kind: 'delay', ms: 900 }, (found) => perhapsTaken(trial, found)),
  },
  {
    id: 'dripping-answer',
    title: 'an answer that drips beyond the timeout leaves it unknown',
    run: (trial) => trial.fromEachRequest({ kind: 'drip' }, (found) => perhapsTaken(trial, found)),
  },
  {
    id: 'half-answer',
    title: 'half an answer is no delivery',
    run: (trial) => trial.fromEachRequest({ kind: 'half' }, (found) => perhapsTaken(trial, found)),
  },
  ...REPLY_FAULTS.map(
    ({ id, title, fault }): Guarantee => ({
      id,
      title: `${title} is no delivery`,
      run: (trial) => trial.fromEachRequest(fault, ({ outcome }) => trial.expect(outcome.kind).not.toBe('delivered')),
    }),
  ),
  {
    id: 'retry-after',
    title: 'status 429 and 503 with Retry-After are retried when the partner says',
    async run({ fromEachRequest, expect }) {
      for (const status of [429, 503])
        await fromEachRequest({ kind: 'status', status, headers: { 'retry-after': '7' }, body: '' }, ({ outcome }) => {
          expect(outcome).toMatchObject({ kind: 'unavailable', retryAfterMs: 7_000 });
        });
    },
  },
  {
    id: 'server-error',
    title: 'status 500 with an HTML page is neither delivered nor refused',
    run({ fromEachRequest, expect }) {
      const headers = { 'content-type': 'text/html' };
      const body = '<html><body><h1>Internal Server Error</h1></body></html>';
      return fromEachRequest({ kind: 'status', status: 500, headers, body }, ({ outcome }) => {
        expect(['unavailable', 'unknown']).toContain(outcome.kind);
      });
    },
  },
  {
    id: 'wrong-charset',
    title: 'an answer in a wrong character set does no harm',
    async run({ fromEachRequest, expect }) {
      const text = '{"message":"Đã tiếp nhận hồ sơ"}';
      for (const body of [Buffer.from(text, 'utf16le'), Buffer.from(text, 'latin1'), Buffer.from([0xff, 0xfe, 0x00])])
        await fromEachRequest({ kind: 'status', status: 200, headers: JSON_HEADERS, body }, ({ outcome }) => {
          expect(outcome.kind).not.toBe('delivered');
        });
    },
  },
];

/**
 * The partner may have the record. `unavailable` would send it again without a look-up, and is right only if nothing
 * was taken.
 */
function perhapsTaken({ subject, expect }: Trial, { outcome, taken, isLastRequest }: Found): void {
  const mayBeThere = taken > 0 || isLastRequest;
  const allowed = mayBeThere && !subject.repeatsHarmless ? ['unknown'] : ['unknown', 'unavailable'];
  expect(allowed).toContain(outcome.kind);
}
