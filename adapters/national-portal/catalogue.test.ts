import { afterEach, describe, expect, test } from 'vitest';
import type { Page, RecordItem } from '#kit';
import { type Simulator, startSimulator, testConnection } from '#kit/testing';
import adapter from './adapter.ts';
import type { Portal } from './client.ts';
import { type Catalogue, SAMPLES } from './simulator/catalogue.ts';
import { nationalPortal } from './simulator/portal.ts';

const SETTINGS = { username: 'sim', password: 'sim-password', dstcode: 'VN:GOV:TEST', madonvi: 'H60' };

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function start({ catalogue }: { readonly catalogue: Catalogue }): Promise<Simulator> {
  const simulator = await startSimulator(nationalPortal({ catalogue }));
  open.push(simulator);
  return simulator;
}

function connect(simulator: Simulator): Portal {
  const connection = testConnection({ ...SETTINGS, adapterUrl: simulator.url });
  open.push(connection);
  return connection as Portal;
}

describe('a run through the catalogue', () => {
  const services = Array.from({ length: 21 }, (_, at) => ({
    ...(SAMPLES.services[0] as (typeof SAMPLES.services)[number]),
    code: `1.0000${String(at + 1).padStart(2, '0')}`,
  }));
  const next = (portal: Portal, checkpoint: unknown) =>
    adapter.pull?.catalogue?.next(portal, checkpoint, {
      outstanding: async () => [],
      finished: async (after) => ({ dossiers: [], after, more: false }),
      receivedRecords: async () => [],
      knownRecords: async () => new Set<string>(),
      figures: () => Promise.reject(new Error('not asked')),
      results: async () => [],
      unknownSteps: async () => new Set(),
    });
  const codesOf = (portal: Portal, page: Page) =>
    page.bodies
      .flatMap(({ body }) => adapter.pull?.catalogue?.read(body, portal.settings, portal.codes) ?? [])
      .map((item) => (item.kind === 'record' ? (item as RecordItem).record.code : `${item.kind} ${item.code}`));

  async function pages(portal: Portal, from: unknown = undefined): Promise<Page[]> {
    const found: Page[] = [];
    for (let checkpoint = from; ; ) {
      const page = (await next(portal, checkpoint)) as Page;
      expect(page).toHaveProperty('bodies');
      found.push(page);
      // As the hub keeps it.
      checkpoint = JSON.parse(JSON.stringify(page.checkpoint));
      if (!page.more) return found;
    }
  }

  test('reads agencies, fields, then each procedure once, and lists all codes at the end', async () => {
    const portal = connect(await start({ catalogue: { ...SAMPLES, services } }));
    const found = await pages(portal);
    expect(found.map((page) => page.bodies.length)).toEqual([1, 1, 8, 7, 6]);
    expect(found.slice(2).flatMap((page) => codesOf(portal, page))).toEqual(services.map(({ code }) => code));
    expect(found.map((page) => page.complete?.kind)).toEqual(['agency', 'field', undefined, undefined, 'service']);
    expect(found.at(-1)?.complete?.codes).toEqual(services.map(({ code }) => code));
    expect(found.at(-1)?.checkpoint).toBeNull();
    // The list is fetched once per run.
    expect((await pages(portal)).length).toBe(5);
  });

  test('of two different entries with one code the first is taken and the other waits', () => {
    const read = (service: string, result: readonly object[]) => {
      const reply = JSON.stringify({ error_code: 0, result });
      const body = Buffer.from(JSON.stringify({ service, reply }));
      return adapter.pull?.catalogue?.read(body, SETTINGS as never, () => new Map()) ?? [];
    };
    const agencies = ['Sở A', 'Sở B', 'Sở A'].map((TENDONVI) => ({ MADONVI: 'H60.01', TENDONVI, CAPDONVI: '1' }));
    const [first, second, third] = read('LayDanhMucCoQuan', agencies);
    expect(first).toMatchObject({ kind: 'record', record: { name: 'Sở A' } });
    expect(third).toEqual(first);
    expect(second).toMatchObject({
      kind: 'waiting',
      operation: 'agency.upsert.v1',
      code: 'H60.01',
      cause: {
        kind: 'code-conflict',
        key: 'code-conflict:agency:H60.01',
        message: expect.stringMatching(/Sở A.*Sở B/),
      },
      ifAccepted: { record: { name: 'Sở B' } },
    });
    const fields = ['Một', 'Hai'].map((TENLINHVUC) => ({ MALINHVUC: 'G03-GD10', TENLINHVUC, MANGANH: 'G03' }));
    expect(read('LayDanhMucLinhVuc', fields).map(({ kind }) => kind)).toEqual(['record', 'waiting']);
  });

  test('another process continues a stopped run', async () => {
    const simulator = await start({ catalogue: { ...SAMPLES, services } });
    const first = connect(simulator);
    const begun = (await next(first, (await pages(first))[1]?.checkpoint)) as Page;
    const second = connect(simulator);
    const rest = await pages(second, begun.checkpoint);
    expect(rest.flatMap((page) => codesOf(second, page))).toEqual(services.slice(8).map(({ code }) => code));
  });

  test('a procedure without an answer is retried once, then stored as invalid', async () => {
    const simulator = await start({ catalogue: { ...SAMPLES, services: services.slice(0, 8) } });
    const portal = connect(simulator);
    const checkpoint = { stage: 'services', run: 1 };
    await simulator.fault({ kind: 'pass', times: 9 });
    await simulator.fault({ kind: 'html', times: 2 });
    const page = (await next(portal, checkpoint)) as Page;
    expect(codesOf(portal, page).filter((code) => code.startsWith('invalid'))).toHaveLength(1);
    expect(page).toMatchObject({ more: false, complete: { kind: 'service' } });
    expect(page.complete?.codes).toHaveLength(8);
  });

  test('without an answer for any procedure of a page there is no page', async () => {
    const simulator = await start({ catalogue: { ...SAMPLES, services: services.slice(0, 8) } });
    await simulator.fault({ kind: 'pass', times: 2 });
    await simulator.fault({ kind: 'html', forMs: 60_000 });
    expect(await next(connect(simulator), { stage: 'services', run: 1 })).toMatchObject({ kind: 'unavailable' });
  });
});
