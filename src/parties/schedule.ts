import { Cron } from 'croner';

/**
 * The next time of a cron schedule (seconds allowed), in Vietnam time. Undefined if it has no further run: a schedule
 * may name years.
 */
export function nextRunMs(schedule: string, nowMs: number): number | undefined {
  const next = new Cron(schedule, { timezone: 'Asia/Ho_Chi_Minh', paused: true }).nextRun(new Date(nowMs));
  return next?.getTime();
}
