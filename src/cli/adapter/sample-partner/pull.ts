import { type Puller, say, textOf, unavailable } from '#kit';
import { ask } from './client.ts';
import { readChanges } from './mapping.ts';
import type { Settings } from './settings.ts';

/** Changes on a page: the partner's own limit, if it has one. */
const PAGE = 100;

/**
 * Progress of the dossiers that the partner has. The hub saves the checkpoint together with its page, so it loses no page
 * and asks for none twice.
 *
 * Decide: by what to ask the partner. A position in the order of its changes, as here, misses nothing. A time may miss a
 * late write: ask from a little earlier then, since repeats do no harm. For a partner that only answers about single
 * dossiers use `asks.outstanding`.
 */
export const progress: Puller<Settings> = {
  // Decide: how fresh the data must be against the load the partner bears. `pull` of the party's entry overrides it.
  schedule: '0 */2 * * * *',
  read: readChanges,

  async next(partner, checkpoint) {
    const after = typeof checkpoint === 'string' ? checkpoint : '';
    const asked = await ask(partner, `changes?after=${encodeURIComponent(after)}&limit=${PAGE}`);
    if (asked.kind === 'failed') return asked.outcome;
    const { items, next, more } = asked.kind === 'answer' ? asked.answer : {};
    const place = textOf(next);
    // An answer without a list and a position is an error. Read as "nothing new" it would hide an outage.
    if (asked.kind !== 'answer' || !Array.isArray(items) || place === undefined)
      return unavailable('no-page', 'the answer is no page of changes');
    if (more === true && place === after) return unavailable('no-page', say('changes-end-early'));
    const bodies = items.length > 0 ? [{ body: asked.body, mediaType: 'application/json' }] : [];
    return { bodies, checkpoint: place, more: more === true };
  },
};
