import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Comparison, Outgoing } from '#kit';
import { defineSimulator, type Simulator, startSimulator, type TestConnection, testConnection } from '#kit/testing';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import adapter from './adapter.ts';
import type { Settings } from './settings.ts';
import { constructionAt, transportAt } from './simulator/connect.ts';
import simulator from './simulator.ts';

const reconcile = adapter.reconcile as Required<NonNullable<typeof adapter.reconcile>>;
const DOSSIER: Dossier = {
  code: 'H60.01-250812-0035',
  serviceCode: '1.013225',
  agencyCode: 'H60.01',
  status: 'received',
  statusAt: '2025-08-12T08:15:00+07:00',
  dueAt: '2025-08-19T17:00:00+07:00',
  applicant: { kind: 'citizen', name: 'Nguyễn Văn An', identityNumber: '001000000001', phone: '0900000001' },
  abstract: 'Cấp giấy phép xây dựng',
};

const told = (change: Partial<Dossier> = {}): Outgoing<'dossier.upsert.v1'> => {
  const record = { ...DOSSIER, ...change };
  const base = { id: 'lienthong-1', operation: 'dossier.upsert.v1', code: record.code, doubt: false, known: false };
  return { ...base, record, dossier: record } as Outgoing<'dossier.upsert.v1'>;
};

const differencesOf = (comparison: Comparison) => (comparison.kind === 'found' ? comparison.differences : comparison);

describe.each([
  {
    manner: 'ASMX: an XML document in a text',
    partyAt: constructionAt,
    wrong: [
      { path: '/TrangThai', ours: '02', theirs: '01' },
      { path: '/NgayCapNhat', ours: '2025-08-13T09:00:00+07:00', theirs: DOSSIER.statusAt },
      { path: '/ChuHoSo/HoTen', ours: 'Lê Thị Hoa', theirs: 'Nguyễn Văn An' },
    ],
  },
  {
    manner: 'JAX-WS: typed elements',
    partyAt: transportAt,
    wrong: [
      { path: '/trangThai', ours: 'DANG_XU_LY', theirs: 'TIEP_NHAN' },
      { path: '/thoiDiemCapNhat', ours: '2025-08-13T09:00:00+07:00', theirs: DOSSIER.statusAt },
      { path: '/nguoiNop/hoTen', ours: 'Lê Thị Hoa', theirs: 'Nguyễn Văn An' },
    ],
  },
] as const)('compared with a ministry in the manner of $manner', ({ partyAt, wrong }) => {
  let ministry: Simulator;
  let connection: TestConnection<Settings>;
  beforeAll(async () => {
    ministry = await startSimulator(simulator);
    connection = testConnection(partyAt(ministry.url) as Settings);
  });
  afterAll(async () => {
    connection.close();
    await ministry.close();
  });

  test('a missing dossier is absent', async () => {
    expect(await reconcile.compare(connection, told())).toEqual({ kind: 'absent' });
  });

  test('a received dossier agrees, even if the answer lacks some members', async () => {
    expect(await adapter.send?.['dossier.upsert.v1']?.send(connection, [told()])).toMatchObject([
      { kind: 'delivered' },
    ]);
    expect(await reconcile.compare(connection, told())).toEqual({ kind: 'found', differences: [] });
    const { abstract: _, ...less } = DOSSIER;
    const withoutAbstract = { ...told(), record: less, dossier: less };
    expect(await reconcile.compare(connection, withoutAbstract)).toEqual({ kind: 'found', differences: [] });
  });

  test('a difference is named in the ministry’s words, by its code tables', async () => {
    const now = told({
      status: 'processing',
      statusAt: '2025-08-13T09:00:00+07:00',
      dueAt: '2025-08-20T17:00:00+07:00',
      applicant: { kind: 'citizen', name: 'Lê Thị Hoa', identityNumber: '001000000001' },
    });
    expect(differencesOf(await reconcile.compare(connection, now))).toEqual(wrong);
  });

  test('two statuses with one code are no difference', async () => {
    expect(differencesOf(await reconcile.compare(connection, told({ status: 'submitted' })))).toEqual([]);
  });

  test('without an answer there is no comparison', async () => {
    await ministry.fault({ kind: 'status', status: 503, times: 5 });
    expect(await reconcile.compare(connection, told())).toMatchObject({ kind: 'failed' });
  });
});

