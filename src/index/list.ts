import { type SelectQueryBuilder, sql } from 'kysely';
import { mapYielding } from '../concurrency/yielding.ts';
import { type Bounded, bounded, fitPage, SHORT_BYTES, type Sized } from '../database/bounded.ts';
import type { Database } from '../database/pool.ts';
import type { Tables } from '../database/tables.ts';
import type { Vault } from '../secrets/vault.ts';
import { conditionsOf, type SoughtFilter, wordQueryOf } from './dossier-filter.ts';
import { estimateRows } from './estimate-rows.ts';
import { maskedByRule } from './mask-again.ts';
import { newestRows } from './newest.ts';
import { isEmptyPeriod, withBothEnds } from './newest-of-days.ts';
import type { Place } from './newest-page.ts';
import { hasWordsIn, PARTS } from './search-days.ts';

/** A dossier ready to be served. */
export interface ServedDossier {
  readonly code: string;
  /** Its JSON with `freshness`. Personal data is masked unless requested. */
  readonly json: string;
}

/** How dossiers are shown: in full, or masked. */
export interface Shown {
  readonly vault: Vault;
  readonly personal: boolean;
}

/** Newest status first, then by code, after `after`. Ends early if the dossiers are large. */
export async function readList(
  database: Database,
  filter: SoughtFilter,
  limit: number,
  after: Place | undefined,
  shown: Shown,
): Promise<Bounded<ServedDossier & Place>> {
  const found = await newestRows(database, filter, { limit, after, columns: columnsOf(shown) });
  const rows = await fitting(database, found, shown);
  // A large row is read again, and its dossier may have moved meanwhile. The page keeps the order in which it was found.
  const places = new Map(found.map((row) => [row.code, row.status_at]));
  const served = await servedAll(database, rows, shown);
  return bounded(
    served.map((one) => ({ ...one, statusAt: places.get(one.code) as string })),
    rows.isCut === true,
  );
}

/** The same in the order of codes. Codes never change, so a client that pages through the list misses none. */
export async function readInCodeOrder(
  database: Database,
  filter: SoughtFilter,
  limit: number,
  after: string,
  shown: Shown,
): Promise<Bounded<ServedDossier>> {
  const query = selected(await filtered(database, filter, limit), shown).where('code', '>', after);
  const rows = await fitting(database, await query.orderBy('code').limit(limit).execute(), shown);
  return bounded(await servedAll(database, rows, shown), rows.isCut === true);
}

/** The dossiers with these own codes that exist, in this order, masked. */
export async function readThese(
  database: Database,
  vault: Vault,
  codes: readonly string[],
): Promise<Bounded<ServedDossier>> {
  const shown = { vault, personal: false };
  const query = selected(database.query.selectFrom('dossiers'), shown).where(sql<boolean>`code = ANY(${codes})`);
  const rows = await fitting(database, await query.orderBy('code').execute(), shown);
  return bounded(await servedAll(database, rows, shown), rows.isCut === true);
}

/** As many of these rows as fit into a page, the large ones with their content. */
function fitting(database: Database, rows: readonly Row[], { personal }: Shown): Promise<Bounded<Row>> {
  return fitPage(
    rows,
    ({ code }) => code,
    (codes) => {
      const query = database.query.selectFrom('dossiers').where('code', 'in', codes);
      const sizes = query.select(['code', 'status_at', 'masked', IS_STALE, sizeOf(personal).as('bytes')]);
      return sizes.$if(personal, (all) => all.select(['sealed', 'sealed_key'])).execute();
    },
  );
}

/** The members of a dossier that routes need, and the message of its present version. */
export interface RoutedDossier {
  readonly code: string;
  readonly owner: string;
  readonly version: number;
  readonly messageId: string;
  readonly serviceCode: string;
  readonly fieldCode: string | null;
  readonly createdAt: string;
  readonly isErased: boolean;
}

/** The same without the content. */
export async function routedInCodeOrder(
  database: Database,
  filter: SoughtFilter,
  limit: number,
  after: string,
): Promise<readonly RoutedDossier[]> {
  const query = (await filtered(database, filter, limit))
    .select(['code', 'owner', 'version', 'last_message_id as messageId'])
    .select(['service_code as serviceCode', 'field_code as fieldCode', 'created_at as createdAt'])
    .select(sql<boolean>`erasure IS NOT NULL`.as('isErased'))
    .where('code', '>', after);
  return query.orderBy('code').limit(limit).execute();
}

