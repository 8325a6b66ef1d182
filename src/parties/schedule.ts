import { Cron } from 'croner';

/** The next time of a cron schedule (seconds allowed), in Vietnam time. */
export function nextRunMs(schedule: string, nowMs: number): number {
  const next = new Cron(schedule, { timezone: 'Asia/Ho_Chi_Minh', paused: true }).nextRun(new Date(nowMs));
  return next?.getTime() ?? Number.MAX_SAFE_INTEGER / 1e4;
}
