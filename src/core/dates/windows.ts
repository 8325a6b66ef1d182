import { DAY_MS, VIETNAM_MS } from './dates.ts';

/** A daily time without calls to a partner, in Vietnam time, perhaps only on some days. */
export interface MaintenanceWindow {
  /** `HH:mm`. */
  readonly from: string;
  /** `HH:mm`. If earlier than `from`, the window ends the next day. */
  readonly to: string;
  /** Days on which it begins. Every day by default. */
  readonly days?: readonly Day[];
}

export const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
export type Day = (typeof DAYS)[number];

/**
 * The end of the window that contains a moment, in epoch milliseconds. Undefined outside all windows. Overlapping
 * windows count as one.
 */
export function windowEndMs(windows: readonly MaintenanceWindow[], nowMs: number): number | undefined {
  let endMs: number | undefined;
  for (let grew = true; grew; ) {
    grew = false;
    for (const window of windows) {
      const end = endOf(window, endMs ?? nowMs);
      if (end === undefined || end <= (endMs ?? nowMs)) continue;
      endMs = end;
      // Windows without a gap would never end.
      if (endMs - nowMs > 7 * DAY_MS) return endMs;
      grew = true;
    }
  }
  return endMs;
}

/** The end of a window that began today, or yesterday and lasts beyond midnight. */
function endOf({ from, to, days }: MaintenanceWindow, nowMs: number): number | undefined {
  const midnightMs = Math.floor((nowMs + VIETNAM_MS) / DAY_MS) * DAY_MS - VIETNAM_MS;
  for (const dayMs of [midnightMs, midnightMs - DAY_MS]) {
    const day = DAYS[new Date(dayMs + VIETNAM_MS).getUTCDay()] as Day;
    if (days && !days.includes(day)) continue;
    const beginMs = dayMs + msOfDay(from);
    const endMs = dayMs + msOfDay(to) + (msOfDay(to) <= msOfDay(from) ? DAY_MS : 0);
    if (beginMs <= nowMs && nowMs < endMs) return endMs;
  }
  return undefined;
}

/** The milliseconds from midnight to `HH:mm`. */
export function msOfDay(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return (hours * 60 + minutes) * 60_000;
}
