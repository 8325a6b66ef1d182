import {
  delivered,
  nothingToSend,
  type Outcome,
  type Outgoing,
  parseLocal,
  quotedText,
  refused,
  say,
  serviceKey,
  textOf,
  unavailable,
  unmapped,
} from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { type CivilStatus, call, type Failure } from './client.ts';
import { namesOf, poll, type Row } from './poll.ts';
import { reasonsIn } from './reasons.ts';
import { registrationOf } from './registration.ts';
import { MODULES_ENTERED, type Module, moduleOf, statusOf, urlOf } from './settings.ts';
import { verdictOf } from './verdict.ts';

type DossierItem = Outgoing<'dossier.upsert.v1'>;

/** Statuses in which no work on the dossier is left. */
export const OVER: ReadonlySet<Dossier['status']> = new Set<Dossier['status']>([
  'refused',
  'withdrawn',
  'stopped',
  'resolved',
  'returned',
]);

/**
 * Registers a dossier with the ministry once. The ministry takes the first received version and nothing later. A
 * look-up comes first, because a second registration would create a second dossier.
 */
export async function register(connection: CivilStatus, item: DossierItem): Promise<Outcome> {
  const { record, known, doubt } = item;
  const entry = moduleOf(connection, record.serviceCode);
  if (!entry) return unmapped(MODULES_ENTERED, serviceKey(record.serviceCode));
  if (!record.receivedAt) return nothingToSend(say('ministry-takes-received'));
  if (known || doubt) {
    const found = await lookUp(connection, entry, item);
    if ('kind' in found) return found;
    if ('row' in found) return laterVersion(connection, record, found.row);
    const outcome = known && !found.isNotTaken ? notShown(connection, item) : undefined;
    if (outcome) return outcome;
  }
  if (OVER.has(record.status)) return nothingToSend(say('ended-unregistered'));
  const url = urlOf(connection.settings, entry.call);
  const body = registrationOf(connection.settings, entry, item, record.receivedAt);
  const reply = await call(connection, url, body, { idempotent: false, dossier: record });
  if (reply.kind !== 'reply') return reply;
  return verdictOf(connection.settings, reply, record, connection.now());
}

/** The ministry's row of a dossier, whether it could not take the dossier, or why the look-up failed. */
async function lookUp(
  connection: CivilStatus,
  { module }: Module,
  { code, record }: DossierItem,
): Promise<{ readonly row: Row } | { readonly isNotTaken: boolean } | Failure> {
  const polled = await poll(connection, module, [code], record);
  if (polled.kind === 'declined')
    return unavailable('no-results', say('at-results', { why: quotedText(polled.message) }));
  if (polled.kind !== 'rows') return polled;
  const row = polled.rows.find(
    (one) => namesOf(one).includes(code) || (namesOf(one).length === 0 && polled.rows.length === 1),
  );
  if (!row && polled.rows.length > 0)
    return unavailable('no-results', say('at-results', { why: say('answer-is', { what: say('about-others') }) }));
  if (row && textOf(row.trangThai) !== undefined) return { row };
  return { isNotTaken: reasonsIn(row?.errors).length > 0 };
}

/** The ministry takes registrations in later than it answers them. */
const TAKEN_IN_MS = 86_400_000;

/**
 * A registered dossier that the ministry does not show. Within a day of its receipt it may come. Later a person must look: only
 * after an order to send it again, which is in doubt, is it registered again. Undefined then.
 */
function notShown({ now }: CivilStatus, { record, doubt }: DossierItem): Outcome | undefined {
  if (isGivenUp(record)) return refused('given-up', say('withdrawal-by-hand', { status: record.status }));
  const isNew = now() - Date.parse(record.receivedAt ?? record.statusAt) < TAKEN_IN_MS;
  if (isNew || OVER.has(record.status)) return delivered('already-registered');
  if (doubt) return undefined;
  return refused('not-there', say('ministry-lacks-dossier', { why: say('no-reason-given') }));
}

/**
 * The ministry takes nothing from later versions. Two changes must be carried over by hand, and are refused for that.
 */
function laterVersion(connection: CivilStatus, record: Dossier, row: Row): Outcome {
  const atMinistry = statusOf(connection, textOf(row.trangThai) as string)?.status;
  if (atMinistry === 'supplement-required' && isAnswered(record, row))
    return refused('supplement', say('supplement-by-hand'));
  if (isGivenUp(record) && !(atMinistry && OVER.has(atMinistry)))
    return refused('given-up', say('withdrawal-by-hand', { status: record.status }));
  return delivered('already-registered');
}

function isGivenUp({ status }: Dossier): boolean {
  return status === 'withdrawn' || status === 'stopped';
}

function isAnswered({ supplements = [] }: Dossier, row: Row): boolean {
  const asked = parseLocal('dd/MM/yyyy HH:mm:ss', textOf(row.thoiGianThucHien) ?? '');
  return supplements.some(({ receivedAt }) => receivedAt && !('instant' in asked && receivedAt <= asked.instant));
}
