import { jsonObject, type Reply, say, textOrWordsOf, unavailable } from '#kit';
import { call, described, type Failure, type IGate } from './client.ts';
import { idIn, isRow, type Row } from './shapes.ts';

/**
 * What the list of a host may lack: the detail of each dossier, by its id. A dossier that iGate lists and does not find is
 * read from the list alone.
 */
export async function fetchDetails(
  igate: IGate,
  rows: readonly Row[],
): Promise<{ readonly details?: Readonly<Record<string, Row>> } | Failure> {
  if (!igate.settings.details) return {};
  const details: Record<string, Row> = {};
  for (const id of idsOf(rows)) {
    const reply = await call(igate, { path: `pa/dossier/${encodeURIComponent(id)}/--online` });
    if (reply.kind === 'reply' && reply.status === 404) continue;
    const detail = reply.kind === 'reply' && reply.status < 300 ? jsonObject(reply.body) : undefined;
    if (idIn(detail) !== id) return failed(igate, 'no-detail', reply);
    details[id] = detail as Row;
  }
  return { details };
}

/** The fees of all rows, by one call. */
export async function fetchFees(
  igate: IGate,
  rows: readonly Row[],
): Promise<{ readonly fees?: readonly Row[] } | Failure> {
  const ids = idsOf(rows);
  if (!igate.settings.fees || ids.length === 0) return {};
  const query = { 'dossier-ids': ids.join(','), required: '' };
  const reply = await call(igate, { path: 'pa/dossier-fee/--by-dossiers', query });
  const fees = reply.kind === 'reply' && reply.status < 300 ? listIn(reply) : undefined;
  return fees ? { fees } : failed(igate, 'no-fees', reply);
}

function idsOf(rows: readonly Row[]): readonly string[] {
  return rows.flatMap((row) => idIn(row) ?? []);
}

function listIn({ body }: Reply): readonly Row[] | undefined {
  try {
    const list: unknown = JSON.parse(body.toString().replace(/^\uFEFF/, ''));
    return Array.isArray(list) && list.every(isRow) ? list : undefined;
  } catch {
    return undefined;
  }
}

function failed(igate: IGate, reason: string, reply: Reply | Failure): Failure {
  const why = reply.kind === 'reply' ? described(igate, reply) : textOrWordsOf(reply);
  return unavailable(reason, say('at-detail', { why }), reply.kind === 'unavailable' ? reply.retryAfterMs : undefined);
}
