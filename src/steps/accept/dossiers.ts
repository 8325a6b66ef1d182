import { type Held, needsHistory, type RecordedEvent } from '#core/apply';
import { inEventOrder } from '#core/dossier';
import { isDossierCode } from '#core/identifiers';
import { isDossierItem, type RecordItem, recordIn } from '#core/item';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Database } from '../../database/pool.ts';
import { type DossierRow, loadHeld } from '../../index/dossiers.ts';
import { loadEvents } from '../../index/events.ts';
import { hashOf } from '../../index/sealed-records.ts';
import type { Vault } from '../../vault.ts';
import type { AcceptMeans, Submission } from './submission.ts';

/** A dossier while a batch is applied to it. */
export interface Working {
  readonly code: string;
  readonly loaded: Held | undefined;
  held: Held | undefined;
  /** In the order of event time. */
  events: RecordedEvent[];
  readonly createdAt: string;
  /** The newest message that was applied to it, and what it says of its freshness. */
  messageId: string | undefined;
  party: string;
  receivedAt: string;
  changedAt: string;
}

export interface Dossiers {
  readonly all: Set<Working>;
  /** By what each is known as: see namesOf. */
  readonly byName: Map<string, Set<Working>>;
}

export function noDossiers(): Dossiers {
  return { all: new Set(), byName: new Map() };
}

export type DossierItem = RecordItem<'dossier.upsert.v1' | 'dossier.progress.v1'>;

/** Load what is held of all dossiers that a batch names, with the history where the batch needs it to be judged. */
export async function loadDossiers(
  { database, vault }: AcceptMeans,
  submissions: readonly Submission[],
): Promise<Dossiers> {
  const items = submissions.flatMap((submission) => dossierItemsOf(submission));
  const codes = [...new Set(items.flatMap((item) => codesOf(item)))];
  const dossiers = noDossiers();
  const loaded = new Map<string, Working>();
  for (const { asked, aliasOf, held, createdAt, messageId } of await loadHeld(database.pool, vault, codes)) {
    const working = loaded.get(held.code) ?? begin(held.code, held, createdAt, messageId);
    loaded.set(held.code, working);
    register(dossiers, working, aliasOf === undefined ? [asked] : namesOfAlias({ party: aliasOf, code: asked }));
  }
  await loadHistories(database, vault, items, dossiers);
  return dossiers;
}

/** All of a submission that tells of dossiers, what is doubtful too: it may have been taken as it stands already. */
export function dossierItemsOf({ items }: Submission): readonly DossierItem[] {
  return items.flatMap((item) => recordIn(item) ?? []).filter(isDossierItem);
}

export function begin(code: string, loaded: Held | undefined, createdAt: string, messageId?: string): Working {
  const nothingYet = { party: '', receivedAt: createdAt, changedAt: createdAt };
  return { code, loaded, held: loaded, events: [], createdAt, messageId, ...nothingYet };
}

export function register({ all, byName }: Dossiers, working: Working, names: readonly string[]): void {
  all.add(working);
  for (const name of names) byName.set(name, (byName.get(name) ?? new Set()).add(working));
}

/** Only what is not later than all that is recorded has to be judged by the history; see core/apply. */
async function loadHistories(database: Database, vault: Vault, items: readonly DossierItem[], dossiers: Dossiers) {
  const reached = new Map<Working, Held>();
  const wanted = new Set<Working>();
  for (const item of items) {
    for (const working of candidates(dossiers, item)) {
      const held = reached.get(working) ?? working.loaded;
      const incoming = incomingOf(item, '', false);
      if (needsHistory(held, incoming)) wanted.add(working);
      else if (held && incoming.at > held.lastAt)
        reached.set(working, {
          ...held,
          lastAt: incoming.at,
          contentHash: incoming.record ? incoming.hash : held.contentHash,
        });
    }
  }
  if (wanted.size === 0) return;
  const since = [...wanted].map((working) => working.createdAt).reduce((a, b) => (a < b ? a : b));
  const histories = await loadEvents(
    database.pool,
    vault,
    [...wanted].map((working) => working.code),
    since,
  );
  for (const working of wanted) working.events = [...(histories.get(working.code) ?? [])].sort(inEventOrder);
}

/** The dossiers that an item's codes name. */
export function candidates({ byName }: Dossiers, item: DossierItem): ReadonlySet<Working> {
  const found = new Set<Working>();
  for (const name of namesOf(item)) for (const working of byName.get(name) ?? []) found.add(working);
  return found;
}

/** All that what is held of an item's dossier is looked for by. */
export function codesOf(item: DossierItem): readonly string[] {
  return [item.record.code, ...aliasesOf(item).map((alias) => alias.code)];
}

/** What an item's dossier is known as: its own code under any party, its aliases under their own. */
export function namesOf(item: DossierItem): readonly string[] {
  return [item.record.code, ...aliasesOf(item).flatMap(namesOfAlias)];
}

/** A number such as 12 is another dossier's at each party; a dossier code is nobody else's anywhere. */
export function namesOfAlias({ party, code }: Alias): readonly string[] {
  const own = `${party} ${code}`;
  return isDossierCode(code) ? [own, code] : [own];
}

type Alias = NonNullable<Dossier['aliases']>[number];

function aliasesOf({ record }: DossierItem): readonly Alias[] {
  return ('aliases' in record && record.aliases) || [];
}

/** The event that an item stands for. */
export function incomingOf(item: DossierItem, party: string, authoritative: boolean): Omit<RecordedEvent, 'seq'> {
  const isDossier = item.operation === 'dossier.upsert.v1';
  return {
    kind: isDossier ? 'dossier' : 'progress',
    at: atOf(item),
    status: item.record.status,
    party,
    authoritative,
    inferred: item.inferred ?? false,
    hash: hashOf(item.record),
    ...(isDossier ? { record: item.record as Dossier } : { said: item.record }),
  };
}

function atOf(item: DossierItem): string {
  return 'at' in item.record ? item.record.at : item.record.statusAt;
}

/** What is to be written of a dossier that the batch changed. */
export function dossierRow(working: Working): DossierRow {
  return {
    held: working.held as Held,
    madeFrom: working.loaded?.version ?? 0,
    messageId: working.messageId as string,
    receivedAt: working.receivedAt,
    changedAt: working.changedAt,
    createdAt: working.createdAt,
    party: working.party,
  };
}
