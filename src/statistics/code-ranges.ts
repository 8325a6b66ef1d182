import type pg from 'pg';
import { nextStart, spanStart } from '#core/statistics/spans';
import type { Run } from '../database/transaction.ts';
import type { CountedRow } from './counted.ts';
import type { DossiersQuestion } from './question.ts';
import { isAtOrBelow, newValues, type Values } from './sources.ts';

/**
 * Where the dossiers of an agency are in the order of codes, by the third of a month in which they began and the month in
 * which they ended under any rule. A code begins with an agency and a day, so a range holds little else. It may be too
 * large, and is never too small.
 */
export interface CodeRange {
  readonly first: string;
  readonly last: string;
}

/** The month of the end of a pending dossier. */
const PENDING = 'infinity';

/** Widens the ranges for these counts. */
export async function addToRanges(
  tx: pg.PoolClient,
  counted: readonly (CountedRow & { readonly agencyCode: string })[],
): Promise<void> {
  const ranges = new Map<string, string[]>();
  for (const { code, agencyCode, by } of counted)
    for (const { beganAt, endedAt } of Object.values(by)) {
      const times = [thirdOf(beganAt), endedAt === undefined ? PENDING : monthOf(endedAt)];
      const key = [agencyCode, ...times, prefixOf(code)];
      const [, , , , first = code, last = code] = ranges.get(key.join(' ')) ?? [];
      ranges.set(key.join(' '), [...key, code < first ? code : first, code > last ? code : last]);
    }
  if (ranges.size === 0) return;
  const rows = [...ranges.values()];
  await tx.query({
    name: 'add to ranges',
    text: ADD,
    values: [0, 1, 2, 3, 4, 5].map((at) => rows.map((row) => row[at])),
  });
}

const ADD = `
  INSERT INTO code_ranges AS r (agency_code, began, ended, prefix, first, last)
  SELECT * FROM unnest($1::text[], $2::date[], $3::date[], $4::text[], $5::text[], $6::text[])
    AS g(agency_code, began, ended, prefix, first, last)
  -- A conflict would write the row even where nothing changes. OFFSET 0: only the key finds it, and not its first code.
  WHERE NOT EXISTS (SELECT 1 FROM (SELECT * FROM code_ranges k WHERE k.agency_code = g.agency_code
      AND k.began = g.began AND k.ended = g.ended AND k.prefix = g.prefix OFFSET 0) k
    WHERE k.first <= g.first AND k.last >= g.last)
  ON CONFLICT (agency_code, began, ended, prefix) DO UPDATE
  SET first = least(r.first, excluded.first), last = greatest(r.last, excluded.last)`;

function thirdOf(instant: string): string {
  return spanStart('third', instant.slice(0, 10));
}

function monthOf(instant: string): string {
  return spanStart('month', instant.slice(0, 10));
}

/** The agency in a code. Dossiers move between agencies, and those of another one are far away. */
function prefixOf(code: string): string {
  return code.slice(0, Math.max(0, code.indexOf('-')));
}

const ALL_CODES: FoundRange = { first: '', last: '~', agencies: [] };

export interface FoundRange extends CodeRange {
  /** The agencies whose dossiers are here. */
  readonly agencies: readonly string[];
}

export interface CodeRanges {
  /** In order, without overlaps. */
  readonly ranges: readonly FoundRange[];
  /** There may be further ranges from this code on. */
  readonly until?: string | undefined;
}

/** The first ranges of dossiers that may be behind a number and have ended, or that are pending. */
export async function rangesOf(
  run: Run,
  asked: DossiersQuestion,
  of: 'ended' | 'pending',
  most: number,
): Promise<CodeRanges> {
  const { column, after } = asked;
  if (of === 'pending' && column.startsWith('resolved')) return { ranges: [] };
  const values = newValues();
  const agencies = agenciesOf(asked, values);
  // An index has only the pending dossiers.
  if (of === 'pending' && agencies.length === 0) return { ranges: [ALL_CODES] };
  const conditions = [...timeConditions(asked, of, values), ...agencies, `last > ${values.add(after, 'text')}`];
  const rows = await run<Found>(
    `SELECT agency_code AS agency, first, last, prefix, began::text FROM code_ranges r
     WHERE ${conditions.join(' AND ')} ORDER BY first LIMIT ${most + 1}`,
    values.list,
  );
  return { ranges: joined(rows.slice(0, most)), until: rows[most]?.first };
}

