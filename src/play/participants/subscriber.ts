import { SIMULATOR_PATH, SIMULATOR_SECRET } from '../../../adapters/webhook-subscriber/simulator.ts';
import type { HubFile } from '../../config/config.ts';
import type { Change } from '../checks/check-feed.ts';
import { type Finding, finding } from '../checks/finding.ts';
import { CIVIL_STATUS_SERVICES } from '../day/day.ts';
import type { Folder } from '../stage/folder.ts';
import { type Book, type Partner, startPartner } from './partners.ts';

const PARTY = 'portal-webhooks';
/** Who tells of the dossiers that it asks for. */
const TELLERS = ['one-stop', 'civil-status'];

/** A portal frontend that is told of changes, in a process of its own. */
export type Subscriber = Partner<'webhook-subscriber'>;

export const startSubscriber = (folder: Pick<Folder, 'path'>): Promise<Subscriber> =>
  startPartner('webhook-subscriber', folder);

/** The subscriber as a party of the hub that asks for every change of civil registrations, whoever tells of it. */
export function subscriberParty({ url }: Pick<Subscriber, 'url'>): Required<Pick<HubFile, 'parties' | 'routes'>> {
  const settings = { url: `${url}${SIMULATOR_PATH}`, secrets: [SIMULATOR_SECRET], timeoutS: 10 };
  return {
    parties: { [PARTY]: { adapter: 'webhook-subscriber', settings } },
    routes: TELLERS.flatMap((from) =>
      ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({
        from,
        operation,
        to: [PARTY],
        services: [...CIVIL_STATUS_SERVICES],
      })),
    ),
  };
}

/** The subscriber took each line of the change feed that is of these dossiers once, in order, and nothing else. */
export function checkSubscriber(book: Book, feed: readonly Change[], codes: readonly string[]): readonly Finding[] {
  const taken = byDossier(book.entries.map(({ content }) => (content as { data: Change }).data));
  const asked = new Set(codes);
  const told = byDossier(feed.filter(({ code }) => asked.has(code)));
  return [...new Set([...told.keys(), ...taken.keys()])].flatMap((code) => {
    const [wanted = [], found = []] = [told.get(code), taken.get(code)];
    if (wanted.join() === found.join()) return [];
    const kind = kindOf(wanted, found);
    const lines = `${found.join(', ') || 'nothing'}, expected ${wanted.join(', ') || 'nothing'}`;
    return finding(kind, `${code}: the subscriber was told ${lines}`, PARTY);
  });
}

function kindOf(wanted: readonly string[], found: readonly string[]): Finding['kind'] {
  if (wanted.length === 0) return 'invented';
  if (wanted.length === found.length) return 'overtaken';
  return wanted.length > found.length ? 'lost' : 'duplicated';
}

function byDossier(changes: readonly Pick<Change, 'code' | 'status' | 'statusAt'>[]): ReadonlyMap<string, string[]> {
  const lines = new Map<string, string[]>();
  for (const { code, status, statusAt } of changes) {
    const list = lines.get(code);
    if (list) list.push(`${status} since ${statusAt}`);
    else lines.set(code, [`${status} since ${statusAt}`]);
  }
  return lines;
}
