import { afterEach, describe, expect, test } from 'vitest';
import type { Outgoing } from '#kit';
import { type Simulator, startSimulator, testConnection, type WireRecord } from '#kit/testing';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import adapter from './adapter.ts';
import type { Portal } from './client.ts';
import { SAMPLES } from './simulator/catalogue.ts';
import { nationalPortal } from './simulator/portal.ts';
import type { PortalOptions } from './simulator/state.ts';

const SETTINGS = { username: 'sim', password: 'sim-password', dstcode: 'VN:GOV:TEST', madonvi: 'H60' };
const DOSSIER: Dossier = {
  code: 'H60.01-250812-0035',
  serviceCode: '1.013225',
  agencyCode: 'H60.01',
  agencyName: 'Sở thử nghiệm',
  channel: 'counter',
  status: 'received',
  statusAt: '2025-08-12T08:15:00+07:00',
  receivedAt: '2025-08-12T08:15:00+07:00',
  applicant: { kind: 'citizen', name: 'Nguyễn Văn A' },
  resultDelivery: 'counter',
};

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function start(options: PortalOptions = {}, now: () => number = Date.now): Promise<Simulator> {
  const simulator = await startSimulator(nationalPortal(options), { now });
  open.push(simulator);
  return simulator;
}

function connect(simulator: Simulator, means: Parameters<typeof testConnection>[1] = {}): Portal {
  const connection = testConnection({ ...SETTINGS, adapterUrl: simulator.url }, means);
  open.push(connection);
  return connection as Portal;
}

function dossier(change: Partial<Outgoing> = {}, record: object = {}): Outgoing<'dossier.upsert.v1'> {
  const whole = { ...DOSSIER, ...record };
  const base = { id: 'lienthong-1', operation: 'dossier.upsert.v1', code: whole.code, dossier: whole };
  return { ...base, record: whole, doubt: false, known: false, ...change } as Outgoing<'dossier.upsert.v1'>;
}

const step = (minute: number, change: Partial<Outgoing> = {}): Outgoing<'dossier.progress.v1'> =>
  ({
    id: `lienthong-step-${minute}`,
    operation: 'dossier.progress.v1',
    code: DOSSIER.code,
    dossier: DOSSIER,
    record: {
      code: DOSSIER.code,
      at: `2025-08-13T09:${String(minute).padStart(2, '0')}:00+07:00`,
      status: 'processing',
      actor: 'Trần B',
      content: `Bước ${minute}`,
    },
    doubt: false,
    known: true,
    ...change,
  }) as Outgoing<'dossier.progress.v1'>;

const send = (portal: Portal, ...items: Outgoing<'dossier.upsert.v1'>[]) =>
  adapter.send?.['dossier.upsert.v1']?.send(portal, items);
const sendSteps = (portal: Portal, ...items: Outgoing<'dossier.progress.v1'>[]) =>
  adapter.send?.['dossier.progress.v1']?.send(portal, items);
const logins = (simulator: Simulator) => simulator.requests().filter((one) => one === 'POST /mapi/login').length;

describe('the session', () => {
  test('one login serves all calls for ten minutes, also concurrent ones', async () => {
    let at = 0;
    const simulator = await start({}, () => at);
    const portal = connect(simulator, { now: () => at });
    await Promise.all([1, 2, 3].map((n) => send(portal, dossier({}, { code: `H60.01-250812-000${n}` }))));
    at = 10 * 60_000 - 1;
    await send(portal, dossier({ known: true }));
    expect(logins(simulator)).toBe(1);
    at += 1;
    await send(portal, dossier({ known: true }));
    expect(logins(simulator)).toBe(2);
  });

  test('a rejected login is not repeated within a minute, and loses nothing', async () => {
    let at = 0;
    const simulator = await start({ account: { username: 'sim', password: 'another' } }, () => at);
    const portal = connect(simulator, { now: () => at });
    for (let n = 0; n < 3; n++)
      expect(await send(portal, dossier())).toMatchObject([{ kind: 'unavailable', reason: 'login-refused' }]);
    expect(logins(simulator)).toBe(1);
    at = 60_000;
    await send(portal, dossier());
    expect(logins(simulator)).toBe(2);
  });

  test('no stored request contains the password', async () => {
    const wires: WireRecord[] = [];
    const portal = connect(await start(), { record: (wire) => wires.push(wire) });
    await send(portal, dossier());
    expect(wires.length).toBeGreaterThan(2);
    expect(JSON.stringify(wires)).not.toContain('sim-password');
  });

  test('no stored call contains the session', async () => {
    const wires: WireRecord[] = [];
    const simulator = await start();
    const portal = connect(simulator, { record: (wire) => wires.push(wire) });
    await send(portal, dossier());
    const body = { error_code: -3, message: 'Phiên s-1 của sim-password bị từ chối' };
    await simulator.fault({ kind: 'status', status: 200, headers: { 'content-type': 'application/json' }, body });
    await send(portal, dossier({ known: true }));
    expect(wires.length).toBeGreaterThan(3);
    expect(wires.some(({ request }) => request.includes('"session":"***"'))).toBe(true);
    expect(JSON.stringify(wires)).not.toMatch(/\bs-1\b|sim-password/);
  });
});

