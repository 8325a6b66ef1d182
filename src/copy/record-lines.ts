/** The kinds of record in the catalogue. */
export type EntryKind = 'service' | 'agency' | 'field';

/**
 * The lines of a copy's file: the unchanged lines of a snapshot, then later changes in the same form.
 *
 * See /api/v1/snapshot of the hub. After each part a mark names the cursor up to which the file is complete.
 */
export interface SnapshotHead {
  readonly kind: 'snapshot';
  readonly form: number;
  readonly province: { readonly code: string; readonly name: string } | null;
  readonly at: string;
  readonly cursor: string;
  readonly catalogue: boolean;
}

export interface SnapshotEnd {
  readonly kind: 'end';
  readonly dossiers: number;
  readonly services: number;
  readonly agencies: number;
  readonly fields: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly signed: string;
}

export interface Mark {
  /** The lines before this one cover everything up to this cursor. */
  readonly cursor: string;
  /** When the hub last confirmed that nothing is missing. */
  readonly heardAt: string;
  /** The start of the period for which the copy next requests catalogue changes. */
  readonly catalogueFrom: string;
}

export const FORM = 1;
export type RecordKind = 'dossier' | EntryKind;

/** @param json the record, as the hub shows it */
export function recordLine(kind: RecordKind, json: string): string {
  return `{"kind":"${kind}","record":${json}}`;
}

/** The record in such a line, byte for byte. */
export function recordIn(kind: RecordKind, line: Buffer): string {
  return line.toString('utf8', recordLine(kind, '').length - 1, line.length - 1);
}

export function goneLine(code: string): string {
  return JSON.stringify({ kind: 'gone', code });
}

const KIND = /^\{"kind":"([a-z]+)"[,}]/;

/** The kind of a line. Undefined when it is not a line of a copy. */
export function kindOf(line: Buffer): string | undefined {
  return KIND.exec(line.toString('latin1', 0, 24))?.[1];
}

export interface DossierCodes {
  readonly code: string;
  readonly aliases: readonly string[];
}

const CODE_FIRST = Buffer.from('{"kind":"dossier","record":{"code":"');
const ALIASES = Buffer.from('"aliases":[{');
const QUOTE = 0x22;

/**
 * The codes in a dossier's line.
 *
 * A copy reads a million lines when it starts. Nearly all dossiers have only their own code. Their lines are not
 * parsed, which takes a sixth of the time.
 */
export function codesIn(line: Buffer): DossierCodes {
  const isPlain = CODE_FIRST.compare(line, 0, CODE_FIRST.length) === 0 && !line.includes(ALIASES);
  if (isPlain) {
    const code = line.toString('utf8', CODE_FIRST.length, line.indexOf(QUOTE, CODE_FIRST.length));
    if (!code.includes('\\')) return { code, aliases: [] };
  }
  const { record } = JSON.parse(line.toString()) as {
    record: { code: string; aliases?: readonly { readonly code: string }[] };
  };
  return { code: record.code, aliases: (record.aliases ?? []).map(({ code }) => code) };
}
