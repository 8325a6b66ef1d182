import { describe, expect, onTestFinished, test } from 'vitest';
import { NO_CODES, type Outgoing, type Page, readItem } from '#kit';
import { defineSimulator, type SimulatorDefinition, startSimulator, testConnection } from '#kit/testing';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import adapter from './adapter.ts';
import { type Settings, settingsProblems } from './settings.ts';
import type { Row } from './shapes.ts';
import simulator, { SIMULATOR_CLIENT } from './simulator.ts';

const CODE = 'H60.01-250812-0001';

async function started(settings: Partial<Settings> = {}, given: SimulatorDefinition = simulator, now = Date.now) {
  const host = await startSimulator(given);
  const base: Settings = {
    baseUrl: host.url,
    tokenUrl: `${host.url}/auth/realms/digo/protocol/openid-connect/token`,
    ...SIMULATOR_CLIENT,
    startAt: '2025-08-01T00:00:00+07:00',
  };
  const connection = testConnection<Settings>({ ...base, ...settings }, { now });
  onTestFinished(async () => {
    connection.close();
    await host.close();
  });
  return { host, connection };
}

const pull = adapter.pull?.dossiers as NonNullable<NonNullable<typeof adapter.pull>[string]>;
const next = (connection: Awaited<ReturnType<typeof started>>['connection'], checkpoint?: unknown) =>
  pull.next(connection, checkpoint, {} as Parameters<typeof pull.next>[2]);

function outgoing(status: 'processing' | 'resolved', code = CODE): Outgoing<'dossier.upsert.v1'> {
  const base = { code, serviceCode: '1.001193', agencyCode: 'H60.01', statusAt: '2025-08-12T09:00:00+07:00', status };
  const item = readItem('dossier.upsert.v1', base);
  if (item.kind !== 'record') throw new Error(JSON.stringify(item));
  const record = item.record as Outgoing<'dossier.upsert.v1'>['record'];
  return { id: 'one', operation: 'dossier.upsert.v1', code, record, dossier: record, doubt: false, known: true };
}

test('calls at the same time share one token', async () => {
  const { host, connection } = await started();
  await Promise.all([next(connection), next(connection), next(connection)]);
  expect(host.requests().filter((request) => request.endsWith('/token'))).toHaveLength(1);
});

test('a pull by single rows brings each dossier once, and the next one brings nothing', async () => {
  const { connection } = await started({ pageSize: 1 });
  const codes: string[] = [];
  let checkpoint: unknown;
  for (let run = 1; run <= 2; run++)
    for (let more = true; more; ) {
      const page = await next(connection, checkpoint);
      if ('kind' in page) throw new Error(JSON.stringify(page));
      for (const { body } of page.bodies)
        for (const item of pull.read(body, connection.settings, connection.codes))
          if (item.kind === 'record' && 'statusAt' in item.record && item.record.status !== 'received')
            codes.push(item.record.code);
      ({ checkpoint, more } = page);
    }
  expect(codes).toEqual(['H60.01-250812-0003', 'H60.01-250812-0002', CODE]);
});

