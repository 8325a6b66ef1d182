import { afterEach, expect, test, vi } from 'vitest';
import { createProgress } from './progress.ts';

const isTerminal = process.stderr.isTTY;
afterEach(() => {
  process.stderr.isTTY = isTerminal;
  vi.restoreAllMocks();
});

test('a bar changes no mode of the terminal, which would outlast a Ctrl-C', () => {
  process.stderr.isTTY = true;
  let written = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += text;
    return true;
  });
  const bar = createProgress('reading', 10);
  bar.update(5, 'dossiers.csv');
  bar.stop();
  expect(written).not.toBe('');
  // Such as a hidden cursor, or lines that are cut off.
  expect(written).not.toContain('\x1b[?');
});
