import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { compiled } from './compiled.ts';

const SCRIPT = `
  import { onEnd } from ${JSON.stringify(pathToFileURL(compiled('src/process/ending.ts')).href)};
  onEnd((signal) => { console.log('heard', signal); process.exit(0); });
  setInterval(() => {}, 1000);
  process.kill(process.pid, 'SIGHUP');
  setTimeout(() => process.kill(process.pid, 'SIGTERM'), 500);`;
const NODE = [process.execPath, '--input-type=module', '-e', SCRIPT] as const;

test.skipIf(process.platform === 'win32')('away from a terminal SIGHUP changes nothing', async () => {
  const child = spawn(NODE[0], NODE.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  const [told] = await once(child.stdout, 'data');
  expect(String(told)).toBe('heard SIGTERM\n');
});

const hasScript = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

test.skipIf(!hasScript)('at a terminal it ends the process in order', () => {
  const command = NODE.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], { input: '', encoding: 'utf8' });
  expect(stdout).toContain('heard SIGHUP');
});
