import { serviceKey } from '#core/identifiers/identifiers';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { loadEntries } from '../catalogue/catalogue.ts';
import type { EntryCache } from '../catalogue/entry-cache.ts';
import type { Database } from '../database/pool.ts';
import { loadEventsReading, type ReadEvent } from '../index/events.ts';
import { type Found, loadIndexed } from '../index/load-indexed.ts';
import type { Original, Originals } from '../index/originals.ts';
import type { RecentCommit, RecentCommits } from '../index/recent-commits.ts';
import { stateAt } from '../index/state-at.ts';
import type { Outgoing } from '../kit/sender.ts';
import type { Claimed } from '../ledger/claim.ts';
import { loadKnownSubjects, loadNewerDeliveries, loadOtherDeliveries } from '../ledger/deliveries.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';
import { changeOf } from './change.ts';
import { outgoingBase } from './entry-outgoing.ts';
import { withFetchedFiles } from './fetched-files.ts';

/** The sources of a plan of calls beside the tables. */
export interface PlanDeps {
  readonly originals: Originals;
  /** A cache of the catalogue; undefined reads the table each time. */
  readonly entries: EntryCache | undefined;
  /** Dossiers that this process committed a moment ago. All others are loaded. */
  readonly recentCommits: RecentCommits | undefined;
  /** Whether the hub fetches files of any party. */
  readonly fetchesFiles?: boolean | undefined;
  /** Called for content that cannot be opened. */
  readonly onUnreadable?: ((error: unknown) => void) | undefined;
}

type Hub = Pick<HubContext, 'database' | 'vault'>;
type ById = readonly (readonly [number, Outgoing])[];

/** The content of deliveries of dossiers and steps: the dossier as it was at the delivery's version. */
export async function dossierOutgoing(
  hub: Hub,
  deps: PlanDeps,
  party: Party,
  claimed: readonly Claimed[],
): ReturnType<typeof withFetchedFiles> {
  if (claimed.length === 0) return [];
  const { database } = hub;
  const loaded = await loadDossiers(hub, deps.recentCommits, party.id, claimed);
  // The retention has deleted all of them.
  if (loaded.held.size === 0) return [];
  const events = await loadHistories(hub, loaded, claimed);
  const originals = await loadOriginals(deps, party, loaded, claimed);
  const ids = claimed.map(({ id }) => id);
  const taken = party.adapter.sendsChanges ? await loadOtherDeliveries(database, ids) : undefined;
  // A webhook subscriber gets no catch-up: only a delivery in doubt of another party may have to carry a newer version.
  const newer = taken ? new Map<number, number>() : await newerVersions(database, claimed, isOutdated(loaded));
  const facts = await catalogueFacts(database, deps.entries, party, loaded);
  const byId: ById = claimed.flatMap((one) => {
    const history = events.get(one.subject) ?? [];
    const { owner, view, version, erased } = loaded.held.get(one.subject)?.held ?? {};
    const now = view?.record;
    const seq = newer.get(one.id) ?? one.seq;
    const dossier = version === seq ? now : stateAt(history, seq, owner)?.record;
    const isUpsert = one.operation === 'dossier.upsert.v1';
    const record = isUpsert ? dossier : history.find((event) => event.seq === one.seq)?.said;
    // Without personal data there is nothing to send.
    if (!dossier || !record || erased) return [];
    const outgoing = {
      ...outgoingBase(one),
      ...facts(dossier),
      record,
      dossier,
      code: codeAt(party, dossier, owner),
      known: loaded.known.has(one.subject),
      original: originals.get(one),
      change: taken && changeOf(one, taken.get(one.id), { dossier, now, history, owner }),
    };
    return [[one.id, outgoing as Outgoing] as const];
  });
  return deps.fetchesFiles ? withFetchedFiles(hub, party, byId) : byId;
}

/** The dossiers of claimed deliveries from the index. */
interface Loaded {
  readonly held: ReadonlyMap<string, Pick<Found, 'held' | 'createdAt'>>;
  /** Those that this process committed a moment ago. */
  readonly recent: ReadonlyMap<string, RecentCommit>;
  /** Those that the party received before. */
  readonly known: ReadonlySet<string>;
  /** When the oldest of them was recorded. */
  readonly since: string;
}

async function loadDossiers(
  { database, vault }: Hub,
  recentCommits: RecentCommits | undefined,
  party: string,
  claimed: readonly Claimed[],
): Promise<Loaded> {
  const recent = takeRecent(recentCommits, claimed);
  const codes = [...new Set(claimed.map(({ subject }) => subject))];
  const toLoad = codes.filter((code) => !recent.has(code));
  const older = codes.filter((code) => !isFirst(recent.get(code)));
  const [found, known] = await Promise.all([
    loadIndexed(database.pool, vault, toLoad),
    loadKnownSubjects(database, party, older),
  ]);
  const held = new Map<string, Pick<Found, 'held' | 'createdAt'>>(recent);
  for (const one of found) held.set(one.held.code, one);
  let since = '';
  for (const { createdAt } of held.values()) if (since === '' || createdAt < since) since = createdAt;
  return { held, recent, known, since };
}

