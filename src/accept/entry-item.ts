import { isDossierItem, isRecord, type RecordItem } from '#core/dossier/item';
import { subjectOfEntry } from '#core/dossier/route';
import { catalogueKey } from '#core/identifiers/identifiers';
import type { Operation } from '#schemas/operations';
import { type CatalogueKind, type CatalogueRow, loadEntries } from '../catalogue/catalogue.ts';
import { hashOf } from '../index/sealed-records.ts';
import type { ItemResult } from '../ledger/messages.ts';
import type { Submission } from '../ledger/submission.ts';
import type { AcceptDeps } from './accept-deps.ts';
import { type Place, route, settleWaiting, withWarnings } from './rows.ts';

const KIND_OF: Partial<Record<Operation, CatalogueKind>> = {
  'service.upsert.v1': 'service',
  'agency.upsert.v1': 'agency',
  'field.upsert.v1': 'field',
};

export type Entries = Map<string, { hash: string; version: number }>;

/** Loads all catalogue entries that a batch names. */
export async function loadCatalogue({ database }: AcceptDeps, submissions: readonly Submission[]): Promise<Entries> {
  const entries: Entries = new Map();
  const items = submissions.flatMap((submission) =>
    submission.items.filter(isRecord).filter((item) => !isDossierItem(item)),
  );
  for (const [operation, kind] of Object.entries(KIND_OF)) {
    const keys = items
      .filter((item) => item.operation === operation)
      .map((item) => catalogueKey(kind, item.record.code));
    for (const [key, entry] of await loadEntries(database.pool, kind, [...new Set(keys)]))
      entries.set(`${kind} ${key}`, entry);
  }
  return entries;
}

/**
 * Applies a catalogue entry. Entries have no time of their own, so the newest arrival counts. A message makes at most
 * one version of an entry, from its last item about it.
 */
export function applyEntry(place: Place, item: RecordItem, entries: Entries): ItemResult {
  const { submission, source, rows, index } = place;
  const kind = KIND_OF[item.operation] as CatalogueKind;
  const record = item.record as CatalogueRow['record'];
  const key = catalogueKey(kind, record.code);
  const name = `${kind} ${key}`;
  const known = entries.get(name);
  const hash = hashOf(record);
  settleWaiting(place, known?.hash === hash ? 'duplicate' : 'accepted');
  if (known?.hash === hash) return { index, code: record.code, outcome: 'duplicate' };
  const before = rows.entries.get(name);
  const follows = before?.follows ?? known?.version ?? 0;
  const isSameMessage = before?.messageId === source.messageId;
  const version = (before?.version ?? follows) + (isSameMessage ? 0 : 1);
  if (!isSameMessage) {
    if (before) rows.overtaken.push(before);
    route(place, item.operation, name, version, subjectOfEntry(item));
  }
  entries.set(name, { hash, version });
  rows.entries.set(name, {
    kind,
    record,
    hash,
    party: submission.party,
    messageId: source.messageId,
    changedAt: submission.receivedAt,
    follows,
    version,
  });
  return withWarnings({ index, code: record.code, outcome: 'accepted' }, item.warnings);
}
