/** The kinds of record in the catalogue. */
export type EntryKind = 'service' | 'agency' | 'field';

/**
 * The lines of a copy's file: first the lines of a snapshot, unchanged (see /api/v1/snapshot of the hub), then later
 * changes in the same form. After each part a mark says up to which cursor the file is complete.
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
  /** What the hub told up to this cursor is before this line. */
  readonly cursor: string;
  /** When the hub last said that this was all. */
  readonly heardAt: string;
  /** From when on the hub is asked what changed in its catalogue. */
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

/** What a line is; undefined where it is none of a copy's. */
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
 * The codes in a dossier's line. A million lines are looked at when a copy starts: where a dossier has but its own code,
 * as nearly all have, the line is not parsed (a sixth of the time).
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
