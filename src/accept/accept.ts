import type { IndexedDossier } from '#core/dossier/apply';
import { isDossierItem, withStorableTexts } from '#core/dossier/item';
import type { Sender } from '#core/dossier/ownership';
import { catalogueKey } from '#core/identifiers/identifiers';
import { unmappedKey } from '#core/problem';
import { cataloguePart, overtakenPart } from '../catalogue/catalogue.ts';
import { unknownCodePart } from '../catalogue/known-codes.ts';
import { mapToWrite } from '../concurrency/yielding.ts';
import { type Part, SERIALIZATION_FAILURE, writeParts } from '../database/parts.ts';
import { changeParts } from '../index/changes.ts';
import { aliasPart, dossierPart } from '../index/dossiers.ts';
import { correctedPart, eventPart } from '../index/events.ts';
import { recordChangeParts } from '../index/record-changes.ts';
import { recordEventPart } from '../index/record-events.ts';
import { lockDossiersPart, namedParts, recordPart } from '../index/records.ts';
import { recountPart } from '../index/recounts.ts';
import { releaseSerialized } from '../index/sealed-records.ts';
import { keptBodyPart } from '../ledger/body-removal.ts';
import { deliveryPart } from '../ledger/deliveries.ts';
import { fileFetchPart } from '../ledger/file-fetches.ts';
import { fileUseParts } from '../ledger/files.ts';
import { idempotencyPart } from '../ledger/idempotency.ts';
import { messagePart } from '../ledger/messages.ts';
import { quarantinePart, settledPart } from '../ledger/quarantine.ts';
import type { Submission } from '../ledger/submission.ts';
import type { Acceptance, AcceptDeps } from './accept-deps.ts';
import { decideAliases } from './aliases.ts';
import { applyDossier, repetition, timeWarnings } from './dossier-item.ts';
import {
  candidates,
  type Dossiers,
  dossierItemsOf,
  dossierRow,
  loadDossiers,
  noDossiers,
  senderOf,
  type Working,
} from './dossiers.ts';
import { applyEntry, loadCatalogue } from './entry-item.ts';
import { emptiedBody } from './erased-item.ts';
import { noteFileAddresses } from './file-addresses.ts';
import { noteFileUses } from './named-files.ts';
import { applyKindItem } from './record-item.ts';
import {
  createdRecords,
  dossiersToLock,
  lastMessageOfRecords,
  loadRecordBook,
  namedByRecords,
  possibleStepsOf,
  type RecordBook,
  recordRows,
} from './records.ts';
import { codeMember, noRows, type Place, quarantine, type Rows, withWarnings } from './rows.ts';
import { catalogueWarnings, unknownCodes, waitingForCatalogue } from './unknown-codes.ts';

/**
 * Applies a batch of messages to the index and writes all of it in one statement. When this returns, the batch is
 * committed. The pipeline and the rebuild accept messages only by this function.
 *
 * A message gets its id after all its dossiers are loaded. The id is greater than that of the last message of each
 * dossier. So the order of ids is the order in which each dossier was written, and the index can be rebuilt.
 *
 * @param together is written with the batch or not at all
 * @param mayBeOptimistic whether dossiers that look new may be written without a look-up; see Optimism
 * @throws a PostgreSQL error, and then nothing is stored; 40001, 40P01 and 23505 mean that another transaction wrote
 *   the same rows, and the batch can be tried again
 */
export async function acceptBatch(
  deps: AcceptDeps,
  received: readonly Submission[],
  together: readonly Part[] = [],
  mayBeOptimistic = false,
): Promise<Acceptance> {
  const { database, vault } = deps;
  const submissions = await decideAliases(deps, received);
  const isOptimistic = mayBeOptimistic && deps.optimism?.isLikelyNew(submissions) === true;
  const book = await loadRecordBook(deps, submissions);
  const stepsOf = (submission: Submission) => possibleStepsOf(deps.kinds, submission, book);
  const dossiers = isOptimistic ? noDossiers() : await loadDossiers(deps, submissions, stepsOf);
  const rows = await applyAll(deps, submissions, dossiers, book);
  if (isOptimistic && waitsForOwner(rows)) {
    deps.optimism?.failed();
    return acceptBatch(deps, received, together);
  }
  const written = [...dossiers.all].filter((dossier) => dossier.held && dossier.held !== dossier.loaded);
  await writeParts(database, [
    ...namedParts(namedByRecords(deps, book, dossiers)),
    lockDossiersPart(dossiersToLock(deps, book, dossiers)),
    await dossierPart(written.map(dossierRow), vault),
    aliasPart([...rows.aliases.values()]),
    cataloguePart([...rows.entries.values()]),
    overtakenPart(rows.overtaken),
    messagePart(rows.messages, vault),
    keptBodyPart(rows.messages.filter(({ emptied }) => emptied?.rest)),
    idempotencyPart(rows.idempotency, vault),
    await eventPart(rows.events, vault),
    correctedPart(rows.corrected),
    recordPart(recordRows(book), vault),
    recordEventPart(rows.recordEvents, vault),
    deliveryPart(rows.deliveries),
    ...fileUseParts([...rows.fileUses.values()]),
    fileFetchPart([...rows.fileFetches.values()]),
    quarantinePart(rows.waiting),
    settledPart(rows.settled),
    unknownCodePart([...rows.unknown.values()]),
    ...together,
    recountPart([...rows.recounts]),
    ...recordChangeParts(rows.recordChanges),
    ...changeParts(rows.changes),
  ]).catch((error) => {
    if (isOptimistic && error.code === SERIALIZATION_FAILURE) deps.optimism?.failed();
    throw error;
  });
  handOn(deps, rows, written);
  releaseWritten(rows, written);
  return {
    accepted: rows.accepted,
    eventsRead: dossiers.eventsRead,
    notify: [...new Set(rows.deliveries.map((delivery) => delivery.party))],
    settledCauses: [...rows.entries.values()].map(({ kind, record }) =>
      unmappedKey(kind, catalogueKey(kind, record.code)),
    ),
    created: { dossiers: newCodes(rows, written), records: createdRecords(book) },
  };
}

