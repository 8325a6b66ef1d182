import { delivered, jsonObject, nothingToSend, type Outcome, type Outgoing, refused, say, textOf, unknown } from '#kit';
import type { Status } from '#schemas/dossier.upsert.v1';
import { call, described, type IGate } from './client.ts';
import { searchCode } from './search.ts';
import { statusOf } from './settings.ts';
import { idIn, type Row } from './shapes.ts';

const ENDED: ReadonlySet<Status> = new Set(['resolved', 'returned']);

/**
 * Ends a dossier at iGate that another party has resolved: the only change from outside whose call is publicly known. The
 * answer to it is not. So the proof is the dossier itself, read before and after.
 */
export async function endProcess(
  igate: IGate,
  { code, record, dossier }: Outgoing<'dossier.upsert.v1' | 'dossier.progress.v1'>,
): Promise<Outcome> {
  if (!ENDED.has(record.status)) return nothingToSend(say('igate-ends-only', { status: record.status }));
  const before = await searchCode(igate, code, dossier);
  if ('kind' in before) return before;
  const [row] = before;
  const id = idIn(row);
  if (row === undefined || id === undefined) return refused('unknown-there', say('igate-not-there', { code }));
  if (isEnded(igate, row)) return delivered(id);
  const body = [{ id, code: textOf(row.code) ?? code }];
  const reply = await call(igate, { method: 'PUT', path: 'pa/dossier/--force-end-process', body, about: dossier });
  if (reply.kind !== 'reply') return reply;
  const { status } = reply;
  if (status >= 400 && status < 500 && jsonObject(reply.body) !== undefined)
    return refused('refused', described(igate, reply, dossier));
  const after = await searchCode(igate, code, dossier);
  // A look-up that iGate asks to repeat later is no doubt: every attempt looks up first.
  if ('kind' in after) return after.retryAfterMs === undefined ? { ...after, kind: 'unknown' } : after;
  if (after.some((one) => isEnded(igate, one))) return delivered(id);
  return unknown('not-ended', say('igate-not-ended', { why: described(igate, reply, dossier) }));
}

function isEnded({ settings, codes }: IGate, row: Row): boolean {
  const found = statusOf(settings, codes, { dossier: idIn(row.dossierStatus), task: idIn(row.dossierTaskStatus) });
  return found !== undefined && 'status' in found && ENDED.has(found.status);
}
