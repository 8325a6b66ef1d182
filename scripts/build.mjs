// Compiles the TypeScript sources to JavaScript in dist/. Run: npm run build
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = path.join(import.meta.dirname, '..');
const DIST = path.join(ROOT, 'dist');
/** The sources and outputs of a build. It removes this file first and writes it last: an interrupted build counts as none. */
const RECORD = path.join(DIST, 'sources.json');
export const FOLDERS = ['adapters', 'fixtures/catalogue', 'mappings', 'schemas', 'src', 'tests/bench'];
/** Read or run from the source tree only. */
const IGNORED = /\.(?:test\.ts|md)$|^adapters\/[^/]+\/fixtures$|^src\/cli\/adapter\/sample-partner$/;
/** A change of one of these changes the outputs too. */
const COMPILER = ['package.json', 'package-lock.json', 'scripts/build.mjs', 'scripts/bundle.mjs'];

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
  // Errors name lines of the sources.
  process.setSourceMapsEnabled(true);
  return import(pathToFileURL(path.join(DIST, module)).href);
}

/**
 * Compiles if a source changed or an output is missing. A file is replaced in one step, so nobody reads half of one.
 * @param force also otherwise: `npm ci` may have installed packages after the last build
 */
export async function build({ force = false } = {}) {
  const before = readRecord();
  if (!force && !isStale(before) && before.outputs.every((output) => fs.existsSync(path.join(DIST, output)))) return;
  const after = Object.fromEntries(sources().map((source) => [source, describe(source)]));
  const { bundle } = await import('./bundle.mjs');
  const read = Object.keys(after).filter((source) => !COMPILER.includes(source));
  const [scripts, others] = [read.filter(isScript), read.filter((source) => !isScript(source))];
  const outputs = new Map(await bundle(ROOT, scripts));
  for (const source of others) outputs.set(source, fs.readFileSync(path.join(ROOT, source)));
  outputs.set('package.json', compiledPackage());
  const startedMs = Date.now();
  fs.rmSync(RECORD, { force: true });
  for (const [output, content] of outputs) replaceFile(path.join(DIST, output), content);
  removeOthers(outputs, startedMs);
  replaceFile(RECORD, JSON.stringify({ sources: after, outputs: [...outputs.keys()] }));
}

const isScript = (source) => source.endsWith('.ts');

/** Removes files of earlier builds, but none that another build is writing. A folder in dist/adapters counts as an adapter. */
function removeOthers(outputs, startedMs) {
  const kept = new Set([...outputs.keys()].map((output) => path.join(DIST, output)));
  const removeIn = (folder) => {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const found = path.join(folder, entry.name);
      if (entry.isDirectory()) removeIn(found);
      else if (!kept.has(found) && fs.statSync(found, { throwIfNoEntry: false })?.mtimeMs < startedMs)
        fs.rmSync(found, { force: true });
    }
    if (fs.readdirSync(folder).length === 0) fs.rmdirSync(folder);
  };
  removeIn(DIST);
}

/** Name and version, for the code under dist/. */
function compiledPackage() {
  const { name, version, description, type } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  return JSON.stringify({ name, version, description, type });
}

function isStale({ sources: known }) {
  const found = sources();
  return found.length !== Object.keys(known).length || found.some((source) => hasChanged(source, known[source]));
}

/** A copy or a checkout changes times and no content, so the content decides. */
function hasChanged(source, known) {
  if (!known) return true;
  const { mtimeMs, size } = fs.statSync(`${ROOT}/${source}`);
  return (mtimeMs !== known.mtimeMs || size !== known.size) && describe(source).hash !== known.hash;
}

function sources() {
  const isThere = (source) => fs.existsSync(path.join(ROOT, source));
  return [...COMPILER.filter(isThere), ...FOLDERS.filter(isThere).flatMap(sourcesIn)];
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
    const { sources, outputs } = JSON.parse(fs.readFileSync(RECORD, 'utf8'));
    return { sources: sources ?? {}, outputs: outputs ?? [] };
  } catch {
    return { sources: {}, outputs: [] };
  }
}

function replaceFile(file, content) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const fresh = `${file}.${randomBytes(6).toString('hex')}`;
  fs.writeFileSync(fresh, content);
  fs.renameSync(fresh, file);
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) === import.meta.filename)
  await build({ force: process.argv.includes('--force') });
