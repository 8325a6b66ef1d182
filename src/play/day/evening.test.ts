import { describe, expect, test } from 'vitest';
import type { LedgerEntry } from '../../kit/testing/simulator/simulator.ts';
import type { Partners } from '../participants/participants.ts';
import { handOver } from './evening.ts';
import type { RestPush } from './events.ts';

const REGISTERED = ['H60.115-261106-500001', 'H60.115-261106-500002'];
/** The ministry asks for a paper for this dossier and never registers it. */
const LACKS_PAPER = 'H60.115-261106-500007';

describe('the hand-over', () => {
  test('continues until the last word on each dossier has arrived, even a request for a paper', async () => {
    const looks = [
      REGISTERED.map((code) => step(code, 'resolved')).concat(step(LACKS_PAPER, 'received')),
      [step(LACKS_PAPER, 'processing')],
      [step(LACKS_PAPER, 'supplement-required')],
    ];
    const { unanswered, returned, looked } = await handedOver(looks, 10_000);
    expect({ unanswered, looked }).toEqual({ unanswered: [], looked: 3 });
    expect(returned).toEqual(REGISTERED.slice(1));
  });

  test('names the dossiers without a last word in time', async () => {
    const looks = [REGISTERED.map((code) => step(code, 'resolved')).concat(step(LACKS_PAPER, 'processing'))];
    expect((await handedOver(looks, 100)).unanswered).toEqual([LACKS_PAPER]);
  });
});

function step(code: string, status: string): LedgerEntry {
  return { kind: 'progress', key: code, content: { code, status } } as unknown as LedgerEntry;
}

/** Runs with a one-stop system whose book grows at each read. */
async function handedOver(looks: readonly (readonly LedgerEntry[])[], limitMs: number) {
  let looked = 0;
  const returned: string[] = [];
  const book = async () => ({ count: 0, repeats: 0, entries: looks.slice(0, ++looked).flat() });
  const unanswered = await handOver(
    { atMinistry: [...REGISTERED, LACKS_PAPER] },
    {
      partners: { 'one-stop': { book } } as unknown as Partners,
      send: async ({ events }: RestPush) => void returned.push(...events.map(({ code }) => code)),
      signal: AbortSignal.timeout(20_000),
    },
    limitMs,
  );
  return { unanswered, returned, looked };
}
