import {
  type HubQueries,
  type Item,
  msToInstant,
  type Outcome,
  type Page,
  type Problem,
  type Puller,
  problem,
  received,
  say,
  textOf,
} from '#kit';
import { type Bus, call, failureOf } from './client.ts';
import { writeMoment } from './moments.ts';
import type { Row } from './read.ts';
import type { Settings } from './settings.ts';

/** `PreExtisting` is written so by the bus. */
const COUNTS = [
  'NewReception',
  'PreExtisting',
  'Total',
  'TotalSolved',
  'SolvedInTime',
  'SolvedLate',
  'TotalPending',
  'Pending',
  'PendingLate',
] as const;

/** The hub's own figures of a month for `POST /Statistic`, on the first of the next month. */
export const statistic: Puller<Settings> = {
  schedule: '0 20 2 1 * *',
  next: (bus, checkpoint, asks) =>
    report(bus, checkpoint, asks, bus.settings.paths?.statistic ?? '/Statistic', writeStatistic),
  // The answer says only that the figures arrived.
  read: () => [],
};

/** The ratings of a month for `POST /Vote`. */
export const vote: Puller<Settings> = {
  schedule: '0 25 2 1 * *',
  next: (bus, checkpoint, asks) => report(bus, checkpoint, asks, bus.settings.paths?.vote ?? '/Vote', writeVote),
  read: () => [],
};

type MonthFigures = Awaited<ReturnType<HubQueries['figures']>>;
type Write = (month: string, figures: MonthFigures, bus: Bus) => object;

/** Reports each month once, the oldest first. After a failure the same month is due again. */
async function report(
  bus: Bus,
  checkpoint: unknown,
  asks: HubQueries,
  path: string,
  write: Write,
): Promise<Page | Outcome> {
  const last = monthBefore(msToInstant(bus.now()).slice(0, 7));
  const told = (checkpoint as { readonly month?: string } | undefined)?.month;
  const month = told === undefined ? last : monthAfter(told);
  if (month > last) return { bodies: [], checkpoint, more: false };
  const figures = await asks.figures(month, 'opencps');
  const reply = await call(bus, path, write(month, figures, bus));
  if (reply.kind !== 'reply') return reply;
  const failure = failureOf(bus, reply);
  if (failure) return failure;
  return { bodies: [{ body: reply.body, mediaType: 'application/json' }], checkpoint: { month }, more: month < last };
}

function monthBefore(month: string): string {
  return new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)) - 2)).toISOString().slice(0, 7);
}

function monthAfter(month: string): string {
  return new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)))).toISOString().slice(0, 7);
}

function writeStatistic(month: string, { received: came, resolved, pending }: MonthFigures, bus: Bus): object {
  const inTime = resolved.early + resolved.onTime;
  return {
    Month: Number(month.slice(5)),
    Year: Number(month.slice(0, 4)),
    IsMonthStatistic: true,
    NewReception: came.total - came.carriedOver,
    PreExtisting: came.carriedOver,
    Total: came.total,
    TotalSolved: resolved.total,
    SolvedInTime: inTime,
    SolvedInTimePercent: percentOf(inTime, resolved.total),
    SolvedLate: resolved.late,
    SolvedLatePercent: percentOf(resolved.late, resolved.total),
    TotalPending: pending.total,
    Pending: pending.withinTerm,
    PendingPercent: percentOf(pending.withinTerm, pending.total),
    PendingLate: pending.late,
    PendingLatePercent: percentOf(pending.late, pending.total),
    Note: '',
    ...organisationOf(bus.settings),
  };
}

function writeVote(_: string, { ratings }: MonthFigures, bus: Bus): object {
  const of = (level: string): number => ratings[level] ?? 0;
  const total = of('very-satisfied') + of('satisfied') + of('dissatisfied');
  return {
    DateCreated: writeMoment(msToInstant(bus.now()), bus.settings),
    TotalVoted: total,
    PercentVeryGood: percentOf(of('very-satisfied'), total),
    PercentGood: percentOf(of('satisfied'), total),
    PercentBad: percentOf(of('dissatisfied'), total),
    Questions: [],
    ...organisationOf(bus.settings),
  };
}

/** The client of OpenCPS writes this id with a small `level`. */
function organisationOf({ organisation }: Settings): object {
  return {
    OrganizationInchargeIdlevel1: organisation?.code ?? '',
    OrganizationInchargeName: organisation?.name ?? '',
  };
}

/** With two decimals. Of nothing it is 0: OpenCPS itself writes a division by 0 there, which is no JSON. */
function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part * 10_000) / whole) / 100;
}

/** The problems of pushed figures. They hold no record: the hub stores the message, and counts by its own dossiers. */
export function readStatistic(row: Row): readonly Item[] {
  const isYear = row.IsMonthStatistic === false;
  return invalidIf([
    ...numberProblems(row, 'Year', 1900, 2200),
    ...numberProblems(row, 'Month', isYear ? 0 : 1, 12),
    ...COUNTS.flatMap((name) => numberProblems(row, name, 0, Number.MAX_SAFE_INTEGER)),
  ]);
}

export function readVote(row: Row): readonly Item[] {
  return invalidIf([
    ...numberProblems(row, 'TotalVoted', 0, Number.MAX_SAFE_INTEGER),
    ...['PercentVeryGood', 'PercentGood', 'PercentBad'].flatMap((name) => numberProblems(row, name, 0, 100)),
  ]);
}

function invalidIf(problems: readonly Problem[]): readonly Item[] {
  return problems.length === 0 ? [] : [{ kind: 'invalid', problems }];
}

function numberProblems(row: Row, name: string, least: number, most: number): readonly Problem[] {
  const given = textOf(row[name]);
  if (given === undefined) return [problem(`/${name}`, 'absent')];
  const value = Number(given);
  if (value >= least && value <= most) return [];
  const expected = say('number-range', { least: String(least), most: String(most) });
  return [problem(`/${name}`, 'unexpected', { got: received(given), expected })];
}
