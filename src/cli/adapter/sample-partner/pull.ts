import { type Puller, textOf, unavailable } from '#kit';
import { ask } from './client.ts';
import { readChanges } from './mapping.ts';
import type { Settings } from './settings.ts';

/** How many changes a page has: the partner's own limit, if it has one. */
const PAGE = 100;

/**
 * What became of the dossiers that the partner has. The hub keeps the checkpoint together with its page, so that no page
 * is lost and none is asked for twice once it is kept.
 *
 * Decide: what the partner can be asked by. A place in the order of its changes, as here, misses nothing; a time may, where
 * something is written late: then ask from a little before it, a repetition does no harm. A partner that only answers
 * about single dossiers is asked for `asks.outstanding`.
 */
export const progress: Puller<Settings> = {
  // Decide: how soon it has to be known, against what the partner bears. `pull` of the party's entry may say otherwise.
  schedule: '0 */2 * * * *',
  read: readChanges,

  async next(partner, checkpoint) {
    const after = typeof checkpoint === 'string' ? checkpoint : '';
    const asked = await ask(partner, `changes?after=${encodeURIComponent(after)}&limit=${PAGE}`);
    if (asked.kind === 'failed') return asked.outcome;
    const { items, next, more } = asked.kind === 'answer' ? asked.answer : {};
    const place = textOf(next);
    // An answer without a list and a place is none: taken for "nothing new" it would hide an outage.
    if (asked.kind !== 'answer' || !Array.isArray(items) || place === undefined)
      return unavailable('no-page', 'the answer is no page of changes');
    if (more === true && place === after)
      return unavailable('no-page', 'the answer says that there is more, and does not go on');
    const bodies = items.length > 0 ? [{ body: asked.body, mediaType: 'application/json' }] : [];
    return { bodies, checkpoint: place, more: more === true };
  },
};
