import { jsonObject, partnerText, retryAfterMs, say, textOf, textOrWordsOf, unavailable } from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { type CivilStatus, call, described, type Failure, secretsOf } from './client.ts';
import { complaintOf, reasonsIn } from './reasons.ts';
import { urlOf } from './settings.ts';

/** One row of the ministry's answer, about one dossier. */
export type Row = Readonly<Record<string, unknown>>;

export type Polled =
  /** `text` is the unchanged reply. */
  | { readonly kind: 'rows'; readonly request: object; readonly rows: readonly Row[]; readonly text: string }
  /** The ministry replied, but declined this question. */
  | { readonly kind: 'declined'; readonly request: object; readonly text: string; readonly message: string }
  | Failure;

const NOT_FOUND = '201';
/** The ministry replied, but not to the question. */
export const NO_RESULTS = 'no-results';
/** Far more than one page of dossiers can have, because each row is examined. */
const MOST_ROWS = 10_000;

/** Asks the ministry about dossiers of one module. The question changes nothing, so every failure is `unavailable`. */
export async function poll(
  connection: CivilStatus,
  module: string,
  codes: readonly string[],
  dossier?: Dossier,
): Promise<Polled> {
  const { settings, now } = connection;
  const request = { maDinhDanhHoSo: codes, maTinh: settings.maTinh, module };
  const reply = await call(connection, urlOf(settings, 'results'), request, { idempotent: true, dossier });
  if (reply.kind === 'unavailable') return reply;
  if (reply.kind !== 'reply') return unavailable(reply.reason, say('at-results', { why: textOrWordsOf(reply) }));
  const answer = jsonObject(reply.body);
  const status = reply.status < 300 ? textOf(answer?.status) : undefined;
  const text = reply.body.toString();
  // An empty list is often written as null.
  const rows = answer?.value === null ? [] : answer?.value;
  if (status === '1' && isRows(rows) && rows.length > MOST_ROWS)
    return unavailable(
      NO_RESULTS,
      say('at-results', { why: say('too-many-rows', { count: codes.length, rows: rows.length }) }),
    );
  if (status === '1' && isRows(rows)) return { kind: 'rows', request, rows, text };
  const reasons = reasonsIn(answer?.errorDescription, answer?.errors, answer?.statusDescription);
  const complaints = reasons.map(complaintOf);
  // Here too, complaints about the content arrive as a server error. A retry would not help.
  if (status !== '0' && !complaints.includes('of-content'))
    return unavailable(
      NO_RESULTS,
      say('at-results', { why: described(settings, reply, dossier) }),
      retryAfterMs(reply.headers, now()),
    );
  if (status === '0' && textOf(answer?.errorCode) === NOT_FOUND) return { kind: 'rows', request, rows: [], text };
  const message = partnerText(reasons.join('; '), dossier, secretsOf(settings));
  if (complaints.includes('of-access'))
    return unavailable('credentials', say('ministry-keeps-us-out-said', { said: message }));
  return { kind: 'declined', request, text, message };
}

/** The codes by which a row names its dossier. */
export function namesOf(row: Row): readonly string[] {
  return [row.maHoSo, row.maHoSoMCDT, row.maHoSoLT].flatMap((name) => textOf(name) ?? []);
}

function isRows(value: unknown): value is readonly Row[] {
  return Array.isArray(value) && value.every((row) => typeof row === 'object' && row !== null && !Array.isArray(row));
}
