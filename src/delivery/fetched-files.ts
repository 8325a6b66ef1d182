import { FILE_FETCHING } from '#core/dossier/settle';
import { fileReference } from '#core/identifiers/file-reference';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Outgoing } from '../kit/sender.ts';
import { loadFetched } from '../ledger/file-fetches.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';

type ById = readonly (readonly [number, Outgoing])[];
type Named = { readonly url?: string; readonly file?: string };

/**
 * The same content, with the references of files that the hub has fetched from their addresses. `FILE_FETCHING` for a party that
 * gets the bytes of files, while the hub fetches one of them.
 */
export async function withFetchedFiles(
  { database, vault }: Pick<HubContext, 'database' | 'vault'>,
  { adapter, settings }: Party,
  outgoing: ById,
): Promise<readonly (readonly [number, Outgoing | typeof FILE_FETCHING])[]> {
  const hashes = new Map<string, readonly string[]>();
  for (const [, { dossier }] of outgoing)
    for (const { url, file } of namedIn(dossier))
      if (url !== undefined && file === undefined) hashes.set(url, vault.blind('file address', url));
  if (hashes.size === 0) return outgoing;
  const found = new Map((await loadFetched(database, [...hashes.values()].flat())).map((one) => [one.address, one]));
  if (found.size === 0) return outgoing;
  const fetchOf = ({ url, file }: Named) => {
    const known = file === undefined && url !== undefined ? (hashes.get(url) ?? []) : [];
    return known.flatMap((hash) => found.get(hash) ?? [])[0];
  };
  const filled = <One extends Named>(one: One): One => {
    const sha256 = fetchOf(one)?.sha256;
    return sha256 ? { ...one, file: fileReference(sha256) } : one;
  };
  const waits = adapter.sendsFiles?.(settings) === true;
  return outgoing.map(([id, one]) => {
    if (waits && namedIn(one.dossier).some((named) => fetchOf(named)?.state === 'due')) return [id, FILE_FETCHING];
    const record = one.operation === 'dossier.upsert.v1' ? withFiles(one.record as Dossier, filled) : one.record;
    return [id, { ...one, record, dossier: one.dossier && withFiles(one.dossier, filled) } as Outgoing];
  });
}

function namedIn({ documents = [], results = [] }: Partial<Dossier> = {}): readonly Named[] {
  return [...documents, ...results];
}

/** The order of members stays, so that equal content is equal JSON. */
function withFiles(dossier: Dossier, filled: <One extends Named>(one: One) => One): Dossier {
  const { documents, results } = dossier;
  const given = { ...dossier };
  if (documents) given.documents = documents.map(filled);
  if (results) given.results = results.map(filled);
  return given;
}
