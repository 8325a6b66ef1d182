import { setImmediate } from 'node:timers/promises';
import { msToInstant } from '#core/dates/dates';
import type { Item, RecordItem } from '#core/dossier/item';
import type { Ownership } from '#core/dossier/ownership';
import type { Route } from '#core/dossier/route';
import type { CodesOf } from '#core/identifiers/codes';
import { unmappedKey } from '#core/problem';
import type { CodeEntries, CodeEntry } from '../ledger/code-entries.ts';
import { loadSealedMessage, messageIdsOf, openMessage } from '../ledger/messages.ts';
import { countWaiting } from '../ledger/quarantine.ts';
import type { Party } from '../parties/party.ts';
import { type Readers, readAgain } from '../parties/read-again.ts';
import type { HubContext } from '../process/hub-context.ts';
import { createRecipientsPreview } from './preview-recipients.ts';

type Hub = Pick<HubContext, 'database' | 'vault' | 'nowMs'>;

export interface CodePreviewDeps {
  readonly parties: ReadonlyMap<string, Party>;
  readonly routes: readonly Route[];
  readonly ownership: Ownership;
  readonly codes: Pick<CodeEntries, 'now' | 'reload'>;
  /** The doors' readers with these code tables. */
  readonly readersWith: (codes: Pick<CodeEntries, 'at'>) => Readers;
}

/** The effect that a line of a code table would have had on a party's recent messages. */
export interface CodePreview {
  /** The messages that were read, newest first. `isAll` if the whole period was read. */
  readonly looked: {
    readonly messages: number;
    readonly items: number;
    readonly since: string;
    readonly isAll: boolean;
  };
  /** Unmapped items that would have been applied, and items that would have differed. */
  readonly freed: number;
  readonly changed: number;
  /** The parties that the routes would have sent these items to. */
  readonly told: readonly string[];
  /** The items and deliveries that wait for this code now, and would be released. */
  readonly waiting: { readonly items: number; readonly deliveries: number };
  /** The first released and changed items. */
  readonly items: readonly PreviewedItem[];
}

export interface PreviewedItem {
  readonly code: string | undefined;
  readonly messageId: string;
  readonly item: number;
  /** Members that would differ. For a waiting item only its status. */
  readonly changes: readonly { readonly path: string; readonly was: unknown; readonly would: unknown }[];
}

const MOST_ITEMS = 20_000;
const MOST_MS = 10_000;
const SHOWN = 50;

/** Reads recent messages of a party again, with the present code tables and with one more line. Changes nothing. */
export async function previewCode(
  hub: Hub,
  deps: CodePreviewDeps,
  line: Pick<CodeEntry, 'party' | 'table' | 'from' | 'to'>,
  days: number,
): Promise<CodePreview> {
  const { database, vault, nowMs } = hub;
  const { routes, ownership, codes } = deps;
  await codes.reload();
  const { party } = line;
  const asIs = codes.now(party);
  const [read, readWith] = [readerBy(deps, party, asIs), readerBy(deps, party, withLine(asIs, line))];
  const sinceMs = nowMs() - days * 86_400_000;
  const startedMs = performance.now();
  const recipients = createRecipientsPreview(database, routes, { party, ownership });
  const count: Counts = { messages: 0, items: 0, freed: 0, changed: 0, shown: [] };
  let isAll = true;
  for await (const id of messageIdsOf(database, party, sinceMs)) {
    isAll = count.items < MOST_ITEMS && performance.now() - startedMs < MOST_MS;
    if (!isAll) break;
    const sealed = id === undefined ? undefined : await loadSealedMessage(database, id);
    if (id === undefined || !sealed || !vault.knows(sealed.sealed.keyId)) continue;
    const message = openMessage(vault, sealed);
    await recipients.add(compareItems(id, await read(message), await readWith(message), count));
    // Other requests run between two messages.
    await setImmediate();
  }
  return {
    looked: { messages: count.messages, items: count.items, since: msToInstant(sinceMs), isAll },
    freed: count.freed,
    changed: count.changed,
    told: recipients.parties(),
    waiting: await countWaiting(database, unmappedKey(line.table, line.from), party),
    items: count.shown,
  };
}

interface Counts {
  messages: number;
  items: number;
  freed: number;
  changed: number;
  readonly shown: PreviewedItem[];
}

/**
 * Counts the items of a message that would differ.
 *
 * @returns their new form
 */
function compareItems(
  messageId: string,
  before: readonly Item[],
  after: readonly Item[],
  count: Counts,
): readonly RecordItem[] {
  count.messages++;
  count.items += before.length;
  const otherwise: RecordItem[] = [];
  for (const [item, was] of before.entries()) {
    const would = after[item];
    if (would?.kind !== 'record') continue;
    const changes = changesOf(was, would);
    if (changes.length === 0) continue;
    count[was.kind === 'record' ? 'changed' : 'freed']++;
    otherwise.push(would);
    if (count.shown.length < SHOWN) count.shown.push({ code: would.record.code, messageId, item, changes });
  }
  return otherwise;
}

function withLine(codes: CodesOf, { table, from, to }: Pick<CodeEntry, 'table' | 'from' | 'to'>): CodesOf {
  const more = new Map([...codes(table), [from, to]]);
  return (name) => (name === table ? more : codes(name));
}

/** A message that neither reading accepts has nothing to compare. */
function readerBy(deps: CodePreviewDeps, id: string, codes: CodesOf) {
  const readers = deps.readersWith({ at: () => codes });
  const party = deps.parties.get(id) as Party;
  const parties = new Map([[id, { ...party, codes: { at: () => codes, now: () => codes } }]]);
  return (message: Parameters<typeof readAgain>[2]): Promise<readonly Item[]> =>
    readAgain(readers, parties, message).catch(() => []);
}

function changesOf(was: Item, would: Extract<Item, { kind: 'record' }>): PreviewedItem['changes'] {
  if (was.kind === 'invalid') return [];
  if (was.kind === 'record') return differences(was.record, would.record, '');
  // Only for this cause: an item that also waits for another cause would still wait.
  const status = 'status' in would.record ? would.record.status : undefined;
  return [{ path: status === undefined ? '' : '/status', was: null, would: status ?? null }];
}

function differences(was: unknown, would: unknown, path: string): PreviewedItem['changes'] {
  if (JSON.stringify(was) === JSON.stringify(would)) return [];
  if (!isMembers(was) || !isMembers(would)) return [{ path, was: shown(was, path), would: shown(would, path) }];
  return [...new Set([...Object.keys(was), ...Object.keys(would)])].flatMap((name) =>
    differences(was[name], would[name], `${path}/${name}`),
  );
}

/** Hides the applicant's data. Only the kind of applicant and of paper is shown. */
function shown(value: unknown, path: string): unknown {
  if (value === undefined) return null;
  return path.startsWith('/applicant') && !/\/(?:kind|identityKind)$/.test(path) ? '***' : value;
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
