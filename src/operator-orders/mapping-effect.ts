import { setImmediate } from 'node:timers/promises';
import { DAY_MS, msToInstant } from '#core/dates/dates';
import { type Item, isDossierItem, isRecord, type RecordItem } from '#core/dossier/item';
import type { Ownership } from '#core/dossier/ownership';
import type { Route } from '#core/dossier/route';
import type { CodesOf } from '#core/identifiers/codes';
import type { EffectKind } from '#core/mapping/mapping-change';
import { keptProblem } from '#core/masking/kept-problem';
import { type Problem, unmappedKey } from '#core/problem';
import { ReaderNotLoaded } from '#core/problems/reader-not-loaded';
import type { CodeEntries, MappingLine } from '../ledger/code-entries.ts';
import { loadSealedMessage, messageIdsOf, type StoredMessage } from '../ledger/messages.ts';
import { countWaiting } from '../ledger/quarantine.ts';
import type { Party } from '../parties/party.ts';
import { type Readers, readAgain } from '../parties/read-again.ts';
import type { HubContext } from '../process/hub-context.ts';
import { createRecipientsPreview } from './preview-recipients.ts';
import { openIfIntact } from './read-message.ts';
import { differencesOf, type MemberChange, readsTheSame } from './reading-differences.ts';

type Hub = Pick<HubContext, 'database' | 'vault' | 'kinds' | 'nowMs'>;

export interface MappingEffectDeps {
  readonly parties: ReadonlyMap<string, Party>;
  readonly routes: readonly Route[];
  readonly ownership: Ownership;
  readonly codes: Pick<CodeEntries, 'now' | 'reload'>;
  /** The doors' readers with these code tables. */
  readonly readersWith: (codes: Pick<CodeEntries, 'at'>) => Readers;
}

/** A change of how the hub reads a party's messages. */
export interface MappingChange {
  readonly party: string;
  readonly lines: readonly MappingLine[];
  /** The party and the doors' readers by changed settings. Absent: by the present ones. */
  readonly settings?: { readonly party: Party; readonly readersWith: MappingEffectDeps['readersWith'] } | undefined;
  /** Other readings than by the present tables and the lines, of the messages before this id. */
  readonly applied?: { readonly read: ReadTwice; readonly before: string } | undefined;
}

/** Both readings of a message, item by item. */
export type ReadTwice = (
  message: StoredMessage,
  id: string,
) => Promise<{ readonly was: readonly Item[]; readonly would: readonly Item[] }>;

export interface EffectOptions {
  readonly days: number;
  /** How many items and milliseconds it may take. Then `isAll` is false. It reads one message at least. */
  readonly mostItems?: number;
  readonly mostMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether the differences show personal data. */
  readonly personal?: boolean;
  /** Called with every item that would be read differently, not only with the first ones. */
  readonly each?: ((item: EffectItem) => Promise<void>) | undefined;
  /** Which of these items the effect has: the first 50, unless said otherwise. */
  readonly page?: EffectPage | undefined;
  /** Of which kinds the effect has items. Absent: of all. */
  readonly kindsShown?: readonly EffectKind[];
}

/** The items that follow a place, newest message first. */
export interface EffectPage {
  readonly after: EffectPlace | undefined;
  readonly most: number;
}

export type EffectPlace = readonly [messageId: string, item: number];

export interface EffectItem {
  readonly code: string | undefined;
  readonly messageId: string;
  readonly item: number;
  readonly kind: EffectKind;
  readonly changes: readonly MemberChange[];
  /** Why it would not be read. */
  readonly problems: readonly Problem[];
}

/** What a change would have done to a party's recent messages. */
export interface MappingEffect {
  /** The messages that were read, newest first. `isAll` if the whole period was read. */
  readonly looked: {
    readonly messages: number;
    readonly items: number;
    readonly since: string;
    readonly isAll: boolean;
  };
  readonly counts: Readonly<Record<EffectKind, number>>;
  /** The dossiers with an item that would be a record, and another one than now. */
  readonly dossiers: number;
  /** Statuses that would be others, by how many items. */
  readonly statuses: readonly { readonly was: string; readonly would: string; readonly items: number }[];
  /** The parties that the routes would have sent these items to, and how many deliveries. */
  readonly recipients: readonly { readonly party: string; readonly deliveries: number }[];
  /** The items and deliveries that wait for the entered codes now, and would be released. */
  readonly waiting: { readonly items: number; readonly deliveries: number };
  /** The items of the page that would be read differently. */
  readonly items: readonly EffectItem[];
}

const MOST_ITEMS = 20_000;
const MOST_MS = 10_000;
const FIRST_PAGE: EffectPage = { after: undefined, most: 50 };
const SHOWN_PROBLEMS = 3;

/** Reads recent messages of a party again, by the present mapping and by a changed one. Changes nothing, sends nothing. */
export async function tryMapping(
  hub: Hub,
  deps: MappingEffectDeps,
  change: MappingChange,
  options: EffectOptions,
): Promise<MappingEffect> {
  const { database, vault, nowMs } = hub;
  const { routes, ownership } = deps;
  const { days, mostItems = MOST_ITEMS, mostMs = MOST_MS, signal } = options;
  await deps.codes.reload();
  const { party, lines, applied } = change;
  const read = applied?.read ?? readingsOf(deps, change);
  const sinceMs = nowMs() - days * DAY_MS;
  const endMs = performance.now() + mostMs;
  const recipients = createRecipientsPreview(database, routes, { party, ownership });
  const tally = createTally(hub, options);
  let isAll = true;
  for await (const id of messageIdsOf(database, party, sinceMs, applied?.before)) {
    const isInTime = performance.now() < endMs || (tally.messages() === 0 && id !== undefined);
    isAll = tally.items() < mostItems && isInTime && !signal?.aborted;
    if (!isAll) break;
    const sealed = id === undefined ? undefined : await loadSealedMessage(database, id);
    const message = sealed && openIfIntact(vault, sealed);
    if (id === undefined || !message) continue;
    const { was, would } = await read(message, id);
    await recipients.add(await tally.add(id, was, would));
    // Other requests run between two messages.
    await setImmediate();
  }
  return {
    ...tally.result(msToInstant(sinceMs), isAll),
    recipients: recipients.deliveries(),
    waiting: await waitingFor(hub, party, lines),
  };
}

