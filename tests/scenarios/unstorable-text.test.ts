import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readItem } from '#core/dossier/item';
import type { Outcome } from '#core/dossier/settle';
import { dossier, type Partner, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { legacySystem } from '../support/legacy-system.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';

const NUL = '\u0000';
const HALF = '\ud800';

/** PostgreSQL stores neither in a text nor in JSON. */
describe.each([
  ['U+0000', NUL, 'it has the control character U+0000'],
  ['half of a surrogate pair', HALF, 'it has half of a surrogate pair (U+D800)'],
])('%s, in any place, spoils only its own item', (_, bad, reason) => {
  let hub: TestHub;
  let partner: Partner;
  let page: readonly unknown[];
  let fault: Extract<Outcome, { kind: 'unavailable' }> | undefined;
  let good: string;
  let count = 0;
  beforeAll(async () => {
    partner = testPartner({
      pull: {
        dossiers: {
          schedule: '0 0 2 * * *',
          next: async () =>
            fault ?? {
              bodies: [{ body: Buffer.from(JSON.stringify(page)), mediaType: 'application/json' }],
              checkpoint: null,
              more: false,
            },
          read: (body) =>
            (JSON.parse(Buffer.from(body).toString()) as unknown[]).map((one) => readItem('dossier.upsert.v1', one)),
        },
      },
    });
    hub = await testHub({
      partners: { portal: partner },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      keys: [...OPERATOR_KEYS],
    });
  });
  afterAll(() => hub.close());
  beforeEach(() => {
    fault = undefined;
    good = `H60.01-250812-${String(++count).padStart(4, '0')}`;
  });
  const isThere = async () => (await hub.read(`/api/v1/dossiers/${good}`)).status === 200;

  async function pull() {
    const { pool } = hub.hub.database;
    await pool.query(
      `INSERT INTO pulls (party, name, next_at) VALUES ('portal', 'dossiers', 'epoch')
       ON CONFLICT (party, name) DO UPDATE SET next_at = excluded.next_at`,
    );
    await hub.hub.pipeline.pull('portal', 'dossiers');
    return (await pool.query('SELECT last_error FROM pulls')).rows;
  }

  test.each([
    ['a code', { code: `A${bad}` }],
    ['the name of a member', { [`x${bad}y`]: 1 }],
    ['a name', { applicant: { name: `A${bad}` } }],
    ['a code of a service', { serviceCode: `1.0${bad}` }],
    ['the name of a member of a list', { documents: [{ name: 'x', [bad]: 1 }] }],
  ])('%s, pushed by REST', async (_what, given) => {
    const { status, results, receipt } = await hub.push([dossier(given), dossier({ code: good })]);
    expect([status, results.map(({ outcome }) => outcome)]).toEqual([200, ['invalid', 'accepted']]);
    expect(await isThere()).toBe(true);
    const kept = (await operatorOf(hub).get('messages?outcome=partly-invalid')).body.items;
    expect(kept).toContainEqual(expect.objectContaining({ receipt }));
  });

  test('pushed as a stream of lines', async () => {
    const lines = [dossier({ code: `A${bad}` }), dossier({ code: good })].map((one) => JSON.stringify(one)).join('\n');
    const { results } = await hub.push(lines, { headers: { 'Content-Type': 'application/x-ndjson' } });
    expect(results.map(({ outcome }) => outcome)).toEqual(['invalid', 'accepted']);
  });

  test.each(['MaHoSo', 'TrangThaiHoSo', 'KenhThucHien', 'LoaiDoiTuong', 'MaTTHC', 'SoBienNhan', `x${bad}`])(
    "in %j of the national portal's dialect",
    async (name) => {
      const { call } = await legacySystem(hub);
      const record = {
        MaTTHC: '1.013225',
        TenTTHC: 'Thủ tục thử nghiệm',
        KenhThucHien: '2',
        ChuHoSo: 'Nguyễn Văn A',
        LoaiDoiTuong: '1',
        NgayNopHoSo: '20250812080000',
        NgayTiepNhan: '20250812081500',
        TrangThaiHoSo: '2',
        DonViXuLy: 'Sở thử nghiệm',
      };
      const data = [
        { MaHoSo: `${good}0`, ...record, [name]: `9${bad}` },
        { MaHoSo: good, ...record },
      ];
      const reply = await call('DongBoHoSoMC', { isUpdating: 'False', data });
      expect(reply.result).toMatchObject([{}, { outcome: 'accepted' }]);
      expect(await isThere()).toBe(true);
    },
  );

  test('an unstorable unmapped code cannot wait, and says why', async () => {
    const { call } = await legacySystem(hub);
    const step = {
      MaHoSo: good,
      NguoiXuLy: 'Trần B',
      ThoiDiemXuLy: '20250813090000',
      NoiDungXuLy: 'Đang thẩm định',
      ChucDanh: '',
      PhongBanXuLy: '',
      NgayBatDau: '',
      NgayKetThucTheoQuyDinh: '',
      TrangThai: `9${bad}`,
    };
    const reply = await call('CapNhatTienDoHoSoMC', { data: [step] });
    expect(reply.message).toContain(`got a text that cannot be stored: ${reason}`);
  });

  test('in an order, the member is named', async () => {
    const order = { list: 'deliveries', name: `a${bad}`, query: 'state=failed' };
    const { status, body } = await operatorOf(hub).post('saved-filters', order);
    expect([status, body.problems[0]]).toMatchObject([400, { path: '/name', code: 'unstorable-text' }]);
  });

  test('in a page of a pull, which continues', async () => {
    page = [dossier({ code: `A${bad}` }), dossier({ code: good })];
    expect(await pull()).toEqual([{ last_error: null }]);
    expect(await isThere()).toBe(true);
  });

  test('in a partner’s answer: the delivery is settled', async () => {
    await hub.deliver();
    const refused: Outcome = { kind: 'refused', reason: 'field', message: `TenTTHC ${bad} is wrong` };
    partner.script.push(refused);
    await hub.push(dossier({ code: good }));
    await hub.deliver();
    const [delivery] = (await operatorOf(hub).get('deliveries')).body.items;
    expect(delivery).toMatchObject({ state: 'refused', detail: 'TenTTHC \ufffd is wrong' });
    fault = { kind: 'unavailable', reason: 'down', message: `no ${bad}` };
    expect(await pull()).toEqual([{ last_error: 'down: no \ufffd' }]);
  });
});
