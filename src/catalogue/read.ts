import { sql } from 'kysely';
import { searchQuery } from '#core/search';
import type { Database } from '../database/pool.ts';
import { type CatalogueKind, catalogueKey } from './catalogue.ts';

export interface ServedEntry {
  readonly key: string;
  readonly code: string;
  readonly version: number;
  readonly record: unknown;
  readonly changedAt: string;
}

export interface CatalogueFilter {
  readonly q?: string;
  readonly field?: string;
  readonly agency?: string;
  readonly level?: string;
  readonly audience?: string;
  readonly inForce?: boolean;
}

/** What portal frontends read of services, agencies and fields. */
export interface CatalogueReader {
  /** By any form of its code. */
  one(kind: CatalogueKind, code: string): Promise<ServedEntry | undefined>;
  /** In the order of their keys, after `after`. */
  list(
    kind: CatalogueKind,
    filter: CatalogueFilter,
    limit: number,
    after: string | undefined,
  ): Promise<readonly ServedEntry[]>;
}

export function createCatalogueReader(database: Database): CatalogueReader {
  const entries = (kind: CatalogueKind) =>
    database.query
      .selectFrom('catalogue')
      .select(['key', 'code', 'version', 'record', 'changed_at as changedAt'])
      .where('kind', '=', kind);
  return {
    one: (kind, code) => entries(kind).where('key', '=', catalogueKey(kind, code)).executeTakeFirst(),
    async list(kind, filter, limit, after) {
      let query = entries(kind);
      const typed = filter.q === undefined ? undefined : searchQuery(filter.q);
      if (typed !== undefined) query = query.where(sql<boolean>`search @@ ${typed}::tsquery`);
      if (filter.field !== undefined) query = query.where('field_code', '=', filter.field);
      if (filter.agency !== undefined) query = query.where(sql<boolean>`${filter.agency} = ANY(agencies)`);
      if (filter.level !== undefined) query = query.where(sql<boolean>`${filter.level} = ANY(levels)`);
      if (filter.audience !== undefined) query = query.where(sql<boolean>`${filter.audience} = ANY(audiences)`);
      if (filter.inForce !== undefined) query = query.where('in_force', '=', filter.inForce);
      if (after !== undefined) query = query.where('key', '>', after);
      return query.orderBy('key').limit(limit).execute();
    },
  };
}
