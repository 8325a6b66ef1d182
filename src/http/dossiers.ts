import type { Context } from 'hono';
import { msToInstant } from '#core/dates/dates';
import type { EventPlace } from '#core/dossier/event-order';
import { auditSubject } from '#core/identifiers/audit-subject';
import { cleanCode } from '#core/identifiers/identifiers';
import { say, type Words } from '#messages/message';
import { received } from '#messages/received';
import { closed } from '#schemas/parts';
import type { Scope } from '../config/config.ts';
import type { OneDossier } from '../index/read.ts';
import type { AppContext } from './app-context.ts';
import { filterOf, ListQuery } from './dossier-filter.ts';
import { History, ServedDossier } from './dossier-replies.ts';
import { Cursor, Limit, Purpose, pageBy, pageOf, periodOf, text } from './lists.ts';
import { audited, auditRead, listSubject, type Reader, readerOf } from './personal-reader.ts';
import { Refusal, wrongParameter } from './problem.ts';
import { type AddRoute, conditional, conditionalList, pageInJson, queryReader } from './route.ts';

export type DossierReaderContext = Pick<AppContext, 'reads' | 'keys' | 'cursors' | 'audit' | 'pages' | 'nowMs'>;

const OneQuery = closed({
  at: text(
    'a moment that has come, as a time with a zone; a date means the end of that day in Vietnam, that of today now',
  ),
  why: Purpose,
});

/** Most histories fit on one page of the largest size, which is therefore the default. */
const HistoryQuery = closed({ why: Purpose, limit: Limit, cursor: Cursor });
const HISTORY_LIMIT = 200;

const PERSONAL =
  'With the scope index:personal, the reply shows the applicant in full, and the audit records the read with its `why`. ' +
  'Without it, texts about the applicant are masked, and documents and results have no `url`.';

const AMBIGUOUS = { description: 'Several dossiers have this code; the detail lists them' };

const READ: readonly Scope[] = ['index:read'];

/** The readers of dossiers for portal frontends. */
export function addDossierReaders(add: AddRoute, hub: DossierReaderContext): void {
  addList(add, hub);
  addOne(add, hub);
  addHistory(add, hub);
}

function addList(add: AddRoute, hub: DossierReaderContext): void {
  const { reads, keys, cursors, nowMs } = hub;
  const readQuery = queryReader(ListQuery);
  add(
    {
      method: 'get',
      path: '/api/v1/dossiers',
      tag: 'Dossiers',
      summary: 'Dossiers by filter, newest status first',
      description: PERSONAL,
      scopes: READ,
      conditional: true,
      freshness: 'many',
      query: ListQuery,
      replies: { 200: { description: 'A page', schema: pageOf(ServedDossier) } },
    },
    async (c) => {
      const reader = readerOf(c, keys);
      const query = readQuery(c);
      const filter = filterOf(query, nowMs());
      return hub.pages.hold(reader.keyId, async (hold) => {
        const { items, next } = await pageBy(cursors, {
          list: 'dossiers',
          limit: query.limit,
          cursor: query.cursor,
          load: (many, after?: readonly [statusAt: string, code: string]) =>
            reads.of(c).index.list(filter, many, after && { statusAt: after[0], code: after[1] }, reader.personal),
          placeOf: ({ statusAt, code }) => [statusAt, code] as const,
        });
        await auditRead(hub, reader, {
          action: 'dossier.list-personal',
          subject: listSubject('dossiers', '', query, items),
          why: query.why,
        });
        const json = items.map((one) => one.json);
        return conditionalList(c, pageInJson(json, next), {}, hold);
      });
    },
  );
}

function addOne(add: AddRoute, hub: DossierReaderContext): void {
  const readQuery = queryReader(OneQuery);
  add(
    {
      method: 'get',
      path: '/api/v1/dossiers/{code}',
      tag: 'Dossiers',
      summary: 'A dossier by any of its codes',
      description:
        `${PERSONAL} ` +
        'With `at`, the reply is the state that the index showed at that time. `asOf` says since ' +
        'when (recordedAt), by which message, and until when it did (absent while it still does).',
      scopes: READ,
      conditional: true,
      freshness: 'one',
      query: OneQuery,
      replies: {
        200: { description: 'The dossier', schema: ServedDossier },
        404: {
          description: 'No such dossier now or at that time, or its state of that time is no longer stored',
        },
        409: AMBIGUOUS,
      },
    },
    async (c) => {
      const reader = readerOf(c, hub.keys);
      const dossier = foundOf(await hub.reads.of(c).index.one(codeOf(c)), codeOf(c));
      // Most requests have no query, so this saves them the parsing.
      const { at, why } = c.req.url.includes('?') ? readQuery(c) : {};
      if (at !== undefined) return asOf(c, hub, reader, { code: dossier.code, at, why });
      if (reader.personal) return personal(c, hub, reader, dossier, why);
      return conditional(c, dossier.json);
    },
  );
}

