import Type from 'typebox';

/**
 * Members for an adapter's settings: how long the hub waits for the party, by the `http` that it gives to the adapter.
 * Spread them among its own.
 *
 * @param mostS what a whole call may be given at the most
 */
export function timeouts(mostS = 300) {
  return { connectTimeoutS: Seconds(60), timeoutS: Seconds(mostS) };
}

const Seconds = (maximum: number) =>
  Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum, description: `a number of seconds, at most ${maximum}` }));

/** What a party's settings say of it, in milliseconds; nothing where they say nothing. */
export function timeoutsIn(settings: unknown): { readonly connectMs?: number; readonly totalMs?: number } {
  const { connectTimeoutS, timeoutS } = (settings ?? {}) as { connectTimeoutS?: number; timeoutS?: number };
  return {
    ...(connectTimeoutS && { connectMs: connectTimeoutS * 1000 }),
    ...(timeoutS && { totalMs: timeoutS * 1000 }),
  };
}
