import Type from 'typebox';
import { closed, Instant } from '#schemas/parts';
import type { UnknownCodePlace } from '../../catalogue/read.ts';
import { requireKey } from '../auth.ts';
import { Cursor, Next, text } from '../lists.ts';
import { refusalWith, wrongParameter } from '../problem.ts';
import { type AddRoute, queryReader } from '../route.ts';
import { effectPage, MostMs, pageOfEffect } from './effect-page.ts';
import { addList } from './list.ts';
import { Code, none, OPS, type OperatorContext, orderReader, TAG, Why } from './request.ts';
import { CodeEntryShown } from './shown.ts';

export const TableShown = closed(
  {
    party: Type.String(),
    table: Type.String(),
    title: Type.String(),
    bothWays: Type.Boolean({ description: 'also used from our words to the codes of the party' }),
    entries: Type.Array(closed({ code: Type.String(), is: Type.String(), label: Type.String() }), {
      description: 'built-in lines; a meaning without a code yet has an empty code',
    }),
    entered: Type.Array(CodeEntryShown, {
      description: 'lines that operators entered, in every version; the newest line of a code counts',
    }),
  },
  { title: 'CodeTable' },
);

const Order = closed({ from: Code, to: Code, why: Why });
const Preview = closed({
  from: Code,
  to: Code,
  days: Type.Optional(Type.Integer({ minimum: 1, maximum: 90, description: 'a whole number of days from 1 to 90' })),
  mostMs: MostMs,
});

const Count = Type.Integer({ minimum: 0 });
export const CodePreviewShown = closed(
  {
    looked: closed({ messages: Count, items: Count, since: Instant, isAll: Type.Boolean() }),
    freed: Type.Integer({ description: 'unmapped items that would be applied' }),
    changed: Type.Integer({ description: 'items that would be read differently' }),
    told: Type.Array(Type.String(), { description: 'the parties that would receive these items' }),
    waiting: closed(
      { items: Count, deliveries: Count },
      { description: 'what currently waits for this code and would be released' },
    ),
    items: Type.Array(
      closed({
        code: Type.Optional(Type.String()),
        messageId: Type.String({ format: 'uuid' }),
        item: Count,
        changes: Type.Array(
          closed({ path: Type.String({ description: 'JSON Pointer' }), was: Type.Unknown(), would: Type.Unknown() }),
        ),
      }),
      { description: 'fifty items, newest message first; personal data is masked' },
    ),
    next: Next,
  },
  { title: 'CodePreview' },
);

export const UnknownShown = closed(
  {
    kind: Type.String({ description: 'service or agency' }),
    code: Type.String(),
    party: Type.String({ description: 'the party that uses the code' }),
    firstAt: Instant,
    lastAt: Instant,
  },
  { title: 'UnknownCode' },
);

export const EndedShown = closed(
  {
    code: Type.String(),
    name: Type.String(),
    since: Type.Unsafe<string>({ ...Instant, description: 'when the catalogue received the change' }),
    live: Type.Integer({ description: 'unfinished dossiers of the service' }),
    filedAfter: Type.Integer({ description: 'the part of these that was filed after the service went out of force' }),
  },
  { title: 'EndedService' },
);

/** Services out of force that still have unfinished dossiers. */
export function addEndedServices(add: AddRoute, hub: OperatorContext): void {
  addList(add, hub, {
    name: 'ended-services',
    summary: 'Services out of force that still have unfinished dossiers',
    filters: {},
    item: EndedShown,
    load: (_, many, after?: string) => hub.catalogue.ended(many, after),
    count: () => hub.catalogue.countEnded(),
    placeOf: ({ key }) => key,
    show: ({ key: _, ...one }) => one,
  });
}

/** Codes in dossiers that the catalogue does not know. The dossiers are shown nevertheless. */
export function addUnknownCodes(add: AddRoute, hub: OperatorContext): void {
  addList(add, hub, {
    name: 'unknown-codes',
    summary: 'Services and agencies in dossiers that the catalogue does not know',
    filters: {},
    item: UnknownShown,
    load: (_, many, after?: UnknownCodePlace) => hub.catalogue.unknownCodes(many, after),
    count: () => hub.catalogue.countUnknownCodes(),
    placeOf: ({ kind, code, party }): UnknownCodePlace => [kind, code, party],
  });
}

/** The code tables of each party: which of its codes means which of ours. */
export function addCodeTables(add: AddRoute, hub: OperatorContext): void {
  addList(add, hub, {
    name: 'code-tables',
    summary: 'The code tables of each party, with every version of the entered lines: who, when and why',
    filters: { party: text('only the tables of this party') },
    item: TableShown,
    load: async ({ party }, many, after?: string) => tablesAfter(await shownTables(hub, party), after).slice(0, many),
    count: async ({ party }) => (await shownTables(hub, party)).length,
    placeOf,
  });
  addPreview(add, hub);
  addEntry(add, hub);
}

