import { setImmediate } from 'node:timers/promises';
import { type SqlBool, sql } from 'kysely';
import { catalogueKey } from '#core/identifiers/identifiers';
import { type Bounded, bounded, readBounded } from '../database/bounded.ts';
import type { Database } from '../database/pool.ts';
import type { CatalogueKind } from './catalogue.ts';

/** An entry as it was from one moment on. */
export interface StoredVersion {
  readonly kind: CatalogueKind;
  readonly key: string;
  readonly version: number;
  readonly record: object;
  /** The previous version. Null if none is known. */
  readonly before: object | null;
  readonly party: string;
  /** Null if a complete list left the entry out, because then no message reported it. */
  readonly messageId: string | null;
  readonly cause: 'told' | 'left-out';
  readonly changedAt: string;
}

export interface ChangesFilter {
  readonly kind?: CatalogueKind | undefined;
  /** Services of this field, as of the version. */
  readonly field?: string | undefined;
  readonly from?: string;
  readonly to?: string;
}

export type VersionPlace = readonly [changedAt: string, kind: string, key: string, version: number];

/** The versions of the catalogue. They are stored permanently: see migration 013. */
export interface VersionsReader {
  /** Versions of one entry, by any form of its code, newest first, before `before`. */
  of(kind: CatalogueKind, code: string, limit: number, before?: number): Promise<Bounded<StoredVersion>>;
  /** Versions of all entries, newest first, after the position `after`. */
  all(filter: ChangesFilter, limit: number, after?: VersionPlace): Promise<Bounded<StoredVersion>>;
}

export function createVersionsReader(database: Database): VersionsReader {
  const load = async (where: readonly ReturnType<typeof sql<SqlBool>>[], order: string, limit: number) => {
    const query = sql<VersionRow>`(
      SELECT v.kind, v.key, v.version, v.record, v.party, v.message_id AS "messageId", v.cause, v.changed_at AS "changedAt",
        b.record AS before, 2 * octet_length(v.record::text) AS bytes
      FROM catalogue_versions v LEFT JOIN LATERAL (
        SELECT record FROM catalogue_versions b WHERE b.kind = v.kind AND b.key = v.key AND b.version < v.version
        ORDER BY b.version DESC LIMIT 1) b ON true
      WHERE ${where.length > 0 ? sql.join(where, sql` AND `) : sql`true`} ORDER BY ${sql.raw(order)} LIMIT ${limit})`;
    const rows = await readBounded<VersionRow>(
      database,
      query,
      sql.raw(order.replaceAll('v.', '').replace('changed_at', '"changedAt"')),
      SHOWN,
    );
    return bounded(await opened(rows), rows.isCut === true);
  };
  return {
    of: (kind, code, limit, before) =>
      load(
        [
          sql`v.kind = ${kind} AND v.key = ${catalogueKey(kind, code)}`,
          ...(before === undefined ? [] : [sql<SqlBool>`v.version < ${before}`]),
        ],
        'v.version DESC',
        limit,
      ),
    all: ({ kind, field, from, to }, limit, after) =>
      load(
        [
          ...(kind === undefined ? [] : [sql<SqlBool>`v.kind = ${kind}`]),
          ...(field === undefined ? [] : [sql<SqlBool>`v.record ->> 'fieldCode' = ${field}`]),
          ...(from === undefined ? [] : [sql<SqlBool>`v.changed_at >= ${from}::timestamptz`]),
          ...(to === undefined ? [] : [sql<SqlBool>`v.changed_at <= ${to}::timestamptz`]),
          ...(after === undefined
            ? []
            : [
                sql<SqlBool>`(v.changed_at, v.kind, v.key, v.version) < (${after[0]}::timestamptz, ${after[1]}, ${after[2]}, ${after[3]})`,
              ]),
        ],
        'v.changed_at DESC, v.kind DESC, v.key DESC, v.version DESC',
        limit,
      ),
  };
}

const SHOWN = sql`kind, key, version, record::text AS record, party, "messageId", cause, "changedAt", before::text AS before`;

type VersionRow = Omit<StoredVersion, 'record' | 'before'> & {
  readonly record: string;
  readonly before: string | null;
};

/**
 * A record may have a megabyte, so each is parsed in its own turn of the event loop. A record that is both a version
 * and the previous one of the next is parsed once.
 */
async function opened(rows: readonly VersionRow[]): Promise<readonly StoredVersion[]> {
  const versions: StoredVersion[] = [];
  let last: { readonly text: string; readonly record: object } | undefined;
  const parsed = async (text: string): Promise<object> => {
    if (last?.text === text) return last.record;
    last = { text, record: JSON.parse(text) };
    await setImmediate();
    return last.record;
  };
  for (const { record, before, ...row } of rows)
    versions.push({ ...row, record: await parsed(record), before: before === null ? null : await parsed(before) });
  return versions;
}