/** The codes of new dossiers, and those that dossiers got. */
function newCodes({ aliases }: Rows, written: readonly Working[]): readonly string[] {
  const created = written.filter((dossier) => !dossier.loaded);
  return [
    ...created.map(({ held }) => (held as IndexedDossier).code),
    ...[...aliases.values()].map(({ code }) => code),
  ];
}

/** Without a look-up, what another party says of a known dossier looks like the beginning of an unknown one. */
function waitsForOwner({ waiting }: Rows): boolean {
  return waiting.some(({ cause }) => cause.kind === 'not-owner');
}

/**
 * Passes committed dossiers to the workers that deliver them. Leaves out released items, because another door received
 * their message long ago.
 */
function handOn({ recentCommits }: AcceptDeps, { messages, deliveries }: Rows, written: readonly Working[]): void {
  if (!recentCommits || deliveries.length === 0) return;
  const doors = new Map(messages.map(({ id, door }) => [id, door]));
  const dossiers = new Map(written.map((working) => [working.code, working]));
  for (const { party, operation, subject, seq, messageId, createdAt: receivedAt } of deliveries) {
    const { held, createdAt = '' } = dossiers.get(subject) ?? {};
    const door = doors.get(messageId);
    if (operation === 'dossier.upsert.v1' && door !== undefined && held?.version === seq)
      recentCommits.put(party, { held, createdAt, door, receivedAt });
  }
}

function releaseWritten({ events }: Rows, written: readonly Working[]): void {
  for (const { held } of written) if (held) releaseSerialized(held.view.record);
  for (const { said } of events) releaseSerialized(said);
}

async function applyAll(
  deps: AcceptDeps,
  submissions: readonly Submission[],
  dossiers: Dossiers,
  book: RecordBook,
): Promise<Rows> {
  const rows = noRows();
  const unknown = await unknownCodes(deps, submissions);
  const entries = await loadCatalogue(deps, submissions);
  // If all dossiers are new, all their messages have ids from this source.
  const areNew = dossiers.all.size === 0 && book.bySubject.size + book.dossiers.size === 0;
  for (const submission of submissions) {
    const sender = senderOf(deps, submission);
    const id = deps.uuids.next(areNew ? undefined : lastMessageOf(deps, submission, sender, dossiers, book));
    // An item of a dossier with a long history takes milliseconds.
    const results = await mapToWrite(submission.items.entries(), ([index, given]) => {
      const item = given.kind === 'record' ? given : withStorableTexts(given);
      const source = submission.released ??
        submission.correction ?? { messageId: id, item: index, receivedAt: submission.receivedAt };
      const place: Place = { deps, submission, id, source, index, rows, sender };
      if (item.kind === 'invalid')
        return { index, ...codeMember(item.code), outcome: 'invalid', problems: item.problems } as const;
      if (item.kind === 'waiting') return repetition(place, item, dossiers) ?? quarantine(place, item);
      const lacking = waitingForCatalogue(item, unknown);
      if (lacking) return quarantine(place, lacking);
      const kind = deps.kinds.of(item.operation);
      if (kind) return withWarnings(applyKindItem(place, kind, item, book, dossiers), item.warnings);
      if (!isDossierItem(item)) return applyEntry(place, item, entries);
      return withWarnings(applyDossier(place, item, dossiers), [
        ...item.warnings,
        ...timeWarnings(place, item),
        ...catalogueWarnings(place, item, unknown),
      ]);
    });
    if (submission.files) noteFileUses(rows, submission, results);
    noteFileAddresses(deps, rows, submission, results);
    const receipt = submission.receipt ?? id;
    const isKept = !stillWaits(submission, rows);
    rows.accepted.push({ messageId: isKept ? id : undefined, receipt, results });
    if (submission.idempotency) rows.idempotency.push({ ...submission.idempotency, receipt });
    if (isKept) {
      const emptied = await emptiedBody(deps.kinds, submission, results);
      rows.messages.push({ id, results, emptied, ...submission, receipt });
    }
  }
  return rows;
}

/** The newest message of all dossiers and records that a submission names. */
function lastMessageOf(
  { kinds }: AcceptDeps,
  submission: Submission,
  sender: Sender,
  dossiers: Dossiers,
  book: RecordBook,
): string | undefined {
  let last = lastMessageOfRecords(kinds, submission, book);
  for (const item of [...dossierItemsOf(submission), ...possibleStepsOf(kinds, submission, book)])
    for (const { messageId } of candidates(dossiers, item, sender))
      if (messageId && (!last || messageId > last)) last = messageId;
  return last;
}

/** A released item that still waits for the same cause needs no message. */
function stillWaits({ released }: Submission, rows: Rows): boolean {
  return released !== undefined && !rows.settled.some((row) => row.id === released.quarantineId);
}
