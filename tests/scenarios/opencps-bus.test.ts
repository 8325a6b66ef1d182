import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import opencps from '../../adapters/opencps-bus/adapter.ts';
import simulator, { SIMULATOR_CLIENT } from '../../adapters/opencps-bus/simulator.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { type TestHub, testHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';

const CODE = 'H60.01-250812-0035';
const SECRET = 'mat-ma-cua-opencps-1';
const NO_DATE = '0000-00-00T00:00:00.000+0700';
const OK = { Status: 200, Message: 'OK' };

/** What OpenCPS writes about a dossier. */
function document(given: object = {}): object {
  return {
    DocTypeCode: '1.004837',
    DocTypeName: 'Cấp giấy phép bán lẻ rượu',
    DocCode: CODE,
    CitizenName: 'Nguyễn Văn An',
    ApplicantsId: '001000000001',
    ApplicantsType: 1,
    Phone: '0900000001',
    DateReceived: '2025-08-12T08:15:00.000+0700',
    DateAppointed: '2025-08-19T17:00:00.000+0700',
    IsSuccess: false,
    SuccessDate: NO_DATE,
    IsReturned: false,
    ReturnedDate: '2025-08-19T17:00:00.000+0700',
    ReturnedType: 0,
    Status: 1,
    ProcessingOrganName: 'Phòng Kinh tế',
    OrganInchargeIdLevel1: 'H60.01',
    OrganInchargeName: 'UBND phường Minh Xuân',
    ...given,
  };
}

const trace = (at: string, comment: string): object => ({
  DocumentId: 815,
  DocCode: CODE,
  UserName: 'Trần Văn B',
  DateCreated: at,
  Comment: comment,
  Status: 0,
});

