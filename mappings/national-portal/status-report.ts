import { formatLocal } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import { problem } from '#core/problem';
import { nfc } from '#core/vietnamese/text';
import type { Progress } from '#schemas/dossier.progress.v1';
import { CODES, type Codes, codeOf } from './codes.ts';
import { STATUS_REPORT } from './fields.ts';
import { finishReading, missingStatus, notAnObject, requireTime } from './finish.ts';
import { readFields } from './reading.ts';
import { startReading } from './reading-notes.ts';
import { isAbsent, isObject, plainText } from './values.ts';
import type { WireObject } from './writing.ts';

/**
 * Reads `data` of `DongBoTrangThaiHoSo` as a step at its `NgayXuLy`. It names no officer, so the agency of the call stands for
 * one. Files (`TaiLieuXuLy`) have no place in a step, and the item says so.
 *
 * @param agency the code of the agency that reports
 */
export function readStatusReport(
  raw: unknown,
  { agency, codes = CODES }: { readonly agency: string; readonly codes?: Codes },
): Item {
  if (!isObject(raw)) return notAnObject(raw, 'status');
  const reading = startReading(codes);
  const given = isAbsent(raw.MaHoSo) ? { ...raw, MaHoSo: raw.MaHoSoDonVi } : raw;
  const record = readFields(reading, STATUS_REPORT, given, '', '');
  if (isAbsent(raw.TrangThai)) missingStatus(reading, '/TrangThai');
  requireTime(reading, record.at, '/NgayXuLy');
  if (Array.isArray(raw.TaiLieuXuLy) && raw.TaiLieuXuLy.length > 0)
    reading.warnings.push(problem('/TaiLieuXuLy', 'no-place-in-record', { list: ['dossier.progress.v1'] }));
  const standIns = ['actor', ...(record.content === undefined ? ['content'] : [])];
  const label = codes['reported-status'].labels.get(plainText(raw.TrangThai)?.trim() ?? '');
  const content = record.content ?? label ?? agency;
  const item = finishReading(reading, 'dossier.progress.v1', { ...record, actor: agency, content });
  return item.kind === 'record' ? { ...item, standIns } : item;
}

/** Writes a step as `data` of `DongBoTrangThaiHoSo`. An empty `TrangThai` means that no table has a code for the status. */
export function writeStatusReport(
  { at, status, content }: Progress,
  facts: {
    readonly code: string;
    readonly ownCode: string;
    readonly techId?: string | undefined;
    readonly codes?: Codes;
  },
): WireObject {
  const { code, ownCode, techId = '', codes = CODES } = facts;
  return {
    MaHoSo: code,
    MaHoSoDonVi: ownCode,
    TrangThai: codeOf(codes, 'reported-status', status) ?? '',
    MaDoiTuong: techId,
    NoiDung: nfc(content),
    NgayXuLy: formatLocal('yyyyMMddHHmmss', at),
    TaiLieuXuLy: [],
  };
}