export async function countDossiers(database: Database, filter: SoughtFilter): Promise<number> {
  const query = (await filtered(database, filter)).select(({ fn }) => fn.countAll<number>().as('n'));
  return (await query.executeTakeFirstOrThrow()).n;
}

type Filtered = SelectQueryBuilder<Tables, 'dossiers', object>;

/** @param limit the rows of a page in the order of codes. Absent: all are read. */
async function filtered(database: Database, given: SoughtFilter, limit?: number): Promise<Filtered> {
  const filter = await withBothEnds(database, given);
  let query = database.query.selectFrom('dossiers');
  for (const condition of conditionsOf(filter)) query = query.where(condition);
  // A text without words finds nothing.
  if (filter.search?.length === 0 || isEmptyPeriod(filter)) return query.where(sql<boolean>`false`);
  const asked = await wordQueryOf(database, filter);
  if (!asked || (limit !== undefined && (await isWalkShorter(database, asked.inRows, limit)))) return query;
  return query.where(
    sql<boolean>`code = ANY(ARRAY(SELECT found.code FROM ${PARTS} AS parts
      CROSS JOIN LATERAL (SELECT code FROM dossiers WHERE ${hasWordsIn(
        sql`parts.part`,
        asked.words.map((one) => sql`${one}`),
      )}) AS found))`,
  );
}

/** Whether a page in the order of codes is found in fewer rows than have the words. */
async function isWalkShorter(database: Database, words: string, limit: number): Promise<boolean> {
  const [matches = 0, all = 0] = await estimateRows(database, [[sql`search @@ ${words}::tsquery`], []]);
  return matches * matches > limit * all;
}

interface Row extends Sized {
  readonly code: string;
  readonly masked: string;
  readonly is_stale: boolean;
  readonly status_at: string;
  readonly sealed?: Buffer;
  readonly sealed_key?: number;
}

const IS_STALE_SQL = sql<boolean>`mask_of <> version`;
const IS_STALE = IS_STALE_SQL.as('is_stale');

/** PostgreSQL knows the size of a text without reading it. */
function sizeOf(personal: boolean) {
  return personal ? sql<number>`octet_length(masked) + octet_length(sealed)` : sql<number>`octet_length(masked)`;
}

/** Content over SHORT_BYTES is read later. */
function short(personal: boolean, name: 'masked' | 'sealed') {
  return sql`CASE WHEN ${sizeOf(personal)} <= ${sql.lit(SHORT_BYTES)} THEN ${sql.ref(name)} END`;
}

function columnsOf({ personal }: Shown) {
  const sealed = personal ? sql`, ${short(personal, 'sealed')} AS sealed, sealed_key` : sql``;
  return sql<Row>`code, status_at, ${IS_STALE_SQL} AS is_stale, ${sizeOf(personal)} AS bytes,
    ${short(personal, 'masked')} AS masked${sealed}`;
}

function selected(query: Filtered, { personal }: Shown) {
  const content = (name: 'masked' | 'sealed') => short(personal, name);
  return query
    .select([
      'code',
      'status_at',
      IS_STALE,
      sizeOf(personal).as('bytes'),
      content('masked').$castTo<string>().as('masked'),
    ])
    .$if(personal, (all) => all.select([content('sealed').$castTo<Buffer>().as('sealed'), 'sealed_key']));
}

async function servedAll(
  database: Database,
  rows: readonly Row[],
  { vault, personal }: Shown,
): Promise<readonly ServedDossier[]> {
  if (!personal) return (await maskedByRule(database, vault, rows)).map(({ code, masked }) => ({ code, json: masked }));
  return mapYielding(rows, ({ code, masked, sealed, sealed_key }) => ({
    code,
    json: wholeJson(vault, { masked, sealed: sealed as Buffer, sealed_key: sealed_key as number }),
  }));
}

/** A dossier or record as served with personal data: the freshness comes from the masked JSON. */
export function wholeJson(
  vault: Vault,
  row: { readonly masked: string; readonly sealed: Buffer; readonly sealed_key: number },
) {
  const { freshness } = JSON.parse(row.masked) as { freshness: unknown };
  return JSON.stringify({ ...(JSON.parse(openedRecord(vault, row)) as object), freshness });
}

/** The JSON of a complete record. */
export function openedRecord(vault: Vault, row: { readonly sealed: Buffer; readonly sealed_key: number }): string {
  return vault.open({ keyId: row.sealed_key, bytes: row.sealed }).toString();
}
