import {
  jsonObject,
  type Page,
  quotedText,
  type Reply,
  say,
  textOrWordsOf,
  unavailable,
  type Words,
  wordsText,
} from '#kit';
import { call, described, type Failure, type IGate } from './client.ts';
import { idIn, isRow, type Row } from './shapes.ts';

/** Rows with what was asked for beside them. */
export interface Fetched {
  readonly content: readonly Row[];
  readonly details?: Details['details'] | undefined;
  readonly fees?: readonly Row[];
  readonly lacking: NonNullable<Details['lacking']>;
}

/** The rows with their details and fees. */
export async function withParticulars(igate: IGate, rows: readonly Row[]): Promise<Fetched | Failure> {
  const found = await fetchDetails(igate, rows);
  if ('kind' in found) return found;
  const fees = await fetchFees(igate, rows);
  if ('kind' in fees) return fees;
  return { content: rows, details: found.details, ...fees, lacking: found.lacking ?? {} };
}

/** The rows as the hub stores them. */
export function bodyOf({ lacking, ...rest }: Fetched): Page['bodies'][number] {
  const reasons = Object.entries(lacking).map(([id, failure]) => [id, wordsText(wordsOfFailure(failure))] as const);
  const kept = reasons.length > 0 ? { ...rest, lacking: Object.fromEntries(reasons) } : rest;
  return { body: Buffer.from(JSON.stringify(kept)), mediaType: 'application/json' };
}

export function wordsOfFailure(failure: Failure): Words {
  const said = textOrWordsOf(failure);
  return typeof said === 'string' ? quotedText(said) : said;
}

interface Details {
  readonly details?: Readonly<Record<string, Row>>;
  /** Why iGate gave no detail, by the id of the dossier. */
  readonly lacking?: Readonly<Record<string, Failure>>;
}

/** After this number of failed details on a page without an answer, iGate gives no details at all. */
const MANY = 3;

/**
 * What the list of a host may lack: the detail of each dossier, by its id. A dossier that iGate lists and does not find is
 * read from the list alone. One whose detail fails does not delay the others.
 */
async function fetchDetails(igate: IGate, rows: readonly Row[]): Promise<Details | Failure> {
  if (!igate.settings.details) return {};
  const details: Record<string, Row> = {};
  const lacking: Record<string, Failure> = {};
  let [answered, silent] = [0, 0];
  for (const id of idsOf(rows)) {
    const reply = await call(igate, { path: `pa/dossier/${encodeURIComponent(id)}/--online` });
    const isNotThere = reply.kind === 'reply' && reply.status === 404;
    const detail = reply.kind === 'reply' && reply.status < 300 ? jsonObject(reply.body) : undefined;
    if (idIn(detail) === id) details[id] = detail as Row;
    if (isNotThere || idIn(detail) === id) {
      answered++;
      continue;
    }
    const failure = failed(igate, 'no-detail', reply);
    // Busy or away: the next one would fail too. A call without a reply may take a minute, so a second one is enough.
    const isAway = reply.kind === 'unavailable' && reply.reason !== 'credentials';
    if (isAway || (reply.kind !== 'reply' && ++silent > 1)) return failure;
    lacking[id] = failure;
  }
  const failures = Object.values(lacking);
  const [failure] = failures;
  return failure && answered === 0 && failures.length >= MANY ? failure : { details, lacking };
}

/** The fees of all rows, by one call. */
async function fetchFees(igate: IGate, rows: readonly Row[]): Promise<{ readonly fees?: readonly Row[] } | Failure> {
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
