import { type Availability, availabilityOf } from '#core/statistics/availability';
import type { Words } from '#messages/message';
import type { Database } from '../database/pool.ts';
import { atOneMoment, type Run } from '../database/transaction.ts';
import { AWAY_AFTER_MS, firstRunAt, listRuns } from '../ledger/process-runs.ts';
import { type OnlineSums, onlineSums } from './agency-facts.ts';
import { countLackingDossiers, dossiersWith } from './agency-walk.ts';
import {
  ANSWERS,
  answerable,
  countsOf,
  DELIVERIES,
  OPEN_INCIDENTS,
  RATED,
  RATED_AGENCY,
  SENT,
  TOUCHED,
} from './report-conditions.ts';
import {
  countRecordsOf,
  type ReportPeriod,
  type ReportRecord,
  readRecordsOf,
  recordColumns,
  type WantedRecords,
} from './report-records.ts';

interface OfAgency {
  readonly key: string;
  readonly name: string | null;
}

/** Counts of an agency's dossiers that were received, and of those that ended in the period, by rule 766. */
export type OnlineLine = OnlineSums & OfAgency;

export interface OnlineNumbers {
  readonly lines: readonly OnlineLine[];
  /** Services in force, by their online level. */
  readonly services: Readonly<Record<string, number>>;
}

/** Counts of questions or petitions: received in the period, answered in it, and open at its end. */
export interface AnswerNumbers {
  readonly received: number;
  readonly inTime: number;
  readonly late: number;
  readonly pending: number;
  readonly overdue: number;
}

export interface RecordLine extends OfAgency {
  readonly question: AnswerNumbers;
  readonly petition: AnswerNumbers;
  /** By level. */
  readonly ratings: Readonly<Record<string, number>>;
}

export interface ConnectionLine {
  readonly party: string;
  readonly deliveries: number;
  readonly delivered: number;
  readonly refused: number;
  readonly waiting: number;
  /** Minutes from the message to the answer of the partner. Null without any. */
  readonly medianMinutes: number | null;
  readonly p95Minutes: number | null;
  /** Of the last comparison: dossiers that agree, and that were compared. */
  readonly agreed: number | null;
  readonly judged: number | null;
}

export interface IncidentLine {
  readonly id: number;
  readonly party: string;
  readonly kind: string;
  readonly openedAt: string;
  readonly closedAt: string | null;
  /** Dossiers with a delivery to the party that waited through it, and with one that was refused in it. */
  readonly delayed: number;
  readonly wrong: number;
  /** The cause as the hub found it, and its words; an old one has none. */
  readonly foundCause: string;
  readonly words: Words | null;
  /** The latest statement of an operator. Without a cause, the found one is right. */
  readonly cause: string | null;
  readonly action: string | null;
}

/** The questions of one officer to one register for one purpose. */
export interface AskLine extends OfAgency {
  /** Empty after the retention of asks. */
  readonly officer: string;
  readonly party: string;
  readonly question: string;
  readonly purpose: string;
  readonly asked: number;
  readonly found: number;
  readonly notFound: number;
  /** Refused, unanswered, several records, or without a recorded outcome. */
  readonly failed: number;
}

/** A dossier with fields that lack or contradict. */
export interface FieldLine extends OfAgency {
  readonly code: string;
  /** See core/statistics/facts.ts. */
  readonly facts: number;
}

/** Where the next part of the field report begins: behind this dossier. */
export type FieldPlace = readonly [agency: string, code: string];

