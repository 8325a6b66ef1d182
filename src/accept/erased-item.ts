import { recordIn } from '#core/dossier/item';
import { ERASED_PROBLEM, type Erased, isAfterErasure, isRefusedAsErased } from '#core/erasure/erased';
import type { Person } from '#core/masking/mentions';
import { problem } from '#core/problem';
import type { Kinds } from '#core/records/kinds';
import { peopleIn } from '#core/records/mask-record';
import { hiddenBody } from '../ledger/hidden-body.ts';
import type { ItemResult, MessageRow } from '../ledger/messages.ts';
import type { Submission } from '../ledger/submission.ts';
import { type Place, settleWaiting } from './rows.ts';

/**
 * The result of an item about a dossier or a record whose personal data was erased: nothing is applied, so that neither a
 * repeat nor news brings the data back. Undefined for any other item.
 */
export function refusedAsErased(place: Place, code: string, erased: Erased | undefined): ItemResult | undefined {
  if (!isAfterErasure(erased, place.id)) return undefined;
  settleWaiting(place, 'erased');
  return {
    index: place.index,
    code,
    outcome: 'invalid',
    problems: [problem('/code', ERASED_PROBLEM, { at: erased.at })],
  };
}

/**
 * The stored form of a body with refused items of erased people. Nothing is stored, because the events have the other items.
 * If an item waits for an operator, the body is stored without those people, because a release reads it again.
 */
export async function emptiedBody(
  kinds: Kinds,
  { items, body, mediaType }: Submission,
  results: readonly ItemResult[],
): Promise<MessageRow['emptied']> {
  const refused = results.filter(isRefusedAsErased);
  if (refused.length === 0) return undefined;
  if (!body || !results.some(({ outcome }) => outcome === 'quarantined')) return { rest: undefined };
  const people = refused.flatMap(({ index }): readonly Person[] => {
    const item = items[index] && recordIn(items[index]);
    if (!item) return [];
    const kind = kinds.of(item.operation);
    return kind
      ? peopleIn(kind, item.record)
      : 'applicant' in item.record && item.record.applicant
        ? [item.record.applicant]
        : [];
  });
  return { rest: await hiddenBody(body, people, mediaType) };
}
