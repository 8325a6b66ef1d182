import type { PartyRights } from '#core/dossier/ownership';
import { type Route, withoutSelfSent } from '#core/dossier/route';
import type { Operation } from '#schemas/operations';
import type { Config, HubFile } from '../config/config.ts';
import type { Database } from '../database/pool.ts';
import type { FileSource } from '../kit/files.ts';
import type { CodeEntries } from '../ledger/code-entries.ts';
import type { LoadedAdapter } from './load-adapters.ts';
import { createParty, type Party } from './party.ts';
import { createRateLimit } from './rate-limit.ts';

/** The hub's resources for its parties. */
interface HubResources {
  readonly database: Database;
  readonly codes: CodeEntries;
  readonly nowMs: () => number;
  readonly files: FileSource | undefined;
}

/** The configured parties with their adapters. loadConfig has checked that they fit. */
function createParties(
  { file }: Config,
  adapters: ReadonlyMap<string, LoadedAdapter>,
  resources: HubResources,
): ReadonlyMap<string, Party> {
  return new Map(
    Object.entries(file.parties ?? {}).map(([id, entry]) => {
      const loaded = adapters.get(entry.adapter);
      if (!loaded) throw new Error(`there is no adapter ${entry.adapter}`);
      const signedBy = (file.keys ?? []).flatMap(({ party, certificate }) => (party === id && certificate) || []);
      return [id, partyOf(id, entry, signedBy, loaded, resources)];
    }),
  );
}

/** The same, after adapters have loaded what they need. */
export async function loadParties(
  config: Config,
  adapters: ReadonlyMap<string, LoadedAdapter>,
  resources: HubResources,
): Promise<ReadonlyMap<string, Party>> {
  const parties = createParties(config, adapters, resources);
  for (const { adapter } of parties.values()) await adapter.load?.();
  return parties;
}

/** Each party's rights from the configuration and the adapters. */
export function rightsOf(
  { file }: Pick<Config, 'file'>,
  adapters: ReadonlyMap<string, Pick<LoadedAdapter, 'manifest'>>,
): ReadonlyMap<string, PartyRights> {
  return new Map(
    Object.entries(file.parties ?? {}).map(([id, { adapter, owns, may, authoritative }]) => {
      const manifest = adapters.get(adapter)?.manifest;
      const { pulls = [], callbacks = [] } = manifest ?? {};
      const reportsBack = callbacks === true || callbacks.length > 0 || pulls.some((pull) => pull !== 'catalogue');
      const stands = authoritative ?? manifest?.authoritative ?? false;
      return [id, { authoritative: stands, reportsBack, owns, may }];
    }),
  );
}

/** The routes of the configuration, without what a party sends itself. */
export function routesOf({ file }: Pick<Config, 'file'>): readonly Route[] {
  const routes = (file.routes ?? []).map((route) => ({ ...route, operation: route.operation as Operation }));
  const sendsItself = Object.entries(file.parties ?? {}).map(([id, party]) => [id, party.sendsItself ?? []] as const);
  return withoutSelfSent(routes, new Map(sendsItself));
}

type Entry = NonNullable<HubFile['parties']>[string];

function partyOf(
  id: string,
  entry: Entry,
  signedBy: readonly string[],
  { manifest, adapter }: LoadedAdapter,
  { database, codes, nowMs, files }: HubResources,
): Party {
  const { settings = {}, pull = {}, tls, budget, maintenance, reconcile } = entry;
  const { title = manifest.title, authoritative = manifest.authoritative } = entry;
  const isAuthoritative = typeof authoritative === 'boolean' ? authoritative : authoritative.includes('status');
  const perSecond = budget?.callsPerSecond;
  return createParty({
    id,
    title,
    adapter: adapter.callbacksBy ? { ...adapter, callbacks: adapter.callbacksBy(settings) } : adapter,
    authoritative: isAuthoritative,
    settings,
    schedules: pull,
    filesFrom: files && entry.files?.from,
    signedBy,
    tls,
    budget,
    maintenance,
    reconcile,
    pace: perSecond === undefined ? undefined : createRateLimit(database, id, perSecond, nowMs),
    codes: { at: (ms) => codes.at(id, ms), now: () => codes.now(id) },
    files,
    nowMs,
  });
}
