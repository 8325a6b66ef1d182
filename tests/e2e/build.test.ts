import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compiled } from '../../src/process/compiled.ts';
import { filesUnder } from '../support/source-files.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** A repository whose hub is one file. */
let copy: string;
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'lienthong-build-'));
  for (const part of ['bin', 'scripts', 'package.json'])
    cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  write('src/main.ts', "import { text } from './text.ts';\nexport const main = (): void => console.log(text);\n");
  write('src/text.ts', "export const text: string = 'one';\n");
});
afterEach(() => rmSync(copy, { recursive: true, force: true }));

describe('a start', () => {
  test('compiles what has changed since the last build, and else nothing', () => {
    expect(start()).toMatchObject({ stdout: 'one\n', stderr: expect.stringContaining('building'), status: 0 });
    expect(start()).toMatchObject({ stdout: 'one\n', stderr: '', status: 0 });
    write('src/text.ts', "export const text = 'two';\n");
    expect(start()).toMatchObject({ stdout: 'two\n', stderr: expect.stringContaining('building') });
    write('src/main.ts', "export const main = (): void => console.log('three');\n");
    rmSync(join(copy, 'src', 'text.ts'));
    expect(start()).toMatchObject({ stdout: 'three\n' });
  });

  test('removes the compiled folder of an adapter that was deleted, and what else an older build left', () => {
    write('adapters/gone/adapter.ts', 'export default {};\n');
    start();
    expect(existsSync(join(copy, 'dist', 'adapters', 'gone'))).toBe(true);
    write('dist/src/of-an-older-build.js', '');
    rmSync(join(copy, 'adapters', 'gone'), { recursive: true });
    start();
    expect(existsSync(join(copy, 'dist', 'adapters', 'gone'))).toBe(false);
    expect(existsSync(join(copy, 'dist', 'src', 'of-an-older-build.js'))).toBe(false);
    expect(existsSync(join(copy, 'dist', 'src', 'main.js'))).toBe(true);
  });

  test('counts an interrupted build as none, and npm run build replaces a file that is missing', () => {
    start();
    rmSync(join(copy, 'dist', 'sources.json'));
    expect(start()).toMatchObject({ stdout: 'one\n', stderr: expect.stringContaining('building') });
    rmSync(join(copy, 'dist', 'src', 'main.js'));
    spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: copy });
    expect(start()).toMatchObject({ stdout: 'one\n', stderr: '' });
  });

  test('runs a build whose sources are not there', () => {
    start();
    rmSync(join(copy, 'src'), { recursive: true });
    expect(start()).toMatchObject({ stdout: 'one\n', stderr: '', status: 0 });
  });

  test('that needs a build and cannot make it says what to run, and ends with 1', () => {
    rmSync(join(copy, 'node_modules'));
    expect(start()).toMatchObject({ stdout: '', stderr: expect.stringContaining('Run "npm ci"'), status: 1 });
  });
});

test('each source that is started as a thread or a process has a compiled file', () => {
  const started = ['src', 'tests/bench'].flatMap((folder) =>
    filesUnder(join(ROOT, folder))
      .filter((file) => /(?<!\.test)\.ts$/.test(file))
      .flatMap((file) =>
        [...readFileSync(join(ROOT, folder, file), 'utf8').matchAll(STARTED)].map(([, source = '']) => source),
      ),
  );
  expect(started).toContain('src/main.ts');
  expect(started.filter((source) => !existsSync(compiled(source)))).toEqual([]);
});
const STARTED = /'((?:src|tests\/bench)\/[^'*]+\.ts)'/g;

describe('compiled code', () => {
  test('reports errors at the line and column of the source', () => {
    write(
      'src/main.ts',
      'interface A {\n  readonly a: string;\n}\nexport const main = (a?: A): void => { throw new Error(a?.a); };\n',
    );
    expect(start().stderr).toContain(`${join(copy, 'src', 'main.ts')}:4:46`);
  });

  test('finds its own path and the files beside its source', () => {
    write('src/beside/page.css', 'a {}');
    write(
      'src/beside/page.ts',
      `import { readFileSync } from 'node:fs';
      export const page = readFileSync(import.meta.dirname + '/page.css', 'utf8') + readFileSync(new URL('page.css', import.meta.url), 'utf8');
      export const path = import.meta.filename;`,
    );
    write(
      'src/main.ts',
      "export const main = async () => { const { page, path } = await import('./beside/page.ts'); console.log(page, path); };",
    );
    expect(start()).toMatchObject({ stdout: `a {}a {} ${join(copy, 'dist', 'src', 'beside', 'page.js')}\n` });
  });

  test.each([
    ['a syntax error', "export const text = 'one'\n  +;\n", /src\/text\.ts:2:4/],
    ['an import of a file that is not there', "export * from './nowhere.ts';\n", /'\.\/nowhere\.ts' in src\/text\.ts/],
    [
      'an import of a name that is not there',
      "import { no } from './main.ts';\nexport const text = no;\n",
      /"no" is not exported by "src\/main\.ts"/,
    ],
  ])('is not written for %s; the start ends with 1 and names the place', (_name, text, place) => {
    start();
    write('src/text.ts', text);
    const { status, stderr } = start();
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(place) });
    write('src/text.ts', "export const text: string = 'one';\n");
    expect(start()).toMatchObject({ stdout: 'one\n', stderr: '' });
  });
});

test.skipIf(process.platform === 'win32')(
  'npm run dev restarts at a change and first tells the addresses',
  async () => {
    const main = (port: number) => `
    console.log(JSON.stringify({ msg: 'migrated', level: 'info' }));
    console.log(JSON.stringify({ msg: 'listening', level: 'info', url: 'http://127.0.0.1:${port}' }));
    setInterval(() => undefined, 1000);`;
    write('src/main.ts', main(1));
    for (const folder of ['adapters', 'fixtures/catalogue', 'mappings', 'schemas', 'tests/bench'])
      mkdirSync(join(copy, folder), { recursive: true });
    const dev = spawn(process.execPath, ['scripts/dev.mjs'], { cwd: copy, stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    createInterface({ input: dev.stdout }).on('line', (line) => lines.push(line));
    try {
      await expect.poll(() => lines.at(-1), { timeout: 30_000 }).toMatch(/INFO {2}listening url=http:\/\/127.0.0.1:1$/);
      expect(lines[0]).toMatch(/^hub http:\/\/127\.0\.0\.1:1 {2}console http:\/\/127\.0\.0\.1:1\/console/);
      expect(lines[1]).toMatch(/INFO {2}migrated$/);
      write('src/main.ts', main(2));
      await expect.poll(() => lines.at(-1), { timeout: 30_000 }).toMatch(/INFO {2}listening url=http:\/\/127.0.0.1:2$/);
    } finally {
      dev.kill('SIGTERM');
      await once(dev, 'exit');
    }
  },
);

function write(file: string, text: string): void {
  mkdirSync(dirname(join(copy, file)), { recursive: true });
  writeFileSync(join(copy, file), text);
}

function start() {
  return spawnSync(process.execPath, ['bin/hub.mjs'], { cwd: copy, encoding: 'utf8' });
}
