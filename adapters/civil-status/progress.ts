import {
  type CodesOf,
  type InvalidItem,
  type Item,
  inEnglish,
  jsonObject,
  type Problem,
  parseLocal,
  quotedText,
  readItem,
  received,
  say,
  textOf,
  unmappedCause,
  type WaitingItem,
  type Words,
} from '#kit';
import type { Progress } from '#schemas/dossier.progress.v1';
import { namesOf, type Row } from './poll.ts';
import { reasonsIn } from './reasons.ts';
import { descriptionsOf, type Settings, STATUSES_ENTERED, statusOf, type Tables } from './settings.ts';

/** A dossier of a question: our code, and the ministry's. */
export interface Asked {
  readonly code: string;
  readonly maHoSo: string;
}

/** Reads a stored answer of the ministry. Each row with a status is a step. Certificates are ignored. */
export function readResults(body: Uint8Array, settings: Settings, codes: CodesOf): readonly Item[] {
  const kept = jsonObject(body) as { asked?: readonly Asked[]; reply?: Row } | undefined;
  if (!kept?.asked || !kept.reply) return [invalid(undefined, '', say('not-as-kept'))];
  const { asked, reply } = kept;
  const rows = Array.isArray(reply.value) ? (reply.value as Row[]) : [];
  if (textOf(reply.status) !== '1' && rows.length === 0)
    return asked.map(({ code }) => invalid(code, '', say('ministry-silent-about', { why: declined(reply) })));
  return rows.flatMap((row, at) => {
    const path = `/value/${at}`;
    const dossier = dossierOf(row, asked);
    return dossier
      ? stepOf({ settings, codes }, dossier.code, row, reply, path)
      : [invalid(undefined, path, NOT_ASKED)];
  });
}

const NOT_ASKED = say('row-of-no-dossier');

function dossierOf(row: Row, asked: readonly Asked[]): Asked | undefined {
  const names = namesOf(row);
  if (names.length === 0) return asked.length === 1 ? asked[0] : undefined;
  return asked.find(({ maHoSo }) => names.includes(maHoSo));
}

/**
 * More than any status code of the ministry has, and as much as a code table can hold. A longer text is cut and waits.
 */
const LONGEST_STATUS = 60;

/**
 * The step that a row describes, or nothing if the row has no status.
 *
 * @param reply the answer around the row, whose words stand in for words that the row lacks
 * @param path where the row is in the answer
 */
export function stepOf(tables: Tables, code: string, row: Row, reply: Row, path: string): readonly Item[] {
  const trangThai = textOf(row.trangThai)?.slice(0, LONGEST_STATUS);
  const complaints = reasonsIn(row.errors);
  if (trangThai === undefined)
    // Without a status the ministry has no such dossier yet, or could not take it.
    return complaints.length > 0 ? [invalid(code, `${path}/errors`, quotedText(complaints.join('; ')))] : [];
  const mapped = statusOf(tables, trangThai);
  if (!mapped) return [unmappedStatus(code, trangThai, `${path}/trangThai`)];
  const at = parseLocal('dd/MM/yyyy HH:mm:ss', textOf(row.thoiGianThucHien) ?? '');
  if (!('instant' in at)) return [invalid(code, `${path}/thoiGianThucHien`, 'error' in at ? at.error : say('absent'))];
  const [room, person] = [textOf(row.phongBanXuLy), textOf(row.nguoiXuLy)];
  const unit = room ?? textOf(row.coQuanXuLy);
  const actor = person ?? unit;
  if (!actor) return [invalid(code, `${path}/nguoiXuLy`, say('no-actor'))];
  const words = textOf(row.noiDungXuLy) ?? textOf(row.ghiChu) ?? (complaints.join('; ') || undefined);
  const content = words ?? mapped.description ?? textOf(reply.statusDescription);
  if (!content) return [invalid(code, `${path}/noiDungXuLy`, say('no-content'))];
  const { dueAt, warnings } = supplementTerm(row, path);
  const step = {
    code,
    at: at.instant,
    status: mapped.status,
    actor,
    title: textOf(row.chucDanh),
    unit,
    content,
    dueAt,
  };
  // The agency stands in for room and clerk, the status table for words. In a comparison with a complete step they
  // count as nothing.
  const standIns = [...(person ? [] : ['actor']), ...(unit && !room ? ['unit'] : []), ...(words ? [] : ['content'])];
  const item = readItem('dossier.progress.v1', step, false, standIns);
  return [item.kind === 'record' ? { ...item, warnings: [...item.warnings, ...warnings] } : item];
}

/** The words of a step whose status has no description in any table. */
export function numberAlone(trangThai: string): string {
  return `Trạng thái ${trangThai}`;
}

/** Whether a pushed step says more than its status. */
export function hasWords(settings: Settings, { content }: Pick<Progress, 'content'>): boolean {
  return !descriptionsOf(settings).has(content) && !/^Trạng thái \d+$/.test(content);
}

/** The applicant's deadline for the missing papers. A text that is no date becomes a warning and hides nothing else. */
function supplementTerm(row: Row, path: string): { readonly dueAt?: string; readonly warnings: readonly Problem[] } {
  const text = textOf(row.hanBoSungHoSo) ?? '';
  const [whole, day] = [parseLocal('dd/MM/yyyy HH:mm:ss', text), parseLocal('dd/MM/yyyy', text)];
  if ('instant' in whole) return { dueAt: whole.instant, warnings: [] };
  // A day without a time lasts until its end.
  if ('instant' in day) return { dueAt: day.instant.replace('T00:00:00', 'T23:59:59'), warnings: [] };
  return { warnings: 'error' in whole ? [{ path: `${path}/hanBoSungHoSo`, ...inEnglish(whole.error) }] : [] };
}

function unmappedStatus(code: string, trangThai: string, path: string): WaitingItem {
  const words = say('no-status-entry', { got: received(trangThai) });
  return {
    kind: 'waiting',
    operation: 'dossier.progress.v1',
    code,
    cause: unmappedCause(STATUSES_ENTERED, trangThai, words),
    problems: [{ path, ...inEnglish(words) }],
  };
}

function declined(reply: Row): Words {
  const reasons = reasonsIn(reply.errorDescription, reply.errors, reply.statusDescription);
  return reasons.length > 0 ? quotedText(reasons.join('; ')) : say('no-reason-given');
}

export function invalid(code: string | undefined, path: string, words: Words): InvalidItem {
  return { kind: 'invalid', problems: [{ path, ...inEnglish(words) }], code: code || undefined };
}
