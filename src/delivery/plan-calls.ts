import { serviceKey } from '#core/identifiers/identifiers';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Operation } from '#schemas/operations';
import { type CatalogueEntry, loadEntries } from '../catalogue/catalogue.ts';
import type { EntryCache } from '../catalogue/entry-cache.ts';
import type { Database } from '../database/pool.ts';
import { type Found, loadHeld } from '../index/dossiers.ts';
import { loadEventsReading } from '../index/events.ts';
import type { Outgoing } from '../kit/adapter.ts';
import type { Claimed } from '../ledger/claim.ts';
import { knownTo, takenBesides, toldSince } from '../ledger/deliveries.ts';
import type { Party } from '../parties/party.ts';
import type { Vault } from '../secrets/vault.ts';
import { asOf, changeOf } from './change.ts';
import type { Original, Originals } from './originals.ts';
import type { RecentCommit, RecentCommits } from './recent-commits.ts';

/** One call at a partner: the deliveries that it carries, those of one dossier in order. */
export interface PlannedCall {
  readonly operation: Operation;
  readonly items: readonly { readonly claimed: Claimed; readonly outgoing: Outgoing | undefined }[];
}

export interface PlanMeans {
  readonly database: Database;
  readonly vault: Vault;
  readonly originals: Originals;
  /** What the catalogue says; otherwise it is asked each time. */
  readonly entries?: EntryCache;
  /** What this process has kept a moment ago; what is not there is loaded. */
  readonly justKept?: RecentCommits;
}

/**
 * Put what was claimed together with what has to be said of it: each dossier as it was when it was told.
 * Nothing is open while a partner is on the line; all reading is done here, before.
 */
export async function planCalls(
  means: PlanMeans,
  party: Party,
  claimed: readonly Claimed[],
): Promise<readonly PlannedCall[]> {
  const { dossiers, others } = split(claimed);
  const outgoing = new Map<number, Outgoing>([
    ...(await dossierOutgoing(means, party, dossiers)),
    ...(await entryOutgoing(means.database, others)),
  ]);
  return packed(
    runsOf(claimed.map((one) => ({ claimed: one, outgoing: outgoing.get(one.id) }))),
    (operation) => party.carries.get(operation)?.items ?? 1,
  );
}

type PlannedItem = PlannedCall['items'][number];

/** What was claimed of each dossier, in order: it goes in one call, since two calls may overtake each other. */
function runsOf(items: readonly PlannedItem[]): readonly (readonly PlannedItem[])[] {
  const runs = new Map<string, PlannedItem[]>();
  for (const item of items) {
    const run = runs.get(item.claimed.subject);
    if (run) run.push(item);
    else runs.set(item.claimed.subject, [item]);
  }
  return [...runs.values()];
}

/** Runs of the same operation share a call as far as it carries them; one that is in doubt has its own. */
function packed(
  runs: readonly (readonly PlannedItem[])[],
  sizeOf: (operation: Operation) => number,
): readonly PlannedCall[] {
  const calls: PlannedCall[] = [];
  const open = new Map<Operation, PlannedItem[]>();
  for (const run of runs) {
    const { operation } = (run[0] as PlannedItem).claimed;
    const isShared = run.every(({ claimed, outgoing }) => !claimed.doubt && outgoing !== undefined);
    const filling = isShared ? open.get(operation) : undefined;
    if (filling && filling.length + run.length <= sizeOf(operation)) filling.push(...run);
    else {
      const items = [...run];
      calls.push({ operation, items });
      if (isShared) open.set(operation, items);
    }
  }
  return calls;
}

function split(claimed: readonly Claimed[]): { dossiers: readonly Claimed[]; others: readonly Claimed[] } {
  const isDossier = (one: Claimed): boolean => one.operation.startsWith('dossier.');
  return { dossiers: claimed.filter(isDossier), others: claimed.filter((one) => !isDossier(one)) };
}

