import type { Item } from '#core/item';
import type { Progress } from '#schemas/dossier.progress.v1';
import { CODES, type Codes } from './codes.ts';
import { PROGRESS } from './fields.ts';
import { finishReading, missingStatus, notAnObject } from './finish.ts';
import { readFields, startReading } from './reading.ts';
import { isAbsent, isObject } from './values.ts';
import { type WireObject, writeFields } from './writing.ts';

/** One item of `CapNhatTienDoHoSoMC` as a step of the hub, at the real time that it carries (`ThoiDiemXuLy`). */
export function readProgress(raw: unknown, { codes = CODES }: { readonly codes?: Codes } = {}): Item {
  if (!isObject(raw)) return notAnObject('step');
  const reading = startReading(codes);
  const record = readFields(reading, PROGRESS, raw, '', '');
  if (isAbsent(raw.TrangThai)) missingStatus(reading, '/TrangThai');
  return finishReading(reading, 'dossier.progress.v1', record);
}

/** A step as an item of `CapNhatTienDoHoSoMC`; `NguoiXuLy` is cut at 50 characters. */
export function writeProgress(
  step: Progress,
  { code, codes = CODES }: { readonly code: string; readonly codes?: Codes },
): WireObject {
  return writeFields(codes, PROGRESS, { ...step, code });
}

/** What makes a step the same step at the portal, which has no key for it. */
export function stepKey(step: Readonly<Record<string, unknown>>): string {
  return [step.ThoiDiemXuLy, step.TrangThai, step.NguoiXuLy].map((part) => String(part ?? '').trim()).join('|');
}
