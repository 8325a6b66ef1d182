import type { Held } from '#core/apply';
import { isDossierItem } from '#core/item';
import { unmappedKey } from '#core/problem';
import { catalogueKey, cataloguePart } from '../../catalogue/catalogue.ts';
import { unknownCodePart } from '../../catalogue/known-codes.ts';
import { type Part, writeParts } from '../../database/parts.ts';
import { changeParts } from '../../index/changes.ts';
import { aliasPart, dossierPart } from '../../index/dossiers.ts';
import { eventPart } from '../../index/events.ts';
import { deliveryPart } from '../../ledger/deliveries.ts';
import { idempotencyPart } from '../../ledger/idempotency.ts';
import { messagePart } from '../../ledger/messages.ts';
import { quarantinePart, settledPart } from '../../ledger/quarantine.ts';
import { applyDossier } from './dossier-item.ts';
import { type Dossiers, dossierRow, loadDossiers } from './dossiers.ts';
import { applyEntry, loadCatalogue } from './entry-item.ts';
import { codeMember, noRows, type Place, quarantine, type Rows, withWarnings } from './rows.ts';
import type { Acceptance, AcceptMeans, Submission } from './submission.ts';
import { catalogueWarnings, unknownCodes } from './unknown-codes.ts';

/**
 * Apply a batch of messages to the index and keep all of it, in one statement. When this returns, it is committed.
 *
 * @param together what has to be kept with it or not at all
 * @throws a PostgreSQL error, and then nothing is kept; 40001, 40P01 and 23505 mean that somebody else wrote the same
 *   things meanwhile and the batch can be tried again.
 */
export async function acceptBatch(
  means: AcceptMeans,
  submissions: readonly Submission[],
  together: readonly Part[] = [],
): Promise<Acceptance> {
  const { database, vault } = means;
  const dossiers = await loadDossiers(means, submissions);
  const rows = await applyAll(means, submissions, dossiers);
  const written = [...dossiers.all].filter((dossier) => dossier.held && dossier.held !== dossier.loaded);
  await writeParts(database.pool, [
    dossierPart(written.map(dossierRow), vault),
    aliasPart(rows.aliases),
    cataloguePart([...rows.entries.values()]),
    messagePart(rows.messages, vault),
    idempotencyPart(submissions.flatMap((submission) => submission.idempotency ?? [])),
    eventPart(rows.events, vault),
    deliveryPart(rows.deliveries),
    quarantinePart(rows.waiting),
    settledPart(rows.settled),
    unknownCodePart(rows.unknown),
    ...together,
    ...changeParts(rows.changes),
  ]);
  return {
    results: rows.results,
    ring: [...new Set(rows.deliveries.map((delivery) => delivery.party))],
    learnt: [...rows.entries.values()].map(({ kind, record }) => unmappedKey(kind, catalogueKey(kind, record.code))),
    created: written.filter((dossier) => !dossier.loaded).map((dossier) => (dossier.held as Held).code),
  };
}

async function applyAll(means: AcceptMeans, submissions: readonly Submission[], dossiers: Dossiers): Promise<Rows> {
  const rows = noRows();
  const unknown = await unknownCodes(means, submissions);
  const entries = await loadCatalogue(means, submissions);
  for (const submission of submissions) {
    const results = submission.items.map((item, at) => {
      const place: Place = { means, submission, index: submission.again?.item ?? at, rows };
      if (item.kind === 'invalid')
        return { index: place.index, ...codeMember(item.code), outcome: 'invalid', problems: item.problems } as const;
      if (item.kind === 'waiting') return quarantine(place, item);
      if (!isDossierItem(item)) return applyEntry(place, item, entries);
      return withWarnings(applyDossier(place, item, dossiers), [
        ...item.warnings,
        ...catalogueWarnings(place, item, unknown),
      ]);
    });
    rows.results.push(results);
    if (!submission.again) rows.messages.push({ ...submission, results });
  }
  return rows;
}