function addPreview(add: AddRoute, { keys, orders, parties, cursors }: OperatorContext): void {
  const read = orderReader(Preview);
  const query = closed({ cursor: Cursor });
  const readQuery = queryReader(query);
  add(
    {
      method: 'post',
      path: `${OPS}/code-tables/{party}/{table}/preview`,
      tag: TAG,
      summary: 'How a code table line would change the reading of recent messages',
      description:
        'The preview reads the messages of `days` days (default 7) with the current tables and with the new line. It changes nothing. For codes that the hub sends to the party, only `waiting` has numbers. It stops after 20,000 items, ten seconds or `mostMs`; `isAll` says whether it read everything.',
      scopes: ['ops:configure'],
      query,
      body: { 'application/json': Preview },
      replies: {
        200: { description: 'The differences', schema: CodePreviewShown },
        404: { description: 'No such party' },
      },
    },
    async (c) => {
      requireKey(c, keys, 'ops:configure');
      const party = c.req.param('party') ?? '';
      if (!parties.has(party)) throw none('party', party);
      const { from, to, days = 7, mostMs } = await read(c);
      const line = { party, table: c.req.param('table') ?? '', from: from.trim(), to: to.trim() };
      const list = `ops/code-tables/${party}/${line.table}/preview`;
      const page = effectPage(cursors, list, readQuery(c).cursor);
      const preview = await orders.previewCode(line, { days, page, mostMs });
      if ('problems' in preview) throw refusalWith(preview.problems);
      return c.json(pageOfEffect(cursors, list, preview));
    },
  );
}

function addEntry(add: AddRoute, { keys, orders, parties }: OperatorContext): void {
  const read = orderReader(Order);
  add(
    {
      method: 'post',
      path: `${OPS}/code-tables/{party}/{table}`,
      tag: TAG,
      summary: 'Enter a line of a code table in advance',
      description:
        'Sending uses the line at once. Reading uses it from `inForceAt`, when every process has received it. A later line for the same code replaces it.',
      scopes: ['ops:configure'],
      body: { 'application/json': Order },
      replies: { 201: { description: 'The line', schema: CodeEntryShown }, 404: { description: 'No such party' } },
    },
    async (c) => {
      const key = requireKey(c, keys, 'ops:configure');
      const party = c.req.param('party') ?? '';
      if (!parties.has(party)) throw none('party', party);
      const { from, to, why } = await read(c);
      const line = { party, table: c.req.param('table') ?? '', from: from.trim(), to: to.trim() };
      const entered = await orders.enterCode(line, { who: key.id, why });
      if ('problems' in entered) throw refusalWith(entered.problems);
      return c.json(entered, 201);
    },
  );
}

type ShownTable = Type.Static<typeof TableShown>;

/**
 * Configured parties in their order, then parties with entries only. The tables of each are in
 * reading order. A party that cannot push has no tables of doors.
 */
async function shownTables(
  { ledger, orders, parties, keys }: OperatorContext,
  asked: string | undefined,
): Promise<readonly ShownTable[]> {
  const entered = await ledger.codeEntries(asked);
  const named = asked === undefined ? [...parties.keys()] : [asked];
  const of = new Set([...named, ...entered.map((entry) => entry.party)]);
  return [...of].flatMap((party) => {
    const own = entered.filter((entry) => entry.party === party);
    const isEntered = (name: string): boolean => own.some(({ table }) => table === name);
    const tables = new Map(
      orders
        .tablesOf(party)
        .filter(({ name, isOfDoor }) => !isOfDoor || keys.senders.has(party) || isEntered(name))
        .map((table) => [table.name, table]),
    );
    const others = own.map(({ table }) => table).filter((table) => !tables.has(table));
    return [...new Set([...tables.keys(), ...others])].map((table) => {
      const { title = `Catalogue: ${table}`, entries = [], bothWays = false } = tables.get(table) ?? {};
      return {
        party,
        table,
        title,
        bothWays,
        entries: [...entries],
        entered: own.filter((entry) => entry.table === table),
      };
    });
  });
}

function placeOf({ party, table }: ShownTable): string {
  return `${party} ${table}`;
}

/** @throws Refusal 400 when the configuration no longer has the last table of the previous page */
function tablesAfter(tables: readonly ShownTable[], place: string | undefined): readonly ShownTable[] {
  if (place === undefined) return tables;
  const at = tables.findIndex((table) => placeOf(table) === place);
  if (at === -1) throw wrongParameter('cursor', 'cursor-place-gone', { place });
  return tables.slice(at + 1);
}