/** Takes dossiers from the cache if only one delivery of each was claimed. */
function takeRecent(
  recentCommits: RecentCommits | undefined,
  claimed: readonly Claimed[],
): ReadonlyMap<string, RecentCommit> {
  const recent = new Map<string, RecentCommit>();
  const seen = new Set<string>();
  for (const one of claimed) {
    const { subject } = one;
    const found = recentCommits?.take(one);
    if (found && !seen.has(subject)) recent.set(subject, found);
    else recent.delete(subject);
    seen.add(subject);
  }
  return recent;
}

/** The party cannot know the dossier yet, and its only event is in its message. */
function isFirst(recent: RecentCommit | undefined): boolean {
  return recent?.held.version === 1;
}

function isNewest({ held }: Loaded, { subject, seq }: Claimed): boolean {
  return held.get(subject)?.held.version === seq;
}

/** The events of dossiers with a step or an older version to deliver. */
function loadHistories(
  { database, vault }: Hub,
  loaded: Loaded,
  claimed: readonly Claimed[],
): Promise<ReadonlyMap<string, readonly ReadEvent[]>> {
  const isStep = ({ operation }: Claimed): boolean => operation === 'dossier.progress.v1';
  const wanted = claimed.filter((one) => isStep(one) || !isNewest(loaded, one));
  const subjects = [...new Set(wanted.map(({ subject }) => subject))];
  const steps = wanted.filter(isStep).map(({ seq }) => seq);
  return loadEventsReading(database.pool, vault, subjects, loaded.since, steps);
}

const NO_ORIGINALS: ReadonlyMap<Claimed, Original> = new Map();

async function loadOriginals(
  { originals }: PlanDeps,
  { adapter: { dialect } }: Party,
  { recent, since }: Loaded,
  claimed: readonly Claimed[],
): Promise<ReadonlyMap<Claimed, Original>> {
  if (dialect === undefined) return NO_ORIGINALS;
  const mayHaveOne = claimed.filter(
    ({ subject }) => !isFirst(recent.get(subject)) || recent.get(subject)?.door === dialect,
  );
  return originals.of(dialect, mayHaveOne, since);
}

/** A version in doubt that is not the newest. Sent again after a newer one, it would undo that. */
function isOutdated(loaded: Loaded): (one: Claimed) => boolean {
  return (one) => one.doubt && one.operation === 'dossier.upsert.v1' && !isNewest(loaded, one);
}

/** The versions to send instead: a newer one that was sent since, or that is sent just before. */
async function newerVersions(
  database: Database,
  claimed: readonly Claimed[],
  isOutdated: (one: Claimed) => boolean,
): Promise<ReadonlyMap<number, number>> {
  const outdated = claimed.filter(isOutdated);
  const ids = outdated.map(({ id }) => id);
  const newer = new Map(await loadNewerDeliveries(database, ids));
  for (const { id, subject, seq } of outdated)
    for (const before of claimed)
      if (before.subject === subject && before.id < id && before.seq > (newer.get(id) ?? seq))
        newer.set(id, before.seq);
  return newer;
}

/**
 * The code by which the party knows a dossier. The owner knows it by the code in the index, whatever its receipts say.
 */
function codeAt(party: Party, { code, aliases = [] }: Dossier, owner: string | undefined): string {
  return owner === party.id ? code : (aliases.find((alias) => alias.party === party.id)?.code ?? code);
}

type Facts = Pick<Outgoing, 'service' | 'agency'>;

/** Under the operators' code for the party, if they entered one. */
async function catalogueFacts(
  database: Database,
  cache: EntryCache | undefined,
  party: Party,
  { held }: Loaded,
): Promise<(dossier: Dossier) => Facts> {
  const entries: EntryCache = cache ?? ((kind, keys) => loadEntries(database.pool, kind, [...new Set(keys)]));
  const dossiers = [...held.values()].map((found) => found.held.view.record);
  const codes = party.codes.now();
  const serviceOf = ({ serviceCode: code }: Dossier): string =>
    serviceKey(codes('service').get(serviceKey(code)) ?? code);
  const agencyOf = ({ agencyCode: code }: Dossier): string => codes('agency').get(code) ?? code;
  const [services, agencies] = await Promise.all([
    entries('service', dossiers.map(serviceOf)),
    entries('agency', dossiers.map(agencyOf)),
  ]);
  return (dossier) => {
    const service = services.get(serviceOf(dossier))?.record as Outgoing['service'];
    const agency = agencies.get(agencyOf(dossier))?.record;
    return { service, agency: agency && { code: agency.code, name: agency.name } };
  };
}
