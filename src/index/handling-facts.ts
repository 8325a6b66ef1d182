import { endOfTerm, instantToMs, msToInstant, startOfDay } from '#core/dates/dates';
import type { WorkingTime } from '#core/dates/working-time';
import { counts } from '#core/dossier/event';
import { finishOf } from '#core/dossier/status';
import type { HandlingFacts, Share } from '#core/records/handling';
import { END_OF_TERM } from '../database/past-due.ts';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';
import { type LoadedEvent, loadEvents } from './events.ts';
import { dossierNamed, loadIndexed } from './load-indexed.ts';

/**
 * How a dossier was handled, by any of its codes. Undefined if the index has no such dossier.
 *
 * @param at the moment of its rating, an instant: its quarter decides which petitions count
 */
export type HandlingReader = (dossier: string, at: string) => Promise<HandlingFacts | undefined>;

export function createHandlingReader(
  database: Database,
  vault: Vault,
  working: WorkingTime,
  nowMs: () => number,
): HandlingReader {
  return async (dossier, at) => {
    const found = dossierNamed(await loadIndexed(database.pool, vault, [dossier]));
    if (!found) return undefined;
    const { code, owner, view } = found.held;
    const { record } = view;
    const events = await loadEvents(database.pool, vault, [code], found.createdAt);
    const counted = (events.get(code) ?? []).filter((event) => counts(event, owner));
    return {
      dueAt: record.dueAt,
      finishedAt: finishOf(record),
      units: unitsOf(counted),
      steps: stepsOf(counted, working),
      petitions: await loadPetitions(database, record.agencyCode, at, nowMs()),
    };
  };
}

function unitsOf(events: readonly LoadedEvent[]): Share {
  const kept = new Map<string, boolean>();
  for (const { said, at } of events) {
    const { unit, dueAt } = said as { unit?: string; dueAt?: string };
    if (unit === undefined || dueAt === undefined) continue;
    kept.set(unit, (kept.get(unit) ?? true) && at <= endOfTerm(dueAt));
  }
  return { inTime: [...kept.values()].filter(Boolean).length, all: kept.size };
}

/** A derived moment is no moment at which something happened. */
function stepsOf(events: readonly LoadedEvent[], { between, dayMs }: WorkingTime): Share {
  const real = events.filter(({ inferred }) => !inferred);
  const early = real.filter(({ at, receivedAt }) => between(instantToMs(at), instantToMs(receivedAt)) <= dayMs);
  return { inTime: early.length, all: real.length };
}

/**
 * Petitions to an agency that were due in the calendar quarter of a moment, as far as it has passed. Without complaints that an
 * operator dismissed.
 */
async function loadPetitions({ pool }: Database, agency: string, at: string, nowMs: number): Promise<Share> {
  const { from, to } = quarterOf(at);
  const now = msToInstant(nowMs);
  const { rows } = await pool.query<Share>({
    name: 'petitions in time',
    text: `SELECT count(*) AS all, count(*) FILTER (WHERE ended_at <= ${END_OF_TERM}) AS "inTime" FROM records
           WHERE kind = 'petition' AND agency_code = $1 AND due_at >= $2::timestamptz AND due_at < $3::timestamptz
             AND ${END_OF_TERM} < $3::timestamptz
             AND NOT (state = 'held' AND NOT EXISTS (
               SELECT FROM quarantine q WHERE q.cause_key = 'held:' || records.subject AND q.settled_at IS NULL))`,
    values: [agency, from, to < now ? to : now],
  });
  return rows[0] ?? { inTime: 0, all: 0 };
}

function quarterOf(at: string): { readonly from: string; readonly to: string } {
  const year = Number(at.slice(0, 4));
  const first = Math.floor((Number(at.slice(5, 7)) - 1) / 3) * 3;
  const begin = (month: number): string => startOfDay(new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10));
  return { from: begin(first), to: begin(first + 3) };
}