async function waitingFor({ database }: Hub, party: string, lines: readonly MappingLine[]) {
  const entered = lines.filter(({ to }) => to !== null);
  const counts = await Promise.all(
    entered.map(({ table, from }) => countWaiting(database, unmappedKey(table, from), party)),
  );
  const sumOf = (of: 'items' | 'deliveries'): number => counts.reduce((sum, count) => sum + count[of], 0);
  return { items: sumOf('items'), deliveries: sumOf('deliveries') };
}

/** Collects what differs between two readings of messages. */
function createTally({ kinds }: Hub, { personal = false, each, kindsShown, page = FIRST_PAGE }: EffectOptions) {
  const looked = { messages: 0, items: 0 };
  const counts: Record<EffectKind, number> = { changed: 0, readable: 0, unreadable: 0, otherwise: 0 };
  const dossiers = new Set<string>();
  const statuses = new Map<string, { readonly was: string; readonly would: string; items: number }>();
  const shown: EffectItem[] = [];

  function countStatus(changes: readonly MemberChange[]): void {
    const found = changes.find(({ path }) => path === '/status');
    if (!found) return;
    const [was, would] = [String(found.was ?? ''), String(found.would ?? '')];
    const name = `${was}\n${would}`;
    const known = statuses.get(name) ?? { was, would, items: 0 };
    known.items++;
    statuses.set(name, known);
  }

  function isOnPage({ messageId, item, kind }: EffectItem): boolean {
    if (kindsShown && !kindsShown.includes(kind)) return false;
    if (!page.after) return true;
    const [lastMessage, lastItem] = page.after;
    return messageId < lastMessage || (messageId === lastMessage && item > lastItem);
  }

  return {
    items: () => looked.items,
    messages: () => looked.messages,
    /** @returns the new form of the items that would be other records */
    async add(messageId: string, was: readonly Item[], would: readonly Item[]): Promise<readonly RecordItem[]> {
      looked.messages++;
      looked.items += Math.max(was.length, would.length);
      const records: RecordItem[] = [];
      for (let item = 0; item < Math.max(was.length, would.length); item++) {
        const [before, after] = [was[item], would[item]];
        if (readsTheSame(before, after)) continue;
        const kind = kindOf(before, after);
        const changes = differencesOf(before, after, personal ? undefined : kinds);
        counts[kind]++;
        countStatus(changes);
        const code = codeIn(after) ?? codeIn(before);
        if (after?.kind === 'record') {
          records.push(after);
          if (isDossierItem(after)) dossiers.add(after.record.code);
        }
        const found: EffectItem = { code, messageId, item, kind, changes, problems: problemsIn(after) };
        if (shown.length < page.most && isOnPage(found)) shown.push(found);
        await each?.(found);
      }
      return records;
    },
    result(since: string, isAll: boolean): Omit<MappingEffect, 'recipients' | 'waiting'> {
      const sorted = [...statuses.values()].sort((one, other) => other.items - one.items);
      return { looked: { ...looked, since, isAll }, counts, dossiers: dossiers.size, statuses: sorted, items: shown };
    },
  };
}

function kindOf(was: Item | undefined, would: Item | undefined): EffectKind {
  const [isRead, wouldBe] = [was, would].map((item) => item?.kind === 'record');
  if (isRead) return wouldBe ? 'changed' : 'unreadable';
  return wouldBe ? 'readable' : 'otherwise';
}

function codeIn(item: Item | undefined): string | undefined {
  return item && (isRecord(item) ? item.record.code : item.code);
}

function problemsIn(item: Item | undefined): readonly Problem[] {
  return item && item.kind !== 'record' ? item.problems.slice(0, SHOWN_PROBLEMS).map(keptProblem) : [];
}

/** Reads a message by the present mapping and by the changed one. */
function readingsOf(deps: MappingEffectDeps, { party: id, lines, settings }: MappingChange): ReadTwice {
  const asIs = deps.codes.now(id);
  const party = deps.parties.get(id) as Party;
  const now = readerBy(party, deps.readersWith, asIs);
  const then = readerBy(settings?.party ?? party, settings?.readersWith ?? deps.readersWith, withLines(asIs, lines));
  return async (message) => ({ was: await now(message), would: await then(message) });
}

function readerBy(party: Party, readersWith: MappingEffectDeps['readersWith'], codes: CodesOf) {
  const readers = readersWith({ at: () => codes });
  const parties = new Map([[party.id, { ...party, codes: { at: () => codes, now: () => codes } }]]);
  return (message: StoredMessage): Promise<readonly Item[]> =>
    readAgain(readers, parties, message).catch((error) => {
      if (error instanceof ReaderNotLoaded) throw error;
      // A message that cannot be read has no items.
      return [];
    });
}

function withLines(codes: CodesOf, lines: readonly MappingLine[]): CodesOf {
  const tables = new Map<string, Map<string, string>>();
  for (const { table, from, to } of lines) {
    const entries = tables.get(table) ?? new Map(codes(table));
    if (to === null) entries.delete(from);
    else entries.set(from, to);
    tables.set(table, entries);
  }
  return (name) => tables.get(name) ?? codes(name);
}
