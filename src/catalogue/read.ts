import { sql } from 'kysely';
import { catalogueKey, subordinateSuffix } from '#core/identifiers/identifiers';
import { searchQuery } from '#core/vietnamese/search-words';
import { type Bounded, bounded, fitPage, SHORT_BYTES, type Sized } from '../database/bounded.ts';
import { countUpTo, type Total } from '../database/count-up-to.ts';
import type { Database } from '../database/pool.ts';
import type { CatalogueKind } from './catalogue.ts';
import { keptAMinute } from './kept-a-minute.ts';
import { type ListedAgency, listAgencies } from './listed-agencies.ts';
import { createVersionsReader, type VersionsReader } from './read-versions.ts';
import { countServicesOutOfForce, listServicesOutOfForce, type ServiceOutOfForce } from './services-out-of-force.ts';

/** An entry to serve. `record` is parsed for a single entry, and the stored JSON in lists. */
export interface ServedEntry<Held = unknown> {
  readonly key: string;
  readonly record: Held;
  readonly changedAt: string;
}

export interface CatalogueFilter {
  readonly q?: string | undefined;
  readonly field?: string | undefined;
  readonly agency?: string | undefined;
  readonly level?: string | undefined;
  readonly audience?: string | undefined;
  readonly inForce?: boolean | undefined;
}

/** Reads services, agencies and fields for portal frontends. */
export interface CatalogueReader {
  /** By any form of its code. */
  one(kind: CatalogueKind, code: string): Promise<ServedEntry | undefined>;
  /** The names of entries, by any form of their codes. Null for a code that the catalogue lacks. */
  names(kind: CatalogueKind, codes: readonly string[]): Promise<(code: string) => string | null>;
  /** In the order of keys, after `after`. Unparsed, because parsing 200 large ones blocks the process for 60 ms. */
  list(
    kind: CatalogueKind,
    filter: CatalogueFilter,
    limit: number,
    after: string | undefined,
  ): Promise<Bounded<ServedEntry<string>>>;
  /** How many entries the same filter finds. */
  count(kind: CatalogueKind, filter: CatalogueFilter): Promise<number>;
  /** The filters for services in force, at most a minute old. */
  offered(): Promise<OfferedServices>;
  /** All agencies, at most a minute old: those in force first, then by level, then in the order of the alphabet. */
  agencies(): Promise<readonly ListedAgency[]>;
  /** The keys of the entries that the same filter finds. */
  keys(kind: CatalogueKind, filter: CatalogueFilter): Promise<ReadonlySet<string>>;
  /** Codes from dossiers that the catalogue still lacks, by kind, code and party, after `after`. */
  unknownCodes(limit: number, after: UnknownCodePlace | undefined): Promise<readonly UnknownCode[]>;
  countUnknownCodes(): Promise<Total>;
  /** Services out of force with open dossiers, by key, after `after`. */
  ended(limit: number, after: string | undefined): Promise<readonly ServiceOutOfForce[]>;
  countEnded(): Promise<Total>;
  /** Earlier versions of entries. */
  readonly versions: VersionsReader;
}

/** Each sorted by name in the order of the Vietnamese alphabet. */
export interface OfferedServices {
  readonly fields: readonly Offered[];
  readonly agencies: readonly Offered[];
  readonly audiences: readonly string[];
}
interface Offered {
  readonly code: string;
  readonly name: string;
}

export interface UnknownCode {
  readonly kind: string;
  readonly code: string;
  /** The party that sent it. */
  readonly party: string;
  readonly firstAt: string;
  readonly lastAt: string;
}
export type UnknownCodePlace = readonly [kind: string, code: string, party: string];

export function createCatalogueReader(database: Database): CatalogueReader {
  const entries = (kind: CatalogueKind, filter: CatalogueFilter = {}) => narrowed(database, kind, filter);
  return {
    one: (kind, code) => entries(kind).select(SERVED).where('key', '=', catalogueKey(kind, code)).executeTakeFirst(),
    async names(kind, codes) {
      const keys = [...new Set(codes.map((code) => catalogueKey(kind, code)))];
      const found =
        keys.length === 0 ? [] : await entries(kind).select(['key', 'name']).where('key', 'in', keys).execute();
      const named = new Map(found.map(({ key, name }) => [key, name]));
      return (code) => named.get(catalogueKey(kind, code)) ?? null;
    },
    async list(kind, filter, limit, after) {
      const query = entries(kind, filter).select(WITH_SIZE);
      const following = after === undefined ? query : query.where('key', '>', after);
      return listed(database, kind, await following.orderBy('key').limit(limit).execute());
    },
    async count(kind, filter) {
      const { many } = await entries(kind, filter)
        .select(({ fn }) => fn.countAll<string>().as('many'))
        .executeTakeFirstOrThrow();
      return Number(many);
    },
    offered: keptAMinute(() => listOffered(database)),
    agencies: keptAMinute(() => listAgencies(database)),
    async keys(kind, filter) {
      const found = await entries(kind, filter).select('key').execute();
      return new Set(found.map(({ key }) => key));
    },
    unknownCodes: (limit, after) => listUnknown(database, limit, after),
    countUnknownCodes: () => countUpTo(database, sql`SELECT FROM unknown_codes u WHERE ${IS_UNKNOWN}`),
    ended: (limit, after) => listServicesOutOfForce(database, limit, after),
    countEnded: () => countServicesOutOfForce(database),
    versions: createVersionsReader(database),
  };
}

