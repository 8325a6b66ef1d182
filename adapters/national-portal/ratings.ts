import { delivered, type Outcome, type Outgoing, refused, say, sendInOrder, unavailable } from '#kit';
import { isAlreadyThere, isDossierUnknown } from '#mappings/national-portal/envelope';
import { writeRating } from '#mappings/national-portal/rating';
import { firstErrorIn } from '#mappings/national-portal/verdicts';
import { outcomeOfError, said } from './answers.ts';
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
  const dossierCode = dossierCodeAt(portal, item);
  const args = { data: [writeRating({ ...record, dossierCode }, settings.ratings)] };
  const answer = await call(portal, { group: 'integration', service, args, effect: 'tell', about: undefined });
  if (answer.kind === 'failed') return answer.outcome;
  const error = answer.kind === 'error' ? answer : firstErrorIn(answer.result);
  if (!error || isAlreadyThere(error)) return delivered(dossierCode);
  // A rating that overtook its dossier waits for it, as a step does.
  if (isDossierUnknown(error)) return unavailable('dossier-unknown', said(error, settings));
  return outcomeOfError(error, settings);
}

/** The code by which the portal knows the rated dossier: its own if the dossier was born there. A rating may name another one. */
function dossierCodeAt({ party }: Portal, { record, dossier }: Item): string {
  const own = dossier?.aliases?.find((alias) => alias.party === party)?.code;
  return own ?? dossier?.code ?? record.dossierCode;
}
