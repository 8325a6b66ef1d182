import type { Context } from 'hono';
import Type from 'typebox';
import { changesInSteps } from '#core/catalogue/catalogue-diff';
import { changeText } from '#core/catalogue/catalogue-words';
import { cleanCode } from '#core/identifiers/identifiers';
import { type Language, say } from '#messages/message';
import { received } from '#messages/received';
import { closed, Instant, oneOf } from '#schemas/parts';
import type { CatalogueKind } from '../catalogue/catalogue.ts';
import type { StoredVersion, VersionPlace } from '../catalogue/read-versions.ts';
import { mapYielding, nextTurn } from '../concurrency/yielding.ts';
import type { Scope } from '../config/config.ts';
import { requireKey } from './auth.ts';
import type { CatalogueReaderContext } from './catalogue.ts';
import { preferredLanguage } from './language.ts';
import { Cursor, Limit, pageBy, pageOf, periodOf, text } from './lists.ts';
import type { Hold } from './page-budget.ts';
import { Refusal } from './problem.ts';
import { type AddRoute, conditionalList, pageInJson, queryReader } from './route.ts';

const READ: readonly Scope[] = ['catalogue:read'];
const KINDS = ['service', 'agency', 'field'] as const;
const LISTS = { service: 'services', agency: 'agencies', field: 'fields' } as const satisfies Record<
  CatalogueKind,
  string
>;

const Value = (when: string) => Type.Unknown({ description: `the value ${when}; null when it is absent or unknown` });

const ChangeShown = closed(
  {
    path: Type.String({
      description: 'JSON Pointer in this version of the record; for a removed value, in the previous version',
    }),
    was: Value('before'),
    now: Value('from then on'),
    text: Type.String({ description: 'the change in one line, in the requested language' }),
  },
  { title: 'CatalogueChange' },
);

const version = {
  version: Type.Integer({
    description: 'increases with each version, possibly with gaps; 1 is a new entry',
  }),
  changedAt: Type.Unsafe<string>({ ...Instant, description: 'when the hub received it' }),
  party: Type.String({ description: 'the owner of the entry' }),
  messageId: Type.Union([Type.String(), Type.Null()], {
    description: 'the message with the change; null for a change without a message',
  }),
  cause: Type.Enum(['told', 'left-out'], {
    description: 'left-out: a complete list of the party no longer had the entry, so it is out of force',
  }),
  changes: Type.Array(ChangeShown, {
    description: 'compared with the previous version; empty when none is known or only the notation differs',
  }),
};
const VersionShown = closed(version, { title: 'CatalogueVersion' });
const ChangedShown = closed(
  { kind: oneOf(KINDS), code: Type.String(), name: Type.String(), inForce: Type.Boolean(), ...version },
  { title: 'ChangedEntry' },
);

const AcceptLanguage = { type: 'string', description: 'the language of `text`: vi, or en when the client prefers it' };
const IN_WORDS =
  'The hub keeps every version since it began to record them. List members are compared by code and name: a paper ' +
  'that is inserted is one change. `text` is Vietnamese, or English with `Accept-Language: en`.';

/** The history of the catalogue: of one entry, and of all entries. */
export function addCatalogueChanges(add: AddRoute, hub: CatalogueReaderContext): void {
  for (const kind of KINDS) addHistory(add, hub, kind);
  addChanges(add, hub);
}

const HistoryQuery = closed({ limit: Limit, cursor: Cursor });

