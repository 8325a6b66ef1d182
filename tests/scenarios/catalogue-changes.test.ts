import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readItem } from '#core/dossier/item';
import { checkWork } from '../../src/cli/doctor/check-work.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { dossier, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { officerAt } from '../support/officer.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';

const MORNING = '2025-08-12T08:30:00+07:00';
const AN_HOUR_MS = 3_600_000;

/** A service as the source lists it. */
const service = (code: string, more: object = {}) => ({
  code,
  name: `Thủ tục ${code}`,
  inForce: true,
  fieldCode: 'G15-HT01',
  fieldName: 'Hộ tịch',
  channels: [{ channel: 'counter', terms: [{ amount: 10, unit: 'day', fees: [{ amountVnd: 20_000 }] }] }],
  cases: [{ components: [{ name: 'Tờ khai' }] }],
  ...more,
});
const withFee = (code: string, amountVnd: number) =>
  service(code, { channels: [{ channel: 'counter', terms: [{ amount: 10, unit: 'day', fees: [{ amountVnd }] }] }] });

interface Shown {
  readonly version: number;
  readonly code: string;
  readonly messageId: string | null;
  readonly changes: readonly { readonly text: string }[];
}
interface Listed {
  readonly items: readonly Shown[];
  readonly next: string | null;
}

