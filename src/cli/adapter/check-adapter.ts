import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, sep } from 'node:path';
import { ROOT } from '../../process/compiled.ts';
import { type Result, readPackage, UsageError } from '../run-command.ts';
import { ADAPTERS_DIR } from './new-adapter.ts';

/** One guarantee of the adapter's tests, and what its test found. */
interface Checked {
  /** The tested place: an operation, a pull, a callback or the folder. */
  readonly of: string;
  readonly guarantee: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  /** The beginning of its error, if it failed. */
  readonly why?: string;
}

interface Certificate {
  readonly adapter: string;
  readonly kit: string;
  readonly version: string;
  readonly at: string;
  readonly counts: Readonly<Record<Checked['state'], number>>;
  readonly guarantees: readonly Checked[];
}

/**
 * Runs every test of an adapter and prints a certificate: the versions, and each guarantee with its result.
 * @throws UsageError when there is no such adapter, or the test library is not installed
 */
export async function checkAdapter(name: string): Promise<Result> {
  const known = readdirSync(ADAPTERS_DIR).filter((folder) => existsSync(join(ADAPTERS_DIR, folder, 'manifest.json')));
  if (!known.includes(name))
    throw new UsageError(`<name>: got ${JSON.stringify(name)}, expected one of ${known.join(', ')}`);
  const folder = join(ADAPTERS_DIR, name);
  const at = new Date().toISOString();
  const checked = await runTests(folder);
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { readonly kit: string };
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { state } of checked) counts[state]++;
  const certificate: Certificate = {
    adapter: name,
    kit: manifest.kit,
    version: readPackage().version,
    at,
    counts,
    guarantees: checked,
  };
  return { text: textOf(certificate), document: certificate, failed: counts.failed > 0 || counts.passed === 0 };
}

/** The test library is there in a clone only, like the tests of adapters. */
function vitestPath(): string {
  const path = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  if (existsSync(path)) return path;
  throw new UsageError('the test library is not installed; run the command in a clone, after npm ci');
}

async function runTests(folder: string): Promise<readonly Checked[]> {
  const vitest = vitestPath();
  if (!existsSync(join(folder, 'adapter.test.ts')))
    throw new UsageError(`${folder} has no adapter.test.ts; run the command in a clone, not in a package`);
  const output = mkdtempSync(join(tmpdir(), 'lienthong-check-'));
  try {
    const file = join(output, 'report.json');
    const { code, errors } = await ran(vitest, [
      'run',
      '--project',
      'contract',
      '--reporter=json',
      `--outputFile=${file}`,
      `${folder}${sep}`,
    ]);
    if (!existsSync(file)) throw new Error(`the tests of ${folder} did not run: ${endOf(errors)}`);
    const report = JSON.parse(readFileSync(file, 'utf8')) as { readonly testResults: readonly TestFile[] };
    const checked = report.testResults.flatMap(checkedIn);
    // An error outside of tests, such as one of a timer, fails no test.
    if (code !== 0 && checked.every(({ state }) => state !== 'failed'))
      checked.push({ of: 'the run', guarantee: 'ends without errors', state: 'failed', why: endOf(errors) });
    return checked;
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

const endOf = (errors: string): string => errors.trim().slice(-500);

interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly message?: string;
  readonly assertionResults: readonly {
    readonly ancestorTitles: readonly string[];
    readonly title: string;
    readonly status: string;
    readonly failureMessages?: readonly string[] | null;
  }[];
}

/** @returns its exit code, and what it wrote to stderr */
function ran(
  vitest: string,
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly errors: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [vitest, ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, errors }));
  });
}

/** The tests of a file. One whose tests cannot even begin has a failed one. */
function checkedIn({ name, status, message, assertionResults }: TestFile): readonly Checked[] {
  const checked = assertionResults.map(checkedOf);
  if (status !== 'failed' || checked.some(({ state }) => state === 'failed')) return checked;
  return [...checked, { of: basename(name), guarantee: 'its tests run', state: 'failed', why: beginningOf(message) }];
}

function checkedOf({ ancestorTitles, title, status, failureMessages }: TestFile['assertionResults'][number]): Checked {
  const of = ancestorTitles.filter(Boolean).join(' › ');
  if (status === 'failed')
    return { of, guarantee: title, state: status, why: beginningOf(failureMessages?.join('\n')) };
  return { of, guarantee: title, state: status === 'passed' ? status : 'skipped' };
}

/** Without the stack. */
function beginningOf(message = ''): string {
  return (message.split(/\n\s+at /)[0] as string).trim().slice(0, 2_000);
}

const MARKS = { passed: '✓', failed: '✗', skipped: '–' } as const;

function textOf({ adapter, kit, version, at, counts, guarantees }: Certificate): string {
  const groups = [...new Set(guarantees.map(({ of }) => of))];
  return [
    `Certificate of the adapter ${adapter}`,
    `kit ${kit}, lienthong ${version}, ${at}`,
    ...groups.flatMap((group) => ['', group, ...guarantees.filter(({ of }) => of === group).flatMap(lineOf)]),
    '',
    `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped with their reason`,
  ].join('\n');
}

function lineOf({ state, guarantee, why }: Checked): readonly string[] {
  const line = `  ${MARKS[state]} ${guarantee}`;
  return why === undefined ? [line] : [line, ...why.split('\n').map((part) => `      ${part}`)];
}
