import { isAheadOfTime } from '#core/dossier/event';
import type { RecordItem, WaitingItem } from '#core/dossier/item';
import { type Problem, problem, whyAll } from '#core/problem';
import { isOfHub, type KindRecord } from '#core/records/kind';
import { say } from '#messages/message';
import { inEnglish } from '#messages/render';
import { recordUnknownKey } from '../ledger/quarantine.ts';
import type { Dossiers } from './dossiers.ts';
import { dossierOf, type NamedDossier, type RecordBook, type WorkingRecord } from './records.ts';
import type { Place } from './rows.ts';

/**
 * Why a record is not applied now; undefined if it is applied. The rules of dossiers hold:
 * - A report of an unknown record waits for that record.
 * - A moment far ahead waits until it has come.
 * - A record of a party that another party excludes waits for that party or for an operator.
 *
 * @param record the item's record with the known values in place of assumed ones
 */
export function whyRecordWaits(
  place: Place,
  working: WorkingRecord,
  { item, record }: { readonly item: RecordItem; readonly record: KindRecord },
  book: RecordBook,
  dossiers: Dossiers,
): WaitingItem | undefined {
  const { kind } = working;
  const { stateAt } = record;
  if (item.isReport && !working.held) return reportOfUnknown(working, item);
  if (isAheadOfTime(stateAt, place.sender.recordedAt)) {
    const problems = [problem('/stateAt', 'applied-at-its-time', { moment: stateAt })];
    return waiting(item, 'ahead-of-time', `ahead-of-time:${stateAt}`, problems);
  }
  if (!place.deps.enforcesRules || isOfHub(place.submission.party)) return undefined;
  const ofCode = ownedByAnother(place, working, record);
  // Released when the owner has sent the record.
  if (ofCode) return waiting(item, 'not-owner', recordUnknownKey(working.subject), [ofCode]);
  // All records of a kind that a party may not begin share a cause. Only an operator releases it, and so decides.
  if (place.submission.released?.causeKind === 'not-owner') return undefined;
  const ofDossier = foreignDossier(place, working, record, dossierOf(book, dossiers, record.dossierCode));
  return ofDossier && waiting(item, 'not-owner', `not-owner:${kind.name} of ${place.submission.party}`, [ofDossier]);
}

/** Released by itself when the record arrives. */
function reportOfUnknown({ kind, subject }: WorkingRecord, { operation, record: { code } }: RecordItem): WaitingItem {
  const words = inEnglish(say('record-unknown', { kind: kind.names.en[0], code }));
  const cause = { kind: 'record-unknown', key: recordUnknownKey(subject), ...words } as const;
  return { kind: 'waiting', operation, code, cause, problems: [{ path: '/code', ...words }] };
}

function waiting(
  { operation, record: { code } }: RecordItem,
  kind: 'ahead-of-time' | 'not-owner',
  key: string,
  problems: readonly Problem[],
): WaitingItem {
  return { kind: 'waiting', operation, code, cause: { kind, key, ...whyAll(problems) }, problems };
}

/** A new record whose code another party owns by the settings: only that party begins it. */
function ownedByAnother(
  { sender: { party, ownership } }: Place,
  { held }: WorkingRecord,
  { code, dossierCode }: KindRecord,
): Problem | undefined {
  // A rating may have the code of its dossier, whose owner is judged below.
  if (held || code === dossierCode) return undefined;
  const entitled = ownership?.entitled({ code });
  if (!entitled?.isConfigured || entitled.party === party) return undefined;
  return problem('/code', 'not-owner', { why: say('record-owner-has-not-sent', { code, party: entitled.party }) });
}

/** A record that its owner begins about a dossier, or moves to one, with which it has nothing to do. */
function foreignDossier(
  { sender: { party, ownership } }: Place,
  { kind, held }: WorkingRecord,
  { dossierCode }: KindRecord,
  dossier: NamedDossier | undefined,
): Problem | undefined {
  if (!ownership || dossierCode === undefined || !isNewlyNamed(held, party, dossierCode)) return undefined;
  const configured = ownership.entitled({ code: dossier?.code ?? dossierCode });
  const owner = dossier?.owner ?? (configured?.isConfigured ? configured.party : undefined);
  if (owner === undefined || owner === party) return undefined;
  if (ownership.mayBegin(party, kind.operation, owner, dossier ?? { code: dossierCode })) return undefined;
  return problem('/dossierCode', 'not-owner', { why: say('dossier-of-party', { party: owner }) });
}

function isNewlyNamed(held: WorkingRecord['held'], party: string, dossierCode: string): boolean {
  return held === undefined || (held.owner === party && held.view.dossierCode !== dossierCode);
}
