import { ReaderNotLoaded } from '#core/problems/reader-not-loaded';

/** The modules that read SOAP with libxml2. */
export interface Soap {
  readonly answer: typeof import('./answer.ts').answer;
  readonly readKept: typeof import('./message.ts').readKept;
  readonly xmlOf: typeof import('./message.ts').xmlOf;
}

let loading: Promise<Soap> | undefined;

/**
 * Loads the modules once, at the first message. A hub without SOAP clients never loads them.
 *
 * @throws ReaderNotLoaded when a module cannot be loaded; the next message tries again
 */
export function loadSoap(): Promise<Soap> {
  loading ??= load().catch((error: Error) => {
    loading = undefined;
    throw new ReaderNotLoaded(`what reads SOAP cannot be loaded: ${error.message}`, { cause: error });
  });
  return loading;
}

async function load(): Promise<Soap> {
  const [{ answer }, { readKept, xmlOf }] = await Promise.all([import('./answer.ts'), import('./message.ts')]);
  return { answer, readKept, xmlOf };
}
