import type { Item } from '#core/dossier/item';
import type { Progress } from '#schemas/dossier.progress.v1';
import { CODES, type Codes } from './codes.ts';
import { PROGRESS } from './fields.ts';
import { finishReading, missingStatus, notAnObject, requireTime } from './finish.ts';
import { keepOriginal, type Original } from './keep-original.ts';
import { readFields } from './reading.ts';
import { startReading } from './reading-notes.ts';
import { isAbsent, isObject } from './values.ts';
import { type OnCut, type WireObject, writeFields } from './writing.ts';

/** Reads an item of `CapNhatTienDoHoSoMC` as a step, at its real time (`ThoiDiemXuLy`). */
export function readProgress(raw: unknown, { codes = CODES }: { readonly codes?: Codes } = {}): Item {
  if (!isObject(raw)) return notAnObject(raw, 'step');
  const reading = startReading(codes);
  const record = readFields(reading, PROGRESS, raw, '', '');
  if (isAbsent(raw.TrangThai)) missingStatus(reading, '/TrangThai');
  requireTime(reading, record.at, '/ThoiDiemXuLy');
  return finishReading(reading, 'dossier.progress.v1', record);
}

/**
 * Writes a step as an item of `CapNhatTienDoHoSoMC`. `NguoiXuLy` is cut at 50 characters. For a step that arrived in
 * this dialect, unchanged fields keep the sender's values.
 */
export function writeProgress(
  step: Progress,
  facts: {
    readonly code: string;
    readonly codes?: Codes;
    readonly original?: Original<Progress> | undefined;
    readonly onCut?: OnCut;
  },
): WireObject {
  const { code, codes = CODES, original, onCut } = facts;
  const written = writeFields(codes, PROGRESS, { ...step, code }, onCut);
  if (!original || !isObject(original.item)) return written;
  const alone = writeFields(codes, PROGRESS, original.record);
  return keepOriginal(codes, PROGRESS, { written, alone, raw: original.item });
}

/** Identifies a step at the portal, which has no key for steps. */
export function stepKey(step: Readonly<Record<string, unknown>>): string {
  return [step.ThoiDiemXuLy, step.TrangThai, step.NguoiXuLy].map((part) => String(part ?? '').trim()).join('|');
}
