import { sql } from 'kysely';
import { quoted, searchWords } from '#core/vietnamese/search-words';
import { similarity } from '#core/vietnamese/text';
import type { Database } from '../database/pool.ts';
import type { CatalogueKind } from './catalogue.ts';

export interface SimilarEntry {
  readonly code: string;
  readonly name: string;
  /** 0 to 1. */
  readonly score: number;
}

/** How many entries with common words are compared letter by letter, because a catalogue has thousands. */
const COMPARED = 200;

/** The entries in force with the most similar names, regardless of marks and case, best first. */
export async function findSimilar(
  database: Database,
  kind: CatalogueKind,
  name: string,
  limit: number,
): Promise<readonly SimilarEntry[]> {
  const words = searchWords([], [name]).split(' ').filter(Boolean);
  if (words.length === 0) return [];
  const any = words.map(quoted).join(' | ');
  const found = await database.query
    .selectFrom('catalogue')
    .select(['code', 'name'])
    .where('kind', '=', kind)
    .where('in_force', '=', true)
    .where(sql<boolean>`search @@ ${any}::tsquery`)
    .orderBy(sql`ts_rank(search, ${any}::tsquery)`, 'desc')
    .limit(COMPARED)
    .execute();
  return topScored(
    found.map((entry) => ({ ...entry, score: similarity(name, entry.name) })),
    limit,
  );
}

/** The best scores first, rounded to hundredths. Leaves out entries below 0.01. */
export function topScored<One extends { readonly score: number }>(all: readonly One[], limit: number): readonly One[] {
  return all
    .filter(({ score }) => score >= 0.01)
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map((one) => ({ ...one, score: Math.round(one.score * 100) / 100 }));
}
