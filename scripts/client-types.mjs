// Writes clients/typescript/src/openapi.ts from the OpenAPI document of a hub that runs, or of a file.
// Run: npm run client-types -- http://127.0.0.1:8080 [FILE]
import fs from 'node:fs';
import path from 'node:path';
import openapiTS, { astToString } from 'openapi-typescript';

const target = path.join(import.meta.dirname, '..', 'clients', 'typescript', 'src', 'openapi.ts');
const [from, to = target] = process.argv.slice(2);
if (from === undefined) {
  console.error('usage: npm run client-types -- ADDRESS-OF-THE-HUB|OPENAPI.JSON [FILE]');
  process.exit(2);
}
const { openapi, info, paths, components } = /^https?:/.test(from)
  ? await fetch(new URL('/openapi.json', from)).then((answer) => answer.json())
  : JSON.parse(fs.readFileSync(from, 'utf8'));

/** Each schema that a value refers to, directly or through another one. */
function referred(value, names = new Set()) {
  for (const [, name] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    if (names.has(name)) continue;
    names.add(name);
    referred(components.schemas[name], names);
  }
  return names;
}

// The client is for partners and portals. The console is the client of the operators' interface.
const called = Object.entries(paths).filter(([path]) => /^\/api\/(v1\/(?!ops\/)|public\/)/.test(path));
const names = referred(called);
const schemas = Object.fromEntries(Object.entries(components.schemas).filter(([name]) => names.has(name)));
const tree = await openapiTS({ openapi, info, paths: {}, components: { schemas } }, { immutable: true });
fs.writeFileSync(to, `// Written by \`npm run client-types\`.\n${astToString(tree)}`);
