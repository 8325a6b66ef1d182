import type { Outcome } from '#core/dossier/settle';
import { say } from '#messages/message';
import { sentenceOf } from '#messages/render';
import type { HubQueries, Page, Puller } from '../kit/puller.ts';
import type { Party } from '../parties/party.ts';

/** Calls have timeouts of their own. One page may take many of them. */
const PAGE_MS = 3_600_000;

/**
 * Asks a partner for the next page. If none comes in time, its calls end, and the result is `unavailable`.
 *
 * @param mostMs the time for it
 */
export async function nextPage(
  puller: Pick<Puller<unknown>, 'next'>,
  party: Pick<Party, 'connectUntil'>,
  checkpoint: unknown,
  asks: HubQueries,
  mostMs = PAGE_MS,
): Promise<Page | Outcome> {
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => {
      resolve(lateAfter(mostMs));
      ending.abort();
    }, mostMs);
  });
  try {
    return await Promise.race([puller.next(party.connectUntil(ending.signal), checkpoint, asks), late]);
  } finally {
    clearTimeout(timer);
  }
}

function lateAfter(mostMs: number): Outcome {
  const words = say('no-page-within', { minutes: mostMs / 60_000 });
  return { kind: 'unavailable', reason: 'timeout', ...sentenceOf(words) };
}
