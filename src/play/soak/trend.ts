/** One value that is sampled again and again. */
export interface Trend {
  readonly name: string;
  readonly unit: string;
  /** Means of the first and the last quarter. */
  readonly first: number;
  readonly last: number;
  /** Slope of the regression line, an hour. */
  readonly slopePerHour: number;
  /** The limit of the last quarter's mean; undefined for a value that is only shown. */
  readonly most: number | undefined;
  readonly flat: boolean;
  /** Why its trend cannot be judged. */
  readonly unjudged?: string;
}

export interface Look {
  readonly atMs: number;
  readonly value: number;
}

/** @param most the limit of the last quarter's mean, from the first quarter's mean */
export function trendOf(name: string, unit: string, looks: readonly Look[], most?: (first: number) => number): Trend {
  const quarter = Math.max(1, Math.floor(looks.length / 4));
  const first = mean(looks.slice(0, quarter));
  const last = mean(looks.slice(-quarter));
  const limit = most?.(first);
  return {
    name,
    unit,
    first,
    last,
    slopePerHour: slopeOf(looks) * 3_600_000,
    most: limit,
    flat: limit === undefined || last <= limit,
  };
}

/** Not caused by the hub: only shown. */
export function unjudged(trend: Trend, why: string): Trend {
  return { ...trend, most: undefined, flat: true, unjudged: why };
}

/** The verdict on a trend in a word; empty where it is only shown. */
export function judgementOf({ flat, most, unjudged: why }: Trend): string {
  if (why !== undefined) return `cannot be judged: ${why}`;
  if (!flat) return 'NOT FLAT';
  return most === undefined ? '' : 'flat';
}

/** The verdict on all of them. */
export function verdictOf(trends: readonly Trend[]): string {
  if (trends.some(({ flat }) => !flat)) return 'NOT flat';
  return trends.some((trend) => trend.unjudged !== undefined) ? 'flat, as far as it can be judged' : 'flat';
}

function mean(looks: readonly Look[]): number {
  return looks.reduce((sum, { value }) => sum + value, 0) / Math.max(1, looks.length);
}

/** By least squares, a millisecond. */
function slopeOf(looks: readonly Look[]): number {
  if (looks.length < 2) return 0;
  const at = looks.reduce((sum, look) => sum + look.atMs, 0) / looks.length;
  const middle = mean(looks);
  const over = looks.reduce((sum, look) => sum + (look.atMs - at) * (look.value - middle), 0);
  const under = looks.reduce((sum, look) => sum + (look.atMs - at) ** 2, 0);
  return under === 0 ? 0 : over / under;
}
