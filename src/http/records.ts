import Type from 'typebox';
import { msToInstant } from '#core/dates/dates';
import { auditSubject } from '#core/identifiers/audit-subject';
import { cleanCode } from '#core/identifiers/identifiers';
import { type Kind, subjectOf } from '#core/records/kind';
import { capitalised } from '#core/vietnamese/text';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { closed, Instant, oneOf } from '#schemas/parts';
import type { Scope } from '../config/config.ts';
import type { RecordFilter } from '../index/record-list.ts';
import type { AppContext } from './app-context.ts';
import { Cursor, Limit, Purpose, pageBy, pageOf, text, valuesOf } from './lists.ts';
import { auditRead, listSubject, readerOf } from './personal-reader.ts';
import { Refusal } from './problem.ts';
import { type AddRoute, conditional, conditionalList, pageInJson, queryReader } from './route.ts';

export type RecordReaderContext = Pick<
  AppContext,
  'reads' | 'kinds' | 'keys' | 'cursors' | 'audit' | 'pages' | 'nowMs'
>;

const READ: readonly Scope[] = ['index:read'];
const PERSONAL =
  'With the scope index:personal, the reply shows people in full, and the audit records the read with its `why`. ' +
  'Without it, people are masked, also in texts that mention them.';

const OneQuery = closed({ why: Purpose });
const HistoryQuery = closed({ limit: Limit, cursor: Cursor });

const HistoryItem = closed({
  at: Instant,
  state: Type.String(),
  party: Type.String(),
  messageId: Type.String({ format: 'uuid' }),
  receivedAt: Instant,
  movedState: Type.Boolean({ description: 'whether the event moved the state when it was recorded' }),
});

/** The readers of each kind of record: a list, one, and its history. */
export function addRecordReaders(add: AddRoute, hub: RecordReaderContext): void {
  for (const kind of hub.kinds.all) {
    addList(add, hub, kind);
    addOne(add, hub, kind);
    addHistory(add, hub, kind);
  }
}

function addList(add: AddRoute, hub: RecordReaderContext, kind: Kind): void {
  const { reads, keys, cursors, nowMs } = hub;
  const Query = listQuery(kind);
  const readQuery = queryReader(Query);
  add(
    {
      method: 'get',
      path: `/api/v1/${kind.path}`,
      tag: 'Records',
      summary: `${capitalised(kind.names.en[1])} by filter, newest state first`,
      description: PERSONAL,
      scopes: READ,
      conditional: true,
      freshness: 'many',
      query: Query,
      replies: { 200: { description: 'A page', schema: pageOf(servedSchema(kind)) } },
    },
    async (c) => {
      const reader = readerOf(c, keys);
      const query = readQuery(c);
      const filter = filterOf(kind, query, nowMs());
      return hub.pages.hold(reader.keyId, async (hold) => {
        const { items, next } = await pageBy(cursors, {
          list: kind.path,
          limit: query.limit,
          cursor: query.cursor,
          load: (many, after?: readonly [stateAt: string, code: string]) =>
            reads
              .of(c)
              .records.list(kind, filter, many, after && { stateAt: after[0], code: after[1] }, reader.personal),
          placeOf: ({ stateAt, code }) => [stateAt, code] as const,
        });
        const subject = listSubject('records', kind.name, query, items);
        await auditRead(hub, reader, { action: `${kind.name}.list-personal`, subject, why: query.why });
        const json = items.map((one) => one.json);
        return conditionalList(c, pageInJson(json, next), {}, hold);
      });
    },
  );
}

