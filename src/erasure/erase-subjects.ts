import { msToInstant } from '#core/dates/dates';
import type { ErasureCause } from '#core/erasure/erased';
import { auditSubject } from '#core/identifiers/audit-subject';
import { subjectOf } from '#core/records/kind';
import { isOvertaken } from '../database/failures.ts';
import { writeParts } from '../database/parts.ts';
import { changeParts } from '../index/changes.ts';
import { rewrittenDossierPart } from '../index/dossiers.ts';
import { recordChangeParts } from '../index/record-changes.ts';
import { rewrittenRecordPart } from '../index/records.ts';
import { rewrittenEventPart, rewrittenRecordEventPart } from '../index/rewrite-events.ts';
import { keptBodyPart } from '../ledger/body-removal.ts';
import { emptiedPart } from '../ledger/emptied-messages.ts';
import { erasureParts, nextErasureId, silencingParts } from '../ledger/erasures.ts';
import { endedUseParts } from '../ledger/files.ts';
import { emptiedMessages } from './empty-messages.ts';
import { erasedDossiers } from './erase-dossiers.ts';
import { erasedRecords } from './erase-records.ts';
import type { ErasedRows, ErasingHub, Hidden, Order } from './erasing.ts';
import { keptCallsOf } from './kept-calls.ts';

/** Why data is erased, and on whose order. */
export interface ErasureOrder {
  readonly cause: ErasureCause;
  readonly who: string;
  readonly why: string;
  /** See Order. */
  readonly hidden?: Hidden | undefined;
}

/** The most dossiers and records of one transaction. A dossier may have a thousand records. */
export const ERASED_AT_ONCE = 50;
/** A partner may write the same dossier meanwhile. */
const TRIES = 5;

/**
 * Erases the personal data of dossiers (by code) and records (by subject) in one transaction: from the index, its search
 * words and history, the bodies of messages, deliveries and waiting items. States, dates, offices and amounts stay. The
 * audit records it.
 *
 * @returns those that had data
 */
export async function eraseSubjects(
  hub: ErasingHub,
  subjects: readonly string[],
  order: ErasureOrder,
): Promise<readonly string[]> {
  for (let tried = 1; ; tried++) {
    try {
      return await eraseOnce(hub, subjects, order);
    } catch (error) {
      if (!isOvertaken(error) || tried === TRIES) throw error;
    }
  }
}

async function eraseOnce(
  hub: ErasingHub,
  subjects: readonly string[],
  order: ErasureOrder,
): Promise<readonly string[]> {
  const { database, vault, kinds, nowMs } = hub;
  const by: Order = { erasure: await nextErasureId(database), at: msToInstant(nowMs()), hidden: order.hidden };
  const isRecord = (subject: string): boolean => kinds.ofSubject(subject) !== undefined;
  const ofDossiers = await erasedDossiers(
    hub,
    subjects.filter((subject) => !isRecord(subject)),
    by,
  );
  const ofRecords = await erasedRecords(hub, subjects.filter(isRecord), by);
  const rows: ErasedRows = {
    ...ofDossiers,
    ...ofRecords,
    messages: [...ofDossiers.messages, ...ofRecords.messages],
    subjects: [...ofDossiers.subjects, ...ofRecords.subjects],
    names: [...ofDossiers.names, ...ofRecords.names],
  };
  const erased = [
    ...rows.dossiers.map(({ held }) => held.code),
    ...rows.records.map(({ kind, held }) => subjectOf(kind, held.code)),
  ];
  if (erased.length === 0) return [];
  const emptied = await emptiedMessages(hub, rows.messages, rows.names, by.at);
  const kept = await keptCallsOf(hub, rows.subjects);
  const { who, why, cause } = order;
  const erasure = { id: by.erasure, at: by.at, cause, who, why, subjects: erased.length };
  const entry = {
    actor: who,
    action: `${cause}.erased`,
    subject: auditSubject('dossiers', erased.length, erased.join(' ')),
    why,
  };
  await writeParts(database, [
    ...endedUseParts(by.hidden ? [] : rows.dossiers.map(({ held }) => held.code)),
    rewrittenDossierPart(rows.dossiers, vault),
    rewrittenEventPart(rows.events, vault),
    rewrittenRecordPart(rows.records, vault),
    rewrittenRecordEventPart(rows.recordEvents, vault),
    emptiedPart(emptied, vault),
    keptBodyPart(emptied.filter(({ rest }) => rest)),
    ...silencingParts(rows.subjects, rows.names, kept),
    ...erasureParts(erasure, entry),
    ...recordChangeParts(rows.recordChanges),
    ...changeParts(rows.changes),
  ]);
  return erased;
}
