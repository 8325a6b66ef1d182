import type { LoadedAdapter } from './adapters.ts';
import type { Config, HubFile } from './config.ts';
import type { Database } from './database/pool.ts';
import type { CodeEntries } from './ledger/code-entries.ts';
import { createParty, type Party } from './parties.ts';
import { createPace } from './steps/pace.ts';

/** The parties of the configuration, with their adapters: loadConfig has seen to it that they fit. */
export function createParties(
  { file }: Config,
  adapters: ReadonlyMap<string, LoadedAdapter>,
  database: Database,
  codes: CodeEntries,
  nowMs: () => number,
): ReadonlyMap<string, Party> {
  return new Map(
    Object.entries(file.parties ?? {}).map(([id, entry]) => {
      const loaded = adapters.get(entry.adapter);
      if (!loaded) throw new Error(`there is no adapter ${entry.adapter}`);
      const signedBy = (file.keys ?? []).flatMap(({ party, certificate }) => (party === id && certificate) || []);
      return [id, partyOf(id, entry, signedBy, loaded, database, codes, nowMs)];
    }),
  );
}

type Entry = NonNullable<HubFile['parties']>[string];

function partyOf(
  id: string,
  entry: Entry,
  signedBy: readonly string[],
  { manifest, adapter }: LoadedAdapter,
  database: Database,
  codes: CodeEntries,
  nowMs: () => number,
): Party {
  const { settings = {}, pull = {}, tls, budget, maintenance, reconcile } = entry;
  const { authoritative = manifest.authoritative } = entry;
  const perSecond = budget?.callsPerSecond;
  return createParty({
    id,
    adapter,
    authoritative,
    settings,
    schedules: pull,
    signedBy,
    ...(tls && { tls }),
    ...(budget && { budget }),
    ...(maintenance && { maintenance }),
    ...(reconcile !== undefined && { reconcile }),
    ...(perSecond !== undefined && { pace: createPace(database, id, perSecond, nowMs) }),
    codes: { at: (ms) => codes.at(id, ms), now: () => codes.now(id) },
    nowMs,
  });
}
