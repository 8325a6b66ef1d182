import { NotLoaded } from '#core/not-loaded';

/** All that reads SOAP and needs libxml2 for it. */
export interface Soap {
  readonly answer: typeof import('./answer.ts').answer;
  readonly readKept: typeof import('./message.ts').readKept;
  readonly xmlOf: typeof import('./message.ts').xmlOf;
}

let loading: Promise<Soap> | undefined;

/**
 * Load it, once, when the first message needs it: a hub to which nobody speaks SOAP does without.
 *
 * @throws NotLoaded with what could not be loaded; the next message tries again
 */
export function loadSoap(): Promise<Soap> {
  loading ??= load().catch((error: Error) => {
    loading = undefined;
    throw new NotLoaded(`what reads SOAP cannot be loaded: ${error.message}`, { cause: error });
  });
  return loading;
}

async function load(): Promise<Soap> {
  const [{ answer }, { readKept, xmlOf }] = await Promise.all([import('./answer.ts'), import('./message.ts')]);
  return { answer, readKept, xmlOf };
}
