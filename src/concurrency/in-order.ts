/** Runs works one after another. One that fails stops no other: `onFault` gets its name and its error. */
export async function inOrder(
  onFault: (name: string, error: unknown) => void,
  works: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<void> {
  for (const [name, work] of Object.entries(works)) await work().catch((error) => onFault(name, error));
}

/**
 * Runs a work for each input, one after another. One that fails stops no other.
 *
 * @throws the first error, after all were run
 */
export async function forEachInOrder<In>(inputs: readonly In[], work: (input: In) => Promise<unknown>): Promise<void> {
  const errors: unknown[] = [];
  for (const input of inputs) await work(input).catch((error) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}
