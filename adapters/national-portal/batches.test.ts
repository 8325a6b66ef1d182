import { afterEach, describe, expect, test } from 'vitest';
import type { Outgoing } from '#kit';
import { type Simulator, startSimulator, testConnection } from '#kit/testing';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import adapter from './adapter.ts';
import type { Portal } from './client.ts';
import { nationalPortal } from './simulator/portal.ts';
import type { PortalOptions } from './simulator/state.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function start(options: PortalOptions = {}): Promise<{ portal: Portal; simulator: Simulator }> {
  const simulator = await startSimulator(nationalPortal(options));
  const settings = { username: 'sim', password: 'sim-password', dstcode: 'VN:GOV:TEST', madonvi: 'H60' };
  const portal = testConnection({ ...settings, adapterUrl: simulator.url });
  open.push(simulator, portal);
  return { portal: portal as Portal, simulator };
}

const codeOf = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;

function dossier(n: number, change: object = {}, record: object = {}) {
  const whole: Dossier = {
    code: codeOf(n),
    serviceCode: '1.013225',
    serviceName: 'Thủ tục thử nghiệm',
    fieldCode: 'G03-GD10',
    fieldName: 'Lĩnh vực thử nghiệm',
    agencyCode: 'H60.01',
    agencyName: 'Sở thử nghiệm',
    channel: 'counter',
    status: 'received',
    statusAt: '2025-08-12T08:15:00+07:00',
    receivedAt: '2025-08-12T08:15:00+07:00',
    applicant: { kind: 'citizen', name: 'Nguyễn Văn A' },
    resultDelivery: 'counter',
    ...record,
  };
  const service = { code: '1.013225', name: 'Thủ tục thử nghiệm', fieldCode: 'G03-GD10', fieldName: 'Lĩnh vực' };
  const base = { id: `lienthong-${n}`, operation: 'dossier.upsert.v1', code: whole.code, dossier: whole, service };
  return { ...base, record: whole, doubt: false, known: false, ...change } as Outgoing<'dossier.upsert.v1'>;
}

const step = (n: number, minute: number, change: object = {}): Outgoing<'dossier.progress.v1'> =>
  ({
    ...dossier(n),
    operation: 'dossier.progress.v1',
    record: {
      code: codeOf(n),
      at: `2025-08-13T09:${String(minute).padStart(2, '0')}:00+07:00`,
      status: 'processing',
      actor: 'Trần B',
      content: `Bước ${minute}`,
      ...change,
    },
  }) as unknown as Outgoing<'dossier.progress.v1'>;

const ten = Array.from({ length: 10 }, (_, n) => n);
const send = (portal: Portal, items: readonly Outgoing<'dossier.upsert.v1'>[]) =>
  adapter.send?.['dossier.upsert.v1']?.send(portal, items);
const sendSteps = (portal: Portal, items: readonly Outgoing<'dossier.progress.v1'>[]) =>
  adapter.send?.['dossier.progress.v1']?.send(portal, items);
const calls = (simulator: Simulator) => simulator.requests().filter((one) => one === 'POST /mapi/g').length;
const kinds = (outcomes: readonly { kind: string }[] | undefined) => outcomes?.map(({ kind }) => kind);

