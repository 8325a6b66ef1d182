import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { subordinateSuffix } from '#core/identifiers/identifiers';

/**
 * Whether the column `agency_code` names the agency or one below it. Codes of the 2020 era grow to the
 * right. Of the 2016 era, those below end like the one above.
 */
export function atOrBelow(agency: string): RawBuilder<SqlBool> {
  const tail = subordinateSuffix(agency);
  if (tail !== undefined) return sql<SqlBool>`right(agency_code, ${tail.length}::int4) = ${tail}`;
  return sql<SqlBool>`(agency_code = ${agency} OR starts_with(agency_code, ${`${agency}.`}))`;
}
