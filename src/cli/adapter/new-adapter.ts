import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { ROOT } from '../../process/compiled.ts';
import { type Result, UsageError } from '../run-command.ts';

/** The adapter to copy, under a new name. The tests hold it to the kit's contract in place. */
const SAMPLE = 'sample-partner';
const SAMPLE_TITLE = 'Sample partner';
const SOURCES = join(ROOT, 'src');
const SAMPLE_DIR = join(SOURCES, 'cli', 'adapter', SAMPLE);
/** The sources of the adapters, with their tests. */
export const ADAPTERS_DIR = join(ROOT, 'adapters');

const LONGEST_NAME = 40;
const LONGEST_TITLE = 200;
const PORT = 9110;

/**
 * Creates an adapter's folder that passes all tests unchanged, and never overwrites a file.
 * @param title for people; by default the name's words
 * @throws UsageError when the name is invalid or taken; then it writes nothing
 */
export function newAdapter(name: string, title: string | undefined, adaptersDir: string = ADAPTERS_DIR): Result {
  refuseName(name, adaptersDir);
  const named = titleOf(name, title);
  const folder = join(adaptersDir, name);
  const files = sampleFiles();
  mkdirSync(folder);
  try {
    for (const file of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), exchanged(file, name, named), { flag: 'wx' });
    }
  } catch (error) {
    // Half an adapter would stop the hub's start.
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return told(name, named, files);
}

/** The sample's files, relative to its folder. */
export function sampleFiles(): readonly string[] {
  return readdirSync(SAMPLE_DIR, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => statSync(join(SAMPLE_DIR, file)).isFile())
    .sort();
}

function exchanged(file: string, name: string, title: string): string {
  const shownTitle = extname(file) === '.json' ? JSON.stringify(title).slice(1, -1) : title;
  return readFileSync(join(SAMPLE_DIR, file), 'utf8').replaceAll(
    new RegExp(`${SAMPLE}|${SAMPLE_TITLE}`, 'g'),
    (found) => (found === SAMPLE ? name : shownTitle),
  );
}

function refuseName(name: string, adaptersDir: string): void {
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name) || name.length > LONGEST_NAME)
    throw new UsageError(
      `<name>: got ${JSON.stringify(name)}, expected small letters, digits and single hyphens such as so-y-te, at most ${LONGEST_NAME} characters`,
    );
  if (existsSync(join(adaptersDir, name)))
    throw new UsageError(`<name>: there is an adapter ${name} already; nothing was changed`);
  // The hub names no partner. The architecture test would mistake such a word of the hub for a partner's name.
  if (isWordOfTheHub(name))
    throw new UsageError(
      `<name>: ${JSON.stringify(name)} is a word of the hub's own code, and would be mistaken for it; choose another`,
    );
}

function isWordOfTheHub(name: string): boolean {
  const named = new RegExp(`(['"\`])${name}\\1|adapters/${name}`);
  return readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('play'))
    .some((file) => named.test(readFileSync(join(SOURCES, file), 'utf8')));
}

function titleOf(name: string, title: string | undefined): string {
  if (title === undefined) return `${name[0]?.toUpperCase()}${name.slice(1).replaceAll('-', ' ')}`;
  const given = title.normalize('NFC').trim();
  if (given === '' || given.length > LONGEST_TITLE || /\p{Cc}/u.test(given))
    throw new UsageError(`--title: expected one line of at most ${LONGEST_TITLE} characters`);
  return given;
}

function told(name: string, title: string, files: readonly string[]): Result {
  const folder = `adapters/${name}`;
  const tests = `npx vitest run ${folder}`;
  const simulator = `npm run simulator -- ${name} --port ${PORT}`;
  const settings = { baseUrl: `http://127.0.0.1:${PORT}`, token: `${name}-simulator` };
  const parties = { [name]: { adapter: name, settings } };
  const routes = ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({
    from: '<the party that pushes>',
    operation,
    to: [name],
  }));
  const decisions = `grep -rn Decide: ${folder}`;
  const text = [
    `created ${folder} (${files.length} files). It speaks to an invented partner and passes its tests unchanged:`,
    `  ${tests}`,
    'Run a simulator of the partner:',
    `  ${simulator}`,
    'Configure the party in HUB_CONFIG as the simulator expects it, with the routes to it:',
    `  "parties": ${JSON.stringify(parties)}`,
    `  "routes": ${JSON.stringify(routes)}`,
    'See what the hub would store of a pull:',
    `  npx lienthong adapter try ${name} progress`,
    'Find every place that depends on the real partner:',
    `  ${decisions}`,
  ].join('\n');
  return { text, document: { name, title, folder, files, tests, simulator, parties, routes, decisions } };
}