const SERVED = ['key', 'record', 'changed_at as changedAt'] as const;
const SIZE = sql<number>`octet_length(record::text)`;
const WITH_SIZE = [
  'key',
  sql<string>`CASE WHEN ${SIZE} <= ${sql.lit(SHORT_BYTES)} THEN record::text END`.as('record'),
  'changed_at as changedAt',
  SIZE.as('bytes'),
] as const;

type ListedRow = ServedEntry<string> & Sized;

async function listed(
  database: Database,
  kind: CatalogueKind,
  rows: readonly ListedRow[],
): Promise<Bounded<ServedEntry<string>>> {
  const whole = await fitPage(
    rows,
    ({ key }) => key,
    (keys) =>
      database.query
        .selectFrom('catalogue')
        .where('kind', '=', kind)
        .where('key', 'in', keys)
        .select(['key', sql<string>`record::text`.as('record'), 'changed_at as changedAt', SIZE.as('bytes')])
        .execute(),
  );
  const entries = whole.map(({ key, record, changedAt }) => ({ key, record, changedAt }));
  return bounded(entries, whole.isCut === true);
}

function narrowed(database: Database, kind: CatalogueKind, filter: CatalogueFilter) {
  let query = database.query.selectFrom('catalogue').where('kind', '=', kind);
  if (filter.q !== undefined) query = query.where(sql<boolean>`search @@ ${searchQuery(filter.q)}::tsquery`);
  if (filter.field !== undefined) query = query.where(kind === 'field' ? 'key' : 'field_code', '=', filter.field);
  if (filter.agency !== undefined) query = query.where(isAtOrBelow(filter.agency, kind));
  if (filter.level !== undefined) query = query.where(sql<boolean>`${filter.level} = ANY(levels)`);
  if (filter.audience !== undefined) query = query.where(sql<boolean>`${filter.audience} = ANY(audiences)`);
  if (filter.inForce !== undefined) query = query.where('in_force', '=', filter.inForce);
  return query;
}

/** An agency includes all below it, as in lists of dossiers. In the list of agencies it matches itself and those. */
function isAtOrBelow(agency: string, kind: CatalogueKind) {
  const tail = subordinateSuffix(agency);
  const own = kind === 'agency' ? sql`ARRAY[code]` : sql`agencies`;
  const isBelow =
    tail === undefined ? sql`starts_with(one, ${`${agency}.`})` : sql`right(one, ${tail.length}) = ${tail}`;
  return sql<boolean>`EXISTS (SELECT FROM unnest(${own}) one WHERE one = ${agency} OR ${isBelow})`;
}

const ALPHABET = new Intl.Collator('vi', { numeric: true });

async function listOffered(database: Database): Promise<OfferedServices> {
  const { rows } = await sql<Offered & { kind: string }>`
    WITH services AS MATERIALIZED (
      SELECT field_code, agencies, audiences FROM catalogue WHERE kind = 'service' AND in_force)
    SELECT kind, code, name FROM catalogue WHERE kind = 'field' AND key IN (SELECT field_code FROM services)
    UNION ALL
    SELECT kind, code, name FROM catalogue WHERE kind = 'agency' AND key IN (SELECT unnest(agencies) FROM services)
    UNION ALL
    SELECT DISTINCT 'audience', name, name FROM services, unnest(audiences) name`.execute(database.query);
  const of = (kind: string): readonly Offered[] =>
    rows
      .filter((row) => row.kind === kind)
      .map(({ code, name }) => ({ code, name }))
      .sort((a, b) => ALPHABET.compare(a.name, b.name));
  return { fields: of('field'), agencies: of('agency'), audiences: of('audience').map(({ name }) => name) };
}

/** The key of a service is the short form of its code (catalogueKey). */
const IS_UNKNOWN = sql`NOT EXISTS (
  SELECT 1 FROM catalogue c WHERE c.kind = u.kind
    AND c.key = CASE WHEN u.kind = 'service' THEN left(u.code, 8) ELSE u.code END)`;

async function listUnknown(
  database: Database,
  limit: number,
  after: UnknownCodePlace = ['', '', ''],
): Promise<readonly UnknownCode[]> {
  const [kind, code, party] = after;
  const { rows } = await sql<UnknownCode>`
    SELECT kind, code, party, first_at AS "firstAt", last_at AS "lastAt" FROM unknown_codes u
    WHERE (kind, code, party) > (${kind}, ${code}, ${party}) AND ${IS_UNKNOWN}
    ORDER BY kind, code, party LIMIT ${limit}`.execute(database.query);
  return rows;
}