describe('what changed in the catalogue', () => {
  let hub: TestHub;
  /** The source's content, message by message of one page; with a complete list, entries missing from it leave force. */
  let bodies: object[][];
  let isComplete = true;

  const partner = testPartner({
    pull: {
      catalogue: {
        schedule: '0 0 2 * * *',
        next: async () => ({
          bodies: bodies.map((services) => ({
            body: Buffer.from(JSON.stringify(services)),
            mediaType: 'application/json',
          })),
          checkpoint: null,
          more: false,
          ...(isComplete && {
            complete: { kind: 'service' as const, codes: bodies.flat().map((one) => (one as { code: string }).code) },
          }),
        }),
        read: (body) =>
          (JSON.parse(Buffer.from(body).toString()) as object[]).map((one) => readItem('service.upsert.v1', one)),
      },
    },
  });

  const recipient = testPartner();
  beforeEach(async () => {
    hub = await testHub({
      nowMs: Date.parse(MORNING),
      partners: { source: partner, recipient },
      routes: [{ from: 'source', operation: 'service.upsert.v1', to: ['recipient'] }],
      keys: [...OPERATOR_KEYS],
    });
    isComplete = true;
    await pull([[service('1.000001'), service('1.000002')]]);
  });
  afterEach(() => hub.close());

  /** An hour later the source has this, and is pulled. */
  async function pull(given: object[][]): Promise<void> {
    bodies = given;
    hub.clock.nowMs += AN_HOUR_MS;
    await makePullsDue(hub.hub.database, 'source', ['catalogue'], hub.clock.nowMs);
    await hub.hub.pipeline.pull('source', 'catalogue');
  }

  async function push(operation: 'service.upsert.v1' | 'agency.upsert.v1' | 'field.upsert.v1', record: object) {
    const item = readItem(operation, record);
    const { results } = await hub.hub.pipeline.accept({
      party: 'other',
      door: 'test',
      operation,
      keyName: undefined,
      items: [item],
      mediaType: 'application/json',
      body: Buffer.from('[]'),
      bodyBytes: 2,
      receivedAt: MORNING,
    });
    return results[0]?.outcome;
  }

  const historyOf = async (code: string, query = '') =>
    (await hub.read(`/api/v1/services/${code}/history${query}`)).body as Listed;
  const linesOf = ({ items }: Pick<Listed, 'items'>) => items.map(({ changes }) => changes.map(({ text }) => text));
  const inLanguage = async (path: string, language: string) =>
    hub.request('GET', path, 'portal', undefined, { 'Accept-Language': language });

  test('each pull with news creates a version, with its source and its changes; a repeat creates none', async () => {
    const papers = { cases: [{ components: [{ name: 'Ảnh' }, { name: 'Tờ khai' }] }] };
    const [one, other] = [{ ...withFee('1.000001', 30_000), ...papers }, service('1.000002')];
    await pull([[one, other]]);
    await pull([[one, other]]);
    const { items, next } = await historyOf('1.000001.000.00.00.H60');
    expect(next).toBeNull();
    expect(items).toMatchObject([
      {
        version: 2,
        changedAt: '2025-08-12T10:30:00+07:00',
        party: 'source',
        cause: 'told',
        changes: [
          { path: '/channels/0/terms/0/fees/0/amountVnd', was: 20_000, now: 30_000 },
          { path: '/cases/0/components/0', was: null, now: { name: 'Ảnh' } },
        ],
      },
      { version: 1, changedAt: '2025-08-12T09:30:00+07:00', changes: [] },
    ]);
    expect(linesOf({ items })[0]).toEqual([
      'Phí, lệ phí (Trực tiếp): 20.000 đ → 30.000 đ',
      'Thêm thành phần hồ sơ: “Ảnh”',
    ]);
    const told = await hub.hub.database.query.selectFrom('messages').select('id').execute();
    expect(told.map(({ id }) => id)).toEqual(expect.arrayContaining(items.map(({ messageId }) => messageId)));
    expect(items[0]?.messageId).not.toBe(items[1]?.messageId);
    expect((await historyOf('1.000002')).items).toHaveLength(1);
    // The version is what the hub published then, not what its messages say today.
    expect(await hub.hub.rebuild({ swap: true })).toMatchObject({ identical: true, found: 0 });
    expect((await historyOf('1.000001')).items).toEqual(items);
  });

  test('leaving a complete list creates a version without a message, returning one with it', async () => {
    await pull([[service('1.000001')]]);
    await pull([[service('1.000001')]]);
    await pull([[service('1.000001'), service('1.000002')]]);
    const { items } = await historyOf('1.000002');
    expect(items).toMatchObject([
      { version: 3, cause: 'told', messageId: expect.any(String), changedAt: '2025-08-12T12:30:00+07:00' },
      { version: 2, cause: 'left-out', messageId: null, changedAt: '2025-08-12T10:30:00+07:00' },
      { version: 1, cause: 'told' },
    ]);
    expect(linesOf({ items })).toEqual([['Thủ tục có hiệu lực trở lại'], ['Thủ tục hết hiệu lực'], []]);
  });

  test('leaving a complete list is delivered as a route says', async () => {
    await hub.deliver();
    recipient.sent.length = 0;
    await pull([[service('1.000001')]]);
    await hub.deliver();
    expect(recipient.sent).toMatchObject([{ code: '1.000002', record: { inForce: false } }]);
    await pull([[service('1.000001')]]);
    await hub.deliver();
    expect(recipient.sent).toHaveLength(1);
  });

  test('of two messages in one batch each creates a version, though nobody saw the first', async () => {
    isComplete = false;
    await pull([[withFee('1.000001', 30_000)], [withFee('1.000001', 40_000)]]);
    expect(linesOf(await historyOf('1.000001'))).toEqual([
      ['Phí, lệ phí (Trực tiếp): 30.000 đ → 40.000 đ'],
      ['Phí, lệ phí (Trực tiếp): 20.000 đ → 30.000 đ'],
      [],
    ]);
    await pull([[withFee('1.000001', 50_000)], [withFee('1.000001', 40_000)]]);
    expect((await historyOf('1.000001')).items.map(({ version }) => version)).toEqual([5, 4, 3, 2, 1]);
    await push('service.upsert.v1', withFee('1.000001', 60_000));
    expect((await historyOf('1.000001')).items[0]).toMatchObject({ version: 6, party: 'other' });
  });

  test('an entry repeated in one message counts once, by its last form, or not at all', async () => {
    isComplete = false;
    await pull([[withFee('1.000001', 30_000), withFee('1.000001', 40_000)]]);
    await pull([[withFee('1.000001', 30_000), withFee('1.000001', 40_000)]]);
    expect(linesOf(await historyOf('1.000001'))).toEqual([['Phí, lệ phí (Trực tiếp): 20.000 đ → 40.000 đ'], []]);
    expect((await hub.read('/api/v1/services/1.000001')).body.channels[0].terms[0].fees[0].amountVnd).toBe(40_000);
  });

  test('agencies and fields have a history too; an unknown one is not found', async () => {
    const agency = { code: 'H60.01', name: 'Sở Tư pháp', level: 'province', inForce: true };
    expect(await push('agency.upsert.v1', agency)).toBe('accepted');
    expect(await push('agency.upsert.v1', { ...agency, name: 'Sở Tư pháp tỉnh', inForce: false })).toBe('accepted');
    await push('field.upsert.v1', { code: 'G15-HT01', name: 'Hộ tịch', inForce: true });
    await push('field.upsert.v1', { code: 'G15-HT01', name: 'Hộ tịch và quốc tịch', inForce: true });
    const lines = async (path: string) => linesOf((await hub.read(path)).body);
    expect(await lines('/api/v1/agencies/h60.01/history')).toEqual([
      ['Tên: Sở Tư pháp → Sở Tư pháp tỉnh', 'Cơ quan hết hiệu lực'],
      [],
    ]);
    expect((await lines('/api/v1/fields/G15-HT01/history'))[0]).toEqual(['Tên: Hộ tịch → Hộ tịch và quốc tịch']);
    for (const path of ['services/1.999999', 'agencies/H60.99', 'fields/G15-HT99'])
      expect((await hub.read(`/api/v1/${path}/history`)).status).toBe(404);
    expect((await hub.read('/api/v1/services/1.000001/history', 'personal')).status).toBe(403);
  });

  test('history pages show each version once, with the changes before the page', async () => {
    for (const amount of [1, 2, 3, 4]) await pull([[withFee('1.000001', amount * 1_000), service('1.000002')]]);
    const seen: number[] = [];
    const lines: string[][] = [];
    let next: string | null = '';
    while (next !== null) {
      const page = await historyOf('1.000001', `?limit=2${next && `&cursor=${encodeURIComponent(next)}`}`);
      seen.push(...page.items.map(({ version }) => version));
      lines.push(...linesOf(page));
      next = page.next;
    }
    expect(seen).toEqual([5, 4, 3, 2, 1]);
    expect(lines.flat()).toHaveLength(4);
    const { next: ofOther } = await historyOf('1.000001', '?limit=2');
    expect((await hub.read(`/api/v1/services/1.000002/history?cursor=${ofOther}`)).status).toBe(400);
  });

  test('lines are Vietnamese, or English on request, each with its own ETag', async () => {
    await pull([[withFee('1.000001', 30_000), service('1.000002')]]);
    const path = '/api/v1/services/1.000001/history';
    const english = await inLanguage(path, 'en-GB, vi;q=0.5');
    expect([english.headers.get('content-language'), english.headers.get('vary')]).toEqual(['en', 'Accept-Language']);
    expect(linesOf((await english.json()) as Listed)[0]).toEqual(['Fee (At the counter): 20,000 VND → 30,000 VND']);
    for (const language of ['vi', 'fr', 'en;q=0.2, vi', '*'])
      expect((await inLanguage(path, language)).headers.get('content-language')).toBe('vi');
    expect((await inLanguage(path, 'en, vi')).headers.get('content-language')).toBe('en');
    const etag = english.headers.get('etag') as string;
    const again = (language: string) =>
      hub.request('GET', path, 'portal', undefined, { 'Accept-Language': language, 'If-None-Match': etag });
    expect([(await again('en')).status, (await again('vi')).status]).toEqual([304, 200]);
  });

  test('all catalogue changes are listed once by kind, field and time, newest first', async () => {
    await push('field.upsert.v1', { code: 'G15-HT01', name: 'Hộ tịch', inForce: true });
    await pull([[withFee('1.000001', 30_000), service('1.000002'), service('1.000003', { fieldCode: 'G03-GD10' })]]);
    const list = async (query: string) => (await hub.read(`/api/v1/catalogue-changes?${query}`)).body as Listed;
    const codes = async (query: string) => (await list(query)).items.map(({ code }) => code);
    expect(await codes('from=2025-08-12T10:00:00%2B07:00')).toEqual(['1.000003', '1.000001']);
    expect(await codes('to=2025-08-12T09:00:00%2B07:00')).toEqual(['G15-HT01']);
    expect(await codes('kind=field')).toEqual(['G15-HT01']);
    expect(await codes('field=g03-gd10')).toEqual(['1.000003']);
    expect(await codes('from=2025-08-13')).toEqual([]);
    expect((await list('limit=2')).items[1]).toMatchObject({
      kind: 'service',
      code: '1.000001',
      name: 'Thủ tục 1.000001',
      inForce: true,
      version: 2,
      party: 'source',
      changes: [{ was: 20_000, now: 30_000 }],
    });
    const seen: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const page = await list(`limit=2${next && `&cursor=${encodeURIComponent(next)}`}`);
      seen.push(...page.items.map(({ code, version }) => `${code} ${version}`));
      next = page.next;
    }
    expect(seen).toEqual(['1.000003 1', '1.000001 2', '1.000002 1', '1.000001 1', 'G15-HT01 1']);
    expect((await hub.read('/api/v1/catalogue-changes?kind=moon')).status).toBe(400);
  });

  test("a service's page shows its last changes, and since when it is out of force, in both languages", async () => {
    await pull([[withFee('1.000001', 30_000), service('1.000002')]]);
    await pull([[service('1.000002')]]);
    const page = async (path: string) =>
      (await (await hub.request('GET', path)).text()).replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    const vietnamese = await page('/services/1.000001');
    expect(vietnamese).toContain('Từ 12/08/2025 11:30');
    expect(vietnamese).toContain(
      'Thay đổi 12/08/2025 11:30 Thủ tục hết hiệu lực 12/08/2025 10:30 Phí, lệ phí (Trực tiếp): 20.000 đ → 30.000 đ',
    );
    expect(await page('/services/1.000001?lang=en')).toContain(
      'Changes 12/08/2025 11:30 The service is no longer in force 12/08/2025 10:30 Fee (At the counter): 20,000 VND → 30,000 VND',
    );
    expect(await page('/services/1.000002')).not.toContain('Thay đổi');
    const all = await page('/services/1.000001/changes');
    expect(all).toContain('Các thay đổi của thủ tục');
    expect(all).toContain('Phí, lệ phí (Trực tiếp): 20.000 đ → 30.000 đ');
    const older = await page('/services/1.000001/changes?from=2-0&lang=en');
    expect(older).toContain('Fee (At the counter): 20,000 VND → 30,000 VND');
    expect(older).not.toContain('no longer in force');
    expect((await hub.request('GET', '/services/1.000001/changes?from=x')).status).toBe(400);
    expect((await hub.request('GET', '/services/9.999999/changes')).status).toBe(404);
  });

  describe('a service that is no longer in force', () => {
    const under = (n: number, given: object) =>
      dossier({ code: `H60.01-250812-000${n}`, serviceCode: '1.000002.000.00.00.H60', ...given });
    const warned = ({ results }: Awaited<ReturnType<TestHub['push']>>) =>
      results.map(({ warnings = [] }) => warnings.filter(({ message }) => message.includes('out of force')));

    test('warns the sender of a dossier filed afterwards, and not of one filed before', async () => {
      await hub.push(under(0, {}));
      await pull([[service('1.000001')]]);
      hub.clock.nowMs += 30_000;
      const before = '2025-08-12T10:29:59+07:00';
      const after = '2025-08-12T10:31:00+07:00';
      const reply = await hub.push([
        under(1, { submittedAt: after, receivedAt: after, statusAt: after }),
        under(2, { submittedAt: before, receivedAt: after, statusAt: after }),
        under(3, { receivedAt: undefined, statusAt: before }),
        under(4, { receivedAt: undefined, statusAt: after, status: 'returned' }),
        under(5, { serviceCode: '1.000001', submittedAt: after, statusAt: after }),
      ]);
      const warning = {
        path: '/serviceCode',
        message:
          'the service 1.000002.000.00.00.H60 is out of force since 2025-08-12T10:30:00+07:00; the dossier is stored and shown',
      };
      expect(warned(reply)).toMatchObject([[warning], [], [], [warning], []]);
      expect(reply.results.map(({ outcome }) => outcome)).toEqual(Array(5).fill('accepted'));
      expect((await hub.read('/api/v1/dossiers/H60.01-250812-0001')).status).toBe(200);

      const ended = await operatorOf(hub).get('ended-services');
      expect(ended.body).toEqual({
        items: [
          {
            code: '1.000002',
            name: 'Thủ tục 1.000002',
            since: '2025-08-12T10:30:00+07:00',
            live: 4,
            filedAfter: 1,
          },
        ],
        next: null,
        total: 1,
      });
      const officer = officerAt(hub);
      await officer.signIn('ops');
      const shown = (await officer.get('/console/unknown-codes')).text.split('Thủ tục hết hiệu lực còn hồ sơ')[1];
      expect(shown).toContain('<code>1.000002</code>');
      expect(shown).toMatch(/<td[^>]* class="number"[^>]*>4<\/td>\s*<td[^>]* class="number"[^>]*>1<\/td>/);
      expect(await checkWork(hub.hub.database, hub.clock.nowMs)).toContainEqual(
        expect.objectContaining({
          level: 'warn',
          found: '1 live dossiers were filed under 1 services no longer in force: 1.000002',
        }),
      );

      await pull([[service('1.000001'), service('1.000002')]]);
      expect(warned(await hub.push(under(6, { submittedAt: after })))).toEqual([[]]);
      expect((await operatorOf(hub).get('ended-services')).body.items).toEqual([]);
    });

    test('begins at the first version out of force, also after later changes', async () => {
      isComplete = false;
      await pull([[service('1.000002', { inForce: false })]]);
      await pull([[service('1.000002', { inForce: false, name: 'Thủ tục cũ' })]]);
      const reply = await hub.push(under(1, { submittedAt: '2025-08-12T10:45:00+07:00' }));
      expect(warned(reply)[0]?.[0]?.message).toContain('since 2025-08-12T10:30:00+07:00');
    });

    test('is queried at most once in half a minute, not by each batch', async () => {
      await hub.push(under(1, {}));
      const asked = vi.spyOn(hub.hub.database.pool, 'query');
      for (let n = 2; n < 8; n++) await hub.push(under(n, {}));
      const names = () => asked.mock.calls.map(([query]) => (query as { name?: string }).name);
      expect(names()).not.toContain('ended services');
      hub.clock.nowMs += 30_000;
      await hub.push(under(8, {}));
      await hub.push(under(9, {}));
      expect(names().filter((name) => name === 'ended services')).toHaveLength(1);
      vi.restoreAllMocks();
    });
  });

  test('a clock that is set back does not keep a new code unknown', async () => {
    const warnings = async (n: number) => {
      const { results } = await hub.push([dossier({ code: `H60.01-250812-000${n}`, agencyCode: 'H60.77' })]);
      return results[0]?.warnings ?? [];
    };
    expect(await warnings(1)).toContainEqual(expect.objectContaining({ path: '/agencyCode' }));
    hub.clock.nowMs -= AN_HOUR_MS;
    expect(await push('agency.upsert.v1', { code: 'H60.77', name: 'Phòng mới', inForce: true })).toBe('accepted');
    expect(await warnings(2)).not.toContainEqual(expect.objectContaining({ path: '/agencyCode' }));
  });
});
