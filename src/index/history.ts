import { asOf, counts, isOwn } from '#core/dossier/event';
import type { EventPlace } from '#core/dossier/event-order';
import { advance, fold } from '#core/dossier/fold';
import { type DossierView, type Folding, viewOf } from '#core/dossier/state';
import { BY_PROGRESS, progressOf } from '#core/dossier/status';
import { maskedStep } from '#core/masking/masked-record';
import type { Mentions } from '#core/masking/mentions';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { mapYielding, nextTurn } from '../concurrency/yielding.ts';
import type { Database } from '../database/pool.ts';
import { NIL_UUID } from '../database/uuid.ts';
import type { Vault } from '../secrets/vault.ts';
import { type EventsRow, loadEvents, type ReadEvent, read } from './events.ts';

export interface HistoryItem {
  readonly at: string;
  readonly status: string;
  readonly actor?: string;
  readonly title?: string;
  readonly unit?: string;
  readonly content?: string;
  readonly party: string;
  readonly messageId: string;
  readonly receivedAt: string;
  readonly movedStatus: boolean;
  /** A claim of a party that does not own the dossier, without effect. Absent otherwise. */
  readonly claim?: true;
}

export interface HistoryPage {
  readonly items: readonly HistoryItem[];
  /** The position of the last entry, if more follow. */
  readonly last?: EventPlace | undefined;
}

/** Content that one page reads. A step has some hundred bytes, a complete record may have a megabyte. */
export const PAGE_BYTES = 4 * 1024 * 1024;
/** Events that are folded at a time. Of steps only the columns are read. */
const FOLDED_AT_ONCE = 4_000;

/**
 * `inEventOrder` of core/dossier/event-order.ts. A message's id and an event's position in it are never absent here.
 */
const RANK = `CASE WHEN inferred THEN 0 ELSE array_position(ARRAY[${BY_PROGRESS.map((one) => `'${one}'`).join()}], status) - 1 END`;
export const PLACE = `at, inferred, ${RANK}, message_id, item, seq`;

/**
 * `isOwn` or `counts` of core/dossier/event.ts: the event is no mere claim.
 *
 * @param owner SQL of the owner of the dossier
 */
export function isNoClaim(owner: string): string {
  return `(shared IS NULL OR party = ${owner}
    OR (at <= recorded_at + interval '1 day'
        AND CASE kind WHEN 'dossier' THEN shared <> '' ELSE 'status' = ANY (string_to_array(shared, ' ')) END))`;
}

/** @param isRead SQL condition for the events whose content is read */
function following(isRead: string): string {
  return `
    SELECT code, seq, recorded_at, received_at, kind, at, status, party, authoritative, inferred, moved_status, hash,
      message_id, item, CASE WHEN ${isRead} THEN record END AS record, record_key, owner, shared, corrected_by, looked
    FROM (
      SELECT *, count(*) OVER ()::int4 AS looked,
        sum(CASE WHEN ${isRead} THEN octet_length(record) ELSE 0 END) OVER (ORDER BY ${PLACE}) AS bytes
      FROM (SELECT * FROM events
            WHERE code = $1 AND seq <= $2 AND ($10 OR corrected_by IS NULL)
              AND ($4::timestamptz IS NULL OR (${PLACE}) > ($4, $5::bool, $6::int4, $7::uuid, $8::int4, $9::int4))
            ORDER BY ${PLACE} LIMIT $3) found) summed
    WHERE bytes <= ${PAGE_BYTES} OR bytes = octet_length(record)
    ORDER BY ${PLACE}`;
}

const WITH_STEPS = following('true');
const WITHOUT_STEPS = following(`kind = 'dossier'`);

interface Asked {
  readonly code: string;
  /** Later events are ignored. */
  readonly upTo: number;
  readonly limit: number;
  readonly after: EventPlace | undefined;
}

interface Page {
  readonly events: readonly ReadEvent[];
  /** Whether more events follow. */
  readonly isCut: boolean;
}

const ALL = 2 ** 31 - 1;

async function pageAfter(
  { pool }: Database,
  vault: Vault,
  { code, upTo, limit, after }: Asked,
  withSteps: boolean,
): Promise<Page> {
  const place = after && [
    after.at,
    after.inferred,
    after.inferred ? 0 : progressOf(after.status),
    after.messageId ?? NIL_UUID,
    after.item ?? 0,
    after.seq,
  ];
  const { rows } = await pool.query<EventsRow & { looked: number }>({
    name: withSteps ? 'history page' : 'history to fold',
    text: withSteps ? WITH_STEPS : WITHOUT_STEPS,
    // Readers see no misreadings. A fold to an earlier event needs those of its time.
    values: [code, upTo, limit + 1, ...(place ?? Array(6).fill(null)), !withSteps],
  });
  const isCut = rows.length < (rows[0]?.looked ?? 0) || rows.length > limit;
  const events = await mapYielding(rows.slice(0, limit), (row) => read(row, vault));
  return { events, isCut };
}