describe('a portal with other habits', () => {
  const styles: PortalOptions[] = [
    { style: 'number' },
    { style: 'text' },
    { style: 'padded' },
    { wrapped: 1 },
    { wrapped: 3, style: 'text' },
  ];
  test.each(styles)('%j: create, create again, update, steps', async (options) => {
    const simulator = await start(options);
    const portal = connect(simulator);
    expect(await send(portal, dossier())).toMatchObject([{ kind: 'delivered' }]);
    expect(await send(portal, dossier({}, { status: 'processing' }))).toMatchObject([{ kind: 'delivered' }]);
    expect(await sendSteps(portal, step(1), step(2))).toMatchObject([{ kind: 'delivered' }, { kind: 'delivered' }]);
    expect(simulator.ledger.count('dossier')).toBe(2);
    expect(simulator.ledger.count('progress')).toBe(2);
  });

  test('a portal that checks required fields takes a complete dossier and refuses others', async () => {
    const portal = connect(await start({ strict: true }));
    expect(await send(portal, dossier())).toMatchObject([{ kind: 'delivered' }]);
    expect(await send(portal, dossier({}, { resultDelivery: undefined }))).toMatchObject([
      { kind: 'refused', message: 'error_code -3: Thiếu trường HinhThuc' },
    ]);
  });

  test.each([
    ['steps', 1, 0],
    ['record', 1, 1],
    ['code', 2, 1],
  ] as const)(
    'with %s in its look-up: an item in doubt is sent again only as an update',
    async (lookup, dossiers, repeatedSteps) => {
      const simulator = await start({ lookup });
      const portal = connect(simulator);
      await send(portal, dossier());
      await send(portal, dossier({ doubt: true }));
      expect(simulator.ledger.count('dossier')).toBe(dossiers);
      await sendSteps(portal, step(1));
      expect(await sendSteps(portal, step(1, { doubt: true }))).toMatchObject([{ kind: 'delivered' }]);
      expect(simulator.ledger.count('progress')).toBe(1 + repeatedSteps);
    },
  );

  test('more than ten steps go in calls of ten, in order', async () => {
    const simulator = await start();
    const portal = connect(simulator);
    await send(portal, dossier());
    const outcomes = await sendSteps(portal, ...Array.from({ length: 23 }, (_, at) => step(at)));
    expect(outcomes?.every(({ kind }) => kind === 'delivered')).toBe(true);
    const taken = simulator.ledger.entries().filter(({ kind }) => kind === 'progress');
    expect(taken.map(({ content }) => (content as { NoiDungXuLy: string }).NoiDungXuLy)).toEqual(
      Array.from({ length: 23 }, (_, at) => `Bước ${at}`),
    );
  });

  test('steps of two dossiers do not delay each other', async () => {
    const portal = connect(await start());
    await send(portal, dossier());
    const stranger = step(1, { code: 'H60.01-250812-0099' });
    expect(await sendSteps(portal, stranger, step(1))).toMatchObject([
      { kind: 'unavailable', reason: 'dossier-unknown' },
      { kind: 'delivered' },
    ]);
  });

  test('the portal is asked for a procedure once in ten minutes', async () => {
    const at = 0;
    const simulator = await start({ catalogue: SAMPLES }, () => at);
    const portal = connect(simulator, { now: () => at });
    await send(portal, dossier({ known: true }), dossier({ known: true }));
    const once = simulator.requests().length;
    await send(portal, dossier({ known: true }));
    expect(simulator.requests().length).toBe(once + 1);
    expect(simulator.ledger.entries()[0]?.content).toMatchObject({
      TenTTHC: 'Thủ tục thử nghiệm thứ nhất',
      MaLinhVuc: 'G03-GD10',
    });
  });
});
