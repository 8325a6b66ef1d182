import type { Outcome } from '#core/dossier/settle';
import type { Outgoing } from '../kit/sender.ts';

type Send = (items: readonly Outgoing[]) => Promise<readonly Outcome[]>;

/**
 * Send items together, and find the bad one when all are refused by one answer: each half is sent by itself, the first
 * before the second, until the bad one is alone. One bad item among n takes about 2·log2(n) calls more; the partner's
 * budget is kept as in every call. An adapter that throws is treated the same: the halves may have arrived, so they are
 * in doubt. When the partner stops answering on the way, the rest waits unsent; so does what follows, of the same
 * dossier, an item that did not get through.
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
    return [{ kind: 'unknown', reason: 'adapter-bug', message: (outcomes.bug as Error).message }];
  }
  return splitRefused(items, outcomes, send, onBug);
}

/** Send again, in halves, what was refused together: of an adapter that made two calls, each by itself. */
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
 * The places of items that have one refusal in common. What waits for a mapping was not sent, and is told of each by
 * itself. An item is left alone where another of its dossier had its own outcome: sent again it might overtake it.
 */
function refusedTogether(items: readonly Outgoing[], outcomes: readonly Outcome[]): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  for (const [at, outcome] of outcomes.entries()) {
    if (outcome.kind !== 'refused' || outcome.cause) continue;
    const refusal = JSON.stringify([outcome.reason, outcome.message]);
    groups.set(refusal, [...(groups.get(refusal) ?? []), at]);
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
    return outcomes;
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
  const stuck = new Set(items.slice(0, half).flatMap((item, at) => (isStuck(first[at]) ? item.code : [])));
  const isAway = first.every((outcome) => isStuck(outcome));
  const waits = (item: Outgoing): boolean => isAway || stuck.has(item.code);
  const rest = items.slice(half);
  const sent = rest.filter((item) => !waits(item));
  const outcomes = sent.length > 0 ? await sendSplitting(sent, send, onBug) : [];
  return [...first, ...rest.map((item) => outcomes[sent.indexOf(item)] ?? waiting(item))];
}

function isStuck(outcome: Outcome | undefined): boolean {
  return outcome?.kind === 'unavailable' || (outcome?.kind === 'unknown' && outcome.reason !== 'adapter-bug');
}

/** What was not sent is as much in doubt as before. */
function waiting({ doubt }: Outgoing): Outcome {
  const reason = 'waits';
  const message = 'an earlier one of the same call did not get through';
  return doubt ? { kind: 'unknown', reason, message } : { kind: 'unavailable', reason, message };
}
