import { type Item, recordIn } from '#core/dossier/item';
import { isUnder } from '#core/identifiers/file-address';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { ItemResult } from '../ledger/messages.ts';
import type { Submission } from '../ledger/submission.ts';
import type { AcceptDeps } from './accept-deps.ts';
import type { Rows } from './rows.ts';

/** Adds the files that applied dossiers name by addresses from which the hub may fetch. Any other address is never called. */
export function noteFileAddresses(
  { vault, filesFrom }: Pick<AcceptDeps, 'vault' | 'filesFrom'>,
  { fileFetches }: Pick<Rows, 'fileFetches'>,
  { party, receivedAt, items }: Submission,
  results: readonly ItemResult[],
): void {
  const allowed = filesFrom(party);
  if (!allowed) return;
  for (const [index, item] of items.entries()) {
    const outcome = results[index]?.outcome;
    // A record that comes late may add documents.
    if (outcome !== 'accepted' && outcome !== 'stale') continue;
    const { code, urls } = addressesIn(item);
    for (const url of urls) {
      if (!isUnder(url, allowed)) continue;
      const [address] = vault.blind('file address', url);
      fileFetches.set(`${party} ${code} ${address}`, { party, code, address, url: vault.seal(url), at: receivedAt });
    }
  }
}

function addressesIn(item: Item): { readonly code: string; readonly urls: readonly string[] } {
  const found = recordIn(item);
  if (found?.operation !== 'dossier.upsert.v1') return { code: '', urls: [] };
  const { code, documents = [], results = [] } = found.record as Dossier;
  const urls = [...documents.filter(({ deleted }) => !deleted), ...results].flatMap(({ url, file }) =>
    url === undefined || file !== undefined ? [] : [url],
  );
  return { code, urls };
}
