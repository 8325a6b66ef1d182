import * as modules from 'node:module';
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
  await installHook();
  const [{ answer }, { readKept, xmlOf }] = await Promise.all([import('./answer.ts'), import('./message.ts')]);
  return { answer, readKept, xmlOf };
}

const HOOK = new URL('./libxml-hook.mjs', import.meta.url);

/** Before tsx's own: where Node has hooks in the thread itself, tsx uses them, and they come before the others. */
async function installHook(): Promise<void> {
  const { registerHooks } = modules as { readonly registerHooks?: (hooks: object) => unknown };
  if (registerHooks) registerHooks(await import(HOOK.href));
  else modules.register(HOOK);
}