type Period = Pick<DossiersQuestion, 'from' | 'to'>;

/** The ranges of an agency's dossiers with one of these times in a period, behind a code. In order, without overlaps. */
export async function rangesInPeriod(
  run: Run,
  agency: string,
  period: Period,
  { times, after }: { readonly times: readonly ('began' | 'ended')[]; readonly after: string },
): Promise<readonly CodeRange[]> {
  const values = newValues();
  const rows = await run<Found>(
    `SELECT agency_code AS agency, first, last, prefix, began::text FROM code_ranges r
     WHERE agency_code = ${values.add(agency, 'text')} AND last > ${values.add(after, 'text')}
       AND (${times.map((time) => spanIn(time, period, values)).join(' OR ')}) ORDER BY first`,
    values.list,
  );
  return joined(rows);
}

/** SQL: the ranges of the dossiers of an agency, `a`, that began and ended in a period. Those of one prefix are neighbours. */
export function bothInPeriod(period: Period, values: Values): string {
  return `SELECT min(r.first) AS first, max(r.last) AS last FROM code_ranges r WHERE r.agency_code = a.agency_code
    AND ${spanIn('began', period, values)} AND ${spanIn('ended', period, values)} GROUP BY r.prefix`;
}

/** SQL: whether a range has dossiers with this time in the period. */
function spanIn(time: 'began' | 'ended', { from, to }: Period, values: Values): string {
  const start = time === 'began' ? thirdOf : monthOf;
  return `r.${time} BETWEEN ${values.add(start(from), 'date')} AND ${values.add(start(to), 'date')}`;
}

function agenciesOf({ by, key, filter }: DossiersQuestion, values: Values): readonly string[] {
  return [
    ...(by === 'agency' && typeof key === 'string' ? [`agency_code = ${values.add(key, 'text')}`] : []),
    ...(filter.agency === undefined ? [] : [isAtOrBelow('r', filter.agency, values)]),
  ];
}

function timeConditions(
  { column, from, to }: DossiersQuestion,
  of: 'ended' | 'pending',
  values: Values,
): readonly string[] {
  const third = (instant: string) => values.add(thirdOf(instant), 'date');
  const month = (instant: string) => values.add(monthOf(instant), 'date');
  const isNew = column === 'received.online' || column === 'received.direct';
  const began = [
    ...(isNew ? [`began >= ${third(from)}`] : []),
    `began <= ${third(column === 'received.carriedOver' ? from : to)}`,
  ];
  if (of === 'pending') return [...began, `ended = '${PENDING}'`];
  return [
    ...began,
    `ended >= ${month(column.startsWith('pending') ? to : from)}`,
    column.startsWith('resolved') ? `ended <= ${month(to)}` : `ended < '${PENDING}'`,
  ];
}

interface Found extends CodeRange {
  readonly agency: string;
  readonly prefix: string;
  readonly began: string;
}

/** Joins ranges that overlap, and those of consecutive thirds: hardly a code is between them. */
function joined(rows: readonly Found[]): readonly FoundRange[] {
  const found: { range: Found; agencies: Set<string> }[] = [];
  for (const row of rows) {
    const previous = found.at(-1);
    const isNext = previous?.range.prefix === row.prefix && row.began <= nextStart('third', previous.range.began);
    if (previous && (isNext || row.first <= previous.range.last)) {
      const { range, agencies } = previous;
      const last = row.last > range.last ? row.last : range.last;
      const began = row.began > range.began ? row.began : range.began;
      previous.range = { ...range, last, began };
      agencies.add(row.agency);
    } else found.push({ range: row, agencies: new Set([row.agency]) });
  }
  return found.map(({ range: { first, last }, agencies }) => ({ first, last, agencies: [...agencies] }));
}