describe('a list in a shape of its own', () => {
  /** A host that lists these rows. Details of the broken ones fail. */
  const listing = (rows: readonly object[], broken: ReadonlySet<string> = new Set()): SimulatorDefinition =>
    defineSimulator({
      state: () => ({}),
      routes: [
        {
          method: 'POST',
          path: '/auth/realms/digo/protocol/openid-connect/token',
          handle: () => ({ body: { access_token: 't', expires_in: 300 } }),
        },
        {
          method: 'GET',
          path: '/pa/dossier/search',
          handle: ({ query }) => {
            const code = query.get('code-match');
            const content = code ? rows.filter((one) => (one as Row).code === code) : rows;
            return { body: { content, last: true, totalElements: content.length } };
          },
        },
        {
          method: 'GET',
          path: '/pa/dossier/{id}/--online',
          handle: ({ params: { id = '' } }) => {
            if (broken.has(id)) return { status: 500, body: { message: 'NullPointerException' } };
            return {
              body: { ...rows.find((one) => (one as Row).id === id), dossierFormFile: [{ file: { id: `f${id}` } }] },
            };
          },
        },
      ],
    });
  const row = {
    id: '6853b890edeb9d6b96aa0001',
    code: CODE,
    dossierStatus: { id: 2 },
    procedure: { code: '1.001193' },
    agency: { code: 'H60.01' },
    applied_date: '2025-08-12T08:00:00.000+0700',
    acceptedDate: '2025-08-12T08:15:00.000+0700',
  };

  /** The status of each dossier that each run stores, while the host lists these rows one after the other. */
  async function runs(rows: readonly object[]): Promise<unknown[]> {
    const listed: object[] = [{}];
    const { connection } = await started({ statuses: { '4': 'returned' } }, listing(listed));
    const stored: unknown[] = [];
    let checkpoint: unknown;
    for (const one of rows) {
      listed[0] = one;
      const page = await next(connection, checkpoint);
      if ('kind' in page) throw new Error(JSON.stringify(page));
      const items = page.bodies.flatMap(({ body }) => pull.read(body, connection.settings, connection.codes));
      stored.push(
        items.flatMap((item) => (item.kind === 'record' && 'status' in item.record && item.record.status) || []),
      );
      ({ checkpoint } = page);
    }
    return stored;
  }

  test('without the moment of the last change a dossier is stored again when it has changed, and only then', async () => {
    const ended = { ...row, dossierStatus: { id: 4 } };
    expect(await runs([row, row, ended, ended])).toEqual([['processing'], [], ['returned'], []]);
  });

  test('with whole seconds a second change in the same second is stored', async () => {
    const first = { ...row, updatedDate: '2025-08-12T09:00:00.000+0700' };
    const second = { ...first, dossierStatus: { id: 4 } };
    expect(await runs([first, second, second])).toEqual([['received', 'processing'], ['received', 'returned'], []]);
  });

  const rowsOf = (count: number): readonly Row[] =>
    Array.from({ length: count }, (_, at) => ({ ...row, id: `id${at}`, code: `H60.01-250812-000${at}` }));

  test('a dossier whose detail fails delays no other one, and its detail comes when iGate gives it', async () => {
    const broken = new Set(['id1']);
    const { connection } = await started({ details: true }, listing(rowsOf(4), broken));
    const read = (page: Awaited<ReturnType<typeof next>>) => {
      if ('kind' in page) throw new Error(JSON.stringify(page));
      const items = page.bodies.flatMap(({ body }) => pull.read(body, connection.settings, connection.codes));
      return items.map((item) => {
        if (item.kind !== 'record') return [item.kind];
        const { code, documents = [] } = item.record as Dossier;
        return [code.slice(-1), documents.length, item.warnings.map(({ path }) => path)];
      });
    };
    const first = await next(connection);
    expect(read(first)).toEqual([
      ['0', 1, []],
      ['1', 0, ['/detail']],
      ['2', 1, []],
      ['3', 1, []],
    ]);
    expect(first).toMatchObject({ more: false, lacks: { code: 'at-detail' } });
    const second = await next(connection, (first as Page).checkpoint);
    expect([read(second), second]).toMatchObject([[], { lacks: { code: 'at-detail' } }]);
    broken.clear();
    const third = await next(connection, (second as Page).checkpoint);
    expect([read(third), third]).toMatchObject([[['1', 1, []]], { lacks: false }]);
    const fourth = await next(connection, (third as Page).checkpoint);
    expect([read(fourth), fourth]).toMatchObject([[], { lacks: false }]);
  });

  test('three dossiers whose detail fails do not stop the pull, and are given up after seven days', async () => {
    let nowMs = Date.parse('2025-08-13T10:00:00+07:00');
    const simulator = listing(rowsOf(4), new Set(['id0', 'id1', 'id2']));
    const { connection } = await started({ details: true }, simulator, () => nowMs);
    const first = await next(connection);
    expect(first).toMatchObject({ more: false, lacks: { code: 'at-detail' } });
    expect((first as Page).checkpoint).toMatchObject({ later: [{ id: 'id0' }, { id: 'id1' }, { id: 'id2' }] });
    nowMs += 7 * 86_400_000;
    const second = await next(connection, (first as Page).checkpoint);
    const third = await next(connection, (second as Page).checkpoint);
    expect(third).toMatchObject({ bodies: [], lacks: false });
  });

  test('a host that gives no detail at all stops the pull', async () => {
    const { connection } = await started({ details: true }, listing(rowsOf(4), new Set(['id0', 'id1', 'id2', 'id3'])));
    expect(await next(connection)).toMatchObject({ kind: 'unavailable', reason: 'no-detail' });
  });

  test('what the hub does not read of a row makes no change', async () => {
    expect(await runs([row, { ...row, remaining: '3 giờ' }])).toEqual([['processing'], []]);
  });
});