describe('a value in another form', () => {
  const rowsOf = (...records: string[]): string =>
    `<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Body><xemHoSoResponse><return><ketQua><maLoi>0</maLoi></ketQua>${records.map((one) => `<hoSo>${one}</hoSo>`).join('')}</return></xemHoSoResponse></S:Body></S:Envelope>`;
  async function compared(...records: string[]): Promise<Comparison> {
    const handle = () => ({ headers: { 'content-type': 'application/soap+xml' }, body: rowsOf(...records) });
    const ministry = await startSimulator(defineSimulator({ routes: [{ method: 'POST', path: '/HoSoWS', handle }] }));
    const connection = testConnection(transportAt(ministry.url) as Settings);
    try {
      return await reconcile.compare(connection, told());
    } finally {
      connection.close();
      await ministry.close();
    }
  }
  const SAME = '<maHoSo>H60.01-250812-0035</maHoSo><trangThai>TIEP_NHAN</trangThai>';

  test.each([
    ['in another zone', '<thoiDiemCapNhat>2025-08-12T01:15:00Z</thoiDiemCapNhat>'],
    ['without a zone', '<thoiDiemCapNhat>2025-08-12T08:15:00</thoiDiemCapNhat>'],
    ['with other blanks, and marks apart', `<noiDung>\n  ${'Cấp giấy  phép'.normalize('NFD')} xây\ndựng </noiDung>`],
    ['empty, nil, or as a date that is not set', '<noiDung/><ngayHenTra>0001-01-01T00:00:00</ngayHenTra>'],
  ])('%s: no difference', async (_, rest) => {
    expect(differencesOf(await compared(SAME + rest))).toEqual([]);
  });

  test('of several versions the nearest one is compared', async () => {
    const other = '<trangThai>TU_CHOI</trangThai><noiDung>khác</noiDung>';
    expect(differencesOf(await compared(other, `${SAME}<noiDung>khác</noiDung>`, other))).toEqual([
      { path: '/noiDung', ours: DOSSIER.abstract, theirs: 'khác' },
    ]);
  });

  test('an impossible date is a difference', async () => {
    expect(differencesOf(await compared(`${SAME}<ngayHenTra>2025-02-30T00:00:00</ngayHenTra>`))).toEqual([
      { path: '/ngayHenTra', ours: DOSSIER.dueAt, theirs: '2025-02-30T00:00:00' },
    ]);
  });
});

test('a status without a code is not compared, and the report says so', async () => {
  const connection = testConnection(transportAt('http://127.0.0.1:9') as Settings);
  expect(await reconcile.compare(connection, told({ status: 'withdrawn' }))).toMatchObject({
    kind: 'failed',
    outcome: { kind: 'refused', cause: { key: 'unmapped:transport-status-sent:withdrawn' } },
  });
  connection.close();
});

test('a status that the settings do not send is not looked up, and the report says so', async () => {
  const given = transportAt('http://127.0.0.1:9');
  const push = { dossiers: { ...given.push.dossiers, statuses: ['received'] } };
  const connection = testConnection({ ...given, push } as Settings);
  expect(await reconcile.compare(connection, told({ status: 'withdrawn' }))).toMatchObject({
    kind: 'untold',
    why: { code: 'status-not-sent' },
  });
  connection.close();
});

test('without a look-up there is no comparison, and the missing settings are named', () => {
  const { lookUp: _, ...push } = constructionAt('http://127.0.0.1').push.dossiers;
  const settings = { ...constructionAt('http://127.0.0.1'), push: { dossiers: push } } as Settings;
  expect(reconcile.unable?.(settings)).toBe('its settings name no push.dossiers.lookUp');
  expect(reconcile.unable?.(constructionAt('http://127.0.0.1') as Settings)).toBeUndefined();
});