/**
 * A page of events in event order, as large as memory allows.
 *
 * @param maskOf the mask of all applicants so far; called after the events were read, so that it knows everybody in
 *   them; absent to show personal data in full
 */
export async function readHistoryPage(
  database: Database,
  vault: Vault,
  asked: Omit<Asked, 'upTo'>,
  maskOf: (() => Promise<Mentions>) | undefined,
): Promise<HistoryPage> {
  const { events, isCut } = await pageAfter(database, vault, { ...asked, upTo: ALL }, true);
  const mask = await maskOf?.();
  const owner = await ownerOf(database, asked.code);
  const items = await mapYielding(events, (event) => itemOf(event, owner, mask));
  const last = events.at(-1);
  return { items, last: isCut ? last : undefined };
}

async function ownerOf({ query }: Database, code: string): Promise<string | undefined> {
  return (await query.selectFrom('dossiers').select('owner').where('code', '=', code).executeTakeFirst())?.owner;
}

function itemOf(event: ReadEvent, owner: string | undefined, people: Mentions | undefined): HistoryItem {
  const { actor, title, unit, content, processingUnit, note } = event.said as Record<string, string | undefined>;
  const said = event.kind === 'progress' ? { actor, title, unit, content } : { unit: processingUnit, content: note };
  return {
    at: event.at,
    status: event.status,
    ...(people ? maskedStep(said, people) : said),
    party: event.party,
    messageId: event.messageId,
    receivedAt: event.receivedAt,
    movedStatus: event.movedStatus,
    claim: (owner !== undefined && !isOwn(event, owner) && !counts(event, owner)) || undefined,
  } as HistoryItem;
}

export interface FoldedEvents {
  readonly view: DossierView;
  /** The effective event that was recorded last. */
  readonly newest: ReadEvent;
  /** The latest time of the effective events. */
  readonly eventAt: string;
}

/** Folds the events of a dossier up to the one with this number, in parts. */
export async function foldUpTo(
  database: Database,
  vault: Vault,
  { code, upTo, owner }: { readonly code: string; readonly upTo: number; readonly owner: string },
): Promise<FoldedEvents | undefined> {
  const seen: { view?: Folding | undefined; before?: ReadEvent; newest?: ReadEvent; last?: ReadEvent } = {};
  let eventAt = '';
  let place: ReadEvent | undefined;
  for (let isCut = true; isCut; ) {
    const page = await pageAfter(database, vault, { code, upTo, limit: FOLDED_AT_ONCE, after: place }, false);
    await mapYielding(page.events, (one) => {
      const event = asOf(one, upTo);
      if (!seen.last || event.seq > seen.last.seq) seen.last = event;
      if (!counts(event, owner)) return;
      seen.view = advance(seen.view, event, owner, seen.before).view;
      seen.before = event;
      if (!seen.newest || event.seq > seen.newest.seq) seen.newest = event;
      if (event.at > eventAt) eventAt = event.at;
    });
    place = page.events.at(-1);
    isCut = page.isCut;
  }
  const view = seen.view ? viewOf(seen.view) : await foldWithoutPast(database, vault, code, upTo, owner);
  const newest = seen.newest ?? seen.last;
  return view && newest && { view, newest, eventAt: eventAt || newest.at };
}

/** For a dossier whose owner's records are all far ahead. It has few events. */
async function foldWithoutPast(
  { pool }: Database,
  vault: Vault,
  code: string,
  upTo: number,
  owner: string,
): Promise<DossierView | undefined> {
  const events = (await loadEvents(pool, vault, [code], '1970-01-01')).get(code) ?? [];
  return fold(
    events.filter(({ seq }) => seq <= upTo).map((event) => asOf(event, upTo)),
    owner,
  );
}

/** Items of a list that are masked before other requests run. */
const MASKED_AT_ONCE = 25;
const LISTS = ['documents', 'supplements', 'results', 'fees'] as const;

/**
 * Masks a record in parts, with other requests in between, because it may have thousands of texts.
 *
 * @param mask masks one part
 */
export async function maskYielding(record: Dossier, mask: (part: Dossier) => Dossier): Promise<Dossier> {
  const { documents, supplements, results, fees, ...rest } = record;
  const masked: Record<string, unknown> = { ...mask(rest) };
  for (const name of LISTS) {
    const list = record[name];
    if (!list) continue;
    const shown: unknown[] = [];
    for (let at = 0; at < list.length; at += MASKED_AT_ONCE) {
      const { code, serviceCode, agencyCode, status, statusAt } = record;
      const some = list.slice(at, at + MASKED_AT_ONCE);
      const part = mask({ code, serviceCode, agencyCode, status, statusAt, [name]: some } as Dossier);
      shown.push(...((part[name] as unknown[] | undefined) ?? []));
      await nextTurn();
    }
    masked[name] = shown;
  }
  // In the order of the record.
  return Object.fromEntries(Object.keys(record).map((name) => [name, masked[name]])) as Dossier;
}
