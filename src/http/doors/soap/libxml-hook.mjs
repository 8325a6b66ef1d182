// A hook of Node's module loader; its thread knows no TypeScript. Installed by load.ts.
import { readFileSync } from 'node:fs';

/**
 * libxml2-wasm is loaded as it is. tsx would make a source map of it, for the sake of one `import()`, character by
 * character of the 900 KB of WebAssembly that it carries as a text: 150 MB in each process, that are never given back.
 */
export function load(url, context, nextLoad) {
  if (!url.includes('/node_modules/libxml2-wasm/')) return nextLoad(url, context);
  return { format: 'module', source: readFileSync(new URL(url)), shortCircuit: true };
}