async function dossierOutgoing(
  means: PlanMeans,
  party: Party,
  claimed: readonly Claimed[],
): Promise<readonly (readonly [number, Outgoing])[]> {
  if (claimed.length === 0) return [];
  const { database, vault, originals } = means;
  const { entries = (kind, keys) => loadEntries(database.pool, kind, [...new Set(keys)]) } = means;
  const kept = takeKept(means.justKept, claimed);
  const codes = [...new Set(claimed.map((one) => one.subject))];
  const older = codes.filter((code) => !isFirst(kept.get(code)));
  const [found, known] = await Promise.all([
    loadHeld(
      database.pool,
      vault,
      codes.filter((code) => !kept.has(code)),
    ),
    knownTo(database, party.id, older),
  ]);
  const held = new Map<string, Pick<Found, 'held' | 'createdAt'>>(kept);
  for (const one of found) held.set(one.held.code, one);
  // Nothing of them is kept any more.
  if (held.size === 0) return [];
  const versionOf = (one: Claimed): number | undefined => held.get(one.subject)?.held.version;
  const isNewest = (one: Claimed): boolean => versionOf(one) === one.seq;
  const needsEvents = claimed.filter((one) => one.operation === 'dossier.progress.v1' || !isNewest(one));
  const since = [...held.values()].map((found) => found.createdAt).reduce((a, b) => (a < b ? a : b));
  const subjects = [...new Set(needsEvents.map((one) => one.subject))];
  const steps = needsEvents.filter((one) => one.operation === 'dossier.progress.v1').map((one) => one.seq);
  const events = await loadEventsReading(database.pool, vault, subjects, since, steps);
  const { dialect } = party.adapter;
  const mayHaveCome = claimed.filter(
    (one) => !isFirst(kept.get(one.subject)) || kept.get(one.subject)?.door === dialect,
  );
  const came = dialect === undefined ? NOTHING : await originals.of(dialect, mayHaveCome, since);
  const besides = party.adapter.tellsChanges
    ? await takenBesides(
        database,
        claimed.map((one) => one.id),
      )
    : undefined;
  const newer = await newerTold(
    database,
    claimed,
    // Who is told of changes is told of none then.
    besides ? [] : claimed.filter((one) => one.doubt && one.operation === 'dossier.upsert.v1' && !isNewest(one)),
  );
  const facts = await catalogueFacts(
    entries,
    party,
    [...held.values()].map((found) => found.held.view.record),
  );
  return claimed.flatMap((one) => {
    const history = events.get(one.subject) ?? [];
    const { owner, view } = held.get(one.subject)?.held ?? {};
    const now = view?.record;
    const seq = newer.get(one.id) ?? one.seq;
    const dossier = versionOf(one) === seq ? now : asOf(history, seq, owner)?.record;
    const record =
      one.operation === 'dossier.upsert.v1' ? dossier : history.find((event) => event.seq === one.seq)?.said;
    if (!dossier || !record) return [];
    const change = besides && changeOf(one, besides.get(one.id), { dossier, now, history, owner });
    const original = came.get(one);
    const outgoing = {
      ...{ ...base(one), ...facts(dossier), record, dossier },
      code: codeAt(party, dossier, owner),
      known: known.has(one.subject),
      ...(original && { original }),
      ...(change && { change }),
    };
    return [[one.id, outgoing as Outgoing] as const];
  });
}

/** What is told once more, after something newer was or right behind it, must not undo it: it tells that newer state. */
async function newerTold(
  database: Database,
  claimed: readonly Claimed[],
  again: readonly Claimed[],
): Promise<ReadonlyMap<number, number>> {
  const told = await toldSince(
    database,
    again.map(({ id }) => id),
  );
  const newer = new Map(told);
  for (const { id, subject, seq } of again)
    for (const before of claimed)
      if (before.subject === subject && before.id < id && before.seq > (newer.get(id) ?? seq))
        newer.set(id, before.seq);
  return newer;
}

/** Of dossiers of which one delivery was claimed. */
function takeKept(justKept: RecentCommits | undefined, claimed: readonly Claimed[]): ReadonlyMap<string, RecentCommit> {
  const kept = new Map<string, RecentCommit>();
  const seen = new Set<string>();
  for (const one of claimed) {
    const { subject } = one;
    const found = justKept?.take(one);
    if (found && !seen.has(subject)) kept.set(subject, found);
    else kept.delete(subject);
    seen.add(subject);
  }
  return kept;
}

/** Nobody was told of it before, and its one event is the message that it came by. */
function isFirst(kept: RecentCommit | undefined): boolean {
  return kept?.held.version === 1;
}

const NOTHING: ReadonlyMap<Claimed, Original> = new Map();

/** Who told of the dossier first knows it by the code under which it is held, whatever its receipts were numbered. */
function codeAt(party: Party, { code, aliases = [] }: Dossier, owner: string | undefined): string {
  return owner === party.id ? code : (aliases.find((alias) => alias.party === party.id)?.code ?? code);
}

async function entryOutgoing(
  database: Database,
  claimed: readonly Claimed[],
): Promise<readonly (readonly [number, Outgoing])[]> {
  const outgoing: (readonly [number, Outgoing])[] = [];
  for (const one of claimed) {
    const [kind, key] = one.subject.split(' ') as [CatalogueEntry['kind'], string];
    const entry = (await loadEntries(database.pool, kind, [key])).get(key);
    // A retry after a change says something else: under the same key the partner would refuse it.
    if (entry)
      outgoing.push([
        one.id,
        {
          ...base(one),
          id: `${base(one).id}-${entry.version}`,
          code: entry.record.code,
          record: entry.record,
          known: false,
        } as Outgoing,
      ]);
  }
  return outgoing;
}

function base(one: Claimed): Pick<Outgoing, 'id' | 'operation' | 'doubt'> {
  return { id: `lienthong-${one.id}`, operation: one.operation, doubt: one.doubt };
}

type Facts = Pick<Outgoing, 'service' | 'agency'>;

/** Under the code that operators entered for the party, where they have. */
async function catalogueFacts(
  entries: EntryCache,
  party: Party,
  dossiers: readonly Dossier[],
): Promise<(dossier: Dossier) => Facts> {
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
    return { ...(service && { service }), ...(agency && { agency: { code: agency.code, name: agency.name } }) };
  };
}
