import type { CodeTable } from '#core/identifiers/codes';
import { codesWith, NATIONAL_TABLES } from '#mappings/national-portal/codes';
import type { OriginalReaders } from '../../index/originals.ts';
import type { CodeEntries } from '../../ledger/code-entries.ts';
import type { Readers } from '../../parties/read-again.ts';
import { originalItems, readKept as readNationalPortal } from './national-portal/items.ts';
import { readKept as readRest } from './rest/items.ts';
import { loadSoap } from './soap/load.ts';

/** The code tables that doors read by, whoever the sender is. */
export const DOOR_TABLES: readonly CodeTable[] = NATIONAL_TABLES;

/** How the bodies that each door keeps are read again. */
export function createReaders(province: string | undefined, codes: Pick<CodeEntries, 'at'>): Readers {
  return {
    rest: async ({ body, operation, mediaType }) => readRest(body, operation, mediaType),
    soap: async ({ body, operation, mediaType }) => (await loadSoap()).readKept(body, operation, mediaType),
    // A file's items are kept as lines, whatever its format was.
    import: async ({ body, operation }) => readRest(body, operation, 'application/x-ndjson'),
    'national-portal': async ({ body, operation, party }, atMs) =>
      readNationalPortal(body, operation, province, codesWith(codes.at(party, atMs))),
  };
}

/** The same by other code tables. */
export function readersWith(province: string | undefined): (codes: Pick<CodeEntries, 'at'>) => Readers {
  return (codes) => createReaders(province, codes);
}

/** The doors of dialects that partners speak too: what came through them can go on as it came. */
export const ORIGINALS: OriginalReaders = { 'national-portal': originalItems };
