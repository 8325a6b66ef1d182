import { say } from '#messages/message';
import { Refusal } from './problem.ts';

/** Makes the report for a query. */
export type MakeReport<Query, Report> = (query: Query) => Promise<Report>;

const REMEMBERED_MS = 5 * 60_000;
/** A further report is refused. */
const MOST_AT_ONCE = 8;

/**
 * Statistics for visitors without a key.
 *
 * Reports are cached, for five minutes by default. At most eight are made at once, so that visitors cannot keep the database
 * busy.
 *
 * @param make called only with queries that a page offers, because every report is cached
 * @throws Refusal 503 when too many other reports are being made
 */
export function rememberReports<Query, Report>(
  make: MakeReport<Query, Report>,
  nowMs: () => number,
  rememberedMs = REMEMBERED_MS,
): MakeReport<Query, Report> {
  const remembered = new Map<string, { readonly atMs: number; readonly report: Promise<Report> }>();
  let underWay = 0;
  return async (query) => {
    const key = JSON.stringify(query);
    const known = remembered.get(key);
    if (known && nowMs() - known.atMs < rememberedMs) return known.report;
    if (underWay >= MOST_AT_ONCE)
      throw new Refusal('unavailable', say('statistics-busy'), { headers: { 'Retry-After': '5' } });
    underWay++;
    const report = make(query).finally(() => {
      underWay--;
    });
    remembered.set(key, { atMs: nowMs(), report });
    report.catch(() => remembered.delete(key));
    return report;
  };
}
