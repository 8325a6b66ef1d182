import { type Page, textOf } from '#kit';
import type { IGate } from './client.ts';
import { bodyOf, type Fetched, withParticulars, wordsOfFailure } from './particulars.ts';
import { searchCode } from './search.ts';
import { idIn, type Row } from './shapes.ts';

/** A dossier that was read from the list alone, because its detail failed. */
export interface Later {
  readonly id: string;
  readonly code: string;
  /** When its detail failed first. Absent in checkpoints of an older version. */
  readonly sinceMs?: number;
}

/** The largest number of dossiers whose detail is still to come. */
export const MOST_LATER = 100;
/** How many of them a run asks for again. Each costs up to three calls. */
const AGAIN = 5;
/** A detail is given up after this time. The dossier stays as the list has it. */
const GIVEN_UP_MS = 7 * 86_400_000;

/** The dossiers whose detail is still to come after these rows. */
export function laterOf(
  later: readonly Later[],
  rows: readonly Row[],
  { lacking }: Fetched,
  nowMs: number,
): readonly Later[] {
  const read = new Set(rows.map(idIn));
  const since = new Map(later.map(({ id, sinceMs }) => [id, sinceMs]));
  const failed = rows.flatMap((row) => {
    const [id, code] = [idIn(row), textOf(row.code)];
    return id !== undefined && code !== undefined && Object.hasOwn(lacking, id)
      ? [{ id, code, sinceMs: since.get(id) ?? nowMs }]
      : [];
  });
  return [...later.filter(({ id }) => !read.has(id)), ...failed];
}

/** The result of asking again: new bodies, and the dossiers whose detail is still to come. */
export interface Again extends Pick<Page, 'bodies' | 'lacks'> {
  readonly later?: readonly Later[] | undefined;
}

/**
 * Asks again for some details that failed, the oldest first. Those that have just failed wait for the next run.
 *
 * @param most how many
 */
export async function askAgain(
  igate: IGate,
  later: readonly Later[],
  failedNow: Fetched['lacking'],
  most = AGAIN,
): Promise<Again> {
  if (!igate.settings.details) return { bodies: [] };
  const asked = later.filter(({ id }) => !Object.hasOwn(failedNow, id)).slice(0, most);
  const bodies: Page['bodies'][number][] = [];
  const failures = Object.values(failedNow);
  const left = new Set<Later>();
  for (const one of asked) {
    const rows = await searchCode(igate, one.code);
    const found = 'kind' in rows ? rows : await withParticulars(igate, rows.slice(0, 1));
    const failure = 'kind' in found ? found : Object.values(found.lacking)[0];
    if (failure) {
      failures.push(failure);
      if (igate.now() - (one.sinceMs ?? igate.now()) < GIVEN_UP_MS) left.add(one);
    } else if ('content' in found && found.content.length > 0) bodies.push(bodyOf(found));
  }
  const others = later.filter((one) => !asked.includes(one));
  const [failure] = failures;
  const lacks = failure ? wordsOfFailure(failure) : others.length > 0 ? undefined : (false as const);
  const rest = [...others, ...left];
  return { bodies, lacks, later: rest.length > 0 ? rest : undefined };
}