describe('dossiers in one call', () => {
  test('ten new dossiers take one call, and their updates one more', async () => {
    const { portal, simulator } = await start();
    expect(
      kinds(
        await send(
          portal,
          ten.map((n) => dossier(n)),
        ),
      ),
    ).toEqual(ten.map(() => 'delivered'));
    expect(calls(simulator)).toBe(1);
    const later = ten.map((n) => dossier(n, { known: true }, { status: 'processing' }));
    expect(kinds(await send(portal, later))).toEqual(ten.map(() => 'delivered'));
    expect(calls(simulator)).toBe(2);
    expect(simulator.ledger.count('dossier')).toBe(20);
  });

  test('if some exist already, a look-up sorts the call and each is sent once', async () => {
    const { portal, simulator } = await start();
    await send(portal, [dossier(2), dossier(5)]);
    const outcomes = await send(
      portal,
      ten.map((n) => dossier(n, {}, { status: 'processing' })),
    );
    expect(kinds(outcomes)).toEqual(ten.map(() => 'delivered'));
    expect(simulator.ledger.count('dossier')).toBe(12);
    expect(simulator.ledger.repeats()).toBe(0);
  });

  test('also if the portal asks to try again', async () => {
    const { portal, simulator } = await start();
    await send(portal, [dossier(2), dossier(5)]);
    const body = JSON.stringify({ error_code: '-3', message: 'Hồ sơ đã tồn tại. Vui lòng thử lại sau.' });
    await simulator.fault({ kind: 'status', status: 200, times: 1, path: '/mapi/g', body });
    const changed = [2, 5].map((n) => dossier(n, {}, { status: 'processing' }));
    expect(kinds(await send(portal, changed))).toEqual(['delivered', 'delivered']);
  });

  test('a known dossier that the portal has lost is sent as new', async () => {
    const { portal, simulator } = await start();
    await send(
      portal,
      ten.slice(1).map((n) => dossier(n)),
    );
    const outcomes = await send(
      portal,
      ten.map((n) => dossier(n, { known: true }, { status: 'processing' })),
    );
    expect(kinds(outcomes)).toEqual(ten.map(() => 'delivered'));
    expect(simulator.ledger.entries().filter(({ key }) => key === codeOf(0))).toHaveLength(1);
  });

  test('a portal that answers for each item refuses only the bad one', async () => {
    const { portal, simulator } = await start({ each: true, strict: true });
    const items = ten.map((n) => dossier(n, {}, n === 4 ? { resultDelivery: undefined } : {}));
    const outcomes = await send(portal, items);
    expect(kinds(outcomes)).toEqual(ten.map((n) => (n === 4 ? 'refused' : 'delivered')));
    expect(outcomes?.[4]).toMatchObject({ message: 'error_code -3: Thiếu trường HinhThuc' });
    expect(calls(simulator)).toBe(1);
  });

  test('an error that names no item of a call confirms no item', async () => {
    const { portal, simulator } = await start({ each: 'nameless', strict: true });
    const items = [1, 2, 3].map((n) => dossier(n, {}, n === 2 ? { resultDelivery: undefined } : {}));
    const outcomes = await send(portal, items);
    expect(outcomes).toEqual([1, 2, 3].map(() => outcomes?.[0]));
    expect(outcomes?.[0]).toMatchObject({ kind: 'refused', message: 'error_code -3: Thiếu trường HinhThuc' });
    expect(simulator.ledger.count('dossier')).toBe(2);
    // The hub sends them again in halves.
    expect(kinds(await send(portal, items.slice(0, 2)))).toEqual(['delivered', 'refused']);
    expect(kinds(await send(portal, items.slice(2)))).toEqual(['delivered']);
  });

  test('an answer that names some of the taken dossiers confirms no other, and none is sent twice', async () => {
    const { portal, simulator } = await start();
    await send(portal, [dossier(1)]);
    const taken = { MaHoSo: codeOf(1), error_code: 0 };
    const body = JSON.stringify({ error_code: 0, message: 'Thành công', result: [taken] });
    await simulator.fault({ kind: 'status', status: 200, times: 1, path: '/mapi/g', body });
    const items = [dossier(1, { known: true }), dossier(2, { known: true }), dossier(3, { known: true })];
    const outcomes = await send(portal, items);
    expect(kinds(outcomes)).toEqual(['delivered', 'unknown', 'unknown']);
    expect(outcomes?.[1]).toMatchObject({ message: `the answer has no ${codeOf(2)}` });
    const again = items.slice(1).map((item) => ({ ...item, doubt: true }));
    expect(kinds(await send(portal, again))).toEqual(['delivered', 'delivered']);
    expect(simulator.ledger.repeats()).toBe(0);
  });

  test('if one answer refuses all, all get the same outcome', async () => {
    const { portal } = await start({ strict: true });
    const outcomes = await send(
      portal,
      ten.map((n) => dossier(n, {}, n === 4 ? { resultDelivery: undefined } : {})),
    );
    expect(new Set(outcomes?.map((one) => JSON.stringify(one)))).toHaveProperty('size', 1);
    expect(kinds(outcomes)?.[0]).toBe('refused');
  });

  test('an item with an unmapped code waits alone, and the others are sent', async () => {
    const { portal, simulator } = await start();
    const items = ten.map((n) =>
      dossier(
        n,
        n === 3 ? { service: undefined } : {},
        n === 3 ? { fieldCode: undefined, serviceCode: '9.999999' } : {},
      ),
    );
    const outcomes = await send(portal, items);
    expect(outcomes?.[3]).toMatchObject({ kind: 'refused', cause: { key: 'unmapped:service:9.999999' } });
    expect(kinds(outcomes)?.filter((kind) => kind === 'delivered')).toHaveLength(9);
    expect(simulator.ledger.count('dossier')).toBe(9);
  });

  test('an item in doubt is looked up before it is sent again', async () => {
    const { portal, simulator } = await start();
    await send(
      portal,
      ten.map((n) => dossier(n)),
    );
    await send(
      portal,
      ten.map((n) => dossier(n, { doubt: true })),
    );
    expect(simulator.ledger.count('dossier')).toBe(10);
  });
});

