import { SIMULATOR_PATH, SIMULATOR_SECRET } from '../../../adapters/webhook-subscriber/simulator.ts';
import type { HubFile } from '../../config/config.ts';
import { CIVIL_STATUS_SERVICES } from '../day/day.ts';
import type { Folder } from '../stage/folder.ts';
import { type Partner, startPartner } from './partners.ts';

export const SUBSCRIBER_PARTY = 'portal-webhooks';
/** The parties that report the subscriber's dossiers. */
const TELLERS = ['one-stop', 'civil-status'];

/** A portal frontend that receives webhooks, in a process of its own. */
export type Subscriber = Partner<'webhook-subscriber'>;

export const startSubscriber = (folder: Pick<Folder, 'path'>): Promise<Subscriber> =>
  startPartner('webhook-subscriber', folder);

/** The subscriber as a party of the hub that wants every change of civil registrations, from any reporter. */
export function subscriberParty({ url }: Pick<Subscriber, 'url'>): Required<Pick<HubFile, 'parties' | 'routes'>> {
  const settings = { url: `${url}${SIMULATOR_PATH}`, secrets: [SIMULATOR_SECRET], timeoutS: 10 };
  return {
    parties: { [SUBSCRIBER_PARTY]: { adapter: 'webhook-subscriber', settings } },
    routes: TELLERS.flatMap((from) =>
      ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({
        from,
        operation,
        to: [SUBSCRIBER_PARTY],
        services: [...CIVIL_STATUS_SERVICES],
      })),
    ),
  };
}
