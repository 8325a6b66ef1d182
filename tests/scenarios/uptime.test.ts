import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openIncident } from '../../src/ledger/incidents.ts';
import { createUptime } from '../../src/observe/uptime.ts';
import { type TestHub, testHub } from '../support/hub.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

describe('what reports on operation need', () => {
  let hub: TestHub;
  let ops: Operator;

  beforeEach(async () => {
    hub = await testHub({ keys: [...OPERATOR_KEYS] });
    ops = operatorOf(hub);
  });
  afterEach(() => hub.close());

  const runs = async (): Promise<readonly Record<string, unknown>[]> =>
    (await hub.hub.database.pool.query('SELECT roles, started_at, seen_at, ended_at FROM process_runs ORDER BY id'))
      .rows;

  test('a process stores when it began and when it stopped in order', async () => {
    const [own] = await runs();
    expect(own).toMatchObject({ roles: ['worker'], ended_at: null });
    const other = await testHub({ databaseUrl: hub.databaseUrl, roles: ['api', 'worker'], nowMs: hub.clock.nowMs });
    other.clock.nowMs += 60_000;
    await other.hub.stop();
    const [, ended] = await runs();
    expect(ended).toMatchObject({ roles: ['api', 'worker'], started_at: own?.started_at });
    expect(ended?.ended_at).toBe('2025-08-21T08:31:00+07:00');
    expect(ended?.seen_at).toBe(ended?.ended_at);
  });

  test('a process that could not write for longer begins another run', async () => {
    const failures: unknown[] = [];
    const telemetry = { failed: (_: string, error: unknown) => failures.push(error) };
    const { database } = hub.hub;
    const uptime = createUptime({ database, nowMs: () => hub.clock.nowMs, telemetry }, ['api']);
    const beat = async (afterMs: number) => {
      hub.clock.nowMs += afterMs;
      await uptime.start();
    };
    await beat(0);
    await beat(60_000);
    await beat(91_000);
    await uptime.stop();
    expect((await runs()).slice(1).map(({ started_at, seen_at }) => [started_at, seen_at])).toEqual([
      ['2025-08-21T08:30:00+07:00', '2025-08-21T08:31:00+07:00'],
      ['2025-08-21T08:32:31+07:00', '2025-08-21T08:32:31+07:00'],
    ]);
    expect(failures).toEqual([]);
  });

  test('an operator states what was done about an incident, and the audit knows who', async () => {
    const incident = { party: 'other', kind: 'partner-away', cause: 'no connection' } as const;
    const id = (await openIncident(hub.hub.database, incident, hub.clock.nowMs))?.id;
    const first = { action: 'Gọi đơn vị vận hành.', cause: 'Đứt cáp quang.' };
    expect(await ops.post(`incidents/${id}/notes`, first)).toMatchObject({ status: 201, body: { id } });
    await ops.post(`incidents/${id}/notes`, { action: 'Đã nối lại cáp.' });
    const { body } = await ops.get(`incidents/${id}`);
    expect(body).toMatchObject({ ...incident, closedAt: null });
    expect(body.notes).toMatchObject([{ who: 'ops', action: 'Đã nối lại cáp.', cause: null }, first]);
    const { body: audit } = await ops.get(`audit?subject=incident%20${id}`);
    expect(audit.items).toMatchObject([{ actor: 'ops', action: 'incident.note', why: 'Đã nối lại cáp.' }, {}]);
  });

  test('a statement needs an incident, a text and the right to configure', async () => {
    expect((await ops.post('incidents/99/notes', { action: 'x' })).status).toBe(404);
    expect((await ops.post('incidents/1/notes', { action: '  ' })).status).toBe(400);
    expect((await ops.post('incidents/1/notes', { action: 'x' }, 'ops-read')).status).toBe(403);
  });
});
