/** When a partner is not to be called: from a time of the day to another, in Vietnam time, perhaps on some days only. */
export interface MaintenanceWindow {
  /** `HH:mm`. */
  readonly from: string;
  /** `HH:mm`; earlier than `from` when the window ends the next day. */
  readonly to: string;
  /** Days on which it begins; every day where it is absent. */
  readonly days?: readonly Day[];
}

export const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
export type Day = (typeof DAYS)[number];

const VIETNAM_OFFSET_MS = 7 * 3_600_000;
const DAY_MS = 86_400_000;

/**
 * The end of the window that a moment falls in, in epoch milliseconds; undefined outside of all windows. Windows that
 * overlap count as one.
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

/** A window that began today, or yesterday and lasts over midnight. */
function endOf({ from, to, days }: MaintenanceWindow, nowMs: number): number | undefined {
  const midnightMs = Math.floor((nowMs + VIETNAM_OFFSET_MS) / DAY_MS) * DAY_MS - VIETNAM_OFFSET_MS;
  for (const dayMs of [midnightMs, midnightMs - DAY_MS]) {
    const day = DAYS[new Date(dayMs + VIETNAM_OFFSET_MS).getUTCDay()] as Day;
    if (days && !days.includes(day)) continue;
    const beginMs = dayMs + timeMs(from);
    const endMs = dayMs + timeMs(to) + (timeMs(to) <= timeMs(from) ? DAY_MS : 0);
    if (beginMs <= nowMs && nowMs < endMs) return endMs;
  }
  return undefined;
}

function timeMs(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return (hours * 60 + minutes) * 60_000;
}