function addHistory(add: AddRoute, { reads, keys, cursors, pages }: CatalogueReaderContext, kind: CatalogueKind): void {
  const read = queryReader(HistoryQuery);
  const path = `/api/v1/${LISTS[kind]}/{code}/history`;
  const NAMED = { service: 'A service', agency: 'An agency', field: 'A field' } as const;
  add(
    {
      method: 'get',
      path,
      tag: 'Catalogue',
      scopes: READ,
      conditional: true,
      freshness: 'one',
      query: HistoryQuery,
      summary: `${NAMED[kind]} history: each version with its changes, newest first`,
      description: IN_WORDS,
      headers: { 'Accept-Language': AcceptLanguage },
      replies: {
        200: { description: 'A page', schema: pageOf(VersionShown) },
        404: { description: 'The catalogue never had such an entry' },
      },
    },
    async (c) => {
      const { id } = requireKey(c, keys, ...READ);
      const { limit, cursor } = read(c);
      const code = cleanCode(c.req.param('code') ?? '');
      const { catalogue } = reads.of(c);
      const entry = await catalogue.one(kind, code);
      if (!entry) throw new Refusal('not-found', say('catalogue-lacks', { kind, got: received(code) }));
      return pages.hold(id, async (hold) => {
        const { items, next } = await pageBy(cursors, {
          list: `versions ${kind} ${entry.key}`,
          limit,
          cursor,
          load: (many, before?: number) => catalogue.versions.of(kind, code, many, before),
          placeOf: ({ version }) => version,
        });
        return inLanguage(c, items, shown, next, hold);
      });
    },
  );
}

const ChangesQuery = closed({
  kind: Type.Optional(oneOf(KINDS)),
  field: text('a field code: services of this field'),
  from: text('from this moment or day on'),
  to: text('up to this moment, or to the end of this day'),
  limit: Limit,
  cursor: Cursor,
});

function addChanges(add: AddRoute, { reads, keys, cursors, pages }: CatalogueReaderContext): void {
  const read = queryReader(ChangesQuery);
  add(
    {
      method: 'get',
      path: '/api/v1/catalogue-changes',
      tag: 'Catalogue',
      scopes: READ,
      conditional: true,
      freshness: 'many',
      summary: 'Changes of the catalogue, by filter, newest first',
      description: IN_WORDS,
      query: ChangesQuery,
      headers: { 'Accept-Language': AcceptLanguage },
      replies: { 200: { description: 'A page', schema: pageOf(ChangedShown) } },
    },
    async (c) => {
      const { id } = requireKey(c, keys, ...READ);
      const { kind, field, limit, cursor, ...ends } = read(c);
      const filter = { kind, field: field && cleanCode(field), ...periodOf(ends) };
      return pages.hold(id, async (hold) => {
        const { items, next } = await pageBy(cursors, {
          list: 'catalogue-changes',
          limit,
          cursor,
          load: (many, after?: VersionPlace) => reads.of(c).catalogue.versions.all(filter, many, after),
          placeOf: (one): VersionPlace => [one.changedAt, one.kind, one.key, one.version],
        });
        return inLanguage(c, items, changed, next, hold);
      });
    },
  );
}

/** Compares and writes each version in its own turns, because a page of large versions is megabytes. */
async function inLanguage(
  c: Context,
  versions: readonly StoredVersion[],
  show: (one: StoredVersion, language: Language) => Promise<object>,
  next: string | null,
  hold: Hold,
): Promise<Response> {
  const language = languageOf(c);
  const items: string[] = [];
  for (const one of versions) {
    items.push(JSON.stringify(await show(one, language)));
    await nextTurn();
  }
  return conditionalList(c, pageInJson(items, next), { Vary: 'Accept-Language', 'Content-Language': language }, hold);
}

async function changed(one: StoredVersion, language: Language) {
  const { code, name, inForce } = one.record as { code: string; name: string; inForce: boolean };
  return { kind: one.kind, code, name, inForce, ...(await shown(one, language)) };
}

async function shown({ kind, record, before, ...one }: StoredVersion, language: Language) {
  const changes = await mapYielding(before ? changesInSteps(before, record) : [], (change) => {
    if (!change) return [];
    const { path, was, now } = change;
    return [{ path, was, now, text: changeText(kind, change, language) }];
  });
  return {
    version: one.version,
    changedAt: one.changedAt,
    party: one.party,
    messageId: one.messageId,
    cause: one.cause,
    changes: changes.flat(),
  };
}

/** Vietnamese, unless the client prefers English. */
function languageOf(c: Context): Language {
  return preferredLanguage(c.req.header('accept-language') ?? '') ?? 'vi';
}
