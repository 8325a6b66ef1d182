import { alphabetKey } from '#core/vietnamese/alphabet';
import type { Agency } from '#schemas/agency.upsert.v1';
import { mapYielding } from '../concurrency/yielding.ts';
import type { Database } from '../database/pool.ts';

export interface ListedAgency extends Pick<Agency, 'code' | 'name' | 'inForce'> {
  readonly key: string;
  readonly level: Agency['level'] | undefined;
}

/** A citizen of a province looks for its own agencies first. */
const LEVELS: readonly ListedAgency['level'][] = ['province', 'district', 'commune', 'ministry', undefined];

/** All agencies: those in force first, then by level, then in the order of the alphabet. */
export async function listAgencies({ query }: Pick<Database, 'query'>): Promise<readonly ListedAgency[]> {
  const rows = await query
    .selectFrom('catalogue')
    .where('kind', '=', 'agency')
    .select(['key', 'code', 'name', 'in_force as inForce', 'levels'])
    .execute();
  const placed = await mapYielding(rows, ({ levels, ...row }) => {
    const agency: ListedAgency = { ...row, level: levels[0] as ListedAgency['level'] };
    return { agency, place: placeOf(agency) };
  });
  return placed.sort((a, b) => (a.place < b.place ? -1 : 1)).map(({ agency }) => agency);
}

const placeOf = ({ key, name, level, inForce }: ListedAgency): string =>
  `${inForce ? 0 : 1}${LEVELS.indexOf(level)}${alphabetKey(name)}\u0000${key}`;