/** The numbers of the reports of a period, each from one snapshot. */
export interface ReportNumbers {
  online(period: ReportPeriod): Promise<OnlineNumbers>;
  records(period: ReportPeriod): Promise<readonly RecordLine[]>;
  connections(period: ReportPeriod): Promise<readonly ConnectionLine[]>;
  incidents(period: ReportPeriod): Promise<readonly IncidentLine[]>;
  /** Questions to registers. */
  asks(period: ReportPeriod): Promise<readonly AskLine[]>;
  /** Dossiers that began or ended in the period and lack a field of index 766, by agency. At most `limit`. */
  fields(
    period: ReportPeriod,
    wanted: { readonly agency: string | undefined; readonly after?: FieldPlace | undefined; readonly limit: number },
  ): Promise<readonly FieldLine[]>;
  /** How many of them there are: null for more than 10,000. */
  countFields(period: ReportPeriod, agency: string | undefined): Promise<number | null>;
  /** The numbers of a report whose records can be listed. */
  recordColumns(report: string): readonly string[];
  /** The records behind one number, in the order of their places. */
  readRecordsOf(period: ReportPeriod, wanted: WantedRecords): Promise<readonly ReportRecord[]>;
  /** How many of them there are: null for more than 10,000. */
  countRecordsOf(
    period: ReportPeriod,
    wanted: Pick<WantedRecords, 'report' | 'column' | 'key'>,
  ): Promise<number | null>;
  /** When a process with the role was there. */
  availability(role: string, period: ReportPeriod): Promise<Availability>;
}

export function createReportNumbers(database: Database): ReportNumbers {
  const ask =
    <Out>(read: (run: Run, period: ReportPeriod) => Promise<Out>) =>
    (period: ReportPeriod): Promise<Out> =>
      atOneMoment(database, (run) => read(run, period));
  return {
    online: ask(onlineNumbers),
    records: ask(recordLines),
    recordColumns,
    readRecordsOf: (period, wanted) => atOneMoment(database, (run) => readRecordsOf(run, period, wanted)),
    countRecordsOf: (period, wanted) => atOneMoment(database, (run) => countRecordsOf(run, period, wanted)),
    connections: ask((run, { from, to }) => run<ConnectionLine>(CONNECTIONS, [from, to])),
    fields: (period, wanted) =>
      atOneMoment(database, (run) => dossiersWith(run, period, { facts: 'lacking', after: undefined, ...wanted })),
    countFields: (period, agency) => atOneMoment(database, (run) => countLackingDossiers(run, period, agency)),
    availability: (role, period) => atOneMoment(database, (run) => availabilityIn(run, role, period)),
    asks: ask((run, { from, to }) => run<AskLine>(ASKS, [from, to])),
    incidents: ask((run, { from, to, now }) => run<IncidentLine>(INCIDENTS, [from, to, now])),
  };
}

async function availabilityIn(run: Run, role: string, { from, to, now }: ReportPeriod): Promise<Availability> {
  const runs = await listRuns(run, role, to);
  const span = { from, to: to < now ? to : now, since: await firstRunAt(run) };
  return availabilityOf(runs, span, AWAY_AFTER_MS);
}

async function onlineNumbers(run: Run, period: ReportPeriod): Promise<OnlineNumbers> {
  const lines = await onlineSums(run, period);
  const names = await run<{ key: string; name: string }>(
    `SELECT key, name FROM catalogue WHERE kind = 'agency' AND key = ANY($1::text[])`,
    [lines.map(({ key }) => key)],
  );
  const nameOf = new Map(names.map(({ key, name }) => [key, name]));
  const services = await run<{ level: string; count: number }>(SERVICES);
  return {
    lines: lines.map((line) => ({ name: nameOf.get(line.key) ?? null, ...line })),
    services: Object.fromEntries(services.map(({ level, count }) => [level, count])),
  };
}

const NAME = `(SELECT a.name FROM catalogue a WHERE a.kind = 'agency' AND a.key = t.agency_code)`;

