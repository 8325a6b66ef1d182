import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import portalAdapter from '../../adapters/national-portal/adapter.ts';
import { SAMPLES } from '../../adapters/national-portal/simulator/catalogue.ts';
import { nationalPortal } from '../../adapters/national-portal/simulator/portal.ts';
import type { KeptQuestion } from '../../adapters/national-portal/simulator/questions.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { type TestHub, testHub } from '../support/hub.ts';
import { question } from '../support/kinds.ts';
import { type LegacySystem, legacySystem } from '../support/legacy-system.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';

const ASKER = { HOVATEN: 'Đặng Thị Hoàng Yến', THUDIENTU: 'hoang.yen@example.test', SODIENTHOAI: '0912345678' };
const ANSWER = { NGUOITRALOI: 'Trần Thị Bình', CHUCVUNGUOITRALOI: 'Chuyên viên', NGAYTRALOI: '21/08/2025' };

const asked = (HOIDAPID: number, given: object = {}, ...texts: string[]): KeptQuestion => ({
  list: 'sent',
  entry: {
    HOIDAPID,
    MALINHVUC: 'G03-GD10',
    MADONVI: 'H60.01',
    TENDONVI: 'Sở thử nghiệm',
    NOIDUNG: 'Tôi là Đặng Thị Hoàng Yến, bao giờ có kết quả?',
    ...ASKER,
    DIACHI: 'Tổ 7',
    MATTHCDP: '1.013225',
    ...given,
  },
  answers: texts.map((NOIDUNGTRALOI, at) => ({ TRALOIID: 700 + at, NOIDUNGTRALOI })),
});

/** As a portal may answer that has no answer to a question. */
const answersError = (_: string, count: number) => (count === 0 ? 'Không tìm thấy câu trả lời' : undefined);

