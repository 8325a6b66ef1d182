import { afterEach, describe, expect, test } from 'vitest';
import type { Outgoing } from '#kit';
import { defineSimulator, type SimulatorRequest, startSimulator, testConnection } from '#kit/testing';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import adapter from './adapter.ts';
import type { Settings } from './settings.ts';
import { constructionAt, transportAt } from './simulator/connect.ts';
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

/** The outcome of a push that a ministry with sessions answers by this fault, and how often the ministry got it. */
async function pushFailing(faultcode: string, faultstring: string) {
  const answered = (content: string) =>
    `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${content}</s:Body></s:Envelope>`;
  const document = '&lt;KetQua>&lt;Ma>00&lt;/Ma>&lt;Phien>phien-1&lt;/Phien>&lt;/KetQua>';
  const session = answered(`<DangNhapResponse><DangNhapResult>${document}</DangNhapResult></DangNhapResponse>`);
  const fault = `<s:Fault><faultcode>${faultcode}</faultcode><faultstring>${faultstring}</faultstring></s:Fault>`;
  let pushes = 0;
  const handle = ({ headers: { soapaction } }: SimulatorRequest) => {
    const isLogin = soapaction?.includes('DangNhap') ?? false;
    if (!isLogin) pushes++;
    return {
      status: isLogin ? 200 : 500,
      headers: { 'content-type': 'text/xml' },
      body: isLogin ? session : answered(fault),
    };
  };
  const ministry = await startSimulator(
    defineSimulator({ routes: [{ method: 'POST', path: '/DichVuHoSo.asmx', handle }] }),
  );
  const settings = constructionAt(ministry.url);
  const answer = { ...settings.answer, expired: ['401', 'TOKEN-HET-HAN (1)'] };
  const connection = testConnection({ ...settings, answer } as Settings);
  open.push(connection, ministry);
  const base = { id: 'lienthong-1', operation: 'dossier.upsert.v1', code: RECORD.code, doubt: false, known: false };
  const item = { ...base, record: RECORD, dossier: RECORD } as Outgoing<'dossier.upsert.v1'>;
  return { outcomes: await adapter.send?.['dossier.upsert.v1']?.send(connection, [item]), pushes };
}

describe('a fault', () => {
  test.each(['The duplicate key value is (H60.01-250401-0035).', 'Vi phạm Quyết định 401/2025, dòng 1.401'])(
    'with an expired code within another one sends no push twice: %s',
    async (words) => {
      expect(await pushFailing('soap:Server', words)).toMatchObject({
        outcomes: [{ kind: 'unknown', reason: 'fault-server' }],
        pushes: 1,
      });
    },
  );

  test.each([
    ['soap:Server', '401: Phiên làm việc đã hết hạn'],
    ['soap:Server', 'Lỗi 401.'],
    ['soap:Server', 'Token-het-han (1): đăng nhập lại'],
    ['soap:Client.401', 'Phiên làm việc đã hết hạn'],
  ])('%s with an expired code as a whole begins a new session once: %s', async (code, words) => {
    expect(await pushFailing(code, words)).toMatchObject({
      outcomes: [{ kind: 'unavailable', reason: 'credentials' }],
      pushes: 2,
    });
  });
});