describe('fees', () => {
  const FEE = { id: 'f1', amount: 10000.0, dossier: { id: 'd1' } };

  /** The amounts of a dossier with fees in its row and in the answer about fees. */
  function amountsOf(listed: readonly object[], asked: readonly object[], settings: Partial<Settings> = {}) {
    const about = { procedure: { code: '1.001193' }, agency: { code: 'H60.01' } };
    const row = { id: 'd1', code: CODE, dossierStatus: 2, updatedDate: '2025-08-12T09:00:00.000+0700', ...about };
    const body = Buffer.from(JSON.stringify({ content: [{ ...row, dossierFee: listed }], fees: asked }));
    return pull
      .read(body, settings as Settings, NO_CODES)
      .flatMap((item): readonly unknown[] =>
        item.kind === 'record' ? ((item.record as Dossier).fees ?? []).map(({ amountVnd }) => amountVnd) : [item.kind],
      );
  }

  test('a fee that both the list and the answer about fees have counts once', () => {
    expect(amountsOf([FEE], [{ ...FEE, amount: 20000.0 }])).toEqual([20_000]);
    expect(amountsOf([FEE], [{ ...FEE, id: 'f2' }])).toEqual([10_000, 10_000]);
    expect(amountsOf([{ amount: 1 }, { amount: 1 }], [])).toEqual([1, 1]);
  });

  test('an empty quantity does not make a fee free', () => {
    const of = (quantity: unknown) => amountsOf([{ ...FEE, quantity }], [], { feeAmount: 'each' });
    expect([undefined, null, '', 1, '3'].map(of)).toEqual([[10_000], [10_000], [10_000], [10_000], [30_000]]);
    expect(of('hai')).toEqual(['invalid']);
  });
});

test('a row with null for its files says nothing of them, and an empty list removes them', () => {
  const about = { procedure: { code: '1.001193' }, agency: { code: 'H60.01' } };
  const row = { id: 'd1', code: CODE, dossierStatus: 2, updatedDate: '2025-08-12T09:00:00.000+0700', ...about };
  const documents = [undefined, null, []].map((dossierFormFile) => {
    const body = Buffer.from(JSON.stringify({ content: [{ ...row, dossierFormFile }] }));
    const [item] = pull.read(body, {} as Settings, NO_CODES);
    return item?.kind === 'record' ? (item.record as Dossier).documents : item;
  });
  expect(documents).toEqual([undefined, undefined, []]);
});

test('the comparison names a status that differs, and a dossier that is not there', async () => {
  const { connection } = await started();
  const compare = (item: Outgoing<'dossier.upsert.v1'>) => adapter.reconcile?.compare?.(connection, item);
  expect(await compare(outgoing('processing'))).toMatchObject({ kind: 'found', differences: [] });
  const found = await compare(outgoing('resolved'));
  expect(found).toMatchObject({
    kind: 'found',
    differences: [{ path: '/dossierStatus', ours: 'resolved', theirs: 'processing' }],
  });
  const body = found?.kind === 'found' ? (found.answer?.body ?? Buffer.from('')) : Buffer.from('');
  expect(adapter.reconcile?.read?.(body, connection.settings, connection.codes)[0]).toMatchObject({ kind: 'record' });
  expect(await compare(outgoing('processing', 'H60.01-250812-0999'))).toEqual({ kind: 'absent' });
});

test('dossiers are ended only where the settings say so', () => {
  const settings = { endsProcesses: true } as Settings;
  expect(adapter.offers?.(settings).sends).toEqual(['dossier.upsert.v1', 'dossier.progress.v1']);
  expect(adapter.offers?.({} as Settings)).toEqual({ sends: [], pulls: ['dossiers'] });
});

test('settings without an account or with an unreal beginning are named', () => {
  const base = { baseUrl: 'http://a', tokenUrl: 'http://a', clientId: 'a', startAt: '2025-02-30T00:00:00+07:00' };
  expect(settingsProblems(base).map(({ path }) => path)).toEqual(['/startAt', '/clientSecret']);
  expect(settingsProblems({ ...base, username: 'a' }).map(({ path }) => path)).toEqual(['/startAt', '/password']);
});
