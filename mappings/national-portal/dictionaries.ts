import type { Item } from '#core/dossier/item';
import type { Agency } from '#schemas/agency.upsert.v1';
import type { Field } from '#schemas/field.upsert.v1';
import type { Service } from '#schemas/service.upsert.v1';
import { CODES, type Codes } from './codes.ts';
import { AGENCY, FIELD } from './fields.ts';
import { finishReading, notAnObject } from './finish.ts';
import { readFields } from './reading.ts';
import { startReading } from './reading-notes.ts';
import { isAbsent, isObject } from './values.ts';
import { type WireObject, writeFields } from './writing.ts';

/**
 * Reads an entry of `LayDanhMucCoQuan`. A listed agency is in force. The caller handles those that vanish from the
 * list.
 */
export function readAgency(raw: unknown, { codes = CODES }: { readonly codes?: Codes } = {}): Item {
  if (!isObject(raw)) return notAnObject(raw, 'agency');
  const reading = startReading(codes);
  return finishReading(reading, 'agency.upsert.v1', { ...readFields(reading, AGENCY, raw, '', ''), inForce: true });
}

export function writeAgency(agency: Agency): WireObject {
  return writeFields(CODES, AGENCY, agency);
}

/** Reads an entry of `LayDanhMucLinhVuc`. */
export function readField(raw: unknown): Item {
  if (!isObject(raw)) return notAnObject(raw, 'field');
  const reading = startReading(CODES);
  return finishReading(reading, 'field.upsert.v1', { ...readFields(reading, FIELD, raw, '', ''), inForce: true });
}

export function writeField(field: Field): WireObject {
  return writeFields(CODES, FIELD, field);
}

/** The procedure code of an entry of `LayDanhSachTTHC`, in either spelling of the field. Undefined without one. */
export function readListedCode(raw: unknown): string | undefined {
  if (!isObject(raw)) return undefined;
  const code = isAbsent(raw.MATTHC) ? raw.MaTTHC : raw.MATTHC;
  return typeof code === 'string' && code.trim() !== '' ? code.trim() : undefined;
}

/** Writes an entry of `LayDanhSachTTHC`. */
export function writeListed(service: Pick<Service, 'code' | 'name'>): WireObject {
  return { MATTHC: service.code, TENTTHC: service.name };
}