/** One OpenCPS system pushes to the hub, and a bus receives from it. */
describe('OpenCPS on an LGSP bus', () => {
  let hub: TestHub;
  let bus: Simulator;
  beforeAll(async () => {
    bus = await startSimulator(simulator);
    const partner = { sent: [], script: [], adapter: opencps as Adapter };
    hub = await testHub({
      partners: { opencps: partner, lgsp: partner },
      entries: {
        opencps: { authoritative: true, settings: { pushKey: 'opencps', pushSecret: SECRET } },
        lgsp: {
          settings: {
            baseUrl: bus.url,
            tokenUrl: `${bus.url}/token`,
            ...SIMULATOR_CLIENT,
            reports: true,
            organisation: { code: 'H60', name: 'UBND tỉnh' },
            timeoutS: 2,
          },
        },
      },
      routes: ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({
        from: 'opencps',
        operation,
        to: ['lgsp'],
      })),
    });
  });
  afterAll(async () => {
    await hub.close();
    await bus.close();
  });

  const post = async (name: string, body: object | string, headers: Record<string, string> = {}) => {
    const response = await hub.request('POST', `/callbacks/opencps/${name}`, undefined, body, headers);
    return { status: response.status, body: (await response.json()) as Json };
  };
  const form = (secret: string): string =>
    `${new URLSearchParams({ grant_type: 'client_credentials', client_secret: secret, client_id: 'opencps' })}`;
  const push = async (name: string, body: object) => {
    const { access_token: token } = (await post('token', form(SECRET))).body;
    return post(name, body, { Authorization: `Bearer ${token}` });
  };
  const read = async (path = CODE) => (await hub.read(`/api/v1/dossiers/${path}`)).body;
  const pull = async (name: string): Promise<void> => {
    await makePullsDue(hub.hub.database, 'lgsp', [name], hub.clock.nowMs);
    await hub.hub.pipeline.pull('lgsp', name);
  };
  const taken = (kind: string) => bus.ledger.entries().filter((entry) => entry.kind === kind);

  test('a system gets a token, pushes a dossier, and the other bus receives it', async () => {
    expect(await push('Document/SyncDocument', document())).toEqual({ status: 200, body: OK });
    expect(await read()).toMatchObject({ status: 'received', receivedAt: '2025-08-12T08:15:00+07:00' });
    await hub.deliver();
    expect(taken('document')).toMatchObject([
      { key: CODE, content: { DocTypeCode: '1.004837', SuccessDate: NO_DATE, ReturnedDate: NO_DATE, Status: 1 } },
    ]);
  });

  test('no token, a wrong secret and an unknown address store nothing', async () => {
    expect(await post('Document/SyncDocument', document())).toMatchObject({ status: 401, body: { Status: 401 } });
    expect(await post('token', form('khong-dung'))).toEqual({ status: 401, body: { error: 'invalid_client' } });
    expect((await push('Document/Unknown', document())).status).toBe(404);
    const rows = await hub.hub.database.query.selectFrom('messages').selectAll().execute();
    const bodies = rows.map((row) => JSON.stringify(row)).join();
    expect(rows.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
    expect(bodies).not.toContain('khong-dung');
  });

  test('a trace is a step, and one after the end reopens nothing', async () => {
    await push('Document/UpdateDocumentTraces', trace('2025-08-13T09:30:00.000Z', 'Chuyển thẩm định'));
    expect(await read()).toMatchObject({ status: 'processing', statusAt: '2025-08-13T09:30:00+07:00' });
    const returned = { IsReturned: true, ReturnedDate: '2025-08-13T09:40:00.000+0700' };
    await push('Document/SyncDocument', document(returned));
    await push('Document/UpdateDocumentTraces', trace('2025-08-13T09:40:01.000+0700', 'Đã trả'));
    expect(await read()).toMatchObject({ status: 'returned', statusAt: '2025-08-13T09:40:00+07:00' });
    const { items } = await read(`${CODE}/history`);
    expect(items.map(({ content }: { content?: string }) => content)).toContain('Đã trả');
  });

  test('pushed figures are answered and stored, and wrong ones are named', async () => {
    const figures = { DateCreated: NO_DATE, TotalVoted: 4, PercentVeryGood: 50, PercentGood: 50, PercentBad: 0 };
    // The client of OpenCPS ends this address in a blank.
    expect(await push('Vote/UpdateVote%20', figures)).toEqual({ status: 200, body: OK });
    const wrong = await push('Vote', { ...figures, PercentBad: 101 });
    expect([wrong.status, wrong.body.Message]).toEqual([422, '/PercentBad got "101", expected a number from 0 to 100']);
  });

  test("each month's figures go out once, by the hub's own counts", async () => {
    hub.clock.nowMs = Date.parse('2025-09-01T02:20:00+07:00');
    await pull('statistic');
    await pull('statistic');
    await pull('vote');
    expect(taken('statistic')).toMatchObject([
      { content: { Month: 8, Year: 2025, NewReception: 1, PreExtisting: 0, TotalSolved: 1, SolvedInTimePercent: 100 } },
    ]);
    expect(taken('vote')).toMatchObject([{ content: { TotalVoted: 0, PercentVeryGood: 0 } }]);
    hub.clock.nowMs = Date.parse('2025-11-01T02:20:00+07:00');
    await pull('statistic');
    expect(taken('statistic').map(({ key }) => key)).toEqual(['2025-8', '2025-9', '2025-10']);
  });

  test.each([
    ['before', 'H60.01-250812-0036'],
    ['after', 'H60.01-250812-0037'],
  ])('a trace that arrives %s the request for papers does not end the wait for them', async (order, DocCode) => {
    const asked = {
      DocCode,
      HasSupplementary: true,
      Supplementaries: [{ SupplementaryId: 1, SendDate: '2025-08-13T09:00:00.000+0700', IsReceived: false }],
    };
    const pushes = [
      () => push('Document/SyncDocument', document(asked)),
      () => push('Document/UpdateDocumentTraces', { ...trace('2025-08-13T09:00:05.000Z', 'Yêu cầu bổ sung'), DocCode }),
    ];
    await push('Document/SyncDocument', document({ DocCode }));
    for (const one of order === 'after' ? pushes : pushes.reverse()) await one();
    const at = { statusAt: '2025-08-13T09:00:00+07:00' };
    expect(await read(DocCode)).toMatchObject({ status: 'supplement-required', ...at });
  });

  test('comes out of a rebuild identical', async () => {
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });
});
