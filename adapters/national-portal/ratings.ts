import { delivered, type Outcome, type Outgoing, refused, say, sendInOrder } from '#kit';
import { isAlreadyThere } from '#mappings/national-portal/envelope';
import { writeRating } from '#mappings/national-portal/rating';
import { firstErrorIn } from '#mappings/national-portal/verdicts';
import { outcomeOfError } from './answers.ts';
import { call, type Portal } from './client.ts';

type Item = Outgoing<'rating.upsert.v1'>;

/**
 * Sends ratings by `DongBoDanhGia` in the form that the settings describe, one after the other. The portal offers no look-up of
 * ratings: one in doubt is sent again, and "đã tồn tại" means that it is there.
 */
export function sendRatings(portal: Portal, items: readonly Item[]): Promise<readonly Outcome[]> {
  return sendInOrder(items, (item) => sendRating(portal, item));
}

async function sendRating(portal: Portal, item: Item): Promise<Outcome> {
  const { settings } = portal;
  const { record } = item;
  const service = 'DongBoDanhGia';
  if (!settings.ratings)
    return refused('not-configured', say('service-not-configured', { service, setting: 'ratings' }));
  const args = { data: [writeRating(record, settings.ratings)] };
  const answer = await call(portal, { group: 'integration', service, args, effect: 'tell', about: undefined });
  if (answer.kind === 'failed') return answer.outcome;
  const error = answer.kind === 'error' ? answer : firstErrorIn(answer.result);
  if (!error || isAlreadyThere(error)) return delivered(record.dossierCode);
  return outcomeOfError(error, settings);
}
