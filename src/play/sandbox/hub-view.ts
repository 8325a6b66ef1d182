import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AskHub, getJson } from '../clients/hub-client.ts';
import type { PartyWork } from './cases.ts';

export interface ShownKey {
  readonly id: string;
  readonly secret: string;
  readonly scopes: readonly string[];
}

export interface SeenMessage {
  readonly id: string;
  readonly at: string;
  readonly party: string | null;
  readonly door: string;
  readonly operation: string | null;
  readonly outcome: string;
  /** The hub's answer for its first items. */
  readonly said: readonly { readonly code: string; readonly outcome: string; readonly problem: string }[];
}

interface Page<Item> {
  readonly items: readonly Item[];
}

interface Message extends Omit<SeenMessage, 'at' | 'said'> {
  readonly receivedAt: string;
  readonly results: readonly {
    readonly code?: string;
    readonly outcome?: string;
    readonly problems?: readonly { readonly path: string; readonly message: string }[];
  }[];
}

const MOST_MESSAGES = 20;
const MOST_ITEMS = 5;
const OPS = '/api/v1/ops';

/** The keys in the settings of a run, with their secrets. */
export function keysOf(folder: string): readonly ShownKey[] {
  const { keys } = JSON.parse(readFileSync(join(folder, 'hub.config.json'), 'utf8')) as { keys: readonly ShownKey[] };
  return keys;
}

/** The newest messages, without the catalogue, with what the hub made of them; by the operators' interface. */
export async function newestMessages(
  askPlainly: AskHub,
  key: string,
  language: 'vi' | 'en',
): Promise<readonly SeenMessage[]> {
  const ask: AskHub = (request) => askPlainly({ ...request, headers: { 'Accept-Language': language } });
  const { items } = await getJson<Page<Message>>(ask, `${OPS}/messages?limit=200`, key);
  const shown = items.filter(({ door }) => door !== 'pull:catalogue').slice(0, MOST_MESSAGES);
  const whole = shown.map(({ id }) => getJson<Message>(ask, `${OPS}/messages/${id}?body=no`, key));
  return (await Promise.all(whole)).map(({ results, receivedAt, ...message }) => ({
    ...message,
    at: receivedAt.slice(11, 19),
    said: results.slice(0, MOST_ITEMS).map(({ code = '', outcome = '', problems = [] }) => {
      const [problem] = problems;
      return { code, outcome, problem: problem ? `${problem.path}: ${problem.message}` : '' };
    }),
  }));
}

/** What the hub knows of its work with a party. */
export async function workWith(ask: AskHub, key: string, party: string): Promise<PartyWork> {
  const query = `party=${encodeURIComponent(party)}&limit=200`;
  const deliveriesWith = async (more: string): Promise<PartyWork['deliveries']> =>
    (await getJson<Page<PartyWork['deliveries'][number]>>(ask, `${OPS}/deliveries?${query}${more}`, key)).items;
  const [messages, ...deliveries] = await Promise.all([
    getJson<Page<Message>>(ask, `${OPS}/messages?${query}`, key),
    // A refused one may be older than the newest.
    ...['', '&state=refused', '&state=parked'].map(deliveriesWith),
  ]);
  const reported = messages.items.filter(({ door }) => /^(?:callback|pull):/.test(door));
  return { deliveries: deliveries.flat(), reported: reported.map(({ outcome }) => outcome) };
}
