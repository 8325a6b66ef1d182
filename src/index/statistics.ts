import { GRADES, type Group, type Rule } from '#core/counts';
import { tailOfThoseBelow } from '#core/identifiers';
import type { Database } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';

/** From the first moment to the last, both as instants. */
export interface CountedPeriod {
  readonly key: string;
  readonly from: string;
  readonly to: string;
}

/** The numbers of one line of form II.06a/VPCP/KSTT: received = resolved + pending. */
export interface CountedLine {
  /** The code that the line stands for; null where dossiers have none. */
  readonly key: string | null;
  readonly name: string | null;
  readonly received: {
    readonly total: number;
    /** In the period: online, and brought or by post. */
    readonly online: number;
    readonly direct: number;
    /** Before the period, and not resolved by then. */
    readonly carriedOver: number;
  };
  readonly resolved: { readonly total: number; readonly early: number; readonly onTime: number; readonly late: number };
  readonly pending: { readonly total: number; readonly withinTerm: number; readonly late: number };
}

export interface CountedFilter {
  /** An agency code; those below it are included. */
  readonly agency?: string;
  readonly field?: string;
  /** The short form of a procedure code. */
  readonly service?: string;
}

export interface StatisticsReader {
  /**
   * The lines of one rule: for each of the periods where they are grouped by month, otherwise of the first by its groups.
   * What is pending at a period's end is late by that moment, or by now where it has not come.
   */
  lines(
    rule: Rule,
    by: Group | 'all',
    periods: readonly CountedPeriod[],
    filter: CountedFilter,
    now: string,
  ): Promise<readonly CountedLine[]>;
  /** How many changes are not counted yet; undefined while all dossiers are gone through. */
  behind(): Promise<number | undefined>;
}

export function createStatisticsReader(database: Database): StatisticsReader {
  return {
    async lines(rule, by, periods, filter, now) {
      const values = [
        periods.map(({ key }) => key),
        periods.map(({ from }) => from),
        periods.map(({ to }) => to),
        now,
        filter.agency ?? null,
        filter.field ?? null,
        filter.service ?? null,
        (filter.agency !== undefined && tailOfThoseBelow(filter.agency)) || null,
      ];
      const rows = await inTransaction(database, async (tx) => {
        await tx.query(WHOLE_TABLE);
        return (await tx.query<Row>(statementOf(rule, by), values)).rows;
      });
      return rows.map(lineOf);
    },
    async behind() {
      const { rows } = await database.pool.query<{ behind: number | null }>(
        `SELECT CASE WHEN s.filled_to IS NULL THEN c.value - s.cursor END AS behind
         FROM counted_state s CROSS JOIN change_counter c`,
      );
      return rows[0]?.behind ?? undefined;
    },
  };
}

/** Of the whole table, once: what the hot statements must never do (pool.ts). */
const WHOLE_TABLE = 'SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL plan_cache_mode = auto';

interface Row {
  readonly key: string | null;
  readonly name: string | null;
  readonly online: number;
  readonly direct: number;
  readonly carried: number;
  readonly pending: number;
  readonly pending_late: number;
  readonly early: number;
  readonly on_time: number;
  readonly late: number;
}

/** The line's key, and where its name is: a kind of the catalogue. */
const KEYS: Readonly<Record<Group | 'all', readonly [key: string, kind: string | undefined]>> = {
  all: ['p.key', undefined],
  month: ['p.key', undefined],
  channel: ['c.channel', undefined],
  agency: ['c.agency_code', 'agency'],
  field: ['coalesce(c.field_code, s.field_code)', 'field'],
  service: ['c.service_key', 'service'],
};

/** The names of rules and groups are ours: none of them comes from outside. */
function statementOf(rule: Rule, by: Group | 'all'): string {
  const [key, kind] = KEYS[by];
  const [began, ended, late, grade] = ['began', 'ended', 'late', 'grade'].map((name) => `c.${name}_${rule}`);
  const isPending = `(${ended} IS NULL OR ${ended} > p.to_at)`;
  const count = (name: string, where: string) => `count(*) FILTER (WHERE ${where})::int4 AS ${name}`;
  return `
    WITH lines AS (
      SELECT ${key} AS key,
        ${count('online', `${began} >= p.from_at AND c.channel = 'online'`)},
        ${count('direct', `${began} >= p.from_at AND c.channel <> 'online'`)},
        ${count('carried', `${began} < p.from_at`)},
        ${count('pending', isPending)},
        ${count('pending_late', `${isPending} AND ${late} < least(p.to_at, $4::timestamptz)`)},
        ${GRADES.map((one) => count(one.replace('-', '_'), `${ended} <= p.to_at AND ${grade} = '${one}'`)).join(',\n')}
      FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS p(key, from_at, to_at)
      JOIN counted c ON ${began} <= p.to_at AND (${ended} IS NULL OR ${ended} >= p.from_at)
      LEFT JOIN catalogue s ON s.kind = 'service' AND s.key = c.service_key
      WHERE ($5::text IS NULL OR c.agency_code = $5 OR starts_with(c.agency_code, $5 || '.')
          OR (right(c.agency_code, length($8)) = $8 AND c.agency_code < 'A'))
        AND ($6::text IS NULL OR coalesce(c.field_code, s.field_code) = $6)
        AND ($7::text IS NULL OR c.service_key = $7)
      GROUP BY 1)
    SELECT lines.*, ${kind ? 'n.name' : 'NULL'} AS name FROM lines
    ${kind ? `LEFT JOIN catalogue n ON n.kind = '${kind}' AND n.key = lines.key` : ''}
    ORDER BY lines.key`;
}

function lineOf(row: Row): CountedLine {
  const received = row.online + row.direct + row.carried;
  return {
    key: row.key,
    name: row.name,
    received: { total: received, online: row.online, direct: row.direct, carriedOver: row.carried },
    resolved: {
      total: row.early + row.on_time + row.late,
      early: row.early,
      onTime: row.on_time,
      late: row.late,
    },
    pending: { total: row.pending, withinTerm: row.pending - row.pending_late, late: row.pending_late },
  };
}