function addHistory(add: AddRoute, hub: DossierReaderContext): void {
  const { keys, cursors } = hub;
  const readQuery = queryReader(HistoryQuery);
  add(
    {
      method: 'get',
      path: '/api/v1/dossiers/{code}/history',
      tag: 'Dossiers',
      summary: 'The history of a dossier in the order of event time, and the causes of its delays',
      description:
        `${PERSONAL} ` +
        'delays: seconds of working time, up to the last full minute. office: nothing else held the dossier up. ' +
        'The others count deliveries that had not arrived: queue (in the hub), partnerDown, partnerSlow, ' +
        'quarantine (waiting for an operator), wrongData (refused by a party or by the hub until corrected). ' +
        `Without a limit, a page has up to ${HISTORY_LIMIT} steps, or fewer when versions are large. Each page has the delays of the whole history.`,
      scopes: READ,
      conditional: true,
      freshness: 'one',
      query: HistoryQuery,
      replies: {
        200: { description: 'A page of the history', schema: History },
        404: { description: 'No such dossier' },
        409: AMBIGUOUS,
      },
    },
    async (c) => {
      const reader = readerOf(c, keys);
      const { index, delays: delayReader } = hub.reads.of(c);
      const code = codeOf(c);
      const { limit = HISTORY_LIMIT, cursor, why } = readQuery(c);
      const dossier = foundOf(await index.one(code), code);
      const list = `history ${dossier.code}`;
      const after = placeOf(cursors.read(list, cursor));
      return hub.pages.hold(reader.keyId, async (hold) => {
        const [{ items, last }, delays] = await audited(
          hub,
          reader,
          { action: 'dossier.history-personal', subject: auditSubject('dossier', dossier.code), why },
          () =>
            Promise.all([
              index.history(dossier.code, Number(limit), after, reader.personal),
              delayReader.of(JSON.parse(dossier.json)),
            ]),
        );
        const next = last ? cursors.write(list, placeIn(last)) : null;
        const tail = `],"next":${JSON.stringify(next)},"delays":${JSON.stringify(delays)}}`;
        return conditionalList(c, { head: '{"items":[', items, write: JSON.stringify, tail }, {}, hold);
      });
    },
  );
}

function placeOf(read: readonly (string | number)[] | undefined): EventPlace | undefined {
  if (!read) return undefined;
  const [at, inferred, status, seq, messageId, item = 0] = read as [
    ...[string, number, EventPlace['status'], number],
    ...[string?, number?],
  ];
  return { at, inferred: inferred === 1, status, seq, messageId, item: messageId === undefined ? undefined : item };
}

function placeIn({ at, inferred, status, seq, messageId, item = 0 }: EventPlace): readonly (string | number)[] {
  return [at, Number(inferred), status, seq, ...(messageId === undefined ? [] : [messageId, item])];
}

async function personal(
  c: Context,
  hub: DossierReaderContext,
  reader: Reader,
  served: { readonly code: string; readonly json: string },
  why: string | undefined,
): Promise<Response> {
  const read = { action: 'dossier.read-personal', subject: auditSubject('dossier', served.code), why };
  const whole = await audited(hub, reader, read, () => hub.reads.of(c).index.whole(served.code));
  const record = whole?.record;
  if (!record) throw notFound(served.code);
  const { freshness } = JSON.parse(served.json) as { freshness: unknown };
  return conditional(c, JSON.stringify({ ...record, freshness }));
}

/** @throws Refusal 404 when the index had no such dossier then, or its state is no longer stored */
async function asOf(
  c: Context,
  hub: DossierReaderContext,
  reader: Reader,
  asked: { readonly code: string; readonly at: string; readonly why: string | undefined },
): Promise<Response> {
  const { code } = asked;
  const at = momentOf(asked.at, hub.nowMs());
  const then = await hub.reads.of(c).index.asOf(code, at, reader.personal);
  if (then.kind === 'later')
    throw new Refusal('not-found', say('dossier-came-later', { got: code, at, since: then.recordedAt }));
  if (then.kind === 'dropped')
    throw new Refusal('not-found', say('state-not-kept', { got: code, at, why: whyDropped(at, then.keptSince) }));
  await auditRead(hub, reader, {
    action: 'dossier.read-personal',
    subject: auditSubject('dossier', code),
    why: asked.why,
  });
  return conditional(c, JSON.stringify(then.dossier));
}

function whyDropped(at: string, keptSince: string | undefined): Words {
  if (keptSince === undefined) return say('nothing-is-kept');
  return at < keptSince ? say('kept-since', { since: keptSince }) : say('begins-in-deleted');
}

/**
 * The time in a query. @throws Refusal 400 for a future or invalid time, because future states are
 * unknown
 */
function momentOf(asked: string, nowMs: number): string {
  const { to: at = '' } = periodOf({ to: asked }, { from: '', to: 'at' });
  const now = msToInstant(nowMs);
  if (at <= now) return at;
  if (asked === now.slice(0, 10)) return now;
  throw wrongParameter('at', 'unexpected', { got: received(asked), expected: say('no-future-moment') });
}

function codeOf(c: Context): string {
  return cleanCode(c.req.param('code') ?? '');
}

/** @throws Refusal 404 for an unknown code, 409 for a code of several dossiers */
export function foundOf(one: OneDossier, code: string) {
  if (one.kind === 'found') return one.dossier;
  if (one.kind === 'none') throw notFound(code);
  throw new Refusal('ambiguous', say('code-of-several', { got: code, list: one.codes }));
}

function notFound(code: string): Refusal {
  return new Refusal('not-found', say('there-is-no', { thing: 'dossier', got: received(code) }));
}
