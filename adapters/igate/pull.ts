import {
  fingerprint,
  inEnglish,
  jsonObject,
  NO_CODES,
  type Outcome,
  type Page,
  type Puller,
  parseInstant,
  say,
} from '#kit';
import type { IGate } from './client.ts';
import { type Changed, itemsOf } from './dossier.ts';
import { type Again, askAgain, type Later, laterOf, MOST_LATER } from './later.ts';
import { bodyOf, type Fetched, withParticulars } from './particulars.ts';
import { changedMs, pageSizeOf, searchPage } from './search.ts';
import type { Settings } from './settings.ts';
import { idIn, isRow, type Row, rowsIn } from './shapes.ts';

/** The latest change that a complete run has seen, and the changes within the overlap before it. */
interface Checkpoint {
  readonly untilMs?: number;
  readonly seen: readonly string[];
  readonly run?: Run;
  /** Dossiers that were read from the list alone, because their detail failed. Each run asks for some again. */
  readonly later?: readonly Later[] | undefined;
}

/** A run reads pages from the latest change back to the end of the run before. */
interface Run {
  readonly page: number;
  readonly topMs: number;
  readonly total?: number | undefined;
  readonly seen: readonly string[];
}

const OVERLAP_S = 600;
const START: Checkpoint = { seen: [] };
const BEGINNING: Run = { page: 0, topMs: 0, seen: [] };

/** The dossiers that changed at iGate, with their steps. */
export const dossiers: Puller<Settings> = {
  schedule: '0 * * * * *',

  async next(igate, checkpoint): Promise<Page | Outcome> {
    const known = (checkpoint ?? START) as Checkpoint;
    const run = known.run ?? BEGINNING;
    const found = await searchPage(igate, run.page);
    if ('kind' in found) return found;
    const { rows, isLast, total } = found;
    const sinceMs = sinceOf(igate.settings, known);
    // A row without a moment may be new. Its mark tells whether it has changed.
    const recent = rows.filter((row) => !(changedMs(row) < sinceMs));
    const seen = new Set([...known.seen, ...run.seen]);
    const marked = recent.map((row) => ({ row, mark: markOf(row, igate.settings) }));
    const fresh = marked.flatMap(({ row, mark }) => (seen.has(mark) ? [] : [row]));
    const changed = await withParticulars(igate, fresh);
    if ('kind' in changed) return changed;
    const isEnd = isLast || isPassed(rows, sinceMs);
    const { later, ...again } = await laterAfter(igate, known.later ?? [], fresh, changed, isEnd);
    const [failure] = Object.values(changed.lacking);
    if (failure && later && later.length > MOST_LATER) return failure;
    const topMs = Math.max(run.topMs, ...recent.map(changedMs).filter((ms) => ms <= igate.now()));
    const overlapMs = (igate.settings.overlapS ?? OVERLAP_S) * 1000;
    const marks = [...new Set([...run.seen, ...marked.map(({ mark }) => mark)])].filter(
      (mark) => !(msOf(mark) < topMs - overlapMs),
    );
    const bodies = [...(fresh.length > 0 ? [bodyOf(changed)] : []), ...again.bodies];
    if (isEnd) {
      const checkpoint = { untilMs: topMs || known.untilMs, seen: marks, later };
      return { bodies, checkpoint, more: false, lacks: again.lacks };
    }
    const page = Math.max(0, run.page + 1 - pagesBack(run, total, pageSizeOf(igate.settings)));
    return { bodies, checkpoint: { ...known, later, run: { page, topMs, total, seen: marks } }, more: true };
  },

  read(body, settings, codes) {
    const kept = jsonObject(body);
    if (!Array.isArray(kept?.content))
      return [{ kind: 'invalid', problems: [{ path: '', ...inEnglish(say('not-as-kept')) }] }];
    const changed: Changed = {
      content: rowsIn(kept.content),
      details: isRow(kept.details) ? kept.details : {},
      fees: rowsIn(kept.fees),
      lacking: isRow(kept.lacking) ? (kept.lacking as Readonly<Record<string, string>>) : {},
    };
    return itemsOf(changed, settings, codes);
  },
};

/** The details that are still to come after a page. At the end of a run, or if too many are, some are asked for again. */
async function laterAfter(
  igate: IGate,
  before: readonly Later[],
  fresh: readonly Row[],
  changed: Fetched,
  isEnd: boolean,
): Promise<Again> {
  const later = laterOf(before, fresh, changed, igate.now());
  const isOver = later.length > MOST_LATER;
  if (!isEnd && !isOver) return { bodies: [], later };
  return askAgain(igate, later, changed.lacking, isOver ? MOST_LATER : undefined);
}

/** The first moment that a run reads: the end of the run before, less the overlap. */
function sinceOf({ startAt, overlapS = OVERLAP_S }: Settings, { untilMs }: Checkpoint): number {
  const startMs = Date.parse(parseInstant(startAt) ?? startAt);
  return untilMs === undefined ? startMs : Math.max(startMs, untilMs - overlapS * 1000);
}

/** Whether all later pages are older. A list in another order than asked for is read to its end. */
function isPassed(rows: readonly Row[], sinceMs: number): boolean {
  const moments = rows.map(changedMs);
  const isSorted = moments.every((ms, at) => at === 0 || ms <= (moments[at - 1] as number));
  return isSorted && (moments.at(-1) as number) < sinceMs;
}

/** A shorter list has moved its rows forward by what it lost, so the run goes back as far. */
function pagesBack({ total: before }: Run, total: number | undefined, size: number): number {
  return before === undefined || total === undefined || total >= before ? 0 : Math.ceil((before - total) / size);
}

/**
 * One change of one dossier. The list repeats it within the overlap, and where rows move between pages. What the hub reads of
 * the row belongs to it: some hosts write no moment, or whole seconds in which a dossier changes twice.
 */
function markOf(row: Row, settings: Settings): string {
  const items = itemsOf({ content: [row], details: {}, fees: [] }, settings, NO_CODES);
  return `${changedMs(row)} ${idIn(row)} ${fingerprint([JSON.stringify(items)])}`;
}

const msOf = (mark: string): number => Number(mark.slice(0, mark.indexOf(' ')));
