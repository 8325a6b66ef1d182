import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newAdapter, sampleFiles } from '../../src/cli/adapter/new-adapter.ts';
import { UsageError } from '../../src/cli/run-command.ts';
import { lienthongHere } from '../support/lienthong.ts';
import { filesUnder } from '../support/source-files.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SAMPLE = join(ROOT, 'src', 'cli', 'adapter', 'sample-partner');
const TITLE = 'Sở "Y tế" \\ tỉnh';

/** A copy of the hub in a separate folder, so that the new adapter disturbs nobody. */
let copy: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'lienthong-new-'));
  for (const part of ['adapters', 'bin', 'fixtures', 'mappings', 'schemas', 'scripts', 'src', 'tests'])
    cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  for (const part of ['package.json', 'tsconfig.json', 'biome.json', 'vitest.config.ts'])
    cpSync(join(ROOT, part), join(copy, part));
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  node(['scripts/build.mjs']);
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe('lienthong adapter new', () => {
  test('creates an adapter that passes the lint, runs as its simulator, loads and pulls', async () => {
    const made = node(['bin/lienthong.mjs', 'adapter', 'new', 'so-y-te', '--title', TITLE, '--json']);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    const { parties, title } = JSON.parse(made.stdout);
    expect(title).toBe(TITLE);
    const lint = spawnSync(
      join('node_modules', '.bin', 'biome'),
      ['check', '--vcs-enabled=false', '--error-on-warnings', 'adapters/so-y-te'],
      { cwd: copy, encoding: 'utf8' },
    );
    expect(lint.status, lint.stderr).toBe(0);

    const partner = await startSimulator('so-y-te');
    try {
      await fetch(`${partner.url}/dossiers`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${parties['so-y-te'].settings.token}` },
        body: JSON.stringify({ code: 'H60.01-250812-0035', state: '1' }),
      });
      parties['so-y-te'].settings.baseUrl = partner.url;
      writeFileSync(join(copy, 'hub.config.json'), JSON.stringify({ parties }));
      const tried = node(['bin/lienthong.mjs', 'adapter', 'try', 'so-y-te', 'progress']);
      expect(tried).toMatchObject({ status: 0, stderr: '' });
      expect(tried.stdout).toMatch(/"status":"processing".*\n1 records, 0 invalid, 0 would wait/);
    } finally {
      partner.child.kill();
    }
  });

  test('creates an adapter whose check says why a test fails, and fails with a file that does not load', () => {
    const folder = join(copy, 'adapters', 'to-be-checked');
    newAdapter('to-be-checked', TITLE, join(copy, 'adapters'));
    const head = `import { expect, test } from 'vitest';\n`;
    writeFileSync(join(folder, 'own.test.ts'), `${head}test('adds up', () => expect(1 + 1).toBe(3));\n`);
    writeFileSync(join(folder, 'lost.test.ts'), `${head}import './nowhere.ts';\ntest('is lost', () => {});\n`);
    const { status, stdout } = node(['bin/lienthong.mjs', 'adapter', 'check', 'to-be-checked', '--json']);
    const { counts, guarantees } = JSON.parse(stdout);
    expect([status, counts.failed, counts.passed > 10]).toEqual([1, 2, true]);
    expect(guarantees.filter(({ state }: { state: string }) => state === 'failed')).toMatchObject([
      { guarantee: expect.stringMatching(/adds up|its tests run/), why: expect.any(String) },
      { guarantee: expect.stringMatching(/adds up|its tests run/), why: expect.any(String) },
    ]);
    const whys = JSON.stringify(guarantees);
    expect(whys).toContain('expected 2 to be 3');
    expect(whys).toContain('nowhere.ts');
  });

  test('copies the tested sample with another name and title', () => {
    const name = 'a-name-of-forty-characters-and-not-one-x';
    newAdapter(name, TITLE, join(copy, 'adapters'));
    const folder = join(copy, 'adapters', name);
    expect(filesUnder(folder)).toEqual(filesUnder(SAMPLE));
    expect(sampleFiles()).toEqual(filesUnder(SAMPLE));
    for (const file of filesUnder(folder)) {
      const text = readFileSync(join(folder, file), 'utf8');
      expect(text, file).not.toMatch(/sample.partner/i);
      const shown = file.endsWith('.json') ? JSON.stringify(TITLE).slice(1, -1) : TITLE;
      const back = text.replaceAll(name, 'sample-partner').replaceAll(shown, 'Sample partner');
      expect(back, file).toBe(readFileSync(join(SAMPLE, file), 'utf8'));
    }
    expect(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))).toMatchObject({ name, title: TITLE });
  });

  test('each place that depends on the partner says what to decide; nothing is left as TODO', () => {
    const texts = filesUnder(SAMPLE).map((file) => readFileSync(join(SAMPLE, file), 'utf8'));
    expect(texts.join('').match(/\bDecide: /g)?.length).toBeGreaterThan(10);
    expect(texts.join('')).not.toMatch(/\b(?:TODO|FIXME|XXX)\b/);
  });

  test.each([
    ['So-Y-Te', /small letters/],
    ['so_y_te', /small letters/],
    ['so--y-te', /small letters/],
    ['-so', /small letters/],
    ['1so', /small letters/],
    ['../so', /small letters/],
    ['x'.repeat(41), /at most 40/],
    ['post', /a word of the hub's own code/],
    ['hub', /a word of the hub's own code/],
    ['sample-partner', /a word of the hub's own code/],
  ])('is refused, and writes nothing: %s', (name, why) => {
    const folder = mkdtempSync(join(copy, 'refused-'));
    expect(() => newAdapter(name, undefined, folder)).toThrow(UsageError);
    expect(() => newAdapter(name, undefined, folder)).toThrow(why);
    expect(filesUnder(folder)).toEqual([]);
  });

  test.each(['', ' ', 'two\nlines', 'x'.repeat(201)])('an invalid title is refused: %j', (title) => {
    const folder = mkdtempSync(join(copy, 'refused-'));
    expect(() => newAdapter('so-y-te', title, folder)).toThrow(/--title/);
    expect(filesUnder(folder)).toEqual([]);
  });

  test('an existing folder stays unchanged, with exit code 2', async () => {
    const folder = mkdtempSync(join(copy, 'taken-'));
    mkdirSync(join(folder, 'so-y-te'));
    expect(() => newAdapter('so-y-te', undefined, folder)).toThrow(/there is an adapter so-y-te already/);
    expect(filesUnder(join(folder, 'so-y-te'))).toEqual([]);
    const before = readFileSync(join(ROOT, 'adapters', 'one-stop', 'manifest.json'), 'utf8');
    const { code, out } = await lienthongHere(['adapter', 'new', 'one-stop', '--json'], {}, copy);
    expect([code, JSON.parse(out).error]).toEqual([2, expect.stringMatching(/one-stop already/)]);
    expect(readFileSync(join(ROOT, 'adapters', 'one-stop', 'manifest.json'), 'utf8')).toBe(before);
  });
});

const ENV = { PATH: process.env.PATH ?? '', HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough' };

function node(args: readonly string[]) {
  return spawnSync(process.execPath, args, { cwd: copy, env: ENV, encoding: 'utf8' });
}

/** As a person does right after creating it. */
function startSimulator(name: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, ['bin/simulator.mjs', name], {
    cwd: copy,
    env: ENV,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the simulator ended with ${code}`)));
    child.stdout.once('data', (line) => resolve({ child, url: JSON.parse(String(line)).url }));
  });
}
