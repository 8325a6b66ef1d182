import { msToInstant } from '#core/dates';
import { fold } from '#core/dossier';
import { serviceKey } from '#core/identifiers';
import { type Outcome, settle } from '#core/settle';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Operation } from '#schemas/operations';
import { type CatalogueEntry, loadEntries } from '../catalogue/catalogue.ts';
import type { Database } from '../database/pool.ts';
import { loadHeld } from '../index/dossiers.ts';
import { type LoadedEvent, loadEvents } from '../index/events.ts';
import type { Connection, Outgoing, Sender } from '../kit/adapter.ts';
import type { WireRecord } from '../kit/http.ts';
import type { Claimed } from '../ledger/claim.ts';
import { knownTo } from '../ledger/deliveries.ts';
import type { Settled } from '../ledger/settle.ts';
import type { Party } from '../parties.ts';
import type { Vault } from '../vault.ts';

/** One call at a partner: the deliveries that it carries, in order. */
export interface PlannedCall {
  readonly operation: Operation;
  readonly items: readonly { readonly claimed: Claimed; readonly outgoing: Outgoing | undefined }[];
}

/**
 * Put what was claimed together with what has to be said of it: each dossier as it was when it was told.
 * Nothing is open while a partner is on the line; all reading is done here, before.
 */
export async function planCalls(
  { database, vault }: { readonly database: Database; readonly vault: Vault },
  party: Party,
  claimed: readonly Claimed[],
): Promise<readonly PlannedCall[]> {
  const { dossiers, entries } = split(claimed);
  const outgoing = new Map<number, Outgoing>([
    ...(await dossierOutgoing(database, vault, party, dossiers)),
    ...(await entryOutgoing(database, entries)),
  ]);
  const calls: PlannedCall[] = [];
  for (const one of claimed) {
    const size = party.adapter.send?.[one.operation]?.batch ?? 1;
    const item = { claimed: one, outgoing: outgoing.get(one.id) };
    const open = calls.findLast((call) => call.items[0]?.claimed.subject === one.subject);
    if (open?.operation === one.operation && open.items.length < size) (open.items as (typeof item)[]).push(item);
    else calls.push({ operation: one.operation, items: [item] });
  }
  return calls;
}

function split(claimed: readonly Claimed[]): { dossiers: readonly Claimed[]; entries: readonly Claimed[] } {
  const isDossier = (one: Claimed): boolean => one.operation.startsWith('dossier.');
  return { dossiers: claimed.filter(isDossier), entries: claimed.filter((one) => !isDossier(one)) };
}

async function dossierOutgoing(
  database: Database,
  vault: Vault,
  party: Party,
  claimed: readonly Claimed[],
): Promise<readonly (readonly [number, Outgoing])[]> {
  if (claimed.length === 0) return [];
  const codes = [...new Set(claimed.map((one) => one.subject))];
  const held = new Map((await loadHeld(database.pool, vault, codes)).map((found) => [found.held.code, found]));
  const isNewest = (one: Claimed): boolean => held.get(one.subject)?.held.version === one.seq;
  const needsEvents = claimed.filter((one) => one.operation === 'dossier.progress.v1' || !isNewest(one));
  const since = [...held.values()].map((found) => found.createdAt).reduce((a, b) => (a < b ? a : b), '9999');
  const events = await loadEvents(database.pool, vault, [...new Set(needsEvents.map((one) => one.subject))], since);
  const known = await knownTo(database, party.id, codes);
  const facts = await catalogueFacts(
    database,
    [...held.values()].map((found) => found.held.view.record),
  );
  return claimed.flatMap((one) => {
    const history = events.get(one.subject) ?? [];
    const dossier = isNewest(one) ? held.get(one.subject)?.held.view.record : asOf(history, one.seq);
    const record =
      one.operation === 'dossier.upsert.v1' ? dossier : history.find((event) => event.seq === one.seq)?.said;
    if (!dossier || !record) return [];
    const code = dossier.aliases?.find((alias) => alias.party === party.id)?.code ?? dossier.code;
    return [
      [
        one.id,
        { ...base(one), code, record, dossier, ...facts(dossier), known: known.has(one.subject) } as Outgoing,
      ] as const,
    ];
  });
}

/** The dossier as its first `seq` events tell it. */
function asOf(history: readonly LoadedEvent[], seq: number): Dossier | undefined {
  return fold(history.filter((event) => event.seq <= seq))?.record;
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

async function catalogueFacts(database: Database, dossiers: readonly Dossier[]): Promise<(dossier: Dossier) => Facts> {
  const keys = (of: (dossier: Dossier) => string): string[] => [...new Set(dossiers.map(of))];
  const services = await loadEntries(
    database.pool,
    'service',
    keys((dossier) => serviceKey(dossier.serviceCode)),
  );
  const agencies = await loadEntries(
    database.pool,
    'agency',
    keys((dossier) => dossier.agencyCode),
  );
  return (dossier) => {
    const service = services.get(serviceKey(dossier.serviceCode))?.record as Outgoing['service'];
    const agency = agencies.get(dossier.agencyCode)?.record;
    return { ...(service && { service }), ...(agency && { agency: { code: agency.code, name: agency.name } }) };
  };
}

export interface CallMeans {
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly retryDelaysMs: readonly number[];
  readonly onBug: (error: unknown, call: PlannedCall) => void;
}

/** Make one call, and say of each delivery in it what came of it and what follows. */
export async function makeCall(means: CallMeans, party: Party, call: PlannedCall): Promise<readonly Settled[]> {
  const wire: WireRecord[] = [];
  const startedMs = means.nowMs();
  const outcomes = await outcomesOf(means, party, call, (record) => wire.push(record));
  const endedMs = means.nowMs();
  const kept = wire.length > 0 ? JSON.stringify(wire) : undefined;
  return call.items.map(({ claimed }, at) => {
    const outcome = outcomes[at] as Outcome;
    return {
      claimed,
      outcome,
      settlement: settle(outcome, claimed.attempts, means.retryDelaysMs, means.random()),
      at: msToInstant(endedMs),
      tookMs: endedMs - startedMs,
      // One call, one record of it: with its first delivery.
      wire: at === 0 ? kept : undefined,
    };
  });
}

async function outcomesOf(
  means: CallMeans,
  party: Party,
  call: PlannedCall,
  record: (wire: WireRecord) => void,
): Promise<readonly Outcome[]> {
  const all = (outcome: Outcome): readonly Outcome[] => call.items.map(() => outcome);
  const sender = party.adapter.send?.[call.operation] as Sender<unknown> | undefined;
  if (!sender)
    return all({ kind: 'refused', reason: 'no-operation', message: `its adapter does not send ${call.operation}` });
  const items = call.items.map((item) => item.outgoing).filter((item) => item !== undefined);
  if (items.length < call.items.length)
    return all({ kind: 'refused', reason: 'nothing-to-say', message: 'what it was to tell is no longer kept' });
  try {
    const connection: Connection = party.connect(record);
    const outcomes = await sender.send(connection, items);
    if (outcomes.length !== items.length) throw new Error(`${outcomes.length} outcomes for ${items.length} items`);
    return outcomes;
  } catch (error) {
    means.onBug(error, call);
    return all({ kind: 'unknown', reason: 'adapter-bug', message: (error as Error).message });
  }
}
