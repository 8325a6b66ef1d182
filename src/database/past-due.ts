import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { startOfDay } from '#core/dates/dates';

/** SQL: the last moment in time by `due_at`, like `endOfTerm`: a due day without a time lasts until its end. */
export const END_OF_TERM = `CASE WHEN due_at = date_trunc('day', due_at, 'Etc/GMT-7') THEN due_at + interval '86399999 ms' ELSE due_at END`;

/**
 * SQL: whether the term of a row is over at an instant. `due_at` stands alone, so that an index finds it. Of the due days without
 * a time, only the instant's own day has begun and not ended.
 */
export const isPastDue = (at: string): RawBuilder<SqlBool> =>
  sql`(due_at < ${at}::timestamptz AND due_at <> ${startOfDay(at.slice(0, 10))}::timestamptz)`;

/** SQL: whether the term of a row is not over at an instant, and the row is due before or at another one. */
export const isDueBetween = (from: string, to: string): RawBuilder<SqlBool> =>
  sql`(due_at >= ${startOfDay(from.slice(0, 10))}::timestamptz AND due_at <= ${to}::timestamptz AND NOT ${isPastDue(from)})`;
