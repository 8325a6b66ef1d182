import type { CodeTable } from '#core/identifiers/codes';
import type { Kinds } from '#core/records/kinds';
import { NATIONAL_TABLES } from '#mappings/national-portal/codes';
import type { HubFile } from '../../config/config.ts';
import type { OriginalReaders } from '../../index/originals.ts';
import type { CodeEntries } from '../../ledger/code-entries.ts';
import type { Readers } from '../../parties/read-again.ts';
import { originalItems, readKept as readNationalPortal } from './national-portal/items.ts';
import { readerOf, readKept as readRest } from './rest/request.ts';
import { loadSoap } from './soap/load.ts';

/** The code tables of the doors. They are the same for all senders. */
const DOOR_TABLES: readonly CodeTable[] = NATIONAL_TABLES;

type ReaderSettings = Pick<HubFile, 'province' | 'portalDialect'>;

/** The readers of stored bodies, by door. */
export function createReaders(
  kinds: Kinds,
  { province, portalDialect }: ReaderSettings,
  codes: Pick<CodeEntries, 'at'>,
): Readers {
  const facts = { province: province?.code, ratings: portalDialect?.ratings };
  return {
    rest: async ({ body, operation, mediaType }) => readRest(readerOf(kinds, operation), body, mediaType),
    soap: async ({ body, operation, mediaType }) => (await loadSoap()).readKept(body, operation, mediaType),
    // What a citizen sends is stored as the record that the hub made of it.
    public: async ({ body, operation }) => readRest(readerOf(kinds, operation), body, 'application/json'),
    // An officer's order is stored as the record that it makes.
    officer: async ({ body, operation }) => readRest(readerOf(kinds, operation), body, 'application/json'),
    // An imported file is stored as lines, whatever its format was.
    import: async ({ body, operation }) => readRest(readerOf(kinds, operation), body, 'application/x-ndjson'),
    'national-portal': async ({ body, operation, party, receivedAt }, atMs) =>
      readNationalPortal(body, operation, { party, receivedAt, ...facts, entered: codes.at(party, atMs) }),
  };
}

/** Previews of code entries need the doors' tables, and the same readers with other entries. */
export function codeReadings(kinds: Kinds, settings: ReaderSettings) {
  const readersWith = (codes: Pick<CodeEntries, 'at'>): Readers => createReaders(kinds, settings, codes);
  return { doorTables: DOOR_TABLES, readersWith };
}

/** Doors whose dialects partners speak too. Their items can be forwarded unchanged. */
export const ORIGINALS: OriginalReaders = { 'national-portal': originalItems };
