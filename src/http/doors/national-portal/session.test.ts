import { expect, test } from 'vitest';
import type { KeyEntry } from '../../../config/config.ts';
import { createVault } from '../../../secrets/vault.ts';
import { createKeys } from '../../auth.ts';
import { keyOfSession, openSession } from './session.ts';

const NOW = Date.parse('2025-08-12T08:30:00+07:00');
const [OLD, NEW] = ['a-hub-secret-of-before-0123456789', 'a-hub-secret-of-today-0123456789'] as const;

function hub(keySecret: string, hubSecrets: readonly [string, ...string[]] = [NEW], nowMs = NOW) {
  const key: KeyEntry = { id: 'one-stop', secret: keySecret, scopes: ['dossier:write'], party: 'one-stop' };
  return {
    keys: createKeys([key], { certificateOf: () => undefined }),
    vault: createVault(hubSecrets),
    nowMs: () => nowMs,
  };
}

test('a session lasts half an hour, and ends if the secret of its key changes', () => {
  const session = openSession(hub('first.secret-123'), 'one-stop', 'first.secret-123');
  expect(session).not.toContain('first');
  expect(keyOfSession(hub('first.secret-123'), session).id).toBe('one-stop');
  expect(() => keyOfSession(hub('second.secret-45'), session)).toThrow(/session/);
  expect(() => keyOfSession(hub('first.secret-123', [NEW], NOW + 31 * 60_000), session)).toThrow(/session/);
});

test('a session survives a change of HUB_SECRET while the previous one is known', () => {
  const session = openSession(hub('first.secret-123', [OLD]), 'one-stop', 'first.secret-123');
  expect(keyOfSession(hub('first.secret-123', [NEW, OLD]), session).id).toBe('one-stop');
  expect(() => keyOfSession(hub('first.secret-123'), session)).toThrow(/session/);
});
