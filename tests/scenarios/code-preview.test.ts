import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RecordItem, readItem } from '#core/dossier/item';
import { createOwnership } from '#core/dossier/ownership';
import { type Route, recipients } from '#core/dossier/route';
import { createRecipientsPreview } from '../../src/operator-orders/preview-recipients.ts';
import { dossier, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { legacySystem } from '../support/legacy-system.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

const CODE = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;
const SERVICE = '1.013225';
const FIELD = 'G15-HT01';

/** A source of services with its own codes for the online level. */
const source = testPartner();
const adapter: typeof source.adapter = {
  ...source.adapter,
  tables: () => [
    { name: 'levels', title: 'Levels', bothWays: false, entries: [{ code: '4', is: 'full', label: 'Toàn trình' }] },
  ],
  pull: {
    catalogue: {
      schedule: '0 0 2 * * *',
      next: async () => ({ bodies: [], checkpoint: null, more: false }),
      read: (body, _, codes) =>
        (JSON.parse(Buffer.from(body).toString()) as { level?: string }[]).map(({ level = '', ...one }) => {
          const onlineLevel = codes('levels').get(level);
          return readItem('service.upsert.v1', { ...one, ...(onlineLevel && { onlineLevel }) });
        }),
    },
  },
};

describe('the receivers of dossiers that a code table line would change', () => {
  let hub: TestHub;
  let ops: Operator;
  beforeEach(async () => {
    const names = ['all-steps', 'by-service', 'by-field', 'by-other', 'of-states', 'all-services'];
    const others = { services: ['1.999999'], fields: ['G15-XX99'] };
    hub = await testHub({
      partners: {
        source: { ...source, adapter },
        ...Object.fromEntries(names.map((name) => [name, testPartner()])),
      },
      routes: [
        { from: 'one-stop', operation: 'dossier.progress.v1', to: ['all-steps'] },
        { from: 'one-stop', operation: 'dossier.progress.v1', to: ['by-service'], services: [SERVICE] },
        { from: 'one-stop', operation: 'dossier.progress.v1', to: ['by-field'], fields: [FIELD] },
        { from: 'one-stop', operation: 'dossier.progress.v1', to: ['by-other'], ...others },
        { from: 'one-stop', operation: 'dossier.upsert.v1', to: ['of-states'], services: [SERVICE] },
        { from: 'source', operation: 'service.upsert.v1', to: ['all-services'] },
        { from: 'source', operation: 'service.upsert.v1', to: ['by-service'], services: [SERVICE] },
        { from: 'source', operation: 'service.upsert.v1', to: ['by-field'], fields: [FIELD] },
        { from: 'source', operation: 'service.upsert.v1', to: ['by-other'], ...others },
      ],
      keys: [...OPERATOR_KEYS],
      entries: { other: { may: ['status'] } },
    });
    ops = operatorOf(hub);
  });
  afterEach(() => hub.close());

  /** What the one-stop system sends in the national portal's dialect. */
  async function tell(service: 'DongBoHoSoMC' | 'CapNhatTienDoHoSoMC', ...data: readonly object[]): Promise<string[]> {
    const { result } = await (await legacySystem(hub)).call(service, { madonvi: 'H60.01', isUpdating: 'False', data });
    return result.map(({ outcome }: { outcome: string }) => outcome);
  }
  const step = (MaHoSo: string, TrangThai: string) => ({
    MaHoSo,
    TrangThai,
    ThoiDiemXuLy: '20250813090000',
    NguoiXuLy: 'Trần B',
    NoiDungXuLy: 'Đang thẩm định',
  });
  const tried = async (party: string, table: string, line: object) => {
    const { body } = await ops.post(`code-tables/${party}/${table}/preview`, line);
    return { freed: body.freed, changed: body.changed, told: body.told };
  };
  const toldOf = async (operation: string) => {
    const { rows } = await hub.hub.database.pool.query(
      'SELECT DISTINCT party FROM deliveries WHERE operation = $1 ORDER BY party',
      [operation],
    );
    return rows.map(({ party }) => party);
  };

  test('a step is routed like its dossier, and so are new states; then it is sent', async () => {
    await hub.push(dossier({ code: CODE(1), serviceCode: `${SERVICE}.000.00.00.H60`, fieldCode: FIELD }));
    await hub.push(dossier({ code: CODE(2), serviceCode: '1.000004' }));
    expect(await tell('CapNhatTienDoHoSoMC', step(CODE(1), '77'))).toEqual(['quarantined']);
    expect(await tell('CapNhatTienDoHoSoMC', step(CODE(2), '78'))).toEqual(['quarantined']);
    const told = ['all-steps', 'by-field', 'by-service', 'of-states'];
    const line = { from: '77', to: 'resolved' };
    expect(await tried('one-stop', 'national-status', line)).toEqual({ freed: 1, changed: 0, told });
    expect(await tried('one-stop', 'national-status', { from: '78', to: 'resolved' })).toMatchObject({
      told: ['all-steps'],
    });
    await hub.hub.database.pool.query('DELETE FROM deliveries');
    await ops.post('code-tables/one-stop/national-status', { ...line, why: 'by the table of the ministry' });
    const is = await Promise.all(['dossier.progress.v1', 'dossier.upsert.v1'].map(toldOf));
    expect(is).toEqual([['all-steps', 'by-field', 'by-service'], ['of-states']]);
  });

  test('a step under an alias is routed by the dossier that accept finds for it', async () => {
    const aliases = [{ party: 'other', code: CODE(8) }];
    await hub.push(dossier({ code: CODE(1), serviceCode: SERVICE }));
    await hub.push(dossier({ code: CODE(1), serviceCode: SERVICE, aliases }), { party: 'other' });
    expect(await tell('CapNhatTienDoHoSoMC', step(CODE(8), '77'))).toEqual(['quarantined']);
    const told = ['all-steps', 'by-service', 'of-states'];
    expect(await tried('one-stop', 'national-status', { from: '77', to: 'resolved' })).toMatchObject({
      freed: 1,
      told,
    });
  });

  test('a share of dossiers is decided by the own code, whatever alias a message uses', async () => {
    const others = Array.from({ length: 20 }, (_, n) => CODE(10 + n));
    await hub.push(dossier({ code: CODE(1), aliases: others.map((code) => ({ party: 'one-stop', code })) }));
    const operations = ['dossier.upsert.v1', 'dossier.progress.v1'] as const;
    const halves = [0, 50].flatMap((from) =>
      operations.map((operation): Route => {
        return { from: 'one-stop', operation, to: [`from ${from}`], share: { from, to: from + 50 } };
      }),
    );
    const own = recipients(halves, 'one-stop', 'dossier.upsert.v1', { code: CODE(1) });
    expect(own).toHaveLength(1);
    const told = createRecipientsPreview(hub.hub.database, halves, {
      party: 'one-stop',
      ownership: createOwnership(new Map(), []),
    });
    for (const code of others)
      await told.add([
        readItem('dossier.progress.v1', progress({ code })) as RecordItem,
        readItem('dossier.upsert.v1', dossier({ code })) as RecordItem,
      ]);
    expect(told.deliveries()).toEqual([{ party: own[0], deliveries: 3 * others.length }]);
  });

  test('a step without a dossier would wait, unless the line lets its dossier begin', async () => {
    expect(await tell('CapNhatTienDoHoSoMC', step(CODE(3), '77'), step(CODE(4), '78'))).toEqual(
      Array(2).fill('quarantined'),
    );
    const lines = ['77', '78'].map((from) => ({ from, to: 'processing' }));
    const told = () => Promise.all(lines.map((line) => tried('one-stop', 'national-status', line)));
    expect(await told()).toEqual(Array(2).fill({ freed: 1, changed: 0, told: [] }));
    const dossierOf = { MaTTHC: SERVICE, TenTTHC: 'Thủ tục thử nghiệm', ChuHoSo: 'Nguyễn Văn An', KenhThucHien: '2' };
    const one = { ...dossierOf, MaHoSo: CODE(4), TrangThaiHoSo: '78', NgayTiepNhan: '20250812081500' };
    expect(await tell('DongBoHoSoMC', one)).toEqual(['quarantined']);
    expect(await told()).toMatchObject([
      { freed: 1, told: [] },
      { freed: 2, told: ['all-steps', 'by-service', 'of-states'] },
    ]);
  });

  test('a service is routed by its own code and field; then it is sent', async () => {
    const service = (code: string, more: object = {}) => ({ code, name: `Thủ tục ${code}`, inForce: true, ...more });
    const body = Buffer.from(JSON.stringify([service(SERVICE, { fieldCode: FIELD, level: '9' }), service('1.000005')]));
    await hub.hub.pipeline.accept({
      party: 'source',
      door: 'pull:catalogue',
      operation: 'service.upsert.v1',
      keyName: undefined,
      body,
      bodyBytes: body.length,
      mediaType: 'application/json',
      receivedAt: '2025-08-12T08:30:00+07:00',
      items: adapter.pull?.catalogue?.read(body, {}, () => new Map()) ?? [],
    });
    const told = ['all-services', 'by-field', 'by-service'];
    const line = { from: '9', to: 'full' };
    expect(await tried('source', 'levels', line)).toEqual({ freed: 0, changed: 1, told });
    expect(await toldOf('service.upsert.v1')).toEqual(told);
  });
});
