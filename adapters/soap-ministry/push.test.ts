import { afterEach, describe, expect, test } from 'vitest';
import type { Outgoing } from '#kit';
import { startSimulator, testConnection } from '#kit/testing';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import adapter from './adapter.ts';
import type { Settings } from './settings.ts';
import { transportAt } from './simulator/connect.ts';
import simulator from './simulator.ts';

const RECORD: Dossier = {
  code: 'H60.01-250812-0035',
  serviceCode: '1.013225',
  agencyCode: 'H60.01',
  status: 'received',
  statusAt: '2025-08-12T08:15:00+07:00',
  abstract: 'Đổi giấy phép lái xe',
};

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A ministry that changes a dossier by another operation than it takes one by; here the same, with other words. */
async function start(answer: Partial<Settings['answer']> = {}) {
  const ministry = await startSimulator(simulator);
  const settings = transportAt(ministry.url) as Settings;
  const { dossiers, progress } = settings.push ?? {};
  if (!dossiers || !settings.answer) throw new Error('the example pushes dossiers and names its answers');
  const update = {
    operation: dossiers.operation,
    request: { ...dossiers.request, 'hoSo.noiDung': { value: 'update' } },
  };
  const connection = testConnection({
    ...settings,
    answer: { ...settings.answer, ...answer },
    push: { dossiers: { ...dossiers, update }, progress },
  } as Settings);
  open.push(connection, ministry);
  const tell = (change: Partial<Outgoing> = {}, record: Partial<Dossier> = {}) => {
    const whole = { ...RECORD, ...record };
    const base = { id: 'lienthong-1', operation: 'dossier.upsert.v1', code: whole.code, doubt: false, known: false };
    const item = { ...base, record: whole, dossier: whole, ...change } as Outgoing<'dossier.upsert.v1'>;
    return adapter.send?.['dossier.upsert.v1']?.send(connection, [item]);
  };
  const told = () => ministry.ledger.entries().map(({ content }) => (content as { noiDung: string }).noiDung);
  return { tell, told };
}

describe('a ministry with an operation for updates', () => {
  test('gets the update of a dossier that it received before', async () => {
    const { tell, told } = await start();
    await tell();
    expect(await tell({ known: true }, { status: 'processing' })).toMatchObject([{ kind: 'delivered' }]);
    expect(told()).toEqual(['Đổi giấy phép lái xe', 'update']);
  });

  test('gets the update if the look-up shows an older version', async () => {
    const { tell, told } = await start();
    await tell();
    const later = { status: 'processing', statusAt: '2025-08-13T08:15:00+07:00' } as const;
    expect(await tell({ doubt: true }, later)).toMatchObject([{ kind: 'delivered' }]);
    expect(told()).toEqual(['Đổi giấy phép lái xe', 'update']);
    expect(await tell({ doubt: true }, later)).toMatchObject([{ kind: 'delivered', reference: 'already-there' }]);
    expect(told()).toHaveLength(2);
  });

  test('gets the update if it answers that it has the dossier', async () => {
    const { tell, told } = await start({ ok: ['00'], taken: ['0'] });
    expect(await tell()).toMatchObject([{ kind: 'delivered' }]);
    expect(told()).toEqual(['Đổi giấy phép lái xe', 'update']);
  });
});