/** The flows between the national portal and a one-stop system in its dialect, against the faults of OpenCPS (domain-2 1.2). */
describe('questions between the national portal and the province', () => {
  let portal: Simulator;
  let hub: TestHub;
  let system: LegacySystem;
  const fields = [...SAMPLES.fields];
  const onPortal: KeptQuestion[] = [
    asked(5101),
    asked(5102, {}, 'Trong 5 ngày.', 'Trong 3 ngày.'),
    asked(5103, { NOIDUNG: 'Tôi tố cáo cán bộ nhận tiền.' }),
    asked(5104, { MADONVI: 'SO-TP' }),
    asked(5105, { MALINHVUC: 'G99-XX99' }),
    asked(5106, { TRANGTHAI: '0' }, 'Đã có kết quả.'),
    {
      ...asked(
        5107,
        { HOVATEN: '', THUDIENTU: '', SODIENTHOAI: '', DIACHI: '', NOIDUNG: 'Cấp lại giấy khai sinh ở đâu?' },
        'Xem Quyết định 246.',
      ),
      list: 'agencies',
    },
  ];
  beforeAll(async () => {
    portal = await startSimulator(
      nationalPortal({ catalogue: { ...SAMPLES, fields }, questions: onPortal, answersError }),
    );
    const settings = { adapterUrl: portal.url, username: 'sim', password: 'sim', dstcode: 'VN:TEST', madonvi: 'H60' };
    hub = await testHub({
      partners: { portal: { sent: [], script: [], adapter: portalAdapter as unknown as Adapter } },
      entries: { portal: { settings } },
      routes: [
        { from: 'portal', operation: 'question.upsert.v1', to: ['one-stop'] },
        { from: 'one-stop', operation: 'question.upsert.v1', to: ['portal'] },
        { from: 'officers', operation: 'question.upsert.v1', to: ['portal'] },
      ],
      keys: [...OPERATOR_KEYS],
    });
    system = await legacySystem(hub);
    await pull('catalogue', 'questions');
  });
  afterAll(async () => {
    await hub.close();
    await portal.close();
  });

  async function pull(...names: string[]): Promise<void> {
    for (const name of names) {
      await makePullsDue(hub.hub.database, 'portal', [name], hub.clock.nowMs);
      await hub.hub.pipeline.pull('portal', name);
    }
  }
  const read = async (number: number) => (await hub.read(`/api/v1/questions/DVCQG-HD-${number}`, 'personal')).body;
  const sent = (kind: string, number: number | string) =>
    portal.ledger.entries().filter((entry) => entry.kind === kind && entry.key === String(number));
  const messages = async () =>
    (await hub.hub.database.pool.query("SELECT count(*)::int AS n FROM messages WHERE door = 'pull:questions'")).rows[0]
      .n;

  test('a question of the portal arrives with its asker, its agency and its procedure', async () => {
    expect(await read(5101)).toMatchObject({
      state: 'received',
      askedAt: '2025-08-21T08:30:00+07:00',
      asker: { name: ASKER.HOVATEN, email: ASKER.THUDIENTU, phone: ASKER.SODIENTHOAI, address: 'Tổ 7' },
      agencyCode: 'H60.01',
      fieldCode: 'G03-GD10',
      serviceCode: '1.013225',
    });
  });

  test('all answers of a question arrive, also one without an asker, and a private one is not public', async () => {
    expect((await read(5102)).answers.map((one: { content: string }) => one.content)).toEqual([
      'Trong 3 ngày.',
      'Trong 5 ngày.',
    ]);
    expect(await read(5106)).toMatchObject({ state: 'answered', visibility: 'private' });
    expect(await read(5107)).toMatchObject({ state: 'published', answers: [{ id: '700' }] });
    const { items } = (await hub.read('/api/public/questions', undefined)).body;
    expect(items.map(({ code }: { code: string }) => code).sort()).toEqual(['DVCQG-HD-5102', 'DVCQG-HD-5107']);
    expect(JSON.stringify(items)).not.toMatch(/Hoàng|0912|hoang|Tổ 7/);
  });

  test('an agency or a field that nobody knows waits for an operator, and nothing is dropped', async () => {
    const operator = operatorOf(hub);
    const { items } = (await operator.get('quarantine')).body;
    const causes = new Map<string, number>(items.map(({ key, id }: { key: string; id: number }) => [key, id]));
    expect([...causes.keys()].sort()).toEqual([
      'held:question DVCQG-HD-5103',
      'unmapped:agency:SO-TP',
      'unmapped:field:G99-XX99',
    ]);
    const map = { action: 'map', to: 'H60.01', why: 'công văn 12' };
    expect((await operator.post(`quarantine/${causes.get('unmapped:agency:SO-TP')}/resolve`, map)).status).toBe(200);
    expect(await read(5104)).toMatchObject({ agencyCode: 'H60.01', state: 'received' });
    expect((await hub.read('/api/v1/questions/DVCQG-HD-5105')).status).toBe(404);
  });

  test('a question that waits for the catalogue is applied when the catalogue has its field', async () => {
    fields.push({ code: 'G99-XX99', name: 'Lĩnh vực mới', inForce: true });
    await pull('catalogue');
    hub.clock.nowMs += 3_000;
    await hub.deliver();
    expect(await read(5105)).toMatchObject({ fieldCode: 'G99-XX99', state: 'received' });
  });

  test('an unchanged portal is stored once', async () => {
    const before = await messages();
    await pull('questions');
    await pull('questions');
    expect(await messages()).toBe(before);
    expect((await read(5101)).askedAt).toBe('2025-08-21T08:30:00+07:00');
  });

  test('an answer of the one-stop system reaches the portal once, however often it is sent and pulled', async () => {
    const data = [{ ...ANSWER, HOIDAPID: '5101', MADONVI: 'H60.01', NOIDUNGTRALOI: 'Trong 5 ngày làm việc.' }];
    for (let time = 1; time <= 3; time++) {
      await system.call('DongBoKetQuaHoiDapGuiTuDVCQG', { data });
      await hub.deliver();
      await pull('questions');
      await hub.deliver();
    }
    expect(sent('answer', 5101)).toMatchObject([
      { count: 1, content: { HOIDAPID: '5101', ...ANSWER, MADONVI: 'H60.01' } },
    ]);
    expect(await read(5101)).toMatchObject({
      state: 'published',
      answers: [{ id: '9001', by: 'Trần Thị Bình', content: 'Trong 5 ngày làm việc.' }],
    });
  });

  test('an answer whose reply is lost is sent once', async () => {
    await pull('questions');
    const data = [{ ...ANSWER, HOIDAPID: '5104', MADONVI: 'H60.01', NOIDUNGTRALOI: 'Mời đến bộ phận một cửa.' }];
    await system.call('DongBoKetQuaHoiDapGuiTuDVCQG', { data });
    await portal.fault({ kind: 'pass', times: 1 });
    await portal.fault({ kind: 'drop-reply' });
    await hub.deliver();
    await portal.clearFaults();
    hub.clock.nowMs += 60_000;
    await hub.deliver();
    expect(sent('answer', 5104)).toMatchObject([{ count: 1 }]);
  });

  test('a denunciation of the portal is held: listed, answered and sent nowhere', async () => {
    const before = portal.ledger.count();
    expect(await read(5103)).toMatchObject({ state: 'held' });
    const { result } = await system.call('LayDanhSachHoiDapGuiTuDVCQG', {});
    expect(result.map(({ HOIDAPID }: { HOIDAPID: number }) => HOIDAPID)).not.toContain(5103);
    await hub.deliver();
    expect(portal.ledger.count()).toBe(before);
  });

  test('a question of the province is pushed once, when it is public, without anything of its asker', async () => {
    const given = { code: 'CH-1', agencyCode: 'H60.01', fieldCode: 'G03-GD10' };
    const asker = { name: 'Đặng Thị Hoàng Yến', phone: '0912345678' };
    const content = 'Tôi là Đặng Thị Hoàng Yến, số 0912345678, hỏi về khai sinh.';
    const push = (more: object) => hub.push(question({ ...given, asker, content, ...more }), { what: 'questions' });
    await push({});
    await hub.deliver();
    expect(portal.ledger.entries().filter(({ kind }) => kind === 'question')).toEqual([]);
    const answers = [{ at: '2025-08-21T09:00:00+07:00', content: 'Trong ngày.' }];
    for (const stateAt of ['2025-08-21T10:00:00+07:00', '2025-08-21T11:00:00+07:00']) {
      await push({ state: 'published', stateAt, answers });
      await hub.deliver();
    }
    const entries = portal.ledger.entries().filter(({ kind }) => kind === 'question');
    expect(entries).toMatchObject([
      { count: 1, content: { MaLinhVuc: 'G03-GD10', MADONVI: 'H60.01', TENDONVI: 'Sở thử nghiệm' } },
    ]);
    expect(Object.keys((entries[0] as { content: object }).content).sort()).toEqual([
      'HOIDAPID',
      'MADONVI',
      'MaLinhVuc',
      'NOIDUNG',
      'TENDONVI',
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/Hoàng|0912/);
    await pull('questions');
    expect((await hub.read('/api/v1/questions?q=hỏi về khai sinh', 'personal')).body.items).toHaveLength(1);
  });

  test('compared with the portal, another text of a question is found, named masked, and corrected', async () => {
    expect(await hub.hub.reconcile('portal')).toMatchObject({ agreement: 1, findings: [] });
    const known = portal.ledger.entries().find(({ kind }) => kind === 'question')?.content as object;
    const other = { ...known, NOIDUNG: 'Một câu hỏi khác.' };
    const post = async (path: string, body: object): Promise<{ session: string }> => {
      const headers = { 'content-type': 'application/json', dstcode: 'VN:TEST' };
      const reply = await fetch(`${portal.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      return (await reply.json()) as { session: string };
    };
    const { session } = await post('/mapi/login', { username: 'sim', password: 'sim' });
    await post('/mapi/g', { session, madonvi: 'H60', service: 'DongBoHoiDap', data: [other] });
    hub.clock.nowMs += 3_600_000;
    const report = await hub.hub.reconcile('portal', { repair: 'ours' });
    expect(report.findings).toMatchObject([
      { code: 'question CH-1', verdict: 'differs', fields: [{ path: '/NOIDUNG' }], repair: 'our version is queued' },
    ]);
    expect(JSON.stringify(report)).not.toMatch(/Hoàng|0912/);
    await hub.deliver();
    hub.clock.nowMs += 3_600_000;
    expect(await hub.hub.reconcile('portal')).toMatchObject({ agreement: 1, findings: [] });
  });

  test('no log line has anything of an asker', () => {
    expect(JSON.stringify(hub.logLines)).not.toMatch(/Hoàng Yến|0912345678|hoang\.yen/);
  });

  test('comes out of a rebuild identical', async () => {
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
  });
});
