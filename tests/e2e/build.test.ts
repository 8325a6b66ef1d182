import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

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
    expect(existsSync(join(copy, 'dist', 'src', 'text.js'))).toBe(false);
  });

  test('removes the compiled folder of an adapter that was deleted', () => {
    write('adapters/gone/adapter.ts', 'export default {};\n');
    start();
    rmSync(join(copy, 'adapters', 'gone'), { recursive: true });
    start();
    expect(existsSync(join(copy, 'dist', 'adapters', 'gone'))).toBe(false);
    expect(existsSync(join(copy, 'dist', 'src', 'main.js'))).toBe(true);
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

describe('compiled code', () => {
  test('has its lines and columns where the source has them', () => {
    write(
      'src/main.ts',
      'interface A {\n  readonly a: string;\n}\nexport const main = (a?: A): void => { throw new Error(a?.a); };\n',
    );
    expect(start().stderr).toContain(`${join('dist', 'src', 'main.js')}:4:46`);
  });

  test('is not written for syntax that has no JavaScript of its own', () => {
    write('src/text.ts', "export enum Text { One }\nexport const text = 'one';\n");
    expect(start()).toMatchObject({ status: 1, stderr: expect.stringContaining('src/text.ts:1 ') });
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
