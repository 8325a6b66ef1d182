import type { LoadedAdapter } from './adapters.ts';
import { type Config, ConfigError, type HubFile } from './config.ts';
import type { Database } from './database/pool.ts';
import type { CodeEntries } from './ledger/code-entries.ts';
import { createParty, type Party } from './parties.ts';
import { createPace } from './steps/pace.ts';

/**
 * The parties of the configuration, with their adapters.
 *
 * @throws ConfigError when parties or routes do not fit the adapters, with all problems at once
 */
export function createParties(
  config: Config,
  adapters: ReadonlyMap<string, LoadedAdapter>,
  database: Database,
  codes: CodeEntries,
  nowMs: () => number,
): ReadonlyMap<string, Party> {
  const problems: string[] = [];
  const tell = (path: string, message: string): unknown => problems.push(`${config.filePath} ${path}: ${message}`);
  const parties = new Map<string, Party>();
  for (const [id, entry] of Object.entries(config.file.parties ?? {})) {
    const loaded = adapters.get(entry.adapter);
    if (loaded) parties.set(id, partyOf(id, entry, loaded, database, codes, nowMs, tell));
    else
      tell(
        `/parties/${id}/adapter`,
        `got ${JSON.stringify(entry.adapter)}, expected one of ${[...adapters.keys()].join(', ')}`,
      );
  }
  for (const [at, route] of (config.file.routes ?? []).entries())
    for (const party of route.to) {
      const sends = Object.keys(parties.get(party)?.adapter.send ?? {});
      if (parties.has(party) && !sends.includes(route.operation))
        tell(
          `/routes/${at}`,
          `the adapter of ${party} does not send ${route.operation}; it sends ${sends.join(', ') || 'nothing'}`,
        );
    }
  if (problems.length > 0) throw new ConfigError(problems);
  return parties;
}

type Entry = NonNullable<HubFile['parties']>[string];

function partyOf(
  id: string,
  entry: Entry,
  { manifest, adapter, settingsProblems }: LoadedAdapter,
  database: Database,
  codes: CodeEntries,
  nowMs: () => number,
  tell: (path: string, message: string) => unknown,
): Party {
  const { settings = {}, pull = {}, budget, maintenance, authoritative = manifest.authoritative } = entry;
  for (const { path, message } of settingsProblems(settings)) tell(`/parties/${id}/settings${path}`, message);
  for (const name of Object.keys(pull))
    if (!manifest.pulls.includes(name))
      tell(`/parties/${id}/pull/${name}`, `the adapter pulls ${manifest.pulls.join(', ') || 'nothing'}`);
  const perSecond = budget?.callsPerSecond;
  return createParty({
    id,
    adapter,
    authoritative,
    settings,
    schedules: pull,
    ...(budget && { budget }),
    ...(maintenance && { maintenance }),
    ...(perSecond !== undefined && { pace: createPace(database, id, perSecond, nowMs) }),
    codes: { at: (ms) => codes.at(id, ms), now: () => codes.now(id) },
    nowMs,
  });
}
