import { msToInstant } from '#core/dates/dates';
import { hideText } from '#core/erasure/erase-record';
import { auditSubject } from '#core/identifiers/audit-subject';
import { createMentions, type Person } from '#core/masking/mentions';
import { inTransaction } from '../database/transaction.ts';
import { writeAudit } from '../ledger/audit.ts';
import { hideInAudit } from '../ledger/audit-chain.ts';
import { nextErasureId, writeErasure } from '../ledger/erasures.ts';
import {
  AUDIT_REASONS,
  changeOfficerTexts,
  FILTER_TEXTS,
  NOTE_TEXTS,
  type OfficerPlace,
  officerTexts,
  PARTNER_TEXTS,
  removeFilters,
} from '../ledger/officer-texts.ts';
import type { ErasureOrder } from './erase-subjects.ts';
import type { ErasingHub } from './erasing.ts';

/** The texts of one place that speak of the person. */
export interface OfficerTexts {
  readonly place: OfficerPlace;
  readonly texts: readonly string[];
}

/** How many texts of officers and partners speak of a person, and how many saved filters. */
export interface OfficerCounts {
  readonly notes: number;
  readonly savedFilters: number;
}

/** @param isTheirs whether a text speaks of the person, or a filter of a list looks for the person */
export async function findOfficerTexts(
  { database }: Pick<ErasingHub, 'database'>,
  isTheirs: (text: string, isFilter: boolean) => Promise<boolean>,
): Promise<readonly OfficerTexts[]> {
  const found: OfficerTexts[] = [];
  for (const place of [...NOTE_TEXTS, ...PARTNER_TEXTS, AUDIT_REASONS, ...FILTER_TEXTS]) {
    const texts = new Set<string>();
    for (let part = await officerTexts(database, place); part; part = await officerTexts(database, place, part.last))
      for (const text of part.texts) if (!texts.has(text) && (await isTheirs(text, isFilter(place)))) texts.add(text);
    if (texts.size > 0) found.push({ place, texts: [...texts] });
  }
  return found;
}

const isFilter = (place: OfficerPlace): boolean => FILTER_TEXTS.includes(place);

export function countOfficerTexts(found: readonly OfficerTexts[]): OfficerCounts {
  const countOf = (some: readonly OfficerTexts[]): number => some.reduce((sum, { texts }) => sum + texts.length, 0);
  return {
    notes: countOf(found.filter(({ place }) => !isFilter(place))),
    savedFilters: countOf(found.filter(({ place }) => isFilter(place))),
  };
}

/**
 * Hides the person in the texts of officers, and removes saved filters about the person. All of it commits together, with
 * an audit entry that names the places.
 */
export async function hideOfficerTexts(
  hub: ErasingHub,
  found: readonly OfficerTexts[],
  people: readonly Person[],
  { cause, who, why }: ErasureOrder,
): Promise<void> {
  if (found.length === 0) return;
  const { database, vault, nowMs } = hub;
  const { mask } = createMentions(people, hideText);
  const id = await nextErasureId(database);
  await inTransaction(database, async (tx) => {
    let rows = 0;
    for (const { place, texts } of found) {
      const changed = texts.map((before) => ({ before, after: mask(before) }));
      if (isFilter(place)) rows += await removeFilters(tx, place, texts);
      else if (place === AUDIT_REASONS) rows += await hideInAudit(tx, vault, changed);
      else rows += await changeOfficerTexts(tx, place, changed);
    }
    const places = found.map(({ place: { table, column } }) => `${table}.${column}`).join(' ');
    await writeErasure(tx, { id, at: msToInstant(nowMs()), cause, who, why, subjects: 0 });
    const entry = { actor: who, action: `${cause}.erased`, subject: auditSubject('texts', rows, places), why };
    await writeAudit(tx, entry, nowMs());
  });
}
