import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../process/compiled.ts';
import { type Result, readPackage, UsageError } from '../run-command.ts';
import { ADAPTERS_DIR } from './new-adapter.ts';

/** One guarantee of the adapter's tests, and what its test found. */
interface Checked {
  /** The tested place: an operation, a pull, a callback or the folder. */
  readonly of: string;
  readonly guarantee: string;
  readonly state: 'passed' | 'failed' | 'skipped';
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
    const args = [
      'run',
      '--project',
      'contract',
      '--reporter=json',
      `--outputFile=${file}`,
      join(folder, 'adapter.test.ts'),
    ];
    const errors = await ran(vitest, args);
    if (!existsSync(file)) throw new Error(`the tests of ${folder} did not run: ${errors.trim().slice(-500)}`);
    const report = JSON.parse(readFileSync(file, 'utf8')) as { readonly testResults: readonly TestFile[] };
    return report.testResults.flatMap(({ assertionResults }) => assertionResults.map(checkedOf));
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

interface TestFile {
  readonly assertionResults: readonly {
    readonly ancestorTitles: readonly string[];
    readonly title: string;
    readonly status: string;
  }[];
}

/** @returns what the process wrote to stderr */
function ran(vitest: string, args: readonly string[]): Promise<string> {
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
    child.once('close', () => resolve(errors));
  });
}

function checkedOf({ ancestorTitles, title, status }: TestFile['assertionResults'][number]): Checked {
  const state = status === 'passed' || status === 'failed' ? status : 'skipped';
  return { of: ancestorTitles.filter(Boolean).join(' › '), guarantee: title, state };
}

const MARKS = { passed: '✓', failed: '✗', skipped: '–' } as const;

function textOf({ adapter, kit, version, at, counts, guarantees }: Certificate): string {
  const groups = [...new Set(guarantees.map(({ of }) => of))];
  return [
    `Certificate of the adapter ${adapter}`,
    `kit ${kit}, lienthong ${version}, ${at}`,
    ...groups.flatMap((group) => [
      '',
      group,
      ...guarantees.filter(({ of }) => of === group).map(({ state, guarantee }) => `  ${MARKS[state]} ${guarantee}`),
    ]),
    '',
    `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped with their reason`,
  ].join('\n');
}
