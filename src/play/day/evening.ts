import { setTimeout as sleep } from 'node:timers/promises';
import { msToInstant } from '#core/dates/dates';
import type { Status } from '#schemas/dossier.upsert.v1';
import type { Participant, Partners } from '../participants/participants.ts';
import type { Specials } from './day.ts';
import type { PartnerEvent, RestPush } from './events.ts';
import { single } from './rest-threads.ts';

export interface HandOverOptions {
  readonly partners: Partners;
  readonly send: (push: RestPush) => Promise<void>;
  readonly signal: AbortSignal;
}

const LOOK_MS = 500;
/** Every second result is fetched on the same day. */
const FETCHED = 2;

/**
 * The one-stop system learns from the hub how the ministry decided, and hands the results over: the full way of a
 * civil-status dossier. Ends when the ministry's last word on each dossier has arrived, so no status changes during the
 * comparison, or after a time limit.
 * @returns the codes without a last word
 */
export async function handOver(
  { atMinistry }: Pick<Specials, 'atMinistry'>,
  { partners, send, signal }: HandOverOptions,
  limitMs: number,
): Promise<readonly string[]> {
  const unanswered = new Set(atMinistry);
  let results = 0;
  const handedOver: string[] = [];
  for (const until = performance.now() + limitMs; performance.now() < until; ) {
    for (const { code, status } of await lastWords(partners['one-stop'])) {
      if (!unanswered.delete(code) || status !== 'resolved' || ++results % FETCHED !== 0) continue;
      await send(single(returned(code, handedOver.length)));
      handedOver.push(code);
    }
    if (unanswered.size === 0) break;
    await sleep(LOOK_MS, undefined, { signal });
  }
  return [...unanswered];
}

/** The simulated ministry's last words: it registers a dossier, or asks for a paper and waits for it. */
const LAST_WORDS: ReadonlySet<string> = new Set<Status>(['resolved', 'supplement-required']);

async function lastWords(oneStop: Participant): Promise<readonly { readonly code: string; readonly status: string }[]> {
  const { entries } = await oneStop.book();
  return entries
    .filter(({ kind }) => kind === 'progress')
    .map(({ key, content }) => ({ code: key, status: (content as { status: string }).status }))
    .filter(({ status }) => LAST_WORDS.has(status));
}

/** These events have numbers of their own; the day's numbers were given before it began. */
const FIRST_ID = 1_000_000;

function returned(code: string, index: number): PartnerEvent {
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
