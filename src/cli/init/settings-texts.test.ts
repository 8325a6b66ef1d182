import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { environmentLine } from './settings-texts.ts';

const folder = mkdtempSync(join(tmpdir(), 'lienthong-env-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function valueForShell(line: string): string {
  const file = join(folder, 'hub.env');
  writeFileSync(file, line);
  return execFileSync('sh', ['-c', '. "$0"; printf %s "$NAME"', file], { encoding: 'utf8' });
}

/** As systemd reads EnvironmentFile (parse_env_file_internal): after a word began without quotes, quotes are letters. */
function valueForSystemd(line: string): string {
  let [value, state] = ['', 'before' as 'before' | 'bare' | "'" | '"'];
  const letters = [...line.slice(line.indexOf('=') + 1, -1)];
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at] as string;
    if (state === 'before' && (letter === "'" || letter === '"')) state = letter;
    else if (letter === state) state = 'before';
    else if (letter === '\\' && state !== "'") {
      value += letters[++at];
      if (state === 'before') state = 'bare';
    } else {
      value += letter;
      if (state === 'before') state = 'bare';
    }
  }
  return value;
}

test.each([["a'b"], ["'"], ["''a' "], ['a"b\\c'], ['p$HOME&`x`'], ['dòng 1\ndòng 2'], ['']])(
  'a shell and systemd read the same value: %j',
  (value) => {
    const line = environmentLine('NAME', value);
    expect([valueForShell(line), valueForSystemd(line)]).toEqual([value, value]);
  },
);
