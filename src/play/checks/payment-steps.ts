import { msToInstant, parseLocal } from '#core/dates/dates';
import type { LedgerEntry } from '../../kit/testing/simulator/simulator.ts';
import type { Errand } from '../day/errand.ts';
import type { Book } from '../participants/participants.ts';
import type { HistoryEntry } from './expectation.ts';

/** Whose steps the payments of a dossier make. */
const ACTOR = 'Thanh toán trực tuyến';

/** The steps that the payments of errands make of their dossiers, by what the platform's own book says of them. */
export function stepsOfPayments(
  errands: readonly Errand[],
  platform: Book | undefined,
): ReadonlyMap<string, readonly HistoryEntry[]> {
  const paid = new Map(
    (platform?.entries ?? []).filter(({ kind }) => kind === 'paid').map((entry) => [entry.key, momentOf(entry)]),
  );
  return new Map(
    errands.map(({ dossierCode, reference, requestedAt }) => {
      const paidAt = paid.get(reference);
      const demand: HistoryEntry = { at: requestedAt, status: 'payment-required', actor: ACTOR, party: 'one-stop' };
      if (paidAt === undefined) return [dossierCode, [demand]];
      // Within the second of the demand, the payment counts a second later.
      const at = paidAt === requestedAt ? msToInstant(Date.parse(paidAt) + 1_000) : paidAt;
      return [dossierCode, [demand, { at, status: 'processing', actor: ACTOR, party: 'payment-platform' }]];
    }),
  );
}

function momentOf({ content }: LedgerEntry): string {
  const time = parseLocal('yyyyMMddHHmmss', (content as { readonly at: string }).at);
  return 'instant' in time ? time.instant : '';
}