describe('texts longer than the portal takes', () => {
  const NOTE = 'cut to what the portal takes: /TrichYeuHoSo from 1200 to 999 characters';
  const long = { abstract: 'Nguyễn Văn A '.repeat(100).slice(0, 1_200) };

  test('are noted with their dossier without personal data, in every way of sending', async () => {
    const { portal } = await start();
    const together = await send(
      portal,
      ten.map((n) => dossier(n, {}, n === 4 ? long : {})),
    );
    expect(together?.map((one) => (one.kind === 'delivered' ? one.note : 'refused'))).toEqual(
      ten.map((n) => (n === 4 ? NOTE : undefined)),
    );
    expect(await send(portal, [dossier(4, { known: true }, long)])).toMatchObject([{ kind: 'delivered', note: NOTE }]);
    expect(await send(portal, [dossier(4, { doubt: true }, long)])).toMatchObject([{ kind: 'delivered', note: NOTE }]);
  });

  test('are noted with each step', async () => {
    const { portal } = await start();
    await send(portal, [dossier(1)]);
    const outcomes = await sendSteps(portal, [step(1, 1), step(1, 2, { actor: 'Trần B '.repeat(10) })]);
    expect(outcomes).toMatchObject([
      { kind: 'delivered' },
      { kind: 'delivered', note: 'cut to what the portal takes: /NguoiXuLy from 70 to 50 characters' },
    ]);
  });

  test('are counted if there are very many', async () => {
    const { portal } = await start();
    const documents = Array.from({ length: 25 }, (_, n) => ({ id: String(n), name: 'n'.repeat(4_001) }));
    const [outcome] = (await send(portal, [dossier(1, {}, { documents })])) ?? [];
    const { note = '' } = outcome as { note?: string };
    expect(note.match(/from 4001 to 4000/g)).toHaveLength(20);
    expect(note).toMatch(/, 5 more$/);
  });
});

describe('steps in one call', () => {
  test('steps of ten dossiers share a call', async () => {
    const { portal, simulator } = await start();
    await send(
      portal,
      ten.map((n) => dossier(n)),
    );
    const before = calls(simulator);
    expect(
      kinds(
        await sendSteps(
          portal,
          ten.map((n) => step(n, 1)),
        ),
      ),
    ).toEqual(ten.map(() => 'delivered'));
    expect(calls(simulator) - before).toBe(1);
  });

  test('a bad step spoils no other, and none is sent twice', async () => {
    const { portal, simulator } = await start();
    await send(
      portal,
      ten.map((n) => dossier(n)),
    );
    const outcomes = await sendSteps(
      portal,
      ten.map((n) => step(n % 5, n, n === 3 ? { content: '' } : {})),
    );
    expect(kinds(outcomes)?.[3]).toBe('refused');
    expect(kinds(outcomes)?.filter((kind) => kind === 'delivered')).toHaveLength(9);
    expect(simulator.ledger.count('progress')).toBe(9);
    expect(simulator.ledger.repeats()).toBe(0);
  });

  test('if the portal asks to send one step later, the others of the call are not sent twice', async () => {
    const { portal, simulator } = await start();
    await send(
      portal,
      [1, 2].map((n) => dossier(n)),
    );
    const steps = [step(1, 1), step(2, 2)];
    await sendSteps(portal, steps.slice(0, 1));
    const busy = { MaHoSo: codeOf(2), error_code: -9, message: 'Hệ thống tạm thời quá tải' };
    const body = JSON.stringify({ error_code: 0, result: [{ MaHoSo: codeOf(1), error_code: 0 }, busy] });
    await simulator.fault({ kind: 'status', status: 200, times: 1, path: '/mapi/g', body });
    expect(kinds(await sendSteps(portal, steps))).toEqual(['unknown', 'unknown']);
    const again = steps.map((one) => ({ ...one, doubt: true }));
    expect(kinds(await sendSteps(portal, again))).toEqual(['delivered', 'delivered']);
    expect(simulator.ledger.count('progress')).toBe(2);
    expect(simulator.ledger.repeats()).toBe(0);
  });
});
