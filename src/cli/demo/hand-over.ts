import { setTimeout as sleep } from 'node:timers/promises';
import { msToInstant } from '#core/dates';
import type { Day } from './day.ts';
import type { Partner, Partners } from './partners.ts';
import { single } from './rest-threads.ts';
import type { RestPush, Told } from './told.ts';

export interface HandOverMeans {
  readonly partners: Partners;
  readonly send: (push: RestPush) => Promise<void>;
  readonly signal: AbortSignal;
}

const LOOK_MS = 500;
/** Every second result is fetched on the same day. */
const FETCHED = 2;

/**
 * The one-stop system hears from the hub what the ministry has registered, and hands the results over: the way of a
 * civil-status dossier from counter to counter. Ends when it has heard of all, or in vain after a while.
 */
export async function handOver(
  { atMinistry }: Pick<Day, 'atMinistry'>,
  { partners, send, signal }: HandOverMeans,
  limitMs: number,
): Promise<readonly string[]> {
  const expected = atMinistry.filter((code) => !code.endsWith('7'));
  const heard = new Set<string>();
  const handedOver: string[] = [];
  for (const until = performance.now() + limitMs; performance.now() < until; ) {
    for (const code of await resolvedCodes(partners['one-stop'])) {
      if (heard.has(code) || !expected.includes(code)) continue;
      heard.add(code);
      if (heard.size % FETCHED !== 0) continue;
      await send(single(returned(code, handedOver.length)));
      handedOver.push(code);
    }
    if (heard.size === expected.length) break;
    await sleep(LOOK_MS, undefined, { signal });
  }
  return expected.filter((code) => !heard.has(code));
}

async function resolvedCodes(oneStop: Partner): Promise<readonly string[]> {
  const { entries } = await oneStop.book();
  return entries
    .filter(({ kind, content }) => kind === 'progress' && (content as { status: string }).status === 'resolved')
    .map(({ key }) => key);
}

/** Told under numbers of its own: the day's were given before it began. */
const FIRST_ID = 1_000_000;

function returned(code: string, index: number): Told {
  const at = msToInstant(Date.now());
  const actor = 'Chu Thị Hạnh';
  const item = {
    code,
    at,
    status: 'returned',
    actor,
    unit: 'Bộ phận trả kết quả',
    content: 'Đã trả trích lục cho công dân',
  };
  return {
    id: FIRST_ID + index,
    party: 'one-stop',
    kind: 'progress',
    code,
    at,
    status: 'returned',
    fate: 'applied',
    actor,
    item,
  };
}
