import { RATING_LEVELS } from '#schemas/rating.v1';
import { MOST_COUNTED } from '../database/count-up-to.ts';
import type { Run } from '../database/transaction.ts';
import { countOnline, ONLINE_NUMBERS, type OnlineNumber } from './agency-facts.ts';
import { dossiersWith } from './agency-walk.ts';
import {
  ANSWERS,
  answerable,
  DELIVERIES,
  OPEN_INCIDENTS,
  RATED,
  RATED_AGENCY,
  SENT,
  TOUCHED,
} from './report-conditions.ts';

/** A period of a report, as instants, and the present moment. */
export interface ReportPeriod {
  readonly from: string;
  readonly to: string;
  readonly now: string;
}

/** A record behind a number of a report. */
export interface ReportRecord {
  /** The line of the report: an agency, a party, the number of an incident, or a role of processes. */
  readonly key: string;
  /** `dossier`, `delivery`, `run` (of a process), or a kind of record such as `question`. */
  readonly what: string;
  readonly code: string;
  readonly at: string;
}

/** Where a list of records begins. */
export type RecordPlace = readonly [key: string, what: string, code: string];

export interface WantedRecords {
  readonly report: ReportWithRecords;
  /** One of RECORD_COLUMNS. */
  readonly column: string;
  /** Undefined for the total. */
  readonly key: string | undefined;
  readonly after: RecordPlace | undefined;
  readonly limit: number;
}

/** SQL by column: key, what, code and at of the records behind the number. */
type Sources = Readonly<Record<string, string>>;

const each = (conditions: Readonly<Record<string, string>>, source: (condition: string, name: string) => string) =>
  Object.entries(conditions).map(([name, condition]) => [name, source(condition, name)] as const);

const answersOf = (kind: 'question' | 'petition') =>
  each(
    ANSWERS,
    (condition) => `SELECT coalesce(agency_code, '') AS key, kind AS what, code, began_at AS at
    FROM ${answerable('kind, code, state, agency_code, began_at, ended_at, due_at')} AS asked WHERE kind = '${kind}' AND ${condition}`,
  ).map(([name, text]) => [`${kind}.${name}`, text] as const);

const ratings = (condition: string): string =>
  `SELECT ${RATED_AGENCY} AS key, r.kind AS what, r.code, r.began_at AS at FROM ${RATED} AND ${condition}`;

/** A delivery is about a dossier, or about a record as `kind code`. */
const touched = (condition: string): string => `
  SELECT DISTINCT i.id::text AS key, CASE WHEN strpos(d.subject, ' ') = 0 THEN 'dossier' ELSE split_part(d.subject, ' ', 1) END AS what,
    CASE WHEN strpos(d.subject, ' ') = 0 THEN d.subject ELSE substr(d.subject, strpos(d.subject, ' ') + 1) END AS code, i.opened_at AS at
  FROM incidents i JOIN deliveries d ON ${condition} WHERE ${OPEN_INCIDENTS}`;

const SOURCES = {
  questions: Object.fromEntries([
    ...answersOf('question'),
    ...answersOf('petition'),
    ...RATING_LEVELS.map((level) => [`rating.${level}`, ratings(`r.mark = '${level}'`)] as const),
    ['rating', ratings('true')],
  ]),
  connections: Object.fromEntries(
    each(
      DELIVERIES,
      (condition) => `SELECT d.party AS key, 'delivery' AS what, d.id::text AS code, d.created_at AS at
        FROM deliveries d WHERE ${SENT} AND ${condition}`,
    ),
  ),
  incidents: Object.fromEntries(each(TOUCHED, touched)),
  availability: {
    runs: `SELECT role AS key, 'run' AS what, id::text AS code, started_at AS at FROM process_runs, unnest(roles) role
      WHERE role <> 'backup' AND started_at <= $2::timestamptz AND coalesce(ended_at, seen_at) >= $1::timestamptz`,
  },
} as const satisfies Record<string, Sources>;
export type ReportWithRecords = keyof typeof SOURCES | 'online-services';

/** The numbers of a report whose records can be listed. None for a report that leads elsewhere. */
export function recordColumns(report: string): readonly string[] {
  if (report === 'online-services') return ONLINE_NUMBERS;
  return Object.hasOwn(SOURCES, report) ? Object.keys(SOURCES[report as keyof typeof SOURCES]) : [];
}

function sourceOf({ report, column }: Pick<WantedRecords, 'report' | 'column'>): string {
  return (SOURCES as Readonly<Record<string, Sources>>)[report]?.[column] ?? '';
}

/** How many records are behind the number: null for more than MOST_COUNTED. */
export async function countRecordsOf(
  run: Run,
  period: ReportPeriod,
  wanted: Pick<WantedRecords, 'report' | 'column' | 'key'>,
): Promise<number | null> {
  const { report, column, key } = wanted;
  const { from, to, now } = period;
  if (report === 'online-services') return upToMost(await countOnline(run, period, column as OnlineNumber, key));
  const [row] = await run<{ many: number }>(
    `SELECT count(*)::int4 AS many FROM (
       SELECT FROM (${sourceOf(wanted)}) found
       -- Each parameter is named, because a source may need fewer.
       WHERE $1::timestamptz IS NOT NULL AND $2::timestamptz IS NOT NULL AND $3::timestamptz IS NOT NULL
         AND ($4::text IS NULL OR key = $4::text)
       LIMIT ${MOST_COUNTED + 1}) found`,
    [from, to, now, key ?? null],
  );
  return upToMost(row?.many ?? 0);
}

function upToMost(many: number): number | null {
  return many > MOST_COUNTED ? null : many;
}

export async function readRecordsOf(
  run: Run,
  period: ReportPeriod,
  wanted: WantedRecords,
): Promise<readonly ReportRecord[]> {
  const { report, key, after, limit } = wanted;
  if (report === 'online-services') return readDossiersOf(run, period, wanted);
  const { from, to, now } = period;
  const [lastKey, lastWhat, lastCode] = after ?? [null, null, null];
  return run<ReportRecord>(
    `SELECT key, what, code, at FROM (${sourceOf(wanted)}) found
     -- Each parameter is named, because a source may need fewer.
     WHERE $3::timestamptz IS NOT NULL AND ($4::text IS NULL OR key = $4::text)
       AND ($5::text IS NULL OR (key, what, code) > ($5::text, $6::text, $7::text))
     ORDER BY key, what, code LIMIT $8::int4`,
    [from, to, now, key ?? null, lastKey, lastWhat, lastCode, limit],
  );
}

async function readDossiersOf(
  run: Run,
  period: ReportPeriod,
  { column, key, after, limit }: WantedRecords,
): Promise<readonly ReportRecord[]> {
  const place = after && ([after[0], after[2]] as const);
  const facts = column as OnlineNumber;
  const found = await dossiersWith(run, period, { facts, agency: key, after: place, limit });
  return found.map(({ key: agency, code, at }) => ({ key: agency, what: 'dossier', code, at }));
}
