// Compiles the TypeScript sources to JavaScript in dist/, file by file. Run: npm run build
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = path.join(import.meta.dirname, '..');
const DIST = path.join(ROOT, 'dist');
/** The sources of dist/. A build writes it last, so an interrupted one counts as none. */
const RECORD = path.join(DIST, 'sources.json');
export const FOLDERS = ['adapters', 'fixtures/catalogue', 'mappings', 'schemas', 'src', 'tests/bench'];
/** Read or run from the source tree only. */
const IGNORED = /\.(?:test\.ts|md)$|^adapters\/[^/]+\/fixtures$|^src\/cli\/adapter\/sample-partner$/;
/** A change of one of these changes every compiled file. */
const COMPILER = ['package.json', 'scripts/build.mjs'];

/**
 * Loads a module of dist/. Compiles first if a source differs from that of dist/, so that no outdated code runs. An
 * installation without sources runs dist/ unchanged. Ends the process when this user cannot build.
 */
export async function loadBuilt(module) {
  try {
    if (fs.existsSync(path.join(ROOT, 'src')) && isStale(readRecord())) {
      console.error('lienthong: the sources changed since the last build, or dist/ is missing; building');
      await build();
    }
  } catch (error) {
    console.error(`lienthong: dist/ differs from the sources, and building it failed: ${error.message}`);
    console.error(`Run "npm ci" or "npm run build" as the owner of ${ROOT}.`);
    process.exit(1);
  }
  return import(pathToFileURL(path.join(DIST, module)).href);
}

/** Compiles the changed files. Each file is replaced in one step, so that a running hub never reads half of one. */
export async function build() {
  const { compile } = await import('./compile.mjs');
  const before = readRecord();
  const after = Object.fromEntries(sources().map((source) => [source, describe(source)]));
  const isNewCompiler = COMPILER.some((source) => before[source]?.hash !== after[source].hash);
  for (const source of Object.keys(after)) {
    const isSame = !isNewCompiler && before[source]?.hash === after[source].hash;
    if (source === 'scripts/build.mjs' || (isSame && fs.existsSync(outputOf(source)))) continue;
    const text = fs.readFileSync(path.join(ROOT, source));
    if (source === 'package.json') replaceFile(outputOf(source), compiledPackage(text));
    else replaceFile(outputOf(source), source.endsWith('.ts') ? compile(source, text.toString()) : text);
  }
  for (const source of Object.keys(before)) if (!(source in after)) removeOutput(outputOf(source));
  replaceFile(RECORD, JSON.stringify(after));
}

/** Also the folders that it leaves empty: a folder in dist/adapters counts as an adapter. */
function removeOutput(file) {
  fs.rmSync(file, { force: true });
  let folder = path.dirname(file);
  while (folder !== DIST && fs.existsSync(folder) && fs.readdirSync(folder).length === 0) {
    fs.rmdirSync(folder);
    folder = path.dirname(folder);
  }
}

/** Names, imports and version, for the code under dist/: its `#…` imports end there. */
function compiledPackage(text) {
  const { name, version, description, type, imports } = JSON.parse(text);
  const compiled = Object.entries(imports).map(([alias, target]) => [alias, target.replace(/\.ts$/, '.js')]);
  return JSON.stringify({ name, version, description, type, imports: Object.fromEntries(compiled) });
}

function isStale(record) {
  const found = sources();
  return found.length !== Object.keys(record).length || found.some((source) => hasChanged(source, record[source]));
}

/** A copy or a checkout changes times and no content, so the content decides. */
function hasChanged(source, known) {
  if (!known) return true;
  const { mtimeMs, size } = fs.statSync(`${ROOT}/${source}`);
  return (mtimeMs !== known.mtimeMs || size !== known.size) && describe(source).hash !== known.hash;
}

function sources() {
  return [...COMPILER, ...FOLDERS.filter((folder) => fs.existsSync(path.join(ROOT, folder))).flatMap(sourcesIn)];
}

function sourcesIn(folder) {
  return fs.readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const source = `${folder}/${entry.name}`;
    if (IGNORED.test(source)) return [];
    if (entry.isDirectory()) return sourcesIn(source);
    return entry.isFile() ? source : [];
  });
}

function describe(source) {
  const file = path.join(ROOT, source);
  const { mtimeMs, size } = fs.statSync(file);
  return { mtimeMs, size, hash: createHash('sha256').update(fs.readFileSync(file)).digest('base64url') };
}

function readRecord() {
  try {
    return JSON.parse(fs.readFileSync(RECORD, 'utf8'));
  } catch {
    return {};
  }
}

function outputOf(source) {
  return path.join(DIST, source.replace(/\.ts$/, '.js'));
}

function replaceFile(file, content) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const fresh = `${file}.${randomBytes(6).toString('hex')}`;
  fs.writeFileSync(fresh, content);
  fs.renameSync(fresh, file);
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) === import.meta.filename) await build();
