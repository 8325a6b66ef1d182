import { instantToMs } from '#core/dates';
import { counts, fold } from '#core/dossier';
import { maskedDossier } from '#core/masked-record';
import { createMentions } from '#core/mentions';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../vault.ts';
import { type LoadedEvent, loadEvents } from './events.ts';

/** What the index said of a dossier at a moment of the past. */
export type AsOf =
  | {
      readonly kind: 'found';
      /** As readers see a dossier, with `freshness` as it was, and `asOf`: since when the index said so, and until when. */
      readonly dossier: Dossier & { readonly freshness: object; readonly asOf: object };
    }
  /** It was first recorded later: then. */
  | { readonly kind: 'later'; readonly recordedAt: string }
  /** Its history of that time is not kept any more: it begins then. */
  | { readonly kind: 'dropped'; readonly keptSince: string | undefined };

/**
 * Tell what the index said of a dossier: what had been recorded until then is folded, as it was then. An event counts from
 * the moment at which it was recorded, whatever time it tells of.
 *
 * @param code its own code
 * @param at an instant
 * @param personal whether personal data are shown in full; otherwise all who were ever told of as its applicant are masked
 */
export async function readAsOf(
  database: Database,
  vault: Vault,
  { code, at, personal }: { readonly code: string; readonly at: string; readonly personal: boolean },
): Promise<AsOf> {
  const events = (await loadEvents(database.pool, vault, [code], '1970-01-01')).get(code) ?? [];
  const [first] = events;
  if (first?.seq !== 1) return { kind: 'dropped', keptSince: first?.recordedAt };
  const atMs = instantToMs(at);
  // By the place of the newest, not by each one's own time: a clock that was set back hides nothing that was recorded before.
  const count = events.findLastIndex((event) => instantToMs(event.recordedAt) <= atMs) + 1;
  const told = events.slice(0, count);
  const owner = ownerThen(told);
  const view = fold(told, owner);
  const counted = told.filter((event) => counts(event, owner));
  const last = counted.at(-1) ?? told.at(-1);
  if (!view || !last) return { kind: 'later', recordedAt: first.recordedAt };
  const eventAt = counted.reduce((latest, event) => (event.at > latest ? event.at : latest), last.at);
  const freshness = { party: last.party, eventAt, receivedAt: last.receivedAt };
  const until = events[count]?.recordedAt;
  const asOf = { at, recordedAt: last.recordedAt, messageId: last.messageId, ...(until !== undefined && { until }) };
  const applicants = events.flatMap((event) => event.record?.applicant ?? []);
  const record = personal ? view.record : maskedDossier(view.record, createMentions(applicants));
  return { kind: 'found', dossier: { ...record, freshness, asOf } };
}

/** The party that owned the dossier after these events, in the order of recording. */
function ownerThen(events: readonly LoadedEvent[]): string {
  const told = events.findLast(({ owner }) => owner !== undefined)?.owner;
  return told ?? events.find(({ record }) => record)?.party ?? '';
}
