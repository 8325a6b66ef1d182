import { NO_CODES } from '#core/identifiers/codes';
import type { HubFile } from '../../config/config.ts';
import type { LoadedAdapter } from '../../parties/load-adapters.ts';
import { createParty, type Party } from '../../parties/party.ts';

type Entry = NonNullable<HubFile['parties']>[string];

/** A party as the hub connects it, but without the hub's database: no entries of operators, and no rate limit. */
export function trialParty(id: string, entry: Entry, { adapter, manifest }: LoadedAdapter): Party {
  const { settings = {}, title = manifest.title, tls } = entry;
  const codes = { at: () => NO_CODES, now: () => NO_CODES };
  return createParty({ id, title, adapter, authoritative: false, settings, tls, codes, nowMs: Date.now });
}
