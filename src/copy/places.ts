import { type CatalogueFacts, catalogueFacts } from '#core/catalogue/catalogue-facts';
import { catalogueKey } from '#core/identifiers/identifiers';
import { codesIn, type EntryKind, kindOf } from './record-lines.ts';

/** Where a record's line is in the file. */
export interface Place {
  readonly offset: number;
  readonly bytes: number;
}

export interface EntryPlace extends Place {
  readonly key: string;
  readonly facts: CatalogueFacts;
}

/** The place of each record in the file. The records themselves stay on the disk. */
export interface Places {
  /** Records a line that is in the file now. The newest line of a record counts. */
  take(line: Buffer, offset: number): void;
  dossier(code: string): Place | undefined;
  /** Dossiers that have, or had, this code as an alias. */
  dossiersKnownAs(alias: string): readonly string[];
  /** A record of another kind. */
  record(kind: string, code: string): Place | undefined;
  entry(kind: EntryKind, code: string): EntryPlace | undefined;
  /** In the order of their keys. */
  entries(kind: EntryKind): readonly EntryPlace[];
  /** Whether a line at this offset is the newest one of its record. */
  isNewest(line: Buffer, offset: number): boolean;
  readonly dossiers: number;
  /** The size of the newest lines. */
  readonly liveBytes: number;
}

const KINDS = ['service', 'agency', 'field'] as const satisfies readonly EntryKind[];

export function createPlaces(): Places {
  const dossiers = createDossierPlaces();
  const records = createDossierPlaces();
  const entries = new Map(KINDS.map((kind) => [kind, new Map<string, EntryPlace>()]));
  const sorted = new Map<EntryKind, readonly EntryPlace[]>();
  let entryBytes = 0;
  const entriesOf = (kind: EntryKind): Map<string, EntryPlace> => entries.get(kind) as Map<string, EntryPlace>;

  function takeEntry(kind: EntryKind, line: Buffer, offset: number): void {
    const { record } = JSON.parse(line.toString());
    const key = catalogueKey(kind, record.code);
    entryBytes += line.length - (entriesOf(kind).get(key)?.bytes ?? 0);
    entriesOf(kind).set(key, { key, offset, bytes: line.length, facts: catalogueFacts(record) });
    sorted.delete(kind);
  }

  function takeGone(line: Buffer): void {
    const { code, of } = JSON.parse(line.toString()) as { code: string; of?: string };
    if (of === undefined) dossiers.remove(code);
    else records.remove(`${of} ${code}`);
  }

  return {
    take(line, offset) {
      const kind = kindOf(line);
      if (kind === 'dossier') dossiers.set(codesIn(line), offset, line.length);
      else if (kind === 'gone') takeGone(line);
      else if (isEntryKind(kind)) takeEntry(kind, line, offset);
      else if (kind !== undefined && !HEADS.includes(kind))
        records.set({ code: recordName(kind, line), aliases: [] }, offset, line.length);
    },
    record: (kind, code) => records.get(`${kind} ${code}`),
    dossier: dossiers.get,
    dossiersKnownAs: dossiers.knownAs,
    entry: (kind, code) => entriesOf(kind).get(catalogueKey(kind, code)),
    entries(kind) {
      const known = sorted.get(kind) ?? [...entriesOf(kind).values()].sort((a, b) => (a.key < b.key ? -1 : 1));
      sorted.set(kind, known);
      return known;
    },
    isNewest(line, offset) {
      const kind = kindOf(line);
      if (kind === 'dossier') return dossiers.get(codesIn(line).code)?.offset === offset;
      if (kind === undefined || kind === 'gone' || HEADS.includes(kind)) return false;
      if (!isEntryKind(kind)) return records.get(recordName(kind, line))?.offset === offset;
      const { record } = JSON.parse(line.toString()) as { record: { code: string } };
      return entriesOf(kind).get(catalogueKey(kind, record.code))?.offset === offset;
    },
    get dossiers() {
      return dossiers.count();
    },
    get liveBytes() {
      return dossiers.bytes() + records.bytes() + entryBytes;
    },
  };
}

/** Lines that hold no record. */
const HEADS: readonly string[] = ['snapshot', 'end', 'mark'];

function recordName(kind: string, line: Buffer): string {
  return `${kind} ${(JSON.parse(line.toString()) as { record: { code: string } }).record.code}`;
}

function isEntryKind(kind: string | undefined): kind is EntryKind {
  return (KINDS as readonly (string | undefined)[]).includes(kind);
}

/** Objects would take five times the memory. The index stores a code and two numbers per dossier. */
function createDossierPlaces() {
  const slots = new Map<string, number>();
  const aliases = new Map<string, string | readonly string[]>();
  let offsets = new Float64Array(1_024);
  let sizes = new Uint32Array(1_024);
  let used = 0;
  let bytes = 0;

  function slotFor(code: string): number {
    const known = slots.get(code);
    if (known !== undefined) return known;
    if (used === offsets.length) {
      offsets = grown(offsets, new Float64Array(used * 2));
      sizes = grown(sizes, new Uint32Array(used * 2));
    }
    slots.set(code, used);
    return used++;
  }

  const knownAs = (alias: string): readonly string[] => {
    const known = aliases.get(alias);
    if (known === undefined) return [];
    return typeof known === 'string' ? [known] : known;
  };

  return {
    set(given: { readonly code: string; readonly aliases: readonly string[] }, offset: number, size: number): void {
      const slot = slotFor(given.code);
      bytes += size - (sizes[slot] as number);
      offsets[slot] = offset;
      sizes[slot] = size;
      for (const alias of given.aliases) {
        const known = knownAs(alias);
        if (!known.includes(given.code)) aliases.set(alias, known.length === 0 ? given.code : [...known, given.code]);
      }
    },
    remove(code: string): void {
      const slot = slots.get(code);
      if (slot === undefined) return;
      bytes -= sizes[slot] as number;
      sizes[slot] = 0;
      slots.delete(code);
    },
    get(code: string): Place | undefined {
      const slot = slots.get(code);
      return slot === undefined ? undefined : { offset: offsets[slot] as number, bytes: sizes[slot] as number };
    },
    knownAs,
    count: () => slots.size,
    bytes: () => bytes,
  };
}

function grown<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
