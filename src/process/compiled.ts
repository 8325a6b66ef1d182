import { extname, join } from 'node:path';

const here = join(import.meta.dirname, '..', '..');
const isCompiled = extname(import.meta.filename) === '.js';

/** The repository's root. */
export const ROOT = isCompiled ? join(here, '..') : here;

/**
 * The path of a source file's compiled form. Threads and other processes of the hub run it, even when vitest runs the
 * sources in this one.
 * @param source relative to the repository's root, such as `src/main.ts`
 */
export function compiled(source: string): string {
  return join(ROOT, 'dist', source.replace(/\.ts$/, '.js'));
}
