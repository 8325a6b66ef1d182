import Type from 'typebox';

/**
 * Settings for the party's timeouts, to spread among an adapter's own. The hub applies them to the adapter's `http`.
 *
 * @param mostS the largest value for a whole call, in seconds
 */
export function timeouts(mostS = 300) {
  return { connectTimeoutS: Seconds(60), timeoutS: Seconds(mostS) };
}

const Seconds = (maximum: number) =>
  Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum, description: `a number of seconds, at most ${maximum}` }));

/** The timeouts in a party's settings, in milliseconds. A missing setting stays absent. */
export function timeoutsIn(settings: unknown): {
  readonly connectMs?: number | undefined;
  readonly totalMs?: number | undefined;
} {
  const { connectTimeoutS, timeoutS } = (settings ?? {}) as { connectTimeoutS?: number; timeoutS?: number };
  return {
    connectMs: connectTimeoutS ? connectTimeoutS * 1000 : undefined,
    totalMs: timeoutS ? timeoutS * 1000 : undefined,
  };
}
