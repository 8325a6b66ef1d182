import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ACTIONS } from './words.ts';

const SOURCES = join(import.meta.dirname, '..', '..');

test('every action that an audit entry names has a name for officers', () => {
  const written = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .flatMap((path) => [
      ...readFileSync(join(SOURCES, path), 'utf8').matchAll(/(?:action: |auditEntry\()'(\w+\.[\w.-]+)'/g),
    ])
    .map(([, action = '']) => action);
  expect(written.length).toBeGreaterThan(30);
  // Those of records are named by their kind.
  expect(written.filter((action) => !Object.hasOwn(ACTIONS, action) && !action.endsWith('-personal'))).toEqual([]);
});
