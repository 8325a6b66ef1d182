import { extname, join } from 'node:path';

const here = join(import.meta.dirname, '..', '..');
const isCompiled = extname(import.meta.filename) === '.js';

/** The repository's root. */
export const ROOT = isCompiled ? join(here, '..') : here;

/**
 * Where the compiled form of a source file is. Threads and other processes of the hub run it, also when vitest runs the
 * sources in this one.
 *
 * @param source from the repository's root, such as `src/main.ts`
 */
export function compiled(source: string): string {
  return join(ROOT, 'dist', source.replace(/\.ts$/, '.js'));
}