function addOne(add: AddRoute, hub: RecordReaderContext, kind: Kind): void {
  const readQuery = queryReader(OneQuery);
  add(
    {
      method: 'get',
      path: `/api/v1/${kind.path}/{code}`,
      tag: 'Records',
      summary: `One ${kind.names.en[0]} by its code`,
      description: PERSONAL,
      scopes: READ,
      conditional: true,
      freshness: 'one',
      query: OneQuery,
      replies: {
        200: { description: 'The record', schema: servedSchema(kind) },
        404: { description: 'No record of this kind has this code' },
      },
    },
    async (c) => {
      const reader = readerOf(c, hub.keys);
      const { why } = readQuery(c);
      const code = cleanCode(c.req.param('code') ?? '');
      const found = await hub.reads.of(c).records.one(kind, code, reader.personal);
      if (!found) throw noRecord(kind, code);
      const subject = auditSubject('record', subjectOf(kind, code));
      await auditRead(hub, reader, { action: `${kind.name}.read-personal`, subject, why });
      return conditional(c, found.json);
    },
  );
}

function addHistory(add: AddRoute, hub: RecordReaderContext, kind: Kind): void {
  const { reads, keys, cursors } = hub;
  const readQuery = queryReader(HistoryQuery);
  add(
    {
      method: 'get',
      path: `/api/v1/${kind.path}/{code}/history`,
      tag: 'Records',
      summary: `The history of one ${kind.names.en[0]} in the order of event time`,
      scopes: READ,
      conditional: true,
      freshness: 'one',
      query: HistoryQuery,
      replies: {
        200: { description: 'A page of the history', schema: pageOf(HistoryItem) },
        404: { description: 'No record of this kind has this code' },
      },
    },
    async (c) => {
      readerOf(c, keys);
      const { records } = reads.of(c);
      const { limit, cursor } = readQuery(c);
      const code = cleanCode(c.req.param('code') ?? '');
      if (!(await records.one(kind, code, false))) throw noRecord(kind, code);
      const page = await pageBy(cursors, {
        list: `history ${subjectOf(kind, code)}`,
        limit,
        cursor,
        load: (many, after?: readonly [at: string, seq: number]) =>
          records.history(kind, code, many, after && { at: after[0], seq: after[1] }),
        placeOf: ({ at, seq }) => [at, seq] as const,
      });
      const items = page.items.map(({ seq: _, ...item }) => item);
      return conditional(c, JSON.stringify({ items, next: page.next }));
    },
  );
}

function listQuery(kind: Kind) {
  return closed({
    state: text(`states, joined by commas: ${kind.states.join(', ')}`),
    agency: text('an agency code, including the agencies below it'),
    dossier: text('any code of a dossier; finds the records under each of its codes'),
    party: text('the owner of the record'),
    q: text('words of the code, of a name or of a text, with or without Vietnamese marks'),
    due: Type.Optional(oneOf(['overdue'])),
    why: Purpose,
    limit: Limit,
    cursor: Cursor,
  });
}

type Query = Type.Static<ReturnType<typeof listQuery>>;

function filterOf(kind: Kind, query: Query, nowMs: number): RecordFilter {
  const { state, agency, dossier, party, q, due } = query;
  return {
    state: state ? valuesOf('state', state, kind.states) : undefined,
    agency: agency ? cleanCode(agency) : undefined,
    dossier: dossier ? cleanCode(dossier) : undefined,
    party: party || undefined,
    q: q?.trim() ? q : undefined,
    overdueAt: due ? msToInstant(nowMs) : undefined,
  };
}

/** Masking shortens values, so that they need not fit the patterns of the schema. */
function servedSchema({ schema, people, name }: Kind): Type.TSchema {
  const members = Object.entries(schema.properties).map(([member, given]) => [
    member,
    (people as readonly string[]).includes(member)
      ? Type.Optional(Type.Object({}, { description: 'a person, masked' }))
      : given,
  ]);
  const freshness = closed({
    party: Type.String(),
    eventAt: Instant,
    receivedAt: Instant,
    erasedAt: Type.Optional(Instant),
  });
  return closed({ ...Object.fromEntries(members), freshness }, { title: `Served ${name}` });
}

/** 404: no record of this kind has this code. */
export function noRecord(kind: Kind, code: string): Refusal {
  return new Refusal('not-found', say('there-is-no', { thing: kind.names.en[0], got: received(code) }));
}
