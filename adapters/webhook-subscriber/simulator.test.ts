import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { webhookHeaders } from '#kit';
import { type Simulator, startSimulator } from '#kit/testing';
import simulator, { SIMULATOR_PATH, SIMULATOR_SECRET } from './simulator.ts';

const NOW = Date.parse('2025-08-13T10:00:00+07:00');
const OTHER = 'whsec_YW5vdGhlciBzZWNyZXQgb2YgdGhlIHRlc3Rz';
const CHANGE = {
  type: 'dossier.changed',
  timestamp: '2025-08-13T09:00:04.120+07:00',
  data: { code: 'H60.01-250812-0035', status: 'processing', statusAt: '2025-08-13T09:00:00+07:00' },
};

describe('a subscriber that verifies with its own code', () => {
  let subscriber: Simulator;
  beforeAll(async () => {
    subscriber = await startSimulator(simulator, { now: () => NOW });
  });
  afterAll(() => subscriber.close());

  async function tell(headers: Readonly<Record<string, string>>, body: string): Promise<number> {
    const reply = await fetch(`${subscriber.url}${SIMULATOR_PATH}`, { method: 'POST', headers, body });
    return reply.status;
  }
  const signed = (secrets: readonly string[], id: string, body = JSON.stringify(CHANGE), nowMs = NOW) =>
    tell(webhookHeaders(id, body, secrets, nowMs), body);
  const altered = (member: string, change: (text: string) => string) => {
    const body = JSON.stringify(CHANGE);
    const headers = webhookHeaders('altered', body, [SIMULATOR_SECRET], NOW);
    return tell({ ...headers, [member]: change(headers[member] as string) }, body);
  };

  test('accepts signatures with its secret, the first or the second of two', async () => {
    expect(await signed([SIMULATOR_SECRET], 'one')).toBe(200);
    expect(await signed([SIMULATOR_SECRET, OTHER], 'two')).toBe(200);
    expect(await signed([OTHER, SIMULATOR_SECRET], 'three')).toBe(200);
  });

  test('refuses another secret, a cut or missing signature, and another version', async () => {
    expect(await signed([OTHER], 'wrong')).toBe(401);
    expect(await altered('webhook-signature', (text) => text.slice(0, -8))).toBe(401);
    expect(await altered('webhook-signature', (text) => text.replace('v1,', 'v1a,'))).toBe(401);
    expect(await altered('webhook-signature', () => 'v1,')).toBe(401);
  });

  test('refuses another id, time or body than the signed ones', async () => {
    expect(await altered('webhook-id', (id) => `${id}2`)).toBe(401);
    expect(await altered('webhook-timestamp', (time) => String(Number(time) + 1))).toBe(401);
    const headers = webhookHeaders('body', JSON.stringify(CHANGE), [SIMULATOR_SECRET], NOW);
    expect(await tell(headers, JSON.stringify({ ...CHANGE, type: 'dossier.gone' }))).toBe(401);
  });

  test('refuses a signature of more than five minutes ago or ahead', async () => {
    const body = JSON.stringify(CHANGE);
    const at = (ms: number) => signed([SIMULATOR_SECRET], `at-${ms}`, body, NOW + ms);
    expect(await Promise.all([-301_000, -299_000, 299_000, 302_000].map(at))).toEqual([401, 200, 200, 401]);
  });

  test('refuses a payload with additional members', async () => {
    const withName = { ...CHANGE, data: { ...CHANGE.data, name: 'Nguyễn Văn A' } };
    expect(await signed([SIMULATOR_SECRET], 'named', JSON.stringify(withName))).toBe(400);
  });

  test('takes an id once, however often it comes', async () => {
    const before = subscriber.ledger.count();
    expect([await signed([SIMULATOR_SECRET], 'again'), await signed([SIMULATOR_SECRET], 'again')]).toEqual([200, 200]);
    expect(subscriber.ledger.count()).toBe(before + 1);
  });
});
