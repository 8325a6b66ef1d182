import { sql } from 'kysely';
import { subordinateSuffix } from '#core/identifiers/identifiers';
import { keyedSearchQuery } from '#core/vietnamese/search-words';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { mapYielding } from '../concurrency/yielding.ts';
import { type Bounded, bounded, fitPage, SHORT_BYTES, type Sized } from '../database/bounded.ts';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';
import { maskedByRule } from './mask-again.ts';

/** A dossier ready to be served. */
export interface ServedDossier {
  readonly code: string;
  /** Its JSON with `freshness`. Personal data is masked unless requested. */
  readonly json: string;
}

export interface DossierFilter {
  readonly status?: readonly string[] | undefined;
  readonly agency?: string | undefined;
  readonly service?: string | undefined;
  readonly field?: string | undefined;
  readonly party?: string | undefined;
  readonly channel?: string | undefined;
  readonly q?: string | undefined;
  readonly receivedFrom?: string | undefined;
  readonly receivedTo?: string | undefined;
  /** Past due at this moment and not finished. */
  readonly overdueAt?: string | undefined;
}

/** The same with the words of `q` as a query of the table, whose words are keyed. */
export interface SoughtFilter extends Omit<DossierFilter, 'q'> {
  readonly q?: never;
  readonly search?: string;
}

export function soughtBy({ q, ...filter }: DossierFilter, vault: Pick<Vault, 'wordTokens'>): SoughtFilter {
  return q === undefined ? filter : { ...filter, search: keyedSearchQuery(q, vault.wordTokens) };
}

export interface Place {
  readonly statusAt: string;
  readonly code: string;
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
  let query = selected(await filtered(database, filter), shown);
  if (after)
    query = query.where(({ or, and, eb }) =>
      or([
        eb('status_at', '<', after.statusAt),
        and([eb('status_at', '=', after.statusAt), eb('code', '>', after.code)]),
      ]),
    );
  const found = query.orderBy('status_at', 'desc').orderBy('code').limit(limit);
  const rows = await fitting(database, await found.execute(), shown);
  const places = new Map(rows.map((row) => [row.code, row.status_at]));
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
  const query = selected(await filtered(database, filter), shown).where('code', '>', after);
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
}

/** The same without the content. */
export async function routedInCodeOrder(
  database: Database,
  filter: SoughtFilter,
  limit: number,
  after: string,
): Promise<readonly RoutedDossier[]> {
  const query = (await filtered(database, filter))
    .select(['code', 'owner', 'version', 'last_message_id as messageId'])
    .select(['service_code as serviceCode', 'field_code as fieldCode', 'created_at as createdAt'])
    .where('code', '>', after);
  return query.orderBy('code').limit(limit).execute();
}

export async function countDossiers(database: Database, filter: SoughtFilter): Promise<number> {
  const query = (await filtered(database, filter)).select(({ fn }) => fn.countAll<string>().as('n'));
  return Number((await query.executeTakeFirstOrThrow()).n);
}

type Filtered = Awaited<ReturnType<typeof filtered>>;

async function filtered(database: Database, filter: SoughtFilter) {
  let query = database.query.selectFrom('dossiers');
  if (filter.status) query = query.where('status', 'in', filter.status);
  // An agency includes all below it. Codes of the 2020 era grow to the right, and '/' is the byte after '.'.
  if (filter.agency !== undefined) {
    const agency = filter.agency;
    const tail = subordinateSuffix(agency);
    const below = tail === undefined ? [] : await agenciesEndingWith(database, tail);
    query = query.where(({ or, and, eb }) =>
      below.length > 0
        ? eb('agency_code', 'in', below)
        : or([
            eb('agency_code', '=', agency),
            and([eb('agency_code', '>', `${agency}.`), eb('agency_code', '<', `${agency}/`)]),
          ]),
    );
  }
  if (filter.service !== undefined) query = query.where('service_key', '=', filter.service);
  if (filter.field !== undefined) query = query.where('field_code', '=', filter.field);
  if (filter.party !== undefined) query = query.where('owner', '=', filter.party);
  if (filter.channel !== undefined) query = query.where('channel', '=', filter.channel);
  if (filter.receivedFrom !== undefined) query = query.where('received_at', '>=', filter.receivedFrom);
  if (filter.receivedTo !== undefined) query = query.where('received_at', '<=', filter.receivedTo);
  if (filter.overdueAt !== undefined)
    query = query
      .where('due_at', '<', filter.overdueAt)
      .where('status', 'in', ['submitted', 'received', 'processing', 'supplement-required', 'payment-required']);
  if (filter.search !== undefined) query = query.where(sql<boolean>`search @@ ${filter.search}::tsquery`);
  return query;
}

interface Row extends Sized {
  readonly code: string;
  readonly masked: string;
  readonly is_stale: boolean;
  readonly status_at: string;
  readonly sealed?: Buffer;
  readonly sealed_key?: number;
}

const IS_STALE = sql<boolean>`mask_of <> version`.as('is_stale');

/** PostgreSQL knows the size of a text without reading it. */
function sizeOf(personal: boolean) {
  return personal ? sql<number>`octet_length(masked) + octet_length(sealed)` : sql<number>`octet_length(masked)`;
}

function selected(query: Filtered, { personal }: Shown) {
  const size = sizeOf(personal);
  const short = (name: 'masked' | 'sealed') =>
    sql`CASE WHEN ${size} <= ${sql.lit(SHORT_BYTES)} THEN ${sql.ref(name)} END`;
  return query
    .select(['code', 'status_at', IS_STALE, size.as('bytes'), short('masked').$castTo<string>().as('masked')])
    .$if(personal, (all) => all.select([short('sealed').$castTo<Buffer>().as('sealed'), 'sealed_key']));
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

/**
 * The agencies of dossiers whose codes end like this. Each of some hundred codes is one index probe. With their names
 * the server finds the dossiers as fast as for a single agency.
 */
async function agenciesEndingWith(database: Database, tail: string): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ code: string }>({
    name: 'agencies below',
    text: `WITH RECURSIVE agencies (code) AS (
             (SELECT agency_code FROM dossiers WHERE agency_code < 'A' ORDER BY agency_code LIMIT 1)
             UNION ALL
             SELECT (SELECT d.agency_code FROM dossiers d WHERE d.agency_code > agencies.code AND d.agency_code < 'A'
                     ORDER BY d.agency_code LIMIT 1)
             FROM agencies WHERE agencies.code IS NOT NULL)
           SELECT code FROM agencies WHERE right(code, length($1)) = $1`,
    values: [tail],
  });
  return rows.map(({ code }) => code);
}

/** As served with personal data: the freshness comes from the masked JSON. */
function wholeJson(
  vault: Vault,
  row: { readonly masked: string; readonly sealed: Buffer; readonly sealed_key: number },
) {
  const { freshness } = JSON.parse(row.masked) as { freshness: unknown };
  return JSON.stringify({ ...(JSON.parse(openedRecord(vault, row)) as Dossier), freshness });
}

/** The JSON of a complete record. */
export function openedRecord(vault: Vault, row: { readonly sealed: Buffer; readonly sealed_key: number }): string {
  return vault.open({ keyId: row.sealed_key, bytes: row.sealed }).toString();
}