const ASKS = `
  SELECT t.agency_code AS key, ${NAME} AS name,
    t.officer, t.party, t.question, t.purpose, count(*)::int4 AS asked,
    count(*) FILTER (WHERE outcome = 'found')::int4 AS found,
    count(*) FILTER (WHERE outcome = 'not-found')::int4 AS "notFound",
    count(*) FILTER (WHERE outcome IS NULL OR outcome NOT IN ('found', 'not-found'))::int4 AS failed
  FROM asks t WHERE t.at BETWEEN $1::timestamptz AND $2::timestamptz
  GROUP BY t.agency_code, t.officer, t.party, t.question, t.purpose
  ORDER BY t.agency_code, t.officer, t.party, t.question, t.purpose`;

const SERVICES = `
  SELECT coalesce(record->>'onlineLevel', '') AS level, count(*)::int8 AS count FROM catalogue
  WHERE kind = 'service' AND in_force GROUP BY 1 ORDER BY 1`;

interface RecordRow extends OfAgency, AnswerNumbers {
  readonly kind: 'question' | 'petition';
}

const NONE: AnswerNumbers = { received: 0, inTime: 0, late: 0, pending: 0, overdue: 0 };

async function recordLines(run: Run, { from, to, now }: ReportPeriod): Promise<readonly RecordLine[]> {
  const answers = await run<RecordRow>(ANSWERED, [from, to, now]);
  const ratings = await run<OfAgency & { level: string; count: number }>(RATINGS, [from, to]);
  const keys = [...new Set([...answers, ...ratings].map(({ key }) => key))].sort();
  return keys.map((key) => {
    const of = (kind: RecordRow['kind']): AnswerNumbers =>
      answers.find((one) => one.key === key && one.kind === kind) ?? NONE;
    const rated = ratings.filter((one) => one.key === key);
    return {
      key,
      name: [...answers, ...rated].find((one) => one.key === key)?.name ?? null,
      question: of('question'),
      petition: of('petition'),
      ratings: Object.fromEntries(rated.map(({ level, count }) => [level, count])),
    };
  });
}

const ANSWERED = `
  SELECT t.*, ${NAME} AS name FROM (
    SELECT kind, coalesce(agency_code, '') AS agency_code, coalesce(agency_code, '') AS key, ${countsOf(ANSWERS)}
    FROM ${answerable('kind, state, agency_code, began_at, ended_at, due_at')} AS asked GROUP BY 1, 2) t
  ORDER BY 1, 2`;

const RATINGS = `
  SELECT t.agency_code AS key, ${NAME} AS name, t.mark AS level, t.count FROM (
    SELECT ${RATED_AGENCY} AS agency_code, r.mark, count(*) AS count FROM ${RATED} GROUP BY 1, 2) t
  ORDER BY 1, 3`;

const CONNECTIONS = `
  SELECT d.party, ${countsOf(DELIVERIES)},
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM d.settled_at - d.created_at) / 60)
      FILTER (WHERE ${DELIVERIES.delivered}) AS "medianMinutes",
    percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM d.settled_at - d.created_at) / 60)
      FILTER (WHERE ${DELIVERIES.delivered}) AS "p95Minutes",
    max(r.agreed) AS agreed, max(r.judged) AS judged
  FROM deliveries d LEFT JOIN reconciles r ON r.party = d.party WHERE ${SENT} GROUP BY d.party ORDER BY d.party`;

const INCIDENTS = `
  SELECT i.id, i.party, i.kind, i.opened_at AS "openedAt", i.closed_at AS "closedAt",
    (SELECT count(DISTINCT d.subject) FROM deliveries d WHERE ${TOUCHED.delayed}) AS delayed,
    (SELECT count(DISTINCT d.subject) FROM deliveries d WHERE ${TOUCHED.wrong}) AS wrong,
    i.cause AS "foundCause", i.words, n.cause, n.action
  FROM incidents i LEFT JOIN LATERAL (
    SELECT cause, action FROM incident_notes WHERE incident_id = i.id ORDER BY id DESC LIMIT 1) n ON true
  WHERE ${OPEN_INCIDENTS}
  ORDER BY i.opened_at, i.id`;
