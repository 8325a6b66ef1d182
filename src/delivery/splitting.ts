import { ADAPTER_BUG, BEHIND_ANOTHER, isSentLater, keepingDoubt, type Outcome } from '#core/dossier/settle';
import { addTo } from '#core/group-by';
import { maskErrorText } from '#core/masking/masking';
import { say } from '#messages/message';
import { sentenceOf } from '#messages/render';
import type { Outgoing } from '../kit/sender.ts';

type Send = (items: readonly Outgoing[]) => Promise<readonly Outcome[]>;

/**
 * Sends items together. If one answer refuses all, sends each half separately, the first half first, until the bad item
 * is alone. One bad item among n takes about 2·log2(n) more calls, within the partner's rate limit. An adapter that
 * throws gets the same treatment, with the halves in doubt, because they may have arrived. If the partner stops
 * answering on the way, the rest is not sent. Neither are later items of a dossier after a failed one.
 */
export async function sendSplitting(
  items: readonly Outgoing[],
  send: Send,
  onBug: (error: unknown) => void,
): Promise<readonly Outcome[]> {
  const outcomes = await trySend(items, send);
  if ('bug' in outcomes) {
    if (items.length > 1)
      return sendHalves(
        items.map((item) => ({ ...item, doubt: true })),
        send,
        onBug,
      );
    onBug(outcomes.bug);
    return [{ kind: 'unknown', reason: ADAPTER_BUG, message: maskErrorText((outcomes.bug as Error).message) }];
  }
  return splitRefused(items, outcomes, send, onBug);
}

/** Sends items again in halves that one answer refused. If the adapter made two calls, each is split separately. */
async function splitRefused(
  items: readonly Outgoing[],
  outcomes: readonly Outcome[],
  send: Send,
  onBug: (error: unknown) => void,
): Promise<readonly Outcome[]> {
  const settled = [...outcomes];
  for (const places of refusedTogether(items, outcomes)) {
    const again = await sendHalves(
      places.map((at) => items[at] as Outgoing),
      send,
      onBug,
    );
    for (const [index, at] of places.entries()) settled[at] = again[index] as Outcome;
  }
  return settled;
}

/**
 * The positions of items with a common refusal. Items that wait for a mapping were not sent, and each has its own
 * outcome. If another item of the dossier had its own outcome, the item is not sent again, because it might overtake
 * that one.
 */
function refusedTogether(items: readonly Outgoing[], outcomes: readonly Outcome[]): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  for (const [at, outcome] of outcomes.entries()) {
    if (outcome.kind !== 'refused' || outcome.cause) continue;
    addTo(groups, JSON.stringify([outcome.reason, outcome.message]), at);
  }
  return [...groups.values()].filter((places) => {
    const together = new Set(places);
    const codes = new Set(places.map((at) => items[at]?.code));
    return places.length > 1 && items.every(({ code }, at) => together.has(at) || !codes.has(code));
  });
}

async function trySend(
  items: readonly Outgoing[],
  send: Send,
): Promise<readonly Outcome[] | { readonly bug: unknown }> {
  try {
    const outcomes = await send(items);
    if (outcomes.length !== items.length)
      return { bug: new Error(`${outcomes.length} outcomes for ${items.length} items`) };
    return items.map((item, at) => keepingDoubt(item, outcomes[at] as Outcome));
  } catch (bug) {
    return { bug };
  }
}

async function sendHalves(
  items: readonly Outgoing[],
  send: Send,
  onBug: (error: unknown) => void,
): Promise<readonly Outcome[]> {
  const half = Math.ceil(items.length / 2);
  const first = await sendSplitting(items.slice(0, half), send, onBug);
  const stuck = new Set(
    items.slice(0, half).flatMap((item, at) => (isSentLater(first[at] as Outcome) ? item.code : [])),
  );
  const isAway = first.every(isUnanswered);
  const waits = (item: Outgoing): boolean => isAway || stuck.has(item.code);
  const rest = items.slice(half);
  const sent = rest.filter((item) => !waits(item));
  const outcomes = sent.length > 0 ? await sendSplitting(sent, send, onBug) : [];
  return [...first, ...rest.map((item) => outcomes[sent.indexOf(item)] ?? waiting(item))];
}

function isUnanswered(outcome: Outcome): boolean {
  return outcome.kind === 'unavailable' || (outcome.kind === 'unknown' && outcome.reason !== ADAPTER_BUG);
}

/** An item that was not sent. */
function waiting(item: Outgoing): Outcome {
  const words = sentenceOf(say('earlier-in-call-failed'));
  return keepingDoubt(item, { kind: 'unavailable', reason: BEHIND_ANOTHER, ...words });
}
